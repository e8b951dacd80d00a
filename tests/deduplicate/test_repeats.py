"""Repeats: who says again what another post said, and when nobody does."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.deduplicate.repeats import relate_repeats
from pipeline.settings import Settings
from tests.records import no_pairs

BASE = "the keeper of the harbour lantern sold every copper pulley to the orchard"


def posts_of(*words: str, bits: float = 100.0, discussions: int | None = None) -> pl.DataFrame:
    n = len(words)
    return pl.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(n)],
            "discussion_id": [f"d{i % (discussions or n)}" for i in range(n)],
            "posted_at": pl.Series([None] * n, dtype=pl.Datetime("us", "UTC")),
            "words_key": list(words),
            "information": pl.Series([bits] * n, dtype=pl.Float32),
            "sighting_id": [f"s{i}" for i in range(n)],
        }
    )


def texts_of(words: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"words_key": words, "words": words})


def test_equal_words_repeat_the_earliest() -> None:
    posts = posts_of(BASE, BASE, BASE).with_columns(
        posted_at=pl.Series(["2026-01-03", "2026-01-01", None]).str.to_datetime(
            "%Y-%m-%d", time_unit="us", time_zone="UTC"
        )
    )
    repeats, edges = relate_repeats(posts, texts_of([]).cast(pl.String), no_pairs(), Settings())
    assert repeats.select("post_id", "canonical_id").rows() == [("p0", "p1"), ("p2", "p1")]
    assert edges["method"].unique().to_list() == ["exact"]


def test_words_without_information_repeat_nothing() -> None:
    repeats, edges = relate_repeats(
        posts_of("i agree", "i agree", bits=9.0), texts_of([]).cast(pl.String), no_pairs(), Settings()
    )
    assert (repeats.height, edges.height) == (0, 0)


def test_many_discussions_make_boilerplate() -> None:
    nothing = texts_of([]).cast(pl.String)
    few, _ = relate_repeats(posts_of(*[BASE] * 8, discussions=4), nothing, no_pairs(), Settings())
    many, _ = relate_repeats(posts_of(*[BASE] * 8, discussions=5), nothing, no_pairs(), Settings())
    assert few["kind"].unique().to_list() == ["repost"]
    assert many["kind"].unique().to_list() == ["boilerplate"]


def test_long_chain_of_small_edits_is_split() -> None:
    words = BASE.split()
    chain = [
        " ".join([f"changed{i}" if i < step else word for i, word in enumerate(words)]) for step in range(len(words))
    ]
    near = pl.DataFrame(
        {"left_key": chain[:-1], "right_key": chain[1:], "similarity": [0.9] * (len(chain) - 1), "method": "near"}
    )
    repeats, _ = relate_repeats(posts_of(*chain), texts_of(chain), near, Settings())
    assert repeats.height > 0
    assert repeats["similarity"].min() >= Settings().edit_similarity
    assert repeats["canonical_id"].n_unique() > 1


@pytest.mark.parametrize(("discussions", "expected"), ((2, [("p0", "p1", "truncation", False)]), (1, [])))
def test_beginning_of_a_post_elsewhere_is_its_truncation(
    discussions: int, expected: list[tuple[str, str, str, bool]]
) -> None:
    words = [BASE, " ".join([BASE, *(f"further{n}" for n in range(40))])]
    near = pl.DataFrame({"left_key": words[:1], "right_key": words[1:], "similarity": [0.4], "method": ["cut"]})
    near = near.with_columns(pl.col("similarity").cast(pl.Float32))
    repeats, edges = relate_repeats(posts_of(*words, discussions=discussions), texts_of(words), near, Settings())
    assert repeats.is_empty()
    assert edges.select("left_post_id", "right_post_id", "kind", "collapses").rows() == expected


@pytest.mark.parametrize(("discussions", "kinds"), ((5, ["boilerplate"]), (4, [])))
def test_forms_filled_in_with_names_are_boilerplate_where_they_are_many(discussions: int, kinds: list[str]) -> None:
    words = [f"{name} {BASE}" for name in ("ada", "bo", "cy", "di", "eve")[:discussions]]
    pairs = {"left_key": words[:-1], "right_key": words[1:], "similarity": [0.9] * (len(words) - 1)}
    near = pl.DataFrame(pairs).with_columns(pl.col("similarity").cast(pl.Float32), method=pl.lit("template"))
    repeats, _ = relate_repeats(posts_of(*words), texts_of(words), near, Settings())
    assert repeats["kind"].unique().to_list() == kinds
