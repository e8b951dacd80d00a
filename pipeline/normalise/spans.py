"""Spans of a text column: flat rows while they are found, list columns when they are kept.

In: frames of row, start, end, label. Out: a list column of structs, as the tables want it.

>>> flat = pl.DataFrame({"row": [1], "start": [0], "end": [4], "label": ["ada"]}, schema=FLAT_SPANS)
>>> collect_spans(flat, 2, "name").to_list()
[[], [{'start': 0, 'end': 4, 'name': 'ada'}]]
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

FLAT_SPANS: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "start": pl.UInt32(),
    "end": pl.UInt32(),
    "label": pl.String(),
}

Span = tuple[int, int, str | None]


def flatten_spans(rows: Sequence[int], spans: Sequence[Sequence[Span]]) -> pl.DataFrame:
    """One row of FLAT_SPANS per span; ``spans[i]`` belong to the text ``rows[i]``."""
    flat = [(row, start, end, label) for row, found in zip(rows, spans, strict=True) for start, end, label in found]
    return pl.DataFrame(flat, schema=FLAT_SPANS, orient="row")


def drop_overlaps(flat: pl.DataFrame) -> pl.DataFrame:
    """The spans in order, without those that begin inside an earlier one; of equal starts the longest stays."""
    ordered = flat.sort("row", "start", "end", descending=[False, False, True], maintain_order=True)
    reached = pl.col("end").cum_max().shift(1, fill_value=0).over("row")
    return ordered.filter(pl.col("start") >= reached)


def collect_spans(flat: pl.DataFrame, n: int, label: str) -> pl.Series:
    """A column of n lists of struct(start, end, `label`), in the order of `flat` within each row; empty where none."""
    lists = flat.group_by("row", maintain_order=True).agg(pl.struct("start", "end", pl.col("label").alias(label)))
    rows = pl.DataFrame({"row": pl.int_range(n, dtype=pl.UInt32, eager=True)})
    joined = rows.join(lists.rename({"start": "spans"}), on="row", how="left", maintain_order="left")
    return joined.select(pl.col("spans").fill_null([]))["spans"]
