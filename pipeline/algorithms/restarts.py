"""Where a listing starts again: one file that holds two overlapping captures of a page, one after the other.

In: for each row of a file the previous row that says the same. Out: the rows at which a new capture begins.

>>> # rows a b c d a b c d: row 4 repeats row 0, 5 repeats 1, ...
>>> codes = np.array([0, 1, 2, 3, 0, 1, 2, 3])
>>> find_restarts(np.array([-1, -1, -1, -1, 0, 1, 2, 3]), np.full(8, 40.0), codes).tolist()
[4]

Repeated rows are anchors (previous row, row). As genome aligners chain seeds (Li 2018, Minimap2, section 2.1), colinear
anchors add up to chains; a chain with enough bits whose stretch is repeated nearly whole is a second capture. A reply
that quotes three paragraphs repeats a stretch too, but what follows the quotation does not follow the quoted words:
where both sides go on differently the chain is refused.
"""

from __future__ import annotations

from typing import NamedTuple

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


class _Chain(NamedTuple):
    """Colinear anchors (rows, the earlier rows they repeat); rare_last is the last earlier row of a rare one."""

    score: float
    rows: NDArray[np.int64]
    earlier: NDArray[np.int64]
    rare_last: int


class _Stretch(NamedTuple):
    """Rows first..last that repeat the rows earlier_first..earlier_last, how many are the same, how many changed."""

    first: int
    last: int
    earlier_first: int
    earlier_last: int
    repeated: int
    changed: int


def find_restarts(
    previous: NDArray[np.int64], bits: NDArray[np.float64], codes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows at which a listing begins again.

    Args:
        previous: int64[n], the nearest earlier row that says the same, -1 where none does.
        bits: float64[n], how many bits of surprise each row's words carry.
        codes: int64[n], equal for rows of equal words; they tell how far a stretch goes beyond its rare rows.

    Returns:
        int64[k], ascending; empty where the rows are one listing. Each is the first row that is repeated, or the row
        after the first capture's last repeated one, where what stands between can only be the second capture's head.
    """
    anchors = np.flatnonzero(previous >= 0)
    if anchors.size < MIN_ANCHORS:
        return np.empty(0, dtype=np.int64)
    score, before, start = _chain_anchors(anchors, previous[anchors], bits[anchors])
    chains: list[_Chain] = []
    # The best end of every chain start. The loop is over chains that pass the bar, not over rows.
    order = np.lexsort((anchors, -score, start))
    ends = order[np.concatenate(([True], start[order][1:] != start[order][:-1]))]
    for end in ends[score[ends] >= MIN_BITS]:
        picked = [int(end)]
        while before[picked[-1]] >= 0:
            picked.append(int(before[picked[-1]]))
        if len(picked) >= MIN_ANCHORS:
            rows = anchors[picked[::-1]]
            rare = previous[rows][bits[rows] >= RARE_BITS]
            chains.append(_Chain(float(score[end]), rows, previous[rows], int(rare[-1])))
    return _supported_starts(_without_overlaps(chains), codes)


def _without_overlaps(chains: list[_Chain]) -> list[_Chain]:
    """The best of the chains whose rows overlap, in the order of their rows."""
    kept: list[_Chain] = []
    for chain in sorted(chains, key=lambda chain: (-chain.score, chain.rows[0])):
        if all(chain.rows[-1] < other.rows[0] or chain.rows[0] > other.rows[-1] for other in kept):
            kept.append(chain)
    return sorted(kept, key=lambda chain: int(chain.rows[0]))


def _extend_chain(chain: _Chain, floor: int, codes: NDArray[np.int64]) -> _Stretch:
    """Both stretches as far as they go on with equal rows: up to the row ``floor``, and down."""
    rows, earlier = chain.rows, chain.earlier
    first, earlier_first = int(rows[0]), int(earlier[0])
    while earlier_first > floor and first - 1 > chain.rare_last and codes[first - 1] == codes[earlier_first - 1]:
        first, earlier_first = first - 1, earlier_first - 1
    # A short reply in the rows just won may have served as somebody's counterpart.
    rows, earlier = rows[earlier < first], earlier[earlier < first]
    last, earlier_last = int(rows[-1]), int(earlier[-1])
    while last + 1 < codes.size and earlier_last + 1 < first and codes[last + 1] == codes[earlier_last + 1]:
        last, earlier_last = last + 1, earlier_last + 1
    repeated = rows.size + (int(rows[0]) - first) + (last - int(rows[-1]))
    changed = 0
    # Between two anchors a short row may repeat its counterpart though something nearer says the same as well.
    gaps = zip(rows[:-1] + 1, earlier[:-1] + 1, np.diff(rows) - 1, np.diff(earlier) - 1, strict=True)
    for row, home, n_rows, n_home in gaps:
        same = int((codes[row : row + n_rows] == codes[home : home + n_home]).sum()) if n_rows == n_home else 0
        repeated += same
        changed += min(n_rows, n_home) - same
    return _Stretch(first, last, earlier_first, earlier_last, repeated, int(changed))


def _supported_starts(chains: list[_Chain], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Starts of the chains that repeat their stretch nearly whole; where one fails, the rest is looked at anew."""
    while True:
        stretches: list[_Stretch] = []
        for chain in chains:
            floor = max((known.first for known in stretches if known.first <= chain.earlier[0]), default=0)
            stretches.append(_extend_chain(chain, floor, codes))
        bounds = [0, *(stretch.first for stretch in stretches), codes.size]
        supported: list[_Chain] = []
        starts: list[int] = []
        for chain, stretch, end in zip(chains, stretches, bounds[2:], strict=True):
            home = max(bound for bound in bounds if bound <= stretch.earlier_first)
            home_end = min(bound for bound in bounds if bound > stretch.earlier_last)
            between = home_end - 1 - stretch.earlier_last
            # Rows between the two stretches end the first capture, and then nothing may follow the second stretch;
            # or they begin the second capture, and then nothing may stand before the first stretch.
            tail = min(between, end - 1 - stretch.last)
            head = min(between, stretch.earlier_first - home) + between * HEAD_COST
            if stretch.repeated >= MIN_SUPPORT * (stretch.repeated + stretch.changed + min(tail, head)):
                supported.append(chain)
                starts.append(stretch.first if tail <= head else stretch.earlier_last + 1)
        if len(supported) == len(chains):
            return np.array(starts, dtype=np.int64)
        chains = supported
