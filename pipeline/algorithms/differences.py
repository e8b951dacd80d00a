"""What differs between two texts, word by word: which words stay, move, are spelled anew, replaced, added.

In: folded texts as one column, pairs of its rows, what is known of words. Out: a matrix of counts, one row a pair.

>>> texts = pl.Series(["the old tram was late", "the old trams were not late"])
>>> found = count_differences(split_texts(texts), np.array([[0, 1]]), no_words())
>>> dict(zip(DIFFERENCES, found[0].tolist()))["inflected"]
1.0

Words that stay in their order are found by the greedy algorithm of Myers (1986, An O(ND) difference algorithm and its
variations), which costs little where little differs. What is left over stands in gaps between them: a word that is left
over on both sides has moved; the others of a gap are aligned by the cost of turning one into the other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.hashed_words import Hashes, SplitTexts
from pipeline.algorithms.kept_words import Scratch, align_words, count_kept, make_scratch, mark_moved, share_bag
from pipeline.algorithms.word_numbers import numbers_differ
from pipeline.algorithms.word_pairs import INFLECTED, REPLACED, RESPELLED, pair_gap
from pipeline.algorithms.word_table import LISTED, NEGATION, PLAIN, WordTable, find_slot

Pairs = NDArray[np.int64]
Counts = NDArray[np.float32]

# Columns of the matrix. Words count once a pair that is aligned, and once each where they stand alone.
DIFFERENCES = (
    "n_short",  # words of the shorter text
    "n_long",
    "stayed",  # words common to both in one order
    "runs",  # unbroken runs of them
    "moved",  # words of both that stand in another order
    "moved_content",  # of these, words that tell something of their own, or say "not"
    "inflected",  # pairs of words with one stem
    "respelled",  # pairs of words that look alike
    "confused",  # of these, pairs of listed words that tell something: Iran and Iraq, not Irann and Iran
    "replaced",  # pairs of other words
    "replaced_content",  # of these, pairs with a word that tells something
    "replaced_bits",  # surprise of the rarer word of these pairs, all together
    "added",  # words that stand in one text alone
    "added_content",  # of these, words that tell something
    "added_bits",  # surprise of all of them
    "added_short",  # words that stand in the shorter text alone
    "stayed_bits",  # surprise of the words that stayed
    "changed_bytes",  # of words that did not stay; an aligned pair counts by the characters that differ
    "bytes",  # of the words of both texts
    "negations",  # how many more words that say "not" one text has
    "numbers",  # whether the numbers differ, read in order
)
_N = len(DIFFERENCES)
(
    _N_SHORT,
    _N_LONG,
    _STAYED,
    _RUNS,
    _MOVED_WORDS,
    _MOVED_CONTENT,
    _INFLECTED_WORDS,
    _RESPELLED_WORDS,
    _CONFUSED,
    _REPLACED_WORDS,
    _REPLACED_CONTENT,
    _REPLACED_BITS,
    _ADDED_WORDS,
    _ADDED_CONTENT,
    _ADDED_BITS,
    _ADDED_SHORT,
    _STAYED_BITS,
    _CHANGED_BYTES,
    _BYTES,
    _NEGATIONS,
    _NUMBERS,
) = range(_N)

# A word that is not PLAIN tells something of its own if one in 32 posts or fewer have it, or if it has four bytes.
_CONTENT_BITS, _CONTENT_BYTES = 5.0, 4

FEW_WORDS = 2  # of both texts up to which a slip may touch every word

_MOST_STEPS = 2000  # differences between two texts from which on they are not looked for
_FEW_STEPS = 24  # differences that are looked for without counting first

_ROUNDING = 1e-9  # of a share times a number of words


@njit(cache=True, inline="always")
def _tells(texts: SplitTexts, table: WordTable, word: int, slot: int) -> bool:
    """Whether a word tells something of its own."""
    long_enough = texts.ends[word] - texts.begins[word] >= _CONTENT_BYTES
    return table.classes[slot] & PLAIN == 0 and (long_enough or table.bits[slot] >= _CONTENT_BITS)


@njit(cache=True, inline="always")
def _name_one_number(texts: SplitTexts, table: WordTable, word: int, slot: int, mate: int, other: int) -> bool:
    """Whether two words are "seven" and "7"."""
    one, two = table.digits[slot], table.digits[other]
    return (one == texts.hashes[mate]) != (two == texts.hashes[word])


@njit(cache=True, nogil=True)
def _count_stayed(texts: SplitTexts, table: WordTable, word: int, found: Counts) -> None:
    slot = find_slot(table.hashes, texts.hashes[word])
    found[_STAYED] += 1
    found[_STAYED_BITS] += table.bits[slot]
    found[_BYTES] += 2 * (texts.ends[word] - texts.begins[word])


@njit(cache=True, nogil=True)
def _gather_gap(
    texts: SplitTexts, table: WordTable, word: int, marks: NDArray[np.int32], sign: int, gap: Pairs, found: Counts
) -> tuple[int, int]:
    """Words of one side of a gap, those that moved counted and left out. Returns how many stand in it, and in `gap`."""
    n_words = n_gap = 0
    for mark in marks:
        if mark >= 0:
            break
        at = word + n_words
        n_words += 1
        length = texts.ends[at] - texts.begins[at]
        found[_BYTES] += length
        slot = find_slot(table.hashes, texts.hashes[at])
        is_not = table.classes[slot] & NEGATION != 0
        found[_NEGATIONS] += sign * is_not
        if mark == -1:
            gap[n_gap] = at
            n_gap += 1
        else:
            found[_CHANGED_BYTES] += length
            if sign > 0:
                found[_MOVED_WORDS] += 1
                found[_MOVED_CONTENT] += is_not or _tells(texts, table, at, slot)
    return n_words, n_gap


@njit(cache=True, nogil=True)
def _count_alone(texts: SplitTexts, table: WordTable, word: int, found: Counts) -> None:
    slot = find_slot(table.hashes, texts.hashes[word])
    found[_ADDED_WORDS] += 1
    found[_ADDED_BITS] += table.bits[slot]
    found[_ADDED_CONTENT] += _tells(texts, table, word, slot)
    found[_CHANGED_BYTES] += texts.ends[word] - texts.begins[word]


@njit(cache=True, nogil=True)
def _count_gap(texts: SplitTexts, table: WordTable, a: Pairs, b: Pairs, found: Counts) -> None:
    """Adds what differs between the words of one gap: `a` of the shorter text, `b` of the other."""
    mates, kinds, changes = pair_gap(texts, a, b)
    is_mate = np.zeros(b.size, dtype=np.bool_)
    for i in range(a.size):
        if mates[i] < 0:
            found[_ADDED_SHORT] += 1
            _count_alone(texts, table, a[i], found)
            continue
        is_mate[mates[i]] = True
        word, mate = a[i], b[mates[i]]
        one = find_slot(table.hashes, texts.hashes[word])
        other = find_slot(table.hashes, texts.hashes[mate])
        tells = _tells(texts, table, word, one) or _tells(texts, table, mate, other)
        if _name_one_number(texts, table, word, one, mate, other):
            found[_INFLECTED_WORDS] += 1
        elif kinds[i] == np.float32(REPLACED):
            found[_REPLACED_WORDS] += 1
            found[_REPLACED_CONTENT] += tells
            found[_REPLACED_BITS] += max(table.bits[one], table.bits[other])
            found[_CHANGED_BYTES] += texts.ends[word] - texts.begins[word] + texts.ends[mate] - texts.begins[mate]
        else:
            found[_CHANGED_BYTES] += changes[i]
            found[_INFLECTED_WORDS if kinds[i] == np.float32(INFLECTED) else _RESPELLED_WORDS] += 1
            if kinds[i] == np.float32(RESPELLED):
                both = table.classes[one] & table.classes[other] & LISTED
                found[_CONFUSED] += both != 0 and tells
    for j in range(b.size):
        if not is_mate[j]:
            _count_alone(texts, table, b[j], found)


@njit(cache=True, nogil=True)
def _compare_pair(
    texts: SplitTexts, table: WordTable, a0: int, b0: int, n: int, m: int, s: Scratch, found: Counts
) -> None:
    """Walks along two aligned texts and counts what stayed and what every gap holds."""
    gap_a, gap_b = np.empty(n, dtype=np.int64), np.empty(m, dtype=np.int64)
    i = j = 0
    in_run = False
    while i < n or j < m:
        if i < n and j < m and s.left[i] == j:
            _count_stayed(texts, table, a0 + i, found)
            found[_RUNS] += not in_run
            in_run = True
            i += 1
            j += 1
            continue
        in_run = False
        n_words, n_gap = _gather_gap(texts, table, a0 + i, s.left[i:n], 1, gap_a, found)
        m_words, m_gap = _gather_gap(texts, table, b0 + j, s.right[j:m], -1, gap_b, found)
        i += n_words
        j += m_words
        _count_gap(texts, table, gap_a[:n_gap], gap_b[:m_gap], found)
    found[_NEGATIONS] = abs(found[_NEGATIONS])


@njit(cache=True, inline="always")
def _least_kept(floor: float, n: int, m: int) -> int:
    """Words in common, in one order, that are a share of at least `floor` of both texts."""
    return 0 if max(n, m) <= FEW_WORDS else int(np.ceil(floor * (n + m) / 2 - _ROUNDING))


@njit(cache=True, nogil=True)
def _align(a: Hashes, b: Hashes, least: int, scratch: Scratch, stamp: int) -> bool:
    """Whether at least so many words stay in one order, and which."""
    most = min(_MOST_STEPS, a.size + b.size - 2 * least)
    if align_words(a, b, min(most, _FEW_STEPS), scratch.left, scratch.right):
        return True
    if most <= _FEW_STEPS:
        return False
    # The search costs the square of what differs; counting says first whether it would find enough.
    steps = a.size + b.size - 2 * count_kept(a, b, scratch, stamp)
    return steps <= most and align_words(a, b, steps, scratch.left, scratch.right)


@njit(cache=True, nogil=True)
def _count_differences(
    texts: SplitTexts, pairs: Pairs, table: WordTable, floor: float, filled_floor: float, out: Counts
) -> None:
    rows = texts.rows
    longest = 1
    for row in range(rows.size - 1):
        longest = max(longest, rows[row + 1] - rows[row])
    scratch = make_scratch(longest)
    for pair in range(pairs.shape[0]):
        first, second = pairs[pair, 0], pairs[pair, 1]
        if rows[first + 1] - rows[first] > rows[second + 1] - rows[second]:
            first, second = second, first
        a0, b0 = rows[first], rows[second]
        a, b = texts.hashes[a0 : rows[first + 1]], texts.hashes[b0 : rows[second + 1]]
        found = out[pair]
        found[_N_SHORT], found[_N_LONG] = a.size, b.size
        least = _least_kept(floor, a.size, b.size)
        if a.size < least or not share_bag(a, b, least, scratch, 4 * pair):
            continue
        found[_NUMBERS] = numbers_differ(texts, table, first, second)
        if found[_NUMBERS] and filled_floor > floor:
            least = _least_kept(filled_floor, a.size, b.size)
            if a.size < least or not share_bag(a, b, least, scratch, 4 * pair + 1):
                continue
        if not _align(a, b, least, scratch, 4 * pair + 2):
            continue
        mark_moved(a, b, scratch, 4 * pair + 3)
        _compare_pair(texts, table, a0, b0, a.size, b.size, scratch, found)


def count_differences(
    texts: SplitTexts, pairs: Pairs, words: WordTable, floor: float = 0.0, filled_floor: float = 0.0
) -> Counts:
    """What differs between texts, pair by pair.

    Args:
        texts: n folded texts as words.
        pairs: int64 of shape (m, 2), rows of texts.
        words: what is known of words.
        floor: pairs whose words, in their order, are a smaller share of both texts (of more than FEW_WORDS words) are
            left alone: in their row stand the numbers of words and, but for "numbers", zeros. Pairs are also left alone
            where more than 2,000 words did not stay.
        filled_floor: as `floor`, for pairs whose numbers differ; the higher one of both counts.

    Returns:
        float32 of shape (m, len(DIFFERENCES)), one column each. Texts of a pair may change places only where they have
        different numbers of words: aligned from the other end, equal ones may come out a little differently.
    """
    out = np.zeros((len(pairs), _N), dtype=np.float32)
    _count_differences(texts, np.ascontiguousarray(pairs, dtype=np.int64), words, floor, filled_floor, out)
    return out
