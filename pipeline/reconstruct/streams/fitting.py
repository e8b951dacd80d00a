"""Fitting the model of a family of streams: boosted trees under a listwise loss, pass by pass, each cross-fitted.

In: streams with known parents. Out: a `StreamModel`.

>>> model = fit_streams(FAMILIES["chat"], grounds, rounds=(200, 200))

Streams are cut into blocks that fall into two halves; the forest of one half scores the other, so that a later pass is
fitted to conversations as wrong as those it will meet, and confidences are calibrated on lines that were not fitted to.
The model that is kept has the mean of both forests. One thread, fixed seeds: training twice gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.algorithms.forests import Forest, join_forests, run_forest
from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.decoding import temper_shares, weigh_candidates
from pipeline.reconstruct.streams.conversations import choose_by_conversation
from pipeline.reconstruct.streams.families import Family
from pipeline.reconstruct.streams.grounds import StreamGround, find_known
from pipeline.reconstruct.streams.growing import fit_forest
from pipeline.reconstruct.streams.model import StreamModel, load_stream_model, save_stream_model
from pipeline.reconstruct.streams.passes import (
    DECIMALS,
    SLICE_CHILDREN,
    Sifted,
    count_slices,
    list_slice,
    make_guesses,
    measure_columns,
    measure_later,
    measure_slice,
    sift_candidates,
)
from pipeline.reconstruct.streams.signals import StreamSignal, conversation

NONE = -1
KEEP = 20
SIEVE_ROUNDS = 60
BLOCK = 2000  # lines of a long list that fall into the same half
SIEVE_CHILDREN = 8000
SIEVE_NEAREST = 12  # candidates that the sieve is fitted to: these, and one in SIEVE_SHARE of the others
SIEVE_SHARE = 6
TEMPERATURES = tuple(round(float(value), 3) for value in np.geomspace(0.6, 2.0, 49))


@dataclass(frozen=True, eq=False)
class _Sample:
    """Kept candidates of one ground, measured: of known lines alone, which are fitted to."""

    ground: StreamGround
    sifted: Sifted
    table: Table
    truth: Table
    half: Ints


def fit_streams(
    family: Family,
    grounds: Sequence[StreamGround],
    rounds: Sequence[int],
    keep: int = KEEP,
    sieve_rounds: int = SIEVE_ROUNDS,
    say: Callable[[str], None] = lambda _: None,
) -> StreamModel:
    """The model of a family, as it comes back from a pack.

    Args:
        family: what is looked at.
        grounds: one per corpus and kind of lens.
        rounds: trees of each pass and half.
        keep: candidates of each line that the sieve leaves.
        sieve_rounds: trees of the sieve.
        say: told of each step as it ends.
    """
    sieve = _fit_sieve(family.signals, grounds, sieve_rounds)
    blocks = _number_blocks(grounds)
    samples = [
        _sift(ground, family.signals, sieve, keep, block % 2) for ground, block in zip(grounds, blocks, strict=True)
    ]
    say(f"{family.name}: {sum(sample.truth.size for sample in samples):,} pairs kept")
    guesses: list[conversation.Guesses | None] = [None] * len(samples)
    passes: list[Forest] = []
    temperature: dict[str, list[float]] = {}
    accuracy: dict[str, list[float]] = {}
    for trees in rounds:
        later = [_look_later(sample, guess) for sample, guess in zip(samples, guesses, strict=True)]
        halves = [_fit_half(samples, later, half, trees) for half in (0, 1)]
        found = [_decide_out(sample, extra, halves) for sample, extra in zip(samples, later, strict=True)]
        guesses = [
            make_guesses(sample.sifted.pairs, share, choice, np.full(sample.ground.stream.context.n_posts, NONE))
            for sample, (share, choice) in zip(samples, found, strict=True)
        ]
        passes.append(join_forests(halves, [0.5, 0.5]))
        for kind in sorted({ground.kind for ground in grounds}):
            warmth, right = _calibrate(kind, samples, found)
            temperature.setdefault(kind, []).append(warmth)
            accuracy.setdefault(kind, []).append(right)
            say(f"{family.name}-{kind}: pass {len(passes)}, {right:.4f} right out of fold, temperature {warmth}")
    model = StreamModel(
        family.name,
        family.signals,
        sieve,
        keep,
        tuple(passes),
        {kind: tuple(values) for kind, values in temperature.items()},
        {kind: tuple(values) for kind, values in accuracy.items()},
    )
    return load_stream_model(save_stream_model(model))


def _fit_sieve(signals: tuple[StreamSignal, ...], grounds: Sequence[StreamGround], rounds: int) -> Forest:
    """A small forest over a sample of lines and of their candidates."""
    tables, truths, counts, skips = [], [], [], []
    for ground in grounds:
        step = max(1, ground.children.size // SIEVE_CHILDREN)
        for number in count_slices(ground.children[::step]):
            pairs = list_slice(ground.stream, ground.children[::step], ground.window, number)
            truth = ground.truth(pairs)
            back = np.arange(pairs.left.size) - np.repeat(pairs.offsets[:-1], np.diff(pairs.offsets))
            drawn = (pairs.left * 7 + pairs.right * 13) % SIEVE_SHARE == 0
            known = np.repeat(np.add.reduceat(truth, pairs.offsets[:-1]) > 0, np.diff(pairs.offsets))
            rows = np.flatnonzero(known & ((back <= SIEVE_NEAREST) | drawn | (truth > 0)))
            tables.append(measure_columns(ground.stream, pairs, signals)[rows])
            truths.append(truth[rows])
            skips.append((back[rows] == 0) & (not ground.knows_none))
            lengths = np.diff(np.searchsorted(rows, pairs.offsets))
            counts.append(lengths[lengths > 0])
    offsets = np.append(0, np.cumsum(np.concatenate(counts))).astype(np.int64)
    weight = np.ones(offsets.size - 1)
    return fit_forest(
        np.concatenate(tables), np.concatenate(truths), weight, offsets, np.concatenate(skips), rounds,
        num_leaves=24, learning_rate=0.2,
    )  # fmt: skip


def _number_blocks(grounds: Sequence[StreamGround]) -> list[Ints]:
    """For each ground int64[children], the block of each line; blocks are counted over all grounds."""
    numbers, counted = [], 0
    for ground in grounds:
        context = ground.stream.context
        key = context.first * (context.n_posts // BLOCK + 1) + context.place // BLOCK
        distinct, block = np.unique(key[ground.children], return_inverse=True)
        numbers.append(block + counted)
        counted += distinct.size
    return numbers


def _sift(ground: StreamGround, signals: tuple[StreamSignal, ...], sieve: Forest, keep: int, half: Ints) -> _Sample:
    sifted = sift_candidates(ground.stream, ground.children, ground.window, signals, sieve, keep)
    tables = [measure_slice(ground.stream, sifted, signals, number) for number in count_slices(ground.children)]
    return _Sample(ground, sifted, np.concatenate(tables), ground.truth(sifted.pairs), half)


def _known(sample: _Sample) -> Flags:
    """bool[pairs]: rows of lines whose true parent is among the kept candidates."""
    offsets = sample.sifted.pairs.offsets
    known: Flags = np.repeat(np.add.reduceat(sample.truth, offsets[:-1]) > 0, np.diff(offsets))
    return known


def _fit_half(samples: Sequence[_Sample], later: Sequence[Table], half: int, rounds: int) -> Forest:
    """The forest fitted to one half of the blocks."""
    tables, truths, counts, weights, skips = [], [], [], [], []
    for sample, extra in zip(samples, later, strict=True):
        pairs = sample.sifted.pairs
        lengths = np.diff(pairs.offsets)
        rows = np.flatnonzero(_known(sample) & np.repeat(sample.half == half, lengths))
        tables.append(np.concatenate([sample.table[rows], extra[rows]], axis=1))
        truths.append(sample.truth[rows])
        skips.append(pairs.is_top[rows] & (not sample.ground.knows_none))
        used = np.diff(np.searchsorted(rows, pairs.offsets))
        counts.append(used[used > 0])
        weights.append(np.full(counts[-1].size, sample.ground.weight))
    offsets = np.append(0, np.cumsum(np.concatenate(counts))).astype(np.int64)
    return fit_forest(
        np.concatenate(tables), np.concatenate(truths), np.concatenate(weights), offsets, np.concatenate(skips), rounds
    )


def _look_later(sample: _Sample, guesses: conversation.Guesses | None) -> Table:
    """What the conversations guessed so far tell of all kept pairs."""
    pairs = sample.sifted.pairs
    slices = count_slices(pairs.children)
    return np.concatenate([measure_later(sample.ground.stream, pairs, guesses, number) for number in slices])


def _decide_out(sample: _Sample, later: Table, halves: Sequence[Forest]) -> tuple[Floats, Ints]:
    """Shares of all kept pairs by the forest that was not fitted to them, and the rows that they choose."""
    pairs = sample.sifted.pairs
    scores = np.zeros(pairs.left.size)
    half = np.repeat(sample.half, np.diff(pairs.offsets))
    for number in count_slices(pairs.children):
        last = min((number + 1) * SLICE_CHILDREN, pairs.children.size)
        rows = np.arange(pairs.offsets[number * SLICE_CHILDREN], pairs.offsets[last])
        for which in (0, 1):
            here = rows[half[rows] == 1 - which]
            scores[here] = run_forest(halves[which], np.concatenate([sample.table[here], later[here]], axis=1))
    shares = weigh_candidates(np.round(scores, DECIMALS), pairs.offsets)
    return shares, choose_by_conversation(shares, pairs, sample.ground.stream.context.n_posts)


def _calibrate(kind: str, samples: Sequence[_Sample], decided: Sequence[tuple[Floats, Ints]]) -> tuple[float, float]:
    """The temperature under which out-of-fold confidences of chosen links surprise least, and the share that is right.

    Corpora count alike, whatever their size; those that do not know who answers none do not count.
    """
    found = []
    for sample, (share, choice) in zip(samples, decided, strict=True):
        pairs = sample.sifted.pairs
        known = find_known(sample.ground, pairs)
        if sample.ground.kind == kind and sample.ground.knows_none and known.any():
            found.append((share, pairs.offsets, choice, known, (sample.truth[choice] > 0)[known]))

    def surprise(temperature: float) -> float:
        total = 0.0
        for share, offsets, choice, known, right in found:
            confidence = np.clip(temper_shares(share, offsets, temperature)[choice][known], 1e-4, 1 - 1e-4)
            total += float(-np.log(np.where(right, confidence, 1 - confidence)).mean())
        return total

    if not found:
        return 1.0, 0.5
    return min(TEMPERATURES, key=surprise), round(float(np.mean([right.mean() for *_, right in found])), 4)
