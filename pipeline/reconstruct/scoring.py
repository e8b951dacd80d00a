"""What the signals add up to: a small learned network over their columns, and words that say who is answered.

In: the model of a lens as the pack's JSON holds it, and pairs of a context. Out: one score per pair; only differences
between candidates of one child mean anything. And what each signal contributed to it.

>>> scores = score_pairs(model, context, pairs)

score = skip · x + out · tanh(hidden · x + bias) + words, x being the signals' columns over their usual size. Words have
four weights each: for a child that answers none, for a child that answers the post above, for a candidate that is
answered, and for one that is answered by the very next post.

All sums run in a fixed order in one kernel, so a score does not depend on what else is in the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numba import njit

from pipeline.algorithms.forests import Forest
from pipeline.errors import ContractError
from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.boosting import load_forest, save_forest
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.phrases import Phrases, load_phrases, save_phrases, weigh_phrases
from pipeline.reconstruct.signals import choose_signals, measure_signals
from pipeline.reconstruct.signals.signal import Signal

# Of odd powers above and of even ones below, highest first: a rational approximation of the hyperbolic tangent.
_ABOVE = (2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08, 1.48572235717979e-05,
          6.37261928875436e-04, 4.89352455891786e-03)  # fmt: skip
_BELOW = (1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)

ROLES = ("top", "above", "answered", "answered_next")
SLICE = 1 << 13  # pairs whose columns are held at a time
DECIMALS = 4  # of scores; what is closer is a tie
MOST_HELD = 400_000  # pairs whose columns are held between passes; of more they are measured again


@dataclass(frozen=True, eq=False)
class LinkModel:
    """The model of one lens.

    Attributes:
        lens: its name.
        signals: those it looks at; F columns in all.
        usual: float64[F], the usual size of each column.
        hidden: float64[F, H], bias: float64[H], out: float64[H], skip: float64[F].
        words: String[V], ascending; a word with "^" before it stands for a text that begins with it.
        word_weights: float64[V, 4], one column per role.
        temperature: what posteriors are flattened by (> 1) or sharpened (< 1) to be calibrated.
        expected_accuracy: share of parents found on held-out threads.
        forests: trees of each pass after the first (`passes`).
        shift: float64[passes, 2], what each pass adds to answering none and to answering the post just above: how a
            site that the model was adapted to differs from those that it was fitted to. None: nothing.
        phrases: what later passes are told of texts beside the words. None: nothing.
    """

    lens: str
    signals: tuple[Signal, ...]
    usual: Floats
    hidden: Floats
    bias: Floats
    out: Floats
    skip: Floats
    words: pl.Series
    word_weights: Floats
    temperature: float
    expected_accuracy: float
    forests: tuple[Forest, ...] = ()
    shift: Floats | None = None
    phrases: Phrases | None = None


def load_model(lens: str, saved: dict[str, Any]) -> LinkModel:
    """The model that a pack holds for a lens. Raises ContractError where its columns are not those of the signals."""
    signals = choose_signals(lens.split("-")[1])
    columns = [f"{signal.name}.{feature}" for signal in signals for feature in signal.features]
    if saved["columns"] != columns:
        raise ContractError(f"The model for {lens} was trained on other signals than there are: train the pack again")
    return LinkModel(
        lens=lens,
        signals=signals,
        usual=np.array(saved["usual"], dtype=np.float64),
        hidden=np.array(saved["hidden"], dtype=np.float64).reshape(len(columns), -1),
        bias=np.array(saved["bias"], dtype=np.float64),
        out=np.array(saved["out"], dtype=np.float64),
        skip=np.array(saved["skip"], dtype=np.float64),
        words=pl.Series("word", saved["words"], dtype=pl.String),
        word_weights=np.array(saved["word_weights"], dtype=np.float64).reshape(-1, len(ROLES)),
        temperature=float(saved["temperature"]),
        expected_accuracy=float(saved["expected_accuracy"]),
        forests=tuple(load_forest(forest) for forest in saved.get("forests", [])),
        shift=np.array(saved["shift"], dtype=np.float64) if "shift" in saved else None,
        phrases=load_phrases(saved["phrases"]) if "phrases" in saved else None,
    )


def save_model(model: LinkModel) -> dict[str, Any]:
    """The model as JSON holds it, weights to four decimals; `load_model` reads it back."""

    def short(values: Floats) -> list[Any]:
        return np.round(values, 4).tolist()

    later: dict[str, Any] = {"forests": [save_forest(forest) for forest in model.forests]} if model.forests else {}
    if model.shift is not None:
        later["shift"] = short(model.shift)
    if model.phrases is not None:
        later["phrases"] = save_phrases(model.phrases)
    return {
        "columns": [f"{signal.name}.{feature}" for signal in model.signals for feature in signal.features],
        "usual": short(model.usual),
        "hidden": short(model.hidden),
        "bias": short(model.bias),
        "out": short(model.out),
        "skip": short(model.skip),
        "words": model.words.to_list(),
        "word_weights": short(model.word_weights),
        "temperature": round(model.temperature, 4),
        "expected_accuracy": round(model.expected_accuracy, 4),
        **later,
    }


def shift_pairs(model: LinkModel, pairs: Pairs, number: int) -> Floats:
    """What a pass (from 0) adds to each pair on the site that the model was adapted to: float64[pairs]."""
    added = np.zeros(pairs.left.size)
    if model.shift is not None:
        top = pairs.is_top
        added[top] = model.shift[number, 0]
        added[~top & (pairs.left == pairs.right - 1)] = model.shift[number, 1]
    return added


def weigh_words(model: LinkModel, context: Context) -> Floats:
    """What the words of each entry say about its four roles, and what its phrases say where the model has any:
    float64[entries, 4 or 8]."""
    known = pl.DataFrame({"word": model.words, "at": np.arange(model.words.len())})
    vocabulary = context.vocabulary.to_frame("word")
    inside = vocabulary.join(known, on="word", how="left", maintain_order="left")["at"].fill_null(-1).to_numpy()
    at_start = vocabulary.select(pl.concat_str(pl.lit("^"), "word").alias("word"))
    first = at_start.join(known, on="word", how="left", maintain_order="left")["at"].fill_null(-1).to_numpy()
    words = context.words
    said: Floats = add_words(words.offsets, words.values, context.first_word, inside, first, model.word_weights)
    if model.phrases is None:
        return said
    return np.concatenate([said, weigh_phrases(model.phrases, context.folded)], axis=1)


@njit(cache=True, nogil=True)
def add_words(offsets: Ints, values: Ints, first_word: Ints, inside: Ints, first: Ints, weights: Floats) -> Floats:
    """Sums of word weights over the square root of how many known words there are; float64[entries, roles]."""
    n = offsets.size - 1
    out = np.zeros((n, weights.shape[1]))
    for entry in range(n):
        known = 0
        for at in range(offsets[entry], offsets[entry + 1]):
            if inside[values[at]] >= 0:
                known += 1
                out[entry] += weights[inside[values[at]]]
        if known > 0:
            out[entry] /= np.sqrt(known)
        if first_word[entry] >= 0 and first[first_word[entry]] >= 0:
            out[entry] += weights[first[first_word[entry]]]
    return out


@njit(cache=True, nogil=True)
def say_words(said: Floats, left: Ints, right: Ints, is_top: Flags) -> Floats:
    """What words add to each pair; said is float64[entries, 4 or more]."""
    out = np.zeros(left.size)
    for row in range(left.size):
        child = right[row]
        if is_top[row]:
            out[row] = said[child, 0]
            continue
        out[row] = said[left[row], 2]
        if left[row] == child - 1:
            out[row] += said[child, 1] + said[left[row], 3]
    return out


@njit(cache=True, nogil=True)
def run_network(table: Table, usual: Floats, hidden: Floats, bias: Floats, out: Floats, skip: Floats) -> Floats:
    """The network's value of each row of a float32[rows, F] table."""
    n, n_columns = table.shape
    found = np.zeros(n)
    units = np.empty(bias.size)
    for row in range(n):
        units[:] = bias
        total = 0.0
        for column in range(n_columns):
            x = np.float64(table[row, column])
            if x == 0.0:
                continue
            x /= usual[column]
            total += skip[column] * x
            for unit in range(bias.size):
                units[unit] += x * hidden[column, unit]
        for unit in range(bias.size):
            total += out[unit] * _squash(units[unit])
        found[row] = total
    return found


