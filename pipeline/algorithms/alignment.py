"""Alignment of several listings of one discussion: which rows are the same post, and one order for all of them.

In: the rows of a discussion, listing after listing, as codes (what they say, who says it, when). Out: the slot (post)
of every row, and the place of every slot in the merged order.

>>> rows = listing_rows(exact=[0, 1, 2, 0, 2])      # listing A: x y z, listing B: x z
>>> slots, places = merge_listings(rows, np.array([0, 3, 5]))
>>> slots.tolist(), places.tolist()
([0, 1, 2, 0, 2], [0, 1, 2])

Listings are merged one by one, the first being the ground. Rows of known identity and informative rows that are unique
on both sides are anchors; their longest increasing subsequence is the backbone (Hunt & Szymanski 1977); between two
neighbours of the backbone a global alignment (Needleman & Wunsch 1970) decides which short or rewritten rows are the
same; rows beside a matched row off the backbone (a subtree listed elsewhere) follow their neighbour. Two rows of one
listing are never the same post unless they have the same identity. A listing whose anchors stand in the opposite order
(newest first) is read from its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Gap = tuple[Ints, Ints]  # the codes of the open rows of a gap, sorted: of their words, of their words and authors

UNKNOWN_TIME = np.iinfo(np.int64).min
ANCHOR_BITS = 20.0
ALONE_BITS = 12.0  # of a post that each of two listings shows once, in whatever order
LARGEST_GAP = 4_000_000
LEAST_TURNED = 4  # anchors that tell that a listing is read from its end, or in the others' order
LONE_BITS = 10.0  # of a short answer that no other post of a page has given
MOST_SHOWINGS = 50  # of a post, the latest, that are compared with what stands beside it in another listing
IN_ORDER = 0.9  # share of the matched rows that stand in one order, below which a listing is sorted otherwise


class ListingRows(NamedTuple):
    """Rows as codes; int64[n] each but bits. -1 says unknown (time: UNKNOWN_TIME).

    Attributes:
        node: equal for rows known to be one post (same id; same author, instant and words).
        ident: the source's own id; two rows whose idents are known and differ are never one post.
        exact: equal for rows of equal words.
        voice: equal for rows of equal words by one known author.
        near: equal for rows of nearly equal words.
        version: equal for rows that one person may have rewritten into one another; counts only between neighbours.
        author, time, tolerance: who, when (microseconds), and how exactly that is known (microseconds).
        bits: float64[n], bits of surprise in the words.
    """

    node: Ints
    ident: Ints
    exact: Ints
    voice: Ints
    near: Ints
    version: Ints
    author: Ints
    time: Ints
    tolerance: Ints
    bits: NDArray[np.float64]


def listing_rows(
    exact: Sequence[int],
    node: Sequence[int] | None = None,
    near: Sequence[int] | None = None,
    version: Sequence[int] | None = None,
    bits: Sequence[float] | None = None,
) -> ListingRows:
    """Rows that are known by their words alone, everything else unknown unless given."""
    n = len(exact)
    unknown = np.full(n, -1, dtype=np.int64)
    return ListingRows(
        node=unknown if node is None else np.array(node, dtype=np.int64),
        ident=unknown,
        exact=np.array(exact, dtype=np.int64),
        voice=unknown,
        near=np.array(exact if near is None else near, dtype=np.int64),
        version=unknown if version is None else np.array(version, dtype=np.int64),
        author=unknown,
        time=np.full(n, UNKNOWN_TIME, dtype=np.int64),
        tolerance=np.zeros(n, dtype=np.int64),
        bits=np.full(n, 40.0) if bits is None else np.array(bits, dtype=np.float64),
    )


@njit(cache=True, nogil=True)
def _may_be_one(a: int, b: int, rows: ListingRows) -> bool:
    """Whether nothing known of two rows says that they are different posts."""
    if rows.ident[a] >= 0 and rows.ident[b] >= 0 and rows.ident[a] != rows.ident[b]:
        return False
    if rows.author[a] >= 0 and rows.author[b] >= 0 and rows.author[a] != rows.author[b]:
        return False
    if rows.time[a] != UNKNOWN_TIME and rows.time[b] != UNKNOWN_TIME:
        return abs(rows.time[a] - rows.time[b]) <= max(rows.tolerance[a], rows.tolerance[b])
    return True


@njit(cache=True, nogil=True)
def _is_version(a: int, b: int, rows: ListingRows) -> bool:
    """Whether one row may be a rewritten form of the other."""
    return rows.version[a] >= 0 and rows.version[a] == rows.version[b]


@njit(cache=True, nogil=True)
def _say_the_same(a: int, b: int, rows: ListingRows) -> bool:
    """Whether two rows have equal words, or one author's rewritten ones, and may be one post."""
    return (rows.exact[a] == rows.exact[b] or _is_version(a, b, rows)) and _may_be_one(a, b, rows)


