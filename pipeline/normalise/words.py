"""Words for comparison, and how much they tell.

In: a column of plain text. Out: folded words, their key, their number, the bits of surprise in them.

>>> read_words(pl.Series(["It’s FINE!", "🙂"]), load_pack()).select("words", "n_words").rows()
[('its fine', 2), ('', 0)]
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.algorithms.text import fold_words
from pipeline.buffers import Bytes, Offsets, text_buffers, text_column
from pipeline.ids import digest_texts
from pipeline.normalise.parts import interleave
from pipeline.pack import ModelPack

_FOLD_BYTES = 1 << 23  # folded at a time
_SPACE, _NOTHING, _RARE = 32, 0, 255
_FNV, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3  # FNV-1a, 64 bits (Fowler, Noll, Vo; public domain)
_PARTS = 1 << 16  # of a bit
_MANY_WORDS = 1 << 16  # in one text, from which on they are counted before memory is set aside for them
_TYPOGRAPHIC = "–—‘’“”…"


def _class_of(sign: str) -> int:
    return ord(sign.lower()) if sign.isalnum() else _NOTHING if sign in "'`’" else _SPACE


# What becomes of every ASCII byte, and from 128 on of U+2000 to U+203F by the last byte of their UTF-8.
_CLASSES = np.full(192, _RARE, dtype=np.uint8)
_CLASSES[:128] = [_class_of(chr(byte)) for byte in range(128)]
_CLASSES[[ord(sign) - 0x2000 + 128 for sign in _TYPOGRAPHIC]] = [_class_of(sign) for sign in _TYPOGRAPHIC]


@njit(cache=True, nogil=True)
def _fold_plain(
    values: Bytes, offsets: Offsets, classes: Bytes, out: Bytes, ends: Offsets, plain: NDArray[np.bool_]
) -> int:
    """``fold_words`` for rows of common characters, one after another in `out`; returns how many such rows there are.

    Common are ASCII, Latin-1 letters, the no-break space, typographic quotes, dashes and the ellipsis, and the emoji
    U+1F300 to U+1F9FF. A row with any other character is left out, and False in `plain`; `ends[k]` is where the k-th
    of the others ends. Every character takes the same few steps, written or not, because a branch that cannot be
    foretold costs more than they do.
    """
    n_plain = 0
    at = uint64(0)  # unsigned: a signed index would be tested for counting from the end
    one = uint64(1)
    for row in range(offsets.size - 1):
        begin = at
        in_gap = True
        i, stop = uint64(offsets[row]), uint64(offsets[row + 1])
        while i < stop:
            byte = values[i]
            i += one
            if byte < 128:
                sign = classes[byte]
            else:
                second = values[i] if i < stop else 0
                third = values[i + one] if i + one < stop else 0
                if byte == 0xE2 and second == 0x80 and classes[third] != _RARE:
                    sign = classes[third]
                    i += uint64(2)
                elif byte == 0xC3:
                    sign = _SPACE if second == 0x97 or second == 0xB7 else second | 0x20 if second < 0x9F else second
                    i += one
                    if sign > _SPACE:
                        out[at] = byte
                        at += one
                elif byte == 0xC2 and second == 0xA0:
                    sign = _SPACE
                    i += one
                elif byte == 0xF0 and second == 0x9F and 0x8C <= third <= 0xA7:
                    sign = _SPACE
                    i += uint64(3)
                else:
                    break
            out[at] = sign
            is_space = sign == _SPACE
            at += uint64((sign > _SPACE) | (is_space & (not in_gap)))
            in_gap = is_space | (in_gap & (sign == _NOTHING))
        else:
            if at > begin and in_gap:
                at -= one
            n_plain += 1
            ends[n_plain] = at
            plain[row] = True
            continue
        at = begin
        plain[row] = False
    return n_plain


@njit(cache=True, nogil=True)
def _measure(
    values: Bytes,
    offsets: Offsets,
    table: NDArray[np.uint64],
    unseen: int,
    seen: NDArray[np.uint64],
    seen_row: NDArray[np.int64],
    n_words: NDArray[np.int64],
    parts: NDArray[np.uint64],
) -> None:
    """Words of each row, and the bits of its distinct ones in parts of a bit, whose sum is exact in any order.

    `table` is the pack's (see _build_table). `seen` is a hash table of the row's own words: a slot is free wherever
    `seen_row` names another row.
    """
    mask, seen_mask = uint64(table.shape[0] - 1), uint64(seen.size - 1)
    for row in range(offsets.size - 1):
        total = uint64(0)
        count = 0
        i, stop = offsets[row], offsets[row + 1]
        while i < stop:
            h = uint64(_FNV)
            while i < stop and values[i] != _SPACE:
                h = (h ^ uint64(values[i])) * uint64(_FNV_PRIME)
                i += 1
            i += 1
            h = _finish(h)
            count += 1
            slot = h & seen_mask
            while seen_row[slot] == row and seen[slot] != h:
                slot = (slot + uint64(1)) & seen_mask
            if seen_row[slot] == row:
                continue
            seen_row[slot] = row
            seen[slot] = h
            place = h & mask
            while table[place, 0] != 0 and table[place, 0] != h:
                place = (place + uint64(1)) & mask
            total += table[place, 1] if table[place, 0] == h else uint64(unseen)
        n_words[row] = count
        parts[row] = total


@njit(cache=True, inline="always")
def _finish(h: int) -> int:
    """The last steps of a word's hash: FNV-1a lacks mixing, MurmurHash3 (Appleby 2011, public domain) has it; not 0."""
    h ^= h >> uint64(33)
    h *= uint64(0xFF51AFD7ED558CCD)
    h ^= h >> uint64(33)
    return h | uint64(h == uint64(0))