@njit(cache=True, nogil=True, inline="always")
def _squash(x: float) -> float:
    """The hyperbolic tangent to 1e-7: the quotient of polynomials that Eigen and XLA use for float32. It takes a fifth
    of the time of the mathematics library's, and is the same on every machine."""
    x = min(max(x, -7.9), 7.9)
    y = x * x
    above = -2.76076847742355e-16
    for factor in _ABOVE:
        above = above * y + factor
    below = 1.19825839466702e-06
    for factor in _BELOW:
        below = below * y + factor
    return x * above / below


def cut_pairs(pairs: Pairs) -> list[Pairs]:
    """The pairs in runs of whole children, few enough for their columns to be held in memory."""
    starts = [0]
    while starts[-1] < pairs.children.size:
        limit = pairs.offsets[starts[-1]] + SLICE
        starts.append(max(starts[-1] + 1, int(np.searchsorted(pairs.offsets, limit, side="right")) - 1))
    return [_slice(pairs, begin, end) for begin, end in pairwise(starts)]


def _slice(pairs: Pairs, begin: int, end: int) -> Pairs:
    first, last = pairs.offsets[begin], pairs.offsets[end]
    return Pairs(
        children=pairs.children[begin:end],
        offsets=pairs.offsets[begin : end + 1] - first,
        left=pairs.left[first:last],
        right=pairs.right[first:last],
    )


