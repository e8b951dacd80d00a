"""Alignment: equal posts of several listings meet, equal short posts of one listing stay apart."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.algorithms.alignment import UNKNOWN_TIME, ListingRows, listing_rows, longest_increasing, merge_listings

RARE, COMMON = 40.0, 5.0
SHORT = 1000  # codes from here on are short replies that stand in many places


def bits_of(codes: list[int]) -> list[float]:
    return [COMMON if code >= SHORT else RARE for code in codes]


def merge(*listings: list[int]) -> tuple[list[list[int]], list[int]]:
    """Slots per listing, and the slots in the merged order."""
    codes = [code for listing in listings for code in listing]
    offsets = np.cumsum([0, *map(len, listings)])
    slots, places = merge_listings(listing_rows(exact=codes, bits=bits_of(codes)), offsets)
    cut = [slots[offsets[i] : offsets[i + 1]].tolist() for i in range(len(listings))]
    return cut, np.argsort(places).tolist()


@st.composite
def pages(draw: st.DrawFn) -> list[int]:
    """A page: rare posts, each once, with short replies strewn in."""
    n = draw(st.integers(2, 25))
    page: list[int] = []
    for rare in range(n):
        page.append(rare)
        page += draw(st.lists(st.integers(SHORT, SHORT + 2), max_size=2))
    return page


@given(pages(), st.data())
def test_window_of_a_page_lands_on_its_own_place(page: list[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(page) - 1))
    stop = data.draw(st.integers(start + 1, len(page)))
    # Of several equal answers in a row nobody knows which of them a window begins or ends with.
    assume(start == 0 or page[start - 1] != page[start])
    assume(stop == len(page) or page[stop] != page[stop - 1])
    window = page[start:stop]
    (whole, part), order = merge(page, window)
    assert whole == list(range(len(page)))
    # Nor, where but a few posts tell the order, whether a page is sorted so that equal answers changed places.
    rare = sum(code < SHORT for code in window)
    if rare >= 4 or 0 < rare == len(window):
        assert part == whole[start:stop]
        assert order == list(range(len(page)))


def test_equal_answers_of_which_one_capture_shows_fewer_stay_apart() -> None:
    (whole, part), _ = merge([0, SHORT, SHORT, 1, SHORT, 2], [0, SHORT, 1, SHORT, 2])
    assert part[1] not in whole
    assert [part[0], *part[2:]] == [whole[0], *whole[3:]]


def test_what_one_person_says_once_is_one_post_in_any_order() -> None:
    rows = listing_rows(exact=[0, 9, 1, 9, 2, 2, 9, 1, 9, 0], bits=bits_of([0, SHORT, 1, SHORT, 2] * 2))
    authors, voices = [0, 1, 2, 3, 4, 4, 3, 2, 1, 0], [-1, 0, -1, 1, -1, -1, 1, -1, 0, -1]
    told = rows._replace(author=np.array(authors), voice=np.array(voices))
    order = np.array([0, 3, 1, 2, 4])  # neither the first listing's order nor the opposite one
    second = ListingRows(*(np.concatenate([column[:5], column[5:][order]]) for column in told))
    slots, _ = merge_listings(second, np.array([0, 5, 10]))
    assert [authors[slot] for slot in slots[5:]] == np.array(authors[5:])[order].tolist()
    assert len(set(slots[5:])) == 5


@given(st.permutations(range(12)), st.lists(st.sets(st.integers(0, 11), min_size=1), min_size=1, max_size=5))
def test_subsets_in_one_order_merge_into_it(page: list[int], chosen: list[set[int]]) -> None:
    listings = sorted(([code for code in page if code in subset] for subset in chosen), key=len, reverse=True)
    slots, order = merge(*listings)
    code_of = {
        slot: code
        for listing, row in zip(listings, slots, strict=True)
        for code, slot in zip(listing, row, strict=True)
    }
    assert len(set(code_of.values())) == len(code_of), "one code got two slots"
    merged = [code_of[slot] for slot in order]
    for listing in listings:
        assert [code for code in merged if code in listing] == listing


@given(pages(), st.randoms(use_true_random=False))
def test_shuffled_page_matches_every_rare_post(page: list[int], random: object) -> None:
    blocks: list[list[int]] = []
    for code in page:
        if code < SHORT:
            blocks.append([])
        blocks[-1].append(code)
    random.shuffle(blocks)
    shuffled = [code for block in blocks for code in block]
    (whole, part), _ = merge(page, shuffled)
    by_slot = dict(zip(whole, page, strict=True))
    rare = [(slot, code) for slot, code in zip(part, shuffled, strict=True) if code < SHORT]
    assert all(by_slot[slot] == code for slot, code in rare)
    assert len(set(part)) == len(part), "two rows of one listing became one post"


def test_equal_short_posts_of_one_listing_stay_two() -> None:
    (first,), _ = merge([SHORT, 1, SHORT, SHORT])
    assert first == [0, 1, 2, 3]


def test_known_identity_wins_over_words() -> None:
    rows = listing_rows(exact=[0, 1, 2, 0], node=[5, 6, 6, -1])
    ident = rows._replace(ident=np.array([5, 6, 6, 7]))
    slots, _ = merge_listings(ident, np.array([0, 2, 4]))
    assert slots.tolist() == [0, 1, 1, 2], "an edited post keeps its id; equal words under another id are another post"


def test_authors_and_times_that_differ_keep_posts_apart() -> None:
    rows = listing_rows(exact=[0, 1, 0, 1])
    by_author = rows._replace(author=np.array([1, -1, 2, -1]))
    assert merge_listings(by_author, np.array([0, 2, 4]))[0].tolist() == [0, 1, 2, 1]
    minute = 60_000_000
    times = np.array([0, UNKNOWN_TIME, 30_000_000, UNKNOWN_TIME])
    by_time = rows._replace(time=times, tolerance=np.array([minute, 0, 0, 0]))
    assert merge_listings(by_time, np.array([0, 2, 4]))[0].tolist() == [0, 1, 0, 1], "known to the minute only"
    exact = rows._replace(time=times)
    assert merge_listings(exact, np.array([0, 2, 4]))[0].tolist() == [0, 1, 2, 1]


def test_edited_post_is_matched_between_its_neighbours() -> None:
    rows = listing_rows(exact=[0, 1, 2, 0, 9, 2], near=[0, 1, 2, 0, 1, 2])
    assert merge_listings(rows, np.array([0, 3, 6]))[0].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_rewritten_post_is_matched_beside_its_neighbours_and_nowhere_else() -> None:
    beside = listing_rows(exact=[0, 1, 2, 0, 9, 2], version=[-1, 4, -1, -1, 4, -1])
    assert merge_listings(beside, np.array([0, 3, 6]))[0].tolist() == [0, 1, 2, 0, 1, 2]
    elsewhere = listing_rows(exact=[0, 1, 2, 0, 2, 9], version=[-1, 4, -1, -1, -1, 4])
    assert merge_listings(elsewhere, np.array([0, 3, 6]))[0].tolist() == [0, 1, 2, 0, 2, 3]
    other = beside._replace(author=np.array([-1, 1, -1, -1, 2, -1]))
    assert merge_listings(other, np.array([0, 3, 6]))[0].tolist() == [0, 1, 2, 0, 3, 2]


def test_new_post_goes_before_the_next_known_one() -> None:
    _, order = merge([0, 1, 2, 3], [0, 9, 2])
    assert order == [0, 1, 4, 2, 3]


def test_listing_without_common_posts_goes_last() -> None:
    _, order = merge([0, 1], [2, 3])
    assert order == [0, 1, 2, 3]


@settings(max_examples=200)
@given(st.lists(st.integers(0, 20), max_size=12))
def test_longest_increasing_against_all_subsequences(values: list[int]) -> None:
    indices = longest_increasing(np.array(values, dtype=np.int64)).tolist()
    picked = [values[i] for i in indices]
    assert indices == sorted(set(indices))
    assert all(a < b for a, b in itertools.pairwise(picked))
    best = [0] * (len(values) + 1)
    for i in range(len(values)):
        best[i + 1] = 1 + max((best[j + 1] for j in range(i) if values[j] < values[i]), default=0)
    assert len(indices) == max(best)


def test_a_known_author_outweighs_few_words_where_a_page_is_sorted_otherwise() -> None:
    n = 6
    rows = listing_rows([*range(n), *reversed(range(n))], bits=[40.0, 40.0, 8.0, 40.0, 40.0, 40.0] * 2)
    rows.bits[n:] = rows.bits[:n][::-1]
    offsets = np.array([0, n, 2 * n])
    known = rows._replace(author=np.array([*range(n), *reversed(range(n))], dtype=np.int64))
    lone = rows._replace(exact=rows.exact.copy(), near=rows.near.copy())
    lone.exact[:n], lone.near[:n] = [0, 7, 2, 8, 4, 5], [0, 7, 2, 8, 4, 5]
    alone = lone._replace(author=known.author)
    assert merge_listings(alone, offsets, 5.0)[0][2] in merge_listings(alone, offsets, 5.0)[0][n:]
    assert merge_listings(lone, offsets, 5.0)[0][2] not in merge_listings(lone, offsets, 5.0)[0][n:]
    assert merge_listings(alone, offsets)[0][2] not in merge_listings(alone, offsets)[0][n:]


def test_a_listing_of_the_opposite_order_is_read_from_its_end() -> None:
    page = [10, 1, 11, 12, 1, 13, 14, 15, 1, 16]
    bits = [8.0 if code == 1 else 40.0 for code in page]
    shown = [code for at, code in enumerate(page) if at != 4][::-1]
    rows = listing_rows([*page, *shown], bits=[*bits, *(8.0 if code == 1 else 40.0 for code in shown)])
    slots, places = merge_listings(rows, np.array([0, 10, 19]))
    assert slots[10:].tolist() == [9, 8, 7, 6, 5, 3, 2, 1, 0], "each short reply is the one beside its neighbours"
    assert places.tolist() == list(range(10))


def test_one_of_two_equal_short_answers_added_since_is_neither() -> None:
    page, later = [10, 1, 11, 12, 13], [10, 1, 1, 11, 12, 13]
    bits = [8.0 if code == 1 else 40.0 for code in [*later, *page]]
    slots, _ = merge_listings(listing_rows([*later, *page], bits=bits), np.array([0, 6, 11]))
    assert slots[7] not in slots[:6]
    assert slots[6:].tolist()[2:] == [3, 4, 5]
