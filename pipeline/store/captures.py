"""Kept captures: the normalised records of everything ever ingested, so that no later run needs the raw files.

In: batches of records and rejected rows of one capture. Out: ``captures/<capture_id>/``, which appears whole or not at
all, with ``records/part-*.parquet``, ``quarantine/part-*.parquet`` and ``facts.json``.

>>> with CaptureWriter(layout, capture_id) as writer:
...     for records, rejected in batches:
...         writer.add(records, rejected)
...     writer.finish({"format": "jsonl", "reader_version": 1})
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import dataframely as dy
import orjson
import polars as pl

from pipeline.errors import ArchiveError
from pipeline.store.durable import remove_folder, replacing, sync_path, write_json
from pipeline.store.layout import TEMPORARY, ArchiveLayout
from pipeline.tables import Quarantine, Records, empty_table, fit_table

_REPLACED = ".old"


@dataclass(frozen=True)
class KeptCapture:
    """A capture that is kept.

    Attributes:
        capture_id: digest of the raw file's bytes.
        facts: what is known of it as a whole: paths, bytes, format, reader_version, captured_at, n_records (rejected
            ones included), n_rejected, error, read settings; whatever the ingesting step gave.
    """

    capture_id: str
    facts: dict[str, Any]


Change = Callable[[pl.DataFrame, pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame]]


class CaptureWriter:
    """Writes one capture, batch by batch; leaving its ``with`` block without ``finish`` leaves no trace."""

    def __init__(self, layout: ArchiveLayout, capture_id: str) -> None:
        self._target = layout.capture(capture_id)
        self._folder = self._target.with_name(capture_id + TEMPORARY)
        self._parts = {"records": 0, "quarantine": 0}
        self._rows = {"records": 0, "quarantine": 0}

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, records: pl.DataFrame, rejected: pl.DataFrame) -> None:
        """Append a batch: rows of ``tables.Records`` and of ``tables.Quarantine``, each in the order of ordinal.

        Raises:
            ContractError: a column that may not be null is absent, or a value does not fit its dtype.
        """
        self._write("records", Records, records)
        if not rejected.is_empty():
            self._write("quarantine", Quarantine, rejected)

    def finish(self, facts: dict[str, Any]) -> KeptCapture:
        """Make the capture appear, in place of an earlier one of the same id.

        Args:
            facts: what JSON can hold; n_records and n_rejected are set here, from the rows that were added.
        """
        for name, schema in (("records", Records), ("quarantine", Quarantine)):
            if not self._parts[name]:
                self._write(name, schema, empty_table(schema))
        counts = {"n_records": sum(self._rows.values()), "n_rejected": self._rows["quarantine"]}
        complete = {**facts, **counts}
        write_json(self._folder / "facts.json", complete)
        replaced = self._target.with_name(self._target.name + _REPLACED)
        if self._target.exists():
            remove_folder(replaced)
            self._target.rename(replaced)
        self._folder.rename(self._target)
        sync_path(self._target.parent)
        remove_folder(replaced)
        return KeptCapture(self._target.name, complete)

    def _write(self, name: str, schema: type[dy.Schema], frame: pl.DataFrame) -> None:
        fitted = fit_table(schema, frame)
        with replacing(self._folder / name / f"part-{self._parts[name]:05d}.parquet") as temporary:
            fitted.write_parquet(temporary, compression="zstd", compression_level=1)
        self._parts[name] += 1
        self._rows[name] += fitted.height


def keep_capture(
    layout: ArchiveLayout, capture_id: str, records: pl.DataFrame, quarantine: pl.DataFrame, facts: dict[str, Any]
) -> KeptCapture:
    """Keep a capture that is in memory as a whole; see ``CaptureWriter``."""
    with CaptureWriter(layout, capture_id) as writer:
        writer.add(records, quarantine)
        return writer.finish(facts)


def update_facts(layout: ArchiveLayout, capture_id: str, facts: dict[str, Any]) -> KeptCapture:
    """Put other facts in place of a kept capture's facts (its bytes were found at another path, say).

    Raises:
        ArchiveError: that capture is not kept.
    """
    write_json(_folder(layout, capture_id) / "facts.json", facts)
    return KeptCapture(capture_id, facts)


def read_capture(layout: ArchiveLayout, capture_id: str) -> KeptCapture:
    """One kept capture. Raises ArchiveError where it is not kept."""
    return KeptCapture(capture_id, orjson.loads((_folder(layout, capture_id) / "facts.json").read_bytes()))


def rewrite_capture(layout: ArchiveLayout, capture_id: str, change: Change) -> KeptCapture:
    """Put changed rows in place of a kept capture's rows; it appears whole or stays as it was.

    Args:
        layout: the archive.
        capture_id: the capture.
        change: called with the rows of each part of its records, in their order, and once with its quarantine and no
            records: returns the rows of tables.Records that stay and the rows of tables.Quarantine to have.

    Raises:
        ArchiveError: that capture is not kept.
    """
    folder = _folder(layout, capture_id)
    rejected = scan_quarantine(layout, [capture_id]).collect()
    with CaptureWriter(layout, capture_id) as writer:
        writer.add(*change(empty_table(Records), rejected))
        for file in sorted((folder / "records").glob("*.parquet")):
            writer.add(*change(pl.read_parquet(file), empty_table(Quarantine)))
        return writer.finish(read_capture(layout, capture_id).facts)


def drop_capture(layout: ArchiveLayout, capture_id: str) -> None:
    """Remove a kept capture; one that is not kept is no error."""
    for name in (capture_id, capture_id + _REPLACED):
        remove_folder(layout.capture(name))


def kept_captures(layout: ArchiveLayout) -> list[KeptCapture]:
    """Every kept capture, in the order of capture_id."""
    if not layout.captures.is_dir():
        return []
    names = {path.name.removesuffix(_REPLACED) for path in layout.captures.iterdir() if path.suffix != TEMPORARY}
    return [read_capture(layout, name) for name in sorted(names)]


def scan_records(
    layout: ArchiveLayout, capture_ids: Iterable[str], columns: Sequence[str] | None = None
) -> pl.LazyFrame:
    """Rows of ``tables.Records`` of those captures, in the order given and, within each, of ordinal.

    Raises:
        ArchiveError: one of them is not kept.
    """
    frame = _scan(layout, capture_ids, "records", Records)
    return frame if columns is None else frame.select(columns)


def record_files(layout: ArchiveLayout, capture_ids: Iterable[str]) -> Iterator[Path]:
    """The Parquet files that hold the records of those captures, in their order. Raises as `scan_records`."""
    return _files(layout, capture_ids, "records")


def scan_record_parts(layout: ArchiveLayout) -> Iterator[pl.DataFrame]:
    """The records of all kept captures, a part at a time: as many rows as one batch of their reader gave."""
    for file in record_files(layout, [capture.capture_id for capture in kept_captures(layout)]):
        yield pl.read_parquet(file)


def scan_quarantine(layout: ArchiveLayout, capture_ids: Iterable[str]) -> pl.LazyFrame:
    """Rows of ``tables.Quarantine`` of those captures. Raises ArchiveError where one is not kept."""
    return _scan(layout, capture_ids, "quarantine", Quarantine)


def _scan(layout: ArchiveLayout, capture_ids: Iterable[str], name: str, schema: type[dy.Schema]) -> pl.LazyFrame:
    files = list(_files(layout, capture_ids, name))
    return pl.scan_parquet(files, glob=False) if files else empty_table(schema).lazy()


def _files(layout: ArchiveLayout, capture_ids: Iterable[str], name: str) -> Iterator[Path]:
    for capture_id in capture_ids:
        yield from sorted((_folder(layout, capture_id) / name).glob("*.parquet"))


def _folder(layout: ArchiveLayout, capture_id: str) -> Path:
    folder = layout.capture(capture_id)
    if folder.is_dir():
        return folder
    # A crash while a capture was being replaced leaves the earlier one here: nothing is lost.
    replaced = folder.with_name(capture_id + _REPLACED)
    if replaced.is_dir():
        return replaced
    raise ArchiveError(f"The capture {capture_id} is not kept in {layout.captures}")
