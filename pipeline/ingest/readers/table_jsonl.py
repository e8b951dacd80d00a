"""JSON lines: one JSON object a line, with named columns (`readers.columns` says which and what they mean).

**What is read.** Every line that is not blank is a record. A line may hold what strict JSON forbids and people write
all the same: NaN (null here), control characters in strings, half a surrogate pair, bytes that are no UTF-8; what had
to be repaired is marked ``text_repaired`` in ``extra``. Of a key given twice the last counts.

**What is kept.** The known columns; every other key that is not null, in ``extra``, up to 4,000 characters.

**What bites.** Keys come and go from line to line: a file has a ``parent_id`` column if any record of it has that
key, and then a record without it is a root. A line cut short, a line that is no object, and a record with neither id
nor text go to quarantine, and the file goes on.

A file is JSON lines when most of its first lines are JSON objects, so one bad line at the top does no harm. A single
object must have a key for the text: it may be a document otherwise.

>>> READER.recognise(Head("posts.jsonl", b'{"id": 1, "text": "Hello"}', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.columns import ParentColumn, column_meanings, names_text, table_batch, table_facts
from pipeline.ingest.readers.json_lines import find_keys, parse_lines, peek_objects
from pipeline.ingest.readers.json_tables import object_rows
from pipeline.ingest.records import Batch


def recognise(head: Head) -> bool:
    """Whether most of the first lines are JSON objects. One object alone must have a key that may hold the words."""
    if not head.lines():  # the first line is longer than the head
        keys = re.findall(rb'[{,]\s*"(\w+)"\s*:', head.data)
        return head.data.lstrip().startswith(b"{") and names_text((key.decode() for key in keys), head.columns)
    objects, others = peek_objects(head)
    if len(objects) == 1 and head.complete:
        return others == 0 and names_text(objects[0], head.columns)
    return len(objects) > others


def describe(source: Source) -> CaptureFacts:
    """What its keys say. Raises InputError where no record has a text."""
    present, keys = _present(source)
    return table_facts(source, present, sorted(keys))


def read(source: Source) -> Iterator[Batch]:
    """One record per line that holds an object with an id or a text."""
    present, _ = _present(source)
    meanings, parents = _meanings(source), ParentColumn("parent_id" in present)
    for parsed in parse_lines(source):
        yield table_batch(
            object_rows(parsed, meanings),
            parents=parents,
            settings=source.settings,
            rejections=parsed.rejections,
        )


def _meanings(source: Source) -> dict[str, str]:
    """What keys mean, by those that the first lines have."""
    keys = dict.fromkeys(key for value in peek_objects(source.head())[0] for key in value)
    return column_meanings(source.settings.columns, keys)


def _present(source: Source) -> tuple[set[str], set[str]]:
    meanings = _meanings(source)
    wanted = {known: frozenset(name for name in meanings if meanings[name] == known) for known in ("text", "parent_id")}
    return find_keys(source, wanted)


READER = Reader(
    name="jsonl",
    version=2,
    title="JSON lines with named columns",
    extensions=(".jsonl", ".ndjson", ".json"),
    replies="the column parent_id, where there is one; else inferred",
    recognise=recognise,
    describe=describe,
    read=read,
)
