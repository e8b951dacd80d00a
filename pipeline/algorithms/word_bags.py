"""Which pairs of texts may have enough words in common to be worth aligning.

In: folded texts as one column, pairs of its rows. Out: False for pairs that have less than a given share of words in
common.

>>> texts = pl.Series(["the old tram was late", "the old trams were late", "we grow beans on the roof"])
>>> may_share(texts, np.array([[0, 1], [0, 2]]), 0.5).tolist()
[True, False]

A word is reduced to thirteen bits of its hash: the table of a text's words stays in the processor's first cache. Words
that meet in them let a pair through that has less in common, and never throw one out: what is said of the others is
exact.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit, uint32, uint64
from numpy.typing import NDArray

from pipeline.algorithms.differences import FEW_WORDS
from pipeline.buffers import Bytes, Offsets, slice_texts, text_buffers

Pairs = NDArray[np.int64]
Marks = NDArray[np.uint16]

_MARK_BITS = 13
_MANY_WORDS = (1 << 16) - 1  # in one text, from which on they are not counted


@njit(cache=True, nogil=True)
def _mark_words(values: Bytes, offsets: Offsets, marks: Marks, rows: Offsets) -> None:
    word = uint64(0)  # unsigned: a signed index would be tested for counting from the end
    for row in range(offsets.size - 1):
        state = uint32(0)
        inside = False
        # A mark is written for every byte and kept at the end of a word: no branch that cannot be foretold.
        for at in range(uint64(offsets[row]), uint64(offsets[row + 1])):
            letter = values[at] != 32
            word += uint64(inside & (not letter))
            state = (
                uint32(state << uint32(5)) ^ uint32(state >> uint32(27)) ^ uint32(values[at]) if letter else uint32(0)
            )
            marks[word] = uint32(state * uint32(0x9E3779B1)) >> uint32(32 - _MARK_BITS)
            inside = letter
        word += uint64(inside)
        rows[row + 1] = word


@njit(cache=True, nogil=True)
def _may_share(
    marks: Marks,
    rows: Offsets,
    pairs: Pairs,
    floor: float,
    amounts: Marks,
    taken: Marks,
    found: NDArray[np.bool_],
) -> None:
    held = -1
    for pair in range(pairs.shape[0]):
        left, right = pairs[pair, 0], pairs[pair, 1]
        n, m = rows[left + 1] - rows[left], rows[right + 1] - rows[right]
        if max(n, m) <= FEW_WORDS or max(n, m) >= _MANY_WORDS:
            found[pair] = True
            continue
        least = int(np.ceil(floor * (n + m) / 2))
        if min(n, m) < least:
            continue
        # Pairs mostly come sorted, and a left text stays for several.
        if left != held:
            if held >= 0:
                for mark in marks[rows[held] : rows[held + 1]]:
                    amounts[mark] = 0
            for mark in marks[rows[left] : rows[left + 1]]:
                amounts[mark] += 1
            held = left
        n_taken = 0
        misses = m - least
        for mark in marks[rows[right] : rows[right + 1]]:
            hit = amounts[mark] > 0
            amounts[mark] -= hit
            taken[n_taken] = mark
            n_taken += hit
            misses -= not hit
            if misses < 0:
                break
        found[pair] = misses >= 0
        for at in range(n_taken):
            amounts[taken[at]] += 1


def mark_texts(texts: pl.Series) -> tuple[Marks, Offsets]:
    """The words of n folded texts, one after another, as marks (uint16), and how many each text has (int64, n)."""
    return mark_words(*text_buffers(texts))


def mark_words(values: Bytes, offsets: Offsets) -> tuple[Marks, Offsets]:
    """As `mark_texts`, of texts as `buffers.text_buffers` gives them."""
    rows = np.zeros(offsets.size, dtype=np.int64)
    # Every word but the last of a text has a space.
    marks = np.empty(int(offsets[-1] - offsets[0] + offsets.size) // 2 + 1, dtype=np.uint16)
    _mark_words(values, offsets, marks, rows)
    return marks[: rows[-1]].copy(), np.diff(rows)


def share_marks(marks: Marks, sizes: Offsets, pairs: Pairs, floor: float) -> NDArray[np.bool_]:
    """As `may_share`, of n texts as `mark_texts` gives them."""
    found = np.zeros(len(pairs), dtype=np.bool_)
    rows = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    taken = np.empty(int(sizes.max(initial=0)) + 1, dtype=np.uint16)
    amounts = np.zeros(1 << _MARK_BITS, dtype=np.uint16)
    _may_share(marks, rows, np.ascontiguousarray(pairs, dtype=np.int64), floor, amounts, taken, found)
    return found


def may_share(texts: pl.Series, pairs: Pairs, floor: float) -> NDArray[np.bool_]:
    """Which pairs may have so large a share of their words in common, whatever the order.

    Args:
        texts: n folded texts, words divided by single spaces; a null counts as empty.
        pairs: int64 of shape (m, 2), rows of texts.
        floor: share of the words of both texts, from 0 to 1.

    Returns:
        bool of shape (m,). False: fewer words in common. Pairs of at most FEW_WORDS words each are always True, as are
        those with a text of 65,535 words or more.
    """
    parts = [mark_texts(part) for part in slice_texts(texts)] or [mark_texts(texts)]
    marks, sizes = (np.concatenate(column) for column in zip(*parts, strict=True))
    return share_marks(marks, sizes, pairs, floor)
