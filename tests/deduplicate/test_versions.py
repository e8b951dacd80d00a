"""Versions: which text a post keeps, how its sightings relate to it, what is known of it in the end."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from pipeline.deduplicate.identity import identify_posts
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.overlap import find_discussions
from pipeline.deduplicate.standing import find_standing_quotes
from pipeline.deduplicate.versions import Versions, settle_versions
from pipeline.settings import Settings
from pipeline.tables import Decisions, DraftPosts, Duplicates, check_table, empty_table
from tests.records import Facts, make_records, no_pairs

LONG = "The ferry to the lower harbour leaves at nine and nobody has ever seen it come back before noon."


def settle(*captures: pl.DataFrame, **values: Any) -> Versions:
    records = pl.concat(captures)
    listed = find_listings(records, no_pairs())
    units = find_discussions(listed)
    identity = identify_posts(
        listed, units, find_standing_quotes(listed.filter("paragraphs"), units), empty_table(Decisions)
    )
    homes = identity.sightings.drop("unit").rename({"listing": "listing_number"})
    whole = records.join(homes, on="sighting_id")
    versions = settle_versions(whole, identity.placeholders, Settings(**values))
    check_table(DraftPosts, versions.posts)
    check_table(Duplicates, versions.edges)
    return versions


def seen(text: str | None, day: int | None = None, **more: Any) -> dict[str, Any]:
    captured = {"captured_at_raw": f"2026-01-{day:02d}T00:00:00Z"} if day else {}
    return {"body": text, "native_id": "a", "scope": "site", **captured, **more}


def post_of(rows: list[dict[str, Any]], **values: Any) -> dict[str, Any]:
    (post,) = settle(make_records(rows), **values).posts.to_dicts()
    return post


def test_latest_version_with_words_wins() -> None:
    post = post_of(
        [seen("third", 3), seen("first, and the longest of all", 1), seen("[removed]", 4), seen("second", 2)]
    )
    assert post["text"] == "third"
    assert str(post["deleted_at"].date()) == "2026-01-04"
    assert str(post["first_seen_at"].date()) == "2026-01-01"
    assert str(post["last_seen_at"].date()) == "2026-01-04"
    assert post["n_sightings"] == 4


def test_words_seen_again_later_are_not_deleted() -> None:
    assert post_of([seen("words", 1), seen("[removed]", 2), seen("words", 3)])["deleted_at"] is None


@pytest.mark.parametrize(
    "cut", (LONG[:40] + "…", LONG[:40] + " ...", LONG[:40] + "… read more", LONG[:40] + "... [more]")
)
def test_version_that_breaks_off_is_never_the_text(cut: str) -> None:
    versions = settle(make_records([seen(LONG, 1), seen(cut, 2)]))
    assert versions.posts["text"].to_list() == [LONG]
    assert sorted(versions.matches["match"]) == ["first", "truncation"]


def test_shorter_later_version_that_does_not_break_off_is_an_edit() -> None:
    versions = settle(make_records([seen(LONG, 1), seen("The ferry is cancelled.", 2)]))
    assert versions.posts["text"].to_list() == ["The ferry is cancelled."]
    assert sorted(versions.matches["match"]) == ["edit", "first"]


def test_undated_captures_keep_the_longer_text() -> None:
    assert post_of([seen("short words"), seen("rather longer words")])["text"] == "rather longer words"


def test_undated_captures_keep_the_text_that_needed_no_repair() -> None:
    repaired = seen("rather longer words,Â and damaged", extra='{"text_repaired":true}')
    assert post_of([seen("rather longer words, and whole"), repaired])["text"] == "rather longer words, and whole"


def test_post_without_any_words_says_so() -> None:
    assert post_of([seen(None, 1)])["flags"] == ["words_lost"]
    assert post_of([seen(None, 1, title="A link")])["flags"] == []


def test_facts_come_from_the_latest_that_knows_them() -> None:
    post = post_of(
        [
            seen("x", 1, author="Ada", votes=3, permalink="old", posted_at_raw="2025-12-31"),
            seen("x", 2, author="[deleted]", votes=9, permalink="new", posted_at_raw="2025-12-31T10:00:00Z"),
        ]
    )
    assert (post["author"], post["score"], post["permalink"]) == ("Ada", 9, "new")
    assert post["posted_precision"] == "second"


def test_conflicting_parents_keep_the_latest_and_are_flagged() -> None:
    parents = [
        {"body": name, "native_id": name, "scope": "site", "parent_known": True, "native_parent": None}
        for name in ("p", "q")
    ]
    versions = settle(
        make_records(
            [
                *parents,
                seen("child", 1, parent_known=True, native_parent="p"),
                seen("child", 2, parent_known=True, native_parent="q"),
            ]
        )
    )
    posts = {row["native_id"]: row for row in versions.posts.to_dicts()}
    assert posts["a"]["declared_parent_id"] == posts["q"]["post_id"]
    assert posts["a"]["flags"] == ["parent_conflict"]


def test_edges_say_what_was_compared() -> None:
    same = {"author": "Ada", "posted_at_raw": "2026-01-01T10:00:00Z"}
    (edge,) = settle(make_records([seen(LONG, 1, **same), seen(LONG + " So.", 2, **same)])).edges.to_dicts()
    assert (edge["kind"], edge["method"], edge["collapses"]) == ("edit", "id", True)
    evidence = {item["signal"]: item["value"] for item in edge["evidence"]}
    assert evidence["id"] == evidence["author"] == evidence["time"] == 1
    assert 0.9 < evidence["words"] < 1


def test_shape_and_order_are_those_of_the_whole_discussion() -> None:
    chat = make_records([{"body": "hi", "posted_at_raw": "2026-01-01T10:00:00Z"}, {"body": "no time"}])
    assert settle(chat).posts["shape"].unique().to_list() == ["stream"]
    page = make_records([{"body": "hi"}, {"body": "ho"}], facts=Facts(order_known="page"))
    assert settle(page).posts["order_known"].unique().to_list() == ["page"]
    assert settle(page).posts["shape"].unique().to_list() == ["page"]


def test_placeholder_takes_shape_and_community_of_its_discussion() -> None:
    rows = [seen("x", parent_known=True, native_parent="gone", community="harbour")]
    posts = settle(make_records(rows, facts=Facts(shape="page"))).posts
    placeholder = posts.filter("is_placeholder").to_dicts()[0]
    assert (placeholder["community"], placeholder["shape"], placeholder["n_sightings"]) == ("harbour", "page", 0)


def test_honoured_deletion_takes_the_words() -> None:
    rows = [seen(f"> {LONG}\n\nTrue.", 1), seen("[deleted]", 2)]
    post = post_of(rows, honour_deletions=True)
    assert (post["text"], post["words"], post["quotes"], post["mentions"]) == ("", "", [], [])


def test_a_page_that_cuts_texts_cuts_at_the_end_of_a_word_as_well() -> None:
    texts = [f"{LONG} {letter} {LONG} Nobody minds." for letter in "abc"]
    cut = [texts[0][:140], texts[1][:130] + "… read more", texts[2][: len(LONG) + 2]]
    place = {"scope": "site", "native_discussion": "d", "discussion_scope": "site"}
    full, short = (
        [place | {"native_id": str(at), "body": body} for at, body in enumerate(lines)] for lines in (texts, cut)
    )
    matches = settle(make_records(full, "a"), make_records(short, "b")).matches["match"]
    assert matches.value_counts().sort("match").rows() == [("first", 3), ("truncation", 3)]
    alone = settle(make_records(full[2:], "a"), make_records(short[2:], "b")).matches["match"]
    assert sorted(alone) == ["edit", "first"], "one text that ends with a word was written on"
