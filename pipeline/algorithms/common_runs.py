"""Runs of words that two texts have in common, grown from seeds (as aligners extend exact matches).

In: texts as lists of hashed words, and places at which two of them are known to say the same. Out: the whole run.

>>> texts = split_texts(pl.Series(["well said the tram was late", "and the tram was late again"]))
>>> grow_runs(texts, *(np.array([at]) for at in (0, 2, 1, 1)))       # "the" is word 2 of the first, 1 of the second
(array([2]), array([1]), array([4]))
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.hashed_words import Hashes, SplitTexts

Ints = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _grow(hashes: Hashes, rows: Ints, left: Ints, left_at: Ints, right: Ints, right_at: Ints) -> tuple[Ints, Ints]:
    back = np.zeros(left.size, dtype=np.int64)
    length = np.zeros(left.size, dtype=np.int64)
    for pair in range(left.size):
        begin_left, end_left = rows[left[pair]], rows[left[pair] + 1]
        begin_right, end_right = rows[right[pair]], rows[right[pair] + 1]
        a, b = begin_left + left_at[pair], begin_right + right_at[pair]
        ahead = 0
        while a + ahead < end_left and b + ahead < end_right and hashes[a + ahead] == hashes[b + ahead]:
            ahead += 1
        if not ahead:
            continue
        behind = 0
        while a - behind > begin_left and b - behind > begin_right and hashes[a - behind - 1] == hashes[b - behind - 1]:
            behind += 1
        back[pair], length[pair] = behind, ahead + behind
    return back, length


def grow_runs(texts: SplitTexts, left: Ints, left_at: Ints, right: Ints, right_at: Ints) -> tuple[Ints, Ints, Ints]:
    """The longest run of equal words around each of m seeds.

    Args:
        texts: n texts; words are compared by their hashes.
        left, right: int64[m], rows of texts.
        left_at, right_at: int64[m], the number of the seed's word in either, from 0.

    Returns:
        Where the run begins in the left and in the right text, and how many words it has (0 where the seed's words
        differ): int64[m] each.
    """
    back, length = _grow(texts.hashes, texts.rows, left, left_at, right, right_at)
    return left_at - back, right_at - back, length
