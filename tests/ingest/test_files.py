"""What a user may name: files, folders, patterns, and standard input."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.ingest import find_files, locate_file

ROOT = Path(__file__).parents[2]


def test_patterns_match_files_and_what_is_in_folders(tmp_path: Path) -> None:
    for name in ("a.txt", "b.csv", "x/c.txt", "x/y/d.txt", "x/.hidden.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert find_files([tmp_path / "*.txt"]) == [tmp_path / "a.txt"]
    assert find_files([tmp_path / "**/*.txt"]) == [tmp_path / "a.txt", tmp_path / "x/c.txt", tmp_path / "x/y/d.txt"]
    assert find_files([tmp_path / "[x]"]) == [tmp_path / "x/c.txt", tmp_path / "x/y/d.txt"]
    with pytest.raises(InputError, match="does not exist"):
        find_files([tmp_path / "*.zip"])


def test_a_name_with_marks_of_a_pattern_is_a_name_first(tmp_path: Path) -> None:
    path = tmp_path / "what[1]?.txt"
    path.write_text("x")
    assert find_files([path]) == [path]


def test_what_is_no_file_is_refused() -> None:
    with pytest.raises(InputError, match="neither"):
        find_files([Path("/dev/null")])


def test_standard_input_is_read_once_and_found_again() -> None:
    program = (
        "from pathlib import Path\n"
        "from pipeline.ingest import find_files, locate_file\n"
        "found, = find_files([Path('-')])\n"
        "assert str(found) == '-'\n"
        "path = locate_file(found)\n"
        "assert path == locate_file(found)\n"
        "print(path, path.read_bytes(), sep='|', end='')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=b"Hello\0", stdout=subprocess.PIPE, check=True, cwd=ROOT
    )
    path, said = done.stdout.decode().split("|")
    assert said == "b'Hello\\x00'"
    assert not Path(path).parent.exists()


def test_a_terminal_is_no_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    with pytest.raises(InputError, match="terminal"):
        locate_file(Path("-"))


def test_folders_that_may_not_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.txt").write_text("x")
    closed = tmp_path / "closed"
    closed.mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    unread: list[str] = []
    assert find_files([tmp_path], unread) == [tmp_path / "open" / "a.txt"]
    assert unread == [f"{closed} cannot be read: Permission denied. Check that it is a folder you may read."]
