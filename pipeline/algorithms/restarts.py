"""Where a listing starts again: one file that holds several captures of a page, one after the other.

In: for each row of a file the previous row that says the same. Out: the rows at which a new capture begins.

>>> # rows a b c d a b c d: row 4 repeats row 0, 5 repeats 1, ...
>>> find_restarts(np.array([-1, -1, -1, -1, 0, 1, 2, 3]), np.full(8, 40.0)).tolist()
[4]

A capture shows a post once. So the file is cut where the fewest informative rows repeat a row of their own part, a cut
being nearly as dear as two such rows: the best segmentation by dynamic programming (Bellman 1961), whatever the order
of rows. Where exactly a cut goes is told by all rows, short ones too: captures of a page mostly begin alike, and what
stands side by side twice is no seam. A part is a capture if what it shares with an earlier one proves both to be one
page: most of what stands between, in the same order, or most of the smaller one in any order. Quotations and posts said
again prove no such thing.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.alignment import longest_increasing
from pipeline.algorithms.overlaps import BESIDE, MOST_BITS, count_beside, show_one_page

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Span = tuple[int, int]

MIN_ANCHORS = 3
FEW_ANCHORS = 2  # of captures that begin alike
MIN_BITS = 60.0
CUT_BITS = 70.0
BEGIN_ALIKE = 2  # rows beside shared ones, as which it counts that captures begin alike
RARE_BITS = 15.0
PROOF_MANY = 70.0  # seven rare texts: within one file quotations are repeated as well
MIN_MAIN = 0.8
STRAY = 0.1  # share of rows repeated that may stand out of order

# Points of what speaks for a cut.
BITS_A_POINT = 10.0  # of rows parted from what they repeat: a rare text is four points
BITS_BESIDE, MOST_BESIDE = 5.0, 4.0  # of two rows that stand side by side elsewhere as well, and the most they count
BEGINS, ENDS = 3.0, 2.0  # of a row that the file begins, or ends, with
BEGINS_TOO, ENDS_TOO = 1.0, 1.0  # of a row that another capture begins, or ends, with
AMISS, MOST_AMISS = 1.6, 5.0  # of a row that only one side has where both have such
BY_OTHERS = 0.5  # of other captures that show the rows in doubt before or after the common ones
LEAST_GAIN = 1e-6
MOST_ROUNDS = 5
LEAST_PAGE = 2  # rare rows of a page that stands in the wrong place


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


def find_restarts(previous: Ints, bits: Floats) -> Ints:
    """Rows at which a listing begins again.

    Args:
        previous: int64[n], the nearest earlier row that says the same, -1 where none does.
        bits: float64[n], how many bits of surprise each row's words carry.

    Returns:
        int64[k], ascending; empty where the rows are one listing.
    """
    rare = bits >= RARE_BITS
    weights = np.where(rare, np.minimum(bits, MOST_BITS), 0.0)
    repeats = rare & (previous >= 0)
    if repeats.sum() < FEW_ANCHORS or weights[repeats].sum() < MIN_BITS:
        return np.empty(0, dtype=np.int64)
    neighbours = _Neighbours(previous, bits)
    starts = _segment_rows(previous, weights, CUT_BITS).tolist()
    # Captures of one page mostly begin alike; quotations repeated with it may make other cuts look as good.
    alike = np.flatnonzero(neighbours.pair == neighbours.pair[0]).tolist()
    ways = (_place_cuts(way, previous, weights, neighbours) for way in (starts, alike))
    starts = max(ways, key=lambda way: _weigh_all(way, previous, weights, neighbours))
    ranks: Ints = np.cumsum(rare) - rare
    # Every round drops one cut that nothing proves; there are as many cuts as captures, not as rows.
    while True:
        starts = _place_cuts(starts, previous, weights, neighbours)
        doubt = _least_proven(starts, previous, weights, rare, ranks, neighbours.code)
        if doubt is None:
            starts = _cut_pages(starts, previous, rare, neighbours)
            return np.array(starts[1:], dtype=np.int64)
        del starts[doubt]


def _least_proven(
    starts: list[int], previous: Ints, weights: Floats, rare: Truths, ranks: Ints, codes: Ints
) -> int | None:
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
            alike = codes[low] == codes[first]
            beside = count_beside(pairs[:, 0] - low, pairs[:, 1] - first, codes[low:high], codes[first:last])
            beside += BEGIN_ALIKE * int(alike)
            enough = len(pairs) >= (FEW_ANCHORS if alike else MIN_ANCHORS) and shared >= MIN_BITS
            # Whoever quotes a stretch repeats it as it stands.
            many = PROOF_MANY + BESIDE * float(np.sum(np.all(np.diff(pairs, axis=0) == 1, axis=1)))
            if not proven and enough and show_one_page(left, right, weights[pairs[:, 1]], *sizes, many, beside):
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


def _place_cuts(starts: list[int], previous: Ints, weights: Floats, neighbours: _Neighbours) -> list[int]:
    """Moves each cut to where most speaks for it, the others standing where they are: starts of the parts."""
    placed = list(starts)
    rare = weights > 0
    for _ in range(MOST_ROUNDS):
        before = list(placed)
        for part in range(1, len(placed)):
            bounds = [*placed, previous.size]
            home, cut, end = bounds[part - 1 : part + 2]
            others = [at for at in placed[1:] if at != cut]
            told = _weigh_parting(home, end, previous, weights) / BITS_A_POINT
            told += neighbours.weigh_cuts(home + 1, end, others)
            told += _weigh_order((home, cut, end), bounds, previous, rare)
            # Of what is as good the last: captures stop early more often than they start late.
            best = end - 1 - int(np.argmax(told[::-1].round(6)))
            if told[best - home - 1] > told[cut - home - 1] + LEAST_GAIN:
                placed[part] = best
        if placed == before:
            break
    return placed


def _cut_pages(starts: list[int], previous: Ints, rare: Truths, neighbours: _Neighbours) -> list[int]:
    """Cuts parts that show the second page before the first, as most others that show the same rows say."""
    parts = list(pairwise([*starts, previous.size]))
    # What each two say of where the first of them would be cut: a span of rows; None where they have one order.
    told = {(a, b): _find_turn(a, b, previous, rare) for a in parts for b in parts if a != b}
    found = set(starts)
    whole = list(parts)
    # The later of two that contradict each other goes first.
    for part in reversed(parts):
        ways = [told[part, other] for other in whole if other != part]
        spans = [way for way in ways if way is not None and way[0] < way[1]]
        if len(spans) > sum(way is None for way in ways):
            above, below = spans[0]
            points = neighbours.weigh_cuts(above + 1, below + 1, starts[1:])
            found.add(below - int(np.argmax(points[::-1].round(6))))
            whole.remove(part)
    return sorted(found)


def _find_turn(part: Span, other: Span, previous: Ints, rare: Truths) -> Span | None:
    """Between which two rows of a part another one's rows begin anew, from above those that came before them: (r, s).

    None where both have them in one order; (0, 0) where they show too little in common, or it is shuffled.
    """
    late = part > other
    pairs = _match_parts(previous, *(part if late else other), *(other if late else part), rare)
    own, there = (pairs[:, 1], pairs[:, 0]) if late else (pairs[:, 0], pairs[:, 1])
    order = np.lexsort((there, own))
    own, there = own[order], there[order]
    turns = np.flatnonzero(np.diff(there) < 0) + 1
    if own.size < 2 * LEAST_PAGE or turns.size > 1:
        return 0, 0
    if not turns.size:
        return None
    turn = int(turns[0])
    # Two pages stand close together on a whole one, and nothing but they was turned.
    close = there[-1] < there[0] and not rare[there[-1] + 1 : there[0]].any()
    if not close or not LEAST_PAGE <= turn <= own.size - LEAST_PAGE:
        return 0, 0
    return int(own[turn - 1]), int(own[turn])


def _weigh_all(starts: list[int], previous: Ints, weights: Floats, neighbours: _Neighbours) -> float:
    """What speaks for all cuts together, each being as dear as two rare rows that a part repeats."""
    bounds = [*starts, previous.size]
    part = np.searchsorted(starts, np.arange(previous.size), side="right")
    again = (previous >= 0) & (part[previous] == part)
    told = -float(weights[again].sum() + CUT_BITS * (len(starts) - 1)) / BITS_A_POINT
    for home, cut, end in zip(bounds, bounds[1:], bounds[2:], strict=False):
        others = [at for at in starts[1:] if at != cut]
        told += float(neighbours.weigh_cuts(cut, cut + 1, others)[0])
        told += float(_weigh_order((home, cut, end), bounds, previous, weights > 0)[cut - home - 1])
    return told


def _weigh_parting(home: int, end: int, previous: Ints, weights: Floats) -> Floats:
    """Bits of the rows that a cut before each of home + 1..end - 1 parts from those that they repeat."""
    rows = np.arange(home, end)
    rows = rows[(previous[home:end] >= home) & (weights[home:end] > 0)]
    parted = np.zeros(end - home + 1)
    np.add.at(parted, previous[rows] + 1 - home, weights[rows])
    np.add.at(parted, rows + 1 - home, -weights[rows])
    return parted.cumsum()[1:-1]


class _Neighbours:
    """What rows stand beside each other, here and elsewhere in the file: a cut hardly parts two that do so twice."""

    def __init__(self, previous: Ints, bits: Floats) -> None:
        self.code = _name_rows(previous)
        n = previous.size
        _, self.pair = np.unique(self.code[:-1] * n + self.code[1:], return_inverse=True)
        self.often = np.bincount(self.pair, minlength=1)
        self.worth = np.minimum(MOST_BESIDE, (bits[:-1] + bits[1:]) / BITS_BESIDE)

    def weigh_cuts(self, first: int, last: int, others: list[int]) -> Floats:
        """What speaks for a cut before each of the rows first..last - 1, where there are other cuts.

        Against it that the two rows stand side by side elsewhere, for it that the row begins a capture elsewhere, or
        that the one above ends one.
        """
        cut_pairs = np.bincount(self.pair[[at - 1 for at in others]], minlength=self.often.size)
        pairs = self.pair[first - 1 : last - 1]
        again = self.often[pairs] - cut_pairs[pairs] > 1
        told = np.where(again, -self.worth[first - 1 : last - 1], 0.0)
        begins, ends = self.code[first:last], self.code[first - 1 : last - 1]
        told += np.where(begins == self.code[0], BEGINS, BEGINS_TOO * np.isin(begins, self.code[others]))
        told += np.where(ends == self.code[-1], ENDS, ENDS_TOO * np.isin(ends, self.code[[at - 1 for at in others]]))
        return told


@njit(cache=True, nogil=True)
def _name_rows(previous: Ints) -> Ints:
    """For every row the first one that says the same."""
    names = np.arange(previous.size)
    for row in range(previous.size):
        if previous[row] >= 0:
            names[row] = names[previous[row]]
    return names


def _weigh_order(part: tuple[int, int, int], bounds: list[int], previous: Ints, rare: Truths) -> Floats:
    """What speaks for a cut before each of home + 1..end - 1 by the order of the rows that both sides have.

    What stands between the common rows above and below ends the earlier capture if nothing follows the common rows in
    the later one, and begins the later one if nothing comes before them in the earlier. Other captures may tell.
    """
    home, cut, end = part
    told = np.zeros(end - home - 1)
    pairs = _match_parts(previous, cut, end, home, cut, rare)
    # The nearest captures may share nothing: pages 1 and 2 after the whole page.
    if not len(pairs):
        return told
    pairs = _main_order(pairs)
    last, last_row = (int(side) for side in pairs[np.argmax(pairs[:, 0])])
    partner, high = (int(side) for side in pairs[np.argmin(pairs[:, 1])])
    low = last + 1
    if high <= low:
        return told
    own = rare.copy()
    own[pairs.ravel()] = False
    before = np.append(0, np.cumsum(own))
    tail, head = before[end] - before[last_row + 1], before[partner] - before[home]
    at = np.arange(low, high + 1)
    amiss = np.minimum(before[at] - before[low], tail) + np.minimum(before[high] - before[at], head)
    others = [(a, b) for a, b in pairwise([*bounds]) if b <= home or a >= end]
    early = _count_earlier((low, high), (high, end), others, previous, rare)
    as_head = BY_OTHERS * float(np.sign(early)) * (high - at) / (high - low)
    told[low - home - 1 : high - home] = as_head - AMISS * np.minimum(amiss, MOST_AMISS)
    return told


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