@njit(cache=True, nogil=True)
def _weigh_match(a: int, b: int, rows: ListingRows, author_bits: float) -> float:
    """Bits of evidence that two rows of equal words, of which nothing known disagrees, are one post."""
    return rows.bits[a] + (author_bits if rows.author[a] >= 0 and rows.author[a] == rows.author[b] else 0.0)


@njit(cache=True, nogil=True)
def _match_unique(
    codes: Ints, rows: ListingRows, first: int, last: int, slot_row: Ints, counts: Ints, used: Ints, match: Ints,
    least: float, author_bits: float,
) -> None:  # fmt: skip
    """Match open rows and open slots whose code is unique on both sides, with at least so many bits of evidence.

    Rows whose code is -1 stay open. ``counts`` is int64[2, number of codes], all zero before and after: how many rows a
    code has; its slot, plus one, or more than there are slots where it has several.
    """
    n_slots = used.size
    for slot in range(n_slots):
        code = codes[slot_row[slot]]
        if used[slot] == 0 and code >= 0:
            counts[1, code] = slot + 1 if counts[1, code] == 0 else n_slots + 1
    for row in range(first, last):
        if codes[row] >= 0 and match[row] < 0 and rows.bits[row] + author_bits >= least:
            counts[0, codes[row]] += 1
    for row in range(first, last):
        if codes[row] < 0 or match[row] >= 0 or counts[0, codes[row]] != 1:
            continue
        slot = counts[1, codes[row]] - 1
        unique = 0 <= slot < n_slots
        if unique and _weigh_match(row, slot_row[slot], rows, author_bits) >= least:
            if not _may_be_one(row, slot_row[slot], rows):
                continue
            match[row] = slot
            used[slot] = 1
    # The code -1 clears the last place, which is to be clear as well.
    for row in range(first, last):
        counts[0, codes[row]] = 0
    for slot in range(n_slots):
        counts[1, codes[slot_row[slot]]] = 0


@njit(cache=True, nogil=True)
def longest_increasing(values: Ints) -> Ints:
    """Indices of a longest strictly increasing subsequence of int64[n] (patience sorting, O(n log n))."""
    n = values.size
    tails = np.empty(n, dtype=np.int64)
    before = np.full(n, -1, dtype=np.int64)
    length = 0
    for i in range(n):
        low, high = 0, length
        while low < high:
            middle = (low + high) // 2
            if values[tails[middle]] < values[i]:
                low = middle + 1
            else:
                high = middle
        if low > 0:
            before[i] = tails[low - 1]
        tails[low] = i
        length = max(length, low + 1)
    out = np.empty(length, dtype=np.int64)
    at = tails[length - 1] if length else -1
    for k in range(length - 1, -1, -1):
        out[k] = at
        at = before[at]
    return out


@njit(cache=True, nogil=True)
def _count(codes: Ints, code: int) -> int:
    """How often a code stands among sorted ones."""
    return int(np.searchsorted(codes, code, side="right") - np.searchsorted(codes, code, side="left"))


@njit(cache=True, nogil=True)
def _is_lone(row: int, slot_row: int, rows: ListingRows, said: Gap, known: Gap) -> bool:
    """Whether a short answer is the only one of its words, or of its words and author, on both sides of a gap."""
    if rows.author[row] >= 0 and rows.author[slot_row] >= 0:
        return _count(said[1], rows.voice[row]) == 1 and _count(known[1], rows.voice[row]) == 1
    return _count(said[0], rows.exact[row]) == 1 and _count(known[0], rows.exact[row]) == 1


@njit(cache=True, nogil=True)
def _gain(a: int, b: int, rows: ListingRows, said: Gap, known: Gap, least: float, author_bits: float) -> float:
    """What it gains to match two rows of a gap; 0 where they do not match."""
    weight = _weigh_match(a, b, rows, author_bits)
    if weight < least or not _may_be_one(a, b, rows):
        return 0.0
    if rows.exact[a] == rows.exact[b]:
        # A short answer that either side gives twice may be any of them.
        clear = weight >= ALONE_BITS or _is_lone(a, b, rows, said, known)
        return 1.0 + min(rows.bits[a], ANCHOR_BITS) / ANCHOR_BITS if clear else 0.0
    if rows.near[a] == rows.near[b]:
        return 0.9
    return 0.8 if _is_version(a, b, rows) else 0.0


