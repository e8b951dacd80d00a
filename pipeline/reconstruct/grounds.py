"""Discussions with known parents, laid out and measured: what models are fitted to, calibrated and measured on.

In: lessons. Out: `Ground`.

>>> ground = lay_ground("page-text", hide(corpus, "page-text"), pack, window=128)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs, list_candidates
from pipeline.reconstruct.context import Context, lay_out
from pipeline.reconstruct.corpus import Lesson
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.decoding import choose_best, weigh_candidates
from pipeline.reconstruct.fences import UNFENCED
from pipeline.reconstruct.growing import Lessons
from pipeline.reconstruct.pages import UNTOLD, decode_pages
from pipeline.reconstruct.passes import Look, describe_kept, look_again
from pipeline.reconstruct.scoring import DECIMALS, LinkModel, run_network, say_words, shift_pairs, weigh_words
from pipeline.reconstruct.signals import choose_signals, measure_signals


@dataclass(frozen=True, eq=False)
class Ground:
    """Discussions with known parents, measured.

    Attributes:
        context, pairs: as at run time, every post a child.
        table: float32[pairs, F], the signals' columns.
        truth: float32[pairs], 1 at the true parent (shared where several are true).
        weight: float64[children], what each child counts; 0 where its true parent is unknown or no candidate.
        starts: int64[discussions + 1], entries at which discussions start.
        in_page_order: whether trees (else single parents) are fitted.
    """

    context: Context
    pairs: Pairs
    table: Table
    truth: Table
    weight: Floats
    starts: Ints
    in_page_order: bool


def lay_ground(lens: str, lesson: Lesson, pack: ModelPack, window: int, weight: float = 1.0) -> Ground:
    """A lesson laid out and measured for a lens.

    Args:
        window: how many posts above a child are candidates.
        weight: what each labelled child counts.
    """
    order, kind = lens.split("-")
    rows = settle_declared(lesson.posts)
    context = lay_out(rows, lesson.posts, lesson.quotations, pack)
    children = np.arange(context.n_posts)
    pairs = list_candidates(context, children, np.full(children.size, window), reach=order == "time")
    truth, labelled = find_truth(context, pairs, rows, lesson.gold)
    reached = np.add.reduceat(truth, pairs.offsets[:-1]) > 0 if children.size else labelled
    return Ground(
        context=context,
        pairs=pairs,
        table=measure_signals(context, pairs, choose_signals(kind)),
        truth=truth,
        weight=np.where(labelled & reached, weight, 0.0),
        starts=np.append(np.flatnonzero(context.place == 0), context.n_posts),
        in_page_order=order == "page",
    )


def find_truth(context: Context, pairs: Pairs, rows: pl.DataFrame, gold: pl.DataFrame) -> tuple[Table, Flags]:
    """float32[pairs] that sums to 1 over each child's true parents among its candidates; bool[children]: labelled."""
    entry = pl.DataFrame(
        {"post_id": rows["post_id"][context.rows[: context.n_posts]], "entry": np.arange(context.n_posts)}
    )
    known = entry.join(gold, on="post_id", how="left", maintain_order="left")
    labelled = known["labelled"].fill_null(value=False).to_numpy()[pairs.children]
    flat = known.select("entry", pl.col("parents").alias("parent")).explode("parent").drop_nulls("parent")
    flat = flat.join(entry.rename({"post_id": "parent", "entry": "left"}), on="parent")
    keys = (flat["entry"] * context.n_posts + flat["left"]).to_numpy()
    truth = np.isin(pairs.right * context.n_posts + pairs.left, keys).astype(np.float32)
    answers = np.isin(pairs.children, flat["entry"].to_numpy())
    truth[pairs.offsets[:-1]] = ~answers
    total = np.add.reduceat(truth, pairs.offsets[:-1]) if pairs.children.size else truth
    share: Table = (truth / np.repeat(np.maximum(total, 1), np.diff(pairs.offsets))).astype(np.float32)
    return share, labelled


def score_ground(model: LinkModel, ground: Ground) -> tuple[Floats, Floats]:
    """The first pass: scores of all pairs of a ground, and what words say of each entry."""
    pairs = ground.pairs
    said = weigh_words(model, ground.context)
    network = run_network(ground.table, model.usual, model.hidden, model.bias, model.out, model.skip)
    words = say_words(said, pairs.left, pairs.right, pairs.is_top)
    return np.round(network + words + shift_pairs(model, pairs, 0), DECIMALS), said


def score_again(model: LinkModel, ground: Ground) -> Floats:
    """Scores of all pairs of a ground after all passes that the model has."""
    scores, said = score_ground(model, ground)
    return look_again(model, ground.context, ground.pairs, scores, said, look_at(ground)).scores


def weigh_ground(model: LinkModel, ground: Ground) -> tuple[Floats, Ints]:
    """Shares of all pairs of a ground under a model, not tempered, and the rows that its forest chooses."""
    context, pairs = ground.context, ground.pairs
    scores = score_again(model, ground)
    look = look_at(ground)
    if not ground.in_page_order:
        shares = weigh_candidates(scores, pairs.offsets)
        return shares, choose_best(shares, pairs.offsets)
    of_context = (context.first, context.size)
    return decode_pages(scores, pairs.offsets, pairs.children, *of_context, look.window, look.told, UNFENCED)


def look_at(ground: Ground) -> Look:
    """The discussions of a ground with nothing told."""
    window = np.repeat(
        np.maximum.reduceat(np.diff(ground.pairs.offsets), ground.starts[:-1]) - 1, np.diff(ground.starts)
    )
    return Look(window, np.full(ground.context.n_posts, UNTOLD), ground.in_page_order)


def note_lessons(model: LinkModel, ground: Ground) -> Lessons:
    """What the pass after those that the model has learns from on a ground that the model was not fitted to."""
    first, said = score_ground(model, ground)
    context, pairs, look = ground.context, ground.pairs, look_at(ground)
    again = look_again(model, context, pairs, first, said, look)
    last = again.seen[-1] if again.seen else None
    seen = describe_kept(model.signals, context, pairs, again.scores, said, look, last)
    rows, table, scores = seen.rows, seen.table, again.scores
    child = np.searchsorted(pairs.offsets, rows, side="right") - 1
    offsets = np.append(0, np.cumsum(np.bincount(child, minlength=pairs.children.size))).astype(np.int64)
    truth = ground.truth[rows]
    # Where the true parent gets no second look there is nothing to learn.
    reached = np.add.reduceat(truth, offsets[:-1]) > 0
    return Lessons(
        table=table,
        truth=truth,
        scores=scores[rows],
        back=rows - pairs.offsets[child],
        offsets=offsets,
        weight=np.where(reached, ground.weight, 0.0),
        starts=ground.starts,
    )
