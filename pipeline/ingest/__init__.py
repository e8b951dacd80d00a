"""Raw files become records: found, unpacked, recognised and read, nothing interpreted, nothing lost.

In: paths of scraped dumps. Out: per file a `Capture`, whose batches hold ``RawRecords`` and what had to be rejected.

>>> for path in find_files([Path("raw")]):
...     for batch in open_capture(path, ReadSettings()).batches():
...         batch.records, batch.rejected

A capture is one part, or, where it is an archive, one part for every file in it: a caller that wants to know what each
is (`Part.facts`) asks for `Capture.parts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pipeline.ingest.archives import archive_kind
from pipeline.ingest.collector import resting_collector, undisturbed
from pipeline.ingest.containers import Source
from pipeline.ingest.files import find_files, locate_file
from pipeline.ingest.mojibake import mend_mojibake
from pipeline.ingest.parts import NO_FACTS, Part, read_parts
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers import READERS
from pipeline.ingest.readers.sites import HOSTED, drop_bare_scopes
from pipeline.ingest.recognise import check_read_settings, recognise_format
from pipeline.ingest.records import Batch
from pipeline.settings import ReadSettings

__all__ = [
    "Batch",
    "Capture",
    "CaptureFacts",
    "Part",
    "check_read_settings",
    "find_files",
    "list_formats",
    "locate_file",
    "open_capture",
]

ARCHIVES_VERSION = 2  # raise it when the same archive gives other members, or they say something else


@dataclass(frozen=True)
class Capture:
    """A raw file whose format is known.

    Attributes:
        path: where it is.
        format: the reader's name, or the kind of archive it is: zip, tar, warc.
        reader_version: that reader's version.
        facts: what is known of it as a whole; of an archive only its parts know anything.
    """

    path: Path
    format: str
    reader_version: int
    facts: CaptureFacts
    _source: Source
    _reader: Reader | None

    def parts(self) -> Iterator[Part]:
        """What it is read as: one part, or one for each file of an archive. May be called again."""
        if self._reader is None:
            parts = read_parts(self._source, self.format)
        else:
            batches = self._reader.read(self._source)
            parts = iter([Part(None, self.format, self.reader_version, self.facts, self._source, batches)])
        return (replace(part, _batches=undisturbed(_mended(part))) for part in parts)

    def batches(self) -> Iterator[Batch]:
        """All its records in order, some 50,000 at a time. May be called again; starts from the beginning then.

        Raises:
            InputError: the file as a whole turns out to be unreadable.
        """
        return (batch for part in self.parts() for batch in part.batches())


def _mended(part: Part) -> Iterator[Batch]:
    hosted = (part.facts.source or "").split(":")[0] in HOSTED
    for batch in part.batches():
        records = mend_mojibake(batch.records)
        yield Batch(drop_bare_scopes(records) if hosted else records, batch.rejected)


def open_capture(path: Path, settings: ReadSettings) -> Capture:
    """A file with its format recognised and its facts known; records are read later, by ``batches``.

    Raises:
        InputError: the file cannot be read, or no reader knows it.
        SettingError: the settings name a format or column that does not exist.
    """
    check_read_settings(settings)
    source = Source(path, settings)
    kind = archive_kind(source.head())
    if kind is not None:
        return Capture(path, kind, ARCHIVES_VERSION, NO_FACTS, source, None)
    source.refuse_bomb()
    with resting_collector():
        reader = recognise_format(source)
        facts = reader.describe(source)
    return Capture(path, reader.name, reader.version, facts, source, reader)


def list_formats() -> pl.DataFrame:
    """The formats that are read, in the order in which they are tried: name, title, extensions, replies, all String."""
    rows = [(reader.name, reader.title, " ".join(reader.extensions), reader.replies) for reader in READERS]
    return pl.DataFrame(rows, schema=["name", "title", "extensions", "replies"], orient="row")
