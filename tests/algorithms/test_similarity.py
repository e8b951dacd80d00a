"""Ratios against a textbook table of common subsequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.algorithms.similarity import containment, edit_ratio, word_edit_ratio

letters = st.text(alphabet="ab é不🙂", max_size=12)
words = st.lists(st.sampled_from(["a", "b", "été", "不", "dog"]), max_size=12).map(" ".join)
unlike_words = st.lists(st.integers(0, 200).map(str), max_size=300).map(" ".join)


def common_length(left: Sequence[str], right: Sequence[str]) -> int:
    """Longest common subsequence by the table every textbook has."""
    best = [0] * (len(right) + 1)
    for a in left:
        row = [0]
        for i, b in enumerate(right):
            row.append(best[i] + 1 if a == b else max(row[i], best[i + 1]))
        best = row
    return best[-1]


def indel_ratio(left: Sequence[str], right: Sequence[str]) -> float:
    total = len(left) + len(right)
    return 2 * common_length(left, right) / total if total else 1.0


def columns(pairs: list[tuple[str, str]]) -> tuple[pl.Series, pl.Series]:
    return pl.Series([a for a, _ in pairs], dtype=pl.String), pl.Series([b for _, b in pairs], dtype=pl.String)


@given(st.lists(st.tuples(letters, letters), max_size=5))
def test_edit_ratio_is_the_share_of_common_characters(pairs: list[tuple[str, str]]) -> None:
    ratios = edit_ratio(*columns(pairs))
    assert ratios.dtype == np.float32
    np.testing.assert_allclose(ratios, [indel_ratio(a, b) for a, b in pairs], atol=1e-6)


@given(st.lists(st.tuples(letters, letters), max_size=5), st.sampled_from([0.3, 0.5, 0.7, 0.8, 1.0]))
def test_a_floor_changes_only_ratios_below_it(pairs: list[tuple[str, str]], floor: float) -> None:
    ratios, floored = edit_ratio(*columns(pairs)), edit_ratio(*columns(pairs), floor)
    np.testing.assert_array_equal(floored, np.where(ratios >= np.float32(floor), ratios, 0))


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(words, words) | st.tuples(unlike_words, unlike_words), max_size=4))
def test_word_ratios_are_shares_of_common_words(pairs: list[tuple[str, str]]) -> None:
    left, right = columns(pairs)
    split = [(a.split(), b.split()) for a, b in pairs]
    shares = [common_length(a, b) / len(a) if a else 0.0 for a, b in split]
    np.testing.assert_allclose(containment(left, right), shares, atol=1e-6)
    np.testing.assert_allclose(word_edit_ratio(left, right), [indel_ratio(a, b) for a, b in split], atol=1e-6)


def test_common_words_are_counted_over_more_than_one_block_of_64() -> None:
    rng = np.random.default_rng(3)
    tokens = [[str(word) for word in rng.integers(0, 40, size)] for size in (64, 65, 128, 500, 1000)]
    pairs = [(" ".join(a), " ".join(b)) for a in tokens for b in tokens]
    expected = [common_length(a, b) / len(a) for a in tokens for b in tokens]
    np.testing.assert_allclose(containment(*columns(pairs)), expected, atol=1e-6)


def test_containment_finds_a_part_and_its_order_matters() -> None:
    whole = "she said that the tram would be late again today"
    parts = pl.Series(["the tram would be late", "the late tram would be", "a bus", ""])
    assert containment(parts, pl.Series([whole] * 4)).tolist() == pytest.approx([1.0, 0.8, 0.0, 0.0])


def test_null_counts_as_empty() -> None:
    left, right = pl.Series([None, "tram"], dtype=pl.String), pl.Series([None, None], dtype=pl.String)
    assert edit_ratio(left, right).tolist() == [1.0, 0.0]
    assert word_edit_ratio(left, right).tolist() == [1.0, 0.0]
    assert containment(left, right).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("compare", (edit_ratio, word_edit_ratio, containment))
def test_columns_of_different_length_are_refused(compare: object) -> None:
    with pytest.raises(ValueError, match="one length"):
        compare(pl.Series(["a"]), pl.Series(["a", "b"]))
