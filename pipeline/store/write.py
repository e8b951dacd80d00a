"""Published Parquet: sorted, bounded parts, equal bytes for equal rows.

In: the rows of a table. Out: ``part-00000.parquet`` and so on in its folder, and what each of them is.

>>> [part.name for part in write_table("repeats", frame, folder)]
['part-00000.parquet']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dataframely as dy
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ids import digest_file
from pipeline.store.durable import replacing
from pipeline.store.ranges import sort_ranges
from pipeline.tables import ENRICHED, KEPT, PUBLISHED, SORT_KEYS, empty_table, fit_table

# A part is what a later run links or writes anew as a whole: small enough that tonight's dump leaves most of a large
# archive alone, large enough that ten million rows are some hundred files.
GROUP_ROWS = 1 << 15
PART_GROUPS = 1

# Columns by which single rows are looked up, though the table is not sorted by them.
_LOOKED_UP = {
    "posts": ("discussion_id", "post_id"),
    "sightings": ("sighting_id", "post_id"),
    "duplicates": ("right_id", "left_post_id", "right_post_id"),
}
_FALSE_HITS = 0.01

# Columns whose values hardly repeat: a dictionary of them is made in vain, and makes files larger.
_DISTINCT = {
    "post_id", "sighting_id", "native_id", "posted_at", "text", "words_key", "left_id", "right_id", "seed_id",
}  # fmt: skip

TableRows = pl.DataFrame | pl.LazyFrame | Sequence[Path]


@dataclass(frozen=True)
class PartFile:
    """One file: its name in its folder, its rows, its bytes, and the digest of those bytes."""

    name: str
    rows: int
    bytes: int
    digest: str


def schema_of(name: str) -> type[dy.Schema]:
    """The schema of a published, kept or enriched table."""
    return {**PUBLISHED, **KEPT, **ENRICHED}[name]


def sort_columns(name: str) -> list[str]:
    """What a table is sorted by; its key comes last, so that no two rows tie."""
    first = SORT_KEYS.get(name, ())
    return [*first, *(key for key in schema_of(name).primary_key() if key not in first)]


def write_table(name: str, rows: TableRows, folder: Path) -> list[PartFile]:
    """Sort a table and write it into a folder, as at least one part; the table's rules are not checked.

    Args:
        name: a table of ``tables.PUBLISHED``.
        rows: its rows in any order: a frame, or Parquet files that together hold it.
        folder: where the parts go; parts left by an earlier writing are not removed.

    Raises:
        ContractError: a column that may not be null is absent, or a value does not fit its dtype.
    """
    return list(write_batches(name, sorted_batches(name, rows), folder))


def read_rows(name: str, rows: TableRows) -> pl.DataFrame:
    """The rows of a table in memory, in the order given."""
    if isinstance(rows, pl.DataFrame):
        return rows
    return (rows if isinstance(rows, pl.LazyFrame) else _scan(schema_of(name), rows)).collect()


def sorted_batches(name: str, rows: TableRows) -> Iterator[pl.DataFrame]:
    """The rows in the table's order, in batches of ``GROUP_ROWS`` (the last one smaller), all columns fitted."""
    schema = schema_of(name)
    if isinstance(rows, pl.DataFrame):
        # A frame in memory is sorted there; this is quicker than a streaming query for small ones.
        yield from fit_table(schema, rows).sort(sort_columns(name)).iter_slices(GROUP_ROWS)
        return
    lazy = rows if isinstance(rows, pl.LazyFrame) else _scan(schema, rows)
    yield from _regrouped(fit_table(schema, part) for part in sort_ranges(lazy, sort_columns(name)))


def write_batches(name: str, batches: Iterable[pl.DataFrame], folder: Path, first: int = 0) -> Iterator[PartFile]:
    """Write batches, already in the table's order and each a row group, into parts of ``PART_GROUPS`` groups.

    Args:
        name, batches: the table; without any batch there is one part without rows.
        folder: where the parts go.
        first: the number of the first part.

    Yields:
        Each part as soon as it is written.
    """
    groups = iter(batches)
    group = next(groups, None)
    group = empty_table(schema_of(name)) if group is None else group
    number = first
    while group is not None:
        path = folder / part_name(number)
        with replacing(path) as temporary:
            rows = _write_part(name, group, groups, temporary)
        yield PartFile(path.name, rows, path.stat().st_size, digest_file(path))
        number += 1
        group = next(groups, None)


def part_name(number: int) -> str:
    """The file name of a part: in the order of names the parts have the table's order."""
    return f"part-{number:05d}.parquet"


def _write_part(name: str, first: pl.DataFrame, groups: Iterator[pl.DataFrame], path: Path) -> int:
    arrow = _to_arrow(first)
    sorting = pq.SortingColumn.from_ordering(
        arrow.schema, [(key, "ascending") for key in sort_columns(name)], "at_start"
    )
    blooms = {column: {"ndv": max(len(arrow), 1), "fpp": _FALSE_HITS} for column in _LOOKED_UP.get(name, ())}
    flat = [field.name for field in arrow.schema if not pa.types.is_nested(field.type)]
    rows = 0
    with pq.ParquetWriter(
        path,
        arrow.schema,
        compression="zstd",
        compression_level=1,  # a tenth larger than at 3, and written in two thirds of the time
        use_dictionary=[column for column in flat if column not in _DISTINCT],
        write_page_index=True,
        sorting_columns=sorting,
        bloom_filter_options=blooms or None,
        store_schema=False,  # the Parquet types say it all, and pyarrow's own copy would change with its version
    ) as writer:
        for number in range(PART_GROUPS):
            writer.write_table(arrow, row_group_size=GROUP_ROWS)
            rows += len(arrow)
            following = next(groups, None) if number + 1 < PART_GROUPS else None
            if following is None:
                break
            arrow = _to_arrow(following)
    return rows


def _to_arrow(frame: pl.DataFrame) -> pa.Table:
    """One contiguous chunk per column: where chunks end would else show in the bytes of the file."""
    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.combine_chunks()


def _regrouped(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in batches of exactly ``GROUP_ROWS``, the last one smaller."""
    waiting: list[pl.DataFrame] = []
    height = 0
    for batch in batches:
        waiting.append(batch)
        height += batch.height
        while height >= GROUP_ROWS:
            joined = pl.concat(waiting)
            yield joined.head(GROUP_ROWS)
            waiting = [joined.slice(GROUP_ROWS)]
            height -= GROUP_ROWS
    if height:
        yield pl.concat(waiting)


def _scan(schema: type[dy.Schema], paths: Sequence[Path]) -> pl.LazyFrame:
    return pl.scan_parquet(list(paths), glob=False) if paths else empty_table(schema).lazy()
