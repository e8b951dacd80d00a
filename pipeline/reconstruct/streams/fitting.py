"""Fitting the model of a family of streams: boosted trees under a listwise loss, pass by pass, each cross-fitted.

In: streams with known parents. Out: a `StreamModel`.

>>> model = fit_streams(FAMILIES["chat"], grounds, rounds=(200, 200))

Streams are cut into blocks that fall into FOLDS folds; each fold is scored by the forest that was fitted to the others,
so that a later pass is fitted to conversations as wrong as those it will meet, and confidences are calibrated on lines
that were not fitted to. The model that is kept has the mean of all forests. One thread, fixed seeds: training twice
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.algorithms.forests import Forest, join_forests, run_forest
from pipeline.reconstruct.arrays import UNKNOWN, Flags, Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.decoding import temper_shares, weigh_candidates
from pipeline.reconstruct.streams.families import Family
from pipeline.reconstruct.streams.grounds import StreamGround, find_known
from pipeline.reconstruct.streams.growing import fit_forest
from pipeline.reconstruct.streams.lexicon import (
    TELLS,
    Lexicon,
    Tales,
    choose_words,
    fit_lexicon,
    join_lexicons,
    weigh_lines,
)
from pipeline.reconstruct.streams.model import StreamModel, load_stream_model, save_stream_model
from pipeline.reconstruct.streams.passes import (
    DECIMALS,
    SLICE_CHILDREN,
    count_slices,
    decide,
    find_likely,
    list_slice,
    make_guesses,
    measure_columns,
    measure_later,
    measure_slice,
    narrow_pairs,
    sift_candidates,
)
from pipeline.reconstruct.streams.signals import StreamSignal

NONE = -1
TALE_WINDOW = 20  # lines before one among which it is looked up what it answers
FOLDS = 4
KEEP = 20
LATER = {"num_leaves": 16, "learning_rate": 0.1, "min_data_in_leaf": 60}  # later passes correct little
SIEVE_ROUNDS = 60
BLOCK = 2000  # lines of a long list that fall into the same fold
SIEVE_CHILDREN = 8000
SIEVE_NEAREST = 12  # candidates that the sieve is fitted to: these, and one in SIEVE_SHARE of the others
SIEVE_SHARE = 6
TEMPERATURES = tuple(round(float(value), 3) for value in np.geomspace(0.6, 2.0, 49))


@dataclass(frozen=True, eq=False)
class _Sample:
    """Kept candidates of one ground, measured.

    Attributes:
        pairs: of all its lines; table: float32[pairs, columns], what the pass looks at; truth: float32[pairs].
        base: float64[pairs], scores before the pass.
        fold: int64[children], which forest is not fitted to each line.
    """

    ground: StreamGround
    pairs: Pairs
    table: Table
    truth: Table
    base: Floats
    fold: Ints


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
        rounds: trees of each pass and fold.
        keep: candidates of each line that the sieve leaves.
        sieve_rounds: trees of the sieve.
        say: told of each step as it ends.
    """
    folds = _deal_folds(grounds)
    lexicon, grounds = _read_words(grounds, folds)
    say(f"{family.name}: {lexicon.words.len():,} words weighed")
    sieve = _fit_sieve(family.signals, grounds, sieve_rounds)
    samples = [_sift(ground, family.signals, sieve, keep, fold) for ground, fold in zip(grounds, folds, strict=True)]
    passes: list[Forest] = []
    temperature: dict[str, list[float]] = {}
    accuracy: dict[str, list[float]] = {}
    found: list[tuple[Floats, Ints]] = []
    for trees in rounds:
        if passes:
            samples = [_look_later(sample, *decided) for sample, decided in zip(samples, found, strict=True)]
        say(f"{family.name}: {sum(sample.truth.size for sample in samples):,} pairs looked at")
        forests = [_fit_fold(samples, fold, trees, LATER if passes else {}) for fold in range(FOLDS)]
        samples = [_score_out(sample, forests) for sample in samples]
        found = [decide(sample.ground.stream, sample.pairs, sample.base) for sample in samples]
        passes.append(join_forests(forests, [1 / FOLDS] * FOLDS))
        for kind in sorted({ground.kind for ground in grounds}):
            warmth, right = _calibrate(kind, samples, found)
            temperature.setdefault(kind, []).append(warmth)
            accuracy.setdefault(kind, []).append(right)
            say(f"{family.name}-{kind}: pass {len(passes)}, {right:.4f} right out of fold, temperature {warmth}")
    model = StreamModel(
        family.name,
        family.signals,
        lexicon,
        sieve,
        keep,
        tuple(passes),
        {kind: tuple(values) for kind, values in temperature.items()},
        {kind: tuple(values) for kind, values in accuracy.items()},
    )
    return load_stream_model(save_stream_model(model))


def _read_words(grounds: Sequence[StreamGround], folds: Sequence[Ints]) -> tuple[Lexicon, list[StreamGround]]:
    """Weights of words, and the grounds with what the words of each line tell by weights that are not fitted to it."""
    taught = [(_tell_tales(ground), fold) for ground, fold in zip(grounds, folds, strict=True) if ground.kind == "meta"]
    tales = [tale for tale, _ in taught]
    words = choose_words(tales)
    lexicons = [fit_lexicon(words, tales, [fold != which for _, fold in taught]) for which in range(FOLDS)]
    read = []
    for ground, fold in zip(grounds, folds, strict=True):
        told = np.stack([weigh_lines(lexicon, ground.stream.context) for lexicon in lexicons])
        read.append(replace(ground, stream=replace(ground.stream, told=told[fold, np.arange(fold.size)])))
    return join_lexicons(lexicons), read


