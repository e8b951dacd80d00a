"""How alike two texts are, in words and letters.

In: pairs of texts as two columns, folded by ``algorithms.text.fold_words``. Out: one value a pair.

>>> left, right = pl.Series(["it is true", "it is true"]), pl.Series(["it is true", "it is not true"])
>>> edit_ratio(left, right).round(2).tolist(), containment(left, right).tolist()
([1.0, 0.8299999833106995], [1.0, 1.0])
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit, uint64
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, Indel
from rapidfuzz.process import cpdist

from pipeline.algorithms.hashed_words import split_texts
from pipeline.buffers import Offsets

Ratios = NDArray[np.float32]

# Distances are whole numbers, so a float cutoff this much lower lets no wrong pair through but loses none to rounding.
_ROUNDING = 1e-6

_ONES = uint64(0xFFFFFFFFFFFFFFFF)


def _check_pairs(left: pl.Series, right: pl.Series) -> None:
    if left.len() != right.len():
        raise ValueError(f"Pairs need columns of one length, not {left.len()} and {right.len()}")


def edit_ratio(left: pl.Series, right: pl.Series, floor: float = 0.0) -> Ratios:
    """Share of the characters of both texts that insertions and deletions leave alone (normalised Indel similarity).

    Args:
        left, right: n texts each; a null counts as empty. Two empty texts are equal.
        floor: ratios below it are given as 0, which is much faster for long texts that are unlike.

    Returns:
        float32 of shape (n,), from 0 to 1.

    Raises:
        ValueError: the columns differ in length.
    """
    _check_pairs(left, right)
    scored = cpdist(
        left.fill_null("").to_list(),
        right.fill_null("").to_list(),
        scorer=Indel.normalized_similarity,
        score_cutoff=max(0.0, floor - _ROUNDING),
        dtype=np.float32,
        workers=1,
    )
    return np.asarray(scored, dtype=np.float32)


def letters_apart(left: pl.Series, right: pl.Series, most: int) -> NDArray[np.int32]:
    """How many letters were lost, added, changed or exchanged with the next (optimal string alignment).

    Args:
        left, right: n texts each; a null counts as empty.
        most: what is more is given as one more, which is much faster.

    Returns:
        int32 of shape (n,).

    Raises:
        ValueError: the columns differ in length.
    """
    _check_pairs(left, right)
    sides = [side.fill_null("").to_list() for side in (left, right)]
    return np.asarray(cpdist(*sides, scorer=OSA.distance, score_cutoff=most, dtype=np.int32, workers=1), dtype=np.int32)


@njit(cache=True, nogil=True)
def _common_length(short: NDArray[np.uint64], long: NDArray[np.uint64]) -> int:
    """Length of the longest common subsequence, bit-parallel (Hyyrö 2004) with 64 words of ``short`` a block.

    The places of a word are looked up in a sorted list instead of a mask a word, so memory stays linear.
    """
    n_blocks = (short.size + 63) // 64
    order = np.argsort(short, kind="mergesort")  # stable: the places of equal words stay in their order
    sorted_words = short[order]
    rows = np.full(n_blocks, _ONES)
    for word in long:
        place = np.searchsorted(sorted_words, word)
        if place == short.size or sorted_words[place] != word:
            continue
        carry = uint64(0)
        for block in range(order[place] // 64, n_blocks):
            mask = uint64(0)
            while place < short.size and sorted_words[place] == word and order[place] // 64 == block:
                mask |= uint64(1) << uint64(order[place] % 64)
                place += 1
            row = rows[block]
            kept = row & mask
            total = row + kept
            summed = total + carry
            carry = uint64(1) if total < row or summed < total else uint64(0)
            rows[block] = summed | (row & ~mask)
    # Every zero bit is one word in common; bits beyond the last word of ``short`` belong to none.
    common = 0
    for at in range(short.size):
        common += 1 - int((rows[at // 64] >> uint64(at % 64)) & uint64(1))
    return common


@njit(cache=True, nogil=True)
def _common_lengths(
    left: NDArray[np.uint64], left_starts: Offsets, right: NDArray[np.uint64], right_starts: Offsets
) -> NDArray[np.int64]:
    lengths = np.zeros(left_starts.size - 1, dtype=np.int64)
    for pair in range(lengths.size):
        a = left[left_starts[pair] : left_starts[pair + 1]]
        b = right[right_starts[pair] : right_starts[pair + 1]]
        # Equal ends, the usual case, need no table.
        head = 0
        while head < min(a.size, b.size) and a[head] == b[head]:
            head += 1
        a, b = a[head:], b[head:]
        tail = 0
        while tail < min(a.size, b.size) and a[a.size - 1 - tail] == b[b.size - 1 - tail]:
            tail += 1
        a, b = a[: a.size - tail], b[: b.size - tail]
        lengths[pair] = head + tail
        if a.size and b.size:
            lengths[pair] += _common_length(a, b) if a.size <= b.size else _common_length(b, a)
    return lengths


def _compare_words(left: pl.Series, right: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Per pair: words that stand in both in the same order, words of the left, words of the right."""
    _check_pairs(left, right)
    a, b = split_texts(left), split_texts(right)
    return _common_lengths(a.hashes, a.rows, b.hashes, b.rows), np.diff(a.rows), np.diff(b.rows)


def word_edit_ratio(left: pl.Series, right: pl.Series) -> Ratios:
    """As ``edit_ratio``, with words in the place of characters; words are what single spaces divide.

    Words are compared by 64-bit hashes; memory is linear in the texts. Raises ValueError as ``edit_ratio`` does.
    """
    common, n_left, n_right = _compare_words(left, right)
    total = n_left + n_right
    return np.where(total > 0, 2 * common / np.maximum(total, 1), 1.0).astype(np.float32)


def containment(part: pl.Series, whole: pl.Series) -> Ratios:
    """Share of the part's words that stand in the whole in the same order (longest common subsequence of words).

    Args:
        part, whole: n texts each, words divided by spaces; a null counts as empty. Nothing is contained in an empty
            part or whole: 0.

    Returns:
        float32 of shape (n,), from 0 to 1.

    Raises:
        ValueError: the columns differ in length.
    """
    common, n_part, _ = _compare_words(part, whole)
    return (common / np.maximum(n_part, 1)).astype(np.float32)
