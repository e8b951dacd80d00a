"""Parcels: records divided so that none can change what is decided of a record in another parcel.

In: key columns of all records, batch by batch. Out: the number of a parcel for every record.

>>> divider = RecordDivider()
>>> divider.add(rows)
>>> divider.divide(100_000).tolist()
[0, 0, 1]

Records that share a key (``identity_keys``) are in one parcel, so identity is settled parcel by parcel and no more than
one of them is in memory. Of records that wait to be divided nothing is held but the hashes of their keys.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.graph import connected_components
from pipeline.deduplicate.identity_keys import OPEN_KEYS, is_open, list_keys

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]


class RecordDivider:
    """Takes the keys of records, and divides them."""

    def __init__(self) -> None:
        self._n = 0
        self._open: list[NDArray[np.bool_]] = []
        # By kind, for every expression of it: where a batch begins, and its hashes; no entry where all are 0.
        self._keys: dict[str, list[tuple[int, Hashes]]] = {}

    @property
    def n_records(self) -> int:
        """How many records were taken."""
        return self._n

    def add(self, rows: pl.DataFrame) -> None:
        """Takes n more records: their key columns and near_key; listing_id too where any is open."""
        self._open.append(rows.select(is_open()).to_series().to_numpy())
        kinds = list_keys()
        if self._open[-1].any():
            kinds["seed"] = [pl.when(is_open()).then(pl.col("listing_id").hash())]
        for kind, keys in kinds.items():
            for key in keys:
                hashes = rows.select(key.fill_null(0)).to_series().to_numpy()
                if hashes.any():
                    self._keys.setdefault(kind, []).append((self._n, hashes))
        self._n += rows.height

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


def _gather(batches: list[tuple[int, Hashes]], opened: NDArray[np.bool_] | None) -> tuple[Hashes, Numbers]:
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
