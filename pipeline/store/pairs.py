"""Sums over pairs that may be more than fit into memory.

In: arrays of pairs, each pair counting a number. Out: every pair once with its sum, in ascending order.

>>> with PairSums(scratch, 1 << 28) as sums:
...     sums.add(pairs, 1)                     # uint64 of shape (m, 2)
...     frames = list(sums.totals())
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from pipeline.algorithms.lsh import Pairs
from pipeline.algorithms.pair_sums import sum_pairs

_PARTS = 64  # a power of two: parts that pairs are divided into by the first bits of their left id
_PAIR_BYTES = 64  # of memory that a pair needs while it is summed
_SCHEMA = {"left_id": pl.UInt64, "right_id": pl.UInt64, "change": pl.Int32}


class PairSums:
    """Sums numbers by pair, and writes to a folder what memory does not hold; leaving its ``with`` block removes that.

    Args:
        scratch: a folder of its own, made when it is needed.
        memory_bytes: for pairs held at a time.
    """

    def __init__(self, scratch: Path, memory_bytes: int) -> None:
        self._folder = scratch / "pairs"
        self._limit = max(1, memory_bytes // _PAIR_BYTES)
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self._spills = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, pairs: Pairs, number: int) -> None:
        """Count a number for each of these pairs."""
        if not len(pairs):
            return
        counted = pl.repeat(number, len(pairs), dtype=pl.Int32, eager=True)
        self._held.append(pl.DataFrame([pairs[:, 0], pairs[:, 1], counted], schema=_SCHEMA))
        self._rows += len(pairs)
        if self._rows > self._limit:
            summed = _sum(pl.concat(self._held))
            self._held, self._rows = [summed], summed.height
            if self._rows > self._limit // 2:
                self._spill(summed)

    def totals(self) -> Iterator[pl.DataFrame]:
        """left_id, right_id (UInt64), change (Int32): pairs whose sum is not 0, sorted, each once over all frames."""
        if not self._spills:
            yield from _nonzero(_sum(pl.concat([pl.DataFrame(schema=_SCHEMA), *self._held])))
            return
        if self._held:
            self._spill(_sum(pl.concat(self._held)))
        for part in range(_PARTS):
            files = sorted(self._folder.glob(f"{part:03d}-*.parquet"))
            if files:
                yield from _nonzero(_sum(pl.read_parquet(files, glob=False)))

    def _spill(self, held: pl.DataFrame) -> None:
        """Write all that is held, summed already, in parts."""
        self._folder.mkdir(parents=True, exist_ok=True)
        bits = 64 - _PARTS.bit_length() + 1
        parts = held["left_id"].to_numpy() >> np.uint64(bits)
        edges = np.searchsorted(parts, np.arange(_PARTS + 1, dtype=np.uint64))
        for part in range(_PARTS):
            rows = held.slice(int(edges[part]), int(edges[part + 1] - edges[part]))
            if rows.height:
                rows.write_parquet(self._folder / f"{part:03d}-{self._spills:05d}.parquet", compression="lz4")
        self._held, self._rows = [], 0
        self._spills += 1


def _sum(pairs: pl.DataFrame) -> pl.DataFrame:
    """Summed by pair and sorted."""
    return pl.DataFrame(list(sum_pairs(*(pairs[name].to_numpy() for name in _SCHEMA))), schema=_SCHEMA)


def _nonzero(pairs: pl.DataFrame) -> Iterator[pl.DataFrame]:
    found = pairs.filter(pl.col("change") != 0)
    if found.height:
        yield found
