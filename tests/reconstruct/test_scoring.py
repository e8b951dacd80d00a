"""Scores add up to what signals contribute, and models survive being written down."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.errors import ContractError
from pipeline.pack import load_pack
from pipeline.reconstruct.candidates import Pairs, list_candidates
from pipeline.reconstruct.context import Context, lay_out
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.decoding import choose_best, temper_shares
from pipeline.reconstruct.links import rank_best
from pipeline.reconstruct.scoring import LinkModel, explain_pairs, load_model, save_model, score_pairs, weigh_words
from pipeline.reconstruct.signals import choose_signals
from tests.reconstruct.drafts import draft, quotations

TEXTS = ("Is the pool open on Sunday?", "Yes, from ten.", "And the sauna?", "Thanks!")


def small_model(words: list[str], word_weights: list[list[float]], skip: float = 0.0) -> LinkModel:
    """A model whose network only sums the columns times `skip`."""
    signals = choose_signals("text")
    n = sum(len(signal.features) for signal in signals)
    return LinkModel(
        lens="page-text",
        signals=signals,
        usual=np.full(n, 2.0),
        hidden=np.zeros((n, 2)),
        bias=np.zeros(2),
        out=np.zeros(2),
        skip=np.full(n, skip),
        words=pl.Series("word", words, dtype=pl.String),
        word_weights=np.array(word_weights, dtype=np.float64).reshape(-1, 4),
        temperature=1.5,
        expected_accuracy=0.25,
    )


def laid_out() -> tuple[Context, Pairs]:
    posts = draft([{"name": str(at), "text": text} for at, text in enumerate(TEXTS)], order_known="page")
    context = lay_out(settle_declared(posts), posts, quotations([]), load_pack())
    return context, list_candidates(context, np.arange(4), np.full(4, 9), reach=False)


def test_words_weigh_by_their_role() -> None:
    context, pairs = laid_out()
    model = small_model(["^yes", "sauna", "thanks"], [[1, 2, 4, 8], [16, 32, 64, 128], [256, 512, 1024, 2048]])
    scores = score_pairs(model, context, pairs, weigh_words(model, context))
    by_child = np.split(scores, pairs.offsets[1:-1])
    # "Yes, from ten": begins with yes; as a child of none 1, of the post above 2.
    assert by_child[1].tolist() == [1, 2]
    # "And the sauna?" after "Yes": none 16; above: 32 and yes is answered 4, by the next 8; further up: nothing known.
    assert by_child[2].tolist() == [16, 32 + 4 + 8, 0]
    # "Thanks!": none 256; above: 512 and sauna is answered 64, by the next 128; then yes is answered 4.
    assert by_child[3].tolist() == [256, 512 + 64 + 128, 4, 0]


def test_contributions_of_a_sum_are_its_parts() -> None:
    context, pairs = laid_out()
    model = small_model(["thanks"], [[1, 0, 0, 0]], skip=0.5)
    rows = np.arange(pairs.left.size)
    parts = explain_pairs(model, context, pairs, rows)
    np.testing.assert_allclose(
        parts.sum(axis=1), score_pairs(model, context, pairs, weigh_words(model, context)), atol=2e-3
    )
    assert (explain_pairs(model, context, pairs, rows[3:5]) == parts[3:5]).all()


def test_a_model_comes_back_as_it_was_saved() -> None:
    saved = save_model(small_model(["^yes", "sauna"], [[1.25, 2, 4, 8], [0, 0, 0.5, 0]], skip=0.125))
    assert save_model(load_model("page-text", saved)) == saved
    with pytest.raises(ContractError, match="other signals"):
        load_model("page-text", saved | {"columns": saved["columns"][1:]})
    with pytest.raises(ContractError, match="other signals"):
        load_model("page-meta", saved)


def test_every_lens_has_a_model_that_fits_the_signals() -> None:
    pack = load_pack()
    for lens in ("page-text", "page-meta", "time-text", "time-meta"):
        model = load_model(lens, pack.links[lens])
        assert 0.3 < model.expected_accuracy < 1
        assert np.isfinite(model.hidden).all()


def test_ties_go_to_the_nearest_and_none_comes_last() -> None:
    shares = np.array([0.4, 0.2, 0.4, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
    offsets = np.array([0, 3, 5, 9])
    assert choose_best(shares, offsets).tolist() == [2, 4, 6]
    rows, ranks = rank_best(shares, offsets, np.array([1, 4, 5]), 2)
    assert rows.tolist() == [2, 1, 4, 3, 6, 5]
    assert ranks.tolist() == [1, 2, 1, 2, 1, 2]


def test_tempered_shares_still_sum_to_one() -> None:
    shares, offsets = np.array([0.9, 0.1, 0.0, 1.0]), np.array([0, 3, 4])
    flat = temper_shares(shares, offsets, 2.0)
    np.testing.assert_allclose(flat, [0.75, 0.25, 0, 1], atol=1e-5)
    np.testing.assert_allclose(temper_shares(shares, offsets, 1.0), shares, atol=1e-5)
