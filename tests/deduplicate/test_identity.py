"""Identity: which sightings are one post, seeds, contested seeds, aliases, placeholders."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.deduplicate.identity import Identity, identify_posts
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.overlap import find_discussions
from pipeline.deduplicate.standing import find_standing_quotes
from pipeline.ids import digest_columns
from pipeline.tables import Decisions, empty_table
from tests.invented import invent_page
from tests.records import make_paragraphs, make_records, no_pairs


def identify(*captures: pl.DataFrame) -> Identity:
    records = pl.concat(captures)
    listed = find_listings(records, no_pairs())
    quotes = find_standing_quotes(listed.filter("paragraphs"), find_discussions(listed))
    return identify_posts(listed, find_discussions(listed), quotes, empty_table(Decisions))


def groups(identity: Identity, *captures: pl.DataFrame) -> list[list[str]]:
    """Bodies of each post's sightings."""
    bodies = pl.concat(captures).select("sighting_id", "body")
    joined = identity.sightings.join(bodies, on="sighting_id").sort("order", "body")
    return joined.group_by("order", maintain_order=True).agg("body")["body"].to_list()


def row(text: str, native_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"body": text, "native_id": native_id, "scope": "site" if native_id else None, **more}


def test_one_id_is_one_post_whatever_it_says() -> None:
    first = make_records([row("The ferry leaves at nine.", "a"), row("I agree.", "b")], "one")
    second = make_records([row("The ferry leaves at noon.", "a"), row("I agree.", "c")], "two")
    identity = identify(first, second)
    assert identity.sightings["post_id"].n_unique() == 3
    expected = digest_columns(pl.DataFrame({"scope": ["site"] * 3, "id": ["a", "b", "c"]}), "post")
    assert set(identity.sightings["post_id"]) == set(expected)


def test_id_seen_in_two_discussions_is_one_post_where_it_was_seen_most() -> None:
    def seen(where: str, capture: str) -> pl.DataFrame:
        return make_records([row("Cross-posted.", "a", native_discussion=where, discussion_scope="site")], capture)

    identity = identify(seen("x", "1"), seen("y", "2"), seen("y", "3"))
    assert identity.sightings["post_id"].n_unique() == 1
    y = digest_columns(pl.DataFrame({"scope": ["site"], "id": ["y"]}), "discussion")[0]
    assert identity.sightings["discussion_id"].unique().to_list() == [y]


def test_author_second_and_words_make_one_post_even_within_a_file() -> None:
    line = {"author": "ada", "posted_at_raw": "2026-01-01T10:00:05Z", "body": "ok"}
    assert identify(make_records([line, line])).sightings["post_id"].n_unique() == 1
    later = line | {"posted_at_raw": "2026-01-01T10:00:05.5Z"}
    assert identify(make_records([line, later, line])).sightings["post_id"].n_unique() == 2
    minute = line | {"posted_at_raw": "2026-01-01 10:00"}
    assert identify(make_records([minute, minute])).sightings["post_id"].n_unique() == 2


def test_partial_capture_that_begins_between_two_equal_replies() -> None:
    page = [
        *invent_page(3, seed=1, short=0),
        "I agree.",
        *invent_page(4, seed=2, short=0),
        "I agree.",
        *invent_page(4, 3),
    ]
    whole, part = make_paragraphs(page, "whole"), make_paragraphs(page[5:], "part")
    identity = identify(whole, part)
    assert groups(identity, whole, part) == [[text] for text in page[:5]] + [[text, text] for text in page[5:]]
    known = set(identity.sightings["post_id"]) | set(identity.aliases["seed_id"])
    for capture in (whole, part):
        alone = identify(capture)
        assert set(alone.sightings["post_id"]) <= known


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), n=st.integers(12, 40), shuffle=st.randoms(use_true_random=False))
def test_row_order_does_not_matter(seed: int, n: int, shuffle: Any) -> None:
    page = invent_page(n, seed, short=0.3)
    # Of several equal answers in a row nobody knows which one a capture begins with.
    start = next(at for at in range(n // 3, n) if page[at] != page[at - 1])
    captures = [make_paragraphs(page, "a"), make_paragraphs(page[start:], "b"), make_paragraphs(page + page, "c")]
    expected = identify(*captures)
    mixed = pl.concat(captures).sample(fraction=1, shuffle=True, seed=shuffle.randrange(1000))
    found = identify(mixed)
    assert found.sightings.equals(expected.sightings)
    assert found.aliases.equals(expected.aliases)
    assert expected.sightings["post_id"].n_unique() == n


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["I agree.", "lol", "no"]), min_size=1, max_size=12))
def test_short_posts_of_one_listing_never_merge(lines: list[str]) -> None:
    identity = identify(make_paragraphs(lines))
    assert identity.sightings["post_id"].n_unique() == len(lines)


