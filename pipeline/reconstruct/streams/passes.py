"""Passes over a stream: a sieve leaves few candidates, the first pass looks at pairs, later ones at conversations too.

In: a stream and the lines whose parents are sought. Out: the kept candidates, the share of each, and which are chosen.

>>> found = run_passes(model, stream, children, window=100, parents=declared, passes=3)

The first pass scores the candidates that the sieve left; shares are the softmax of scores. What has next to no share
then is dropped, and each later pass adds to the scores of the rest what the conversations tell that the choices before
it built. All candidates and their columns exist for a slice of children at a time only, so memory grows with the kept
candidates (about ten a line) and not with what is measured.
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
from pipeline.reconstruct.streams.model import StreamModel, read_stream
from pipeline.reconstruct.streams.signals import StreamSignal, conversation

SLICE_CHILDREN = 4096  # lines whose columns are held at a time
THREADS = 2  # slices measured at once: kernels leave the interpreter alone
DECIMALS = 4  # of scores; what is closer is a tie
SIEVE_MARGIN = 5.0  # rough scores below the best of a line by more are not kept
LEAST_SHARE = 0.002  # of the first pass, for later ones to look at a candidate
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

    def narrow(self, kept: Ints) -> Sifted:
        """The same with some of the pairs alone: int64[kept], ascending, at least one of each child."""
        firsts = np.minimum(np.arange(len(self.rows) + 1) * SLICE_CHILDREN, self.pairs.children.size)
        ends = self.pairs.offsets[firsts]
        cuts = np.searchsorted(kept, ends)
        rows = tuple(
            own[kept[begin:end] - start]
            for own, begin, end, start in zip(self.rows, cuts[:-1], cuts[1:], ends[:-1], strict=True)
        )
        return Sifted(narrow_pairs(self.pairs, kept), self.window, rows)


@dataclass(frozen=True, eq=False)
class Passed:
    """What the passes found.

    Attributes:
        sifted: the kept candidates.
        scores: float64[pairs], of the last pass; shares: float64[pairs], their softmax for each child.
        chosen: int64[children], rows of pairs.
        guesses: what each pass but the last made of the stream.
        number: how many passes were made.
    """

    sifted: Sifted
    scores: Floats
    shares: Floats
    chosen: Ints
    guesses: tuple[conversation.Guesses, ...]
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
    stream = read_stream(model, stream)
    forests = model.passes[:passes]
    sifted, scores = sift_candidates(stream, children, window, model.signals, model.sieve, model.keep, forests[0])
    if denied is not None:
        scores = np.where(denied(sifted.pairs), IMPOSSIBLE, scores)
    shares, chosen = decide(stream, sifted.pairs, scores)
    guesses: list[conversation.Guesses] = []
    if len(forests) > 1:
        kept = find_likely(shares, sifted.pairs, chosen)
        sifted, scores = sifted.narrow(kept), scores[kept]
        shares, chosen = weigh_candidates(scores, sifted.pairs.offsets), np.searchsorted(kept, chosen)
    for forest in forests[1:]:
        guesses.append(make_guesses(sifted.pairs, shares, chosen, parents))
        scores = np.round(scores + add_pass(stream, sifted.pairs, forest, guesses[-1]), DECIMALS)
        shares, chosen = decide(stream, sifted.pairs, scores)
    return Passed(sifted, scores, shares, chosen, tuple(guesses), len(forests))


def decide(stream: Stream, pairs: Pairs, scores: Floats) -> tuple[Floats, Ints]:
    """Shares of all pairs, and the rows that are chosen."""
    shares = weigh_candidates(scores, pairs.offsets)
    return shares, choose_by_conversation(shares, pairs, stream.context.n_posts)


def find_likely(shares: Floats, pairs: Pairs, chosen: Ints) -> Ints:
    """Rows that later passes look at: of no tiny share, the chosen ones, and answering none."""
    likely = shares >= LEAST_SHARE
    likely[pairs.offsets[:-1]] = True
    likely[chosen] = True
    return np.flatnonzero(likely)


def narrow_pairs(pairs: Pairs, kept: Ints) -> Pairs:
    """Some of the pairs: int64[kept], ascending."""
    return Pairs(pairs.children, np.searchsorted(kept, pairs.offsets), pairs.left[kept], pairs.right[kept])


def make_guesses(pairs: Pairs, shares: Floats, chosen: Ints, parents: Ints) -> conversation.Guesses:
    """What chosen rows make of a stream whose other lines have declared parents."""
    guessed, sure = parents.copy(), np.ones(parents.size)
    guessed[pairs.children] = np.where(chosen == pairs.offsets[:-1], -1, pairs.left[chosen])
    sure[pairs.children] = shares[chosen]
    return conversation.Guesses(guessed, find_conversations(guessed), sure, shares)


def measure_later(stream: Stream, pairs: Pairs, guesses: conversation.Guesses, number: int) -> Table:
    """Columns of one slice of children that tell of the conversations they find."""
    begin, end = number * SLICE_CHILDREN, min((number + 1) * SLICE_CHILDREN, pairs.children.size)
    rows = slice(pairs.offsets[begin], pairs.offsets[end])
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
    stream: Stream,
    children: Ints,
    window: int,
    signals: tuple[StreamSignal, ...],
    sieve: Forest,
    keep: int,
    forest: Forest | None = None,
) -> tuple[Sifted, Floats]:
    """The best few candidates of each child by a rough score, and their scores by a forest that looks at the same
    columns (float64[pairs]; zeros without one). Answering none always stays."""

    def sift(number: int) -> tuple[Ints, Pairs, Floats]:
        whole = list_slice(stream, children, window, number)
        table = measure_columns(stream, whole, signals)
        scores = np.round(run_forest(sieve, table), DECIMALS)
        rows = _keep_best(scores, whole.offsets, keep, SIEVE_MARGIN)
        pairs = Pairs(whole.children, np.searchsorted(rows, whole.offsets), whole.left[rows], whole.right[rows])
        own = np.zeros(rows.size) if forest is None else np.round(run_forest(forest, table[rows]), DECIMALS)
        return rows, pairs, own

    found = _work(sift, count_slices(children))
    counts = [np.diff(part.offsets) for _, part, _ in found]
    offsets = np.append(0, np.cumsum(np.concatenate([*counts, np.zeros(0, np.int64)]))).astype(np.int64)
    left, right = (
        np.concatenate([*(getattr(part, side) for _, part, _ in found), np.zeros(0, np.int64)]).astype(np.int64)
        for side in ("left", "right")
    )
    sifted = Sifted(Pairs(children, offsets, left, right), window, tuple(rows for rows, *_ in found))
    return sifted, np.concatenate([*(scores for *_, scores in found), np.zeros(0)])


def count_slices(children: Ints) -> list[int]:
    """Numbers of the slices of the children."""
    return list(range(-(-children.size // SLICE_CHILDREN)))


def measure_slice(
    stream: Stream, sifted: Sifted, signals: tuple[StreamSignal, ...], number: int, some: Ints | None = None
) -> Table:
    """Columns of the kept candidates of one slice (of some of them), measured among all candidates."""
    whole = list_slice(stream, sifted.pairs.children, sifted.window, number)
    rows = sifted.rows[number] if some is None else sifted.rows[number][some]
    return np.concatenate([signal.measure(stream, whole)[rows] for signal in signals], axis=1)


def add_pass(stream: Stream, pairs: Pairs, forest: Forest, guesses: conversation.Guesses) -> Floats:
    """What a later pass adds to the scores of kept candidates: float64[pairs]."""
    found = _work(
        lambda number: run_forest(forest, measure_later(stream, pairs, guesses, number)), count_slices(pairs.children)
    )
    return np.concatenate([*found, np.zeros(0)])


def explain_pass(model: StreamModel, stream: Stream, passed: Passed, rows: Ints) -> Floats:
    """What each signal added to the last scores of some pairs: float64[rows, signals + 2].

    The last columns are what the conversations added, and the prior; a row sums to its score, but for rounding.

    Args:
        rows: int64[rows], numbers of kept pairs, ascending.
    """
    stream = read_stream(model, stream)
    n = len(model.signals)
    groups = np.repeat(np.arange(n), [len(signal.features) for signal in model.signals])
    pairs = passed.sifted.pairs
    offsets = pairs.offsets

    def explain(number: int) -> Floats:
        begin = offsets[number * SLICE_CHILDREN]
        end = offsets[min((number + 1) * SLICE_CHILDREN, offsets.size - 1)]
        here = rows[np.searchsorted(rows, begin) : np.searchsorted(rows, end)] - begin
        table = measure_slice(stream, passed.sifted, model.signals, number, here)
        first = attribute_forest(model.passes[0], table, groups, n)
        parts = np.concatenate([first[:, :n], np.zeros((here.size, 1)), first[:, n:]], axis=1)
        for forest, guesses in zip(model.passes[1 : passed.number], passed.guesses, strict=True):
            later = measure_later(stream, pairs, guesses, number)[here]
            parts[:, n:] += attribute_forest(forest, later, np.zeros(later.shape[1], dtype=np.int64), 1)
        return parts

    found = _work(explain, count_slices(pairs.children))
    return np.concatenate([*found, np.zeros((0, n + 2))])


_R = TypeVar("_R")


def _work(task: Callable[[int], _R], numbers: list[int]) -> list[_R]:
    """Results in the order of the numbers, a few at work at a time."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(task, numbers))


@njit(cache=True, nogil=True)
def _keep_best(scores: Floats, offsets: Ints, keep: int, margin: float) -> Ints:
    """Rows of the best candidates of each child that are near enough to its best, in their order; of equals the nearer.
    The first row always stays."""
    rows = np.empty(scores.size, dtype=np.int64)
    taken = np.zeros(scores.size, dtype=np.bool_)
    n = 0
    for c in range(offsets.size - 1):
        begin, end = offsets[c], offsets[c + 1]
        rows[n] = begin
        n += 1
        top = scores[begin]
        for at in range(begin + 1, end):
            top = max(top, scores[at])
        near = 0
        for at in range(begin + 1, end):
            taken[at] = scores[at] >= top - margin
            near += taken[at]
        # Dropping the worst of a few again and again: numba takes two seconds to compile np.argsort.
        while near > keep:
            worst = -1
            for at in range(begin + 1, end):
                if taken[at] and (worst < 0 or scores[at] <= scores[worst]):
                    worst = at
            taken[worst] = False
            near -= 1
        for at in range(begin + 1, end):
            if taken[at]:
                rows[n] = at
                n += 1
    return rows[:n]
