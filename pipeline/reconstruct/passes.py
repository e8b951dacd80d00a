"""The second pass: candidates that the first left standing are looked at again, in the light of what it found.

In: a model, pairs and the first pass's scores. Out: scores of both passes together.

>>> again = look_again(model, context, pairs, scores, look)
>>> again.scores[again.rows]        # first pass plus trees; all other candidates stand far below

The first pass is a network over two posts at a time. The second is a forest of boosted trees over the same columns,
over what the words of both posts and of the next one say, over the structure that the first pass's posteriors imply,
and over the sort of discussion that it is. It is fitted to likelihoods of whole trees again (in time order: of single
parents), so decoding stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.algorithms.forests import attribute_forest, run_forest
from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.decoding import weigh_candidates
from pipeline.reconstruct.page_structure import FEATURES as PAGE_FEATURES
from pipeline.reconstruct.page_structure import measure_page_structure
from pipeline.reconstruct.scoring import DECIMALS, LinkModel, cut_pairs, explain_pairs, shift_pairs
from pipeline.reconstruct.signals import measure_signals, words
from pipeline.reconstruct.signals.signal import Signal
from pipeline.reconstruct.surroundings import FEATURES as SURROUNDINGS
from pipeline.reconstruct.surroundings import measure_surroundings
from pipeline.reconstruct.time_structure import FEATURES as TIME_FEATURES
from pipeline.reconstruct.time_structure import measure_time_structure

SAID = ("top", "above", "answered", "answered_next", "next_top", "next_above")
FAR_BELOW = 60.0  # of a candidate without second look below its child's best
STRUCTURE = "structure"
_SHARED = words.FEATURES.index("shared_sharp")


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
class Again:
    """What the second pass found.

    Attributes:
        scores: float64[pairs].
        rows: int64[R], pairs that were looked at again, ascending.
        table: float32[R, columns], what was seen.
    """

    scores: Floats
    rows: Ints
    table: Table


def name_columns(signals: tuple[Signal, ...], in_page_order: bool) -> list[str]:
    """Names of the second pass's columns."""
    own = [f"{signal.name}.{feature}" for signal in signals for feature in signal.features]
    structure = PAGE_FEATURES if in_page_order else TIME_FEATURES
    return [
        *own,
        *(f"said.{name}" for name in SAID),
        *(f"{STRUCTURE}.{name}" for name in structure),
        *(f"{STRUCTURE}.{name}" for name in SURROUNDINGS),
    ]


def describe_kept(
    signals: tuple[Signal, ...], context: Context, pairs: Pairs, scores: Floats, said: Floats, look: Look
) -> tuple[Ints, Table]:
    """Rows of the pairs that are worth a second look, ascending, and the columns that describe them.

    Args:
        scores: float64[pairs], of the first pass.
        said: float64[entries, 4], what words say, as `scoring.weigh_words` gives it.
    """
    parts = cut_pairs(pairs)
    found = [words.SIGNAL.measure(context, part)[:, _SHARED] for part in parts]
    shared = np.concatenate(found) if found else np.zeros(0, np.float32)
    kept, structure = _measure_structure(context, pairs, scores, shared, look)
    rows = np.flatnonzero(kept)
    measured, begin = [np.zeros((0, sum(len(signal.features) for signal in signals)), np.float32)], 0
    for part in parts:
        end = begin + part.left.size
        measured.append(measure_signals(context, part, signals)[kept[begin:end]])
        begin = end
    spoken = _gather_said(context, pairs, said, rows)
    around, number = measure_surroundings(context, pairs, shared)
    around = around[number[pairs.right[rows]]]
    return rows, np.concatenate([np.concatenate(measured), spoken, structure[rows], around], axis=1)


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
    """The columns SAID of some pairs."""
    left, right = pairs.left[rows], pairs.right[rows]
    has_next = context.place[right] + 1 < context.size[right]
    after = np.where(has_next, right + 1, right)
    answered = said[np.maximum(left, 0), 2:] * (left >= 0)[:, None]
    following = said[after, :2] * has_next[:, None]
    return np.concatenate([said[right, :2], answered, following], axis=1).astype(np.float32)


def look_again(model: LinkModel, context: Context, pairs: Pairs, scores: Floats, said: Floats, look: Look) -> Again:
    """Scores of both passes.

    Args:
        model: with a forest.
        scores, said: of the first pass.
    """
    rows, table = describe_kept(model.signals, context, pairs, scores, said, look)
    if model.forest is None:
        return Again(scores, rows, table)
    total = np.full(scores.size, -np.inf)
    added = shift_pairs(model, pairs, 1)[rows]
    total[rows] = np.round(scores[rows] + run_forest(model.forest, table) + added, DECIMALS)
    if scores.size:
        best = np.repeat(np.maximum.reduceat(total, pairs.offsets[:-1]), np.diff(pairs.offsets))
        total = np.where(np.isinf(total), best - FAR_BELOW, total)
    return Again(total, rows, table)


def name_reasons(model: LinkModel) -> list[str]:
    """What `explain_links` puts scores down to, in its order."""
    names = [signal.name for signal in model.signals]
    return names if model.forest is None else [*names, STRUCTURE]


def explain_links(model: LinkModel, context: Context, pairs: Pairs, again: Again | None, rows: Ints) -> Floats:
    """What each reason contributed to the scores of some pairs, over both passes: float64[rows, reasons].

    Args:
        rows: ascending numbers of pairs.
    """
    first = explain_pairs(model, context, pairs, rows)
    if model.forest is None:
        return first
    names = name_reasons(model)
    if again is None:
        return np.pad(first, ((0, 0), (0, len(names) - first.shape[1])))
    heads = [column.split(".")[0] for column in name_columns(model.signals, model.lens.startswith("page"))]
    # What words say about who is answered is a cue.
    group = np.array([names.index("cues" if head == "said" else head) for head in heads], dtype=np.int64)
    found = np.zeros((rows.size, len(names)))
    found[:, :-1] = first
    at = np.searchsorted(again.rows, rows)
    seen = (at < again.rows.size) & (again.rows[np.minimum(at, again.rows.size - 1)] == rows)
    found[seen] += attribute_forest(model.forest, again.table[at[seen]], group, len(names))[:, :-1]
    found[:, names.index("position")] += shift_pairs(model, pairs, 1)[rows]
    return np.round(found, DECIMALS)
