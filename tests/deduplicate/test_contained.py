"""Quotations: found inside posts and standing before them; what only looks like one stays a post."""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.contained import find_quotations, find_standing_quotes
from pipeline.deduplicate.listings import find_listings
from tests.invented import invent_page
from tests.records import make_paragraphs, make_records, no_pairs

PAGE = invent_page(12, seed=11, short=0)


def standing(lines: list[str]) -> list[tuple[int, int, int]]:
    """(line of the quotation, line quoted, line of the reply)."""
    records = make_paragraphs(lines)
    line_of = dict(records.select("sighting_id", "ordinal").iter_rows())
    listed = find_listings(records, no_pairs())
    columns = ["sighting_id", "quoted_sighting_id", "reply_sighting_id"]
    return [tuple(line_of[value] for value in row) for row in find_standing_quotes(listed).select(columns).iter_rows()]


def drafts(texts: list[str]) -> pl.DataFrame:
    records = make_records([{"body": text} for text in texts])
    return records.select("text", "words", "quotes", post_id="sighting_id").with_columns(
        discussion_id=pl.lit("d"), order=pl.int_range(pl.len(), dtype=pl.Int64)
    )


def inside(texts: list[str]) -> list[tuple[int, int]]:
    """(post that quotes, post quoted)."""
    posts = drafts(texts)
    places = dict(posts.select("post_id", "order").iter_rows())
    return [(places[a], places[b]) for a, b in find_quotations(posts).select("post_id", "quoted_id").iter_rows()]


def test_part_of_an_earlier_paragraph_before_a_reply() -> None:
    half = " ".join(PAGE[2].split()[2:12])
    assert standing([*PAGE[:6], half, *PAGE[6:]]) == [(6, 2, 7)]


def test_whole_paragraph_farther_up_is_quoted_but_the_one_above_is_said_twice() -> None:
    assert standing([*PAGE[:6], PAGE[2], *PAGE[6:]]) == [(6, 2, 7)]
    assert standing([*PAGE[:6], PAGE[5], *PAGE[6:]]) == []


def test_two_quoted_paragraphs_belong_to_the_reply_below_both() -> None:
    lines = [*PAGE[:8], PAGE[1], PAGE[4], *PAGE[8:]]
    assert sorted(standing(lines)) == [(8, 1, 10), (9, 4, 10)]


def test_paragraphs_shown_again_in_a_row_quote_nothing() -> None:
    assert standing([*PAGE[:6], *PAGE[1:5], *PAGE[6:]]) == []


def test_last_paragraph_and_short_ones_quote_nothing() -> None:
    assert standing([*PAGE, PAGE[2]]) == []
    assert standing(["I agree with that.", *PAGE, "I agree with that.", "Well."]) == []


def test_the_first_who_said_it_is_quoted() -> None:
    half = " ".join(PAGE[2].split()[2:12])
    assert (9, 2, 10) in standing([*PAGE[:5], half, *PAGE[5:8], half, *PAGE[8:]])


def test_marked_and_unmarked_lines_inside_posts() -> None:
    words = PAGE[0].split()
    cut = " ".join(words[1:12])
    assert inside([PAGE[0], PAGE[1], f"> {cut}\n\nI doubt it."]) == [(2, 0)]
    assert inside([PAGE[0], PAGE[1], f"{cut}\nI doubt it."]) == [(2, 0)]
    assert inside([PAGE[0], PAGE[1], f"They said {cut} and I doubt it."]) == []
    assert inside([f"> {cut}\n\nI doubt it.", PAGE[0]]) == [], "nobody quotes what is said later"


def test_offsets_hold_the_quoted_words() -> None:
    cut = " ".join(PAGE[0].split()[1:12])
    posts = drafts([PAGE[0], f"Naïve 😀 start\n> {cut}\nend"])
    (row,) = find_quotations(posts).to_dicts()
    assert posts["text"][1][row["start"] : row["end"]] == cut
    assert row["share"] == 1


def test_other_discussions_are_not_quoted() -> None:
    cut = " ".join(PAGE[0].split()[1:12])
    posts = drafts([PAGE[0], f"> {cut}\n\nNo."]).with_columns(discussion_id=pl.Series(["d", "e"]))
    assert find_quotations(posts).height == 0
