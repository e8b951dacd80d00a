"""Reads whole files for the tests, and holds every one of them to the contract of ingest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.ingest import Capture, open_capture
from pipeline.settings import ReadSettings
from pipeline.tables import Quarantine, RawRecords, check_table


def read_capture(capture: Capture) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All records and rejections of a capture: both keep their tables' contracts, and together they count from 0."""
    batches = list(capture.batches())
    records = pl.concat([check_table(RawRecords, batch.records) for batch in batches])
    rejected = pl.concat([batch.rejected for batch in batches])
    check_table(Quarantine, rejected.with_columns(capture_id=pl.lit("a" * 16)))
    assert records["ordinal"].is_sorted()
    assert rejected["ordinal"].is_sorted()
    ordinals = sorted([*records["ordinal"], *rejected["ordinal"]])
    assert ordinals == list(range(len(ordinals)))
    return records, rejected


def read_file(path: Path, **settings: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All records and rejections of a file."""
    return read_capture(open_capture(path, ReadSettings(**settings)))


def read_bytes(folder: Path, data: bytes, **settings: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All records and rejections of a file of these bytes; its name tells nothing."""
    path = folder / "dump"
    path.write_bytes(data)
    return read_file(path, **settings)


def known_of(records: pl.DataFrame) -> list[dict[str, Any]]:
    """Records as dicts of what is known of them: nulls, and what every record has, left out."""
    return [
        {name: value for name, value in row.items() if value is not None and name != "listing"}
        for row in records.iter_rows(named=True)
    ]
