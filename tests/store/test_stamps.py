"""Files that nobody touched are known without being read; any change to one shows."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline.ids import digest_file
from pipeline.store import stamps
from pipeline.store.layout import ArchiveLayout
from pipeline.store.stamps import KnownFiles


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were read, as they are."""
    read: list[Path] = []

    def digest(path: Path) -> str:
        read.append(path)
        return digest_file(path)

    monkeypatch.setattr(stamps, "digest_file", digest)
    monkeypatch.setattr(stamps, "_TICK", 0)
    return read


def know(layout: ArchiveLayout, path: Path, *, trusted: bool = True) -> str:
    known = KnownFiles(layout, trusted=trusted)
    digest = known.identify(path)
    known.keep()
    return digest


def make(folder: Path, words: bytes) -> Path:
    path = folder / "dump.txt"
    path.write_bytes(words)
    time.sleep(0.05)  # the clock of the file system goes on in ticks
    return path


def test_an_untouched_file_is_read_once(tmp_path: Path, reads: list[Path]) -> None:
    layout, path = ArchiveLayout(tmp_path / "archive"), make(tmp_path, b"hello")
    assert [know(layout, path) for _ in range(3)] == [digest_file(path)] * 3
    assert len(reads) == 1
    assert know(layout, path, trusted=False) == digest_file(path)
    assert len(reads) == 2


def test_other_bytes_of_the_same_length_and_date_show(tmp_path: Path, reads: list[Path]) -> None:
    layout, path = ArchiveLayout(tmp_path / "archive"), make(tmp_path, b"hello")
    before = path.stat()
    first = know(layout, path)
    path.write_bytes(b"jello")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert know(layout, path) == digest_file(path) != first


def test_another_file_moved_into_its_place_shows(tmp_path: Path, reads: list[Path]) -> None:
    layout, path = ArchiveLayout(tmp_path / "archive"), make(tmp_path, b"hello")
    first = know(layout, path)
    path.rename(tmp_path / "away.txt")
    make(tmp_path, b"jello")
    assert know(layout, path) == digest_file(path) != first


def test_a_file_that_was_just_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout, path = ArchiveLayout(tmp_path / "archive"), make(tmp_path, b"hello")
    know(layout, path)
    assert KnownFiles(layout).digests() == set()
    monkeypatch.setattr(stamps, "_TICK", 0)
    know(layout, path)
    assert KnownFiles(layout).digests() == {digest_file(path)}


def test_nothing_is_kept_of_a_file_to_forget(tmp_path: Path, reads: list[Path]) -> None:
    layout, path = ArchiveLayout(tmp_path / "archive"), make(tmp_path, b"hello")
    known = KnownFiles(layout)
    known.forget({known.identify(path)})
    known.keep()
    assert not layout.stamps.exists() or path.name not in layout.stamps.read_text()


@pytest.mark.parametrize("said", [b"{broken", b"\xff", b"[]", b'{"a": 1}', b'{"a": [1, 2, 3]}'])
def test_stamps_that_cannot_be_read_cost_time_only(tmp_path: Path, reads: list[Path], said: bytes) -> None:
    layout, path = ArchiveLayout(tmp_path / "archive"), make(tmp_path, b"hello")
    know(layout, path)
    layout.stamps.write_bytes(said)
    assert know(layout, path) == digest_file(path)
    assert len(reads) == 2
