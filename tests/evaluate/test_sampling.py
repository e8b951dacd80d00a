"""Samples to check by hand: who is drawn, and what the answers say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.errors import InputError
from pipeline.evaluate.sampling import draw_links, read_answers, score_links, share_out, wilson_interval


def invent_archive(n: int, seed: int = 1) -> SimpleNamespace:
    """Guesses of two lenses, and a declared post in between."""
    chance = random.Random(seed)
    posts = pl.DataFrame(
        {
            "post_id": [f"post{at:04d}" for at in range(n)],
            "parent_id": [None if at % 7 == 0 else f"post{at - 1:04d}" for at in range(n)],
            "discussion_id": ["b" if at % 3 else "a" for at in range(n)],
            "position": list(range(n)),
            "author": ["ada" if at % 2 else None for at in range(n)],
            "title": pl.Series([None] * n, dtype=pl.String),
            "text": ["=1+1" if at == 5 else f"words\nof {at}" for at in range(n)],
            "link_kind": ["declared" if at % 11 == 0 else "inferred" for at in range(n)],
            "link_confidence": pl.Series([round(chance.random() ** 0.3, 5) for _ in range(n)], dtype=pl.Float32),
            "is_placeholder": [at % 13 == 0 for at in range(n)],
        }
    )
    discussions = pl.DataFrame({"discussion_id": ["a", "b"], "lens": ["page-text", "time-meta"], "title": ["A", None]})
    return SimpleNamespace(posts=posts.lazy(), discussions=discussions.lazy())


@given(st.integers(0, 60), st.lists(st.integers(0, 20), max_size=8))
def test_rows_are_shared_out_evenly(n: int, sizes: list[int]) -> None:
    given = share_out(n, np.array(sizes, dtype=np.int64))
    assert given.sum() == min(n, sum(sizes))
    assert (given <= np.array(sizes, dtype=np.int64)).all()
    # Whoever has more to give gives no less, but for one row.
    for one, size in zip(given, sizes, strict=True):
        assert one == size or one >= given.max(initial=0) - 1


def test_a_sample_is_the_same_whatever_the_order_of_rows() -> None:
    archive = invent_archive(400)
    drawn = draw_links(archive, 60)
    turned = SimpleNamespace(
        posts=archive.posts.collect().sample(fraction=1.0, shuffle=True, seed=2).lazy(), discussions=archive.discussions
    )
    assert_frame_equal(drawn, draw_links(turned, 60))
    assert drawn.height == 60
    assert drawn["post_id"].n_unique() == 60
    assert set(drawn["right"]) == {""}
    assert not drawn.equals(draw_links(archive, 60, seed=1))


def test_only_guesses_about_seen_posts_are_drawn_and_strata_know_their_size() -> None:
    archive = invent_archive(300)
    drawn = draw_links(archive, 10_000)
    guesses = archive.posts.filter((pl.col("link_kind") == "inferred") & ~pl.col("is_placeholder")).collect()
    assert sorted(drawn["post_id"]) == sorted(guesses["post_id"])
    counted = drawn.group_by("lens", "confidence").agg(pl.len().cast(pl.Int64).alias("n"), pl.col("links").first())
    assert counted["n"].to_list() == counted["links"].to_list()
    low, high = (drawn["confidence"].str.split("-").list.get(at).cast(pl.Float64) for at in (0, 1))
    assert ((drawn["link_confidence"] >= low - 1e-4) & (drawn["link_confidence"] <= high + 1e-4)).all()
    none = drawn.filter(pl.col("parent_id").is_null())
    assert set(none["parent"]) == {"answers none"}


def test_words_of_strangers_harm_no_spreadsheet() -> None:
    drawn = draw_links(invent_archive(60), 1000)
    assert not drawn["post"].str.contains(r"^[=+\-@]").any()
    assert not drawn["post"].str.contains("\n").any()


def answer(path: Path, said: Sequence[str], links: Sequence[int] | None = None) -> Path:
    n = len(said)
    frame = pl.DataFrame(
        {
            "lens": ["page-text"] * n,
            "confidence": ["0.9-0.99" if size == 900 else "0-0.5" for size in links or [900] * n],
            "links": links or [900] * n,
            "link_confidence": [0.95] * n,
            "right": said,
        }
    )
    frame.write_csv(path)
    return path


def test_answers_are_counted(tmp_path: Path) -> None:
    rows = score_links(read_answers(answer(tmp_path / "a.csv", ["yes", "No", " y ", "", "?", "1"])))
    assert rows["checked"].to_list() == [4, 4]
    assert rows["right"].to_list() == [3, 3]
    assert rows["precision"].to_list() == [0.75, 0.75]
    # Newcombe 1998 gives Wilson's interval of 81 of 263 as .2553 to .3662.
    assert [round(end, 4) for end in wilson_interval(81 / 263, 263)] == [0.2553, 0.3662]
    assert wilson_interval(1.0, 1e9)[0] > 0.999
    assert wilson_interval(0.0, 3)[0] == 0.0


def test_strata_count_by_how_many_links_they_stand_for(tmp_path: Path) -> None:
    said = ["yes"] * 9 + ["no"] + ["no"] * 10
    rows = score_links(read_answers(answer(tmp_path / "a.csv", said, [900] * 10 + [100] * 10)))
    whole = rows.filter(pl.col("confidence") == "all").row(0, named=True)
    assert whole["precision"] == pytest.approx(0.9 * 0.9)
    assert whole["links"] == 1000
    assert whole["low"] < 0.81 < whole["high"]
    strata = rows.filter(pl.col("confidence") != "all")
    assert (strata["low"] <= strata["precision"]).all()
    assert (strata["high"] >= strata["precision"]).all()


def test_an_interval_holds_the_truth_about_as_often_as_it_says(tmp_path: Path) -> None:
    chance, held = random.Random(3), 0
    for _ in range(200):
        said = ["yes" if chance.random() < p else "no" for p in [0.95] * 20 + [0.5] * 20]
        rows = pl.DataFrame(
            {
                "lens": ["page-text"] * 40,
                "confidence": ["high"] * 20 + ["low"] * 20,
                "links": [800] * 20 + [200] * 20,
                "link_confidence": [0.9] * 40,
                "right": [word == "yes" for word in said],
            }
        )
        whole = score_links(rows).row(-1, named=True)
        held += whole["low"] <= 0.8 * 0.95 + 0.2 * 0.5 <= whole["high"]
    assert 180 <= held <= 200


def test_nothing_checked_says_nothing(tmp_path: Path) -> None:
    rows = score_links(read_answers(answer(tmp_path / "a.csv", ["", ""])))
    assert rows["precision"].to_list() == [None, None]


def test_other_answers_and_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 3: right is 'maybe'; write yes or no"):
        read_answers(answer(tmp_path / "a.csv", ["yes", "maybe"]))
    other = tmp_path / "b.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="is no sample"):
        read_answers(other)
    with pytest.raises(InputError, match="is no sample"):
        read_answers(tmp_path / "absent.csv")