@njit(cache=True, nogil=True)
def _align_gap(
    left: Ints, right: Ints, rows: ListingRows, slot_row: Ints, used: Ints, match: Ints, least: float,
    author_bits: float,
) -> None:  # fmt: skip
    """Best alignment of open rows and open slots between two neighbours of the backbone; ties match early.

    Rows with fewer bits of evidence than ``least`` do not match.
    """
    m, n = left.size, right.size
    if m == 0 or n == 0 or m * n > LARGEST_GAP:
        return
    said = np.sort(rows.exact[left]), np.sort(rows.voice[left])
    known = np.sort(rows.exact[slot_row[right]]), np.sort(rows.voice[slot_row[right]])
    best = np.zeros((m + 1, n + 1), dtype=np.float64)
    gain = np.zeros((m, n), dtype=np.float64)
    for i in range(m - 1, -1, -1):
        for j in range(n - 1, -1, -1):
            a, b = left[i], slot_row[right[j]]
            gain[i, j] = _gain(a, b, rows, said, known, least, author_bits)
            value = max(best[i + 1, j], best[i, j + 1])
            if gain[i, j] > 0.0:
                value = max(value, best[i + 1, j + 1] + gain[i, j])
            best[i, j] = value
    i, j = 0, 0
    while i < m and j < n:
        if gain[i, j] > 0.0 and best[i, j] == best[i + 1, j + 1] + gain[i, j]:
            match[left[i]] = right[j]
            used[right[j]] = 1
            i += 1
            j += 1
        elif best[i, j] == best[i + 1, j]:
            i += 1
        else:
            j += 1


@njit(cache=True, nogil=True)
def _follow_neighbours(
    rows: ListingRows, first: int, last: int, slot_row: Ints, after: Ints, ahead: Ints, used: Ints, match: Ints,
    author_bits: float,
) -> None:  # fmt: skip
    """Match an open row to the slot beside its neighbour's slot where both say the same and that weighs something."""
    for turn in range(2):
        step = 1 if turn == 0 else -1
        beside = after if turn == 0 else ahead
        row = first + 1 if turn == 0 else last - 2
        while first <= row < last:
            if match[row] < 0 and match[row - step] >= 0:
                slot = beside[match[row - step]]
                is_open = slot >= 0 and used[slot] == 0 and _say_the_same(row, slot_row[slot], rows)
                if is_open and _weigh_match(row, slot_row[slot], rows, author_bits) >= ALONE_BITS:
                    match[row] = slot
                    used[slot] = 1
            row += step


@njit(cache=True, nogil=True)
def _same_run(row: int, stop: int, other: int, home: Ints, rows: ListingRows, used: Ints, match: Ints) -> bool:
    """Whether the open rows row..stop say what the rows from another on say, all in that one's listing, ``home``."""
    length = stop - row
    if other < home[0] or other + length > home[1]:
        return False
    for step in range(length):
        a, b = row + step, other + step
        if rows.exact[a] != rows.exact[b] or not _may_be_one(a, b, rows) or used[match[b]] != 0:
            return False
    return True


@njit(cache=True, nogil=True)
def _find_run(
    row: int, stop: int, rows: ListingRows, listing: int, offsets: Ints, showings: Ints, used: Ints, match: Ints,
    ordered: bool,
) -> int:  # fmt: skip
    """Where an earlier listing shows the open rows row..stop beside the posts they stand beside, -1 where none does."""
    first, last = offsets[listing], offsets[listing + 1]
    above = match[row - 1] if row > first else -1
    below = match[stop] if stop < last else -1
    beside = showings[0, above if above >= 0 else below]
    for _ in range(MOST_SHOWINGS):
        if beside < 0:
            break
        number = np.searchsorted(offsets, beside, side="right")
        home = offsets[number - 1 : number + 1]
        other = beside + 1 if above >= 0 else beside - (stop - row)
        if _same_run(row, stop, other, home, rows, used, match):
            end = other + stop - row
            there_above = match[other - 1] if other > home[0] else -1
            there_below = match[end] if end < home[1] else -1
            # A partial capture begins and ends anywhere, but in a row of equal answers nobody knows where.
            if above < 0:
                is_below = ordered and (other == home[0] or rows.exact[other - 1] != rows.exact[row])
            else:
                is_below = there_above == above
            if below < 0:
                is_above = ordered and (end == home[1] or rows.exact[end] != rows.exact[stop - 1])
            else:
                is_above = there_below == below
            if is_above and is_below:
                return int(other)
        beside = showings[1, beside]
    return -1


