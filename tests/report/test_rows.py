from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import polars as pl
from rich.console import Console

from pipeline.report import as_csv, as_json, as_table

ROWS = pl.DataFrame(
    {
        "id": ["[red]a", None, "b\nc"],
        "tags": [["x", "y"], None, []],
        "spans": [[{"start": 1, "author": None}], [], None],
        "raw": [b"\xff\x1bz", None, b"ok"],
        "at": pl.Series([datetime(2024, 1, 2, 3, 4, 5, 6, UTC), None, None], dtype=pl.Datetime("us", "UTC")),
        "share": [0.25, None, float("nan")],
    }
)


def test_csv_reads_back():
    first, second, third = csv.DictReader(io.StringIO(as_csv(ROWS)))
    assert first["id"] == "[red]a"
    assert json.loads(first["tags"]) == ["x", "y"]
    assert json.loads(first["spans"]) == [{"start": 1, "author": None}]
    assert first["at"] == "2024-01-02T03:04:05.000006+00:00"
    assert (second["id"], second["tags"], second["raw"]) == ("", "", "")
    assert third["id"] == "b\nc"


def test_json_reads_back():
    first, second, third = json.loads(as_json(ROWS))
    assert first["spans"] == [{"start": 1, "author": None}]
    assert first["at"] == "2024-01-02T03:04:05.000006+00:00"
    assert second["id"] is None
    assert third["raw"] == "ok"
    assert third["share"] is None


def test_table_shows_text_as_it_is_and_says_what_it_leaves_out():
    console = Console(file=io.StringIO(), width=160)
    console.print(as_table(ROWS, 2))
    shown = console.file.getvalue()
    assert "[red]a" in shown
    assert "\x1b" not in shown
    assert "… and 1 more row" in shown
