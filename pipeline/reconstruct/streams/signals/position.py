"""How far back the candidate stands, in lines and in messages.

In: stream and pairs. Out: float32 columns; NaN for answering none.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.signals.signal import StreamSignal

FEATURES = ("is_none", "lines_back", "messages_back", "place", "is_system", "candidate_is_system", "gap", "pause",
            "candidate_pause", "rate", "next_pause")  # fmt: skip


@njit(cache=True, nogil=True)
def _measure(
    left: Ints, right: Ints, is_top: Flags, messages: Ints, place: Ints, system: Flags, time: Floats, rate: Floats,
    size: Ints,
) -> Table:  # fmt: skip
    out = np.full((left.size, 11), np.nan, dtype=np.float32)
    for row in range(left.size):
        child, entry = right[row], left[row]
        out[row, 0] = is_top[row]
        out[row, 3] = np.log1p(place[child])
        out[row, 4] = system[child]
        out[row, 9] = rate[child]
        if place[child] > 0:
            out[row, 7] = np.log1p(max(time[child] - time[child - 1], 0.0))
        if place[child] + 1 < size[child]:
            out[row, 10] = np.log1p(max(time[child + 1] - time[child], 0.0))
        if is_top[row]:
            continue
        out[row, 1] = child - entry
        out[row, 2] = messages[child] - messages[entry]
        out[row, 5] = system[entry]
        out[row, 6] = np.log1p(max(time[child] - time[entry], 0.0))
        out[row, 8] = np.log1p(max(time[entry + 1] - time[entry], 0.0))
    return out


def measure(stream: Stream, pairs: Pairs) -> Table:
    """Lines and messages between; logarithms of seconds."""
    context = stream.context
    return _measure(
        pairs.left, pairs.right, pairs.is_top, stream.messages, context.place, stream.is_system, context.time,
        stream.rate, context.size,
    )  # fmt: skip


SIGNAL = StreamSignal("position", FEATURES, measure)
