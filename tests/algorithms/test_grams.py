"""Word grams: equal runs of words have equal hashes, in every text they stand in."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.algorithms.grams import hash_word_grams

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
