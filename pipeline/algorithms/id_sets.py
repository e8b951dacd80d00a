"""A set of 64-bit ids that is asked for whole columns at a time.

In: arrays of ids. Out: which of them were not there yet.

>>> seen = IdSet()
>>> seen.add(np.array([7, 5, 7], dtype=np.uint64)).tolist(), seen.add(np.array([5, 6], dtype=np.uint64)).tolist()
([True, True, False], [False, True])
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

Ids = NDArray[np.uint64]

_FREE = 0


@njit(cache=True, nogil=True)
def _add(table: Ids, ids: Ids) -> NDArray[np.bool_]:
    """Linear probing; the table has a power of two of places and is never full."""
    new = np.zeros(ids.size, dtype=np.bool_)
    last = uint64(table.size - 1)
    for row in range(ids.size):
        place = ids[row] & last
        while table[place] != _FREE and table[place] != ids[row]:
            place = (place + uint64(1)) & last
        if table[place] == _FREE:
            table[place] = ids[row]
            new[row] = True
    return new


class IdSet:
    """Ids that are as good as random, such as ``ids.number_ids`` gives; it needs some 16 to 32 bytes an id.

    The id 0 counts as 1.
    """

    def __init__(self) -> None:
        self._table = np.zeros(1 << 10, dtype=np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, ids: Ids) -> NDArray[np.bool_]:
        """Add ids; tells of each whether it was not there before: bool of shape (n,)."""
        wanted = 2 * (self._count + ids.size)
        if wanted > self._table.size:
            kept = self._table[self._table != _FREE]
            self._table = np.zeros(1 << (wanted - 1).bit_length(), dtype=np.uint64)
            _add(self._table, kept)
        new = np.asarray(_add(self._table, np.maximum(ids, np.uint64(1))), dtype=np.bool_)
        self._count += int(new.sum())
        return new
