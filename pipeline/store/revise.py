"""A table of one snapshot made from the same table of the snapshot before: untouched parts are linked, not written.

In: the parts of the snapshot before, the rows that go and those that come. Out: parts, and beside each the ids of its
rows, from which the digest of the whole table follows without reading rows that stay.

>>> change = Change(base=snapshot, gone=(pl.DataFrame({"discussion_id": touched}),), rows=posts)
>>> parts = list(revise_table("posts", before, manifest.tables["posts"].parts, change, folders, digest))

Which rows stand in which part depends on what came when. Nothing else does: parts in the order of their names have the
table's order, and the digest is one of rows.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from pipeline.buffers import text_buffers
from pipeline.errors import ArchiveError, ContractError
from pipeline.ids import ID_LENGTH, digest_file
from pipeline.store import write
from pipeline.store.digest import CHUNK_ROWS, TableDigest
from pipeline.store.durable import replacing
from pipeline.store.write import (
    PartFile,
    TableRows,
    part_name,
    read_rows,
    schema_of,
    sort_columns,
    sorted_batches,
    write_batches,
)
from pipeline.tables import check_table, empty_table, fit_table

_ROW = "row_id"
_PART = "part_number"
_PARTS_AT_ONCE = 32  # of which ids are held: some tens of MiB


@dataclass(frozen=True, eq=False)
class Change:
    """What becomes of a table.

    Attributes:
        base: the folder of that snapshot.
        gone: rows of the snapshot before that equal a row of any of these frames in all its columns go.
        rows: rows that come, in any order; a row may go and come again.
    """

    base: Path
    gone: tuple[pl.DataFrame, ...]
    rows: TableRows


@dataclass(frozen=True)
class RevisedPart:
    """A part of a table, and the file with the ids of its rows."""

    part: PartFile
    ids: PartFile


@dataclass(frozen=True, eq=False)
class TableFolders:
    """Where the parts of one table are in a snapshot, and where the ids of their rows."""

    parts: Path
    ids: Path


def write_whole(name: str, rows: TableRows, folders: TableFolders, digest: TableDigest) -> Iterator[RevisedPart]:
    """Check and write all rows of a table, and the ids of its rows; ``digest`` is told all of them.

    Raises:
        ContractError: rows break the rules of their table.
    """
    waiting: list[bytes] = []
    for part in write_batches(name, _proven(name, sorted_batches(name, rows), digest, waiting), folders.parts):
        ids = b"".join(waiting)
        own, rest = ids[: part.rows * ID_LENGTH], ids[part.rows * ID_LENGTH :]
        waiting[:] = [rest]
        digest.add_rows(own)
        yield RevisedPart(part, _write_ids(folders.ids, part.name, own))


def revise_table(
    name: str, base: TableFolders, before: tuple[RevisedPart, ...], change: Change, folders: TableFolders,
    digest: TableDigest,
) -> Iterator[RevisedPart]:  # fmt: skip
    """Link the parts that no row leaves or enters, and write the others anew; ``digest`` is told every row.

    A frame of rows that go is best given by the columns that the table is sorted by: then only the parts in whose
    range they stand are looked into.

    Args:
        name: the table.
        base, before: its parts in the snapshot before, at least one.
        change: what goes and comes.
        folders: where the new parts go.
        digest: of the table, nothing added yet.

    Raises:
        ContractError: rows that come break the rules of their table.
        ArchiveError: the parts before have no ids of their rows.
    """
    keys = sort_columns(name)
    ranges = PartRanges(name, base, before)
    rows, frames = _leave_unchanged(_identify_coming(name, change.rows), change.gone, keys, base, before)
    coming = ranges.divide(rows.sort(keys))
    leaving = [ranges.divide(frame) if frame.columns == keys else None for frame in frames]
    number, changed = 0, []
    last = len(before) - 1
    for old, part in enumerate(before):
        new, ids_before = coming.get(old), _read_ids(base.ids, part.part)
        gone = [
            frame if parts is None else parts.get(old, frame.clear())
            for frame, parts in zip(frames, leaving, strict=True)
        ]
        if new is not None:
            check_table(schema_of(name), new.drop(_ROW))
            changed.append(new)
        order = _plan_part(base.parts / part.part.name, ids_before, keys, gone, new)
        if order is not None and order.is_empty() and not (number == 0 and old == last):
            continue
        ids = ids_before if order is None else _join_ids(order[_ROW])
        if order is None or ids == ids_before:
            digest.add_rows(ids)
            yield _link_part(base, part, part_name(number), folders)
            number += 1
            continue
        whole = _merge_part(base.parts / part.part.name, order, new, name)
        # In pieces of one size, so that none is written again as soon as a row comes.
        pieces = max(1, -(-whole.height // (write.GROUP_ROWS * write.PART_GROUPS)))
        for piece in np.array_split(np.arange(whole.height), pieces):
            rows = whole.slice(int(piece[0]) if piece.size else 0, piece.size)
            own, ids = ids[: rows.height * ID_LENGTH], ids[rows.height * ID_LENGTH :]
            digest.add_rows(own)
            (written,) = write_batches(name, iter([rows]), folders.parts, number)
            yield RevisedPart(written, _write_ids(folders.ids, written.name, own))
            number += 1
    _require_new_keys(name, changed, folders.parts)


def _require_new_keys(name: str, coming: list[pl.DataFrame], folder: Path) -> None:
    """No key that comes stands anywhere twice."""
    if not any(rows.height for rows in coming):
        return
    keys = schema_of(name).primary_key()
    new = pl.concat([rows.select(keys) for rows in coming])
    found = pl.scan_parquet(folder / "part-*.parquet").select(keys).join(new.lazy(), on=keys, how="semi")
    repeated = found.select(pl.len()).collect().item() - new.height
    if repeated:
        raise ContractError(f"{name}: {repeated} rows repeat the key {', '.join(keys)} of another row")


def _proven(
    name: str, batches: Iterator[pl.DataFrame], digest: TableDigest, ids: list[bytes]
) -> Iterator[pl.DataFrame]:
    for batch in batches:
        checked = check_table(schema_of(name), batch)
        ids.append(digest.digest_rows(checked))
        yield checked


def _identify_coming(name: str, rows: TableRows) -> pl.DataFrame:
    """The rows that come, in any order, with the ids of their rows."""
    digest, schema = TableDigest(name), schema_of(name)
    found = [empty_table(schema).with_columns(_ids_column(b""))]
    for batch in read_rows(name, rows).iter_slices(CHUNK_ROWS):
        fitted = fit_table(schema, batch)
        found.append(fitted.with_columns(_ids_column(digest.digest_rows(fitted))))
    return pl.concat(found)


class PartRanges:
    """Which part of a table a row stands in, by the columns that the table is sorted by.

    Of a part no more is read than its first row, and that only of parts near rows that are asked about.
    """

    def __init__(self, name: str, base: TableFolders, before: tuple[RevisedPart, ...]) -> None:
        self._keys = sort_columns(name)
        self._files = [base.parts / one.part.name for one in before]
        self._firsts: dict[int, pl.DataFrame] = {}

    def divide(self, rows: pl.DataFrame) -> dict[int, pl.DataFrame]:
        """Rows by the number of the part in whose range they stand; parts without any are left out."""
        if rows.is_empty():
            return {}
        ends = rows.select(self._keys).sort(self._keys, nulls_last=False)
        first, last = self._find(ends.head(1)), self._find(ends.tail(1))
        if first == last:
            return {first: rows}
        # A row stands in the part with the last first row that is not behind it.
        place = pl.int_range(pl.len(), dtype=pl.Int64).alias("place")
        none = pl.lit(None, dtype=pl.Int64).alias("place")
        firsts = (self._first(number).with_columns(none) for number in range(first + 1, last + 1))
        numbered = pl.concat([rows.select(*self._keys, place), *firsts]).sort(*self._keys, "place", nulls_last=False)
        numbered = numbered.with_columns((pl.col("place").is_null().cum_sum().cast(pl.Int64) + first).alias(_PART))
        parts = rows.with_columns(numbered.drop_nulls("place").sort("place")[_PART])
        divided = parts.partition_by(_PART, as_dict=True, include_key=False, maintain_order=True)
        return {int(number): part for (number,), part in divided.items()}

    def _find(self, row: pl.DataFrame) -> int:
        """The number of the part in whose range a row stands."""
        return bisect_right(range(1, len(self._files)), 0, key=lambda number: self._is_behind(number, row))

    def _is_behind(self, number: int, row: pl.DataFrame) -> int:
        """1 where a part begins behind a row, else 0."""
        first = self._first(number)
        if first.equals(row, null_equal=True):
            return 0
        return int(pl.concat([first, row]).sort(self._keys, nulls_last=False).head(1).equals(row, null_equal=True))

    def _first(self, number: int) -> pl.DataFrame:
        if number not in self._firsts:
            file = pl.scan_parquet(self._files[number], glob=False)
            self._firsts[number] = file.select(self._keys).head(1).collect()
        return self._firsts[number]


def _leave_unchanged(
    new: pl.DataFrame, gone: tuple[pl.DataFrame, ...], keys: list[str], base: TableFolders,
    before: tuple[RevisedPart, ...],
) -> tuple[pl.DataFrame, tuple[pl.DataFrame, ...]]:  # fmt: skip
    """Rows that come and rows that go, without those that are there already and come again as they are."""
    if new.is_empty() or any(frame.columns != keys for frame in gone):
        return new, gone
    wanted, held = new[_ROW].implode(), []
    for first in range(0, len(before), _PARTS_AT_ONCE):
        parts = before[first : first + _PARTS_AT_ONCE]
        ids = _ids_column(b"".join(_read_ids(base.ids, part.part) for part in parts))
        held.append(ids.filter(ids.is_in(wanted)))
    there = new[_ROW].is_in(pl.concat(held).implode())
    same = new.filter(there).select(keys)
    return new.filter(~there), tuple(frame.join(same, on=keys, how="anti", nulls_equal=True) for frame in gone)


def _plan_part(
    path: Path, ids: bytes, keys: list[str], gone: list[pl.DataFrame], new: pl.DataFrame | None
) -> pl.DataFrame | None:
    """Which rows a part is going to have: their ids in order, and from where they come (old, new: row numbers); null
    where nothing goes or comes."""
    if (new is None or new.is_empty()) and all(frame.is_empty() for frame in gone):
        return None
    wanted = list(dict.fromkeys([*keys, *(column for frame in gone for column in frame.columns)]))
    old = pl.scan_parquet(path, glob=False).select(wanted).collect()
    old = old.with_columns(_ids_column(ids)).with_row_index("old")
    for frame in gone:
        old = old.join(frame, on=frame.columns, how="anti", nulls_equal=True, maintain_order="left")
    stays = old.select(*keys, _ROW, pl.col("old").cast(pl.Int64), pl.lit(None, dtype=pl.Int64).alias("new"))
    if new is None:
        return stays.select(_ROW, "old", "new")
    comes = new.select(
        *keys, _ROW, pl.lit(None, dtype=pl.Int64).alias("old"), pl.int_range(pl.len(), dtype=pl.Int64).alias("new")
    )
    return pl.concat([stays, comes]).sort(keys).select(_ROW, "old", "new")


def _merge_part(path: Path, order: pl.DataFrame, new: pl.DataFrame | None, name: str) -> pl.DataFrame:
    """All columns of the rows that ``_plan_part`` listed, in their order."""
    columns = list(schema_of(name).columns())
    old = pl.read_parquet(path, glob=False).select(columns)
    # In one chunk: rows are gathered from two at twenty times the cost.
    both = old if new is None else pl.concat([old, new.select(columns)], rechunk=True)
    return both[order.select(pl.coalesce("old", pl.col("new") + old.height))["old"]]


def _link_part(base: TableFolders, before: RevisedPart, named: str, folders: TableFolders) -> RevisedPart:
    ids = _ids_name(named)
    link_file(base.parts / before.part.name, folders.parts / named)
    link_file(base.ids / before.ids.name, folders.ids / ids)
    return RevisedPart(replace(before.part, name=named), replace(before.ids, name=ids))


def link_file(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the file system has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        with replacing(target) as temporary:
            temporary.write_bytes(source.read_bytes())


def _ids_name(part: str) -> str:
    return part.removesuffix(".parquet") + ".ids"


def _write_ids(folder: Path, part: str, ids: bytes) -> PartFile:
    path = folder / _ids_name(part)
    with replacing(path) as temporary:
        temporary.write_bytes(ids)
    return PartFile(path.name, len(ids) // ID_LENGTH, len(ids), digest_file(path))


def _read_ids(folder: Path, part: PartFile) -> bytes:
    path = folder / _ids_name(part.name)
    if not path.is_file() or path.stat().st_size != part.rows * ID_LENGTH:
        raise ArchiveError(f"{path} does not have the ids of the {part.rows} rows of {part.name}")
    return path.read_bytes()


def _ids_column(ids: bytes) -> pl.Series:
    """Ids that stand one after another as a column, without a Python object for each."""
    n = len(ids) // ID_LENGTH
    offsets = pa.py_buffer(np.arange(n + 1, dtype=np.int64) * ID_LENGTH)
    return pl.Series(_ROW, pa.Array.from_buffers(pa.large_string(), n, [None, offsets, pa.py_buffer(ids)]))


def _join_ids(ids: pl.Series) -> bytes:
    values, offsets = text_buffers(ids)
    return values[offsets[0] : offsets[-1]].tobytes()
