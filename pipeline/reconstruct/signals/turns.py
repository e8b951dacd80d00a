"""Who speaks when: the same author going on, two people taking turns, somebody returning to be answered.

In: context and pairs. Out: float32 columns; all 0 where the child's author is not known.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal

FEATURES = (
    "author_unknown",
    "candidate_unknown",
    "same_author",
    "same_as_above",
    "spoke_before",
    "spoke_before_candidate",
    "after_own",
    "own_between",
    "candidate_between",
    "candidate_latest",
    "candidate_returns",
    "returns_next",
    "own_next",
    "next_is_candidate_author",
    "child_is_poster",
    "candidate_is_poster",
    "candidate_spoke_before",
    "answered_each_other",
    "own_above",
)
SOON = 6  # posts below the child in which its addressee is looked for


@njit(cache=True, nogil=True)
def _find_return(author: Ints, child: int, end: int, who: int) -> int:
    """How many posts below the child an author posts again, 0 where not soon."""
    for below in range(child + 1, min(child + 1 + SOON, end)):
        if author[below] == who:
            return below - child
    return 0


@njit(cache=True, nogil=True)
def _watch_any(
    out: Table, row: int, author: Ints, child: int, candidate: int, poster: int, start: int, end: int
) -> None:
    """Columns that any candidate has, the submission included."""
    a, b = author[child], -1 if candidate < 0 else author[candidate]
    out[row, 2] = b == a
    out[row, 3] = child > start and author[child - 1] == a
    out[row, 12] = child + 1 < end and author[child + 1] == a
    out[row, 14] = poster == a
    out[row, 15] = poster >= 0 and b == poster
    if b >= 0:
        returns = _find_return(author, child, end, b)
        out[row, 10] = returns > 0
        out[row, 11] = 1.0 / returns if returns > 0 else 0.0
        out[row, 13] = child + 1 < end and author[child + 1] == b


@njit(cache=True, nogil=True)
def _watch(
    children: Ints,
    offsets: Ints,
    left: Ints,
    author: Ints,
    turn: Ints,
    first: Ints,
    size: Ints,
    submission: Ints,
    n: int,
) -> Table:
    out = np.zeros((left.size, len(FEATURES)), dtype=np.float32)
    tally = np.zeros(n + 1, dtype=np.int64)  # posts of each author between the candidate and the child
    for c in range(children.size):
        child = children[c]
        a = author[child]
        start, end = first[child], first[child] + size[child]
        poster = -1 if submission[child] < 0 else author[submission[child]]
        for row in range(offsets[c], offsets[c + 1]):
            entry = left[row]
            b = -1 if entry < 0 else author[entry]
            out[row, 0] = a < 0
            out[row, 1] = entry >= 0 and b < 0
            if a < 0:
                continue
            _watch_any(out, row, author, child, entry, poster, start, end)
            out[row, 4] = turn[child] > 0
            if row == offsets[c]:
                continue
            after_own = entry > start and author[entry - 1] == a
            own = tally[a]
            out[row, 5] = turn[child] - own - (b == a) > 0
            out[row, 6] = after_own
            out[row, 7] = np.log1p(own)
            out[row, 18] = after_own and own == 0 and b != a
            if b >= 0:
                out[row, 16] = turn[entry] > 0
                out[row, 8] = np.log1p(tally[b])
                out[row, 9] = tally[b] == 0
                out[row, 17] = after_own and entry > start + 1 and author[entry - 2] == b
                tally[b] += 1
        for row in range(offsets[c] + 1, offsets[c + 1]):
            tally[max(author[left[row]], 0)] = 0
    return out


def measure(context: Context, pairs: Pairs) -> Table:
    """Authors compared within one discussion."""
    return _watch(
        pairs.children,
        pairs.offsets,
        pairs.left,
        context.author,
        context.turn,
        context.first,
        context.size,
        context.submission,
        context.n_authors,
    )


SIGNAL = Signal("turns", FEATURES, measure, lenses=("meta",))
