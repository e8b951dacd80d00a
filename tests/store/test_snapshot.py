"""Snapshots: all tables switch together, and a crash at any moment leaves `current` whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import orjson
import polars as pl
import pytest

from pipeline.archive import open_archive
from pipeline.errors import ArchiveError, ContractError
from pipeline.ids import digest_file
from pipeline.store.digest import digest_archive
from pipeline.store.layout import ArchiveLayout
from pipeline.store.snapshot import (
    drop_old_snapshots,
    find_snapshot,
    publish_snapshot,
    read_manifest,
    switch_current,
)
from tests.sample_archive import RUN, sample_index, sample_tables

ROOT = Path(__file__).parents[2]


@pytest.fixture
def layout(tmp_path):
    return ArchiveLayout(tmp_path / "archive")


def with_title(title: str) -> dict[str, pl.DataFrame]:
    tables = sample_tables()
    return tables | {"discussions": tables["discussions"].with_columns(title=pl.lit(title))}


def title_of(root: Path) -> str:
    return str(open_archive(root).discussions.select("title").first().collect().item())


def is_whole(snapshot: Path) -> bool:
    """Every file that the manifest names is there with its bytes, and every table's rows have its digest."""
    manifest = read_manifest(snapshot)
    files = {snapshot / name / part.name: part for name, facts in manifest.tables.items() for part in facts.parts}
    files |= {snapshot / "index" / part.name: part for part in manifest.index}
    files |= {snapshot / "kept" / part.name: part for part in manifest.kept}
    return all(digest_file(path) == part.digest for path, part in files.items()) and (
        digest_archive(snapshot) == manifest.digests()
    )


def test_a_snapshot_is_published_whole_with_a_manifest_that_is_true(layout):
    snapshot = publish_snapshot(layout, RUN, sample_tables(), sample_index())
    assert snapshot == layout.snapshot(RUN) == find_snapshot(layout.root)
    assert layout.current.readlink() == Path("snapshots") / RUN
    assert is_whole(snapshot)
    manifest = read_manifest(snapshot)
    assert {name: facts.rows for name, facts in manifest.tables.items()} == {
        name: frame.height for name, frame in sample_tables().items()
    }
    named = {f"{name}/{part.name}" for name, facts in manifest.tables.items() for part in facts.parts}
    named |= {f"index/{part.name}" for part in manifest.index} | {f"kept/{part.name}" for part in manifest.kept}
    named |= {"manifest.json"}
    assert {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()} == named


def test_polars_and_duckdb_read_through_the_link(layout):
    publish_snapshot(layout, RUN, sample_tables())
    files = f"{layout.current}/posts/*.parquet"
    posts = sample_tables()["posts"]
    assert pl.scan_parquet(files).collect().height == posts.height
    assert duckdb.sql(f"SELECT count(*), count(author) FROM '{files}'").fetchall() == [(10, posts["author"].count())]


def test_equal_tables_in_any_order_and_form_are_equal_bytes(layout, tmp_path):
    first = publish_snapshot(layout, "a", sample_tables())
    shuffled: dict[str, pl.DataFrame | pl.LazyFrame] = {
        name: frame.sample(fraction=1, shuffle=True, seed=3).lazy() for name, frame in sample_tables().items()
    }
    second = publish_snapshot(layout, "b", dict(reversed(shuffled.items())))
    assert read_manifest(first).tables == read_manifest(second).tables


@pytest.mark.parametrize("lazily", (False, True))
def test_a_table_that_breaks_its_rules_is_never_seen(lazily, layout):
    publish_snapshot(layout, "a", with_title("first"))
    broken = with_title("second")
    broken["posts"] = broken["posts"].with_columns(link_confidence=pl.lit(2.0))
    given = {name: frame.lazy() for name, frame in broken.items()} if lazily else broken
    with pytest.raises(ContractError, match="link_confidence"):
        publish_snapshot(layout, "b", given)
    assert title_of(layout.root) == "first"
    assert [path.name for path in layout.snapshots.iterdir()] == ["a"]


def test_a_key_that_stands_in_two_batches_is_found(layout, monkeypatch):
    monkeypatch.setattr("pipeline.store.write.GROUP_ROWS", 3)
    tables = sample_tables()
    # The same post at both ends of its discussion, three rows apart.
    twice = tables["posts"].head(1).with_columns(position=pl.lit(99, pl.Int64))
    tables["posts"] = pl.concat([tables["posts"], twice])
    with pytest.raises(ContractError, match="posts: 1 rows repeat the key post_id"):
        publish_snapshot(layout, "a", tables)


def test_a_snapshot_lacks_no_table(layout):
    tables = sample_tables()
    del tables["links"]
    with pytest.raises(ContractError, match="links"):
        publish_snapshot(layout, "a", tables)


