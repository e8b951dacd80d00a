"""The flow under Prefect's own test harness, against the same steps without Prefect."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import cloudpickle
import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound

from flows.run import ingest_capture, run_flow, threadloom
from pipeline.archive import open_archive
from pipeline.errors import ArchiveError, InputError
from pipeline.settings import RunParameters
from pipeline.steps import StepReport, begin_run, hold_archive, run_direct
from tests.dumps import write_broken_file, write_dumps


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = write_dumps(tmp_path_factory.mktemp("dumps") / "raw")
    write_broken_file(folder / "bad.gz")
    return folder


@pytest.fixture(scope="module")
def by_flow(raw, tmp_path_factory):
    reports: list[StepReport] = []
    out = tmp_path_factory.mktemp("flow") / "parquet"
    summary = run_flow(RunParameters(raw=[raw], out=out, workers=3), reports.append)
    return summary, reports, out


def test_flow_publishes_what_the_direct_run_publishes(raw, by_flow, tmp_path):
    summary, _, out = by_flow
    direct = run_direct(RunParameters(raw=[raw], out=tmp_path))
    assert open_archive(out).digest() == open_archive(tmp_path).digest()
    assert summary.counts == direct.counts
    assert summary.counts["posts"] > 0


def test_every_step_is_told_as_it_is_done(by_flow):
    _, reports, _ = by_flow
    assert reports[0].counts == {"new_files": 3}
    assert [report.step for report in reports[1:]] == ["ingest", "ingest", "ingest", "match", "identify", "reconstruct"]


def test_broken_file_fails_its_capture_and_not_the_run(by_flow):
    summary, _, _ = by_flow
    (failed,) = summary.failed_captures
    assert "bad.gz" in failed


def test_counts_are_left_as_artifacts(by_flow):
    summary, _, _ = by_flow
    told = Artifact.get("threadloom-run")
    assert summary.run_id in told.data
    assert "bad.gz" in told.data
    table = Artifact.get("threadloom-counts")
    assert f'"count": {summary.counts["posts"]}' in table.data


def test_second_run_does_nothing(raw, by_flow):
    summary, _, out = by_flow
    again = run_flow(RunParameters(raw=[raw], out=out))
    assert again.nothing_new
    assert again.run_id == summary.run_id


def test_flow_runs_by_itself_as_a_deployment_runs_it(raw, by_flow, tmp_path):
    _, _, out = by_flow
    # As a server stores parameters: plain values, made into RunParameters again by Prefect.
    summary = threadloom({"raw": [str(raw)], "out": str(tmp_path)})
    assert open_archive(tmp_path).run_id == summary.run_id
    assert open_archive(tmp_path).digest() == open_archive(out).digest()
    assert threadloom(RunParameters(raw=[raw], out=tmp_path)).nothing_new


def test_errors_for_people_pass_through_unchanged(raw, by_flow, tmp_path):
    with pytest.raises(InputError, match="no-such"):
        run_flow(RunParameters(raw=[tmp_path / "no-such"], out=tmp_path))
    parameters = RunParameters(raw=[raw], out=tmp_path)
    with hold_archive(parameters), pytest.raises(ArchiveError, match="Another run"):
        threadloom(parameters)


def test_flow_and_tasks_can_be_sent_to_other_processes():
    sent = cloudpickle.loads(cloudpickle.dumps([threadloom, ingest_capture]))
    assert [part.name for part in sent] == ["threadloom", "ingest_capture"]


def tries(state: State) -> int:
    """How often a task has run; asked until the server has heard of its end, which tasks tell it of by the way."""
    patience = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        while time.monotonic() < patience:
            with suppress(ObjectNotFound):
                run = client.read_task_run(state.state_details.task_run_id)
                if run.state is not None and run.state.is_final():
                    return run.run_count
            time.sleep(0.1)
    raise AssertionError(f"Prefect's server never heard of the end of {state.name}")


def test_a_disk_that_comes_back_is_written_to_on_a_later_try(tmp_path):
    raw = write_dumps(tmp_path / "raw")
    plan = begin_run(RunParameters(raw=[raw / "tram.txt"], out=tmp_path / "out"))
    # As when a share is not mounted yet: the place of the kept captures is no folder.
    plan.layout.captures.parent.mkdir(exist_ok=True)
    plan.layout.captures.write_bytes(b"")
    timer = threading.Timer(3.0, plan.layout.captures.unlink)
    timer.start()
    try:
        patient = ingest_capture.with_options(retry_delay_seconds=[2.0, 2.0, 2.0])
        state = patient(plan, plan.new_files[0].capture_id, return_state=True)
    finally:
        timer.join()
    assert state.result().counts["records"] == 7
    assert tries(state) > 1


def test_what_cannot_heal_is_not_tried_again(tmp_path):
    raw = write_dumps(tmp_path / "raw")
    plan = begin_run(RunParameters(raw=[raw / "tram.txt"], out=tmp_path / "out"))
    state = ingest_capture.with_options(retry_delay_seconds=[0.0])(plan, "no such capture", return_state=True)
    assert state.is_failed()
    assert tries(state) == 1
