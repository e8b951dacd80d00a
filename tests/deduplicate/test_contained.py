"""Quotations: found inside posts and standing before them; what only looks like one stays a post."""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.contained import find_quotations, leave_own_words
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.overlap import find_discussions
from pipeline.deduplicate.standing import find_standing_quotes
from tests.invented import invent_page
from tests.records import make_paragraphs, make_records, no_pairs

PAGE = invent_page(12, seed=11, short=0)


def standing(lines: list[str]) -> list[tuple[int, int, int]]:
    """(line of the quotation, line quoted, line of the reply)."""
    records = make_paragraphs(lines)
    line_of = dict(records.select("sighting_id", "ordinal").iter_rows())
    listed = find_listings(records, no_pairs())
    columns = ["sighting_id", "quoted_sighting_id", "reply_sighting_id"]
    return [
        tuple(line_of[value] for value in row)
        for row in find_standing_quotes(listed, find_discussions(listed)).select(columns).iter_rows()
    ]


def drafts(texts: list[str]) -> pl.DataFrame:
    records = make_records([{"body": text} for text in texts])
    return records.select("text", "words", "quotes", post_id="sighting_id").with_columns(
        discussion_id=pl.lit("d"),
        order=pl.int_range(pl.len(), dtype=pl.Int64),
    )


def inside(texts: list[str]) -> list[tuple[int, int]]:
    """(post that quotes, post quoted)."""
    posts = drafts(texts)
    places = dict(posts.select("post_id", "order").iter_rows())
    return [(places[a], places[b]) for a, b in find_quotations(posts).select("post_id", "quoted_id").iter_rows()]


def test_part_of_an_earlier_paragraph_before_a_reply() -> None:
    half = " ".join(PAGE[2].split()[2:12])
    assert standing([*PAGE[:6], half, *PAGE[6:]]) == [(6, 2, 7)]


def test_whole_paragraph_is_quoted_right_below_and_posted_again_elsewhere() -> None:
    assert standing([*PAGE[:6], PAGE[5], *PAGE[6:]]) == [(6, 5, 7)]
    assert standing([*PAGE[:6], PAGE[3], *PAGE[6:]]) == [(6, 3, 7)]
    assert standing([*PAGE[:6], PAGE[1], *PAGE[6:]]) == []


def test_whole_paragraph_with_slips_is_posted_again() -> None:
    words = PAGE[2].split()
    assert standing([*PAGE[:6], " ".join([*words[:4], words[4][:-1], *words[5:]]), *PAGE[6:]]) == []


def test_what_another_listing_shows_first_is_a_post() -> None:
    answer = f"{PAGE[2]} {PAGE[11]}"
    page, upwards = [*PAGE[:6], answer, *PAGE[6:9]], [*PAGE[6:9], answer, *PAGE[:6]]
    records = pl.concat([make_paragraphs(page, capture="a"), make_paragraphs(upwards, capture="b")])
    listed = find_listings(records, no_pairs())
    units = pl.DataFrame({"unit": listed["unit"].unique().sort(), "discussion_id": "d"})
    assert find_standing_quotes(listed, units).is_empty()
    alone = listed.filter(pl.col("capture_id") == records["capture_id"][-1])
    assert find_standing_quotes(alone, units).height == 1, "nothing tells"


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
    assert (0, 1) not in inside([f"{cut}\nI doubt it.", PAGE[0]]), "nobody quotes what is said later"
    assert inside([f"> {cut}\n\nI doubt it.", PAGE[0]]) == [(0, 1)], "unless a mark says so: the page is read upwards"


def test_words_of_another_on_no_line_of_their_own() -> None:
    cut = " ".join(PAGE[0].split()[1:12])
    assert inside([PAGE[0], PAGE[1], f"{cut} I doubt it."]) == [(2, 0)]
    assert inside([f"{PAGE[0]} I doubt it.", PAGE[0]]) == [(0, 1)], "all of a text and an answer, read upwards"
    assert inside([PAGE[0], PAGE[1], f"They said {cut} and {PAGE[2]}"]) == [], "too short for the middle of a text"
    long = " ".join(PAGE[0].split()[:12])
    assert inside([PAGE[0], PAGE[1], f"As they said, {long}, and {PAGE[2]}"]) == [(2, 0)]


def test_who_says_the_same_again_quotes_nobody() -> None:
    words = PAGE[0].split()
    slip = " ".join([*words[:9], words[9][:-1], *words[10:]])
    assert inside([PAGE[0], PAGE[1], PAGE[0]]) == []
    assert inside([PAGE[0], PAGE[1], slip]) == []
    assert inside([PAGE[0], PAGE[1], f"{' '.join(words[:9])} read more"]) == []


def test_another_who_quotes_the_same_is_not_quoted() -> None:
    quoting = [f"> {PAGE[0]}\n\n{answer}" for answer in (PAGE[1], PAGE[2])]
    assert sorted(inside([PAGE[0], *quoting])) == [(1, 0), (2, 0)]
    assert sorted(inside([*quoting, PAGE[0]])) == [(0, 2), (1, 2)], "read upwards"


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


def test_own_words_are_what_is_not_quoted() -> None:
    posts = drafts([PAGE[0], f"{PAGE[0]} I doubt it.", f"Hm.\n> {PAGE[0]}\n\nNo doubt."])
    own = (
        leave_own_words(posts, find_quotations(posts))
        .join(posts.select("post_id", "order"), on="post_id")
        .sort("order")
    )
    said = make_records([{"body": body} for body in ("I doubt it.", "Hm. No doubt.")])
    assert own["words_key"].to_list() == said["words_key"].to_list()
    assert own["share"].max() < 0.5


def test_quotation_stays_above_its_reply_however_a_page_is_sorted() -> None:
    page = [*PAGE[:4], PAGE[1], PAGE[4], *PAGE[5:8]]  # line 4 quotes line 1, line 5 answers it
    upwards = [*PAGE[5:8], PAGE[1], PAGE[4], *PAGE[2:4], *PAGE[:2]]
    window = [PAGE[3], PAGE[1], PAGE[4], *PAGE[5:7]]
    captures = [
        make_paragraphs(lines, capture=name) for name, lines in zip("abc", (page, upwards, window), strict=True)
    ]
    listed = find_listings(pl.concat(captures), no_pairs())
    units = pl.DataFrame({"unit": listed["unit"].unique().sort(), "discussion_id": "d"})
    found = find_standing_quotes(listed, units)["sighting_id"].implode()
    lines = [part.filter(pl.col("sighting_id").is_in(found))["ordinal"].to_list() for part in captures]
    assert lines == [[4], [3], [1]]


def test_post_right_above_its_quotation_stays_a_post() -> None:
    page = [*PAGE[:3], PAGE[2], *PAGE[3:6]]
    captures = [make_paragraphs(lines, capture=name) for name, lines in (("a", page), ("b", page[1:]))]
    listed = find_listings(pl.concat(captures), no_pairs())
    units = pl.DataFrame({"unit": listed["unit"].unique().sort(), "discussion_id": "d"})
    found = find_standing_quotes(listed, units)["sighting_id"].implode()
    lines = [part.filter(pl.col("sighting_id").is_in(found))["ordinal"].to_list() for part in captures]
    assert lines == [[3], [2]]
