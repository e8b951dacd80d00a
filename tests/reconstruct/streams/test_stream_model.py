"""A model of our own over invented chats: written down and read back, explained, slice by slice, and denied pairs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.algorithms.forests import run_forest
from pipeline.errors import ContractError
from pipeline.pack import StreamWeights, load_pack
from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import lay_out
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.streams import passes
from pipeline.reconstruct.streams.families import FAMILIES, lay_family
from pipeline.reconstruct.streams.fitting import fit_streams
from pipeline.reconstruct.streams.grounds import StreamGround
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.model import StreamModel, load_stream_model, save_stream_model
from pipeline.reconstruct.streams.passes import explain_pass, run_passes
from tests.reconstruct.drafts import draft, quotations
from tests.reconstruct.streams.chats import invent_chat

LINES = 120


def lay_chat(seed: int, family: str = "chat") -> tuple[Stream, np.ndarray]:
    """An invented chat laid out, and the entry that each line answers (-1: none)."""
    lines = invent_chat(LINES, seed)
    posts = draft([{**line, "order": at, "title": "Re: tea"} for at, line in enumerate(lines)], shape="stream")
    rows = settle_declared(posts)
    context = lay_out(rows, posts, quotations([]), load_pack())
    at = {line["name"]: entry for entry, line in enumerate(lines)}
    answers = np.array([at.get(line["answers"], -1) for line in lines])
    return lay_family(FAMILIES[family], context, posts[rows["source_row"].gather(context.rows)], load_pack()), answers


def lay_known(seed: int) -> StreamGround:
    stream, answers = lay_chat(seed)

    def tell(pairs: Pairs) -> Table:
        return (pairs.left == answers[pairs.right]).astype(np.float32)

    return StreamGround(stream, np.arange(LINES), tell, 1.0, knows_none=True, window=40, kind="meta")


@pytest.fixture(scope="module")
def model() -> StreamModel:
    return fit_streams(FAMILIES["chat"], [lay_known(seed) for seed in range(6)], (12, 8), keep=10, sieve_rounds=8)


def decide(model: StreamModel, stream: Stream, number: int = 2, **more) -> passes.Passed:
    return run_passes(model, stream, np.arange(LINES), 40, np.full(LINES, -1), number, **more)


def test_it_learns_who_answers_whom(model: StreamModel) -> None:
    stream, answers = lay_chat(99)
    found = decide(model, stream)
    parents = found.sifted.pairs.left[found.chosen]
    assert (parents == answers).mean() > 0.9
    assert (answers == np.arange(LINES) - 1).mean() < 0.7


def test_a_model_comes_back_as_it_was_saved(model: StreamModel) -> None:
    weights = save_stream_model(model)
    again = load_stream_model(weights)
    table = np.random.default_rng(5).normal(size=(50, len(weights.facts["columns"]))).astype(np.float32)
    table[::3, ::2] = np.nan
    for one, other in zip((model.sieve, *model.passes), (again.sieve, *again.passes), strict=True):
        np.testing.assert_array_equal(run_forest(one, table), run_forest(other, table))
    assert (again.keep, again.temperature, again.accuracy) == (10, model.temperature, model.accuracy)
    other = StreamWeights("chat", weights.facts | {"columns": weights.facts["columns"][1:]}, weights.nodes)
    with pytest.raises(ContractError, match="other signals"):
        load_stream_model(other)


@pytest.mark.parametrize("number", [1, 2])
def test_contributions_and_prior_sum_to_the_score(model: StreamModel, number: int) -> None:
    stream, _ = lay_chat(7)
    found = decide(model, stream, number)
    rows = np.arange(0, found.scores.size, 3)
    parts = explain_pass(model, stream, found, rows)
    np.testing.assert_allclose(parts.sum(axis=1), found.scores[rows], atol=1e-3)
    assert np.ptp(parts[:, -1]) == 0
    assert parts.shape[1] == len(model.signals) + 2
    assert np.any(parts[:, -2]) == (number == 2)


def test_slices_do_not_matter(model: StreamModel, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, _ = lay_chat(8)
    whole = decide(model, stream)
    parts = explain_pass(model, stream, whole, np.arange(whole.scores.size))
    monkeypatch.setattr(passes, "SLICE_CHILDREN", 17)
    sliced = decide(model, stream)
    np.testing.assert_array_equal(whole.scores, sliced.scores)
    np.testing.assert_array_equal(whole.chosen, sliced.chosen)
    np.testing.assert_array_equal(parts, explain_pass(model, stream, sliced, np.arange(whole.scores.size)))


@pytest.mark.parametrize("family", ["chat", "mail"])
def test_what_is_measured_of_a_pair_depends_on_its_line_alone(family: str) -> None:
    stream, _ = lay_chat(3, family)
    whole = passes.list_slice(stream, np.arange(LINES), 30, 0)
    some = np.arange(5, LINES, 7)
    part = passes.list_slice(stream, some, 30, 0)
    rows = np.isin(whole.right, some)
    for signal in FAMILIES[family].signals:
        table = signal.measure(stream, whole)
        assert table.dtype == np.float32
        assert table.shape == (whole.left.size, len(signal.features))
        np.testing.assert_array_equal(table[rows], signal.measure(stream, part))
        assert not np.isinf(table).any()


def test_what_a_person_denied_has_no_share(model: StreamModel) -> None:
    stream, answers = lay_chat(11)
    free = decide(model, stream)
    line = int(np.flatnonzero(answers >= 0)[30])
    favourite = free.sifted.pairs.left[free.chosen[line]]

    def deny(pairs: Pairs) -> np.ndarray:
        return (pairs.right == line) & (pairs.left == favourite)

    bound = decide(model, stream, denied=deny)
    row = np.flatnonzero(deny(bound.sifted.pairs))
    assert not bound.shares[row].any()
    assert bound.chosen[line] not in row
    assert np.isclose(bound.shares[bound.sifted.pairs.right == line].sum(), 1)


def test_declared_lines_are_answered_and_not_asked(model: StreamModel) -> None:
    stream, answers = lay_chat(12)
    open_lines = np.arange(LINES)[answers != answers[5]]
    declared = answers.copy()
    declared[open_lines] = -1
    found = run_passes(model, stream, open_lines, 40, declared, 2)
    assert found.sifted.pairs.children.tolist() == open_lines.tolist()
    known = np.setdiff1d(np.arange(LINES), open_lines)
    assert len(found.guesses) == 1
    assert found.guesses[0].parents[known].tolist() == answers[known].tolist()
    assert (found.guesses[0].sure[known] == 1).all()


def test_no_lines_no_choices(model: StreamModel) -> None:
    stream, answers = lay_chat(13)
    found = run_passes(model, stream, np.zeros(0, np.int64), 40, answers, 2)
    assert found.chosen.size == found.scores.size == 0
    assert pl.Series(found.sifted.pairs.offsets).to_list() == [0]
