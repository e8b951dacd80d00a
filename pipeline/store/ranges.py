"""Sorting a table that is too large for memory: cut into ranges of its first columns, each of them sorted by itself.

In: a lazy table, and the columns to sort by. Out: its rows in order, range after range.

>>> [frame.height for frame in sort_ranges(posts, ["began_at", "discussion_id", "position"])]
[250000, 250000, 31245]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import polars as pl

RANGE_ROWS = 250_000


def sort_ranges(rows: pl.LazyFrame, keys: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows of a table, sorted, nulls first, as frames of about ``RANGE_ROWS`` rows.

    What is in memory is one of these frames and the column that ranges are made of. The table is scanned once a range:
    where it lies in Parquet files, what their statistics rule out is not read.

    Args:
        rows: the table.
        keys: columns to sort by; rows that agree in all of them may come in any order, and are in memory together.
    """
    for part in _cut(rows, keys):
        yield part.sort(keys).collect()


def _cut(rows: pl.LazyFrame, keys: Sequence[str]) -> Iterator[pl.LazyFrame]:
    if not keys or rows.select(pl.len()).collect().item() <= RANGE_ROWS:
        yield rows
        return
    key = pl.col(keys[0])
    values = rows.select(key).collect().to_series()
    if values.null_count():
        yield from _cut(rows.filter(key.is_null()), keys[1:])
    ordered = values.drop_nulls().sort()
    edges = ordered.gather_every(RANGE_ROWS)
    # A value at two edges has so many rows that it is cut by the next column.
    heavy = set(edges.filter(edges.is_duplicated()))
    edges = edges.unique(maintain_order=True)
    for edge, following in itertools.zip_longest(edges, edges[1:]):
        below = pl.lit(value=True) if following is None else key < pl.lit(following, dtype=values.dtype)
        first = pl.lit(edge, dtype=values.dtype)
        if edge in heavy:
            yield from _cut(rows.filter(key == first), keys[1:])
            yield rows.filter(key > first, below)
        else:
            yield rows.filter(key >= first, below)
