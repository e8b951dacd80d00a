"""Subject lines: the same one once "Re:" is taken off.

In: context and pairs. Out: float32 columns; all 0 where the child has no subject of its own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Flags, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal

FEATURES = (
    "same_subject",
    "other_subject",
    "latest_subject",
    "subject_between",
    "marked_reply",
    "top_marked",
    "first_subject",
)


@njit(cache=True, nogil=True)
def _compare(children: Ints, offsets: Ints, left: Ints, subject: Ints, marked: Flags) -> Table:
    out = np.zeros((left.size, 7), dtype=np.float32)
    for c in range(children.size):
        child = children[c]
        if subject[child] < 0:
            continue
        between, last = 0, -1
        for row in range(offsets[c], offsets[c + 1]):
            top = row == offsets[c]
            same = not top and left[row] >= 0 and subject[left[row]] == subject[child]
            out[row, 0] = same
            out[row, 1] = not same and not top
            out[row, 2] = same and between == 0
            out[row, 3] = np.log1p(between) if same else 0.0
            out[row, 4] = marked[child]
            out[row, 5] = marked[child] and top
            if same:
                last = row
            between += same
        if last >= 0:
            out[last, 6] = 1
        else:
            out[offsets[c], 6] = 1
    return out


def measure(context: Context, pairs: Pairs) -> Table:
    """Subjects compared within one batch of discussions."""
    return _compare(pairs.children, pairs.offsets, pairs.left, context.subject, context.is_reply_subject)


SIGNAL = Signal("subject", FEATURES, measure)
