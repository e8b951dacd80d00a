"""Texts as lists of hashed words, which kernels compare without decoding a byte.

In: a column of folded texts. Out: where each word lies in their bytes, and its hash.

>>> split_texts(pl.Series(["the old tram", None, "tram"])).rows.tolist()
[0, 3, 3, 4]
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.buffers import Bytes, Offsets, text_buffers

Hashes = NDArray[np.uint64]

_FNV, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3  # FNV-1a, 64 bits (Fowler, Noll, Vo; public domain)


class SplitTexts(NamedTuple):
    """n texts as words.

    Attributes:
        values: their bytes.
        rows: int64 of shape (n + 1,): where the words of each text start.
        begins, ends: int64 of shape (words,): where each word lies in `values`.
        hashes: uint64 of shape (words,).
    """

    values: Bytes
    rows: Offsets
    begins: Offsets
    ends: Offsets
    hashes: Hashes


@njit(cache=True, nogil=True)
def _count_words(values: Bytes, offsets: Offsets) -> Offsets:
    rows = np.zeros(offsets.size, dtype=np.int64)
    for row in range(offsets.size - 1):
        n = 0
        inside = False
        for at in range(offsets[row], offsets[row + 1]):
            starts = values[at] != 32
            n += starts and not inside
            inside = starts
        rows[row + 1] = rows[row] + n
    return rows


@njit(cache=True, inline="always")
def hash_bytes(values: Bytes, begin: int, end: int) -> int:
    """FNV-1a with its halves folded together, so that the low bits depend on all of it; never 0."""
    state = uint64(_FNV)
    for at in range(begin, end):
        state = (state ^ uint64(values[at])) * uint64(_FNV_PRIME)
    state ^= state >> uint64(32)
    return state | uint64(state == uint64(0))


@njit(cache=True, nogil=True)
def _cut_words(values: Bytes, offsets: Offsets, begins: Offsets, ends: Offsets, hashes: Hashes) -> None:
    word = 0
    for row in range(offsets.size - 1):
        at, stop = offsets[row], offsets[row + 1]
        while at < stop:
            if values[at] == 32:
                at += 1
                continue
            begins[word] = at
            while at < stop and values[at] != 32:
                at += 1
            ends[word] = at
            hashes[word] = hash_bytes(values, begins[word], at)
            word += 1


def split_texts(texts: pl.Series) -> SplitTexts:
    """Words of n folded texts (what single spaces divide); a null counts as empty."""
    values, offsets = text_buffers(texts)
    rows = _count_words(values, offsets)
    begins, ends = np.empty(rows[-1], dtype=np.int64), np.empty(rows[-1], dtype=np.int64)
    hashes = np.empty(rows[-1], dtype=np.uint64)
    _cut_words(values, offsets, begins, ends, hashes)
    return SplitTexts(values, rows, begins, ends, hashes)
