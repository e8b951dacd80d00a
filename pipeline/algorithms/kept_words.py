"""Which words two texts have in common, in one order or in another.

In: two lists of hashed words. Out: for each word its partner in the other list, -1 where it has none, -2 where its
partner stands at another place.

>>> texts = split_texts(pl.Series(["a old b c", "b a old c"]))
>>> scratch = make_scratch(4)
>>> align_words(texts.hashes[:4], texts.hashes[4:], 8, scratch.left, scratch.right), scratch.left[:4].tolist()
(True, [1, 2, -1, 3])

Words that stay in their order are found by the greedy algorithm of Myers (1986, An O(ND) difference algorithm and its
variations), which costs little where little differs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.algorithms.hashed_words import Hashes


class Scratch(NamedTuple):
    """A hash table of words that is emptied by a new stamp, the two alignments of a pair, and room to measure one:
    where a word of the left list stands next, and a bit for each of its words."""

    seen: Hashes
    stamps: NDArray[np.int64]
    amounts: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    following: NDArray[np.int32]
    bits: Hashes


@njit(cache=True, nogil=True)
def make_scratch(longest: int) -> Scratch:
    """Room for pairs of texts of at most `longest` words each."""
    size = 64
    while size < 4 * longest:
        size *= 2
    return Scratch(
        np.zeros(size, dtype=np.uint64),
        np.full(size, -1, dtype=np.int64),
        np.zeros(size, dtype=np.int32),
        np.empty(longest, dtype=np.int32),
        np.empty(longest, dtype=np.int32),
        np.empty(longest, dtype=np.int32),
        np.empty(longest // 64 + 1, dtype=np.uint64),
    )


@njit(cache=True, inline="always")
def _mask_for(n_words: int) -> int:
    """Which bits of a hash are the slot: small pairs use the start of the table alone, which stays in the cache."""
    size = 64
    while size < 2 * n_words:
        size *= 2
    return uint64(size - 1)


@njit(cache=True, inline="always")
def _find_stamped(scratch: Scratch, word: int, stamp: int, mask: int) -> int:
    """The slot of a word in the table of this stamp; if it is new there, its amount becomes 0."""
    slot = word & mask
    while scratch.stamps[slot] == stamp and scratch.seen[slot] != word:
        slot = (slot + uint64(1)) & mask
    if scratch.stamps[slot] != stamp:
        scratch.stamps[slot] = stamp
        scratch.seen[slot] = word
        scratch.amounts[slot] = 0
    return slot


@njit(cache=True, nogil=True)
def share_bag(a: Hashes, b: Hashes, least: int, scratch: Scratch, stamp: int) -> bool:
    """Whether two lists have at least so many words in common, whatever their order."""
    mask = _mask_for(a.size + b.size)
    for word in a:
        scratch.amounts[_find_stamped(scratch, word, stamp, mask)] += 1
    misses = b.size - least
    for word in b:
        slot = _find_stamped(scratch, word, stamp, mask)
        if scratch.amounts[slot] > 0:
            scratch.amounts[slot] -= 1
        else:
            misses -= 1
            if misses < 0:
                return False
    return True


@njit(cache=True, inline="always")
def _count_zeros(bits: Hashes, n: int) -> int:
    """How many of the first n bits are 0."""
    zeros = n
    for block in range((n + 63) // 64):
        x = bits[block]
        if n - 64 * block < 64:
            x &= (uint64(1) << uint64(n - 64 * block)) - uint64(1)
        x -= (x >> uint64(1)) & uint64(0x5555555555555555)
        x = (x & uint64(0x3333333333333333)) + ((x >> uint64(2)) & uint64(0x3333333333333333))
        x = (x + (x >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
        zeros -= int((x * uint64(0x0101010101010101)) >> uint64(56))
    return zeros


@njit(cache=True, nogil=True)
def count_kept(a: Hashes, b: Hashes, scratch: Scratch, stamp: int) -> int:
    """How many words two lists have in common in one order, at most: 64 words of `a` a step (Hyyrö 2004)."""
    mask = _mask_for(a.size + b.size)
    n_blocks = (a.size + 63) // 64
    bits, following, amounts = scratch.bits, scratch.following, scratch.amounts
    bits[:n_blocks] = uint64(0xFFFFFFFFFFFFFFFF)
    # In the table stands one more than the first place of a word; from there each place names the next.
    for place in range(a.size - 1, -1, -1):
        slot = _find_stamped(scratch, a[place], stamp, mask)
        following[place] = amounts[slot] - 1
        amounts[slot] = place + 1
    for word in b:
        place = amounts[_find_stamped(scratch, word, stamp, mask)] - 1
        carry = uint64(0)
        block = place >> 6
        while block < n_blocks and (place >= 0 or carry):
            matches = uint64(0)
            while place >= 0 and place >> 6 == block:
                matches |= uint64(1) << uint64(place & 63)
                place = following[place]
            held = bits[block]
            total = held + (held & matches)
            over = uint64(total < held)
            total += carry
            carry = over | uint64(total < carry)
            bits[block] = total | (held & ~matches)
            block += 1
    return _count_zeros(bits, a.size)


@njit(cache=True, nogil=True)
def align_words(a: Hashes, b: Hashes, most: int, left: NDArray[np.int32], right: NDArray[np.int32]) -> bool:
    """Marks words that stay: left[i] = j and right[j] = i, -1 for others. False where more than `most` do not."""
    left[: a.size] = -1
    right[: b.size] = -1
    n, m = a.size, b.size
    head = 0
    while head < n and head < m and a[head] == b[head]:
        left[head] = head
        right[head] = head
        head += 1
    while n > head and m > head and a[n - 1] == b[m - 1]:
        n -= 1
        m -= 1
        left[n] = m
        right[m] = n
    if n == head or m == head:
        return n - head + m - head <= most
    limit = min(most, n - head + m - head)
    kept = np.empty((limit + 1) * (limit + 2) // 2, dtype=np.int32)
    found = _search(a[head:n], b[head:m], limit, kept)
    if found < 0:
        return False
    _walk_back(n - head, m - head, found, kept, left[head:], right[head:], head)
    return True


@njit(cache=True, nogil=True)
def _search(a: Hashes, b: Hashes, limit: int, kept: NDArray[np.int32]) -> int:
    """Least number of words to take out of both lists so that they are equal, -1 if above `limit` (Myers, figure 2).

    `kept` receives the furthest reaching points of d differences, on diagonals -d, 2 - d … d, from d (d + 1) / 2 on.
    """
    n, m = a.size, b.size
    reach = np.zeros(2 * limit + 3, dtype=np.int32)
    middle = limit + 1
    for d in range(limit + 1):
        base = d * (d + 1) // 2
        for k in range(-d, d + 1, 2):
            below, above = reach[middle + k - 1], reach[middle + k + 1]
            x = above if k == -d or (k != d and below < above) else below + 1
            y = x - k
            while x < n and y < m and a[x] == b[y]:
                x += 1
                y += 1
            reach[middle + k] = x
            kept[base + (k + d) // 2] = x
            if x >= n and y >= m:
                return d
    return -1


@njit(cache=True, nogil=True)
def _walk_back(
    n: int, m: int, found: int, kept: NDArray[np.int32], left: NDArray[np.int32], right: NDArray[np.int32], head: int
) -> None:
    x, y = n, m
    for d in range(found, -1, -1):
        from_x, from_y = 0, 0
        if d > 0:
            k = x - y
            base = (d - 1) * d // 2
            below = kept[base + (k + d - 2) // 2] if k > -d else -1
            above = kept[base + (k + d) // 2] if k < d else -1
            if k == -d or (k != d and below < above):
                from_x, from_y = above, above - k - 1
            else:
                from_x, from_y = below, below - k + 1
        while x > from_x and y > from_y:
            x -= 1
            y -= 1
            left[x] = head + y
            right[y] = head + x
        x, y = from_x, from_y


@njit(cache=True, nogil=True)
def mark_moved(a: Hashes, b: Hashes, scratch: Scratch, stamp: int) -> int:
    """Turns -1 into -2 where a word that is left over is left over on the other side as well; returns how many."""
    left, right, amounts = scratch.left, scratch.right, scratch.amounts
    mask = _mask_for(a.size + b.size)
    for i in range(a.size):
        if left[i] == -1:
            amounts[_find_stamped(scratch, a[i], stamp, mask)] += 1
    moved = 0
    # What the right side takes is counted in the upper half, and given to the first such words of the left side.
    for j in range(b.size):
        if right[j] == -1:
            slot = _find_stamped(scratch, b[j], stamp, mask)
            if (amounts[slot] & 0xFFFF) > (amounts[slot] >> 16):
                amounts[slot] += 1 << 16
                right[j] = -2
                moved += 1
    for i in range(a.size if moved else 0):
        if left[i] == -1:
            slot = _find_stamped(scratch, a[i], stamp, mask)
            if amounts[slot] >> 16:
                amounts[slot] -= 1 << 16
                left[i] = -2
    return moved
