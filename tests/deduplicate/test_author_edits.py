"""Versions of one post by one author: found where author and discussion are known, and nowhere else."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from pipeline.clusters import deduplicate
from pipeline.deduplicate.author_edits import (
    MOST_TEXTS,
    REWRITTEN,
    add_forms,
    choose_rewritten,
    key_rewritten,
    pair_author_edits,
)
from pipeline.deduplicate.identity import identify_posts
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.overlap import find_discussions
from pipeline.deduplicate.standing import find_standing_quotes
from pipeline.tables import Decisions, empty_table
from tests.records import make_records, no_pairs

FIRST = "the night tram runs again from the first of may and stops at every corner of the old town"
EDITED = "the night tram runs again from the third of june and does not stop in the old town any more"
LONGER = f"{FIRST} {'and whoever wants to know more may ask at the depot ' * 4}".strip()
OTHER = "nobody ever asked the people of the harbour whether they want to hear a tram at three in the morning"


def rows(*given: tuple[str, str | None, str | None, int | None]) -> pl.DataFrame:
    schema: dict[str, Any] = {
        "words": pl.String, "author": pl.String, "discussion_id": pl.String, "created_at": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(given, schema=schema, orient="row").with_columns(words_key=pl.col("words"))


@pytest.mark.parametrize("edited", (EDITED, LONGER))
def test_an_authors_versions_in_one_discussion_are_paired(edited: str) -> None:
    found = pair_author_edits(rows((FIRST, "kit", "d", None), (edited, "kit", "d", 7), (OTHER, "kit", "d", None)))
    assert found.select("left_key", "right_key").rows() == [tuple(sorted((FIRST, edited)))]
    assert found["similarity"].item() > 0


@pytest.mark.parametrize(
    ("one", "other"),
    (
        ((FIRST, "kit", "d", None), (EDITED, "lu", "d", None)),
        ((FIRST, "kit", "d", None), (EDITED, "kit", "e", None)),
        ((FIRST, None, "d", None), (EDITED, None, "d", None)),
        ((FIRST, "kit", None, None), (EDITED, "kit", None, None)),
        ((FIRST, "kit", "d", 6), (EDITED, "kit", "d", 7)),
        (("thanks a lot for that", "kit", "d", None), ("thanks a lot for this", "kit", "d", None)),
    ),
)
def test_what_is_less_known_or_short_proves_nothing(one: Any, other: Any) -> None:
    assert pair_author_edits(rows(one, other)).height == 0


def test_who_wrote_too_many_texts_is_not_compared() -> None:
    many = [(f"{FIRST} {number}", "bot", "d", None) for number in range(MOST_TEXTS + 1)]
    assert pair_author_edits(rows(*many)).height == 0
    assert pair_author_edits(rows(*many[:20])).height == 20 * 19 / 2


def test_versions_that_drift_are_one_cluster_where_one_author_wrote_them() -> None:
    words = [f"word{number}" for number in range(30)]
    versions = [" ".join([*(f"new{number}" for number in range(at)), *words[at:]]) for at in range(0, 31, 5)]
    frame = pl.DataFrame({"id": [str(at) for at in range(len(versions))], "text": versions, "discussion_id": "d"})
    known = deduplicate(frame.with_columns(author=pl.lit("kit")))
    assert known.clusters["cluster_id"].n_unique() == 1
    assert known.edges["collapses"].all()
    assert set(known.edges["kind"]) == {"edit"}
    assert deduplicate(frame).clusters["cluster_id"].n_unique() > 1


PAGE = [
    {"author": "ada", "body": "Does anybody know why the ferry to the islands leaves from the old pier this week?"},
    {"author": "kit", "body": FIRST},
    {
        "author": "lou",
        "body": "They dredge the harbour basin until Friday, it stood on the board beside the ticket desk.",
    },
]


def count_posts(*pages: list[dict[str, str]]) -> int:
    named = {"native_discussion": "ferry", "discussion_scope": "site"}
    captures = [make_records([line | named for line in page], f"capture-{at}") for at, page in enumerate(pages)]
    records = pl.concat(captures)
    listed = find_listings(records, no_pairs())
    units = find_discussions(listed)
    chosen = choose_rewritten(listed, units)
    words = records.select("sighting_id", "words")
    rewritten = key_rewritten(chosen.join(words, on="sighting_id", how="left"))
    quotes = find_standing_quotes(listed.filter("paragraphs"), units)
    identity = identify_posts(listed, units, quotes, empty_table(Decisions), rewritten)
    return identity.sightings["post_id"].n_unique()


def rewrite(nth: int, **fields: str) -> list[dict[str, str]]:
    return [line | fields if at == nth else line for at, line in enumerate(PAGE)]


def test_a_page_captured_again_shows_a_rewritten_post_once() -> None:
    assert count_posts(PAGE, PAGE) == 3
    assert count_posts(PAGE, rewrite(1, body=EDITED)) == 3
    assert count_posts(PAGE, rewrite(1, body=EDITED), rewrite(1, body=LONGER)) == 3


def test_other_words_other_people_and_other_places_are_other_posts() -> None:
    assert count_posts(PAGE, rewrite(1, body=OTHER)) == 4
    assert count_posts(PAGE, rewrite(1, body=EDITED, author="max")) == 4
    assert count_posts(PAGE, [*PAGE, {"author": "kit", "body": EDITED}]) == 4


def test_a_rewritten_post_is_one_wherever_other_listings_show_it() -> None:
    other_place = [PAGE[0], PAGE[2], {"author": "kit", "body": EDITED}]
    assert count_posts(PAGE, other_place) == 3


def test_a_listing_of_versions_is_a_history_of_posts() -> None:
    versions = [{"author": "kit", "body": body} for body in (FIRST, FIRST, EDITED, LONGER)]
    assert count_posts(versions) == 1
    assert count_posts([*versions, *PAGE[::2]]) == 3
    timed = [line | {"posted_at_raw": f"2026-03-01T12:00:0{at}Z"} for at, line in enumerate(versions)]
    assert count_posts(timed) == 4, "posted at different times"
    authors = ("kit", "kit", "max", "bo")
    assert count_posts([line | {"author": name} for line, name in zip(versions, authors, strict=True)]) == 4
    assert count_posts([*versions[1:3], *PAGE[::2]]) == 4, "in a discussion somebody repeats themselves"


def test_nobody_known_changed_a_name_between_the_same_neighbours() -> None:
    pages = [[{"body": line["body"]} for line in PAGE] for _ in range(2)]
    pages[1][1] = {"body": FIRST.replace(FIRST.split()[3], "herons")}
    named = {"native_discussion": "ferry", "discussion_scope": "site"}
    captures = [make_records([line | named for line in page], f"capture-{at}") for at, page in enumerate(pages)]
    keys = sorted(records["words_key"][1] for records in captures)
    pairs = pl.DataFrame({"left_key": keys[:1], "right_key": keys[1:], "method": ["template"]})
    listed = find_listings(pl.concat(captures), no_pairs())
    units = find_discussions(listed)
    rewritten = pl.DataFrame(schema=REWRITTEN)
    forms = add_forms(rewritten, listed, units, pairs)
    assert forms.height == 2
    for known, posts in ((forms, 3), (rewritten, 4)):
        identity = identify_posts(
            listed, units, find_standing_quotes(listed.filter("paragraphs"), units), empty_table(Decisions), known
        )
        assert identity.sightings["post_id"].n_unique() == posts


def test_one_author_at_one_second_rewrote_a_post_wherever_a_page_shows_it() -> None:
    at = {"posted_at_raw": "2026-03-01T12:00:05Z"}
    second = f"{FIRST.rsplit(' ', 9)[0]} but nobody has told the drivers so far"
    page = [line | at if place == 1 else line for place, line in enumerate(PAGE)]
    sorted_page = [page[1] | {"body": second}, page[2], page[0]]
    assert count_posts(page, sorted_page) == 3
    later = [page[1] | {"body": second, "posted_at_raw": "2026-03-01T12:00:09Z"}, page[2], page[0]]
    assert count_posts(page, later) == 4
    beside = [*page, page[1] | {"body": second}]
    assert count_posts(beside, sorted_page) == 4, "one page shows both"
