from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.words import FLAG_WORDS, LENS_WORDS, METHOD_WORDS, count_words, first_words, printable, share_words
from pipeline.tables import DUPLICATE_METHODS, LENSES, POST_FLAGS


@given(st.text())
def test_printable_is_one_line_without_control_characters(text):
    shown = printable(text)
    assert not any(unicodedata.category(character) == "Cc" for character in shown)
    assert not set(shown) & set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert printable(shown) == shown


@given(st.text(max_size=200), st.integers(1, 50))
def test_first_words_begin_the_text_and_fit(text, width):
    shown = first_words(text, width)
    assert len(shown) <= width
    assert printable(text).startswith(shown.removesuffix("…").rstrip())


def test_shares_are_never_surer_than_they_are():
    assert [share_words(x) for x in (0.0, 0.004, 0.5, 0.994, 0.999999, 1.0, None)] == [
        "0 %", "<1 %", "50 %", ">99 %", ">99 %", "100 %", "?",
    ]  # fmt: skip


def test_counts():
    assert [count_words(n, "post") for n in (0, 1, 1204)] == ["0 posts", "1 post", "1,204 posts"]


def test_every_value_of_the_tables_has_words():
    assert set(FLAG_WORDS) == set(POST_FLAGS)
    assert set(METHOD_WORDS) == set(DUPLICATE_METHODS)
    assert set(LENS_WORDS) == set(LENSES)
