"""Raw files become records: found, unpacked, recognised and read, nothing interpreted, nothing lost.

In: paths of scraped dumps. Out: per file a `Capture`, whose batches hold ``RawRecords`` and what had to be rejected.

>>> for path in find_files([Path("raw")]):
...     for batch in open_capture(path, ReadSettings()).batches():
...         batch.records, batch.rejected
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers import READERS
from pipeline.ingest.recognise import check_read_settings, recognise_format
from pipeline.ingest.records import Batch
from pipeline.settings import ReadSettings

__all__ = [
    "Batch",
    "Capture",
    "CaptureFacts",
    "check_read_settings",
    "find_files",
    "list_formats",
    "open_capture",
]


@dataclass(frozen=True)
class Capture:
    """A raw file whose format is known."""

    path: Path
    facts: CaptureFacts
    reader: Reader
    source: Source

    @property
    def format(self) -> str:
        """The reader's name."""
        return self.reader.name

    @property
    def reader_version(self) -> int:
        """The reader's version."""
        return self.reader.version

    def batches(self) -> Iterator[Batch]:
        """Its records in file order, some 50,000 at a time. May be called again; starts from the beginning then.

        Raises:
            InputError: the file as a whole turns out to be unreadable.
        """
        return self.reader.read(self.source)


def find_files(raw: Sequence[Path]) -> list[Path]:
    """Files to read, each once, sorted: those named, and those in the folders named.

    In folders, hidden files and folders and files called README are skipped, and links to folders are not followed.

    Raises:
        InputError: a path does not exist.
    """
    found: set[Path] = set()
    for path in raw:
        if path.is_dir():
            for folder, inner, names in os.walk(path):
                inner[:] = [name for name in inner if not name.startswith(".")]
                files = [Path(folder, name) for name in names if not name.startswith((".", "README"))]
                found.update(file for file in files if file.is_file())
        elif path.exists():
            found.add(path)
        else:
            raise InputError(f"{path} does not exist. Name files or folders with dumps to read.")
    return sorted(found)


def open_capture(path: Path, settings: ReadSettings) -> Capture:
    """A file with its format recognised and its facts known; records are read later, by ``batches``.

    Raises:
        InputError: the file cannot be read, or no reader knows it.
        SettingError: the settings name a format or column that does not exist.
    """
    source = Source(path, settings)
    reader = recognise_format(source)
    return Capture(path, reader.describe(source), reader, source)


def list_formats() -> pl.DataFrame:
    """The formats that are read, in the order in which they are tried: name, title, extensions, replies, all String."""
    rows = [(reader.name, reader.title, " ".join(reader.extensions), reader.replies) for reader in READERS]
    return pl.DataFrame(rows, schema=["name", "title", "extensions", "replies"], orient="row")
