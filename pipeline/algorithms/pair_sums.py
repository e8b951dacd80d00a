"""Numbers summed by pair of ids.

In: pairs, each with a number. Out: every pair once, with the sum of its numbers, in ascending order.

>>> pairs = np.array([[7, 9], [2, 3], [7, 9]], dtype=np.uint64)
>>> [column.tolist() for column in sum_pairs(pairs[:, 0], pairs[:, 1], np.array([1, 1, -3], dtype=np.int32))]
[[2, 7], [3, 9], [1, -2]]

A radix sort over the first bits of both ids, which are hashes and so as good as random, leaves little to put right: it
takes a third of the time of what groups and sorts any columns.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

Ids = NDArray[np.uint64]
Numbers = NDArray[np.int32]


@njit(cache=True, inline="always")
def _is_behind(left: Ids, right: Ids, at: int, one: int, other: int) -> bool:
    """Whether the pair at a place comes after another pair."""
    return left[at] > one or (left[at] == one and right[at] > other)


@njit(cache=True, nogil=True)
def _sort_run(left: Ids, right: Ids, numbers: Numbers, start: int, stop: int) -> None:
    """Shell's sort (1959) of a few pairs, or of many that are nearly sorted."""
    gap = (stop - start) // 2
    while gap > 0:
        for inner in range(start + gap, stop):
            one, other, number, place = left[inner], right[inner], numbers[inner], inner
            while place >= start + gap and _is_behind(left, right, place - gap, one, other):
                left[place], right[place], numbers[place] = left[place - gap], right[place - gap], numbers[place - gap]
                place -= gap
            left[place], right[place], numbers[place] = one, other, number
        gap //= 2


@njit(cache=True, nogil=True)
def _lowest_bit(ids: Ids) -> int:
    """The lowest of the first 22 bits in which ids differ: some callers hold ids that begin alike."""
    differing = uint64(0)
    for at in range(ids.size):
        differing |= ids[at] ^ ids[0]
    low = 0
    while differing >> uint64(low) >> uint64(22) != uint64(0):
        low += 1
    return low


@njit(cache=True, nogil=True)
def _sum_pairs(left: Ids, right: Ids, numbers: Numbers) -> tuple[Ids, Ids, Numbers]:
    n = left.size
    left, right, numbers = left.copy(), right.copy(), numbers.copy()
    to_left, to_right, to_numbers = np.empty_like(left), np.empty_like(right), np.empty_like(numbers)
    low = _lowest_bit(left)
    for by_left, shift in ((False, 42), (False, 53), (True, low), (True, low + 11)):
        key = left if by_left else right
        places = np.zeros(2049, dtype=np.int64)
        for at in range(n):
            places[int((key[at] >> uint64(shift)) & uint64(2047)) + 1] += 1
        if places.max() == n:
            continue
        for digit in range(2048):
            places[digit + 1] += places[digit]
        for at in range(n):
            digit = int((key[at] >> uint64(shift)) & uint64(2047))
            place = places[digit]
            to_left[place], to_right[place], to_numbers[place] = left[at], right[at], numbers[at]
            places[digit] = place + 1
        left, to_left = to_left, left
        right, to_right = to_right, right
        numbers, to_numbers = to_numbers, numbers
    start = 0
    for at in range(1, n + 1):
        if at == n or left[at] >> uint64(low) != left[start] >> uint64(low):
            if at - start > 1:
                _sort_run(left, right, numbers, start, at)
            start = at
    last = -1
    for at in range(n):
        if last >= 0 and left[last] == left[at] and right[last] == right[at]:
            numbers[last] += numbers[at]
            continue
        last += 1
        left[last], right[last], numbers[last] = left[at], right[at], numbers[at]
    return left[: last + 1].copy(), right[: last + 1].copy(), numbers[: last + 1].copy()


def sum_pairs(left: Ids, right: Ids, numbers: Numbers) -> tuple[Ids, Ids, Numbers]:
    """Every pair once with its sum, zeros among them, sorted by left, then by right id.

    Args:
        left, right: uint64 of shape (n,); hashes, or the work is no longer linear.
        numbers: int32 of shape (n,).

    Returns:
        Three arrays of one length.
    """
    columns = (np.ascontiguousarray(left), np.ascontiguousarray(right), np.ascontiguousarray(numbers))
    found: tuple[Ids, Ids, Numbers] = _sum_pairs(*columns)
    return found
