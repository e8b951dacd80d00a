"""What a run is going to do, and what its steps report.

In: RunParameters. Out: a RunPlan, which every step takes; steps pass names and counts through it, never frames.

>>> plan = begin_run(RunParameters(raw=[Path("raw")]))
>>> plan.nothing_new, [file.capture_id for file in plan.new_files]
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipeline import __version__
from pipeline.errors import ArchiveError
from pipeline.ids import digest_texts
from pipeline.ingest import check_read_settings, find_files, locate_file
from pipeline.pack import ModelPack
from pipeline.settings import RunParameters
from pipeline.steps.forgotten import empty_captures
from pipeline.steps.made import is_outdated, take_over
from pipeline.store.captures import kept_captures, update_facts
from pipeline.store.decisions import read_decisions
from pipeline.store.durable import remove_unfinished
from pipeline.store.layout import ArchiveLayout
from pipeline.store.lock import archive_lock
from pipeline.store.pinned import pin_pack, read_pack
from pipeline.store.snapshot import find_snapshot, scan_table
from pipeline.store.stamps import KnownFiles
from pipeline.store.tombstones import read_tombstones
from pipeline.store.work import WorkFolder, remove_work

Stamp = tuple[int, int]


def stamp_file(path: Path) -> Stamp:
    """Size and time of last change: another stamp, another content. Raises OSError where there is no such file."""
    known = path.stat()
    return known.st_size, known.st_mtime_ns


@dataclass(frozen=True)
class RawFile:
    """A raw file to ingest.

    Attributes:
        capture_id: the digest of its bytes.
        paths: every path at which these bytes were ever found.
        seen: where they were found for this run, each with the file's stamp as it was then.
    """

    capture_id: str
    paths: tuple[str, ...]
    seen: tuple[tuple[str, Stamp], ...]


@dataclass(frozen=True)
class RunPlan:
    """One run.

    Attributes:
        run_id: names the snapshot; begins with the start time, so that names sort by time.
        started_at: UTC.
        parameters: what was asked for.
        new_files: captures to ingest.
        given: capture_id of every file named, new or not.
        unread: words about each file or folder that could not even be looked at.
        notes: remarks for a person, from before the first step.
        nothing_new: the archive already holds just what this run would publish.
    """

    run_id: str
    started_at: datetime
    parameters: RunParameters
    new_files: tuple[RawFile, ...]
    given: tuple[str, ...]
    unread: tuple[str, ...]
    nothing_new: bool
    notes: tuple[str, ...] = ()

    @property
    def layout(self) -> ArchiveLayout:
        """The archive's folder."""
        return ArchiveLayout(self.parameters.out)

    @property
    def work(self) -> WorkFolder:
        """The run's scratch."""
        return WorkFolder(self.layout.run_work(self.run_id))

    @property
    def pack(self) -> ModelPack:
        """What the archive decides by."""
        return read_pack(self.layout)

    def capture_ids(self) -> list[str]:
        """Every capture that the tables are made from: all that were ever ingested, sorted."""
        return [capture.capture_id for capture in kept_captures(self.layout)]


@dataclass(frozen=True)
class StepReport:
    """What one step did: its name, what it counted, wall seconds, remarks for a person, and files to try again."""

    step: str
    counts: dict[str, int]
    seconds: float
    notes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RunSummary:
    """A finished run.

    Attributes:
        run_id, snapshot: what is now current.
        counts: rows per published table.
        seconds: wall time of the run.
        failed_captures: "path: reason" of every file of this run that could not be read.
        peak_memory_bytes: largest resident memory of the process.
        nothing_new: whether the archive was left as it was, because there was nothing to do.
        notes: remarks for a person.
    """

    run_id: str
    snapshot: Path
    counts: dict[str, int]
    seconds: float
    failed_captures: list[str]
    peak_memory_bytes: int
    nothing_new: bool = False
    notes: list[str] = field(default_factory=list)


@contextmanager
def timed_report(step: str) -> Iterator[StepReport]:
    """A report to fill; its seconds are those of the ``with`` block."""
    report = StepReport(step, {}, 0.0)
    begun = time.perf_counter()
    yield report
    object.__setattr__(report, "seconds", round(time.perf_counter() - begun, 3))


