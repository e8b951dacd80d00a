"""Records of chats, a column at a time: messages are many, alike and short, so a call for each costs too much.

In: runs of messages in their order, then the columns of those that people wrote. Out: batches, and what was none.

>>> rows = ChatRecords()
>>> said = rows.sift(messages, range(1, len(messages) + 1), [message.get("type") == "service" for message in messages])
>>> rows.extend({"native_id": ids_of(pluck(said, "id")), "body": words_of(pluck(said, "text")), "markup": "plain"})
>>> for batch in rows.batches(): ...

Lines of the system are no posts: extra of the record before them (of the first one) counts them, as ``skipped``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from operator import not_
from typing import Any

import polars as pl

from pipeline.ingest.documents import column_of
from pipeline.ingest.readers.chat_json import Chat, as_id, as_time
from pipeline.ingest.records import BATCH_BYTES, BATCH_RECORDS, Batch, Rejections, extra_column, record_frame

_LONGEST_ID = 200
_TELLING = ("native_id", "body", "title", "deletion")  # a record without any of these is none


class ChatRecords:
    """Gathers the columns of messages, and what stands between them and is no post."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._columns: dict[str, list[Any]] = {}
        self._extras: list[dict[str, Any] | None] = []
        self._rejections = Rejections()
        self._skipped: Counter[int] = Counter()  # lines of the system by the record that counts them
        self._cut = 0  # how many records stand above the last thing that was rejected

    def sift(self, messages: Sequence[Any], numbers: Sequence[int], system: Sequence[bool]) -> list[dict[str, Any]]:
        """The messages whose columns have to follow; lines of the system are counted, what is no object is rejected.

        Args:
            messages: in the order of their records.
            numbers: which one of its file each is, from 1.
            system: of each whether no person wrote it; true as well of what is no object.
        """
        above = len(self._numbers)
        said = list(map(not_, system))
        # A loop over the lines of the system and no others.
        for rank, place in enumerate(compress(range(len(messages)), system)):
            message, before = messages[place], above + place - rank
            if type(message) is dict:
                self._skipped[before - (before > self._cut)] += 1
            else:
                raw = repr(message).encode(errors="replace")
                self._reject(before, f"message {numbers[place]}", "not_an_object", "no object", raw)
        self._numbers += compress(numbers, said)
        return list(compress(messages, said))

    def _reject(self, before: int, location: str, rule: str, detail: str, raw: bytes) -> None:
        self._rejections.add(before + len(self._rejections.rows), location, rule, detail, raw)
        self._cut = before

    def extend(self, columns: Mapping[str, list[Any] | str | None], extras: Sequence[dict[str, Any] | None]) -> None:
        """The columns of the messages that were sifted last, a list or one value for all; and what else is kept."""
        for name, values in columns.items():
            several = values if isinstance(values, list) else [values] * len(extras)
            self._columns.setdefault(name, []).extend(several)
        self._extras += extras

    def batches(self, chat: Chat) -> Iterator[Batch]:
        """All records in order; at least one batch. What could not be read of the chat stands in the first."""
        height = len(self._numbers)
        for location, detail, raw in chat.losses:
            self._reject(height, location, "damaged_file", detail, raw)
        for row, count in self._skipped.items():
            if row < height:
                self._extras[row] = {**(self._extras[row] or {}), "skipped": {"system": count}}
        taken = {row[0] for row in self._rejections.rows}
        ordinals = [n for n in range(height + len(taken)) if n not in taken] if taken else range(height)
        rejections = self._rejections
        for part in self._parts():
            records = self._batch(part, ordinals[part], rejections)
            yield Batch(records, rejections.frame())
            rejections = Rejections()

    def _parts(self) -> Iterator[slice]:
        bodies, start = self._columns.get("body", []), 0
        while start == 0 or start < len(bodies):
            size = BATCH_RECORDS
            while size > 1 and sum(map(len, filter(None, bodies[start : start + size]))) > BATCH_BYTES:
                size //= 2
            yield slice(start, start + size)
            start += size

    def _batch(self, part: slice, ordinals: Sequence[int], rejections: Rejections) -> pl.DataFrame:
        columns = {name: column_of(name, values[part]) for name, values in self._columns.items()}
        numbers = pl.Series(self._numbers[part], dtype=pl.Int64).cast(pl.String)
        frame = record_frame(
            {
                "markup": "plain",
                **columns,
                "ordinal": pl.Series(ordinals, dtype=pl.Int64),
                "location": "message " + numbers,
                "extra": column_of("extra", extra_column(self._extras[part])),
            }
        )
        hollow = frame.select(pl.all_horizontal(pl.col(_TELLING).fill_null("") == "")).to_series()
        if not hollow.any():
            return frame
        for row in hollow.arg_true():
            fields = {name: values[part][row] for name, values in self._columns.items()}
            place, detail = frame["location"][row], "neither an id nor a text"
            rejections.add(ordinals[row], place, "no_id_no_text", detail, repr(fields).encode())
        return frame.filter(~hollow)


def pluck(messages: Sequence[dict[str, Any]], name: str) -> list[Any]:
    """The values of one field, None where it is absent."""
    return [message.get(name) for message in messages]


def words_of(values: Sequence[Any]) -> list[str | None]:
    """The strings that are not blank, as `as_words` of each."""
    return [value if value.__class__ is str and value and not value.isspace() else None for value in values]


def ids_of(values: Sequence[Any]) -> list[str | None]:
    """Ids, as `as_id` of each."""
    kinds = set(map(type, values))
    if kinds <= {str, type(None)}:
        return [stripped if value and 0 < len(stripped := value.strip()) <= _LONGEST_ID else None for value in values]
    return list(map(str if kinds == {int} else as_id, values))


def times_of(values: Sequence[Any]) -> list[str | None]:
    """Times as written, as `as_time` of each."""
    kinds = set(map(type, values))
    if kinds <= {str, type(None)}:
        return [value or None for value in values]
    return [str(value) if value else None for value in values] if kinds == {int} else list(map(as_time, values))
