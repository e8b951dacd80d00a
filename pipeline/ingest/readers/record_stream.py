"""Records of a long document, handed on while it is read: `documents.RecordList` in bounded memory.

In: records one by one, and what stands between them and is no post. Out: batches, ordinals running on from one to the
next.

>>> stream = RecordStream()
>>> stream.add("comment 1", body="Hello", native_id="1", scope="example")
>>> stream.skip("pingback")
>>> [batch.records["extra"].to_list() for batch in stream.finish()]
[['{"skipped":{"pingback":1}}']]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.ingest.documents import HOLLOW, RecordList, is_hollow
from pipeline.ingest.records import BATCH_BYTES, BATCH_RECORDS, RAW_BYTES, Batch

_MOST_BELOW = 1_000  # rejected ones that wait with the record above them


class RecordStream:
    """Gathers records and lets go of them in batches. Ask `ready` after every record, `finish` after the last."""

    def __init__(self) -> None:
        self._rows = RecordList()
        self._start = 0  # records let go of
        self._bytes = 0
        self._any = False
        self._held: tuple[str, dict[str, Any] | None, dict[str, Any]] | None = None
        self._below: list[tuple[str, str, str, bytes]] = []  # rejected since that record
        self._skipped: Counter[str] = Counter()

    def add(self, location: str, *, extra: dict[str, Any] | None = None, **fields: Any) -> None:
        """Keep a record, as `RecordList.add` does."""
        if is_hollow(fields):
            self.reject(location, *HOLLOW, repr(fields).encode())
            return
        if self._held is not None:
            self._release()
        self._held = (location, extra, fields)

    def skip(self, kind: str) -> None:
        """Count something that is no post; extra of the record before it (of the first one) says so: ``skipped``."""
        self._skipped[kind] += 1

    def reject(self, location: str, rule: str, detail: str, raw: bytes) -> None:
        """Put a record into quarantine."""
        if self._held is None:
            self._rows.reject(location, rule, detail, raw)
            return
        # The record above waits on: what is skipped below may be for it to count.
        self._below.append((location, rule, detail, raw[:RAW_BYTES]))
        if len(self._below) >= _MOST_BELOW:
            self._release()

    @property
    def is_full(self) -> bool:
        """Whether enough records for a batch are there."""
        return self._bytes >= BATCH_BYTES or len(self._rows) >= BATCH_RECORDS

    def ready(self) -> Iterable[Batch]:
        """A batch where enough records for one are there, else nothing."""
        return self._let_go() if self.is_full else ()

    def finish(self) -> Iterator[Batch]:
        """What is left; at least one batch over all."""
        self._release()
        if len(self._rows) or not self._any:
            yield from self._let_go()

    def _release(self) -> None:
        if self._held is None:
            return
        location, extra, fields = self._held
        if self._skipped:
            extra = {**(extra or {}), "skipped": dict(sorted(self._skipped.items()))}
            self._skipped.clear()
        self._rows.keep(location, extra, fields)
        self._bytes += len(fields.get("body") or "")
        self._held = None
        for rejected in self._below:
            self._rows.reject(*rejected)
        self._below.clear()

    def _let_go(self) -> Iterator[Batch]:
        for batch in self._rows.batches():
            yield batch.shifted(self._start)
        self._start += len(self._rows)
        self._rows, self._bytes, self._any = RecordList(), 0, True