def _tell_tales(ground: StreamGround) -> Tales:
    """What is known of each line that its words may tell."""
    context = ground.stream.context
    n = context.n_posts
    known, true = np.zeros((len(TELLS), n), dtype=np.bool_), np.zeros((len(TELLS), n), dtype=np.bool_)
    for number in count_slices(ground.children):
        pairs = list_slice(ground.stream, ground.children, TALE_WINDOW, number)
        rows = np.flatnonzero(ground.truth(pairs) > 0)
        starts = np.isin(rows, pairs.offsets[:-1])
        child, parent = pairs.right[rows], pairs.left[rows]
        known[0, child] = ground.knows_none
        true[0, child[starts]] = True
        child, parent = child[~starts], parent[~starts]
        own = context.author[child] == context.author[parent]
        known[1, child] = context.author[child] != UNKNOWN
        true[1, child[own]] = True
        true[2, parent[~own]] = True
    known[:, ground.stream.is_system] = False
    known[2] = known[0]
    return Tales(context, known, true)


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


def _deal_folds(grounds: Sequence[StreamGround]) -> list[Ints]:
    """For each ground int64[children], the fold of each line; blocks of the same lines, through whatever lens they are
    seen, fall into the same fold."""
    keys, blocks = [], []
    for ground in grounds:
        context = ground.stream.context
        own = context.first * (context.n_posts // BLOCK + 1) + context.place // BLOCK
        block = np.unique(own[ground.children], return_inverse=True)[1]
        words = context.n_words[ground.children] * (context.place[ground.children] % BLOCK + 1)
        keys.append(np.bincount(block, weights=words).astype(np.int64))
        blocks.append(block)
    known = np.unique(np.concatenate(keys))
    return [np.searchsorted(known, key)[block] % FOLDS for key, block in zip(keys, blocks, strict=True)]


def _sift(ground: StreamGround, signals: tuple[StreamSignal, ...], sieve: Forest, keep: int, fold: Ints) -> _Sample:
    sifted, scores = sift_candidates(ground.stream, ground.children, ground.window, signals, sieve, keep)
    tables = [measure_slice(ground.stream, sifted, signals, number) for number in count_slices(ground.children)]
    return _Sample(ground, sifted.pairs, np.concatenate(tables), ground.truth(sifted.pairs), scores, fold)


def _known(sample: _Sample) -> Flags:
    """bool[pairs]: rows of lines whose true parent is among the kept candidates."""
    offsets = sample.pairs.offsets
    known: Flags = np.repeat(np.add.reduceat(sample.truth, offsets[:-1]) > 0, np.diff(offsets))
    return known


def _fit_fold(samples: Sequence[_Sample], fold: int, rounds: int, changes: Mapping[str, float]) -> Forest:
    """The forest fitted to the other folds."""
    tables, truths, bases, counts, weights, skips = [], [], [], [], [], []
    for sample in samples:
        pairs = sample.pairs
        rows = np.flatnonzero(_known(sample) & np.repeat(sample.fold != fold, np.diff(pairs.offsets)))
        tables.append(sample.table[rows])
        truths.append(sample.truth[rows])
        bases.append(sample.base[rows])
        skips.append(pairs.is_top[rows] & (not sample.ground.knows_none))
        used = np.diff(np.searchsorted(rows, pairs.offsets))
        counts.append(used[used > 0])
        weights.append(np.full(counts[-1].size, sample.ground.weight))
    offsets = np.append(0, np.cumsum(np.concatenate(counts))).astype(np.int64)
    return fit_forest(
        np.concatenate(tables), np.concatenate(truths), np.concatenate(weights), offsets, np.concatenate(skips), rounds,
        base=np.concatenate(bases), **changes,
    )  # fmt: skip


def _look_later(sample: _Sample, shares: Floats, chosen: Ints) -> _Sample:
    """What a later pass looks at, given what the one before it decided."""
    stream = sample.ground.stream
    kept = find_likely(shares, sample.pairs, chosen)
    pairs, base = narrow_pairs(sample.pairs, kept), sample.base[kept]
    chosen = np.searchsorted(kept, chosen)
    shares = weigh_candidates(base, pairs.offsets)
    guesses = make_guesses(pairs, shares, chosen, np.full(stream.context.n_posts, NONE))
    tables = [measure_later(stream, pairs, guesses, number) for number in count_slices(pairs.children)]
    return replace(sample, pairs=pairs, table=np.concatenate(tables), truth=sample.truth[kept], base=base)


def _score_out(sample: _Sample, forests: Sequence[Forest]) -> _Sample:
    """The sample with the scores of all its pairs by the forest that was not fitted to them as their base."""
    pairs = sample.pairs
    scores = sample.base.copy()
    fold = np.repeat(sample.fold, np.diff(pairs.offsets))
    for number in count_slices(pairs.children):
        last = min((number + 1) * SLICE_CHILDREN, pairs.children.size)
        rows = np.arange(pairs.offsets[number * SLICE_CHILDREN], pairs.offsets[last])
        for which, forest in enumerate(forests):
            here = rows[fold[rows] == which]
            scores[here] += run_forest(forest, sample.table[here])
    return replace(sample, base=np.round(scores, DECIMALS))


def _calibrate(kind: str, samples: Sequence[_Sample], decided: Sequence[tuple[Floats, Ints]]) -> tuple[float, float]:
    """The temperature under which out-of-fold confidences of chosen links surprise least, and the share that is right.

    Corpora count alike, whatever their size; those that do not know who answers none do not count.
    """
    found = []
    for sample, (share, choice) in zip(samples, decided, strict=True):
        pairs = sample.pairs
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
