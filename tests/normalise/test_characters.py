"""Characters nobody sees go; those that spelling and emoji need stay."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise.characters import tidy_characters, tidy_column

CASES = {
    "line ends": ("a\r\nb\rc\u2028d\x0ce", "a\nb\nc\nd\ne"),
    "zero width": ("a\u200bb\ufeff\u2060\u00ad", "ab"),
    "control and direction": ("\x00a\x1b\u202eb\u200f\ufdd0", "ab"),
    "Persian spelling": ("می\u200cخواهم", "می\u200cخواهم"),
    "joined emoji": ("👩\u200d🌾 \u200d!", "👩\u200d🌾 !"),
    "joiners alone": ("\u200c\u200d \u200c", " "),
    "tabs and wide spaces": ("a\t\u00a0\u3000b", "a\t\u00a0\u3000b"),
}


@pytest.mark.parametrize(("text", "tidy"), CASES.values(), ids=CASES)
def test_unseen_characters_go(text: str, tidy: str) -> None:
    assert tidy_characters(text) == tidy


@given(st.lists(st.none() | st.text(alphabet="a \n\r\u200b\u200c\u2028é", max_size=8), max_size=5))
def test_a_column_is_treated_row_by_row(texts: list[str | None]) -> None:
    column = tidy_column(pl.Series(texts, dtype=pl.String))
    assert column.to_list() == [None if text is None else tidy_characters(text) for text in texts]


@given(st.text(max_size=20))
def test_tidy_text_is_tidy(text: str) -> None:
    once = tidy_characters(text)
    assert tidy_characters(once) == once
