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
from pipeline.ingest.readers.reddit import _batch as records_of
from pipeline.ingest.readers.saved_answers import Answers
from pipeline.ingest.records import BATCH_RECORDS, Batch, Rejections, extra_json

_IDS = ("id", "name")
_WORDS = ("body", "selftext", "title")


class Things:
    """Comments and submissions of a document in order, and how many replies each of them hides."""

    def __init__(self) -> None:
        self._places: list[str] = []
        self._objects: list[dict[str, Any]] = []
        self._ordinals: list[int] = []
        self._hidden: dict[int, int] = {}
        self._row_of: dict[str, int] = {}
        self._rejections = Rejections()
        self._seen = 0

    def add(self, place: str, fields: dict[str, Any]) -> None:
        """Keep a thing; one with neither an id nor words goes to quarantine."""
        if not any(isinstance(fields.get(name), str) and fields[name] for name in (*_IDS, *_WORDS)):
            self.reject(place, "no_id_no_text", "neither an id nor a text", repr(list(fields)).encode())
            return
        if isinstance(name := fields.get("name"), str):
            self._row_of[name] = len(self._objects)
        self._places.append(place)
        self._objects.append(fields)
        self._ordinals.append(self._seen)
        self._seen += 1

    def hide(self, parent: Any, count: int) -> None:
        """Note replies that the page leaves out: in the extra of their parent, or of the thing before them."""
        row = self._row_of.get(parent, len(self._objects) - 1) if isinstance(parent, str) else len(self._objects) - 1
        row = max(row, 0)
        self._hidden[row] = self._hidden.get(row, 0) + count

    def reject(self, place: str, rule: str, detail: str, raw: bytes) -> None:
        """Put something into quarantine."""
        self._rejections.add(self._seen, place, rule, detail, raw)
        self._seen += 1

    def reject_damage(self, answers: Answers) -> None:
        """Put the parts of a file that could not be read into quarantine."""
        for place, what, raw in answers.damage:
            self.reject(f"{place}end", "bad_json", what, raw)

    def batches(self) -> Iterator[Batch]:
        """All records in order; at least one batch."""
        rejected = self._rejections.frame()
        for start in range(0, max(1, len(self._objects)), BATCH_RECORDS):
            rows = slice(start, start + BATCH_RECORDS)
            objects = self._objects[rows]
            numbers = list(range(len(objects)))
            parsed = ParsedLines("thing", self._ordinals[rows], numbers, [b""] * len(objects), objects)
            records = records_of(parsed).records
            titles = pl.Series([_text(value.get("link_title")) for value in objects], dtype=pl.String)
            extra = records["extra"].to_list()
            for row, count in self._hidden.items():
                if start <= row < start + len(objects):
                    extra[row - start] = extra_json({**json.loads(extra[row - start] or "{}"), "more": count})
            yield Batch(
                records.with_columns(
                    location=pl.Series(self._places[rows], dtype=pl.String),
                    discussion_title=pl.coalesce("discussion_title", titles),
                    extra=pl.Series(extra, dtype=pl.String),
                ),
                rejected if start == 0 else rejected.clear(),
            )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
