"""Parquet tables with named columns (`readers.columns` says which and what they mean).

**What is read.** Every row is a record; its location is its row, counted from 1.

**What is kept.** The known columns, whatever their types: integers and strings as ids, times as ISO 8601 (those
without a zone stay without one). Every other column that is not null, in ``extra`` as JSON, up to 4,000 characters.

**What bites.** An integer column with gaps that went through pandas is a column of floats; whole floats become
integers again. Parquet is read from the file as it is: one packed once more with gzip or zstd has to be unpacked
first.

A file is Parquet when it begins with ``PAR1``.

>>> READER.recognise(Head("posts.parquet", b"PAR1...", complete=False))
True
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
import polars as pl

from pipeline.errors import InputError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.columns import (
    ParentColumn,
    TableRows,
    column_meanings,
    match_columns,
    table_batch,
    table_facts,
)
from pipeline.ingest.records import BATCH_RECORDS, RAW_BYTES, Batch, Rejections

_REFUSED = (pl.exceptions.PolarsError, pl.exceptions.PanicException)  # polars panics over some damaged pages


def recognise(head: Head) -> bool:
    """Whether the file begins as Parquet does."""
    return head.data.startswith(b"PAR1")


def describe(source: Source) -> CaptureFacts:
    """What its columns say. Raises InputError where it is no sound Parquet or has no text."""
    names = _columns(source)
    return table_facts(source, match_columns(names, column_meanings(source.settings.columns, names)), names)


def read(source: Source) -> Iterator[Batch]:
    """One record per row that has an id or a text, in batches of 50,000 rows."""
    names = _columns(source)
    columns = match_columns(names, column_meanings(source.settings.columns, names))
    parents = ParentColumn("parent_id" in columns)
    scan = pl.scan_parquet(source.path, glob=False)
    start = 0
    while True:
        try:
            frame = scan.slice(start, BATCH_RECORDS).collect()
        except _REFUSED as error:
            raise InputError(f"{source.path} is damaged Parquet from row {start + 1} on: {error}") from error
        if frame.height == 0:
            return
        rest = frame.drop(list(columns.values()))
        others: list[dict[str, Any]] = (
            list(rest.iter_rows(named=True)) if rest.width else [{} for _ in range(frame.height)]
        )
        rows = TableRows(
            ordinals=list(range(start, start + frame.height)),
            locations=[f"row {row + 1}" for row in range(start, start + frame.height)],
            values={known: frame[column].to_list() for known, column in columns.items()},
            others=others,
            raw=partial(_spell_row, frame),
        )
        yield table_batch(rows, parents=parents, settings=source.settings, rejections=Rejections())
        start += frame.height


def _spell_row(frame: pl.DataFrame, row: int) -> bytes:
    """How a rejected row begins."""
    return orjson.dumps(frame.row(row, named=True), default=str)[:RAW_BYTES]


def _columns(source: Source) -> list[str]:
    if source.packing:
        raise InputError(f"{source.path} is Parquet packed with {source.packing}. Unpack it first.")
    try:
        return pl.scan_parquet(source.path, glob=False).collect_schema().names()
    except _REFUSED as error:
        raise InputError(f"{source.path} cannot be read as Parquet: {error}. Is it complete?") from error


READER = Reader(
    name="parquet",
    version=2,
    title="Parquet with named columns",
    extensions=(".parquet",),
    replies="the column parent_id, where there is one; else inferred",
    recognise=recognise,
    describe=describe,
    read=read,
)
