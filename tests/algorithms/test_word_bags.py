"""Bags of words against counting them, and that no pair is thrown out that the words have not thrown out."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.algorithms.differences import DIFFERENCES, FEW_WORDS, count_differences
from pipeline.algorithms.hashed_words import split_texts
from pipeline.algorithms.word_bags import may_share
from pipeline.algorithms.word_table import no_words

words = st.sampled_from(["tram", "the", "late", "was", "Straßenbahn", "車", "7", "ab", "a"])
texts = st.lists(st.lists(words, max_size=12).map(" ".join), min_size=2, max_size=8)


def shared(left: str, right: str) -> int:
    return (Counter(left.split()) & Counter(right.split())).total()


@settings(deadline=None)
@given(texts, st.sampled_from([0.0, 0.25, 0.4, 1.0]))
def test_pairs_that_share_enough_are_let_through_and_hardly_any_other(texts: list[str], floor: float) -> None:
    pairs = np.array(list(combinations(range(len(texts)), 2)), dtype=np.int64)
    found = may_share(pl.Series(texts), pairs, floor)
    for (left, right), may in zip(pairs, found, strict=True):
        n_left, n_right = len(texts[left].split()), len(texts[right].split())
        enough = shared(texts[left], texts[right]) >= floor * (n_left + n_right) / 2
        assert may == (enough or max(n_left, n_right) <= FEW_WORDS)  # no two of these words meet in thirteen bits


def test_what_is_thrown_out_is_what_the_comparison_of_words_leaves_alone() -> None:
    rng = np.random.default_rng(5)
    texts = pl.Series([" ".join(rng.choice(list("abcdefghijkl"), rng.integers(0, 30))) for _ in range(60)])
    pairs = np.array(list(combinations(range(60), 2)), dtype=np.int64)
    rng.shuffle(pairs)
    stayed = count_differences(split_texts(texts), pairs, no_words(), 0.6)[:, DIFFERENCES.index("stayed")]
    found = may_share(texts, pairs, 0.6)
    assert (stayed[~found] == 0).all()
    assert 0 < found.sum() < len(pairs)


def test_a_word_a_hundred_thousand_times() -> None:
    texts = pl.Series(["ja " * 99_999 + "ja", "ja " * 59_999 + "ja", "nein " * 49_999 + "ja", "nein", None])
    pairs = np.array([[0, 1], [1, 0], [1, 2], [3, 4], [4, 4], [3, 3]])
    assert may_share(texts, pairs, 0.6).tolist() == [True, True, False, True, True, True]
    assert may_share(texts, pairs[:0], 0.6).tolist() == []
