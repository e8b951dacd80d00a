"""Listings and discussions: where a capture starts again, and which listings show one page."""

from __future__ import annotations

import random

import polars as pl
import pytest

from pipeline.deduplicate.listings import add_near_keys, find_listings
from pipeline.deduplicate.overlap import find_discussions
from tests.invented import invent_page, invent_post
from tests.records import make_paragraphs, make_records, no_pairs


def list_rows(*captures: pl.DataFrame) -> pl.DataFrame:
    return find_listings(pl.concat(captures), no_pairs())


def discussions_of(*captures: pl.DataFrame) -> list[int]:
    """For each listing, which of the discussions it shows, numbered as they come."""
    found = find_discussions(list_rows(*captures))["discussion_id"].to_list()
    numbers = {value: number for number, value in enumerate(dict.fromkeys(found))}
    return [numbers[value] for value in found]


@pytest.mark.parametrize("copies", (1, 2, 3))
def test_each_copy_in_a_file_is_a_listing_with_the_same_seed(copies: int) -> None:
    page = invent_page(20, seed=3)
    rows = list_rows(make_paragraphs(page * copies))
    sizes = rows.group_by("listing", maintain_order=True).agg(pl.len())["len"].to_list()
    assert sizes == [20] * copies
    assert rows["listing_id"].n_unique() == 1
    assert rows["seat"].to_list() == list(range(20)) * copies


def test_copy_that_begins_with_short_replies_is_cut_above_them() -> None:
    page = ["lol", "I agree.", *invent_page(12, seed=1, short=0), "I agree."]
    rows = list_rows(make_paragraphs(page + page))
    assert rows.group_by("listing", maintain_order=True).agg(pl.len())["len"].to_list() == [15, 15]


def test_near_texts_are_anchors_too() -> None:
    page = invent_page(8, seed=2, short=0)
    edited = [line + " Edited." for line in page]
    rows = make_paragraphs(page + edited)
    keys = rows["words_key"].to_list()
    near = pl.DataFrame({"left_key": keys[:8], "right_key": keys[8:]})
    own = near.with_columns(capture_id=pl.lit(rows["capture_id"][0]))
    assert find_listings(rows, no_pairs(), own)["listing"].to_list() == [0] * 8 + [8] * 8


def test_texts_of_other_captures_cut_nothing() -> None:
    page = invent_page(8, seed=2, short=0)
    rows = make_paragraphs(page + [line + " Edited." for line in page])
    keys = rows["words_key"].to_list()
    near = pl.DataFrame({"left_key": keys[:8], "right_key": keys[8:]})
    elsewhere = near.with_columns(capture_id=pl.lit("another"))
    assert find_listings(rows, near, elsewhere)["listing"].unique().to_list() == [0]


def test_rows_with_ids_are_never_cut() -> None:
    texts = invent_page(10, seed=4, short=0)
    rows = make_records([{"body": text, "native_id": str(i), "scope": "s"} for i, text in enumerate(texts + texts)])
    assert list_rows(rows)["listing"].n_unique() == 1


def test_named_discussions_are_listings_of_their_own() -> None:
    rows = make_records(
        [
            {"body": text, "native_discussion": name, "discussion_scope": "table"}
            for text, name in zip(invent_page(6), "abcabc", strict=True)
        ]
    )
    listed = list_rows(rows)
    assert listed["listing"].to_list() == [0, 1, 2, 0, 1, 2]
    assert listed["seat"].to_list() == [0, 0, 0, 1, 1, 1]


def test_near_keys_name_components() -> None:
    rows = pl.DataFrame({"words_key": ["a", "b", "c", "d"]})
    near = pl.DataFrame({"left_key": ["b", "b"], "right_key": ["c", "d"]})
    assert add_near_keys(rows, near)["near_key"].to_list() == ["a", "b", "b", "b"]


def test_overlapping_windows_are_one_discussion_and_strangers_are_not() -> None:
    page, other = invent_page(40, seed=1), invent_page(40, seed=2)
    windows = [page[:20], page[12:34], page[26:], other]
    captures = [make_paragraphs(lines, str(n)) for n, lines in enumerate(windows)]
    joined = {tuple(sorted(rows["capture_id"].unique())) for rows in captures}
    assert len(joined) == 4
    found = find_discussions(list_rows(*captures))
    by_capture = dict(
        list_rows(*captures).unique("unit").join(found, on="unit").select("capture_id", "discussion_id").iter_rows()
    )
    names = [by_capture[rows["capture_id"][0]] for rows in captures]
    assert names[0] == names[1] == names[2] != names[3]


def test_page_sorted_otherwise_is_the_same_discussion() -> None:
    page = invent_page(30, seed=6, short=0)
    shuffled = random.Random(1).sample(page, len(page))
    assert discussions_of(make_paragraphs(page, "a"), make_paragraphs(shuffled, "b")) == [0, 0]


