"""Comparing two snapshots: every way a post can differ, and nothing where nothing does."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import compare_snapshots


class Snapshot(NamedTuple):
    posts: pl.LazyFrame
    aliases: pl.LazyFrame


def snapshot(posts: dict[str, tuple[str | None, str | None]], aliases: dict[str, str] | None = None) -> Snapshot:
    """Posts as id: (text, parent), aliases of posts as seed: id."""
    rows = [(post, text, parent) for post, (text, parent) in posts.items()]
    seeds = [(seed, post, "posts") for seed, post in (aliases or {}).items()]
    text = pl.String
    return Snapshot(
        pl.LazyFrame(rows, {"post_id": text, "text": text, "parent_id": text}, orient="row"),
        pl.LazyFrame(seeds, {"seed_id": text, "id": text, "table": text}, orient="row"),
    )


def changes(older: Snapshot, newer: Snapshot) -> list[tuple[str | None, ...]]:
    return compare_snapshots(older, newer).select("change", "post_id", "before", "after").rows()


TRAM = {"a": ("The tram is late.", None), "b": ("It always is.", "a"), "c": ("Not on Sundays.", "b")}


@pytest.mark.parametrize(
    ("newer", "aliases", "expected"),
    [
        (TRAM, {}, []),
        (TRAM | {"d": ("Why?", "c")}, {}, [("appeared", "d", None, "Why?")]),
        ({"a": TRAM["a"], "b": TRAM["b"]}, {}, [("vanished", "c", "Not on Sundays.", None)]),
        (TRAM | {"b": ("It mostly is.", "a")}, {}, [("text", "b", "It always is.", "It mostly is.")]),
        (TRAM | {"b": (None, "a")}, {}, [("text", "b", "It always is.", None)]),
        (TRAM | {"c": ("Not on Sundays.", "a")}, {}, [("parent", "c", "b", "a")]),
        (TRAM | {"b": ("It always is.", None)}, {}, [("parent", "b", "a", None)]),
        # b is called x now: its child answers the same post as before.
        (
            {"a": TRAM["a"], "x": TRAM["b"], "c": ("Not on Sundays.", "x")},
            {"b": "x"},
            [("identity", "x", "b", "x")],
        ),
        # b and c turned out to be one post: one change of identity, and what it says is what b, whose id it has, said.
        ({"a": TRAM["a"], "b": TRAM["b"]}, {"c": "b"}, [("identity", "b", "c", "b")]),
    ],
)
def test_each_change_is_told_once(newer, aliases, expected):
    assert changes(snapshot(TRAM), snapshot(newer, aliases)) == expected


def test_aliases_of_discussions_are_not_followed():
    newer = snapshot({"a": TRAM["a"]})
    other = newer.aliases.collect().vstack(pl.DataFrame({"seed_id": ["b"], "id": ["a"], "table": ["discussions"]}))
    assert ("vanished", "b", "It always is.", None) in changes(snapshot(TRAM), Snapshot(newer.posts, other.lazy()))


@given(
    before=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["x", "y"])),
    after=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["x", "y"])),
)
def test_without_aliases_it_is_a_comparison_of_dictionaries(before, after):
    expected = (
        [("appeared", post, None, after[post]) for post in sorted(after.keys() - before.keys())]
        + [("vanished", post, before[post], None) for post in sorted(before.keys() - after.keys())]
        + [
            ("text", post, before[post], after[post])
            for post in sorted(before.keys() & after.keys())
            if before[post] != after[post]
        ]
    )
    older, newer = (snapshot({post: (text, None) for post, text in said.items()}) for said in (before, after))
    assert changes(older, newer) == expected
