"""Which raw files there are: named, found in folders, matched by patterns, or what comes in on standard input.

In: what a user names. Out: paths of files.

>>> find_files([Path("raw")])
[PosixPath('raw/bakery-forum.jsonl'), ...]
"""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from pipeline.errors import InputError

STANDARD_INPUT = Path("-")
_PATTERN_MARKS = frozenset("*?[")


def find_files(raw: Sequence[Path], unread: list[str] | None = None) -> list[Path]:
    """Files to read, each once, sorted: those named, those that match a pattern, and those in the folders named.

    In folders, hidden files and folders and files called README are skipped, and links to folders are not followed.
    In a pattern ``**`` stands for any folders. ``-`` is standard input, whose bytes `locate_file` finds. Folders inside
    that may not be read are passed over, and words about each are appended to ``unread``.

    Raises:
        InputError: a path does not exist, or nothing matches a pattern.
    """
    found: set[Path] = set()
    for path in raw:
        if path == STANDARD_INPUT or path.is_file():
            found.add(path)
        elif path.is_dir():
            found.update(_files_in(path, unread))
        elif path.exists():
            raise InputError(f"{path} is neither a file nor a folder.")
        else:
            found.update(_matches(path, unread))
    return sorted(found)


def _files_in(folder: Path, unread: list[str] | None) -> list[Path]:
    def note(error: OSError) -> None:
        if unread is not None:
            unread.append(f"{error.filename} cannot be read: {error.strerror}. Check that it is a folder you may read.")

    found: list[Path] = []
    for inner, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = [Path(inner, name) for name in names if not name.startswith((".", "README"))]
        found += [file for file in files if os.path.isfile(file)]  # noqa: PTH113 -- which also is where it may not look
    return found


def _matches(pattern: Path, unread: list[str] | None) -> list[Path]:
    """Files that a pattern matches; what is in the folders that it matches, too."""
    # A Path takes no absolute pattern.
    matched = glob.glob(str(pattern), recursive=True) if _PATTERN_MARKS & set(str(pattern)) else []  # noqa: PTH207
    found: list[Path] = []
    for path in map(Path, matched):
        found += _files_in(path, unread) if path.is_dir() else [path] if path.is_file() else []
    if not found:
        raise InputError(f"{pattern} does not exist. Name files, folders, patterns or - with dumps to read.")
    return found


def locate_file(path: Path) -> Path:
    """Where the bytes of a found file are: there, or, for standard input, in a temporary file until the program ends.

    Raises:
        InputError: standard input was read by another process, or is a terminal.
    """
    return _spool_standard_input() if path == STANDARD_INPUT else path


@cache
def _spool_standard_input() -> Path:
    """Standard input is read once a process: a second reading would find it empty."""
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("Standard input (-) is a terminal. Send a dump into it: zcat dump.gz | threadloom run -")
    folder = mkdtemp(prefix="threadloom-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder, "standard-input")
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path
