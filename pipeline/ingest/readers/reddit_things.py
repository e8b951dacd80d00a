"""Reddit's things (comments ``t1``, submissions ``t3``) out of documents that nest them, as records.

In: things one by one, in the order of the page, each with the fields that Reddit's API gives it. Out: batches, with
the ids, parents and scopes of the reader `reddit`.

>>> things = Things()
>>> things.add("thing 1", {"id": "c1", "link_id": "t3_s1", "parent_id": "t3_s1", "body": "Soup."})
>>> [batch.records["native_id"].to_list() for batch in things.batches()]
[['t1_c1']]
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.ingest.readers.json_lines import ParsedLines
from pipeline.ingest.readers.reddit_fields import object_batch as records_of
from pipeline.ingest.readers.saved_answers import Answers
from pipeline.ingest.records import BATCH_RECORDS, Batch, Rejections, extra_json


class Things:
    """Comments and submissions of a document in order, and how many replies each of them hides."""

    def __init__(self) -> None:
        self._objects: list[dict[str, Any]] = []
        self._ordinals: list[int] = []
        self._places: dict[int, str] = {}  # by ordinal
        self._hidden: dict[int, int] = {}  # by ordinal
        self._named: dict[str, int] = {}  # ordinals of names
        self._rejections = Rejections()
        self._seen = 0

    def add(self, place: str, fields: dict[str, Any]) -> None:
        """Keep a thing; one with neither an id nor words goes to quarantine."""
        get = fields.get
        if not (get("id") or get("name") or get("body") or get("selftext") or get("title")):
            self._rejections.add(self._seen, place, "no_id_no_text", "neither an id nor a text", _raw_of(fields))
            self._seen += 1
            return
        if isinstance(name := get("name"), str):
            self._named[name] = self._seen
        self._objects.append(fields)
        self._ordinals.append(self._seen)
        self._places[self._seen] = place
        self._seen += 1

    def hide(self, parent: Any, count: int) -> None:
        """Note replies that the page leaves out: in the extra of their parent, or of the thing before them."""
        before = self._ordinals[-1] if self._ordinals else 0
        ordinal = self._named.get(parent, before) if isinstance(parent, str) else before
        self._hidden[ordinal] = self._hidden.get(ordinal, 0) + count

    def reject_damage(self, answers: Answers) -> None:
        """Put the parts of a file that could not be read into quarantine."""
        for place, what, raw in answers.damage:
            self._rejections.add(self._seen, f"{place}end", "bad_json", what, raw)
            self._seen += 1

    def batches(self) -> Iterator[Batch]:
        """All records in order; at least one batch. Damage stands in the last."""
        starts = range(0, max(1, len(self._objects)), BATCH_RECORDS)
        for start in starts:
            rejections = self._rejections if start == starts[-1] else Rejections()
            yield self._batch(slice(start, start + BATCH_RECORDS), rejections)

    def _batch(self, rows: slice, rejections: Rejections) -> Batch:
        objects, ordinals = self._objects[rows], self._ordinals[rows]
        unread = [b""] * len(objects)
        batch = records_of(ParsedLines("thing", ordinals, ordinals, unread, objects, rejections=rejections))
        titles = {
            ordinal: title
            for ordinal, fields in zip(ordinals, objects, strict=True)
            if isinstance(title := fields.get("link_title"), str)
        }
        read = batch.records["ordinal"].to_list()
        extra = batch.records["extra"].to_list()
        for row, ordinal in enumerate(read if self._hidden else ()):
            if ordinal in self._hidden:
                extra[row] = extra_json({**json.loads(extra[row] or "{}"), "more": self._hidden[ordinal]})
        named = pl.Series([titles.get(ordinal) for ordinal in read], dtype=pl.String)
        places = pl.Series([self._places[ordinal] for ordinal in read], dtype=pl.String)
        unfit = set(batch.rejected["ordinal"]) & self._places.keys()
        shown = {o: _raw_of(fields) for o, fields in zip(ordinals, objects, strict=True) if o in unfit}
        rejected = [
            (*row[:1], self._places.get(row[0], row[1]), *row[2:-1], shown.get(row[0], row[-1]))
            for row in batch.rejected.iter_rows()
        ]
        return Batch(
            batch.records.with_columns(
                location=places,
                extra=pl.Series(extra, dtype=pl.String),
                discussion_title=pl.coalesce("discussion_title", named),
            ),
            pl.DataFrame(rejected, schema=batch.rejected.schema, orient="row"),
        )


def _raw_of(fields: dict[str, Any]) -> bytes:
    """What a rejected thing is shown by: the names of its fields."""
    return ", ".join(map(str, fields)).encode(errors="replace")
