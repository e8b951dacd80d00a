"""What posts declare is kept exactly, and what cannot be kept is flagged."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.ids import digest_columns
from pipeline.pack import load_pack
from pipeline.reconstruct import Reconstruction, reconstruct_links
from pipeline.settings import Settings
from pipeline.tables import Links, Reconstructed, Threads, check_table
from tests.reconstruct.drafts import draft, name_post, quotations

LONG = 50_000


def reconstruct(posts: pl.DataFrame) -> Reconstruction:
    found = reconstruct_links(posts, quotations([]), Settings(), load_pack())
    check_table(Reconstructed, found.posts)
    check_table(Threads, found.threads)
    check_table(Links, found.links)
    return found


def by_name(found: Reconstruction, names: list[str], column: str) -> list[Any]:
    known = dict(found.posts.select("post_id", column).iter_rows())
    return [known[name_post(name)] for name in names]


def parents(found: Reconstruction, names: list[str]) -> list[str | None]:
    named = {name_post(name): name for name in names}
    return [None if parent is None else named[parent] for parent in by_name(found, names, "parent_id")]


def test_a_page_is_read_depth_first_with_siblings_as_listed() -> None:
    rows = [("s", None), ("b", "s"), ("a", "s"), ("a1", "a"), ("b1", "b"), ("a2", "a1")]
    found = reconstruct(draft([{"name": name, "parent": parent} for name, parent in rows]))
    names = ["s", "b", "b1", "a", "a1", "a2"]
    assert by_name(found, names, "position") == [0, 1, 2, 3, 4, 5]
    assert by_name(found, names, "depth") == [0, 1, 2, 1, 2, 3]
    assert parents(found, names) == [None, "s", "b", "s", "a", "a1"]
    assert found.threads["root_id"].to_list() == [name_post("s")]
    assert found.discussions.select("lens", "expected_accuracy").rows() == [("explicit", 1.0)]
    assert found.links.is_empty()


def test_in_a_stream_every_root_starts_a_thread_and_posts_are_read_by_time() -> None:
    rows = [("a", None, 0), ("b", None, 5), ("a1", "a", 3), ("b1", "b", None), ("a2", "a1", 9)]
    found = reconstruct(
        draft([{"name": name, "parent": parent, "minute": minute} for name, parent, minute in rows], shape="stream")
    )
    names = ["a", "a1", "b1", "b", "a2"]
    assert by_name(found, names, "position") == [0, 1, 2, 3, 4]
    a, b = name_post("a"), name_post("b")
    assert by_name(found, names, "thread_id") == [a, a, b, b, a]
    assert sorted(found.threads["root_id"]) == sorted([a, b])


def test_indents_are_parents() -> None:
    depths = [("a", 0), ("b", 1), ("c", 3), ("d", 2), ("e", 1), ("f", 0), ("g", 1)]
    found = reconstruct(draft([{"name": name, "depth": depth} for name, depth in depths]))
    assert parents(found, list("abcdefg")) == [None, "a", "b", "b", "a", None, "f"]
    assert set(found.posts["link_kind"]) == {"declared"}
    assert found.discussions["lens"].to_list() == ["indent"]


def test_outermost_indents_answer_a_known_submission() -> None:
    rows: list[dict[str, Any]] = [{"name": "s", "is_submission": True}]
    rows += [{"name": name, "depth": depth} for name, depth in [("a", 0), ("b", 1), ("c", 0)]]
    found = reconstruct(draft(rows))
    assert parents(found, list("sabc")) == [None, "s", "a", "s"]
    assert found.threads["root_id"].to_list() == [name_post("s")]


def test_a_first_post_shown_indented_lost_its_parent() -> None:
    found = reconstruct(draft([{"name": "a", "depth": 2}, {"name": "b", "depth": 3}]))
    assert parents(found, ["a", "b"]) == [None, "a"]
    assert by_name(found, ["a", "b"], "flags") == [["parent_missing"], []]


def test_a_parent_in_another_discussion_is_dropped_and_flagged() -> None:
    found = reconstruct(
        draft(
            [
                {"name": "a", "parent": None},
                {"name": "b", "parent": "a", "discussion": "e"},
                {"name": "c", "parent": "x"},
            ]
        )
    )
    assert parents(found, ["a", "b", "c"]) == [None, None, None]
    assert by_name(found, ["a", "b", "c"], "flags") == [[], ["parent_elsewhere"], ["parent_elsewhere"]]


def test_an_unseen_parent_is_kept_and_flagged() -> None:
    found = reconstruct(
        draft([{"name": "p", "is_placeholder": True}, {"name": "a", "parent": "p"}, {"name": "b", "parent": "a"}])
    )
    assert parents(found, ["p", "a", "b"]) == [None, "p", "a"]
    assert by_name(found, ["p", "a", "b"], "flags") == [[], ["parent_missing"], []]
    assert by_name(found, ["p", "a"], "link_kind") == ["inferred", "declared"]


def test_a_circle_is_opened_at_its_earliest_post() -> None:
    rows = [("a", "c", 7), ("b", "a", None), ("c", "b", 5), ("d", "a", 1), ("e", "e", 2)]
    found = reconstruct(draft([{"name": name, "parent": parent, "minute": minute} for name, parent, minute in rows]))
    assert parents(found, list("abcde")) == ["c", "a", None, "a", None]
    assert by_name(found, list("abcde"), "flags") == [[], [], ["cycle_broken"], [], ["cycle_broken"]]


@pytest.mark.parametrize("ring", (False, True))
def test_fifty_thousand_replies_in_a_row(ring: bool) -> None:
    numbers = np.arange(LONG)
    above = np.roll(numbers, 1)
    ids = draft([{"name": "0"}]).select(pl.all().repeat_by(LONG).explode())
    names = digest_columns(pl.DataFrame({"number": numbers}), "post")
    declared = [names[int(row)] for row in above]
    posts = ids.with_columns(
        names.alias("post_id"),
        pl.Series("order", numbers),
        pl.lit(value=True).alias("parent_known"),
        pl.Series("declared_parent_id", declared if ring else [None, *declared[1:]], dtype=pl.String),
    )
    found = reconstruct_links(posts, quotations([]), Settings(), load_pack())
    assert found.posts["depth"].to_list() == list(range(LONG))
    assert found.posts["position"].to_list() == list(range(LONG))


@st.composite
def declared_pages(draw: st.DrawFn) -> pl.DataFrame:
    n = draw(st.integers(1, 8))
    rows = []
    for at in range(n):
        row: dict[str, Any] = {"name": str(at), "discussion": draw(st.sampled_from("de"))}
        row["parent"] = draw(st.sampled_from([None, *(str(other) for other in range(n))]))
        row["minute"] = draw(st.none() | st.integers(0, 3))
        rows.append(row)
    return draft(rows, shape=draw(st.sampled_from(["page", "stream"])))


@settings(max_examples=40)
@given(declared_pages(), st.randoms(use_true_random=False))
def test_row_order_never_matters_and_no_post_is_lost(posts: pl.DataFrame, chance: Any) -> None:
    found = reconstruct(posts)
    assert sorted(found.posts["post_id"]) == sorted(posts["post_id"])
    order = list(range(posts.height))
    chance.shuffle(order)
    again = reconstruct_links(posts[order], quotations([]), Settings(), load_pack())
    for name in ("posts", "threads", "links", "discussions"):
        assert_frame_equal(getattr(found, name), getattr(again, name))
    above = dict(found.posts.select("post_id", "parent_id").iter_rows())
    for post, depth in found.posts.select("post_id", "depth").iter_rows():
        steps, parent = 0, above[post]
        while parent is not None:
            steps, parent = steps + 1, above[parent]
        assert steps == depth
