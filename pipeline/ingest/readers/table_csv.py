"""CSV with named columns, and its relatives with tabs, semicolons or bars (`readers.columns` says what columns mean).

**What is read.** The first row names the columns; every later row is a record, and a quoted field may go over several
lines. The delimiter is the one that finds the most known names in the first row. A line ``sep=;`` above it, as Excel
writes, is passed over. Location is the line on which a record begins.

**What is kept.** The known columns; every other value that is not empty, in ``extra``, up to 4,000 characters. An
empty field is null.

**What bites.** A row with more or fewer fields than the first goes to quarantine, for which field is which cannot be
known (empty fields and names at its end do no harm). A quotation mark that is opened and never closed would swallow
the rows below it: where they do not fit, its line is read by itself, marked ``unclosed_quote`` in ``extra``, and the
file goes on with the next one. A first row repeated further down, as files glued together have it, goes to
quarantine. Bytes that are no UTF-8 are read as Windows-1252 and marked ``text_repaired`` in ``extra``.

A file is CSV when its first row has at least two names, all short, one of them for the text, and most rows after it
have as many fields.

>>> READER.recognise(Head("posts.csv", b"id;text\\n1;Hello\\n", complete=True))
True
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pipeline.errors import InputError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.columns import (
    ParentColumn,
    TableRows,
    column_meanings,
    match_columns,
    names_text,
    table_batch,
    table_facts,
)
from pipeline.ingest.readers.delimited import Feed, Row, parse_rows
from pipeline.ingest.records import BATCH_BYTES, BATCH_RECORDS, Batch, Rejections

_DELIMITERS = (",", ";", "\t", "|")
_NAME = re.compile(r"[\w .:/#()-]{0,64}")
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w .-]{0,39}")
_SEPARATOR_LINE = re.compile(rb"sep=([,;\t|])\s*", re.IGNORECASE)
_ROWS_LOOKED_AT = 20
_ROWS_THAT_FIT = 0.6
_NAMES_OF_A_TABLE = _ROWS_OF_A_TABLE = 3


@dataclass(frozen=True)
class _Layout:
    """What the first row says, and how many lines it and what stands above it take."""

    delimiter: str
    names: list[str]
    lines: int


def recognise(head: Head) -> bool:
    """Whether the first row names a column for the text and the rows after it have as many fields."""
    layout = _find_layout(head)
    if layout is None or len(layout.names) < 2 or not all(_NAME.fullmatch(name) for name in layout.names):
        return False
    return names_text(layout.names, head.columns) and _share_that_fits(head, layout) >= _ROWS_THAT_FIT


def is_other_table(head: Head) -> bool:
    """Whether a file is plainly a table, none of whose columns is known to hold words: an index, figures.

    That is: a first row of at least three different names, and at least three rows below it, all with as many fields.
    """
    layout = _find_layout(head)
    return (
        layout is not None
        and len(layout.names) >= _NAMES_OF_A_TABLE
        and len(set(layout.names)) == len(layout.names)
        and all(_PLAIN_NAME.fullmatch(name) for name in layout.names)
        and not names_text(layout.names, head.columns)
        and len(_lines(head)) > layout.lines + _ROWS_OF_A_TABLE
        and _share_that_fits(head, layout) == 1
    )


def _share_that_fits(head: Head, layout: _Layout) -> float:
    """The share of the rows after the first that have as many fields as it has names; 1 where there are none."""
    feed = Feed(iter(_lines(head)[layout.lines :]), len(head.data))
    rows = list(islice(parse_rows(feed, layout.delimiter, len(layout.names)), _ROWS_LOOKED_AT))
    return sum(row.trouble is None for row in rows) / len(rows) if rows else 1.0


def describe(source: Source) -> CaptureFacts:
    """What its first row says. Raises InputError where it names no column for the text."""
    names = _layout(source).names
    return table_facts(source, match_columns(names, column_meanings(source.settings.columns, names)), names)


def read(source: Source) -> Iterator[Batch]:
    """One record per row that fits the first one and has an id or a text."""
    longest = source.settings.record_bytes
    # The csv module knows one limit for the whole process; only ever raised, so that readers in other threads agree.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * longest))
    layout = _layout(source)
    columns = match_columns(layout.names, column_meanings(source.settings.columns, layout.names))
    lines = source.lines()
    feed = Feed(iter(lines), longest)
    for _ in range(layout.lines):
        next(feed)
    parents = ParentColumn("parent_id" in columns)
    ordinals: list[int] = []
    kept: list[Row] = []
    rejections = Rejections()
    ordinal = size = 0

    def batch() -> Batch:
        rows = _table_rows(ordinals, kept, layout.names, columns)
        return table_batch(rows, parents=parents, settings=source.settings, rejections=rejections)

    for row in parse_rows(feed, layout.delimiter, len(layout.names)):
        trouble = row.trouble
        if trouble is None and _repeats(row.fields, layout.names):
            trouble = ("repeated_header", "the first row of the file once more")
        if trouble is None:
            ordinals.append(ordinal)
            kept.append(row)
            size += len(row.raw)
        else:
            rejections.add(ordinal, f"line {row.first_line}", *trouble, row.raw)
        ordinal += 1
        if len(kept) + len(rejections.rows) >= BATCH_RECORDS or size >= BATCH_BYTES:
            yield batch()
            ordinals, kept, rejections, size = [], [], Rejections(), 0
    if lines.damage:
        rejections.add(ordinal, f"after line {feed.number}", "damaged_file", lines.damage, b"")
    yield batch()


def _repeats(fields: list[str], names: list[str]) -> bool:
    """Whether a row is the first row once more."""
    return fields[:1] == names[:1] and [name.strip() for name in fields] == names


def _table_rows(ordinals: list[int], rows: list[Row], names: list[str], columns: dict[str, str]) -> TableRows:
    """Columns of the rows; empty fields are null."""
    places = {name: place for place, name in enumerate(_distinct(names))}
    taken = set(columns.values())
    rest = [(name, place) for name, place in places.items() if name not in taken]
    others: list[dict[str, Any]] = []
    for row in rows:
        other: dict[str, Any] = {name: row.fields[place] for name, place in rest if row.fields[place]}
        if row.repaired:
            other["text_repaired"] = True
        if row.unclosed:
            other["unclosed_quote"] = True
        others.append(other)
    return TableRows(
        ordinals=ordinals,
        locations=[f"line {row.first_line}" for row in rows],
        values={known: [row.fields[places[name]] or None for row in rows] for known, name in columns.items()},
        others=others,
        raw=lambda row: rows[row].raw,
    )


def _layout(source: Source) -> _Layout:
    layout = _find_layout(source.head())
    if layout is None:
        raise InputError(f"{source.path} cannot be read as CSV: no first row names its columns.")
    return layout


def _lines(head: Head) -> list[bytes]:
    """Its lines as the file's are counted; the last one only where it is known to be whole."""
    lines = head.data.split(b"\n")
    return lines if head.complete else lines[:-1]


