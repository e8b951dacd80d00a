"""Passes over a stream: a sieve leaves few candidates, the first pass looks at pairs, later ones at conversations too.

In: a stream and the lines whose parents are sought. Out: the kept candidates, the share of each, and which are chosen.

>>> found = run_passes(model, stream, children, window=100, parents=declared, passes=3)

Each pass scores all kept candidates anew with a forest of its own; shares are the softmax of scores. The conversations
that its choices build are what the next pass looks at. All candidates and their columns exist for a slice of children
at a time only, so memory grows with the kept candidates (two dozen a line) and not with what is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numba import njit

from pipeline.algorithms.forests import Forest, attribute_forest, run_forest
from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs, list_candidates
from pipeline.reconstruct.decoding import weigh_candidates
from pipeline.reconstruct.streams.conversations import choose_by_conversation, find_conversations
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.model import StreamModel
from pipeline.reconstruct.streams.signals import StreamSignal, conversation

SLICE_CHILDREN = 4096  # lines whose columns are held at a time
THREADS = 2  # slices measured at once: kernels leave the interpreter alone
DECIMALS = 4  # of scores; what is closer is a tie
IMPOSSIBLE = -1e9  # score of a pair that a person denied

Denied = Callable[[Pairs], Flags]


@dataclass(frozen=True, eq=False)
class Sifted:
    """The candidates that the sieve left.

    Attributes:
        pairs: of all children.
        window: lines before a child that were looked at.
        rows: for each slice of children where the kept candidates stand among all of theirs.
    """

    pairs: Pairs
    window: int
    rows: tuple[Ints, ...]


@dataclass(frozen=True, eq=False)
class Passed:
    """What the passes found.

    Attributes:
        sifted: the kept candidates.
        scores: float64[pairs], of the last pass; shares: float64[pairs], their softmax for each child.
        chosen: int64[children], rows of pairs.
        guesses: what the last pass but one made of the stream; None where there was one pass.
        number: how many passes were made.
    """

    sifted: Sifted
    scores: Floats
    shares: Floats
    chosen: Ints
    guesses: conversation.Guesses | None
    number: int


def run_passes(
    model: StreamModel,
    stream: Stream,
    children: Ints,
    window: int,
    parents: Ints,
    passes: int,
    denied: Denied | None = None,
) -> Passed:
    """Scores, shares and choices after some passes.

    Args:
        children: int64[C], open lines, ascending.
        window: lines before each that are candidates.
        parents: int64[N], declared parents, -1 where a line answers none or is open.
        passes: how many; no more than the model has are made.
        denied: tells of pairs which of them are impossible.
    """
    sifted = sift_candidates(stream, children, window, model.signals, model.sieve, model.keep)
    impossible = denied(sifted.pairs) if denied is not None else np.zeros(sifted.pairs.left.size, dtype=np.bool_)
    guesses: conversation.Guesses | None = None
    forests = model.passes[:passes]
    for number, forest in enumerate(forests, start=1):
        scores = np.where(impossible, IMPOSSIBLE, score_pass(stream, sifted, model.signals, forest, guesses))
        shares = weigh_candidates(scores, sifted.pairs.offsets)
        chosen = choose_by_conversation(shares, sifted.pairs, stream.context.n_posts)
        if number < len(forests):
            guesses = make_guesses(sifted.pairs, shares, chosen, parents)
    return Passed(sifted, scores, shares, chosen, guesses, len(forests))


def make_guesses(pairs: Pairs, shares: Floats, chosen: Ints, parents: Ints) -> conversation.Guesses:
    """What chosen rows make of a stream whose other lines have declared parents."""
    guessed, sure = parents.copy(), np.ones(parents.size)
    guessed[pairs.children] = np.where(chosen == pairs.offsets[:-1], -1, pairs.left[chosen])
    sure[pairs.children] = shares[chosen]
    return conversation.Guesses(guessed, find_conversations(guessed), sure, shares)


def measure_later(stream: Stream, pairs: Pairs, guesses: conversation.Guesses | None, number: int) -> Table:
    """Columns of one slice of children that tell of the conversations they find; none where nothing is guessed yet."""
    begin, end = number * SLICE_CHILDREN, min((number + 1) * SLICE_CHILDREN, pairs.children.size)
    rows = slice(pairs.offsets[begin], pairs.offsets[end])
    if guesses is None:
        return np.empty((rows.stop - rows.start, 0), dtype=np.float32)
    part = Pairs(
        pairs.children[begin:end], pairs.offsets[begin : end + 1] - rows.start, pairs.left[rows], pairs.right[rows]
    )
    return conversation.measure(stream, part, guesses, guesses.shares[rows])


def measure_columns(stream: Stream, pairs: Pairs, signals: tuple[StreamSignal, ...]) -> Table:
    """All columns of the signals side by side: float32[pairs, columns]."""
    return np.concatenate([signal.measure(stream, pairs) for signal in signals], axis=1)


def list_slice(stream: Stream, children: Ints, window: int, number: int) -> Pairs:
    """All candidates of one slice of the children."""
    part = children[number * SLICE_CHILDREN : (number + 1) * SLICE_CHILDREN]
    return list_candidates(stream.context, part, np.full(stream.context.n_posts, window)[part], reach=True)


def sift_candidates(
    stream: Stream, children: Ints, window: int, signals: tuple[StreamSignal, ...], sieve: Forest, keep: int
) -> Sifted:
    """The best few candidates of each child by a rough score; answering none always stays."""

    def sift(number: int) -> tuple[Ints, Pairs]:
        whole = list_slice(stream, children, window, number)
        scores = np.round(run_forest(sieve, measure_columns(stream, whole, signals)), DECIMALS)
        rows = _keep_best(scores, whole.offsets, keep)
        return rows, Pairs(whole.children, np.searchsorted(rows, whole.offsets), whole.left[rows], whole.right[rows])

    found = _work(sift, count_slices(children))
    counts = [np.diff(part.offsets) for _, part in found]
    offsets = np.append(0, np.cumsum(np.concatenate([*counts, np.zeros(0, np.int64)]))).astype(np.int64)
    left, right = (
        np.concatenate([*(getattr(part, side) for _, part in found), np.zeros(0, np.int64)]).astype(np.int64)
        for side in ("left", "right")
    )
    return Sifted(Pairs(children, offsets, left, right), window, tuple(rows for rows, _ in found))


def count_slices(children: Ints) -> list[int]:
    """Numbers of the slices of the children."""
    return list(range(-(-children.size // SLICE_CHILDREN)))


def measure_slice(stream: Stream, sifted: Sifted, signals: tuple[StreamSignal, ...], number: int) -> Table:
    """Columns of the kept candidates of one slice, measured among all candidates."""
    whole = list_slice(stream, sifted.pairs.children, sifted.window, number)
    return measure_columns(stream, whole, signals)[sifted.rows[number]]


def measure_pass(
    stream: Stream,
    sifted: Sifted,
    signals: tuple[StreamSignal, ...],
    guesses: conversation.Guesses | None,
    number: int,
) -> Table:
    """What a pass looks at in one slice: `measure_slice`, and from the second pass on `measure_later` behind it."""
    own = measure_slice(stream, sifted, signals, number)
    return np.concatenate([own, measure_later(stream, sifted.pairs, guesses, number)], axis=1)


def score_pass(
    stream: Stream,
    sifted: Sifted,
    signals: tuple[StreamSignal, ...],
    forest: Forest,
    guesses: conversation.Guesses | None,
) -> Floats:
    """Scores of a pass over kept candidates, rounded so that what differs by less is a tie: float64[pairs]."""
    found = _work(
        lambda number: run_forest(forest, measure_pass(stream, sifted, signals, guesses, number)),
        count_slices(sifted.pairs.children),
    )
    return np.round(np.concatenate([*found, np.zeros(0)]), DECIMALS)


def explain_pass(model: StreamModel, stream: Stream, passed: Passed, rows: Ints) -> Floats:
    """What each signal added to the last scores of some pairs: float64[rows, signals + 2].

    The last columns are what the conversations added, and the prior; a row sums to its score, but for rounding.

    Args:
        rows: int64[rows], numbers of kept pairs, ascending.
    """
    sizes = [len(signal.features) for signal in model.signals] + [conversation.N_FEATURES]
    forest = model.passes[passed.number - 1]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    offsets = passed.sifted.pairs.offsets

    def explain(number: int) -> Floats:
        begin = offsets[number * SLICE_CHILDREN]
        end = offsets[min((number + 1) * SLICE_CHILDREN, offsets.size - 1)]
        here = rows[np.searchsorted(rows, begin) : np.searchsorted(rows, end)] - begin
        table = measure_pass(stream, passed.sifted, model.signals, passed.guesses, number)[here]
        return attribute_forest(forest, table, groups, len(sizes))

    found = _work(explain, count_slices(passed.sifted.pairs.children))
    return np.concatenate([*found, np.zeros((0, len(sizes) + 1))])


_R = TypeVar("_R")


def _work(task: Callable[[int], _R], numbers: list[int]) -> list[_R]:
    """Results in the order of the numbers, a few at work at a time."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(task, numbers))


@njit(cache=True, nogil=True)
def _keep_best(scores: Floats, offsets: Ints, keep: int) -> Ints:
    """Rows of the best candidates of each child, in their order; of equals the nearer. The first row always stays."""
    rows = np.empty(scores.size, dtype=np.int64)
    taken = np.zeros(scores.size, dtype=np.bool_)
    n = 0
    for c in range(offsets.size - 1):
        begin, end = offsets[c], offsets[c + 1]
        rows[n] = begin
        n += 1
        taken[begin + 1 : end] = end - begin - 1 <= keep
        # Choosing a few of a window again and again: numba takes two seconds to compile np.argsort.
        for _ in range(keep if end - begin - 1 > keep else 0):
            best = -1
            for at in range(begin + 1, end):
                if not taken[at] and (best < 0 or scores[at] > scores[best]):
                    best = at
            taken[best] = True
        for at in range(begin + 1, end):
            if taken[at]:
                rows[n] = at
                n += 1
    return rows[:n]