def hold_archive(parameters: RunParameters) -> AbstractContextManager[None]:
    """The right to write to the archive, from ``begin_run`` to the end of the run.

    Raises:
        ArchiveError: another run holds it; says who.
    """
    return archive_lock(ArchiveLayout(parameters.out))


def begin_run(parameters: RunParameters) -> RunPlan:
    """Looks for files, tells the new from the known by their bytes, and clears what dead runs left.

    Raises:
        SettingError: a setting names a format, column or model pack that does not exist, or the archive is pinned to
            another pack.
        InputError: a path does not exist.
    """
    check_read_settings(parameters.settings.read)
    layout = ArchiveLayout(parameters.out)
    # The lock is ours: whatever is here belongs to runs that died.
    remove_work(layout.work)
    remove_unfinished(layout.root)
    pack = pin_pack(layout, parameters.pack)
    if layout.forgetting.exists():
        empty_captures(layout)
    buried = read_tombstones(layout).filter(pl.col("kind") == "capture")["digest"]
    unread: list[str] = []
    known_files = KnownFiles(layout, trusted=not parameters.rehash)
    seen = _look_at(find_files(parameters.raw, unread), known_files, unread)
    reading = parameters.settings.read.model_dump(mode="json")
    kept = {capture.capture_id: capture.facts for capture in kept_captures(layout)}
    new_files: list[RawFile] = []
    moved = False
    if not buried.is_empty():
        names = pl.Series(sorted(known_files.digests() | seen.keys()), dtype=pl.String)
        gone = set(names.filter(digest_texts(names).is_in(buried.implode())))
        known_files.forget(gone)
        seen = {name: found for name, found in seen.items() if name not in gone}
    known_files.keep()
    for capture_id, found in sorted(seen.items()):
        facts = kept.get(capture_id)
        known = sorted({*(facts or {}).get("paths", []), *(path for path, _ in found)})
        if facts is None or facts["read"] != reading or is_outdated(facts, pack):
            new_files.append(RawFile(capture_id, tuple(known), tuple(found)))
        elif known != facts["paths"]:
            update_facts(layout, capture_id, {**facts, "paths": known})
            moved = True
    notes = []
    for capture in kept_captures(layout):
        if is_outdated(capture.facts, pack) and capture.capture_id not in seen:
            take_over(layout, capture, pack)
            notes.append(
                f"{capture.facts['paths'][0]} is kept as an older version read it. Name it to have it read again."
            )
            moved = True
    started = datetime.now(UTC)
    return RunPlan(
        run_id=f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03}-{secrets.token_hex(3)}",
        started_at=started,
        parameters=parameters,
        new_files=tuple(new_files),
        given=tuple(sorted(seen)),
        unread=tuple(unread),
        notes=tuple(notes),
        nothing_new=not (new_files or moved or layout.forgetting.exists())
        and _is_current(layout, parameters, sorted(kept)),
    )


def _look_at(files: list[Path], known: KnownFiles, unread: list[str]) -> dict[str, list[tuple[str, Stamp]]]:
    """Where each digest is found, with stamps; files that cannot be opened are told in ``unread``."""
    seen: dict[str, list[tuple[str, Stamp]]] = {}
    for path in files:
        located = locate_file(path)
        try:
            stamp = stamp_file(located)
            seen.setdefault(known.identify(located), []).append((str(path), stamp))
        except OSError as error:
            unread.append(f"{path} cannot be read: {error.strerror}. Check that it is a file you may read.")
    return seen


def _is_current(layout: ArchiveLayout, parameters: RunParameters, kept: list[str]) -> bool:
    """Whether the current snapshot was made from these captures and decisions, with these settings, by this version."""
    try:
        snapshot = find_snapshot(layout.root)
        last = scan_table(snapshot, "runs").tail(1).collect()
    except ArchiveError:
        return False
    if not scan_table(snapshot, "decisions").collect().equals(read_decisions(layout)):
        return False
    said = last.select("code_version", "fingerprint", "model_pack", "inputs").row(0)
    return said == (__version__, parameters.settings.fingerprint(), read_pack(layout).name, kept)


def abandon_run(plan: RunPlan) -> None:
    """Removes the scratch of a run that will not be published. Ingested captures stay for the next run."""
    plan.work.remove()
