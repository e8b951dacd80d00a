"""Later passes: candidates that the first left standing are looked at again, in the light of what was found so far.

In: a model, pairs and the first pass's scores. Out: scores of all passes together.

>>> again = look_again(model, context, pairs, scores, said, look)
>>> again.scores[again.seen[-1].rows]        # first pass plus trees; all other candidates stand far below

The first pass is a network over two posts at a time. Each later one is a forest of boosted trees over the same columns,
over what the words of both posts and of the next one say, over the structure that the posteriors so far imply,
and over the sort of discussion that it is. It is fitted to likelihoods of whole trees again (in time order: of single
parents), so decoding stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipeline.algorithms.forests import attribute_forest, run_forest
from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.decoding import weigh_candidates
from pipeline.reconstruct.page_structure import FEATURES as PAGE_FEATURES
from pipeline.reconstruct.page_structure import measure_page_structure
from pipeline.reconstruct.scoring import (
    DECIMALS,
    ROLES,
    LinkModel,
    explain_pairs,
    measure_parts,
    measure_rows,
    shift_pairs,
)
from pipeline.reconstruct.signals import words
from pipeline.reconstruct.signals.signal import Signal
from pipeline.reconstruct.surroundings import FEATURES as SURROUNDINGS
from pipeline.reconstruct.surroundings import measure_surroundings
from pipeline.reconstruct.time_structure import FEATURES as TIME_FEATURES
from pipeline.reconstruct.time_structure import measure_time_structure

SAID = ("top", "above", "answered", "answered_next", "next_top", "next_above")
PHRASED = (*(f"phrase_{name}" for name in SAID), "phrase_own")
FAR_BELOW = 60.0  # of a candidate without second look below its child's best
STRUCTURE = "structure"
ORDER = "order"
PRIOR = "prior"


@dataclass(frozen=True, eq=False)
class Look:
    """How the discussions of a context are looked at.

    Attributes:
        window: int64[N], how many posts above are candidates; the same for all posts of a discussion.
        told: int64[N], place of each post's declared parent, `pages.TOLD_TOP` or `pages.UNTOLD`.
        in_page_order: whether they are listed depth first; else in time order.
    """

    window: Ints
    told: Ints
    in_page_order: bool


@dataclass(frozen=True, eq=False)
class Seen:
    """What a later pass looks at.

    Attributes:
        rows: int64[R], the pairs, ascending.
        table: float32[R, columns].
        shared: float32[pairs], telling words that child and candidate share.
    """

    rows: Ints
    table: Table
    shared: Table


@dataclass(frozen=True, eq=False)
class Again:
    """What the later passes found.

    Attributes:
        scores: float64[pairs], of all passes together.
        seen: what each of the later passes looked at.
        lift: float64[pairs] or empty: what quotations added to the scores beyond what the model makes of them.
        orders: float64[pairs] or empty: what the orders of several listings added to the scores.
    """

    scores: Floats
    seen: tuple[Seen, ...]
    lift: Floats = field(default_factory=lambda: np.zeros(0))
    orders: Floats = field(default_factory=lambda: np.zeros(0))


def name_columns(signals: tuple[Signal, ...], in_page_order: bool, phrased: bool) -> list[str]:
    """Names of the columns of later passes; `phrased`: of a model that knows phrases."""
    own = [f"{signal.name}.{feature}" for signal in signals for feature in signal.features]
    structure = PAGE_FEATURES if in_page_order else TIME_FEATURES
    return [
        *own,
        *(f"said.{name}" for name in ((*SAID, *PHRASED) if phrased else SAID)),
        *(f"{STRUCTURE}.{name}" for name in structure),
        *(f"{STRUCTURE}.{name}" for name in SURROUNDINGS),
    ]


def describe_kept(
    signals: tuple[Signal, ...],
    context: Context,
    pairs: Pairs,
    scores: Floats,
    said: Floats,
    look: Look,
    before: Seen | None = None,
    held: list[Table] | None = None,
) -> Seen:
    """The pairs that are worth another look, and the columns that describe them.

    Args:
        scores: float64[pairs], of the passes so far.
        said: float64[entries, 4 or 8], what words and phrases say, as `scoring.weigh_words` gives it.
        before: what the last pass looked at; nothing else is looked at again.
        held: as `scoring.measure_parts` takes it.
    """
    n_own = sum(len(signal.features) for signal in signals)
    if before is None:
        found = [table[:, _find_shared(signals)] for _, table in measure_parts(signals, context, pairs, held)]
        shared = np.concatenate([np.zeros(0, np.float32), *found])
    else:
        shared = before.shared
    kept, structure = _measure_structure(context, pairs, scores, shared, look)
    if before is not None:
        still = kept[before.rows]
        rows, table = before.rows[still], before.table[still]
        begin = n_own + len(SAID) + (len(PHRASED) if said.shape[1] > len(ROLES) else 0)
        table[:, begin : begin + structure.shape[1]] = structure[rows]
        return Seen(rows, table, shared)
    rows = np.flatnonzero(kept)
    measured, begin = [np.zeros((0, n_own), np.float32)], 0
    for part, own in measure_parts(signals, context, pairs, held):
        end = begin + part.left.size
        measured.append(own[kept[begin:end]])
        begin = end
    spoken = _gather_said(context, pairs, said, rows)
    around, number = measure_surroundings(context, pairs, shared)
    around = around[number[pairs.right[rows]]]
    table = np.concatenate([np.concatenate(measured), spoken, structure[rows], around], axis=1)
    return Seen(rows, table, shared)


def _find_shared(signals: tuple[Signal, ...]) -> int:
    """The column of the telling words that a child shares with a candidate."""
    before = signals[: signals.index(words.SIGNAL)]
    return sum(len(signal.features) for signal in before) + words.FEATURES.index("shared_sharp")


def _measure_structure(
    context: Context, pairs: Pairs, scores: Floats, shared: Table, look: Look
) -> tuple[Flags, Table]:
    """Which pairs are worth a second look, and what the first pass says of the structure around them."""
    of_context = (context.first, context.size)
    if not look.in_page_order:
        shares = weigh_candidates(scores, pairs.offsets)
        return measure_time_structure(
            scores, shares, pairs.offsets, pairs.left, pairs.children, *of_context, context.author, context.time
        )
    return measure_page_structure(
        scores,
        shared,
        pairs.offsets,
        pairs.children,
        *of_context,
        look.window,
        look.told,
        context.author,
        context.time,
        context.n_words,
    )


def _gather_said(context: Context, pairs: Pairs, said: Floats, rows: Ints) -> Table:
    """The columns SAID of some pairs, and PHRASED where phrases are known."""
    left, right = pairs.left[rows], pairs.right[rows]
    has_next = context.place[right] + 1 < context.size[right]
    after = np.where(has_next, right + 1, right)
    parts = []
    for block in (said[:, : len(ROLES)], said[:, len(ROLES) :]):
        if block.shape[1]:
            answered = block[np.maximum(left, 0), 2:] * (left >= 0)[:, None]
            following = block[after, :2] * has_next[:, None]
            parts += [block[right, :2], answered, following]
    if said.shape[1] > len(ROLES):
        parts.append(said[right, len(ROLES) + 2 :][:, :1])
    return np.concatenate(parts, axis=1).astype(np.float32)


def look_again(
    model: LinkModel,
    context: Context,
    pairs: Pairs,
    scores: Floats,
    said: Floats,
    look: Look,
    held: list[Table] | None = None,
) -> Again:
    """Scores of all passes.

    Args:
        scores, said: of the first pass.
        held: as `scoring.measure_parts` takes it.
    """
    seen: list[Seen] = []
    for number, forest in enumerate(model.forests, start=1):
        last = seen[-1] if seen else None
        seen.append(describe_kept(model.signals, context, pairs, scores, said, look, last, held))
        rows = seen[-1].rows
        added = run_forest(forest, seen[-1].table) + shift_pairs(model, pairs, number)[rows]
        total = np.full(scores.size, -np.inf)
        total[rows] = np.round(scores[rows] + added, DECIMALS)
        if scores.size:
            best = np.repeat(np.maximum.reduceat(total, pairs.offsets[:-1]), np.diff(pairs.offsets))
            total = np.where(np.isinf(total), best - FAR_BELOW, total)
        scores = total
    return Again(scores, tuple(seen))


def name_reasons(model: LinkModel) -> list[str]:
    """What `explain_links` puts scores down to, in its order."""
    return [*(signal.name for signal in model.signals), STRUCTURE, ORDER, PRIOR]


def explain_links(model: LinkModel, context: Context, pairs: Pairs, again: Again, rows: Ints) -> Floats:
    """What each reason contributed to the scores of some pairs, over all passes: float64[rows, reasons].

    The last one, PRIOR, is the score of a pair of which nothing is known; so contributions sum to the score.

    Args:
        rows: ascending numbers of pairs.
    """
    names = name_reasons(model)
    found = np.zeros((rows.size, len(names)))
    table = np.empty((rows.size, model.usual.size), np.float32)
    unseen = np.ones(rows.size, dtype=np.bool_)
    if again.seen:
        at, was_seen = _find_rows(again.seen[0].rows, rows)
        table[was_seen] = again.seen[0].table[at, : model.usual.size]
        unseen = ~was_seen
    table[unseen] = measure_rows(model, context, pairs, rows[unseen])
    found[:, : len(model.signals)] = explain_pairs(model, context, pairs, rows, table)
    heads = [
        column.split(".")[0]
        for column in name_columns(model.signals, model.lens.startswith("page"), model.phrases is not None)
    ]
    # What words say about who is answered is a cue.
    group = np.array([names.index("cues" if head == "said" else head) for head in heads], dtype=np.int64)
    for number, (forest, seen) in enumerate(zip(model.forests, again.seen, strict=True), start=1):
        at, was_seen = _find_rows(seen.rows, rows)
        found[was_seen, :-1] += attribute_forest(forest, seen.table[at], group, len(names) - 1)[:, :-1]
        found[was_seen, names.index("position")] += shift_pairs(model, pairs, number)[rows[was_seen]]
    if again.lift.size:
        found[:, names.index("quotation")] += again.lift[rows]
    if again.orders.size:
        found[:, names.index(ORDER)] += again.orders[rows]
    found = np.round(found, DECIMALS)
    found[:, -1] = np.round(again.scores[rows] - found.sum(axis=1), DECIMALS)
    return found


def _find_rows(listed: Ints, rows: Ints) -> tuple[Ints, Flags]:
    """Where in an ascending list the rows stand that are in it, and which they are."""
    at = np.searchsorted(listed, rows)
    there = at < listed.size
    there[there] = listed[at[there]] == rows[there]
    return at[there], there
