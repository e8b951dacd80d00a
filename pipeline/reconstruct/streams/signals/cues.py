"""What each of the two texts does: asks, thanks, agrees, greets, gives a link; and how long it is.

In: stream and pairs. Out: float32 columns; those of the candidate are NaN for answering none.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Flags, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.signals.signal import StreamSignal
from pipeline.reconstruct.wording import POST_FACTS

OF_CHILD = ("asking", "ends_asking", "has_link", "says_you", "says_i", "begins_small", "agrees", "objects", "thanks",
            "asks", "laughs", "continues", "addresses")  # fmt: skip
OF_CANDIDATE = ("asking", "ends_asking", "has_link", "thanks", "agrees", "asks", "addresses", "says_i")
FEATURES = (*OF_CHILD, "words", *(f"candidate_{name}" for name in OF_CANDIDATE), "candidate_words")


@njit(cache=True, nogil=True)
def _measure(left: Ints, right: Ints, is_top: Flags, facts: Table, n_words: Ints, mine: Ints, theirs: Ints) -> Table:
    n, m = mine.size, theirs.size
    out = np.full((left.size, n + m + 2), np.nan, dtype=np.float32)
    for row in range(left.size):
        child = right[row]
        for k in range(n):
            out[row, k] = facts[child, mine[k]]
        out[row, n] = np.log1p(n_words[child])
        if is_top[row]:
            continue
        entry = left[row]
        for k in range(m):
            out[row, n + 1 + k] = facts[entry, theirs[k]]
        out[row, n + m + 1] = np.log1p(n_words[entry])
    return out


def measure(stream: Stream, pairs: Pairs) -> Table:
    """Facts are 0 or 1, lengths logarithms of words."""
    mine, theirs = (np.array([POST_FACTS.index(name) for name in names]) for names in (OF_CHILD, OF_CANDIDATE))
    context = stream.context
    return _measure(pairs.left, pairs.right, pairs.is_top, context.facts, context.n_words, mine, theirs)


SIGNAL = StreamSignal("cues", FEATURES, measure)
