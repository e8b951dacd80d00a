"""Word n-grams as hashes: the seeds by which a passage is found again in another text.

In: a column of folded words. Out: one hash per n-gram and the row it stands in.

>>> rows, hashes = hash_word_grams(pl.Series(["a b c", "a b"]), 2)
>>> rows.tolist(), hashes[0] == hashes[2]
([0, 0, 1], True)
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.buffers import Bytes, Offsets, text_buffers


@njit(cache=True, nogil=True)
def _count_grams(values: Bytes, offsets: Offsets, size: int) -> NDArray[np.int64]:
    counts = np.zeros(offsets.size - 1, dtype=np.int64)
    for row in range(counts.size):
        n_words = 1 if offsets[row + 1] > offsets[row] else 0
        for at in range(offsets[row], offsets[row + 1]):
            if values[at] == 32:
                n_words += 1
        counts[row] = max(0, n_words - size + 1)
    return counts


@njit(cache=True, nogil=True)
def _hash_grams(
    values: Bytes, offsets: Offsets, size: int, starts: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    rows = np.empty(starts[-1], dtype=np.uint32)
    hashes = np.empty(starts[-1], dtype=np.uint64)
    window = np.zeros(size, dtype=np.uint64)
    for row in range(offsets.size - 1):
        if starts[row] == starts[row + 1]:
            continue
        at, word = starts[row], 0
        state = uint64(0xCBF29CE484222325)
        for byte in range(offsets[row], offsets[row + 1] + 1):
            if byte < offsets[row + 1] and values[byte] != 32:
                state = (state ^ uint64(values[byte])) * uint64(0x100000001B3)
                continue
            window[word % size] = state
            state = uint64(0xCBF29CE484222325)
            word += 1
            if word >= size:
                gram = uint64(0)
                for k in range(word - size, word):
                    gram = (gram ^ window[k % size]) * uint64(0xFF51AFD7ED558CCD)
                    gram ^= gram >> uint64(32)
                rows[at] = row
                hashes[at] = gram
                at += 1
    return rows, hashes


def hash_word_grams(words: pl.Series, size: int) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """Hashes of all runs of ``size`` words (FNV-1a of the words, mixed in their order).

    Args:
        words: n folded texts, words separated by one space.
        size: words in a gram.

    Returns:
        rows: uint32[m], the row of each gram; ascending.
        hashes: uint64[m], in the order in which the grams stand.
    """
    values, offsets = text_buffers(words)
    starts = np.concatenate(([0], np.cumsum(_count_grams(values, offsets, size)))).astype(np.int64)
    rows, hashes = _hash_grams(values, offsets, size, starts)
    return rows, hashes


@njit(cache=True, nogil=True)
def _mark_shared(
    rows: NDArray[np.uint32], hashes: NDArray[np.uint64], groups: NDArray[np.int64], seeds: NDArray[np.bool_], most: int
) -> NDArray[np.bool_]:
    shared = np.zeros(hashes.size, dtype=np.bool_)
    slots = np.empty(0, dtype=np.uint32)
    start = 0
    while start < hashes.size:
        stop = start
        while stop < hashes.size and groups[rows[stop]] == groups[rows[start]]:
            stop += 1
        size = 16
        while size < 1.25 * (stop - start):
            size *= 2
        if slots.size < size:
            slots, latest = np.empty(size, dtype=np.uint32), np.empty(size, dtype=np.uint32)
            amounts, seeded = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.bool_)
        amounts[:size] = 0
        mask = uint64(size - 1)
        for fill in (True, False):
            for at in range(start, stop):
                slot = hashes[at] & mask
                while amounts[slot] and hashes[start + slots[slot]] != hashes[at]:
                    slot = (slot + uint64(1)) & mask
                if not fill:
                    shared[at] = seeded[slot] and 2 <= amounts[slot] <= most
                elif not amounts[slot]:
                    slots[slot], amounts[slot], latest[slot], seeded[slot] = at - start, 1, rows[at], seeds[at]
                else:
                    amounts[slot] += latest[slot] != rows[at] and amounts[slot] <= most
                    latest[slot] = rows[at]
                    seeded[slot] |= seeds[at]
        start = stop
    return shared


def mark_shared(
    rows: NDArray[np.uint32], hashes: NDArray[np.uint64], groups: NDArray[np.int64], seeds: NDArray[np.bool_], most: int
) -> NDArray[np.bool_]:
    """Which grams stand in 2 to ``most`` rows of their group, in one of them as a seed.

    Args:
        rows, hashes: m grams, as `hash_word_grams` gives them.
        groups: int64 of shape (n,), of the rows; those of a group stand together.
        seeds: bool of shape (m,).
        most: rows of a group, at most 254.
    """
    return np.asarray(_mark_shared(rows, hashes, groups, seeds, most), dtype=np.bool_)
