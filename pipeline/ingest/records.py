"""Batches of records: what every reader hands on, whatever the format.

In: columns as lists or series, and the records that could not be read. Out: `Batch`, two frames that keep their
contract.

>>> records = record_frame({"ordinal": [0], "location": ["line 1"], "body": ["Hello"], "markup": "plain"})
>>> Batch(records, Rejections().frame())
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from pipeline.errors import ContractError
from pipeline.tables import Quarantine, RawRecords

BATCH_RECORDS = 50_000
BATCH_BYTES = 32 << 20  # parsed, they take some five times that
EXTRA_CHARACTERS = 4_000
RAW_BYTES = 1_000

_REJECTED = {name: column.dtype for name, column in Quarantine.columns().items() if name != "capture_id"}
_DTYPES = {name: column.dtype for name, column in RawRecords.columns().items()}
_REQUIRED = {name for name, column in RawRecords.columns().items() if not column.nullable}
_NOTHING_REJECTED = pl.DataFrame(schema=_REJECTED)
_LEFT_OUT = "left_out"
_LINE_END = orjson.Fragment(b"\n")


@dataclass(frozen=True)
class Batch:
    """Some records of a capture in its order: ``RawRecords``, and ``Quarantine`` without its capture_id."""

    records: pl.DataFrame
    rejected: pl.DataFrame

    def shifted(self, ordinal: int) -> Batch:
        """The same records, their ordinals counted on from the one given."""
        on = pl.col("ordinal") + ordinal
        return Batch(self.records.with_columns(on), self.rejected.with_columns(on)) if ordinal else self


@dataclass
class Rejections:
    """Records that cannot be read, gathered until the batch is full."""

    rows: list[tuple[int, str, str, str, str, bytes]] = field(default_factory=list)

    def add(self, ordinal: int, location: str, rule: str, detail: str, raw: bytes) -> None:
        """Note a record: its place, the rule it breaks, in words what was found, and its bytes."""
        self.rows.append((ordinal, location, "read", rule, detail, raw[:RAW_BYTES]))

    def frame(self) -> pl.DataFrame:
        """All that was noted, in order of ordinal."""
        if not self.rows:
            return _NOTHING_REJECTED
        columns = zip(*self.rows, strict=True)  # a file of another kind may have a rejected record every two bytes
        series = [pl.Series(*column) for column in zip(_REJECTED, columns, _REJECTED.values(), strict=True)]
        return pl.DataFrame(series).sort("ordinal")


def record_frame(columns: Mapping[str, pl.Series | Sequence[Any] | str | int | bool | None]) -> pl.DataFrame:
    """A ``RawRecords`` frame of given columns, one value standing for all rows; listing is 0, what is not given null.

    ``ordinal`` must be a list or series and gives the number of rows.
    """
    rows = len(columns["ordinal"])  # type: ignore[arg-type]  # of all columns this one is no single value
    ready = {"listing": 0, "parent_known": False, **columns}
    if absent := (_REQUIRED - ready.keys()) | (ready.keys() - _DTYPES.keys()):
        raise ContractError(
            f"RawRecords has all of {', '.join(sorted(_REQUIRED))}; here differ {', '.join(sorted(absent))}"
        )
    return pl.DataFrame([_series(name, ready.get(name), dtype, rows) for name, dtype in _DTYPES.items()])


def _series(name: str, value: pl.Series | Sequence[Any] | str | int | bool | None, dtype: Any, rows: int) -> pl.Series:
    if value is None or isinstance(value, str | int):
        return pl.Series(name, [value], dtype=dtype).new_from_index(0, rows)
    if isinstance(value, pl.Series) and value.dtype == dtype:
        return value.alias(name)
    return pl.Series(name, value, dtype=dtype)


def extra_json(values: Mapping[str, Any]) -> str | None:
    """Values as JSON with sorted keys, nulls dropped; None where none is left.

    At most 4,000 characters: what does not fit is left out, and its names stand under ``left_out``.
    """
    kept = {name: value for name, value in values.items() if value is not None}
    if not kept:
        return None
    text = _dump(kept)
    if text is not None and len(text) <= EXTRA_CHARACTERS:
        return text
    room = EXTRA_CHARACTERS - 200
    fitting: dict[str, Any] = {}
    left_out: list[str] = []
    for name in sorted(kept):
        value = _dump({name: kept[name]})
        if value is not None and len(value) <= room:
            fitting[name] = kept[name]
            room -= len(value)
        else:
            left_out.append(name[:40])
    return _dump({**fitting, _LEFT_OUT: left_out[:3]})


def extra_column(several: Sequence[Mapping[str, Any] | None]) -> list[str | None]:
    """`extra_json` of each, None for None: written at once, for most of what a call costs is the call."""
    rows = [row for row, values in enumerate(several) if values]
    kept = [_without_nulls(several[row]) for row in rows]
    parts: list[Any] = [_LINE_END] * (2 * len(rows))
    parts[::2] = kept
    try:
        # Text in JSON has no line ends of its own.
        texts = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS, default=str).decode()[1:].split(",\n")
    except TypeError:  # one of them is too deep, or has too long a number
        texts = [extra_json(values) or "" for values in kept]
    column: list[str | None] = [None] * len(several)
    for row, text, values in zip(rows, texts, kept, strict=False):  # behind the last text stands a bracket
        if values:
            column[row] = text.removeprefix(",") if len(text) <= EXTRA_CHARACTERS else extra_json(values)
    return column


def _without_nulls(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if values is None or None not in values.values():
        return values or {}
    return {name: value for name, value in values.items() if value is not None}


def _is_longer(value: Any, most: int) -> bool:
    """Whether a value surely has more than so many characters as JSON; no more than these are looked at."""
    waiting = [value]
    while waiting and most >= 0:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
            most -= 3 * len(value) + sum(map(len, map(str, value)))
        elif isinstance(value, list):
            waiting += value
            most -= len(value)
        else:
            most -= len(value) if isinstance(value, str) else 1
    return most < 0


def _dump(values: Mapping[str, Any]) -> str | None:
    """JSON with sorted keys; None where it nests too deeply to be written, or is far too long."""
    try:
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str).decode()
    except TypeError:  # integers beyond 64 bits, or nested beyond what orjson writes
        if _is_longer(values, EXTRA_CHARACTERS):
            return None
        try:
            return json.dumps(values, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
        except RecursionError:
            return None
