"""Fitting the model of a lens: gradients of the likelihood of true trees (pages) or true parents (time order).

In: grounds, that is discussions with known parents laid out and measured. Out: a `LinkModel`, not yet calibrated.

>>> model = fit_model("page-text", [lay_ground("page-text", lesson, pack, window=128)])

On pages the likelihood is that of the whole tree among all trees that page order allows (a conditional random field),
so that a wrong branch pays for every mistake it forces further down; fitting one choice at a time on true paths never
learns what a wrong path looks like. Adam (Kingma & Ba 2015) with a fixed seed; discussions are drawn in a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numba import njit

from pipeline.reconstruct.arrays import Flags, Floats, Ints
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.decoding import weigh_candidates, weigh_trees
from pipeline.reconstruct.grounds import Ground
from pipeline.reconstruct.scoring import ROLES, LinkModel, add_words, say_words
from pipeline.reconstruct.signals import choose_signals

UNITS = 24
EPOCHS = 5
BATCH_PAIRS = 24_000
RATE = 0.01
WORD_RATE = 0.01
WORD_DECAY = 0.15
DECAY = 0.02
MIN_POSTS_WITH_WORD = 12
MAX_WORDS = 3000
SEED = 20261123


@njit(cache=True, nogil=True)
def weigh_pages(scores: Floats, offsets: Ints, starts: Ints) -> tuple[Floats, Floats]:
    """Posteriors of the rows of whole pages whose children all are listed with all posts of a window before them.

    Returns:
        float64[rows], and for each page the logarithm of the weight of all its trees relative to the scores.
    """
    out = np.empty(scores.size)
    totals = np.zeros(starts.size - 1)
    for page in range(starts.size - 1):
        begin, end = starts[page], starts[page + 1]
        span = 1
        for c in range(begin, end):
            span = max(span, offsets[c + 1] - offsets[c])
        weights = np.zeros((end - begin, span))
        for c in range(begin, end):
            top = -np.inf
            for row in range(offsets[c], offsets[c + 1]):
                top = max(top, scores[row])
            totals[page] += top
            for row in range(offsets[c], offsets[c + 1]):
                weights[c - begin, row - offsets[c]] = np.exp(scores[row] - top)
        posterior, log_total = weigh_trees(weights)
        totals[page] += log_total
        for c in range(begin, end):
            for row in range(offsets[c], offsets[c + 1]):
                out[row] = posterior[c - begin, row - offsets[c]]
    return out, totals


@njit(cache=True, nogil=True)
def _spread_words(
    gradient: Floats, offsets: Ints, values: Ints, first_word: Ints, inside: Ints, first: Ints, n_words: int
) -> Floats:
    """Gradient of word weights from the gradient of each entry's sums: the transpose of `add_words`."""
    out = np.zeros((n_words, gradient.shape[1]))
    for entry in range(offsets.size - 1):
        if not gradient[entry].any():
            continue
        known = 0
        for at in range(offsets[entry], offsets[entry + 1]):
            known += inside[values[at]] >= 0
        for at in range(offsets[entry], offsets[entry + 1]):
            if inside[values[at]] >= 0:
                out[inside[values[at]]] += gradient[entry] / np.sqrt(known)
        if first_word[entry] >= 0 and first[first_word[entry]] >= 0:
            out[first[first_word[entry]]] += gradient[entry]
    return out


@njit(cache=True, nogil=True)
def _gather_words(gradient: Floats, left: Ints, right: Ints, is_top: Flags, n_entries: int) -> Floats:
    """Gradient of each entry's word sums from the gradient of the pairs: the transpose of `say_words`."""
    out = np.zeros((n_entries, 4))
    for row in range(left.size):
        if is_top[row]:
            out[right[row], 0] += gradient[row]
            continue
        out[left[row], 2] += gradient[row]
        if left[row] == right[row] - 1:
            out[right[row], 1] += gradient[row]
            out[left[row], 3] += gradient[row]
    return out


