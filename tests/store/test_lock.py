"""One writer at a time; a lock dies with its holder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import ArchiveError
from pipeline.store.layout import ArchiveLayout
from pipeline.store.lock import archive_lock

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys, time
from pathlib import Path
from pipeline.store.layout import ArchiveLayout
from pipeline.store.lock import archive_lock
with archive_lock(ArchiveLayout(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_told_who_the_first_is(tmp_path):
    layout = ArchiveLayout(tmp_path / "new")
    with (
        archive_lock(layout),
        pytest.raises(ArchiveError, match=f"process {os.getpid()} on .*, since 20"),
        archive_lock(layout),
    ):
        pytest.fail("both hold the lock")


def test_it_is_free_again_after_its_holder_ends_well_or_badly(tmp_path):
    layout = ArchiveLayout(tmp_path)
    with pytest.raises(RuntimeError), archive_lock(layout):
        raise RuntimeError
    with archive_lock(layout):
        pass


def test_it_is_free_again_after_its_holder_was_killed(tmp_path):
    layout = ArchiveLayout(tmp_path)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ArchiveError, match=f"process {holder.pid} "), archive_lock(layout):
            pytest.fail("both hold the lock")
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with archive_lock(layout):
        pass