@njit(cache=True, nogil=True)
def _match_runs(
    rows: ListingRows, listing: int, offsets: Ints, lone: NDArray[np.bool_], showings: Ints, used: Ints, match: Ints,
    ordered: bool,
) -> None:  # fmt: skip
    """Match open rows between two matched ones to what an earlier listing shows between the same two: short answers,
    which a page may give twice, only where all that stands between is the same.

    ``showings`` is int64[2, n]: the latest row of every slot, and for every row the one before of its slot. ``ordered``
    says that the listing stands in the order of the others; in any other, equal answers may have changed places.
    """
    first, last = offsets[listing], offsets[listing + 1]
    row = first
    while row < last:
        if match[row] >= 0:
            row += 1
            continue
        stop = row
        while stop < last and match[stop] < 0:
            stop += 1
        if (ordered or np.all(lone[row - first : stop - first])) and (row > first or stop < last):
            found = _find_run(row, stop, rows, listing, offsets, showings, used, match, ordered)
            if found >= 0:
                for step in range(stop - row):
                    match[row + step] = match[found + step]
                    used[match[found + step]] = 1
        row = stop


@njit(cache=True, nogil=True)
def _mark_lone(
    rows: ListingRows, first: int, last: int, slot_row: Ints, counts: Ints, n_slots: int
) -> NDArray[np.bool_]:
    """Which rows first..last say what no other of them says, and one post so far; ``counts`` as in _match_unique."""
    for row in range(first, last):
        counts[0, rows.exact[row]] += 1
    for slot in range(n_slots):
        counts[1, rows.exact[slot_row[slot]]] += 1
    lone = np.empty(last - first, dtype=np.bool_)
    for row in range(first, last):
        lone[row - first] = counts[0, rows.exact[row]] == 1 and counts[1, rows.exact[row]] == 1
    for row in range(first, last):
        counts[0, rows.exact[row]] = 0
    for slot in range(n_slots):
        counts[1, rows.exact[slot_row[slot]]] = 0
    return lone


@njit(cache=True, nogil=True)
def _match_far(
    rows: ListingRows, first: int, last: int, lone: NDArray[np.bool_], slot_row: Ints, counts: Ints, used: Ints,
    match: Ints,
) -> None:  # fmt: skip
    """Match open rows that say what one other post alone says, wherever: in a listing that shows little else new."""
    for slot in range(used.size):
        counts[1, rows.exact[slot_row[slot]]] = slot + 1
    for row in range(first, last):
        slot = counts[1, rows.exact[row]] - 1
        is_open = match[row] < 0 and lone[row - first] and used[slot] == 0
        if is_open and rows.bits[row] >= LONE_BITS and _may_be_one(row, slot_row[slot], rows):
            match[row] = slot
            used[slot] = 1
    for slot in range(used.size):
        counts[1, rows.exact[slot_row[slot]]] = 0


@njit(cache=True, nogil=True)
def _match_lone(
    rows: ListingRows, listing: int, offsets: Ints, lone: NDArray[np.bool_], showings: Ints, used: Ints, match: Ints
) -> None:
    """Match an open row that is the only one of its words to the one that an earlier listing shows beside the same
    post; ``showings`` as in _match_runs."""
    first, last = offsets[listing], offsets[listing + 1]
    for step in (1, -1):
        row = first + 1 if step == 1 else last - 2
        while first <= row < last:
            if match[row] < 0 and lone[row - first] and match[row - step] >= 0:
                beside = showings[0, match[row - step]]
                tries = 0
                while beside >= 0 and match[row] < 0 and tries < MOST_SHOWINGS:
                    home = np.searchsorted(offsets, beside, side="right")
                    other = beside + step
                    is_there = offsets[home - 1] <= other < offsets[home] and rows.exact[other] == rows.exact[row]
                    if is_there and used[match[other]] == 0 and _may_be_one(row, other, rows):
                        match[row] = match[other]
                        used[match[other]] = 1
                    beside = showings[1, beside]
                    tries += 1
            row += step


