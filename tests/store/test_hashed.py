"""Hashes beside records: made once, never out of step with the records, and read back as they were."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.store import hashed
from pipeline.store.captures import keep_capture, rewrite_capture
from pipeline.store.hashed import Hashes, read_hashes
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import Quarantine
from tests.sample_archive import an_id, sample_records

CAPTURE = an_id("one")
NOTHING_REJECTED = Quarantine.create_empty()


def ordinals(rows: pl.DataFrame) -> Hashes:
    return rows["ordinal"].cast(pl.UInt64).to_numpy().reshape(1, -1)


def never(rows: pl.DataFrame) -> Hashes:
    raise AssertionError("these were made before")


def read(layout: ArchiveLayout, kind: str = "ordinals-1", make=ordinals) -> list[list[int]]:
    return [part.hashes[0].tolist() for part in read_hashes(layout, [CAPTURE], kind, ["ordinal"], make)]


@pytest.mark.parametrize("mapped_bytes", [0, 1 << 20])
def test_hashes_are_made_once(tmp_path, monkeypatch: pytest.MonkeyPatch, mapped_bytes: int) -> None:
    monkeypatch.setattr(hashed, "_MAPPED_BYTES", mapped_bytes)
    layout = ArchiveLayout(tmp_path)
    keep_capture(layout, CAPTURE, sample_records("one", 3), NOTHING_REJECTED, {})
    assert read(layout) == [[0, 1, 2]]
    (part,) = read_hashes(layout, [CAPTURE], "ordinals-1", ["ordinal"], never)
    part.release()
    assert part.hashes[0].tolist() == [0, 1, 2]
    assert np.load(next(layout.capture(CAPTURE).rglob("*.npy"))).dtype == np.uint64


def test_another_way_to_make_them_has_another_file(tmp_path) -> None:
    layout = ArchiveLayout(tmp_path)
    keep_capture(layout, CAPTURE, sample_records("one", 2), NOTHING_REJECTED, {})
    read(layout)
    assert read(layout, "doubled-1", lambda rows: ordinals(rows) * np.uint64(2)) == [[0, 2]]


def test_records_that_were_rewritten_are_hashed_again(tmp_path) -> None:
    layout = ArchiveLayout(tmp_path)
    keep_capture(layout, CAPTURE, sample_records("one", 3), NOTHING_REJECTED, {})
    read(layout)
    rewrite_capture(layout, CAPTURE, lambda records, rejected: (records.filter(pl.col("ordinal") != 1), rejected))
    assert [number for part in read(layout) for number in part] == [0, 2]
