"""Words that stand for one another: inflected, spelled anew, or replaced.

In: the words of two texts between two that stayed. Out: the partner of each, and what it costs to take it for that.

>>> texts = split_texts(pl.Series(["teh old trams", "the tram"]))
>>> pair_gap(texts, np.arange(3), np.arange(3, 5))[0].tolist()
[0, -1, 1]

Words are aligned at the least cost (Needleman and Wunsch 1970) of turning one list into the other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.hashed_words import SplitTexts
from pipeline.buffers import Bytes

Rows = NDArray[np.int64]
Costs = NDArray[np.float32]

INFLECTED, RESPELLED, REPLACED, ADDED = 0.2, 0.4, 1.0, 0.55  # costs of a pair, and of a word that stands alone

_LONGEST = 24  # characters of a word that are looked at
_GAP_CELLS = 1024  # of the table that aligns a gap; larger gaps are aligned word by word


@njit(cache=True, nogil=True)
def _decode(values: Bytes, begin: int, end: int, out: NDArray[np.int32]) -> int:
    """Characters of a word, at most _LONGEST."""
    n = 0
    at = begin
    while at < end and n < _LONGEST:
        byte = np.int32(values[at])
        if byte < 0x80:
            size, sign = 1, byte
        elif byte < 0xE0:
            size, sign = 2, byte & 0x1F
        elif byte < 0xF0:
            size, sign = 3, byte & 0x0F
        else:
            size, sign = 4, byte & 0x07
        for i in range(1, size):
            sign = (sign << 6) | (np.int32(values[at + i]) & 0x3F)
        out[n] = sign
        n += 1
        at += size
    return n


@njit(cache=True, nogil=True)
def compare_words(
    a: NDArray[np.int32], n: int, b: NDArray[np.int32], m: int, row: NDArray[np.int32]
) -> tuple[float, int]:
    """Cost of taking one word for another, and how many characters differ.

    The cost is INFLECTED with one stem, RESPELLED if they look alike, else REPLACED. One stem: the words differ in
    length, and all but the last three characters of either are equal and most of the shorter. Alike: the Indel ratio
    of the characters is at least .6.
    """
    shorter, longer = min(n, m), max(n, m)
    head = 0
    while head < shorter and a[head] == b[head]:
        head += 1
    if n != m and head >= 3 and longer - head <= 3 and 5 * head >= 3 * shorter:
        return INFLECTED, n + m - 2 * head
    if shorter < 2 or 2 * shorter < 0.6 * (n + m):
        return REPLACED, n + m
    row[: m + 1] = 0
    for i in range(n):
        diagonal = 0
        for j in range(m):
            above = row[j + 1]
            if a[i] == b[j]:
                row[j + 1] = diagonal + 1
            elif row[j] > above:
                row[j + 1] = row[j]
            diagonal = above
    if 2 * row[m] >= 0.6 * (n + m) - 1e-9:
        return RESPELLED, n + m - 2 * row[m]
    return REPLACED, n + m


@njit(cache=True, nogil=True)
def pair_gap(texts: SplitTexts, a: Rows, b: Rows) -> tuple[NDArray[np.int32], Costs, NDArray[np.int32]]:
    """Aligns the words `a` and `b` of one gap at the least cost.

    Returns for every word of `a` its partner in `b` (-1: it stands alone), the cost of taking one for the other, and
    how many characters differ. Of two ways that cost the same, the one that pairs the later words is taken. In very
    large gaps the first words are partners, the second words, and so on.
    """
    values, begins, ends = texts.values, texts.begins, texts.ends
    n, m = a.size, b.size
    mates = np.full(n, -1, dtype=np.int32)
    kinds, changes = np.zeros(n, dtype=np.float32), np.zeros(n, dtype=np.int32)
    if n == 0 or m == 0:
        return mates, kinds, changes
    one, other = np.empty(_LONGEST, dtype=np.int32), np.empty(_LONGEST, dtype=np.int32)
    row = np.empty(_LONGEST + 1, dtype=np.int32)
    if n * m > _GAP_CELLS:
        for i in range(min(n, m)):
            length = _decode(values, begins[a[i]], ends[a[i]], one)
            width = _decode(values, begins[b[i]], ends[b[i]], other)
            mates[i] = i
            kinds[i], changes[i] = compare_words(one, length, other, width, row)
        return mates, kinds, changes
    costs = np.zeros((n + 1, m + 1), dtype=np.float32)
    cells, differs = np.empty((n, m), dtype=np.float32), np.empty((n, m), dtype=np.int32)
    for j in range(m):
        costs[0, j + 1] = (j + 1) * ADDED
    for i in range(n):
        costs[i + 1, 0] = (i + 1) * ADDED
        length = _decode(values, begins[a[i]], ends[a[i]], one)
        for j in range(m):
            width = _decode(values, begins[b[j]], ends[b[j]], other)
            cells[i, j], differs[i, j] = compare_words(one, length, other, width, row)
            costs[i + 1, j + 1] = min(costs[i, j] + cells[i, j], costs[i, j + 1] + ADDED, costs[i + 1, j] + ADDED)
    i, j = n, m
    while i > 0 and j > 0:
        if costs[i, j] >= costs[i - 1, j - 1] + cells[i - 1, j - 1] - 1e-4:
            i -= 1
            j -= 1
            mates[i], kinds[i], changes[i] = j, cells[i, j], differs[i, j]
        elif costs[i, j] >= costs[i - 1, j] + ADDED - 1e-4:
            i -= 1
        else:
            j -= 1
    return mates, kinds, changes
