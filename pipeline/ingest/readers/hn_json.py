"""Hacker News in JSON: items of the Firebase API, items and search hits of Algolia, rows of the BigQuery table.

**What is read.** One item a file, arrays of items, one item a line, or objects that hold items somewhere (``hits`` of a
search, an object from ids to items). Algolia's ``items`` answer nests a thread in ``children``: every level is read.

**What is kept.** Scope ``hackernews``, ids in decimal. ``parent`` or ``parent_id`` declares what a comment answers,
``poll`` what an option of a poll belongs to; stories, polls and jobs answer nothing. The discussion is the story: named
by ``story_id``, by the nesting, or by climbing from parent to parent among the items that are read together (some
50,000 of a large file). Points are votes; in ``extra`` a link's ``url``, ``type`` unless story or comment,
``descendants`` (comments the story had), ``dead``.

**What bites.** A comment of Firebase knows its parent and not its story, so a comment whose ancestors are not in the
file has no discussion here. Deleted items have neither author nor text. Dead ones (flagged, or of a banned account)
may hold "[flagged]" or "[dead]" for text, which is no text, or their words, which are kept. ``null`` is what Firebase
answers for an id that does not exist: it goes to quarantine. Texts are HTML without ``<p>`` at their start. Search
hits hold the words twice; those with marks of the search are not read. Items of a dump are in no known order.

A file is Hacker News when most of its first objects are items: ``type`` one of Hacker News' with ``id``, ``time`` and
an author or a mark of deletion; Algolia's ``created_at_i`` with ``objectID`` or ``children``; or the columns of
BigQuery, ``id``, ``by`` and ``time_ts``, ``timestamp`` or ``ranking``.

>>> READER.recognise(Head("1.json", b'{"id": 1, "type": "story", "by": "pg", "time": 1160418111}', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.hn_items import Item, is_item, item_frame, nested_items
from pipeline.ingest.readers.json_lines import ParsedLines, parse_lines, peek_objects
from pipeline.ingest.readers.object_literals import read_literals
from pipeline.ingest.readers.saved_answers import read_answers
from pipeline.ingest.records import BATCH_RECORDS, Batch, Rejections

RejectedRow = tuple[int, str, str, str, str, bytes]

_LOOKED_AT = 20
_SIGNS = re.compile(rb'"(?:by|created_at_i|deleted|dead)"\s*:')
_LINES = re.compile(rb"\s*(?:null\s+)*\{[^\n]*\}[ \t\r]*\n\s*\S")
_NESTED = re.compile(rb'"children"\s*:\s*\[\s*\{')


def recognise(head: Head) -> bool:
    """Whether most of its first objects are items."""
    if head.data.lstrip()[:1] not in (b"{", b"[", b"n") or not _SIGNS.search(head.data):
        return False
    if _is_lines(head):
        objects, others = peek_objects(head)
        nulls = head.lines().count(b"null")
        items = sum(any(map(is_item, _items_in(value))) for value in objects)
        return items > len(objects) - items + others - nulls
    values, _ = read_literals(decode_line(head.data)[0])
    found = (item for value in values for item in _items_in(value) if isinstance(item, dict))
    first = list(islice(found, _LOOKED_AT))
    return bool(first) and 2 * sum(map(is_item, first)) >= len(first)


def describe(source: Source) -> CaptureFacts:
    """Pages; a nested thread comes depth first, items in no known order."""
    order = order_of(source.settings, "page" if _NESTED.search(source.head().data) else "unknown")
    return CaptureFacts(source="hackernews", shape="page", order_known=order, paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per item that has an id or words."""
    yield from _read_lines(source) if _is_lines(source.head()) else _read_document(source)


def _is_lines(head: Head) -> bool:
    """Whether items stand one a line: the first line is an object of its own, and more follow."""
    return _LINES.match(head.data) is not None


def _items_in(value: Any) -> list[Any]:
    """What may be items in a document: itself, its elements, the hits of a search, or the values of ids."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return []
    if isinstance(hits := value.get("hits"), list):
        return hits
    if not is_item(value) and value and all(map(str.isdigit, value)):
        return list(value.values())
    return [value]


def _read_lines(source: Source) -> Iterator[Batch]:
    added = 0  # items so far beyond one a line
    for parsed in parse_lines(source):
        items, rejections, added = _expand(parsed, added)
        yield _batch(items, rejections)


def _expand(parsed: ParsedLines, added: int) -> tuple[list[Item], Rejections, int]:
    """The items of some lines; where a line holds several, or none, what follows it is counted accordingly."""
    items: list[Item] = []
    rejections = Rejections()
    rejected = sorted(parsed.rejections.rows, reverse=True)
    for row, (ordinal, value) in enumerate(zip(parsed.ordinals, parsed.objects, strict=True)):
        while rejected and rejected[-1][0] < ordinal:
            rejections.rows.append(_moved(rejected.pop(), added))
        place, repaired = f"line {parsed.numbers[row]}", row in parsed.repaired
        if "children" not in value and "hits" not in value:
            items.append(Item(ordinal + added, place, value, repaired=repaired))
            continue
        found = [inner for fields in _items_in(value) if isinstance(fields, dict) for inner in nested_items(fields)]
        for number, (fields, parent, story, depth) in enumerate(found):
            spot = f"{place}, item {number + 1}" if len(found) > 1 else place
            items.append(Item(ordinal + added + number, spot, fields, parent, story, depth, repaired))
        added += len(found) - 1
    rejections.rows += [_moved(row, added) for row in reversed(rejected)]
    return items, rejections, added


def _moved(row: RejectedRow, by: int) -> RejectedRow:
    return (row[0] + by, *row[1:])


def _read_document(source: Source) -> Iterator[Batch]:
    answers = read_answers(source)
    items: list[Item] = []
    rejections = Rejections()
    ordinal = 0
    for answer in answers.values:
        first = ordinal
        for value in _items_in(answer.value):
            if not isinstance(value, dict):
                place = f"{answer.place}item {ordinal - first + 1}"
                rejections.add(ordinal, place, "not_an_object", "no object", type(value).__name__.encode())
                ordinal += 1
                continue
            for fields, parent, story, depth in nested_items(value):
                items.append(Item(ordinal, f"{answer.place}item {ordinal - first + 1}", fields, parent, story, depth))
                ordinal += 1
    for place, what, raw in answers.damage:
        rejections.add(ordinal, f"{place}end", "bad_json", what, raw)
        ordinal += 1
    for start in range(0, max(1, len(items)), BATCH_RECORDS):
        yield _batch(items[start : start + BATCH_RECORDS], rejections if start == 0 else Rejections())


def _batch(items: list[Item], rejections: Rejections) -> Batch:
    records = item_frame(items)
    hollow = records["native_id"].is_null() & records["body"].is_null() & records["title"].is_null()
    for row in hollow.arg_true().to_list():
        raw = ", ".join(map(str, items[row].fields)).encode(errors="replace")
        rejections.add(items[row].ordinal, items[row].location, "no_id_no_text", "neither an id nor a text", raw)
    return Batch(records.filter(~hollow), rejections.frame())


READER = Reader(
    name="hackernews",
    version=1,
    title="Hacker News items from Firebase, Algolia or BigQuery",
    extensions=(".json", ".jsonl"),
    replies="parent of every comment, or nesting",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("text", "comment_text", "story_text"),
)