@njit(cache=True, nogil=True)
def _turn_listing(rows: ListingRows, first: int, last: int, rank: Ints, match: Ints) -> bool:
    """Turn the rows of a listing around, in place, where its anchors stand in the opposite order: newest first."""
    matched = np.flatnonzero(match[first:last] >= 0) + first
    places = rank[match[matched]]
    backwards = longest_increasing(-places).size
    if matched.size < LEAST_TURNED or backwards < IN_ORDER * matched.size:
        return False
    facts = (
        rows.node, rows.ident, rows.exact, rows.voice, rows.near, rows.version, rows.author, rows.time, rows.tolerance
    )  # fmt: skip
    for codes in facts:
        codes[first:last] = codes[first:last][::-1].copy()
    rows.bits[first:last] = rows.bits[first:last][::-1].copy()
    match[first:last] = match[first:last][::-1].copy()
    return True


@njit(cache=True, nogil=True)
def _match_listing(
    rows: ListingRows,
    listing: int,
    offsets: Ints,
    n_slots: int,
    slot_row: Ints,
    node_slot: Ints,
    rank: Ints,
    after: Ints,
    ahead: Ints,
    counts: Ints,
    showings: Ints,
    match: Ints,
    author_bits: float,
) -> bool:
    """Match the rows of one listing to the slots made so far; whether they were turned around."""
    first, last = offsets[listing], offsets[listing + 1]
    used = np.zeros(n_slots, dtype=np.int64)
    for row in range(first, last):
        if rows.node[row] >= 0 and node_slot[rows.node[row]] >= 0:
            match[row] = node_slot[rows.node[row]]
            used[match[row]] = 1
    _match_unique(rows.exact, rows, first, last, slot_row, counts, used, match, ANCHOR_BITS, author_bits)
    _match_unique(rows.near, rows, first, last, slot_row, counts, used, match, ANCHOR_BITS, author_bits)

    turned = _turn_listing(rows, first, last, rank, match)
    # Runs beside an anchor come before the alignment: of several equal short posts the adjacent one is meant.
    _follow_neighbours(rows, first, last, slot_row, after, ahead, used, match, author_bits)
    matched = np.flatnonzero(match[first:last] >= 0) + first
    backbone = matched[longest_increasing(rank[match[matched]])]
    # Where a page is sorted otherwise, a short post's place tells nothing but whom it stands beside.
    least = 0.0
    if backbone.size < IN_ORDER * matched.size:
        least = ANCHOR_BITS
        _match_unique(rows.exact, rows, first, last, slot_row, counts, used, match, ALONE_BITS, author_bits)
        _match_unique(rows.voice, rows, first, last, slot_row, counts, used, match, 0.0, author_bits)
    by_rank = np.empty(n_slots, dtype=np.int64)
    by_rank[rank[:n_slots]] = np.arange(n_slots)
    for k in range(backbone.size + 1):
        low = backbone[k - 1] + 1 if k > 0 else first
        high = backbone[k] if k < backbone.size else last
        low_rank = rank[match[backbone[k - 1]]] + 1 if k > 0 else 0
        high_rank = rank[match[backbone[k]]] if k < backbone.size else n_slots
        if high <= low or high_rank <= low_rank:
            continue
        open_rows = np.flatnonzero(match[low:high] < 0) + low
        span = by_rank[low_rank:high_rank]
        # Before the first anchor and after the last one captures begin and end where they like.
        open_ended = k == 0 or k == backbone.size
        floor = max(least, ALONE_BITS) if open_ended else least
        _align_gap(open_rows, span[used[span] == 0], rows, slot_row, used, match, floor, author_bits)
    _follow_neighbours(rows, first, last, slot_row, after, ahead, used, match, author_bits)
    lone = _mark_lone(rows, first, last, slot_row, counts, n_slots)
    if least > 0.0 and 2 * np.sum(match[first:last] >= 0) >= last - first:
        _match_far(rows, first, last, lone, slot_row, counts, used, match)
    _match_lone(rows, listing, offsets, lone, showings, used, match)
    ordered = least == 0.0 and matched.size >= LEAST_TURNED
    _match_runs(rows, listing, offsets, lone, showings, used, match, ordered)
    return turned


@njit(cache=True, nogil=True)
def _link_slot(slot: int, anchor: int, head: int, after: Ints, ahead: Ints) -> int:
    """Put a slot right after another (-1: first of all); returns the first slot of the list."""
    if anchor < 0:
        ahead[slot], after[slot] = -1, head
        if head >= 0:
            ahead[head] = slot
        return slot
    ahead[slot], after[slot] = anchor, after[anchor]
    if after[anchor] >= 0:
        ahead[after[anchor]] = slot
    after[anchor] = slot
    return head


