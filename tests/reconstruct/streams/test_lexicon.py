"""Words that only starts of conversations have tell a start; weights come back as they were stored."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.pack import load_pack
from pipeline.reconstruct.context import Context, lay_out
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.streams.lexicon import (
    FEWEST_LINES,
    TELLS,
    Lexicon,
    Tales,
    choose_words,
    fit_lexicon,
    join_lexicons,
    load_lexicon,
    weigh_lines,
)
from tests.reconstruct.drafts import draft, quotations

TEXTS = [f"anyone awake {at}" if at % 3 == 0 else f"indeed so {at}" for at in range(6 * FEWEST_LINES)]


def lay(texts: list[str]) -> Context:
    posts = draft([{"name": str(at), "text": text} for at, text in enumerate(texts)], shape="stream")
    return lay_out(settle_declared(posts), posts, quotations([]), load_pack())


@pytest.fixture(scope="module")
def tales() -> Tales:
    known = np.zeros((len(TELLS), len(TEXTS)), dtype=np.bool_)
    known[0] = True
    starts = np.array([text.startswith("anyone") for text in TEXTS])
    return Tales(lay(TEXTS), known, known & starts)


def test_it_learns_the_words_of_starts(tales: Tales) -> None:
    words = choose_words([tales])
    assert words.to_list() == ["anyone", "awake", "indeed", "so"]  # no number stands in enough lines
    lexicon = fit_lexicon(words, [tales], [np.ones(len(TEXTS), dtype=np.bool_)])
    start, answer, empty = weigh_lines(lexicon, lay(["anyone here?", "so indeed", ""]))
    assert start[0] > 0 > answer[0]
    assert start[1:].tolist() == [0, 0]  # nothing was known of these
    assert np.isfinite(empty).all()


def test_lines_that_are_not_fitted_to_say_nothing(tales: Tales) -> None:
    lexicon = fit_lexicon(choose_words([tales]), [tales], [np.zeros(len(TEXTS), dtype=np.bool_)])
    assert not lexicon.weights.any()


def test_weights_come_back_as_stored() -> None:
    weights = np.arange(len(TELLS) * 5, dtype=np.float32).reshape(len(TELLS), 5) / 8
    lexicon = Lexicon(pl.Series(["a", "b"]), weights)
    again = load_lexicon(lexicon.store())
    assert again.words.to_list() == ["a", "b"]
    np.testing.assert_array_equal(again.weights, weights)
    np.testing.assert_array_equal(join_lexicons([lexicon, again]).weights, weights)
