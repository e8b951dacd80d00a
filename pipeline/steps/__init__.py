"""The steps of a run: each scans, calls its stage, checks the contract, writes, and reports counts.

In: RunParameters. Out: a published snapshot. ``run_direct`` takes all steps one after another; the Prefect flow takes
the same steps as tasks.

>>> run_direct(RunParameters(raw=[Path("raw")], out=Path("parquet"))).counts["posts"]
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.settings import RunParameters
from pipeline.steps.identify import bucket_names
from pipeline.steps.identify import identify_all as identify_posts
from pipeline.steps.ingest import ingest_capture
from pipeline.steps.match import match_duplicates
from pipeline.steps.plan import RawFile, RunPlan, RunSummary, StepReport, abandon_run, begin_run, hold_archive
from pipeline.steps.publish import publish_run, skip_run
from pipeline.steps.reconstruct import reconstruct_bucket

__all__ = [
    "RawFile",
    "RunPlan",
    "RunSummary",
    "StepReport",
    "abandon_run",
    "begin_run",
    "bucket_names",
    "hold_archive",
    "identify_posts",
    "ingest_capture",
    "match_duplicates",
    "publish_run",
    "reconstruct_bucket",
    "run_direct",
    "skip_run",
]


def run_direct(parameters: RunParameters, progress: Callable[[StepReport], None] | None = None) -> RunSummary:
    """All steps in this process, without Prefect; ``progress`` is told each report as it comes.

    Raises:
        ThreadloomError: a setting, a path or the archive cannot be used.
    """
    reports: list[StepReport] = []

    def done(report: StepReport) -> None:
        reports.append(report)
        if progress is not None:
            progress(report)

    with hold_archive(parameters):
        plan = begin_run(parameters)
        if plan.nothing_new:
            return skip_run(plan)
        for file in plan.new_files:
            done(ingest_capture(plan, file.capture_id))
        done(match_duplicates(plan))
        done(identify_posts(plan))
        for bucket in bucket_names(plan):
            done(reconstruct_bucket(plan, bucket))
        return publish_run(plan, reports)