def test_copypasta_in_two_long_pages_joins_nothing() -> None:
    pasta = [invent_post(random.Random(n)) for n in (100, 101, 102, 103)]
    pages = []
    for seed in (1, 2):
        page = invent_page(60, seed=seed, short=0)
        for place, text in zip((5, 20, 35, 50), pasta, strict=True):
            page.insert(place, text)
        pages.append(make_paragraphs(page, str(seed)))
    assert discussions_of(*pages) == [0, 1]


def test_different_names_are_never_joined() -> None:
    texts = invent_page(20, seed=8, short=0)
    captures = [
        make_records(
            [{"body": text, "native_discussion": name, "discussion_scope": "table"} for text in texts], capture=name
        )
        for name in ("a", "b")
    ]
    assert discussions_of(*captures) == [0, 1]


def test_one_author_at_one_second_proves_it() -> None:
    line = {
        "author": "ada",
        "posted_at_raw": "2026-03-01T10:00:00Z",
        "body": "The lantern keeper sold his harbour ledger.",
    }
    captures = [make_records([line, {"body": text}], capture=text) for text in invent_page(2, seed=1, short=0)]
    assert discussions_of(*captures) == [0, 0]
    minute = [
        make_records([line | {"posted_at_raw": "2026-03-01 10:00"}, {"body": text}], capture=text)
        for text in invent_page(2, seed=1, short=0)
    ]
    assert discussions_of(*minute) == [0, 1]


def test_times_of_other_precision_do_not_keep_captures_apart() -> None:
    texts = invent_page(12, seed=4, short=0)
    captures = [
        make_records(
            [
                {"body": text, "author": "ada", "posted_at_raw": f"2026-03-01T10:{n:02d}:05{digits}"}
                for n, text in enumerate(texts)
            ],
            capture=digits,
        )
        for digits in ("Z", ".742Z")
    ]
    assert discussions_of(*captures) == [0, 0]


def page_rows(number: int, last: int, name: str | None = None) -> pl.DataFrame:
    """One page of a thread of several, its texts shared with no other."""
    keys = {"page_key": f"p{number}" if number else None, "next_page_key": None if number == last else f"p{number + 1}"}
    texts = invent_page(6, seed=100 + number)
    return make_records(
        [
            {"body": text, **keys, "native_discussion": name, "discussion_scope": "s" if name else None}
            for text in texts
        ],
        str(number),
    )


@pytest.mark.parametrize("order", ((0, 1, 2, 3), (3, 1, 0, 2)))
def test_pages_that_name_the_next_are_one_discussion_in_their_order(order: tuple[int, ...]) -> None:
    rows = list_rows(*[page_rows(number, 3, "thread" if number == 0 else None) for number in order])
    found = find_discussions(rows)
    assert found["discussion_id"].n_unique() == 1
    pages = rows.select("unit", "capture_id", "page_key").unique().join(found, on="unit").sort("page_key")
    assert pages["page"].to_list() == [0, 1, 2, 3]


def test_pages_in_a_circle_have_no_order() -> None:
    circle = [
        make_records([{"body": f"Text {i}", "page_key": f"p{i}", "next_page_key": f"p{(i + 1) % 3}"}], str(i))
        for i in range(3)
    ]
    found = find_discussions(list_rows(*circle))
    assert found["discussion_id"].n_unique() == 1
    assert found["page"].to_list() == [0, 0, 0]


def test_a_page_that_names_another_story_stays_apart() -> None:
    first, second = page_rows(0, 3, "one"), page_rows(1, 3, "two")
    assert find_discussions(list_rows(first, second))["discussion_id"].n_unique() == 2


def test_texts_said_twice_on_a_page_do_not_keep_its_captures_apart() -> None:
    page = invent_page(10, seed=5, short=0)
    first, second = [*page[:6], page[1], page[2]], [*page[6:], *page[:6]]
    assert discussions_of(make_paragraphs(first, "a"), make_paragraphs(second, "b")) == [0, 0]


def topic_without_a_site(texts: list[str], capture: str) -> pl.DataFrame:
    rows = [{"body": text, "native_id": f"post:{i}", "native_discussion": "topic:7"} for i, text in enumerate(texts)]
    return make_records(rows, capture)


def test_topics_of_nameless_sites_are_one_where_their_words_are() -> None:
    page = invent_page(12, seed=5, short=0)
    assert discussions_of(topic_without_a_site(page, "1"), topic_without_a_site(page[2:], "2")) == [0, 0]
    other = invent_page(12, seed=6, short=0)
    assert discussions_of(topic_without_a_site(page, "1"), topic_without_a_site(other, "2")) == [0, 1]
