"""Whether the candidate stands under the child's subject line, and who else does.

In: stream and pairs. Out: float32 columns; NaN where a subject is unknown.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Flags, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.signals.signal import StreamSignal

FEATURES = (
    "same_subject",
    "is_reply",
    "candidate_is_reply",
    "same_between",
    "is_first",
    "same_above",
    "own_same_between",
    "nearest_same",
)


@njit(cache=True, nogil=True)
def _measure(
    children: Ints, offsets: Ints, left: Ints, subject: Ints, marked: Flags, author: Ints, first_under: Ints
) -> Table:
    out = np.full((left.size, 8), np.nan, dtype=np.float32)
    for c in range(children.size):
        child = children[c]
        s = subject[child]
        if s < 0:
            continue
        same, mine, nearest = 0, 0, 0
        for row in range(offsets[c] + 1, offsets[c + 1]):
            entry = left[row]
            if nearest == 0 and subject[entry] == s:
                nearest = child - entry
            if subject[entry] >= 0:
                out[row, 0] = subject[entry] == s
                out[row, 2] = marked[entry]
                out[row, 3] = same
                out[row, 4] = first_under[child] == entry
                out[row, 6] = mine
                same += subject[entry] == s
                mine += subject[entry] == s and author[entry] == author[child]
        for row in range(offsets[c], offsets[c + 1]):
            out[row, 1] = marked[child]
            out[row, 5] = same
            out[row, 7] = nearest if nearest > 0 else np.nan
    return out


def measure(stream: Stream, pairs: Pairs) -> Table:
    """Counts of letters under the same subject, reply marks and list names taken off."""
    context = stream.context
    n = context.n_posts
    subject = context.subject[:n]
    first = np.full(int(subject.max(initial=-1)) + 2, -1, dtype=np.int64)
    first[subject[::-1]] = np.arange(n)[::-1]
    return _measure(
        pairs.children, pairs.offsets, pairs.left, context.subject, context.is_reply_subject, context.author,
        first[subject],
    )  # fmt: skip


SIGNAL = StreamSignal("subject", FEATURES, measure)
