"""The first step: a raw file becomes a kept capture of normalised records.

In: a plan and a capture_id of its new files. Out: ``captures/<capture_id>`` and a report.

The files in an archive are parts of one capture; each is normalised by what its own format says of it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import InputError
from pipeline.ingest import Part, locate_file, open_capture
from pipeline.normalise.forgotten import drop_forgotten, empty_rejected
from pipeline.normalise.records import normalise_records
from pipeline.pack import ModelPack
from pipeline.steps.made import made_by
from pipeline.steps.plan import RawFile, RunPlan, Stamp, StepReport, stamp_file, timed_report
from pipeline.store.captures import CaptureWriter
from pipeline.store.tombstones import read_tombstones
from pipeline.tables import Quarantine, RawRecords, Records, check_table


class ChangedFileError(InputError):
    """A raw file that is not there, or not what it was when the run began: another run may find it."""


def ingest_capture(plan: RunPlan, capture_id: str, *, last_try: bool = True) -> StepReport:
    """Reads and normalises one raw file; a file that cannot be read is kept as a capture with an error.

    A file that is gone, changed or out of reach since the run began is not kept: the report names it as unread, and the
    next run tries again.

    Args:
        plan: the run.
        capture_id: one of its new files.
        last_try: whether a disk that fails is the file's failure; if not, the OSError is raised.

    Counts: captures, records, rejected, failed.
    """
    file = next(file for file in plan.new_files if file.capture_id == capture_id)
    with timed_report("ingest") as report:
        try:
            path = _locate(file)
            kept = _keep_capture(plan, file, path)
        except (ChangedFileError, OSError) as error:
            if isinstance(error, OSError) and not (last_try and _is_about(error, file)):
                raise
            report.unread.append(f"{file.seen[0][0]}: {error}")
            report.notes.append(report.unread[-1])
            report.counts.update(captures=1, records=0, rejected=0, failed=1)
            return report
        if kept["error"] is not None:
            report.notes.append(str(kept["error"]))
        report.counts.update(
            captures=1,
            records=kept["n_records"] - kept["n_rejected"],
            rejected=kept["n_rejected"],
            failed=int(kept["error"] is not None),
        )
        if kept["n_rejected"]:
            report.notes.append(f"{file.paths[0]}: {kept['n_rejected']} records in quarantine")
    return report


def _locate(file: RawFile) -> Path:
    """Where its bytes are now.

    Raises:
        ChangedFileError: at none of the places where this run found them.
    """
    for path, stamp in file.seen:
        located = locate_file(Path(path))
        if _has_stamp(located, stamp):
            return located
    raise ChangedFileError("it is gone or has changed since this run began; the next run reads it.")


def _has_stamp(path: Path, stamp: Stamp) -> bool:
    try:
        return stamp_file(path) == stamp
    except OSError:
        return False


def _is_about(error: OSError, file: RawFile) -> bool:
    """Whether reading the raw file failed, not writing what came of it."""
    if error.filename is None:
        return error.errno in (errno.EIO, errno.ESTALE)
    return str(error.filename) in {str(locate_file(Path(path))) for path, _ in file.seen}


def _keep_capture(plan: RunPlan, file: RawFile, path: Path) -> dict[str, Any]:
    """The facts of the capture as it is kept, whole or with the reason why it cannot be read.

    Raises:
        ChangedFileError: the file changed while it was read; nothing is kept.
        OSError: a disk fails.
    """
    stamp = stamp_file(path)
    facts: dict[str, Any] = {
        "paths": list(file.paths),
        "bytes": stamp[0],
        "format": None,
        "reader_version": None,
        "error": None,
        "read": plan.parameters.settings.read.model_dump(mode="json"),
    }
    try:
        with CaptureWriter(plan.layout, file.capture_id) as writer:
            said = _read_capture(plan, file.capture_id, path, writer)
            if not _has_stamp(path, stamp):
                raise ChangedFileError("it changed while it was read; the next run reads it.")
            return writer.finish({**facts, **said, "made": made_by(said["format"], plan.pack)}).facts
    except ChangedFileError:
        raise
    except InputError as error:
        if not _has_stamp(path, stamp):
            raise ChangedFileError("it was gone or changed before it was read; the next run reads it.") from error
        with CaptureWriter(plan.layout, file.capture_id) as writer:
            return writer.finish({**facts, "error": str(error), "made": made_by(None, plan.pack)}).facts


def _read_capture(plan: RunPlan, capture_id: str, path: Path, writer: CaptureWriter) -> dict[str, Any]:
    """Adds all records of a file; format and reader_version."""
    pack, tombstones = plan.pack, read_tombstones(plan.layout)
    capture = open_capture(path, plan.parameters.settings.read)
    for part in capture.parts():
        for records, rejected in read_part(part, capture_id, pack, tombstones):
            writer.add(check_table(Records, records), check_table(Quarantine, rejected))
    return {"format": capture.format, "reader_version": capture.reader_version}


def read_part(
    part: Part, capture_id: str, pack: ModelPack, tombstones: pl.DataFrame
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Records and Quarantine rows of a part of a capture, batch by batch, each in the order of ordinal.

    What the tombstones (tables.Tombstones) name stands in quarantine, without its words.
    """
    for batch in part.batches():
        raw = check_table(RawRecords, batch.records)
        records, wordless = normalise_records(raw, capture_id, part.facts, pack)
        rejected = batch.rejected.with_columns(capture_id=pl.lit(capture_id)).select(wordless.columns)
        records, forgotten = drop_forgotten(records, tombstones)
        emptied = empty_rejected(pl.concat([rejected, wordless]), tombstones)
        yield records, pl.concat([emptied, forgotten.select(emptied.columns)]).sort("ordinal")
