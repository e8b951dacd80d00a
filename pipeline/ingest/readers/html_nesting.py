"""Pages of HTML that no browser ever sees: tags nested by the ten thousand, or bold opened by the hundred.

In: the bytes of a page. Out: what is wrong with its nesting, or nothing.

>>> hostile_nesting(b"<div>" * 10_000)
'its tags are nested more than 4000 deep'

A parser that does as browsers do takes time and memory beyond all bounds for such pages.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.buffers import Bytes

DEEPEST = 4_000
MOST_FORMATTING = 300

# What is opened again in every paragraph until it is closed; up to three equal ones of each.
_FORMATTING = "b big code em font i s small strike strong tt u"
_REOPENED = 3
# What never nests, or ends where the next one begins, costs nothing and is passed over.
_UNNESTED = (
    "a area base br col embed hr img input link meta param source track wbr p li dt dd option tr td th thead tbody"
)
_IS_UNNESTED, _IS_FORMATTING = 1, 2
_ATTRIBUTE_BYTES = 200  # as far as two tags of formatting are compared
_OFFSET, _PRIME = 0xCBF29CE484222325, 0x100000001B3  # of the hash FNV-1a
_SLOTS = 1 << 12  # a power of two
_MOST_NAMES = 3_000  # that are surely told apart; no page has as many


def hostile_nesting(data: bytes) -> str | None:
    """What is wrong with the nesting of tags, judged by counting them."""
    page = np.frombuffer(data, dtype=np.uint8)
    depth, formatting = _most_open(page, np.flatnonzero(page == ord("<")), _NAMES, _KINDS)
    if depth > DEEPEST:
        return f"its tags are nested more than {DEEPEST} deep"
    if formatting > MOST_FORMATTING:
        return f"more than {MOST_FORMATTING} tags for bold or the like are open at once"
    return None


@njit(cache=True, inline="always")
def _add_byte(code: int, byte: int) -> int:
    return (code ^ uint64(byte)) * uint64(_PRIME)


@njit(cache=True, inline="always")
def _lower(byte: int) -> int:
    return byte | 0x20 if 0x41 <= byte <= 0x5A else byte


@njit(cache=True)
def _find_slot(names: NDArray[np.uint64], code: int) -> int:
    """Where a name stands in a table with linear probing, or would stand."""
    slot = int(np.int64(code & uint64(len(names) - 1)))
    while names[slot] != 0 and names[slot] != code:
        slot = (slot + 1) & (len(names) - 1)
    return slot


@njit(cache=True)
def _read_name(page: Bytes, place: int) -> tuple[int, int]:
    """The code of the name that begins here, and where it ends."""
    code, start = uint64(_OFFSET), place
    while place < len(page):
        byte = _lower(page[place])
        if not (0x61 <= byte <= 0x7A or (0x30 <= byte <= 0x39 and place > start)):
            break
        code = _add_byte(code, byte)
        place += 1
    return code, place


@njit(cache=True)
def _read_attributes(page: Bytes, place: int) -> int:
    """The code of what stands behind a name."""
    code, end = uint64(_OFFSET), min(len(page), place + _ATTRIBUTE_BYTES)
    while place < end and page[place] != 0x3C and page[place] != 0x3E:
        code = _add_byte(code, page[place])
        place += 1
    return code


@njit(cache=True)
def _close(opened: NDArray[np.int64], spellings: NDArray[np.uint64], n: int, slot: int) -> int:
    """Takes the last tag of a name out of those that are open; how many are left."""
    last = n - 1
    while last >= 0 and opened[last] != slot:
        last -= 1
    if last < 0:
        return n
    for row in range(last, n - 1):
        opened[row], spellings[row] = opened[row + 1], spellings[row + 1]
    return n - 1


@njit(cache=True)
def _open(opened: NDArray[np.int64], spellings: NDArray[np.uint64], n: int, slot: int, attributes: int) -> int:
    """Adds a tag to those that are open, unless enough equal ones are; how many there are."""
    equal = 0
    for row in range(n):
        equal += opened[row] == slot and spellings[row] == attributes
    if equal >= _REOPENED:
        return n
    opened[n], spellings[n] = slot, attributes
    return n + 1


@njit(cache=True, nogil=True)
def _most_open(
    page: Bytes, at: NDArray[np.int64], known: NDArray[np.uint64], kinds: NDArray[np.uint8]
) -> tuple[int, int]:
    """How many tags, and how many of formatting, are open at once, up to one more than may be.

    Args:
        page: uint8 of shape (bytes,).
        at: where each ``<`` stands.
        known, kinds: names of a special kind in a table as `_find_slot` reads it, and of which kind each is.
    """
    names = known.copy()
    waiting = np.zeros(len(names), dtype=np.int64)  # of each name, how many are open
    opened = np.zeros(MOST_FORMATTING + 1, dtype=np.int64)  # the slot of every tag of formatting that is open
    spellings = np.zeros(MOST_FORMATTING + 1, dtype=np.uint64)  # its attributes
    n_names = depth = deepest = reopened = 0
    for tag in at:
        place = tag + 1
        closes = place < len(page) and page[place] == 0x2F
        place += closes
        start = place
        code, place = _read_name(page, start)
        if place == start:
            continue
        slot = _find_slot(names, code)
        if names[slot] == 0 and n_names < _MOST_NAMES:
            names[slot] = code
            n_names += 1
        if kinds[slot] == _IS_UNNESTED and not (place < len(page) and page[place] == 0x5F):
            continue
        if kinds[slot] != _IS_FORMATTING:
            if closes and waiting[slot] == 0:
                continue
            step = -1 if closes else 1
            waiting[slot] += step
            depth += step
            deepest = max(deepest, depth)
            if depth > DEEPEST:
                break
        elif closes:
            reopened = _close(opened, spellings, reopened, slot)
        else:
            reopened = _open(opened, spellings, reopened, slot, _read_attributes(page, place))
            if reopened > MOST_FORMATTING:
                break
    return deepest, reopened


def _known_names() -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    names, kinds = np.zeros(_SLOTS, dtype=np.uint64), np.zeros(_SLOTS, dtype=np.uint8)
    for kind, words in ((_IS_UNNESTED, _UNNESTED), (_IS_FORMATTING, _FORMATTING)):
        for word in words.split():
            code = _OFFSET
            for byte in word.encode():
                code = (code ^ byte) * _PRIME % (1 << 64)
            slot = _find_slot.py_func(names, np.uint64(code))
            names[slot], kinds[slot] = code, kind
    return names, kinds


_NAMES, _KINDS = _known_names()
