"""Archives that an older version made: read again where the raw file is there, taken over where it is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from pipeline.archive import open_archive
from pipeline.audit import audit_archive
from pipeline.errors import ArchiveError
from pipeline.settings import RunParameters
from pipeline.steps import run_direct
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import TABLE_VERSION
from tests.invented import invent_page


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    for number in (1, 2):
        rows = [{"id": f"{number}-{place}", "text": text} for place, text in enumerate(invent_page(8, number))]
        (folder / f"{number}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return folder


def run(raw: Path, out: Path) -> Any:
    return run_direct(RunParameters(raw=[raw], out=out))


def age(out: Path, *, without: str | None = None, version: int = TABLE_VERSION - 1) -> None:
    """Make an archive look as if an older version had made it, whose records had no such column."""
    layout = ArchiveLayout(out)
    for facts in layout.captures.glob("*/facts.json"):
        said = orjson.loads(facts.read_bytes())
        facts.write_bytes(orjson.dumps({**said, "made": {**said["made"], "tables": version}}))
    for manifest in layout.snapshots.glob("*/manifest.json"):
        said = orjson.loads(manifest.read_bytes())
        manifest.write_bytes(orjson.dumps({**said, "table_version": version}))
    if without is not None:
        for part in layout.captures.glob("*/records/*.parquet"):
            pl.read_parquet(part).drop(without).write_parquet(part)


def test_raw_files_that_are_there_are_read_again(raw: Path, tmp_path: Path) -> None:
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    run(raw, fresh)
    run(raw, old)
    age(old, without="text")
    with pytest.raises(ArchiveError, match=f"version {TABLE_VERSION - 1}"):
        open_archive(old)
    summary = run(raw, old)
    assert not summary.nothing_new
    assert summary.notes == []
    assert open_archive(old).digest() == open_archive(fresh).digest()
    assert open_archive(old).runs.collect().height == 2
    assert run(raw, old).nothing_new


def test_what_cannot_be_read_again_is_taken_over_and_said(raw: Path, tmp_path: Path) -> None:
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    run(raw, fresh)
    run(raw, old)
    age(old, without="title")
    (raw / "1.jsonl").unlink()
    summary = run(raw, old)
    assert len(summary.notes) == 1
    assert "1.jsonl is kept as an older version read it" in summary.notes[0]
    assert audit_archive(old) == []
    assert open_archive(old).digest() == open_archive(fresh).digest()
    assert run(raw, old).nothing_new


def test_what_can_be_neither_is_refused_with_the_way_out(raw: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    run(raw, old)
    age(old, without="sighting_id")
    (raw / "2.jsonl").unlink()
    for _ in range(2):
        with pytest.raises(ArchiveError, match=r"2\.jsonl that it read is gone.*--out FOLDER"):
            run(raw, old)
