"""Records of a document, a column at a time: where records are many, alike and short, a call for each costs too much.

In: columns of records in their order, and what has to be rejected. Out: batches, as `documents.RecordList` gives them.

>>> rows = RecordColumns()
>>> rows.extend(["post 1", "post 2"], {"native_id": ["1", "2"], "body": ["Tea?", None], "scope": "site"}, [None, None])
>>> [batch.records["native_id"].to_list() for batch in rows.batches()]
[['1', '2']]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import polars as pl

from pipeline.ingest.documents import column_of
from pipeline.ingest.records import BATCH_BYTES, BATCH_RECORDS, Batch, Rejections, extra_column, record_frame

# So many parsed objects stay in the processor's cache while one column after the other is made of them.
RUN = 500
_TELLING = ("native_id", "body", "title", "deletion")  # a record without any of these is none


class RecordColumns:
    """Gathers columns; records of a call of `extend` that does not name a column have null there.

    Attributes:
        extras: what else is kept of each record; nulls are dropped.
    """

    def __init__(self) -> None:
        self.extras: list[dict[str, Any] | None] = []
        self._locations: list[str] = []
        self._columns: dict[str, list[Any]] = {}
        self._shared: dict[str, str | bool | None] = {}  # columns that have had one value so far
        self._names: dict[str, None] = {}  # of both, as they came
        self._rejections = Rejections()

    def __len__(self) -> int:
        return len(self._locations)

    def extend(
        self,
        locations: Iterable[str],
        columns: Mapping[str, list[Any] | str | bool | None],
        extras: Sequence[dict[str, Any] | None],
    ) -> None:
        """More records: where they stand, their columns (a list, or one value for all), and what else is kept."""
        above = len(self)
        self._names |= dict.fromkeys(columns)
        for name, values in columns.items():
            if isinstance(values, list):
                self._spread(name, above)
                self._columns[name] += values
            elif above == 0:
                self._columns.pop(name, None)  # which is empty
                self._shared[name] = values
            elif name not in self._shared or self._shared[name] != values:
                self._spread(name, above)
                self._columns[name] += [values] * len(extras)
        for name in (self._columns.keys() | self._shared.keys()) - columns.keys():
            self._spread(name, above)
            self._columns[name] += [None] * len(extras)
        self._locations += locations
        self.extras += extras

    def _spread(self, name: str, above: int) -> None:
        """Makes sure that a column is a list of what the records above have there."""
        if name not in self._columns:
            self._columns[name] = [self._shared.pop(name, None)] * above

    def reject(self, location: str, rule: str, detail: str, raw: bytes, before: int | None = None) -> None:
        """Put something into quarantine: ``before`` records stand above it, of old all that are there."""
        above = len(self) if before is None else before
        self._rejections.add(above + len(self._rejections.rows), location, rule, detail, raw)

    def find_told(self) -> list[int]:
        """The rows that are records: with an id, a text, a title or a deletion."""
        if any(self._shared.get(name) for name in _TELLING):
            return list(range(len(self)))
        columns = [self._columns[name] for name in _TELLING if name in self._columns]
        return [row for row, told in enumerate(zip(*columns, strict=True)) if any(told)]

    def batches(self) -> Iterator[Batch]:
        """All records in order; at least one batch. What was rejected stands in the first."""
        taken = {row[0] for row in self._rejections.rows}
        size = len(self) + len(taken)
        ordinals = [ordinal for ordinal in range(size) if ordinal not in taken] if taken else range(size)
        rejections = self._rejections
        for part in self._parts():
            records = self._batch(part, ordinals[part], rejections)
            yield Batch(records, rejections.frame())
            rejections = Rejections()

    def _parts(self) -> Iterator[slice]:
        bodies, start = self._columns.get("body", []), 0
        while start == 0 or start < len(self):
            size = BATCH_RECORDS
            while size > 1 and sum(map(len, filter(None, bodies[start : start + size]))) > BATCH_BYTES:
                size //= 2
            yield slice(start, start + size)
            start += size

    def _batch(self, part: slice, ordinals: Sequence[int], rejections: Rejections) -> pl.DataFrame:
        height = len(ordinals)
        columns = {name: column_of(name, values[part]) for name, values in self._columns.items()}
        columns |= {name: column_of(name, [value]).new_from_index(0, height) for name, value in self._shared.items()}
        frame = record_frame(
            {
                "markup": "plain",
                **columns,
                "ordinal": pl.Series(ordinals, dtype=pl.Int64),
                "location": column_of("location", self._locations[part]),
                "extra": column_of("extra", extra_column(self.extras[part])),
            }
        )
        hollow = frame.select(pl.all_horizontal(pl.col(_TELLING).fill_null("") == "")).to_series()
        if not hollow.any():
            return frame
        for row in hollow.arg_true():
            fields = {
                name: self._columns[name][part][row] if name in self._columns else self._shared[name]
                for name in self._names
            }
            place, detail = frame["location"][row], "neither an id nor a text"
            rejections.add(ordinals[row], place, "no_id_no_text", detail, repr(fields).encode())
        return frame.filter(~hollow)


def pluck(objects: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """The values of one field, None where it is absent."""
    try:
        return list(map(itemgetter(name), objects))  # twice as quick, where all have it
    except KeyError:
        return [value.get(name) for value in objects]
