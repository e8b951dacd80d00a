"""Two sorted arrays, walked through side by side: where one of them has a value of the other.

In: sorted unsigned numbers. Out: row numbers.

>>> find_common(np.array([2, 5, 5, 9], dtype=np.uint64), np.array([5, 7, 9], dtype=np.uint64)).tolist()
[1, 2, 3]
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Number = TypeVar("Number", np.uint32, np.uint64)
Rows = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _walk(values: NDArray[Number], wanted: NDArray[Number], rows: Rows) -> int:
    found = 0
    place = 0
    for row in range(values.size):
        while place < wanted.size and wanted[place] < values[row]:
            place += 1
        if place == wanted.size:
            break
        if wanted[place] == values[row]:
            rows[found] = row
            found += 1
    return found


def find_common(values: NDArray[Number], wanted: NDArray[Number]) -> Rows:
    """The rows of values that are among others: int64, ascending.

    Args:
        values: of shape (n,), ascending; a value may stand there several times.
        wanted: of shape (m,), ascending, of the same type.
    """
    if wanted.size * max(1, values.size.bit_length()) < values.size:
        # So few are wanted that halving looks at less than all.
        distinct = np.unique(wanted)
        firsts = np.searchsorted(values, distinct, side="left")
        counts = np.searchsorted(values, distinct, side="right") - firsts
        return np.repeat(firsts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    rows = np.empty(values.size, dtype=np.int64)
    return rows[: _walk(values, wanted, rows)]
