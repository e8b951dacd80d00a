"""What the words of a line tell of it: that it starts a conversation, goes on with its author's own, will be answered.

In: a `Context`. Out: log-odds of each line, which signals look at; and how the weights of words are fitted.

>>> weigh_lines(lexicon, context).shape        # float32[posts, len(TELLS)]

Three logistic regressions over which words a line has and which one it begins with. They know nothing of other lines:
boosted trees weigh them against the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numba import njit

from pipeline.reconstruct.arrays import UNKNOWN, Flags, Floats, Ints, Table
from pipeline.reconstruct.context import Context

TELLS = ("starts", "goes_on", "is_answered")
FEWEST_LINES = 12  # that share a word for it to be weighed
EPOCHS = 4
STEP = 0.1
DECAY = 1e-4
DECIMALS = 3
SEED = 20261130


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Weights of words.

    Attributes:
        words: String[W], ascending.
        weights: float32[len(TELLS), 2 W + 1]: of a word among those of a line, of a line's first word, and the rest.
    """

    words: pl.Series
    weights: Table

    def store(self) -> dict[str, Any]:
        """As JSON holds it; `load_lexicon` reads it back."""
        units = np.round(self.weights.astype(np.float64) * 10**DECIMALS).astype(np.int64)
        return {"words": self.words.to_list(), "weights": units.tolist()}


def load_lexicon(stored: dict[str, Any]) -> Lexicon:
    """The lexicon that `Lexicon.store` wrote."""
    weights = np.array(stored["weights"], dtype=np.float64).reshape(len(TELLS), 2 * len(stored["words"]) + 1)
    return Lexicon(pl.Series(stored["words"], dtype=pl.String), (weights / 10**DECIMALS).astype(np.float32))


def join_lexicons(lexicons: Sequence[Lexicon]) -> Lexicon:
    """The mean of lexicons of the same words."""
    return Lexicon(lexicons[0].words, np.mean([one.weights for one in lexicons], axis=0).astype(np.float32))


def weigh_lines(lexicon: Lexicon, context: Context) -> Table:
    """Log-odds that the words of each post give each tell: float32[posts, len(TELLS)]."""
    return _weigh(
        context.words.offsets, context.words.values, _number_words(lexicon.words, context), context.first_word,
        lexicon.weights, context.n_posts,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tales:
    """Lines of which is known what their words may tell.

    Attributes:
        context: theirs.
        known, true: bool[len(TELLS), posts].
    """

    context: Context
    known: Flags
    true: Flags


def choose_words(tales: Sequence[Tales]) -> pl.Series:
    """The words that are weighed: those of enough lines of which something is known."""
    counted = [
        pl.DataFrame(
            {
                "word": tale.context.vocabulary,
                "lines": _count_words(tale.context.words.offsets, tale.context.words.values, tale.known.any(axis=0),
                                      tale.context.vocabulary.len()),
            }
        )
        for tale in tales
    ]  # fmt: skip
    total = pl.concat(counted).group_by("word").agg(pl.col("lines").sum())
    return total.filter(pl.col("lines") >= FEWEST_LINES)["word"].sort()


def fit_lexicon(words: pl.Series, tales: Sequence[Tales], fitted: Sequence[Flags]) -> Lexicon:
    """Weights by AdaGrad (Duchi et al. 2011), lines in a seeded order.

    Args:
        words: as `choose_words` returns them.
        fitted: bool[posts] for each of the tales, the lines that are fitted to.
    """
    weights = np.zeros((len(TELLS), 2 * words.len() + 1))
    slopes = np.full(weights.shape, 1e-6)
    rng = np.random.default_rng(SEED)
    numbers = [_number_words(words, tale.context) for tale in tales]
    for _ in range(EPOCHS):
        for tale, number, mine in zip(tales, numbers, fitted, strict=True):
            context = tale.context
            for tell in range(len(TELLS)):
                rows = rng.permutation(np.flatnonzero(tale.known[tell] & mine))
                _step(
                    rows, context.words.offsets, context.words.values, number, context.first_word, tale.true[tell],
                    weights[tell], slopes[tell],
                )  # fmt: skip
    return Lexicon(words, weights.astype(np.float32))


def _number_words(words: pl.Series, context: Context) -> Ints:
    """int64[vocabulary], the place of each word of the context among the words, UNKNOWN where it is not one."""
    known = pl.DataFrame({"word": words, "at": np.arange(words.len(), dtype=np.int64)})
    own = pl.DataFrame({"word": context.vocabulary}).join(known, on="word", how="left", maintain_order="left")
    return own["at"].fill_null(UNKNOWN).to_numpy()


@njit(cache=True, nogil=True)
def _count_words(offsets: Ints, values: Ints, rows: Flags, n: int) -> Ints:
    counts = np.zeros(n, dtype=np.int64)
    for row in range(rows.size):
        if rows[row]:
            for at in range(offsets[row], offsets[row + 1]):
                counts[values[at]] += 1
    return counts


@njit(cache=True, nogil=True)
def _weigh(offsets: Ints, values: Ints, number: Ints, first_word: Ints, weights: Table, n: int) -> Table:
    out = np.zeros((n, weights.shape[0]), dtype=np.float32)
    half = weights.shape[1] // 2
    for row in range(n):
        scale = 1.0 / np.sqrt(offsets[row + 1] - offsets[row] + 1.0)
        first = number[first_word[row]] if first_word[row] >= 0 else -1
        for tell in range(weights.shape[0]):
            total = 0.0
            for at in range(offsets[row], offsets[row + 1]):
                if number[values[at]] >= 0:
                    total += weights[tell, number[values[at]]]
            total = total * scale + weights[tell, 2 * half]
            if first >= 0:
                total += weights[tell, half + first]
            out[row, tell] = total
    return out


@njit(cache=True, nogil=True)
def _step(
    rows: Ints, offsets: Ints, values: Ints, number: Ints, first_word: Ints, true: Flags, weights: Floats,
    slopes: Floats,
) -> None:  # fmt: skip
    """One walk over the rows; changes weights and slopes."""
    half = weights.size // 2
    for row in rows:
        scale = 1.0 / np.sqrt(offsets[row + 1] - offsets[row] + 1.0)
        first = number[first_word[row]] if first_word[row] >= 0 else -1
        total = weights[2 * half]
        for at in range(offsets[row], offsets[row + 1]):
            if number[values[at]] >= 0:
                total += weights[number[values[at]]] * scale
        if first >= 0:
            total += weights[half + first]
        wrong = 1.0 / (1.0 + np.exp(-total)) - true[row]
        for at in range(offsets[row], offsets[row + 1]):
            if number[values[at]] >= 0:
                _move(weights, slopes, number[values[at]], wrong * scale)
        if first >= 0:
            _move(weights, slopes, half + first, wrong)
        _move(weights, slopes, 2 * half, wrong)


@njit(cache=True, nogil=True)
def _move(weights: Floats, slopes: Floats, at: int, slope: float) -> None:
    slope += DECAY * weights[at]
    slopes[at] += slope * slope
    weights[at] -= STEP * slope / np.sqrt(slopes[at])