@njit(cache=True, nogil=True)
def _build_table(values: Bytes, offsets: Offsets, weights: NDArray[np.uint64], table: NDArray[np.uint64]) -> None:
    """Hash table of n words by open addressing: rows of hash (0: free) and weight."""
    mask = uint64(table.shape[0] - 1)
    for row in range(offsets.size - 1):
        h = uint64(_FNV)
        for i in range(offsets[row], offsets[row + 1]):
            h = (h ^ uint64(values[i])) * uint64(_FNV_PRIME)
        h = _finish(h)
        place = h & mask
        while table[place, 0] != 0 and table[place, 0] != h:
            place = (place + uint64(1)) & mask
        table[place, 0] = h
        table[place, 1] = weights[row]


@cache
def _pack_table(pack: ModelPack) -> NDArray[np.uint64]:
    table = np.zeros((1 << (2 * pack.words.height).bit_length(), 2), dtype=np.uint64)
    weights = (pack.words["bits"].cast(pl.Float64) * _PARTS).round(0).cast(pl.UInt64).to_numpy()
    _build_table(*text_buffers(pack.words["word"]), np.ascontiguousarray(weights), table)
    return table


def fold_texts(texts: pl.Series) -> pl.Series:
    """``fold_words`` of n Strings without nulls, several times as fast where they are mostly ASCII."""
    sizes = texts.str.len_bytes().cast(pl.Int64).cum_sum()
    if texts.is_empty():
        return texts
    starts = [0]
    while starts[-1] < len(texts):
        before = int(sizes[starts[-1] - 1]) if starts[-1] else 0
        starts.append(max(starts[-1] + 1, int(sizes.search_sorted(before + _FOLD_BYTES, side="right"))))
    parts = [_fold_part(texts.slice(start, stop - start)) for start, stop in pairwise(starts)]
    return pl.concat(parts).rechunk().alias(texts.name)


def _fold_part(texts: pl.Series) -> pl.Series:
    values, offsets = text_buffers(texts)
    out = np.empty(int(offsets[-1] - offsets[0]) + 1, dtype=np.uint8)  # a space is tried behind the last word
    ends = np.zeros(len(texts) + 1, dtype=np.int64)
    is_plain = np.zeros(len(texts), dtype=np.bool_)
    n_plain = _fold_plain(values, offsets, _CLASSES, out, ends, is_plain)
    folded = text_column(out[: ends[n_plain]], ends[: n_plain + 1])
    if n_plain == len(texts):
        return folded
    plain = pl.Series(is_plain)
    others = pl.DataFrame({"text": texts.filter(~plain)}).select(fold_words(pl.col("text"))).to_series()
    return interleave(plain, folded, others)


def read_words(texts: pl.Series, pack: ModelPack) -> pl.DataFrame:
    """Folded words of n texts without nulls.

    Returns:
        words (String), words_key (id), n_words (Int64), information (Float32, bits of the distinct words together).
    """
    words = fold_texts(texts).alias("words")
    values, offsets = text_buffers(words)
    n_words, parts = np.zeros(len(words), dtype=np.int64), np.zeros(len(words), dtype=np.uint64)
    longest = int(np.diff(offsets).max(initial=0)) // 2 + 1  # every word but the last has a space
    if longest > _MANY_WORDS:
        longest = int(words.str.count_matches(" ", literal=True).to_numpy().max()) + 1
    size = 1 << (2 * longest).bit_length()  # twice as many slots as words keep the chains of the table short
    seen, seen_row = np.zeros(size, dtype=np.uint64), np.full(size, -1, dtype=np.int64)
    unseen = round(pack.unseen_bits * _PARTS)
    _measure(values, offsets, _pack_table(pack), unseen, seen, seen_row, n_words, parts)
    information = (parts / _PARTS).astype(np.float32)
    frame = pl.DataFrame({"words": words, "n_words": n_words, "information": information, "text": texts})
    empty = frame["words"] == ""
    named = frame["words"]
    if empty.any():
        bare = frame.filter(empty).select(pl.col("text").str.normalize("NFKC").str.strip_chars()).to_series()
        named = interleave(empty, bare, named.filter(~empty))
    return frame.select("words", digest_texts(named).alias("words_key"), "n_words", "information")
