"""The first step: a raw file becomes a kept capture of normalised records.

In: a plan and a capture_id of its new files. Out: ``captures/<capture_id>`` and a report.

The files in an archive are parts of one capture; each is normalised by what its own format says of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipeline.errors import InputError
from pipeline.ingest import Part, locate_file, open_capture
from pipeline.normalise import normalise_records
from pipeline.pack import ModelPack, load_pack
from pipeline.steps.plan import RawFile, RunPlan, StepReport, timed_report
from pipeline.store.captures import CaptureWriter
from pipeline.tables import Quarantine, RawRecords, Records, check_table


def ingest_capture(plan: RunPlan, capture_id: str) -> StepReport:
    """Reads and normalises one raw file; a file that cannot be read is kept as a capture with an error.

    Counts: captures, records, rejected, failed.
    """
    file = next(file for file in plan.new_files if file.capture_id == capture_id)
    path = _locate(file)
    facts = {
        "paths": list(file.paths),
        "bytes": path.stat().st_size,
        "format": None,
        "reader_version": None,
        "error": None,
        "read": plan.parameters.settings.read.model_dump(mode="json"),
    }
    with timed_report("ingest") as report:
        try:
            kept = _read_capture(plan, capture_id, path, facts)
        except InputError as error:
            with CaptureWriter(plan.layout, capture_id) as writer:
                kept = writer.finish({**facts, "error": str(error)}).facts
            report.notes.append(str(error))
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
    """Where its bytes are now: it may have been seen before at a path that is gone.

    Raises:
        InputError: at none of its paths.
    """
    for path in file.paths:
        located = locate_file(Path(path))
        if located.is_file():
            return located
    raise InputError(f"{file.paths[0]} is gone since this run began.")


def _read_capture(plan: RunPlan, capture_id: str, path: Path, facts: dict[str, object]) -> dict[str, int]:
    pack = load_pack()
    capture = open_capture(path, plan.parameters.settings.read)
    with CaptureWriter(plan.layout, capture_id) as writer:
        for part in capture.parts():
            for records, rejected in read_part(part, capture_id, pack):
                writer.add(check_table(Records, records), check_table(Quarantine, rejected))
        said = {**facts, "format": capture.format, "reader_version": capture.reader_version}
        return writer.finish(said).facts


def read_part(part: Part, capture_id: str, pack: ModelPack) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Records and Quarantine rows of a part of a capture, batch by batch, each in the order of ordinal."""
    for batch in part.batches():
        raw = check_table(RawRecords, batch.records)
        records, wordless = normalise_records(raw, capture_id, part.facts, pack)
        rejected = batch.rejected.with_columns(capture_id=pl.lit(capture_id)).select(wordless.columns)
        yield records, pl.concat([rejected, wordless]).sort("ordinal")
