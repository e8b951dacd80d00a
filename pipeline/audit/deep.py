"""The deep audit: whether what was published is what the raw files hold, by reading them once more.

In: an archive whose raw files are still where they were. Out: findings, none where all is well.

>>> audit_raw(Path("parquet"))
[]

Every capture is read again with the settings it was read with, and each of its records is looked for among the
published sightings, with its place, author, time, parent, votes and words; each rejected one in quarantine. Then the
bytes are asked, not the reader: every line of logs, tables and texts (`lines`), and every text that stands in JSON, XML
and pages where the format says that people's words are (`words`, `Reader.words`) must be found in a record or in
quarantine, but for as many as the records count as deleted or skipped. What stands elsewhere is declared to be skipped.
A file that is gone or has changed cannot be asked: it is noted, and is no finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import polars as pl

from pipeline.audit.finding import Finding
from pipeline.audit.lines import Lines
from pipeline.audit.words import find_texts, missing_texts
from pipeline.errors import InputError
from pipeline.ids import digest_file
from pipeline.ingest import Part, open_capture
from pipeline.ingest.documents import read_bytes
from pipeline.ingest.readers import READERS
from pipeline.pack import ModelPack
from pipeline.settings import ReadSettings
from pipeline.steps.ingest import read_part
from pipeline.store.captures import read_capture
from pipeline.store.layout import ArchiveLayout
from pipeline.store.pinned import read_pack
from pipeline.store.snapshot import find_snapshot, scan_table
from pipeline.store.tombstones import read_tombstones

_SEARCHED_BYTES = 256 << 20
_SKIPPED = r'"skipped":(\{[^{}]*\})'
_WORDED = ("body", "title", "discussion_title", "author", "extra")
# What a published sighting says, and what the record says that it shows.
_TOLD = {
    "sighting_id": "sighting_id",
    "location": "location",
    "author_raw": "author",
    "posted_at_raw": "posted_at_raw",
    "declared_parent": "native_parent",
    "votes": "votes",
    "extra": "extra",
    "body_published": "body",
}
_REJECTED = ("location", "stage", "rule", "detail", "raw")


@dataclass
class _Found:
    """What is wrong, gathered over all captures: per rule its table, how many rows, and the first of them."""

    rules: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def add(self, rule: str, table: str, count: int, example: str) -> None:
        if count:
            before, first = self.rules.get((rule, table), (0, example))
            self.rules[rule, table] = before + count, first

    def findings(self) -> list[Finding]:
        return [Finding(rule, table, count, example) for (rule, table), (count, example) in self.rules.items()]


def audit_raw(path: Path, snapshot: str | None = None, note: Callable[[str], object] | None = None) -> list[Finding]:
    """Everything in an archive that is not as the raw files say.

    Args:
        path: the archive's folder.
        snapshot: the run_id of a snapshot; by default the current one.
        note: called with a line for every raw file that cannot be asked.

    Returns:
        One finding per rule that does not hold.

    Raises:
        ArchiveError: there is no archive, or it is of another version.
    """
    folder = find_snapshot(path, snapshot)
    layout = ArchiveLayout(path)
    found = _Found()
    with TemporaryDirectory(prefix="threadloom-") as scratch:
        published = _write_published(folder, Path(scratch, "sightings.parquet"))
        quarantine = scan_table(folder, "quarantine")
        tombstones, pack = read_tombstones(layout), read_pack(layout)
        for row in scan_table(folder, "captures").collect().iter_rows(named=True):
            file = _unchanged_file(row)
            if file is None:
                if note is not None:
                    note(f"{', '.join(row['paths'])}: gone or changed, so what came of it cannot be compared")
                continue
            said = read_capture(layout, row["capture_id"]).facts["read"]
            of_capture = pl.col("capture_id") == row["capture_id"]
            shown, rejected = published.filter(of_capture), quarantine.filter(of_capture)
            _audit_capture(row, file, ReadSettings(**said), shown, rejected, tombstones, pack, found, note)
    return found.findings()


def _write_published(folder: Path, path: Path) -> pl.LazyFrame:
    """Sightings with the body that was scraped, as far as the tables tell it, in the order of capture and ordinal."""
    settings = orjson.loads(scan_table(folder, "runs").select(pl.col("settings").last()).collect().item())
    posts = scan_table(folder, "posts").select("post_id", post_text="text", deleted="deleted_at")
    body = pl.coalesce("body_raw", "post_text")
    if settings.get("honour_deletions"):
        body = pl.when(pl.col("deleted").is_null()).then(body)
    told = scan_table(folder, "sightings").join(posts, on="post_id", how="left", maintain_order="left")
    told.with_columns(body_published=body).drop("post_text", "deleted").sink_parquet(path)
    return pl.scan_parquet(path)


def _unchanged_file(row: dict[str, Any]) -> Path | None:
    """Where the bytes of a capture still are."""
    for name in row["paths"]:
        path = Path(name)
        if path.is_file() and path.stat().st_size == row["bytes"] and digest_file(path) == row["capture_id"]:
            return path
    return None


def _audit_capture(
    row: dict[str, Any],
    file: Path,
    settings: ReadSettings,
    published: pl.LazyFrame,
    quarantine: pl.LazyFrame,
    tombstones: pl.DataFrame,
    pack: ModelPack,
    found: _Found,
    note: Callable[[str], object] | None,
) -> None:
    place = f"{file} ({row['capture_id']})"
    n_records = n_rejected = 0
    try:
        for part in open_capture(file, settings).parts():
            kept = _Kept(part)
            for records, rejected in read_part(part, row["capture_id"], pack, tombstones):
                first = n_records
                n_records += records.height + rejected.height
                n_rejected += rejected.height
                here = pl.col("ordinal").is_between(first, n_records - 1)
                _compare_records(records, published.filter(here).collect(), place, found)
                _compare_rejected(rejected, quarantine.filter(here).collect(), place, found)
                kept.account(records, rejected)
            kept.ask_bytes(place, found, note)
    except InputError as error:
        if row["error"] is None:
            found.add("file_is_readable", "captures", 1, f"{place}: {error}")
        return
    if row["error"] is not None:
        found.add("file_is_unreadable", "captures", 1, f"{place} can be read, but {row['error']}")
    elif (n_records, n_rejected) != (row["n_records"], row["n_rejected"]):
        said = f"{row['n_records']} records, {row['n_rejected']} rejected"
        found.add("counts_hold", "captures", 1, f"{place} holds {n_records}, {n_rejected} rejected; published: {said}")


def _compare_records(records: pl.DataFrame, published: pl.DataFrame, place: str, found: _Found) -> None:
    """Every record must be a sighting that says the same, and every sighting a record."""
    told = published.select("ordinal", *_TOLD)
    read = records.select("ordinal", **{name: pl.col(column) for name, column in _TOLD.items()})
    lost = read.join(told, on="ordinal", how="anti")
    found.add("record_is_sighting", "sightings", lost.height, _example(lost, place))
    invented = told.join(read, on="ordinal", how="anti")
    found.add("sighting_is_record", "sightings", invented.height, _example(invented, place))
    both = read.join(told, on="ordinal", how="inner", suffix="_told")
    # A record without body shows the post that others showed; so does a body that was withdrawn with its post.
    silent = {"body_published": pl.col("body_published").is_null() | pl.col("body_published_told").is_null()}
    for name in _TOLD:
        same = pl.col(name).eq_missing(pl.col(f"{name}_told"))
        other = both.filter(~(same | silent[name] if name in silent else same))
        found.add(f"{name.removesuffix('_published')}_is_as_scraped", "sightings", other.height, _example(other, place))


def _compare_rejected(rejected: pl.DataFrame, quarantine: pl.DataFrame, place: str, found: _Found) -> None:
    """Every rejected record must stand in quarantine as it is, and nothing else may."""
    read, told = (frame.select("ordinal", *_REJECTED) for frame in (rejected, quarantine))
    key = ["ordinal", *_REJECTED]
    lost = read.join(told, on=key, how="anti")
    found.add("rejected_is_quarantined", "quarantine", lost.height, _example(lost, place))
    invented = told.join(read, on=key, how="anti")
    found.add("quarantined_is_rejected", "quarantine", invented.height, _example(invented, place))


def _example(rows: pl.DataFrame, place: str) -> str:
    return f"{place}: {rows['location'][0]}" if rows.height else ""


class _Kept:
    """What was kept of a part, beside the bytes that it was made of."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._lines = Lines(part)
        self._places = next((reader.words for reader in READERS if reader.name == part.format), ())
        self._texts: list[str] = []
        self._silent = 0  # records without words, and what is no post

    def account(self, records: pl.DataFrame, rejected: pl.DataFrame) -> None:
        """Note records and rejected ones of a batch."""
        self._lines.account(records["location"])
        self._lines.account(rejected["location"])
        skipped = records["extra"].str.extract(_SKIPPED).drop_nulls()
        self._silent += sum(sum(orjson.loads(counts).values()) for counts in skipped)
        if self._places:
            self._silent += rejected.height + int(records["deletion"].is_not_null().sum())
        if self._places or self._lines.goes_on:
            for name in _WORDED:
                self._texts += records[name].drop_nulls().to_list()
            self._texts += (raw.decode(errors="replace") for raw in rejected["raw"].drop_nulls())

    def ask_bytes(self, place: str, found: _Found, note: Callable[[str], object] | None) -> None:
        """Look for every line, and every text, among what was kept."""
        count, example = self._lines.lost(self._texts, self._silent)
        found.add("lines_are_accounted", "captures", count, f"{place}: {example}")
        if not self._places or self._part.source is None:
            return
        try:
            data = read_bytes(self._part.source, _SEARCHED_BYTES)
        except InputError:
            if note is not None:
                note(f"{place}: larger than {_SEARCHED_BYTES >> 20} MiB, so its words were not looked for one by one")
            return
        missing = missing_texts(find_texts(data, self._places), self._texts)
        if len(missing) > self._silent:
            found.add("words_are_kept", "captures", len(missing), f"{place}: {' '.join(missing[0])[:100]}")