def test_publishing_again_is_the_same_snapshot_and_other_rows_are_refused(layout):
    first = publish_snapshot(layout, "a", with_title("first"))
    made = (first / "manifest.json").stat().st_ino
    publish_snapshot(layout, "b", with_title("second"))
    assert publish_snapshot(layout, "a", with_title("first")) == first
    assert (first / "manifest.json").stat().st_ino == made
    assert title_of(layout.root) == "first"
    with pytest.raises(ArchiveError, match="already published other tables"):
        publish_snapshot(layout, "a", with_title("third"))
    assert title_of(layout.root) == "first"


def test_a_reader_stays_with_its_snapshot_and_can_go_back(layout):
    publish_snapshot(layout, "a", with_title("first"))
    reader = open_archive(layout.root)
    publish_snapshot(layout, "b", with_title("second"))
    assert reader.discussions.collect()["title"].to_list() == ["first"] * 2
    assert title_of(layout.root) == "second"
    assert open_archive(layout.root, snapshot="a").discussions.collect()["title"].to_list() == ["first"] * 2
    assert open_archive(layout.current).run_id == "b"
    switch_current(layout, "a")
    assert title_of(layout.root) == "first"


def test_old_snapshots_are_dropped_and_the_current_one_never(layout):
    for run_id in ("a", "b", "c", "d"):
        publish_snapshot(layout, run_id, sample_tables())
    (layout.snapshots / "crashed.tmp").mkdir()
    switch_current(layout, "a")
    assert drop_old_snapshots(layout, keep=2) == ["b", "c"]
    assert sorted(path.name for path in layout.snapshots.iterdir()) == ["a", "d"]
    assert drop_old_snapshots(layout, keep=1) == ["d"]
    assert drop_old_snapshots(layout, keep=1) == []
    assert is_whole(find_snapshot(layout.root))


def test_what_is_no_archive_is_refused_in_words(layout, tmp_path):
    with pytest.raises(ArchiveError, match="no run has published there"):
        find_snapshot(tmp_path)
    publish_snapshot(layout, "a", sample_tables())
    with pytest.raises(ArchiveError, match="no snapshot b; it has: a"):
        find_snapshot(layout.root, "b")
    with pytest.raises(ArchiveError, match="cannot be the name"):
        find_snapshot(layout.root, "../../etc")
    with pytest.raises(ArchiveError, match="no snapshot"):
        switch_current(layout, "b")


def test_a_manifest_of_another_version_or_none_is_refused(layout):
    manifest = publish_snapshot(layout, "a", sample_tables()) / "manifest.json"
    said = orjson.loads(manifest.read_bytes())
    manifest.write_bytes(orjson.dumps(said | {"table_version": 99}))
    with pytest.raises(ArchiveError, match="version 99"):
        open_archive(layout.root)
    manifest.write_bytes(b"{")
    with pytest.raises(ArchiveError, match="cannot be read"):
        open_archive(layout.root)


def test_a_copy_that_followed_the_link_is_not_written_over(layout):
    publish_snapshot(layout, "a", sample_tables())
    layout.current.unlink()
    layout.current.mkdir()
    with pytest.raises(ArchiveError, match="not a symbolic link"):
        publish_snapshot(layout, "b", sample_tables())
    assert layout.run_ids() == ["a"]


PUBLISHER = """
import itertools, sys
from pathlib import Path
from pipeline.store.layout import ArchiveLayout
from pipeline.store.lock import archive_lock
from pipeline.store.snapshot import drop_old_snapshots, publish_snapshot
from tests.sample_archive import sample_index, sample_tables
layout = ArchiveLayout(Path(sys.argv[1]))
with archive_lock(layout):
    first = len(layout.run_ids()) and int(layout.run_ids()[-1][1:]) + 1
    for number in itertools.count(first):
        publish_snapshot(layout, f"r{number:06d}", sample_tables(), sample_index())
        drop_old_snapshots(layout, keep=2)
        if number == first:
            print("ready", flush=True)
"""


def test_current_is_whole_at_every_moment_at_which_its_publisher_dies(layout):
    chance = random.Random(7)
    seen = set()
    for _ in range(2):
        publisher = subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(layout.root)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            assert publisher.stdout is not None
            assert publisher.stdout.readline() == "ready\n"
            # A stopped process has left on disk what a killed one would have: many moments for one start. On a busy
            # machine it takes more of them until one lies in the middle of its work.
            for moment in range(200):
                if moment >= 8 and any(".tmp" in suffixes for suffixes in seen):
                    break
                time.sleep(chance.uniform(0, 0.12))
                publisher.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, publisher.pid, os.WSTOPPED | os.WNOWAIT)
                assert is_whole(find_snapshot(layout.root))
                seen.add(tuple(sorted(path.suffix for path in layout.snapshots.iterdir())))
                publisher.send_signal(signal.SIGCONT)
            time.sleep(chance.uniform(0, 0.12))
        finally:
            publisher.kill()
            publisher.wait()
            publisher.stdout.close()
        assert is_whole(find_snapshot(layout.root))
    # It did die in the middle of its work, and the next one goes on from there.
    assert any(".tmp" in suffixes for suffixes in seen)
    publish_snapshot(layout, "z", sample_tables())
    drop_old_snapshots(layout, keep=1)
    assert [path.name for path in layout.snapshots.iterdir()] == ["z"]
