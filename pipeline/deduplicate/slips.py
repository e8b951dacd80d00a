"""Slips of the pen: texts that differ in a letter or two of a longer text.

In: pairs of folded texts that the forest refused, and the guards that are closed. Out: which of them say the same.

>>> slipped(pl.Series(["the night tram is late again by ten whole minutes"]),
...         pl.Series(["the nigth tram is late again by ten whole minutes"]), np.zeros(1, np.uint8)).tolist()
[True]

A lost, doubled or changed letter, or two that changed places, makes another word of a short one ("from", "rom"), which
by itself would be a word replaced. A number or a negation is never a slip, and neither is one common word for another.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.similarity import letters_apart
from pipeline.deduplicate.verification import GUARDS
from pipeline.pack import ModelPack, load_pack

MOST_LETTERS = 2  # that may differ
MOST_BYTES = 4 * MOST_LETTERS  # by which such texts differ in length
FEWEST_BYTES = 40  # of a text in which a letter or two are slips
COMMON_BITS = 10.0  # of words that people hardly write by mistake
_NEVER = 1 << GUARDS.index("negation") | 1 << GUARDS.index("numbers")


@cache
def _common_words(pack: ModelPack) -> pl.Series:
    return pack.words.filter(pl.col("bits") < COMMON_BITS)["word"].implode()


def slipped(
    left: pl.Series, right: pl.Series, guards: NDArray[np.uint8], pack: ModelPack | None = None
) -> NDArray[np.bool_]:
    """Which pairs differ by slips of the pen alone.

    Args:
        left, right: n folded texts each.
        guards: uint8 of shape (n,), as ``verification.close_guards`` gives them.
        pack: which words are common; by default of the one that ships.

    Returns:
        bool of shape (n,).
    """
    pairs = pl.DataFrame([left.alias("left"), right.alias("right")]).with_row_index("row")
    lengths = pl.col("left").str.len_chars().cast(pl.Int64), pl.col("right").str.len_chars().cast(pl.Int64)
    likely = (
        (lengths[0] - lengths[1]).abs() <= MOST_LETTERS,
        pl.min_horizontal(pl.col("left", "right").str.len_bytes()) >= FEWEST_BYTES,
    )
    pairs = pairs.filter(pl.Series(guards & _NEVER == 0), *likely)
    apart = letters_apart(pairs["left"], pairs["right"], MOST_LETTERS)
    words = [pl.col(name).str.split(" ") for name in ("left", "right")]
    known = _common_words(pack or load_pack())
    differ = [a.list.set_difference(b) for a, b in (words, words[::-1])]
    common = [words.list.set_difference(known).list.len() == 0 for words in differ]
    exchanged = common[0] & common[1]
    found = pairs.filter(pl.Series(apart <= MOST_LETTERS)).filter(~exchanged)
    slips = np.zeros(left.len(), dtype=np.bool_)
    slips[found["row"].to_numpy()] = True
    return slips
