"""What is known of words: how surprising each is, and whether it says "not", names a number or serves grammar alone.

In: lists of words. Out: a hash table that kernels look words up in.

>>> table = no_words(unseen=12.0)
>>> float(table.bits[find_slot(table.hashes, np.uint64(1))])
12.0
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.algorithms.hashed_words import Hashes, split_texts
from pipeline.buffers import Offsets

Bits = NDArray[np.float32]

NEGATION, NUMBER, LISTED, PLAIN = 1, 2, 4, 8


class WordTable(NamedTuple):
    """What is known of words, as a hash table by open addressing.

    Attributes:
        hashes: uint64 of shape (2**k,), 0 where free.
        bits: float32 of that shape: surprise, minus log2 of the share of posts with the word.
        classes: uint8 of that shape: NEGATION, NUMBER, LISTED, PLAIN (the, of, would …).
        digits: uint64 of that shape: for words that name a number, the hash of its digits.
    """

    hashes: Hashes
    bits: Bits
    classes: NDArray[np.uint8]
    digits: Hashes


@njit(cache=True, inline="always")
def find_slot(table: Hashes, word: int) -> int:
    """Where a word stands in a table, or the free place where it would stand."""
    mask = uint64(table.size - 1)
    place = word & mask
    while table[place] != uint64(0) and table[place] != word:
        place = (place + uint64(1)) & mask
    return place


@njit(cache=True, nogil=True)
def _fill_table(table: Hashes, words: Hashes) -> Offsets:
    places = np.empty(words.size, dtype=np.int64)
    for i in range(words.size):
        place = find_slot(table, words[i])
        table[place] = words[i]
        places[i] = place
    return places


def build_table(
    words: pl.Series, bits: Bits, unseen: float, negations: pl.Series, plain: pl.Series, numbers: pl.DataFrame
) -> WordTable:
    """What is known of words, ready for lookups.

    Args:
        words, bits: n listed words and their surprise, float32.
        unseen: surprise of any other word.
        negations: words that say "not".
        plain: words that serve grammar alone.
        numbers: columns word, digits (String): words that name a number, "seven" and "7".
    """
    size = 1 << (2 * (len(words) + len(negations) + len(plain) + numbers.height) + 2).bit_length()
    table = np.zeros(size, dtype=np.uint64)
    known, classes = np.full(size, unseen, dtype=np.float32), np.zeros(size, dtype=np.uint8)
    digits = np.zeros(size, dtype=np.uint64)
    places = _fill_table(table, split_texts(words).hashes)
    known[places] = bits
    classes[places] |= LISTED
    classes[_fill_table(table, split_texts(negations).hashes)] |= NEGATION
    classes[_fill_table(table, split_texts(plain).hashes)] |= PLAIN
    places = _fill_table(table, split_texts(numbers["word"]).hashes)
    classes[places] |= NUMBER
    digits[places] = split_texts(numbers["digits"]).hashes
    return WordTable(table, known, classes, digits)


def no_words(unseen: float = 16.0) -> WordTable:
    """A table that knows no word: every one tells as much as any other."""
    nothing = pl.Series([], dtype=pl.String)
    numbers = pl.DataFrame({"word": nothing, "digits": nothing})
    return build_table(nothing, np.empty(0, dtype=np.float32), unseen, nothing, nothing, numbers)
