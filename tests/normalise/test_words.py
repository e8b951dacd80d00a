"""Words: the fast folding is the slow one, keys forget what does not matter, and information is what the pack says."""

from __future__ import annotations

import string

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.algorithms.text import count_words, fold_words
from pipeline.ids import digest_texts
from pipeline.normalise.words import fold_texts, read_words
from tests.normalise.records import PACK

common = st.text(alphabet=string.printable + "éßÀ×÷ÿ\u00a0–—‘’“”…🌧🦀🙂", max_size=40)
rare = st.text(alphabet="aB1 '’é´ʼ中あกﬁＡ①²½…‐\u200d\u0301\u00adİıΣσ🄰🏳\u2028", max_size=20)


@given(st.lists(st.one_of(common, rare, st.text(max_size=20)), max_size=8))
def test_fast_folding_equals_folding(texts: list[str]) -> None:
    column = pl.Series("text", texts, dtype=pl.String)
    slow = pl.DataFrame(column).select(fold_words(pl.col("text"))).to_series()
    assert fold_texts(column).to_list() == slow.to_list()
    read = read_words(column, PACK)
    assert read["words"].to_list() == slow.to_list()
    assert read["n_words"].to_list() == pl.select(count_words(slow)).to_series().to_list()


@pytest.mark.parametrize("point", [*range(0x80, 0x100), *range(0x2000, 0x2040), 0x1F2FF, 0x1F300, 0x1F9FF, 0x1FA00])
def test_every_character_at_a_border_folds_alike(point: int) -> None:
    column = pl.Series("text", [f"a{chr(point)}b"])
    assert fold_texts(column).to_list() == pl.DataFrame(column).select(fold_words(pl.col("text"))).to_series().to_list()


plain_words = st.lists(st.text(alphabet="abcdefghij0123", min_size=1, max_size=6), min_size=1, max_size=8)


@given(plain_words, st.sampled_from([" ", ", ", " — ", "... ", "\n", " “"]), st.booleans())
def test_case_punctuation_and_quotes_do_not_change_the_key(words: list[str], between: str, loud: bool) -> None:
    plain, adorned = " ".join(words), between.join(words) + "!"
    texts = pl.Series([plain, adorned.upper() if loud else adorned])
    keys = read_words(texts, PACK)["words_key"]
    assert keys[0] == keys[1]


def test_apostrophes_of_any_style_are_one() -> None:
    keys = read_words(pl.Series(["It's fine", "it’s fine", "its FINE."]), PACK)["words_key"]
    assert keys.n_unique() == 1


def test_texts_without_words_are_known_by_their_signs() -> None:
    read = read_words(pl.Series(["🙂", " 🙂 ", "🦀", "!!", "！！", ""]), PACK)
    assert read["n_words"].to_list() == [0] * 6
    keys = read["words_key"].to_list()
    assert keys[0] == keys[1]
    assert keys[3] == keys[4]
    assert len(set(keys)) == 4
    assert keys[0] == digest_texts(pl.Series(["🙂"]))[0]


def test_information_counts_each_word_once() -> None:
    read = read_words(pl.Series(["The rain, the RAIN", "snow snow", "", "the rain snow"]), PACK)
    assert read["information"].to_list() == [10.0, 12.0, 0.0, 22.0]
    assert read.schema == {"words": pl.String, "words_key": pl.String, "n_words": pl.Int64, "information": pl.Float32}


@given(st.lists(st.lists(st.sampled_from(["the", "rain", "well", "snow", "fog", "中"]), max_size=30), max_size=5))
def test_information_is_the_sum_over_distinct_words(rows: list[list[str]]) -> None:
    bits = dict(PACK.words.rows())
    expected = [sum(bits.get(word, PACK.unseen_bits) for word in set(row)) for row in rows]
    texts = pl.Series([" ".join(row) for row in rows], dtype=pl.String)
    assert read_words(texts, PACK)["information"].to_list() == pytest.approx(expected)


def test_a_long_text_does_not_disturb_its_neighbours() -> None:
    long = " ".join(f"w{i % 5000}" for i in range(40_000))
    read = read_words(pl.Series(["the rain", long, "the rain"]), PACK)
    assert read["n_words"].to_list() == [2, 40_000, 2]
    assert read["information"].to_list() == [10.0, 60_000.0, 10.0]
