"""Parts: what one capture is read as. A file is one part; an archive is one for every file in it.

In: a source and what kind of archive it is. Out: parts with their batches, numbered through the whole capture.

>>> for part in read_parts(source, "zip"):
...     part.name, part.format, sum(batch.records.height for batch in part.batches())
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from pipeline.errors import InputError
from pipeline.ingest.archives import LimitError, Member, Spool, SpoolError, list_members
from pipeline.ingest.containers import Source
from pipeline.ingest.reader import CaptureFacts
from pipeline.ingest.recognise import recognise_format
from pipeline.ingest.records import Batch, Rejections
from pipeline.tables import RawRecords, empty_table

NO_FACTS = CaptureFacts(source=None, shape=None, order_known="unknown", paragraphs=False)


@dataclass(frozen=True)
class Part:
    """A file of a capture, or the reason why it is none.

    Attributes:
        name: what an archive calls it; None for a capture that is no archive, and for the archive itself.
        format, reader_version: of the reader that knows it; None where none does.
        facts: what is known of it as a whole.
        source: its bytes, for as long as the next part is not asked for; None where it is refused.
    """

    name: str | None
    format: str | None
    reader_version: int | None
    facts: CaptureFacts
    source: Source | None
    _batches: Iterator[Batch]

    def batches(self) -> Iterator[Batch]:
        """Its records in order, once; to be read before the next part is asked for.

        Raises:
            InputError: a capture that is one file turns out to be unreadable.
        """
        return self._batches


def read_parts(source: Source, kind: str) -> Iterator[Part]:
    """The parts of an archive. What cannot be read is one rejected record each; nothing is raised over a member.

    Ordinals run on through all parts, no two parts share a listing, and locations begin with "member NAME: ".

    Raises:
        SpoolError: there is no room to unpack members.
    """
    numbers = _Numbers()
    with TemporaryDirectory(prefix="threadloom-") as folder:
        try:
            for member in list_members(source, kind, Spool(Path(folder), source.settings)):
                for part in _member_parts(member, numbers):
                    yield part
                    for _ in part.batches():
                        pass  # what nobody read is counted all the same
        except SpoolError:
            raise
        except InputError as trouble:
            rule = "too_much" if isinstance(trouble, LimitError) else "damaged_archive"
            place = "the archive" if numbers.last is None else f"after member {numbers.last}"
            yield _refused(numbers, None, place, rule, _plain(trouble, source))
        if numbers.last is None:
            yield Part(None, None, None, NO_FACTS, None, iter([Batch(empty_table(RawRecords), Rejections().frame())]))


class _Numbers:
    """How far the capture is: the next ordinal and listing, and the last member."""

    def __init__(self) -> None:
        self.ordinal = 0
        self.listing = 0
        self.last: str | None = None


def _member_parts(member: Member, numbers: _Numbers) -> Iterator[Part]:
    place = f"member {member.name}"
    numbers.last = member.name
    source = member.source
    if source is None or member.trouble is not None:
        rule, detail = member.trouble or ("damaged_file", member.damage or "")
        yield _refused(numbers, member.name, place, rule, detail, member.start)
        return
    try:
        reader = recognise_format(source)
        facts = reader.describe(source)
    except InputError as trouble:
        yield _refused(numbers, member.name, place, "unknown_format", _plain(trouble, source), member.start)
    else:
        batches = _numbered(reader.read(source), member, source, numbers)
        yield Part(member.name, reader.name, reader.version, facts, source, batches)
    if member.damage:
        yield _refused(numbers, member.name, f"after {place}", "damaged_file", member.damage)


def _plain(trouble: InputError, source: Source) -> str:
    """What went wrong, without the name of a temporary file."""
    return str(trouble).replace(str(source.path), source.name)


def _numbered(batches: Iterator[Batch], member: Member, source: Source, numbers: _Numbers) -> Iterator[Batch]:
    """A member's batches as they stand in the capture; what ends them early is one more rejected record."""
    place = f"member {member.name}"
    first, listing = numbers.ordinal, numbers.listing
    where = pl.concat_str(pl.lit(f"{place}: "), "location").alias("location")
    try:
        for batch in batches:
            height = batch.records.height
            numbers.ordinal += height + batch.rejected.height
            if height:
                last = int(batch.records.select(pl.col("listing").max()).item())
                numbers.listing = max(numbers.listing, listing + 1 + last)
            records = batch.records.with_columns(
                where,
                pl.col("ordinal") + first,
                pl.col("listing") + listing,
                pl.col("captured_at_raw").fill_null(pl.lit(member.captured_at, dtype=pl.String)),
                pl.col("discussion_url").fill_null(pl.lit(source.address, dtype=pl.String)),
            )
            yield Batch(records, batch.rejected.with_columns(where, pl.col("ordinal") + first))
    except InputError as trouble:
        yield _rejected(numbers, place, "damaged_file", _plain(trouble, source), member.start)


def _refused(numbers: _Numbers, name: str | None, location: str, rule: str, detail: str, start: bytes = b"") -> Part:
    return Part(name, None, None, NO_FACTS, None, iter([_rejected(numbers, location, rule, detail, start)]))


def _rejected(numbers: _Numbers, location: str, rule: str, detail: str, start: bytes) -> Batch:
    rejections = Rejections()
    rejections.add(numbers.ordinal, location, rule, detail, start)
    numbers.ordinal += 1
    return Batch(empty_table(RawRecords), rejections.frame())
