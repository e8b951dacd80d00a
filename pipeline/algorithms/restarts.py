"""Where a listing starts again: one file that holds two overlapping captures of a page, one after the other.

In: for each row of a file the previous row that says the same. Out: the rows at which a new capture begins.

>>> # rows a b c d a b c d: row 4 repeats row 0, 5 repeats 1, ...
>>> find_restarts(np.array([-1, -1, -1, -1, 0, 1, 2, 3]), np.full(8, 40.0)).tolist()
[4]

Repeated rows are anchors (previous row, row). As genome aligners chain seeds (Li 2018, Minimap2, section 2.1), colinear
anchors add up to chains; a chain with enough bits whose stretch is repeated nearly whole is a second capture. A reply
that quotes three paragraphs repeats a stretch too, but what follows the quotation does not follow the quoted words:
where both sides go on differently the chain is refused.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

LOOK_BACK = 64
MIN_ANCHORS = 3
MIN_BITS = 80.0
MAX_ANCHOR_BITS = 40.0
RARE_BITS = 15.0
SHIFT_BITS = 2.0
MAX_SHIFT_BITS = 45.0  # more than one anchor gives: a lone quotation is not worth a long jump
MIN_SUPPORT = 0.5
HEAD_COST = 0.25


@njit(cache=True, nogil=True)
def _chain_anchors(
    rows: NDArray[np.int64], previous: NDArray[np.int64], bits: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Best chain that ends in each anchor: its score, the anchor before it (-1: none), the row it starts at."""
    n = rows.size
    score = np.zeros(n)
    before = np.full(n, -1, dtype=np.int64)
    start = np.empty(n, dtype=np.int64)
    for a in range(n):
        gain = min(bits[a], MAX_ANCHOR_BITS)
        # A short reply stands in many places: it may go on with a chain, but begins none.
        score[a] = gain if bits[a] >= RARE_BITS else -1.0
        start[a] = rows[a]
        for k in range(max(0, a - LOOK_BACK), a):
            # A chain may only repeat rows from before its own start: a third copy repeats the second, not the first.
            if score[k] < 0.0 or previous[k] >= previous[a] or previous[a] >= start[k]:
                continue
            ahead, behind = rows[a] - rows[k], previous[a] - previous[k]
            shift = abs(ahead - behind)
            cost = min(SHIFT_BITS * shift, MAX_SHIFT_BITS) + 0.1 * min(ahead - 1, behind - 1)
            if score[k] + gain - cost > score[a]:
                score[a] = score[k] + gain - cost
                before[a] = k
                start[a] = start[k]
    return score, before, start


def find_restarts(previous: NDArray[np.int64], bits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows at which a listing begins again.

    Args:
        previous: int64[n], the nearest earlier row that says the same, -1 where none does.
        bits: float64[n], how many bits of surprise each row's words carry.

    Returns:
        int64[k], ascending; empty where the rows are one listing. Each is the first rare row that is repeated; short
        rows right above it may belong to it as well.
    """
    anchors = np.flatnonzero(previous >= 0)
    if anchors.size < MIN_ANCHORS:
        return np.empty(0, dtype=np.int64)
    score, before, start = _chain_anchors(anchors, previous[anchors], bits[anchors])
    candidates: list[tuple[int, list[int]]] = []
    # The best end of every chain start. The loop is over chains that pass the bar, not over rows.
    order = np.lexsort((anchors, -score, start))
    ends = order[np.concatenate(([True], start[order][1:] != start[order][:-1]))]
    for end in ends[score[ends] >= MIN_BITS]:
        chain = [int(end)]
        while before[chain[-1]] >= 0:
            chain.append(int(before[chain[-1]]))
        chain.reverse()
        if len(chain) >= MIN_ANCHORS:
            candidates.append((int(end), chain))
    return _supported_starts(candidates, anchors, previous, score)


def _supported_starts(
    candidates: list[tuple[int, list[int]]],
    anchors: NDArray[np.int64],
    previous: NDArray[np.int64],
    score: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Starts of the chains that do not overlap a better one and that repeat their stretch nearly whole."""
    kept: list[tuple[int, int, list[int]]] = []
    for _, chain in sorted(candidates, key=lambda item: (-score[item[0]], item[0])):
        first, last = int(anchors[chain[0]]), int(anchors[chain[-1]])
        if all(last < other_first or first > other_last for other_first, other_last, _ in kept):
            kept.append((first, last, chain))
    kept.sort()
    while True:
        bounds = [0, *(first for first, _, _ in kept), previous.size]
        supported = []
        for nth, (first, last, chain) in enumerate(kept):
            rows = anchors[chain]
            earlier = previous[rows]
            inside = np.minimum(np.diff(rows), np.diff(earlier)) - 1
            home = max(bound for bound in bounds if bound <= earlier[0])
            home_end = min(bound for bound in bounds if bound > earlier[-1])
            between = home_end - 1 - int(earlier[-1])
            # Rows between the two stretches end the first capture, and then nothing may follow the second stretch;
            # or they begin the second capture, and then nothing may stand before the first stretch.
            tail = min(between, bounds[nth + 2] - 1 - last)
            head = min(between, int(earlier[0]) - home) + between * HEAD_COST
            unmatched = int(inside.sum()) + min(tail, head)
            if len(chain) >= MIN_SUPPORT * (len(chain) + unmatched):
                supported.append((first, last, chain))
        if len(supported) == len(kept):
            break
        kept = supported
    return np.array([first for first, _, _ in kept], dtype=np.int64)
