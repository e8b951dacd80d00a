"""Parcels: records divided so that none can change what is decided of a record in another parcel.

In: hashed keys of all records, batch by batch. Out: the number of a parcel for every record.

>>> divider = RecordDivider()
>>> divider.add(list_keys(hash_keys(records), near), opened)
>>> divider.divide(100_000).tolist()
[0, 0, 1]

Records that share a key (``identity_keys``) are in one parcel, so identity is settled parcel by parcel and no more than
one of them is in memory. Of records that wait to be divided nothing is held but the hashes of their keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.algorithms.graph import connected_components
from pipeline.deduplicate.identity_keys import OPEN_KEYS, Hashes, Mask

Numbers = NDArray[np.int64]


class RecordDivider:
    """Takes the keys of records, and divides them."""

    def __init__(self) -> None:
        self._n = 0
        self._open: list[Mask] = []
        # By kind, for every column of it: where a batch begins, and its hashes; no entry where all are 0.
        self._keys: dict[str, list[tuple[int, Hashes]]] = {}

    @property
    def n_records(self) -> int:
        """How many records were taken."""
        return self._n

    def add(self, keys: Mapping[str, Sequence[Hashes]], opened: Mask) -> None:
        """Takes n more records.

        Args:
            keys: by kind, each of shape (n,), 0 where a record has none: what ``list_keys`` gives, and others by which
                records are to stay together.
            opened: bool of shape (n,): which of them are open.
        """
        self._open.append(opened)
        for kind, columns in keys.items():
            for hashes in columns:
                if hashes.any():
                    self._keys.setdefault(kind, []).append((self._n, hashes))
        self._n += opened.size

    def divide(self, most: int) -> Numbers:
        """Parcels of about ``most`` records; one whose records cannot be parted is larger.

        Returns:
            int64[n], for every record in the order in which they came: parcels are numbered from 0 without gaps, in
            the order of their first records.
        """
        labels = np.arange(self._n)
        opened = np.concatenate([np.empty(0, dtype=np.bool_), *self._open])
        for kind in list(self._keys):
            # Each kind is let go of as soon as it was used: together they are what needs memory here.
            left, right = _pair_equal(*_gather(self._keys.pop(kind), opened if kind in OPEN_KEYS else None))
            labels = connected_components(self._n, labels[left], labels[right])[labels]
        sizes = np.bincount(labels, minlength=self._n)
        firsts = np.flatnonzero(sizes)
        before = np.cumsum(sizes[firsts]) - sizes[firsts]
        numbers = np.zeros(self._n, dtype=np.int64)
        numbers[firsts] = np.unique(before // most, return_inverse=True)[1]
        return numbers[labels]


def _gather(batches: list[tuple[int, Hashes]], opened: Mask | None) -> tuple[Hashes, Numbers]:
    """Hashes that are not 0, and their rows; of the open kinds only those that an open row has."""
    hashes = np.concatenate([found[found != 0] for _, found in batches])
    rows = np.concatenate([start + np.flatnonzero(found) for start, found in batches])
    if opened is not None:
        shared = np.isin(hashes, np.unique(hashes[opened[rows]]))
        hashes, rows = hashes[shared], rows[shared]
    return hashes, rows


def _pair_equal(hashes: Hashes, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Pairs of rows that join all rows of equal hashes."""
    order = np.argsort(hashes)
    equal = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]])
    return rows[order[equal]], rows[order[equal + 1]]
