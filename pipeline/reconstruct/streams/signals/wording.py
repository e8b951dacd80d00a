"""What the words of each of the two lines tell of it: a start, a going on with one's own, something that is answered.

In: stream and pairs. Out: float32 columns of log-odds; those of the candidate are NaN for answering none.
"""

from __future__ import annotations

import numpy as np

from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.lexicon import TELLS
from pipeline.reconstruct.streams.signals.signal import StreamSignal

FEATURES = (*TELLS, *(f"candidate_{name}" for name in TELLS))


def measure(stream: Stream, pairs: Pairs) -> Table:
    """NaN where nothing was read out of the words."""
    n = len(TELLS)
    out = np.full((pairs.left.size, 2 * n), np.nan, dtype=np.float32)
    if stream.told is not None:
        out[:, :n] = stream.told[pairs.right]
        listed = ~pairs.is_top
        out[listed, n:] = stream.told[pairs.left[listed]]
    return out


SIGNAL = StreamSignal("wording", FEATURES, measure)