def choose_words(grounds: list[Ground]) -> pl.Series:
    """Words that stand in (or, with "^", begin) enough posts to be given weights, ascending."""
    found = []
    for ground in grounds:
        context = ground.context
        inside = np.bincount(context.words.values, minlength=context.vocabulary.len())
        first = np.bincount(context.first_word[context.first_word >= 0], minlength=context.vocabulary.len())
        for marked, counts in ((pl.lit(""), inside), (pl.lit("^"), first)):
            counted = pl.DataFrame({"word": context.vocabulary, "posts": counts})
            found.append(counted.with_columns(pl.concat_str(marked, "word").alias("word")))
    total = pl.concat(found).group_by("word").agg(pl.col("posts").sum()).filter(pl.col("posts") >= MIN_POSTS_WITH_WORD)
    return total.sort("posts", "word", descending=[True, False]).head(MAX_WORDS)["word"].sort()


class _Adam:
    """Adam's running means for a list of weights, updated in place."""

    def __init__(self, weights: list[Floats], rates: list[float], decays: list[float]) -> None:
        self.weights, self.rates, self.decays = weights, rates, decays
        self.mean = [np.zeros_like(weight) for weight in weights]
        self.square = [np.zeros_like(weight) for weight in weights]
        self.step = 0

    def move(self, gradients: list[Floats], pace: float) -> None:
        self.step += 1
        for at, gradient in enumerate(gradients):
            self.mean[at] += 0.1 * (gradient - self.mean[at])
            self.square[at] += 0.001 * (gradient * gradient - self.square[at])
            mean = self.mean[at] / (1 - 0.9**self.step)
            square = self.square[at] / (1 - 0.999**self.step)
            step = mean / (np.sqrt(square) + 1e-8) + self.decays[at] * self.weights[at] / max(pace, 1e-3)
            self.weights[at] -= self.rates[at] * pace * step


@dataclass(frozen=True, eq=False)
class _Words:
    """Where the words of a ground stand in the lexicon, -1 where they do not."""

    inside: Ints
    first: Ints


def _place_words(words: pl.Series, context: Context) -> _Words:
    known = pl.DataFrame({"word": words, "at": np.arange(words.len())})
    vocabulary = context.vocabulary.to_frame("word")
    marked = vocabulary.select(pl.concat_str(pl.lit("^"), "word").alias("word"))
    found = [
        frame.join(known, on="word", how="left", maintain_order="left")["at"].fill_null(-1).to_numpy()
        for frame in (vocabulary, marked)
    ]
    return _Words(found[0], found[1])


def fit_model(lens: str, grounds: list[Ground], epochs: int = EPOCHS, units: int = UNITS) -> LinkModel:
    """The model of a lens, fitted to the grounds.

    Args:
        lens: its name.
        grounds: laid for this lens.
        epochs: how often each discussion is looked at.
        units: width of the network.
    """
    chance = np.random.default_rng(SEED)
    signals = choose_signals(lens.split("-")[1])
    usual = _measure_usual(grounds)
    n_columns = usual.size
    words = choose_words(grounds)
    placed = [_place_words(words, ground.context) for ground in grounds]
    hidden = chance.normal(0, 1 / np.sqrt(n_columns), (n_columns, units))
    weights = [
        hidden,
        np.zeros(units),
        chance.normal(0, 0.1, units),
        np.zeros(n_columns),
        np.zeros((words.len(), len(ROLES))),
    ]
    adam = _Adam(weights, [RATE, RATE, RATE, RATE, WORD_RATE], [DECAY, 0.0, DECAY, DECAY, WORD_DECAY])
    batches = [(at, batch) for at, ground in enumerate(grounds) for batch in _cut_batches(ground)]
    total_steps, step = epochs * len(batches), 0
    for _ in range(epochs):
        for number in chance.permutation(len(batches)):
            at, (begin, end) = batches[number]
            gradients = _measure_gradient(grounds[at], placed[at], begin, end, usual, weights)
            pace = min(1.0, (step + 1) / (0.05 * total_steps)) * (1 - step / total_steps) ** 0.7
            adam.move(gradients, pace)
            step += 1
    return LinkModel(
        lens=lens,
        signals=signals,
        usual=usual,
        hidden=weights[0],
        bias=weights[1],
        out=weights[2],
        skip=weights[3],
        words=words,
        word_weights=weights[4],
        temperature=1.0,
        expected_accuracy=0.0,
    )


