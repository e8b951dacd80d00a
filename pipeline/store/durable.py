"""Files that appear whole or not at all, whenever the process or the machine dies.

In: a path and something that writes. Out: the old file or the new one, never a part of it.

>>> with replacing(path) as temporary:
...     frame.write_parquet(temporary)
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from polars.exceptions import PolarsError

from pipeline.store.layout import TEMPORARY


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it takes the place of path when the block ends, and is removed where it fails.

    Raises:
        OSError: the disk is full or fails, also where polars tells it in other words.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{TEMPORARY}")
    try:
        yield temporary
        sync_path(temporary)
        temporary.replace(path)
    except PolarsError:
        _probe_disk(temporary)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    sync_path(path.parent)


def _probe_disk(file: Path) -> None:
    """Raise what the system says of writing another megabyte: polars hides the OSError of a full disk."""
    with file.open("ab") as probe:
        probe.write(bytes(1 << 20))
        probe.flush()
        os.fsync(probe.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, keys sorted, so that equal values are equal bytes."""
    with replacing(path) as temporary:
        temporary.write_bytes(
            orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )


def sync_path(path: Path) -> None:
    """Have a file's bytes, or a folder's list of names, on the disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_folder(folder: Path) -> None:
    """Remove a folder so that nobody sees half of it: it is renamed first. A missing one is no error."""
    if not folder.exists():
        return
    doomed = folder.with_name(folder.name + ".gone" + TEMPORARY)
    if doomed.exists():
        shutil.rmtree(doomed)
    folder.rename(doomed)
    shutil.rmtree(doomed)


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that died left unfinished in a folder and the folders in it, two floors down.

    Only for the holder of the archive's lock: nobody else may be writing there.
    """
    for pattern in (f"*{TEMPORARY}", f"*/*{TEMPORARY}", f"*/*/*{TEMPORARY}"):
        for left in sorted(folder.glob(pattern)):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)
