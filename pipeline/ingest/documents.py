"""Documents: files that are one tree (a JSON answer of an API, a saved page, an XML export), not rows.

In: a source. Out: its bytes or its parsed tree, within limits, and a `RecordList` to gather records in.

>>> rows = RecordList()
>>> rows.add("comment 1", body="Hello", markup="plain", native_id="1", scope="example")
>>> [batch.records.height for batch in rows.batches()]
[1]
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import polars as pl

from pipeline.errors import InputError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line, without_surrogates
from pipeline.ingest.records import BATCH_RECORDS, Batch, Rejections, extra_column, record_frame
from pipeline.tables import RawRecords

DOCUMENT_BYTES = 1 << 30

_COLUMNS = {name: column.dtype for name, column in RawRecords.columns().items()}
HOLLOW = ("no_id_no_text", "neither an id nor a text")  # why such a record is rejected

_RUN = 500
_DEFAULTS: dict[str, Any] = {"listing": 0, "parent_known": False, "markup": "plain"}


def read_bytes(source: Source, most: int = DOCUMENT_BYTES) -> bytes:
    """The whole file, unpacked, text in UTF-8 without a mark; a damaged packed file gives what can be unpacked.

    Raises:
        InputError: it is larger than ``most`` bytes.
    """
    pieces: list[bytes] = []
    size = 0
    for chunk in _sound_chunks(source):
        size += len(chunk)
        if size > most:
            raise InputError(
                f"{source.path} is one document of more than {most >> 20} MiB; split it into several files."
            )
        pieces.append(chunk)
    return b"".join(pieces)


def _sound_chunks(source: Source) -> Iterator[bytes]:
    try:
        yield from source.chunks()
    except InputError as damage:
        if type(damage) is InputError:
            raise


def parse_json(data: bytes) -> Any:
    """A JSON document; what strict JSON forbids (NaN, lone surrogates, huge numbers, bad UTF-8) is read all the same.

    Raises:
        ValueError: it is no JSON, is cut short, or nests too deeply; the message says which.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as strict:
        try:
            text, _ = decode_line(data)
            return json.loads(text, strict=False, parse_constant=lambda _: None)
        except RecursionError:
            raise ValueError("it nests too deeply") from strict
        except ValueError as lenient:
            raise ValueError(str(lenient)) from strict


def peek_json(head: Head) -> Any:
    """The document, where the head holds all of it and it is JSON; else None."""
    if not head.complete:
        return None
    try:
        return parse_json(head.data)
    except ValueError:
        return None


def has_keys(head: Head, *names: str) -> bool:
    """Whether the head of a JSON document shows every one of these keys, at whatever depth."""
    start = head.data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start in (b"{", b"[") and all(
        re.search(rb'"' + re.escape(name.encode()) + rb'"\s*:', head.data) for name in names
    )


def is_hollow(fields: Mapping[str, Any]) -> bool:
    """Whether a record has neither native_id nor a body, title or deletion."""
    get = fields.get
    return not (get("native_id") or get("body") or get("title") or get("deletion"))


class RecordList:
    """Records of a document, gathered one by one and handed on as batches; ordinals count rejected ones too."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {}
        self._rows: list[dict[str, Any]] = []  # that are not in the columns yet
        self._ordinals: list[int] = []
        self._locations: list[str] = []
        self._extras: list[str | None] = []
        self._kept: list[dict[str, Any] | None] = []  # of the same rows, what else is kept
        self._rejections = Rejections()
        self._height = 0  # of the columns
        self._ordinal = 0

    def add(self, location: str, *, extra: dict[str, Any] | None = None, **fields: Any) -> None:
        """Keep a record.

        Args:
            location: where it stands, e.g. "comment 3" or "byte 512".
            extra: what else to keep; nulls are dropped.
            fields: columns of RawRecords but ordinal, location and extra; text may hold lone surrogates.

        A record with neither native_id nor a body, title or deletion goes to quarantine (no_id_no_text).
        """
        self.keep(location, extra, fields)

    def keep(self, location: str, extra: dict[str, Any] | None, fields: dict[str, Any]) -> None:
        """Keep a record as `add` does; its fields become part of the list."""
        if is_hollow(fields):
            self.reject(location, *HOLLOW, repr(fields).encode())
            return
        self._rows.append(fields)
        self._kept.append(extra)
        self._ordinals.append(self._ordinal)
        self._locations.append(location)
        self._ordinal += 1
        if len(self._rows) >= _RUN:
            self._flush()

    def _flush(self) -> None:
        """Rows become columns while they are in the processor's cache, and their memory is used again."""
        for name in set[str]().union(*self._rows) - self._columns.keys():
            self._columns[name] = [None] * self._height
        for name, column in self._columns.items():
            column += [row.get(name) for row in self._rows]
        self._extras += extra_column(self._kept)
        self._height += len(self._rows)
        self._rows, self._kept = [], []

    def reject(self, location: str, rule: str, detail: str, raw: bytes) -> None:
        """Put a record into quarantine."""
        self._rejections.add(self._ordinal, location, rule, detail, raw)
        self._ordinal += 1

    def __len__(self) -> int:
        return self._ordinal

    def batches(self) -> Iterator[Batch]:
        """All records in order; at least one batch."""
        self._flush()
        rejected = self._rejections.frame()
        for start in range(0, max(1, self._height), BATCH_RECORDS):
            part = slice(start, start + BATCH_RECORDS)
            columns = {name: column_of(name, values[part]) for name, values in self._columns.items()}
            columns |= {
                "ordinal": pl.Series(self._ordinals[part], dtype=pl.Int64),
                "location": column_of("location", self._locations[part]),
                "extra": column_of("extra", self._extras[part]),
            }
            yield Batch(record_frame({"markup": "plain", **columns}), rejected if start == 0 else rejected.clear())


def column_of(name: str, values: list[Any]) -> pl.Series:
    """A column of RawRecords of values, which may hold lone surrogates; nulls are settled where it has none.

    Raises:
        TypeError: RawRecords has no column of that name.
    """
    dtype = _COLUMNS.get(name)
    if dtype is None:
        raise TypeError(f"RawRecords has no column {name}")
    try:
        column = pl.Series(name, values, dtype=dtype)
    except TypeError:  # numbers among texts, which are rare
        column = pl.from_dicts([{name: value} for value in values], schema={name: dtype})[name]
    except UnicodeEncodeError:  # lone surrogates, as rare
        column = column_of(name, [without_surrogates(value) if isinstance(value, str) else value for value in values])
    return column.fill_null(_DEFAULTS[name]) if name in _DEFAULTS else column
