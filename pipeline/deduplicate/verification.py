"""Whether two texts say the same, judged by their words.

In: folded texts as one column, pairs of its rows. Out: a probability for each pair, and which guards are closed.

>>> texts = pl.Series(["the tram to the harbour was late", "teh tram to the harbor was late again"])
>>> judged = judge_pairs(split_texts(texts), np.array([[0, 1]]), load_verifier(load_pack()))
>>> bool(judged.probability[0] > 0.5), judged.guards[0] == 0
(True, True)

A forest of small trees, trained on rewritten sentences and on texts damaged on purpose (`deduplicate.fitting`), weighs
what `algorithms.differences` counts. What such data teach badly stands in guards outside of it: a pair with a closed
guard does not say the same, whatever the forest thinks. Numbers guard always. The others speak of texts that are equal
but for what they guard; where much else was rewritten as well, the forest has the word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.differences import DIFFERENCES, FEW_WORDS, Pairs, count_differences
from pipeline.algorithms.forest_nodes import read_nodes
from pipeline.algorithms.forests import Forest, run_forest
from pipeline.algorithms.hashed_words import SplitTexts
from pipeline.algorithms.word_table import WordTable, build_table
from pipeline.deduplicate.word_classes import NEGATIONS, NUMBER_WORDS, PLAIN_WORDS
from pipeline.errors import ContractError
from pipeline.pack import ModelPack, load_pack

Table = NDArray[np.float32]

# Pairs with a smaller share of words in common, in one order, never say the same: nothing more is counted of them.
LEAST_STAYED = 0.4

# From this share of words in common, in one order, texts that differ in names and numbers alone are one form filled in.
TEMPLATE_STAYED = 0.8

GUARDS = ("negation", "numbers", "order", "names")  # bits of a guard, from the lowest
_FILLED = 1 << GUARDS.index("numbers") | 1 << GUARDS.index("names")
_MOST_BESIDE_NEGATION, _MOST_BESIDE_ORDER = 2, 1  # other words that differ

_COLUMN = {name: number for number, name in enumerate(DIFFERENCES)}


# Columns that the forest looks at.
MEASURES = (
    "changed", "words_changed", "broken", "length", "shorter", "inflected", "respelled", "confused", "replaced",
    "replaced_content", "moved", "moved_content", "added", "added_content", "added_short", "replaced_bits",
    "added_bits", "n_plain", "n_content", "n_moved", "n_replaced", "n_confused", "n_added", "n_inflected",
    "n_respelled", "rarest", "content_share", "n_negations",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Verifier:
    """What pairs are judged by.

    Attributes:
        words: what is known of words.
        forest: over the columns of `measure_pairs`; its sum is a log odds.
        probability: from which on two texts are taken to say the same.
    """

    words: WordTable
    forest: Forest
    probability: float


@dataclass(frozen=True, eq=False)
class Judgement:
    """n pairs judged.

    Attributes:
        probability: float32 of shape (n,), that the texts say the same; 0 where they have too few words in common.
        guards: uint8 of shape (n,), a bit for each of GUARDS that is closed.
        accepted: bool of shape (n,): probable enough, and no guard closed.
        templates: bool of shape (n,): not accepted, because names or numbers differ and hardly anything else does.
    """

    probability: Table
    guards: NDArray[np.uint8]
    accepted: NDArray[np.bool_]
    templates: NDArray[np.bool_]


@cache
def load_words(pack: ModelPack) -> WordTable:
    """What the pack and `deduplicate.word_classes` know of words."""
    numbers = pl.DataFrame({"word": list(NUMBER_WORDS), "digits": [str(value) for value in NUMBER_WORDS.values()]})
    bits = pack.words["bits"].cast(pl.Float32).to_numpy()
    plain = pl.Series(sorted(PLAIN_WORDS))
    return build_table(pack.words["word"], bits, pack.unseen_bits, pl.Series(sorted(NEGATIONS)), plain, numbers)


@cache
def load_verifier(pack: ModelPack) -> Verifier:
    """The verifier of a pack, or of the pack that ships with the package where it has none.

    Raises:
        ContractError: it was trained on other measures than there are.
    """
    weights = pack.duplicates or load_pack().duplicates
    if weights is None or tuple(weights.facts["columns"]) != MEASURES:
        raise ContractError("The model pack tells duplicates by other measures than there are: train it again")
    return Verifier(load_words(pack), read_nodes(weights.nodes), float(weights.facts["probability"]))


def close_guards(counts: Table) -> NDArray[np.uint8]:
    """Which guards the differences of n pairs close: uint8 of shape (n,).

    negation: one text says "not" more often, and at most two other words differ.
    numbers: the numbers, read in order, differ.
    order: words that tell something have moved and at most one other word differs, or nothing but the order differs.
    names: nothing differs but words that tell something, which stand for others; a name is such a word.
    """
    column = {name: counts[:, number] for name, number in _COLUMN.items()}
    alone = column["inflected"] + column["respelled"] + column["replaced"] + column["added"]
    told = column["replaced_content"] + column["confused"]
    closed = (
        (column["negations"] > 0) & (alone + column["moved"] <= 1 + _MOST_BESIDE_NEGATION),
        column["numbers"] > 0,
        ((column["moved_content"] > 0) & (alone <= _MOST_BESIDE_ORDER)) | ((column["moved"] > 0) & (alone == 0)),
        (told > 0) & (alone + column["moved"] == told),
    )
    return np.bitwise_or.reduce([guard.astype(np.uint8) << bit for bit, guard in enumerate(closed)]).astype(np.uint8)


def measure_pairs(counts: Table) -> Table:
    """What the forest looks at: differences of n pairs as shares of their words, and as numbers of words.

    Args:
        counts: float32 of shape (n, len(DIFFERENCES)).

    Returns:
        float32 of shape (n, len(MEASURES)). Numbers of words are given as log(1 + number).
    """
    column = {name: counts[:, number].astype(np.float64) for name, number in _COLUMN.items()}
    n = np.maximum((column["n_short"] + column["n_long"]) / 2, 1)
    bits = np.maximum(2 * column["stayed_bits"] + column["added_bits"] + 2 * column["replaced_bits"], 1)
    content = column["confused"] + column["replaced_content"] + column["moved_content"] + column["added_content"]
    every = column["inflected"] + column["respelled"] + column["replaced"] + column["added"] + column["moved"]
    shares = (
        "inflected", "respelled", "confused", "replaced", "replaced_content", "moved", "moved_content", "added",
        "added_content", "added_short",
    )  # fmt: skip
    numbers = ("moved_content", "replaced_content", "confused", "added_content", "inflected", "respelled")
    measures = [
        column["changed_bytes"] / np.maximum(column["bytes"], 1),
        1 - column["stayed"] / n,
        column["runs"] / (column["stayed"] + 1),
        np.log1p(n),
        column["n_short"] / np.maximum(column["n_long"], 1),
        *(column[name] / n for name in shares),
        2 * column["replaced_bits"] / bits,
        column["added_bits"] / bits,
        np.log1p(np.maximum(every - content, 0)),
        np.log1p(content),
        *(np.log1p(column[name]) for name in numbers),
        column["replaced_bits"] / np.maximum(column["replaced"], 1),
        content / (every + 1),
        np.minimum(column["negations"], 3),
    ]
    # Rounded, so that the last bit of a division never takes another branch of a tree.
    return np.stack(measures, axis=1).round(6).astype(np.float32)


def share_stayed(counts: Table) -> NDArray[np.float64]:
    """Share of the words of both texts that stayed: float64 of shape (n,)."""
    words = counts[:, _COLUMN["n_short"]].astype(np.float64) + counts[:, _COLUMN["n_long"]]
    return 2 * counts[:, _COLUMN["stayed"]] / np.maximum(words, 1)


def judge_pairs(texts: SplitTexts, pairs: Pairs, verifier: Verifier) -> Judgement:
    """Judges pairs of texts.

    Args:
        texts: n folded texts as words.
        pairs: int64 of shape (m, 2), rows of texts.
        verifier: what to judge by.
    """
    # Where numbers differ nothing is left to find but forms.
    counts = count_differences(texts, pairs, verifier.words, LEAST_STAYED, TEMPLATE_STAYED)
    guards = close_guards(counts)
    probability = np.zeros(len(pairs), dtype=np.float32)
    likely = np.flatnonzero((share_stayed(counts) >= LEAST_STAYED) & (guards == 0))
    score = run_forest(verifier.forest, measure_pairs(counts[likely]))
    probability[likely] = (1 / (1 + np.exp(-score))).round(4)
    # A slip in each of one or two words leaves nothing that stayed to weigh.
    column = {name: counts[:, number] for name, number in _COLUMN.items()}
    other = column["replaced"] + column["added"] + column["moved"]
    probability[(column["n_long"] <= FEW_WORDS) & (column["bytes"] > 0) & (other == 0) & (guards == 0)] = 1.0
    accepted = probability >= np.float32(verifier.probability)
    filled = (guards != 0) & (guards & ~np.uint8(_FILLED) == 0)
    return Judgement(probability, guards, accepted, filled & (share_stayed(counts) >= TEMPLATE_STAYED))
