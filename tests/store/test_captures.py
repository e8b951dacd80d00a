"""Kept captures: whole or not at all, streamed in batches, read back in the order of ordinal."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.errors import ArchiveError, ContractError
from pipeline.store.captures import (
    CaptureWriter,
    keep_capture,
    kept_captures,
    read_capture,
    scan_quarantine,
    scan_records,
    update_facts,
)
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import Quarantine, Records
from tests.sample_archive import an_id, sample_records

ONE, OTHER = sorted((an_id("one"), an_id("other")))
NOTHING_REJECTED = Quarantine.create_empty()


def rejected(capture: str, ordinal: int) -> pl.DataFrame:
    row = {"capture_id": an_id(capture), "ordinal": ordinal, "location": "line 9", "stage": "read", "rule": "bad_json"}
    return pl.DataFrame(row | {"detail": "cut off", "raw": b"{"})


@pytest.fixture
def layout(tmp_path):
    return ArchiveLayout(tmp_path)


def test_batches_come_back_in_order_and_are_counted(layout):
    with CaptureWriter(layout, ONE) as writer:
        writer.add(sample_records("one", 3), NOTHING_REJECTED)
        writer.add(sample_records("one", 2, start=4), rejected("one", 3))
        kept = writer.finish({"format": "jsonl", "paths": ["raw/a.jsonl"]})
    assert kept.facts == {"format": "jsonl", "paths": ["raw/a.jsonl"], "n_records": 6, "n_rejected": 1}
    assert kept_captures(layout) == [kept] == [read_capture(layout, ONE)]
    assert (
        scan_records(layout, [ONE])
        .collect()
        .equals(pl.concat([sample_records("one", 3), sample_records("one", 2, start=4)]))
    )
    assert scan_records(layout, [ONE], ["ordinal"]).collect()["ordinal"].to_list() == [0, 1, 2, 4, 5]
    assert scan_quarantine(layout, [ONE]).collect()["ordinal"].to_list() == [3]


def test_captures_are_listed_by_id_and_read_in_the_order_asked_for(layout):
    keep_capture(layout, OTHER, sample_records("b", 1), NOTHING_REJECTED, {})
    keep_capture(layout, ONE, sample_records("a", 2), NOTHING_REJECTED, {})
    assert [kept.capture_id for kept in kept_captures(layout)] == [ONE, OTHER]
    assert scan_records(layout, [OTHER, ONE]).collect()["ordinal"].to_list() == [0, 0, 1]


def test_a_capture_without_records_has_empty_tables(layout):
    with CaptureWriter(layout, ONE) as writer:
        writer.finish({"error": "no reader knows this file"})
    assert read_capture(layout, ONE).facts["n_records"] == 0
    assert scan_records(layout, [ONE]).collect().schema == Records.create_empty().schema
    assert scan_quarantine(layout, []).collect().schema == Quarantine.create_empty().schema


def test_a_capture_whose_reading_fails_leaves_nothing(layout):
    with CaptureWriter(layout, ONE) as writer:
        writer.add(sample_records("one", 3), NOTHING_REJECTED)
        with pytest.raises(ContractError):
            writer.add(sample_records("one", 1).drop("ordinal"), NOTHING_REJECTED)
    assert kept_captures(layout) == []
    assert list(layout.captures.iterdir()) == []
    with pytest.raises(ArchiveError, match=f"{ONE} is not kept"):
        scan_records(layout, [ONE])


def test_a_capture_kept_again_takes_the_place_of_the_first(layout):
    keep_capture(layout, ONE, sample_records("one", 3), NOTHING_REJECTED, {"reader_version": 1})
    keep_capture(layout, ONE, sample_records("one", 1), NOTHING_REJECTED, {"reader_version": 2})
    assert scan_records(layout, [ONE]).collect().height == 1
    assert [path.name for path in layout.captures.iterdir()] == [ONE]


def test_a_crash_between_the_two_renames_of_a_replacement_loses_nothing(layout):
    first = keep_capture(layout, ONE, sample_records("one", 3), NOTHING_REJECTED, {"reader_version": 1})
    # What is on disk after the first rename, the second not done.
    layout.capture(ONE).rename(layout.captures / f"{ONE}.old")
    (layout.captures / f"{ONE}.tmp").mkdir()
    assert kept_captures(layout) == [first]
    assert scan_records(layout, [ONE]).collect().height == 3
    keep_capture(layout, ONE, sample_records("one", 1), NOTHING_REJECTED, {})
    assert [path.name for path in layout.captures.iterdir()] == [ONE]


def test_facts_can_be_replaced_and_records_stay(layout):
    keep_capture(layout, ONE, sample_records("one", 3), NOTHING_REJECTED, {"paths": ["a"]})
    update_facts(layout, ONE, read_capture(layout, ONE).facts | {"paths": ["a", "b"]})
    assert read_capture(layout, ONE).facts == {"paths": ["a", "b"], "n_records": 3, "n_rejected": 0}
    with pytest.raises(ArchiveError, match="not kept"):
        update_facts(layout, OTHER, {})
