"""Whom the child names: the candidate's author, somebody else, or nobody.

In: context and pairs. Out: float32 columns; all 0 where nobody is named.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal

FEATURES = (
    "names_author",
    "names_other",
    "names_unknown",
    "latest_of_named",
    "named_between",
    "author_named_back",
    "both_name_same",
    "candidate_names_other",
)


@njit(cache=True, nogil=True)
def _has(starts: Ints, values: Ints, entry: int, author: int) -> bool:
    found = False
    for at in range(starts[entry], starts[entry + 1]):
        found |= values[at] == author
    return found


@njit(cache=True, nogil=True)
def _look(children: Ints, offsets: Ints, left: Ints, author: Ints, starts: Ints, values: Ints) -> Table:
    out = np.zeros((left.size, 8), dtype=np.float32)
    for c in range(children.size):
        child = children[c]
        names = starts[child + 1] - starts[child]
        known = 0
        for at in range(starts[child], starts[child + 1]):
            known += values[at] >= 0
        between = 0
        for row in range(offsets[c], offsets[c + 1]):
            entry = left[row]
            named = entry >= 0 and author[entry] >= 0 and _has(starts, values, child, author[entry])
            out[row, 0] = named
            out[row, 1] = known > 0 and not named
            out[row, 2] = names > 0 and known == 0
            if row > offsets[c]:
                out[row, 3] = named and between == 0
                out[row, 4] = np.log1p(between)
                between += named
            if entry >= 0:
                addressed = starts[entry + 1] > starts[entry]
                mine = author[child] >= 0 and _has(starts, values, entry, author[child])
                out[row, 5] = mine
                out[row, 7] = addressed and not mine
                for at in range(starts[child], starts[child + 1]):
                    if values[at] >= 0 and _has(starts, values, entry, values[at]):
                        out[row, 6] = 1
    return out


def measure(context: Context, pairs: Pairs) -> Table:
    """Names in the text and in attribution lines of quotations, against known authors."""
    names = context.mentions
    return _look(pairs.children, pairs.offsets, pairs.left, context.author, names.offsets, names.values)


SIGNAL = Signal("mention", FEATURES, measure)
