"""Parquet with named columns, of whatever types."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import InputError
from pipeline.ingest.records import BATCH_RECORDS
from tests.ingest.reading import known_of, read_bytes, read_file


def written(folder: Path, columns: dict[str, Any]) -> Path:
    path = folder / "posts[1]*"  # no pattern, though it looks like one
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_typed_columns_become_records(tmp_path: Path) -> None:
    noon = dt.datetime(2026, 3, 1, 12, 0, 0, 500)
    path = written(
        tmp_path,
        {
            "Id": [1, 2, None],
            "parent_id": [None, 1.0, float("nan")],
            "text": ["soup", "stew", None],
            "created_at": [noon, noon.replace(microsecond=0), None],
            "captured_at": pl.Series([noon] * 3).dt.replace_time_zone("UTC"),
            "edited_at": pl.Series([dt.date(2026, 3, 2), None, None]),
            "score": pl.Series([1.0, 2.5, None]),
            "tags": [["hot"], None, None],
        },
    )
    records, rejected = read_file(path)
    common = {"parent_known": True, "markup": "plain", "captured_at_raw": "2026-03-01T12:00:00.000500+00:00"}
    assert known_of(records) == [
        {
            **common,
            "ordinal": 0,
            "location": "row 1",
            "native_id": "1",
            "body": "soup",
            "posted_at_raw": "2026-03-01T12:00:00.000500",
            "edited_at_raw": "2026-03-02",
            "votes": 1,
            "extra": '{"tags":["hot"]}',
        },
        {
            **common,
            "ordinal": 1,
            "location": "row 2",
            "native_id": "2",
            "native_parent": "1",
            "body": "stew",
            "posted_at_raw": "2026-03-01T12:00:00",
            "extra": '{"score":2.5}',
        },
    ]
    assert rejected.select("ordinal", "location", "rule").rows() == [(2, "row 3", "no_id_no_text")]
    assert b'"captured_at"' in rejected["raw"].item()


def test_large_tables_come_in_batches(tmp_path: Path) -> None:
    numbers = range(BATCH_RECORDS + 3)
    records, _ = read_file(written(tmp_path, {"id": numbers, "text": ["soup"] * len(numbers)}))
    assert records["native_id"].to_list() == [str(number) for number in numbers]
    assert not records["parent_known"].any()


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = written(tmp_path, {"id": [1], "dish": ["soup"]})
    with pytest.raises(InputError, match="--map NAME=text"):
        read_file(path)
    assert read_file(path, columns={"dish": "text"})[0]["body"].to_list() == ["soup"]
    data = path.read_bytes()
    with pytest.raises(InputError, match="complete"):
        read_bytes(tmp_path, data[:-20])
    with pytest.raises(InputError, match="Unpack it first"):
        read_bytes(tmp_path, gzip.compress(data))
