"""The last step: all tables become one snapshot, and readers see it.

In: the parts that the other steps wrote. Out: ``snapshots/<run_id>`` and ``current`` switched to it.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipeline import __version__
from pipeline.steps.base import CAPTURES, digest_captures, take_base
from pipeline.steps.plan import RunPlan, RunSummary, StepReport
from pipeline.steps.revised import SHOWN, keep_shown, read_repeated, relate_again, revise_firsts, revise_tables
from pipeline.store.captures import kept_captures, scan_quarantine
from pipeline.store.decisions import read_decisions
from pipeline.store.index import TextIndex
from pipeline.store.revise import Change
from pipeline.store.snapshot import drop_old_snapshots, find_snapshot, publish_snapshot, read_manifest
from pipeline.store.write import TableRows
from pipeline.tables import (
    PUBLISHED,
    TABLE_VERSION,
    Captures,
    Duplicates,
    Firsts,
    Runs,
    check_table,
    fit_table,
)

_BUCKETED = ("posts", "discussions", "threads", "links", "sightings")


def publish_run(plan: RunPlan, reports: Sequence[StepReport]) -> RunSummary:
    """Publishes everything, records the run, and drops snapshots that are no longer kept.

    Raises:
        ContractError: a table breaks its rules; nothing is published then.
    """
    begun = time.perf_counter()
    work = plan.work
    base = take_base(plan)
    shown = keep_shown(plan, base)
    firsts = work.scan("out/firsts", Firsts)
    tables = _gather_tables(plan) if base is None else revise_tables(plan, base)
    tables["captures"] = check_table(Captures, _list_captures(plan, shown))
    tables["decisions"] = read_decisions(plan.layout)
    segments, words = (tuple(map(Path, work.read_json(name))) for name in ("segments", "words"))
    index = TextIndex(segments, work.read("near"), words)
    kept: dict[str, TableRows | Change] = {
        "firsts": firsts if base is None else revise_firsts(plan, base, firsts),
        SHOWN: shown,
        CAPTURES: digest_captures(kept_captures(plan.layout)),
    }

    def record(written: dict[str, int]) -> pl.DataFrame:
        published = StepReport("publish", written, round(time.perf_counter() - begun, 3))
        return check_table(Runs, _record_run(plan, [*reports, published]))

    snapshot = publish_snapshot(plan.layout, plan.run_id, tables, index, kept, record)
    # What was forgotten still stands in older snapshots.
    forgetting = plan.layout.forgetting.exists()
    drop_old_snapshots(plan.layout, 1 if forgetting else plan.parameters.keep_snapshots, even_if_read=forgetting)
    plan.layout.forgetting.unlink(missing_ok=True)
    work.remove()
    return RunSummary(
        run_id=plan.run_id,
        snapshot=snapshot,
        counts={name: facts.rows for name, facts in read_manifest(snapshot).tables.items()},
        seconds=round((datetime.now(UTC) - plan.started_at).total_seconds(), 3),
        failed_captures=_failures(plan, reports),
        peak_memory_bytes=_peak_memory(),
        notes=[*plan.notes, *(note for report in reports for note in report.notes)],
    )


def skip_run(plan: RunPlan) -> RunSummary:
    """The summary of a run that found nothing to do."""
    snapshot = find_snapshot(plan.layout.root)
    manifest = read_manifest(snapshot)
    return RunSummary(
        run_id=manifest.run_id,
        snapshot=snapshot,
        counts={name: facts.rows for name, facts in manifest.tables.items()},
        seconds=round((datetime.now(UTC) - plan.started_at).total_seconds(), 3),
        failed_captures=_failures(plan, ()),
        peak_memory_bytes=_peak_memory(),
        nothing_new=True,
        notes=["Nothing is new: the archive already holds all of these files."],
    )


def _gather_tables(plan: RunPlan) -> dict[str, TableRows | Change]:
    """All rows of every table that is made of records."""
    work = plan.work
    near = work.read("near")
    repeats, reposts = relate_again(plan, read_repeated(work.scan("out/firsts", Firsts), near), near)
    # Where a sighting both quotes and repeats another, the quotation is kept.
    edges = work.scan("out/duplicates", Duplicates)
    said = ["left_id", "right_id"]
    known = edges.select(said).join(reposts.lazy().select(said), on=said, how="semi").collect()
    own = fit_table(Duplicates, reposts).join(known, on=said, how="anti")
    return {
        **{name: work.scan(f"out/{name}", PUBLISHED[name]) for name in _BUCKETED},
        "repeats": repeats,
        "duplicates": pl.concat([edges, own.lazy()]),
        "quarantine": scan_quarantine(plan.layout, plan.capture_ids()),
        "aliases": work.read("aliases"),
    }


def _list_captures(plan: RunPlan, shown: pl.DataFrame) -> pl.DataFrame:
    """Captures rows: facts of the kept captures, with their one discussion and capture time where they have one."""
    kept = [{"capture_id": capture.capture_id, **capture.facts} for capture in kept_captures(plan.layout)]
    facts = fit_table(Captures, pl.DataFrame(kept, infer_schema_length=None)) if kept else Captures.create_empty()
    one = pl.when(pl.len() == 1).then(pl.col("discussion_id").min()).alias("discussion_id")
    found = shown.group_by("capture_id").agg(pl.col("captured_at").max(), one)
    return facts.drop("captured_at", "discussion_id").join(found, on="capture_id", how="left").sort("capture_id")


def _record_run(plan: RunPlan, reports: Sequence[StepReport]) -> pl.DataFrame:
    """The rows of earlier runs and one of this run."""
    counts: dict[tuple[str, str], int] = {}
    seconds: dict[str, float] = {}
    for report in reports:
        seconds[report.step] = seconds.get(report.step, 0.0) + report.seconds
        for name, count in report.counts.items():
            counts[report.step, name] = counts.get((report.step, name), 0) + count
    settings = plan.parameters.settings
    row: dict[str, Any] = {
        "run_id": plan.run_id,
        "started_at": plan.started_at,
        "ended_at": datetime.now(UTC),
        "code_version": __version__,
        "table_version": TABLE_VERSION,
        "settings": orjson.dumps(settings.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS).decode(),
        "fingerprint": settings.fingerprint(),
        "model_pack": plan.pack.name,
        "inputs": plan.capture_ids(),
        "counts": [{"step": step, "name": name, "count": count} for (step, name), count in counts.items()],
        "seconds": [{"step": step, "seconds": value} for step, value in seconds.items()],
        "peak_memory_bytes": _peak_memory(),
    }
    dtypes = {name: column.dtype for name, column in Runs.columns().items()}
    runs = pl.DataFrame([row], schema=dtypes)
    last = plan.layout.current_run_id()
    if last is None:
        return runs
    # By their names, not by the manifest: what ran is told on whatever version of the tables it ran with.
    files = sorted((plan.layout.snapshot(last) / "runs").glob("*.parquet"))
    return pl.concat([*(fit_table(Runs, pl.read_parquet(file)) for file in files), runs])


def _failures(plan: RunPlan, reports: Sequence[StepReport]) -> list[str]:
    """Files given to this run that could not be read, with the reason; those to try again last."""
    given = set(plan.given)
    facts = [capture.facts for capture in kept_captures(plan.layout) if capture.capture_id in given]
    failed = [(str(said["paths"][0]), str(said["error"])) for said in facts if said["error"] is not None]
    unread = [*plan.unread, *(words for report in reports for words in report.unread)]
    return [error if path in error else f"{path}: {error}" for path, error in failed] + unread


def _peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
