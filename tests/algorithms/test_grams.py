"""Word grams: equal runs of words have equal hashes, in every text they stand in."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.algorithms.grams import hash_word_grams, mark_shared

WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "é", "日", "word"]), max_size=12)


@given(st.lists(WORDS, max_size=6), st.integers(1, 4))
def test_hashes_name_the_runs_of_words(texts: list[list[str]], size: int) -> None:
    rows, hashes = hash_word_grams(pl.Series([" ".join(text) for text in texts], dtype=pl.String), size)
    expected = [(row, tuple(text[i : i + size])) for row, text in enumerate(texts) for i in range(len(text) - size + 1)]
    assert rows.tolist() == [row for row, _ in expected]
    named: dict[tuple[str, ...], int] = {}
    for (_, gram), value in zip(expected, hashes.tolist(), strict=True):
        assert named.setdefault(gram, value) == value
    assert len(set(named.values())) == len(named)


def test_grams_that_several_rows_of_a_group_share_are_marked() -> None:
    rng = np.random.default_rng(5)
    rows = np.sort(rng.integers(0, 30, 600)).astype(np.uint32)
    groups = np.repeat([7, 3, 5], 10)
    hashes = rng.integers(0, 80, 600).astype(np.uint64)
    seeds = rng.random(600) < 0.1
    marked = mark_shared(rows, hashes, groups, seeds, most=4)
    places = list(zip(groups[rows].tolist(), hashes.tolist(), rows.tolist(), seeds.tolist(), strict=True))
    for at, (group, gram, _, _) in enumerate(places):
        alike = [place for place in places if place[:2] == (group, gram)]
        n_rows = len({row for _, _, row, _ in alike})
        assert marked[at] == (2 <= n_rows <= 4 and any(seed for *_, seed in alike))
    assert marked.any()
    assert not marked.all()
