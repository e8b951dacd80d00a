"""A snapshot that somebody has opened stays, in this process or another, until it is closed or its reader dies."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipeline.archive import open_archive
from pipeline.errors import ArchiveError
from pipeline.store.layout import ArchiveLayout
from pipeline.store.leases import claim_snapshot, lease_snapshot
from pipeline.store.snapshot import drop_old_snapshots, publish_snapshot
from tests.sample_archive import sample_tables

READER = """
import sys
from pipeline.archive import open_archive
archive = open_archive(sys.argv[1], sys.argv[2])
print("open", flush=True)
sys.stdin.readline()
print(archive.posts.collect().height, flush=True)
"""


@pytest.fixture
def layout(tmp_path: Path) -> ArchiveLayout:
    made = ArchiveLayout(tmp_path / "archive")
    for run_id in ("run-1", "run-2", "run-3"):
        publish_snapshot(made, run_id, sample_tables())
    return made


def read_elsewhere(layout: ArchiveLayout, run_id: str) -> subprocess.Popen[str]:
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(layout.root), run_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    return reader


def test_what_another_process_has_open_is_dropped_when_it_ends(layout: ArchiveLayout) -> None:
    with read_elsewhere(layout, "run-1") as reader:
        assert drop_old_snapshots(layout, keep=1) == ["run-2"]
        said, _ = reader.communicate("go on\n", timeout=60)
    assert said == f"{sample_tables()['posts'].height}\n"
    assert drop_old_snapshots(layout, keep=1) == ["run-1"]
    assert layout.run_ids() == ["run-3"]


def test_a_reader_that_was_killed_holds_nothing(layout: ArchiveLayout) -> None:
    with read_elsewhere(layout, "run-1") as reader:
        reader.send_signal(signal.SIGKILL)
        reader.wait(timeout=60)
        assert drop_old_snapshots(layout, keep=1) == ["run-1", "run-2"]


def test_an_archive_object_holds_its_snapshot_while_it_lives(layout: ArchiveLayout) -> None:
    archive = open_archive(layout.root, "run-1")
    open_archive(layout.root)
    assert drop_old_snapshots(layout, keep=1) == ["run-2"]
    assert archive.posts.collect().height == sample_tables()["posts"].height
    del archive
    gc.collect()
    assert drop_old_snapshots(layout, keep=1) == ["run-1"]


def test_a_frame_taken_in_passing_is_held_until_the_next_opening(layout: ArchiveLayout) -> None:
    posts = open_archive(layout.root, "run-1").posts
    gc.collect()
    assert drop_old_snapshots(layout, keep=1) == ["run-2"]
    assert posts.select(pl.len()).collect().item() == sample_tables()["posts"].height
    open_archive(layout.root)
    gc.collect()
    assert drop_old_snapshots(layout, keep=1) == ["run-1"]


def test_what_must_go_goes_although_it_is_read(layout: ArchiveLayout) -> None:
    archive = open_archive(layout.root, "run-1")
    assert drop_old_snapshots(layout, keep=1, even_if_read=True) == ["run-1", "run-2"]
    with pytest.raises(FileNotFoundError):
        archive.posts.collect()


def test_nobody_opens_what_is_being_removed(layout: ArchiveLayout) -> None:
    snapshot = layout.snapshot("run-1")
    claim = claim_snapshot(snapshot)
    assert claim is not None
    with claim:
        assert lease_snapshot(snapshot) is None
    lease = lease_snapshot(snapshot)
    assert lease is not None
    with lease:
        assert claim_snapshot(snapshot) is None
    drop_old_snapshots(layout, keep=1)
    assert lease_snapshot(snapshot) is None
    with pytest.raises(ArchiveError, match="has no snapshot run-1"):
        open_archive(layout.root, "run-1")