def measure_parts(
    signals: tuple[Signal, ...], context: Context, pairs: Pairs, held: list[Table] | None = None
) -> Iterator[tuple[Pairs, Table]]:
    """The pairs in runs as `cut_pairs` makes them, each with the signals' columns.

    Args:
        held: the columns of the runs, where they were measured before; an empty list is filled with them, unless there
            are more than MOST_HELD pairs.
    """
    parts = cut_pairs(pairs)
    if held:
        yield from zip(parts, held, strict=True)
        return
    for part in parts:
        table = measure_signals(context, part, signals)
        if held is not None and pairs.left.size <= MOST_HELD:
            held.append(table)
        yield part, table


def score_pairs(
    model: LinkModel, context: Context, pairs: Pairs, said: Floats, held: list[Table] | None = None
) -> Floats:
    """The first pass's score of every pair, rounded to DECIMALS so that what differs by less is a tie: float64[pairs].

    Args:
        said: what `weigh_words` gives.
        held: as `measure_parts` takes it.
    """
    network = (model.usual, model.hidden, model.bias, model.out, model.skip)
    scores = [
        run_network(table, *network) + say_words(said, part.left, part.right, part.is_top)
        for part, table in measure_parts(model.signals, context, pairs, held)
    ]
    if not scores:
        return np.zeros(0)
    return np.round(np.concatenate(scores) + shift_pairs(model, pairs, 0), DECIMALS)


def measure_rows(model: LinkModel, context: Context, pairs: Pairs, rows: Ints) -> Table:
    """The signals' columns of some pairs: float32[rows, F].

    Args:
        rows: ascending numbers of pairs.
    """
    child = np.searchsorted(pairs.offsets, rows, side="right") - 1
    wanted = np.unique(child)
    counts = np.diff(pairs.offsets)[wanted]
    offsets = np.append(0, np.cumsum(counts)).astype(np.int64)
    there = np.repeat(pairs.offsets[wanted] - offsets[:-1], counts) + np.arange(offsets[-1])
    some = Pairs(pairs.children[wanted], offsets, pairs.left[there], pairs.right[there])
    here = offsets[np.searchsorted(wanted, child)] + rows - pairs.offsets[child]
    tables, begin = [np.zeros((0, model.usual.size), np.float32)], 0
    for part in cut_pairs(some):
        end = begin + part.left.size
        lowest, highest = np.searchsorted(here, (begin, end))
        tables.append(measure_signals(context, part, model.signals)[here[lowest:highest] - begin])
        begin = end
    return np.concatenate(tables)


def explain_pairs(model: LinkModel, context: Context, pairs: Pairs, rows: Ints, table: Table | None = None) -> Floats:
    """What each signal contributed to the scores of some pairs: float64[rows, signals].

    Signals fall silent one after another, in their order, and each is put down what the score falls by; so all
    contributions and the score of two posts of which nothing is known sum to the score. What words say about who is
    answered counts as the cues' contribution.

    Args:
        rows: ascending numbers of pairs.
        table: their columns, where they are known; they are measured else.
    """
    table = measure_rows(model, context, pairs, rows) if table is None else table.copy()
    said = weigh_words(model, context)
    network = (model.usual, model.hidden, model.bias, model.out, model.skip)
    found = np.zeros((rows.size, len(model.signals)))
    whole = run_network(table, *network)
    column = 0
    for at, signal in enumerate(model.signals):
        table[:, column : column + len(signal.features)] = 0
        column += len(signal.features)
        rest = run_network(table, *network)
        found[:, at] = whole - rest
        whole = rest
        if signal.name == "cues":
            found[:, at] += say_words(said, pairs.left[rows], pairs.right[rows], pairs.is_top[rows])
        if signal.name == "position":  # a site's habits are about places
            found[:, at] += shift_pairs(model, pairs, 0)[rows]
    return np.round(found, DECIMALS)
