"""The numbers of two texts, read in order.

In: two texts as hashed words. Out: whether a number differs.

>>> texts = split_texts(pl.Series(["3 eggs of 12", "12 eggs of 3"]))
>>> bool(numbers_differ(texts, no_words(), 0, 1))
True
"""

from __future__ import annotations

from numba import njit, uint64

from pipeline.algorithms.hashed_words import SplitTexts, hash_bytes
from pipeline.algorithms.word_table import WordTable, find_slot
from pipeline.buffers import Bytes


@njit(cache=True, inline="always")
def _is_digit(values: Bytes, at: int, end: int) -> bool:
    """Whether an ASCII, Arabic or Devanagari digit starts here: folding makes ASCII ones of most others."""
    byte = values[at]
    second = values[at + 1] if at + 1 < end else 0
    third = values[at + 2] if at + 2 < end else 0
    arabic = (byte == 0xD9 and 0xA0 <= second <= 0xA9) or (byte == 0xDB and 0xB0 <= second <= 0xB9)
    return 48 <= byte <= 57 or arabic or (byte == 0xE0 and second == 0xA5 and 0xA6 <= third <= 0xAF)


@njit(cache=True, nogil=True)
def _next_number(texts: SplitTexts, table: WordTable, word: int, stop: int, at: int) -> tuple[int, int, int]:
    """The next number from byte `at` of `word` on: its hash (0: none before word `stop`), and where to read on."""
    values = texts.values
    while word < stop:
        end = texts.ends[word]
        if at == texts.begins[word]:
            slot = find_slot(table.hashes, texts.hashes[word])
            if table.hashes[slot] == texts.hashes[word] and table.digits[slot] != uint64(0):
                return table.digits[slot], word + 1, texts.ends[word] + 1
        while at < end and not _is_digit(values, at, end):
            at += 1
        begin = at
        while at < end and (_is_digit(values, at, end) or (at > begin and values[at] & 0xC0 == 0x80)):
            at += 1
        if at > begin:
            return hash_bytes(values, begin, at), word, at
        word += 1
        at = end + 1
    return uint64(0), word, at


@njit(cache=True, nogil=True)
def numbers_differ(texts: SplitTexts, table: WordTable, first: int, second: int) -> bool:
    """Whether the numbers of two texts differ, read in order."""
    a, b = texts.rows[first], texts.rows[second]
    a_stop, b_stop = texts.rows[first + 1], texts.rows[second + 1]
    a_at = texts.begins[a] if a < a_stop else 0
    b_at = texts.begins[b] if b < b_stop else 0
    while True:
        one, a, a_at = _next_number(texts, table, a, a_stop, a_at)
        other, b, b_at = _next_number(texts, table, b, b_stop, b_at)
        if one != other:
            return True
        if one == uint64(0):
            return False