def test_ids_of_one_scope_never_meet_though_all_else_agrees() -> None:
    texts = invent_page(8, seed=3, short=0)
    same = {"author": "ada", "posted_at_raw": "2026-01-01T10:00:05Z"}
    captures = [
        make_records([row(text, f"{name}{i}", **same) for i, text in enumerate(texts)], name) for name in ("a", "b")
    ]
    assert identify(*captures).sightings["post_id"].n_unique() == 16


def test_missing_parent_and_its_place() -> None:
    rows = [
        row("First.", "a", parent_known=True),
        row("Second.", "b", parent_known=True, native_parent="gone"),
        row("Third.", "c", parent_known=True, native_parent="a"),
    ]
    identity = identify(make_records(rows))
    (placeholder,) = identity.placeholders.to_dicts()
    assert placeholder["native_id"] == "gone"
    parents = identity.sightings.sort("order").select("order", "declared_parent_id")
    assert parents["order"].to_list() == [0, 2, 3]
    assert placeholder["order"] == 1
    assert parents["declared_parent_id"][1] == placeholder["post_id"]


def test_submission_named_by_its_comments() -> None:
    named = {"native_discussion": "t3_x", "discussion_scope": "site"}
    identity = identify(make_records([row("Top.", "t1_a", parent_known=True, native_parent="t3_x", **named)]))
    assert identity.placeholders["is_submission"].to_list() == [True]


def test_comments_that_name_no_page_stand_where_their_parents_do() -> None:
    named = {"native_discussion": "q1", "discussion_scope": "site"}
    questions = make_records([row("A question about ferries.", "q1", parent_known=True, **named)], "questions")
    comments = make_records(
        [
            row("A comment on the question.", "c1", parent_known=True, native_parent="q1"),
            row("A reply to the comment.", "c2", parent_known=True, native_parent="c1"),
            row("A comment on something unseen.", "c3", parent_known=True, native_parent="q9"),
        ],
        "comments",
    )
    identity = identify(questions, comments)
    homes = dict(
        identity.sightings.join(pl.concat([questions, comments]).select("sighting_id", "native_id"), on="sighting_id")
        .select("native_id", "discussion_id")
        .iter_rows()
    )
    assert homes["c1"] == homes["c2"] == homes["q1"] != homes["c3"]
    assert identity.placeholders["discussion_id"].to_list() == [homes["c3"]]
    orders = identity.sightings.filter(pl.col("discussion_id") == homes["q1"])["order"]
    assert orders.n_unique() == 3


def test_ids_of_nameless_sites_say_nothing_outside_of_their_capture() -> None:
    def topic(seed: int, capture: str) -> pl.DataFrame:
        rows = [
            {"body": text, "native_id": f"post:{i}", "native_discussion": "topic:7", "parent_known": i > 0,
             "native_parent": "post:0" if i else None}
            for i, text in enumerate(invent_page(6, seed))
        ]  # fmt: skip
        return make_records(rows, capture)

    found = identify(topic(1, "one"), topic(2, "two")).sightings
    assert found["post_id"].n_unique() == 12
    assert found["discussion_id"].n_unique() == 2
    parents = (
        found.drop_nulls("declared_parent_id").group_by("discussion_id").agg(pl.col("declared_parent_id").unique())
    )
    assert parents["declared_parent_id"].list.len().to_list() == [1, 1]
    again = identify(topic(1, "one"), topic(1, "later")).sightings
    assert again["post_id"].n_unique() == 6
