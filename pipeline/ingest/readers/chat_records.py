"""Records of chats, a column at a time: messages are many, alike and short, so a call for each costs too much.

In: runs of messages in their order, then the columns of those that people wrote. Out: batches, and what was none.

>>> rows = ChatRecords()
>>> said = rows.sift(messages, range(1, len(messages) + 1), [message.get("type") == "service" for message in messages])
>>> rows.extend({"native_id": ids_of(pluck(said, "id")), "body": words_of(pluck(said, "text")), "markup": "plain"})
>>> for batch in rows.batches(): ...

Lines of the system are no posts: extra of the record before them (of the first one) counts them, as ``skipped``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from operator import not_
from typing import Any

from pipeline.ingest.readers.chat_json import Chat, as_id, as_time
from pipeline.ingest.readers.record_columns import RUN, RecordColumns
from pipeline.ingest.records import Batch

_LONGEST_ID = 200


class ChatRecords:
    """Gathers the columns of messages, and what stands between them and is no post."""

    def __init__(self) -> None:
        self._rows = RecordColumns()
        self._numbers: list[int] = []  # of the messages whose columns have to follow
        self._skipped: Counter[int] = Counter()  # lines of the system by how many messages stand above them

    def sift(self, messages: Sequence[Any], numbers: Sequence[int], system: Sequence[bool]) -> list[dict[str, Any]]:
        """The messages whose columns have to follow; lines of the system are counted, what is no object is rejected.

        Args:
            messages: in the order of their records.
            numbers: which one of its file each is, from 1.
            system: of each whether no person wrote it; true as well of what is no object.
        """
        above = len(self._rows)
        said = list(map(not_, system))
        # A loop over the lines of the system and no others.
        for rank, place in enumerate(compress(range(len(messages)), system)):
            message, before = messages[place], above + place - rank
            if type(message) is dict:
                self._skipped[before] += 1
            else:
                raw = repr(message).encode(errors="replace")
                self._rows.reject(f"message {numbers[place]}", "not_an_object", "no object", raw, before)
        self._numbers = list(compress(numbers, said))
        return list(compress(messages, said))

    def extend(self, columns: Mapping[str, list[Any] | str | None], extras: Sequence[dict[str, Any] | None]) -> None:
        """The columns of the messages that were sifted last, a list or one value for all; and what else is kept."""
        self._rows.extend([f"message {number}" for number in self._numbers], columns, extras)

    def batches(self, chat: Chat) -> Iterator[Batch]:
        """All records in order; at least one batch. What could not be read of the chat stands in the first."""
        for location, detail, raw in chat.losses:
            self._rows.reject(location, "damaged_file", detail, raw)
        if self._skipped:
            self._count_skipped()
        return self._rows.batches()

    def _count_skipped(self) -> None:
        """Lines of the system go to the record before them, or the first one."""
        told = self._rows.find_told()
        counts = Counter[int]()
        for above, count in self._skipped.items():
            if told:
                counts[told[max(0, bisect_left(told, above) - 1)]] += count
        for row, count in counts.items():
            self._rows.extras[row] = {**(self._rows.extras[row] or {}), "skipped": {"system": count}}


def runs_of(messages: Sequence[Any], numbers: Sequence[int]) -> Iterator[tuple[Sequence[Any], Sequence[int]]]:
    """Messages and their numbers in runs, to be sifted and extended one after the other."""
    for start in range(0, len(messages), RUN):
        yield messages[start : start + RUN], numbers[start : start + RUN]


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
