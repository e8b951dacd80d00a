"""One run as a Prefect flow.

In: RunParameters. Out: a published snapshot, its RunSummary, and an artifact with the counts.

>>> summary = run_flow(RunParameters(raw=["raw"], out="parquet"), progress=print)

The flow runs on Prefect's embedded server, or on the one that PREFECT_API_URL names. ``threadloom.with_options`` takes
another task runner: tasks pass names and counts, never frames.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import polars as pl
from prefect import Task, flow, task, unmapped
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture, as_completed
from prefect.runtime import task_run
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.server import start_server
from pipeline import steps
from pipeline.settings import RunParameters
from pipeline.steps import RunPlan, RunSummary, StepReport

Progress = Callable[[StepReport], None]

RETRY_DELAYS = [1.0, 5.0, 20.0]

# Flow parameters are stored on the server, so what only this process has reaches the flow through these: who listens,
# and the plan that was made before the server was started.
_listener: ContextVar[Progress | None] = ContextVar("listener", default=None)
_prepared: ContextVar[RunPlan | None] = ContextVar("prepared", default=None)


def _is_outage(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only a failing disk or network share may heal by itself; anything else would fail again."""
    return isinstance(state.result(raise_on_failure=False), OSError)


@task(
    task_run_name="ingest {capture_id}",
    cache_policy=NO_CACHE,
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=_is_outage,
)
def ingest_capture(plan: RunPlan, capture_id: str) -> StepReport:
    """Read and normalise one raw file."""
    return steps.ingest_capture(plan, capture_id, last_try=task_run.run_count > len(RETRY_DELAYS))


@task(cache_policy=NO_CACHE)
def match_duplicates(plan: RunPlan) -> StepReport:
    """Find which sightings say the same."""
    return steps.match_duplicates(plan)


@task(cache_policy=NO_CACHE)
def identify_posts(plan: RunPlan) -> StepReport:
    """Decide which sightings are one post."""
    return steps.identify_posts(plan)


@task(task_run_name="reconstruct {bucket}", cache_policy=NO_CACHE)
def reconstruct_bucket(plan: RunPlan, bucket: str) -> StepReport:
    """Decide who answers whom in one part of the discussions."""
    return steps.reconstruct_bucket(plan, bucket)


@task(
    cache_policy=NO_CACHE,
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=_is_outage,
)
def publish_run(plan: RunPlan, reports: list[StepReport]) -> RunSummary:
    """Publish all tables as one snapshot."""
    return steps.publish_run(plan, reports)


def _threads(workers: int) -> Any:
    """Prefect's thread runner; Any, because its own types do not fit each other."""
    return ThreadPoolTaskRunner(max_workers=workers)


@flow(name="threadloom", task_runner=_threads(2), persist_result=False)
def threadloom(parameters: RunParameters) -> RunSummary:
    """Raw dumps in, clean threaded Parquet out."""
    prepared = _prepared_plan()
    if prepared is not None:
        return _carry_out(prepared)
    with steps.hold_archive(parameters):
        plan = steps.begin_run(parameters)
        return steps.skip_run(plan) if plan.nothing_new else _carry_out(plan)


def run_flow(parameters: RunParameters, progress: Progress | None = None) -> RunSummary:
    """Run the flow in this process, telling each step's report to ``progress`` as it is done.

    Prefect is only started when there is something to do, and after settings and paths have proven usable.

    Raises:
        ThreadloomError: a setting, a path or the archive cannot be used.
    """
    with steps.hold_archive(parameters):
        plan = steps.begin_run(parameters)
        if plan.nothing_new:
            return steps.skip_run(plan)
        if progress is not None:
            progress(StepReport("start Prefect", {"new_files": len(plan.new_files)}, 0.0))
        start_server()
        tokens = _listener.set(progress), _prepared.set(plan)
        try:
            # A heartbeat is for a server that outlives us; its thread costs a second at the end of every flow.
            with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
                return threadloom.with_options(task_runner=_threads(parameters.workers))(parameters)
        finally:
            _listener.reset(tokens[0])
            _prepared.reset(tokens[1])


def _prepared_plan() -> RunPlan | None:
    # A function of its own: runners that use other processes pickle the flow with every global that it names itself.
    return _prepared.get()


def _carry_out(plan: RunPlan) -> RunSummary:
    hidden: Any = quote(plan)  # else Prefect would search the whole plan for futures, for every task
    reports: list[StepReport] = []
    captures = [file.capture_id for file in plan.new_files]
    reports += _finish(ingest_capture.map(unmapped(hidden), captures))
    reports += _finish([match_duplicates.submit(hidden)])
    reports += _finish([identify_posts.submit(hidden)])
    reports += _finish(reconstruct_bucket.map(unmapped(hidden), steps.bucket_names(plan)))
    summary = publish_run.submit(hidden, reports).result()
    _record(summary)
    return summary


def _finish(futures: list[PrefectFuture[StepReport]]) -> list[StepReport]:
    """Wait for tasks and tell each report as it comes; the reports in the order of the tasks."""
    listener = _listener.get()
    for future in as_completed(futures):
        report = future.result()
        if listener is not None:
            listener(report)
    return [future.result() for future in futures]


def _record(summary: RunSummary) -> None:
    """The run's counts as artifacts, for those who look at it in Prefect."""
    failed = "".join(f"- could not be read: `{path.replace('`', ' ')}`\n" for path in summary.failed_captures)
    create_markdown_artifact(
        f"# Run {summary.run_id}\n\nPublished in `{summary.snapshot}` after {summary.seconds:.1f} s, with "
        f"{summary.peak_memory_bytes / 2**20:,.0f} MB of memory at most.\n\n{failed}",
        key="threadloom-run",
        description="What a run published and where.",
    )
    counts = pl.DataFrame({"name": list(summary.counts), "count": list(summary.counts.values())})
    # As dicts: Prefect silently drops the columns of a frame.
    create_table_artifact(counts.to_dicts(), key="threadloom-counts", description="What a run counted.")
