"""A few of the kills of ``tests.crash.run``, a full disk, and a flow that is told to stop."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.crash.run import check_archive, check_end, kill_runs, make_dumps

ROOT = Path(__file__).parents[2]
_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def test_whenever_a_run_is_killed_the_archive_is_whole_and_the_next_run_goes_on(tmp_path: Path) -> None:
    said = kill_runs(tmp_path, kills=5, seed=int(time.time()), posts=30, longest=1.5)
    assert said.startswith("5 runs killed")


def _may_mount() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    mount = [*_NAMESPACE, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="this system does not let us mount a small disk")
def test_on_a_full_disk_a_run_says_so_and_what_is_published_stays(tmp_path: Path) -> None:
    command = [*_NAMESPACE, sys.executable, "-m", "tests.crash.full_disk", str(tmp_path), "16"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("No space left on device. Make room") >= 3


def test_a_flow_that_is_told_to_stop_stops_and_the_next_run_goes_on(tmp_path: Path) -> None:
    dumps = make_dumps(tmp_path, seed=3, posts=30)
    archive = tmp_path / "archive"
    command = [sys.executable, "-m", "pipeline.cli", "run", *map(str, dumps.batches), "--out", str(archive)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as flow:
        assert flow.stderr is not None
        for line in flow.stderr:
            if line.startswith("ingest"):
                break
        flow.send_signal(signal.SIGTERM)
        flow.communicate(timeout=120)
    assert flow.returncode != 0
    assert check_archive(archive, dumps) == 0
    again = subprocess.run([*command, "--direct"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    check_end(archive, dumps)
