"""Runs on a disk that is full: ``python -m tests.crash.full_disk FOLDER MEGABYTES``, in a mount namespace of its own.

In: an empty folder. Out: exit code 0, or a traceback. A file system of so many megabytes is mounted on the folder, an
archive is published there, and while less and less room is left, the next batch is taken in: the command must end with
a message that says so, and what is published stays. With room again, the same command succeeds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import tempfile
from pathlib import Path

from pipeline.cli import main as run_command
from tests.crash.run import check_archive, check_end, make_dumps

_LIBC = ctypes.CDLL(None, use_errno=True)


def mount_small(folder: Path, megabytes: int) -> None:
    """Mount a file system of that size on a folder.

    Raises:
        OSError: the system does not allow it.
    """
    if _LIBC.mount(b"threadloom", os.fsencode(folder), b"tmpfs", 0, f"size={megabytes}m".encode()) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(folder))


def fill(folder: Path, leave: int) -> Path:
    """Leave so many bytes free: writes a file and returns it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        file.write(bytes(max(0, shutil.disk_usage(folder).free - leave)))
    return filler


def take_in(archive: Path, batches: list[Path]) -> int:
    """The exit code of the command."""
    try:
        run_command(["run", *map(str, batches), "--out", str(archive), "--direct"])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def main(folder: Path, megabytes: int) -> None:
    """Fills the disk at several moments of a run."""
    with tempfile.TemporaryDirectory() as elsewhere:
        dumps = make_dumps(Path(elsewhere), seed=5, posts=60)
        mount_small(folder, megabytes)
        archive = folder / "archive"
        assert take_in(archive, dumps.batches[:1]) == 0
        failed = 0
        for leave in (0, 16 << 10, 64 << 10, 128 << 10, 256 << 10, 384 << 10, 512 << 10):
            filler = fill(folder, leave)
            code = take_in(archive, dumps.batches)
            filler.unlink()
            if code == 0:
                break
            failed += 1
            assert check_archive(archive, dumps) == 1, f"after a run that had {leave} bytes"
        assert failed >= 3, "the disk was never full"
        assert take_in(archive, dumps.batches) == 0
        check_end(archive, dumps)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