def _measure_usual(grounds: list[Ground]) -> Floats:
    """Root mean square of each column over all pairs; 1 where it is always 0."""
    squares = sum(np.einsum("ij,ij->j", ground.table, ground.table, dtype=np.float64) for ground in grounds)
    n = sum(ground.table.shape[0] for ground in grounds)
    usual = np.sqrt(np.asarray(squares) / max(n, 1))
    # A rare finding is not made larger than thirty times a common one.
    return np.where(usual > 0, np.maximum(usual, 0.03), 1.0)


def _cut_batches(ground: Ground) -> list[tuple[int, int]]:
    """Runs of children of about BATCH_PAIRS pairs, of whole discussions in page order: first, one past the last."""
    # In time order children are independent of each other, so a long stream is cut anywhere.
    allowed = ground.starts if ground.in_page_order else np.arange(ground.pairs.children.size + 1)
    bounds = ground.pairs.offsets[allowed]
    cuts = [0]
    while cuts[-1] < allowed.size - 1:
        end = int(np.searchsorted(bounds, bounds[cuts[-1]] + BATCH_PAIRS, side="right")) - 1
        cuts.append(max(end, cuts[-1] + 1))
    edges = [int(edge) for edge in allowed[cuts]]
    return [(a, b) for a, b in pairwise(edges) if ground.weight[a:b].any()]


def _measure_gradient(
    ground: Ground, placed: _Words, begin: int, end: int, usual: Floats, weights: list[Floats]
) -> list[Floats]:
    """Gradient of the mean negative log likelihood of a run of children."""
    hidden, bias, out, skip, word_weights = weights
    context, pairs = ground.context, ground.pairs
    first, last = pairs.offsets[begin], pairs.offsets[end]
    offsets = pairs.offsets[begin : end + 1] - first
    x = ground.table[first:last] / usual.astype(np.float32)
    units = np.tanh(x @ hidden.astype(np.float32) + bias.astype(np.float32))
    left, right = pairs.left[first:last], pairs.right[first:last]
    is_top = np.zeros(left.size, dtype=np.bool_)
    is_top[offsets[:-1]] = True
    lists = (context.words.offsets, context.words.values, context.first_word, placed.inside, placed.first)
    said = add_words(*lists, word_weights)
    scores = (units @ out.astype(np.float32) + x @ skip.astype(np.float32)).astype(np.float64) + say_words(
        said, left, right, is_top
    )
    if ground.in_page_order:
        starts = ground.starts[(ground.starts >= begin) & (ground.starts <= end)] - begin
        posterior = weigh_pages(scores, offsets, starts)[0]
    else:
        posterior = weigh_candidates(scores, offsets)
    weight = np.repeat(ground.weight[begin:end], np.diff(offsets))
    gradient = weight * (posterior - ground.truth[first:last]) / max(float(ground.weight[begin:end].sum()), 1e-9)
    gradient *= np.sqrt(ground.weight[begin:end].sum() / 600.0)
    g32 = gradient.astype(np.float32)
    back = g32[:, None] * out.astype(np.float32) * (1 - units * units)
    spread = _spread_words(_gather_words(gradient, left, right, is_top, said.shape[0]), *lists, word_weights.shape[0])
    return [
        (x.T @ back).astype(np.float64),
        back.sum(axis=0).astype(np.float64),
        (units.T @ g32).astype(np.float64),
        (x.T @ g32).astype(np.float64),
        spread,
    ]