@njit(cache=True, nogil=True)
def _anchor_of(target: int, previous: int, known: int, rank: Ints, after: Ints, ahead: Ints, head: int) -> int:
    """The slot after which an unmatched row goes: right before ``target``, the slot of the next matched row of its
    listing, if that lies ahead of ``previous``, the slot of the row before; else right after that one."""
    if target >= 0 and (previous < 0 or previous >= known or rank[target] > rank[previous]):
        return ahead[target]
    if previous >= 0 or known == 0:
        return previous
    # A listing that shares no row with the others goes last.
    last = head
    while after[last] >= 0:
        last = after[last]
    return last


@njit(cache=True, nogil=True)
def _next_matched(slots: Ints, first: int, last: int) -> Ints:
    """For each row of a listing the slot of the next matched row, -1 where none follows."""
    following = np.full(last - first + 1, -1, dtype=np.int64)
    for row in range(last - 1, first - 1, -1):
        following[row - first] = slots[row] if slots[row] >= 0 else following[row - first + 1]
    return following


@njit(cache=True, nogil=True)
def _number_slots(head: int, after: Ints, rank: Ints) -> None:
    """Ranks of the slots in the order of the list."""
    at, place = head, 0
    while at >= 0:
        rank[at] = place
        place += 1
        at = after[at]


@njit(cache=True, nogil=True)
def _merge_listings(rows: ListingRows, offsets: Ints, author_bits: float) -> tuple[Ints, Ints]:
    """Does what ``merge_listings`` says."""
    n = rows.exact.size
    slots = np.full(n, -1, dtype=np.int64)
    slot_row = np.empty(n, dtype=np.int64)
    after = np.full(n, -1, dtype=np.int64)
    ahead = np.full(n, -1, dtype=np.int64)
    rank = np.empty(n, dtype=np.int64)
    node_slot = np.full(max(1, rows.node.max() + 1 if n else 1), -1, dtype=np.int64)
    n_codes = max(rows.exact.max(), rows.near.max(), rows.voice.max()) + 1 if n else 1
    counts = np.zeros((2, n_codes), dtype=np.int64)
    # As int64, for numba would take the constants for types of their own and compile everything below twice.
    n_slots, head = np.int64(0), np.int64(-1)
    showings = np.full((2, n), -1, dtype=np.int64)
    turned = np.zeros(offsets.size, dtype=np.bool_)
    for listing in range(offsets.size - 1):
        first, last = offsets[listing], offsets[listing + 1]
        if n_slots > 0:
            turned[listing] = _match_listing(
                rows, listing, offsets, n_slots, slot_row, node_slot, rank, after, ahead, counts, showings, slots,
                author_bits,
            )  # fmt: skip
        following = _next_matched(slots, first, last)
        known, previous = n_slots, np.int64(-1)
        for row in range(first, last):
            node = rows.node[row]
            if slots[row] < 0 and node >= 0:
                slots[row] = node_slot[node]
            if slots[row] < 0:
                slots[row] = n_slots
                slot_row[n_slots] = row
                anchor = _anchor_of(following[row - first], previous, known, rank, after, ahead, head)
                head = _link_slot(n_slots, anchor, head, after, ahead)
                n_slots += 1
            if node >= 0 and node_slot[node] < 0:
                node_slot[node] = slots[row]
            previous = slots[row]
            showings[1, row] = showings[0, previous]
            showings[0, previous] = row
        _number_slots(head, after, rank)
    for listing in range(offsets.size - 1):
        if turned[listing]:
            held = slots[offsets[listing] : offsets[listing + 1]]
            held[:] = held[::-1].copy()
    return slots, rank[:n_slots].copy()


def merge_listings(rows: ListingRows, offsets: Ints, author_bits: float = 0.0) -> tuple[Ints, Ints]:
    """Slots of rows and places of slots.

    Args:
        rows: the rows of one discussion, listing after listing, the ground first; they may be left turned around.
        offsets: int64[k + 1], where each listing starts; the last entry is the number of rows.
        author_bits: what it is worth that two rows have one author, in bits.

    Returns:
        slots: int64[n], the slot of every row, numbered by first row.
        places: int64[number of slots], the place of every slot in the merged order, from 0.
    """
    slots, places = _merge_listings(rows, offsets, author_bits)
    return slots, places
