"""A JSON array of objects with named columns (`readers.columns` says which and what they mean).

**What is read.** Every element of the array is a record, however its lines are broken; location is its place, counted
from 1. The file is read piece by piece, so its size does not matter.

**What is kept.** As for JSON lines: the known columns, and every other key that is not null in ``extra``.

**What bites.** Elements that are no object, or have neither id nor text, go to quarantine. From a mistake in the JSON
on, nothing tells where the next element begins: what follows is one rejected record, what came before is kept. Whether
there is a ``parent_id`` column is asked of the whole file.

A file is such an array when its first elements are objects with a text column and at least one more known column; other
JSON documents want a reader of their own.

>>> READER.recognise(Head("posts.json", b'[{"id": 1, "text": "Hello"}]', complete=True))
True
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.columns import (
    ParentColumn,
    column_meanings,
    match_columns,
    names_text,
    table_batch,
    table_facts,
)
from pipeline.ingest.readers.json_elements import Elements, parse_elements
from pipeline.ingest.readers.json_lines import ParsedLines, parse_carefully
from pipeline.ingest.readers.json_tables import object_rows
from pipeline.ingest.records import Batch

_OBJECTS_LOOKED_AT = 20


def recognise(head: Head) -> bool:
    """Whether the first elements of an array are objects with a text and something else that is known."""
    if not head.data.lstrip().startswith(b"["):
        return False
    for _, element in zip(range(_OBJECTS_LOOKED_AT), Elements(iter([head.data]), len(head.data)), strict=False):
        value = parse_carefully(element)[0]
        if isinstance(value, dict) and names_text(value, head.columns):
            return len(match_columns(value, column_meanings(head.columns, value))) > 1
    return False


@dataclass(frozen=True)
class _Start:
    """What the beginning of a file tells: which keys it has and what they mean, and all its objects, where they come in
    one run."""

    keys: list[str]
    meanings: dict[str, str]
    whole: ParsedLines | None


def describe(source: Source) -> CaptureFacts:
    """What its keys say. Raises InputError where no record has a text."""
    start = source.parse_once(_read_start)
    return table_facts(source, match_columns(start.keys, start.meanings), start.keys)


def read(source: Source) -> Iterator[Batch]:
    """One record per element that is an object with an id or a text."""
    start = source.parse_once(_read_start)
    parents = ParentColumn("parent_id" in match_columns(start.keys, start.meanings))
    for parsed in parse_elements(source) if start.whole is None else [start.whole]:
        rows = object_rows(parsed, start.meanings)
        yield table_batch(rows, parents=parents, settings=source.settings, rejections=parsed.rejections)


def _read_start(source: Source) -> _Start:
    """The file is read until a text and a parent are found, to its end where one is absent."""
    meanings: dict[str, str] = {}
    seen: set[str] = set()
    runs = 0
    for parsed in parse_elements(source):
        runs += 1
        seen.update(*parsed.objects)
        meanings = meanings or column_meanings(source.settings.columns, sorted(seen))
        if runs > 1 and {"text", "parent_id"} <= match_columns(seen, meanings).keys():
            break
    return _Start(sorted(seen), meanings, parsed if runs == 1 else None)


READER = Reader(
    name="json",
    version=3,
    title="A JSON array of objects with named columns",
    extensions=(".json",),
    replies="the column parent_id, where there is one; else inferred",
    recognise=recognise,
    describe=describe,
    read=read,
)
