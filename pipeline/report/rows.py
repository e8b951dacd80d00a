"""Rows of any frame as a table for eyes, as CSV or as JSON.

In: a frame, nested columns and all. Out: a rich Table, or text.

>>> as_csv(pl.DataFrame({"id": ["a"], "tags": [["x", "y"]]}))
'id,tags\\na,"[""x"",""y""]"\\n'
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
import polars as pl
from rich import box
from rich.table import Table
from rich.text import Text

from pipeline.report.words import count_words, first_words

CELL_WIDTH = 120


def as_table(rows: pl.DataFrame, limit: int) -> Table:
    """The first ``limit`` rows, long cells cut; what is left out is said below them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, dtype in rows.schema.items():
        table.add_column(Text(first_words(name, 40)), justify="right" if dtype.is_numeric() else "left")
    for row in rows.head(limit).iter_rows():
        table.add_row(*(Text(_cell(value)) for value in row))
    if rows.height > limit:
        table.caption = f"… and {count_words(rows.height - limit, 'more row')} (--limit {rows.height} shows all)"
    return table


def as_json(rows: pl.DataFrame) -> str:
    """The rows as one JSON array of objects; times as ISO 8601, bytes as text as far as they are text."""
    # A loop over rows: JSON of bytes and of nested times is not polars' to write. Only a query's result passes here.
    return orjson.dumps(rows.to_dicts(), default=_plain, option=orjson.OPT_INDENT_2).decode() + "\n"


def as_csv(rows: pl.DataFrame) -> str:
    """The rows as CSV with a header; times as ISO 8601, lists and structs as JSON in their cells."""
    return rows.select(_flat(name, dtype) for name, dtype in rows.schema.items()).write_csv()


def _flat(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_nested():
        return column.map_elements(
            lambda value: orjson.dumps(value, default=_plain).decode(), return_dtype=pl.String, skip_nulls=True
        )
    if dtype == pl.Binary:
        return column.map_elements(_plain, return_dtype=pl.String, skip_nulls=True)
    if isinstance(dtype, pl.Datetime):
        return column.dt.to_string("iso:strict")
    return column


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return value.decode("utf-8", errors="replace")
        case pl.Series():
            return value.to_list()
        case timedelta():
            return str(value)
        case _:
            raise TypeError(f"A {type(value).__name__} cannot be written as JSON")


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.4g}"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case bool() | int() | date() | time():
            return str(value)
        case str():
            return first_words(value, CELL_WIDTH)
        case _:
            return first_words(orjson.dumps(_bounded(value), default=str).decode(), CELL_WIDTH)


def _bounded(value: Any) -> Any:
    """A list's first items only: the cell has no room for more."""
    match value:
        case bytes():
            return value[: 4 * CELL_WIDTH].decode("utf-8", errors="replace")
        case list():
            return value[:CELL_WIDTH]
        case _:
            return value
