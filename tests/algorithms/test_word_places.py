"""Places of words: what stands there folds to the words that were asked for."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.algorithms.text import fold_words
from pipeline.algorithms.word_places import locate_words


def fold(text: str) -> str:
    return str(pl.select(fold_words(pl.lit(text))).item())


@given(st.text("ab Z'’9,.!不公\n😀é-", max_size=30), st.data())
def test_what_stands_there_folds_to_the_words(text: str, data: st.DataObject) -> None:
    words = fold(text).split()
    if not words:
        return
    begin = data.draw(st.integers(0, len(words) - 1))
    n = data.draw(st.integers(1, len(words) - begin))
    columns = (pl.Series([value]) for value in (begin, n, len(words)))
    start, end = locate_words(pl.Series([text]), *columns).row(0)
    assert fold(text[start:end]).split() == words[begin : begin + n]
    assert fold(text[:start] + " " + text[end:]).split() == words[:begin] + words[begin + n :]


def test_a_sign_that_folds_to_several_words_has_no_places() -> None:
    columns = (pl.Series([value]) for value in (0, 1, len(fold("½ cup").split())))
    assert locate_words(pl.Series(["½ cup"]), *columns).row(0) == (None, None)