def _find_layout(head: Head) -> _Layout | None:
    """The delimiter that finds the most known names in the first row, else the most names; None without a first row."""
    lines = _lines(head)
    above = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    delimiters: tuple[str, ...] = _DELIMITERS
    if above < len(lines) and (separator := _SEPARATOR_LINE.fullmatch(lines[above])):
        delimiters = (separator[1].decode(),)
        above += 1
    layouts = []
    for delimiter in delimiters:
        first = next(parse_rows(Feed(iter(lines[above:]), len(head.data)), delimiter, None), None)
        if first is not None and first.trouble is None:
            names = [name.strip() for name in first.fields]
            while names and not names[-1]:
                names.pop()
            layouts.append(_Layout(delimiter, names, above + first.last_line))
    return max(
        layouts,
        key=lambda layout: (
            len(match_columns(layout.names, column_meanings(head.columns, layout.names))),
            len(layout.names),
        ),
        default=None,
    )


def _distinct(names: list[str]) -> list[str]:
    """Names of which no two are equal: nameless columns are called after their place, repeated ones numbered."""
    out: list[str] = []
    for place, name in enumerate(names, start=1):
        wanted = name or f"column {place}"
        out.append(wanted if wanted not in out else f"{wanted} {place}")
    return out


READER = Reader(
    name="csv",
    version=2,
    title="CSV with named columns (also with tabs, semicolons, bars)",
    extensions=(".csv", ".tsv"),
    replies="the column parent_id, where there is one; else inferred",
    recognise=recognise,
    describe=describe,
    read=read,
)
