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

import codecs
import json
import re
from collections.abc import Iterator

from pipeline.ingest.containers import DamagedStreamError, Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.columns import column_meanings, match_columns, table_batch, table_facts
from pipeline.ingest.readers.json_lines import parse_carefully, parse_pieces
from pipeline.ingest.readers.json_tables import object_rows
from pipeline.ingest.records import Batch

_BETWEEN = re.compile(r"[\s,]*")
_OBJECTS_LOOKED_AT = 20
_SCAN = json.JSONDecoder(strict=False).raw_decode


class Elements:
    """The elements of a JSON array, each as its own bytes; what cannot be told apart comes last, in one piece."""

    def __init__(self, chunks: Iterator[bytes], longest: int) -> None:
        self.damage: str | None = None
        self._chunks = chunks
        self._longest = longest

    def __iter__(self) -> Iterator[bytes]:
        # Bytes that are no UTF-8 travel as lone surrogates and become the same bytes again with their element.
        decode = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape").decode
        text, wanted, opened = "", 0, False
        for chunk in self._sound_chunks():
            text += decode(chunk, final=not chunk)
            if chunk and (len(text) < wanted or not text.strip()):
                continue
            if not opened and text.lstrip().startswith("["):
                opened, text = True, text[text.index("[") + 1 :]
            if not opened:
                break
            elements, text = _cut(text, last=not chunk)
            yield from elements
            if text.startswith("]"):
                text = text[1:]
                break
            if len(text) > self._longest:
                break
            wanted = 2 * len(text)  # an element that is not whole yet is tried again when twice as much is there
        else:
            if opened and not text.strip():
                self.damage = self.damage or "the array is not closed: the file breaks off"
        if text.strip():
            yield _as_bytes(text[: self._longest + 1])

    def _sound_chunks(self) -> Iterator[bytes]:
        """The chunks, and an empty one after the last."""
        try:
            yield from (chunk for chunk in self._chunks if chunk)
        except DamagedStreamError as damage:
            self.damage = str(damage)
        yield b""


def _cut(text: str, *, last: bool) -> tuple[list[bytes], str]:
    """The whole elements at the start of a text, and what follows them; only the last text may end with a number."""
    elements: list[bytes] = []
    place = 0
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        try:
            end = _SCAN(text, place)[1]
        except (ValueError, RecursionError):
            return elements, text[place:]
        if end == len(text) and not last:
            return elements, text[place:]
        elements.append(_as_bytes(text[place:end]))
        place = end


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")


def recognise(head: Head) -> bool:
    """Whether the first elements of an array are objects with a text and something else that is known."""
    if not head.data.lstrip().startswith(b"["):
        return False
    meanings = column_meanings(head.columns)
    for _, element in zip(range(_OBJECTS_LOOKED_AT), Elements(iter([head.data]), len(head.data)), strict=False):
        value = parse_carefully(element)[0]
        known = match_columns(value, meanings) if isinstance(value, dict) else {}
        if "text" in known and len(known) > 1:
            return True
    return False


def describe(source: Source) -> CaptureFacts:
    """What its keys say. Raises InputError where no record has a text."""
    keys = _keys(source)
    return table_facts(source, match_columns(keys, column_meanings(source.settings.columns)), keys)


def read(source: Source) -> Iterator[Batch]:
    """One record per element that is an object with an id or a text."""
    parents = "parent_id" in match_columns(_keys(source), column_meanings(source.settings.columns))
    longest = source.settings.record_bytes
    for parsed in parse_pieces(Elements(source.chunks(), longest), "item", longest):
        rows = object_rows(parsed, source.settings)
        yield table_batch(rows, parents=parents, settings=source.settings, rejections=parsed.rejections)


def _keys(source: Source) -> list[str]:
    """All keys of all objects, sorted; the whole file is read for them."""
    longest = source.settings.record_bytes
    seen: set[str] = set()
    for parsed in parse_pieces(Elements(source.chunks(), longest), "item", longest):
        seen.update(*parsed.objects)
    return sorted(seen)


READER = Reader(
    name="json",
    version=1,
    title="A JSON array of objects with named columns",
    extensions=(".json",),
    replies="the column parent_id, where there is one; else inferred",
    recognise=recognise,
    describe=describe,
    read=read,
)
