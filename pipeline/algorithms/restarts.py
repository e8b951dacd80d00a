"""Where a listing starts again: one file that holds several captures of a page, one after the other.

In: for each row of a file the previous row that says the same. Out: the rows at which a new capture begins.

>>> # rows a b c d a b c d: row 4 repeats row 0, 5 repeats 1, ...
>>> codes = np.array([0, 1, 2, 3, 0, 1, 2, 3])
>>> find_restarts(np.array([-1, -1, -1, -1, 0, 1, 2, 3]), np.full(8, 40.0), codes).tolist()
[4]

A capture shows a post once. So the file is cut where the fewest informative rows repeat a row of their own part, a cut
being as dear as two such rows: the best segmentation by dynamic programming (Bellman 1961), whatever the order of rows.
A part is a capture if what it shares with an earlier one proves both to be one page: most of what stands between, in
the same order, or most of the smaller one in any order. Quotations and posts said again prove no such thing.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.alignment import longest_increasing
from pipeline.algorithms.overlaps import MOST_BITS, show_one_page

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Span = tuple[int, int]

MIN_ANCHORS = 3
MIN_BITS = 80.0
RARE_BITS = 15.0
PROOF_MANY = 70.0  # seven rare texts: within one file quotations are repeated as well
MIN_MAIN = 0.8
STRAY = 0.1  # share of rows repeated that may stand out of order


@njit(cache=True, nogil=True)
def _segment_rows(previous: Ints, weights: Floats, cost: float) -> Ints:
    """Starts of the segments whose cuts and repeated rows cost least: int64[k], ascending, the first is 0.

    Row r costs weights[r] if its segment holds previous[r] as well. The tree keeps, for every start i of the last
    segment, what the best way costs; a leaf holds cost[i] and what is added to all starts up to i.
    """
    n = previous.size
    size = 1
    while size < n:
        size *= 2
    added = np.zeros(2 * size)
    best = np.full(2 * size, np.inf)
    start = np.zeros(2 * size, dtype=np.int64)
    came_from = np.zeros(n + 1, dtype=np.int64)
    before = 0.0
    for row in range(n):
        for turn in range(2):
            if turn == 0:
                node = size + row
                best[node] = before
                start[node] = row
            else:
                if previous[row] < 0 or weights[row] <= 0.0:
                    break
                node = size + previous[row]
                added[node] += weights[row]
                best[node] += weights[row]
            node //= 2
            while node >= 1:
                low, high = 2 * node, 2 * node + 1
                added[node] = added[low] + added[high]
                if best[high] <= best[low] + added[high]:
                    best[node], start[node] = best[high], start[high]
                else:
                    best[node], start[node] = best[low] + added[high], start[low]
                node //= 2
        root = 1 if size > 1 else size
        came_from[row + 1] = start[root]
        before = best[root] + cost
    starts = np.empty(n, dtype=np.int64)
    k, at = 0, n
    while at > 0:
        at = came_from[at]
        starts[k] = at
        k += 1
    return starts[:k][::-1].copy()


@njit(cache=True, nogil=True)
def _match_parts(previous: Ints, first: int, last: int, low: int, high: int, rare: Truths) -> Ints:
    """Pairs (earlier row in low..high - 1, row in first..last - 1) of rare rows that say the same: int64[m, 2]."""
    pairs = np.empty((last - first, 2), dtype=np.int64)
    m = 0
    for row in range(first, last):
        if not rare[row]:
            continue
        at = previous[row]
        while at >= high:
            at = previous[at]
        if at >= low:
            pairs[m, 0], pairs[m, 1] = at, row
            m += 1
    return pairs[:m].copy()


def find_restarts(previous: Ints, bits: Floats, codes: Ints) -> Ints:
    """Rows at which a listing begins again.

    Args:
        previous: int64[n], the nearest earlier row that says the same, -1 where none does.
        bits: float64[n], how many bits of surprise each row's words carry.
        codes: int64[n], equal for rows of equal words; they tell how far a repeated stretch goes beyond its rare rows.

    Returns:
        int64[k], ascending; empty where the rows are one listing. Each is the first row that is repeated, or the row
        after the first capture's last repeated one, where what stands between can only be the second capture's head.
    """
    rare = bits >= RARE_BITS
    weights = np.where(rare, np.minimum(bits, MOST_BITS), 0.0)
    repeats = rare & (previous >= 0)
    if repeats.sum() < MIN_ANCHORS or weights[repeats].sum() < MIN_BITS:
        return np.empty(0, dtype=np.int64)
    starts = _segment_rows(previous, weights, MIN_BITS).tolist()
    ranks: Ints = np.cumsum(rare) - rare
    # Every round drops one cut that nothing proves; there are as many cuts as captures, not as rows.
    while True:
        placed = _place_cuts(starts, previous, rare, codes)
        doubt = _least_proven(placed, previous, weights, rare, ranks)
        if doubt is None:
            return np.array(placed[1:], dtype=np.int64)
        del starts[doubt]
        _move_cuts(starts, previous, weights)


def _move_cuts(starts: list[int], previous: Ints, weights: Floats) -> None:
    """Moves each cut to where it parts the most bits of rows from those that they repeat, as its neighbours stand."""
    bounds = [*starts, previous.size]
    for part in range(1, len(starts)):
        first, end = bounds[part - 1], bounds[part + 1]
        rows = np.arange(first, end)
        rows = rows[(previous[first:end] >= first) & (weights[first:end] > 0)]
        parted = np.zeros(end - first + 1)
        np.add.at(parted, previous[rows] + 1 - first, weights[rows])
        np.add.at(parted, rows + 1 - first, -weights[rows])
        parted = parted.cumsum()[:-1].round(6)
        # Of all that part as much, the last: what follows is repeated.
        cut = end - 1 - int(np.argmax(parted[:0:-1])) if end - first > 1 else first
        if parted[cut - first] > parted[bounds[part] - first]:
            bounds[part] = starts[part] = cut


def _least_proven(starts: list[int], previous: Ints, weights: Floats, rare: Truths, ranks: Ints) -> int | None:
    """The part with the fewest bits among those that no earlier part proves to be a capture; None if all are."""
    bounds = [*starts, previous.size]
    worst: tuple[float, int] | None = None
    for part in range(1, len(starts)):
        first, last = bounds[part], bounds[part + 1]
        most, proven = 0.0, False
        for earlier in range(part - 1, -1, -1):
            low, high = bounds[earlier], bounds[earlier + 1]
            pairs = _match_parts(previous, first, last, low, high, rare)
            pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
            pairs = pairs[np.concatenate(([True], np.diff(pairs[:, 0]) > 0))] if len(pairs) else pairs
            shared = float(weights[pairs[:, 1]].sum())
            most = max(most, shared)
            sizes = int(rare[low:high].sum()), int(rare[first:last].sum())
            left, right = ranks[pairs[:, 0]] - ranks[low], ranks[pairs[:, 1]] - ranks[first]
            enough = len(pairs) >= MIN_ANCHORS and shared >= MIN_BITS
            if not proven and enough and show_one_page(left, right, weights[pairs[:, 1]], *sizes, many=PROOF_MANY):
                proven = earlier == part - 1 or not _goes_on(bounds, part, earlier, previous, rare)
        if not proven and (worst is None or (most, -part) < (worst[0], -worst[1])):
            worst = most, part
    return None if worst is None else worst[1]


def _goes_on(bounds: list[int], part: int, earlier: int, previous: Ints, rare: Truths) -> bool:
    """Whether a part only goes on where the part above it stopped: both repeat an earlier one and nothing of each
    other, or little and in its order. That is no new capture."""
    before, first, last = bounds[part - 1 : part + 2]
    home = bounds[earlier], bounds[earlier + 1]
    above = _match_parts(previous, before, first, *home, rare)
    below = _match_parts(previous, first, last, *home, rare)
    repeated = _match_parts(previous, first, last, before, first, rare)
    if not len(above) or len(repeated) >= MIN_ANCHORS:
        return False
    if not len(repeated):
        return True
    # But for a few rows that are said twice.
    return bool(np.quantile(above[:, 0], 1 - STRAY) < np.quantile(below[:, 0], STRAY))


def _place_cuts(starts: list[int], previous: Ints, rare: Truths, codes: Ints) -> list[int]:
    """Moves each cut within the rows that neither side repeats: they end the earlier capture or begin the later one."""
    placed = [0]
    bounds = [*starts, previous.size]
    for part in range(1, len(starts)):
        home, cut, end = placed[-1], bounds[part], bounds[part + 1]
        pairs = _match_parts(previous, cut, end, home, cut, rare)
        # The nearest captures may share nothing: pages 1 and 2 after the whole page. Then the cut stays.
        if not len(pairs):
            placed.append(cut)
            continue
        pairs = _main_order(pairs)
        last, last_row = (int(end) for end in pairs[np.argmax(pairs[:, 0])])
        low = last + 1
        while low < cut and last_row + 1 < end and codes[low] == codes[last_row + 1]:
            low, last_row = low + 1, last_row + 1
        pairs = _main_order(_match_parts(previous, low, end, home, low, rare))
        partner, high = (int(end) for end in pairs[np.argmin(pairs[:, 1])])
        while high > low and partner > home and codes[high - 1] == codes[partner - 1]:
            high, partner = high - 1, partner - 1
        # What stands between ends the earlier capture if nothing follows the common rows in the later one, and begins
        # the later one if nothing comes before them in the earlier. If both may be, other captures tell; else they end
        # the earlier one, because captures stop early more often than they start late, unless the later one has many
        # more rows of its own among the common ones.
        tail, head = min(high - low, end - 1 - last_row), min(high - low, partner - home)
        others = [(a, b) for a, b in pairwise(bounds) if b <= home or a >= end]
        early = _count_earlier((low, high), (high, end), others, previous, rare) if head == tail and low < high else 0
        fuller = 2 * ((last_row - high) - (last - partner)) >= max(2, high - low)
        as_head = head < tail or (head == tail and (early > 0 or (early == 0 and fuller)))
        placed.append(low if as_head else high)
    return placed


def _count_earlier(some: Span, common: Span, parts: list[Span], previous: Ints, rare: Truths) -> int:
    """In how many more parts the first rows stand before the common ones than after them."""
    votes = 0
    for low, high in parts:
        seats = []
        for first, last in (some, common):
            if low >= last:
                seats.append(_match_parts(previous, low, high, first, last, rare)[:, 1])
            else:
                seats.append(_match_parts(previous, first, last, low, high, rare)[:, 0])
        if seats[0].size and seats[1].size:
            votes += int(np.sign(np.median(seats[1]) - np.median(seats[0])))
    return votes


def _main_order(pairs: Ints) -> Ints:
    """The pairs that stand in the same order, if these are nearly all: the others are quotations; else all pairs."""
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    chain = pairs[longest_increasing(pairs[:, 1])]
    return chain if len(chain) >= MIN_MAIN * len(pairs) else pairs
