from __future__ import annotations

import io
from dataclasses import dataclass, field

from rich.console import Console

from pipeline.report.progress import RunProgress


@dataclass
class Done:
    step: str
    counts: dict[str, int]
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)


def told(*reports: Done, terminal: bool = False) -> str:
    stream = io.StringIO()
    with RunProgress(Console(file=stream, width=100, force_terminal=terminal)) as progress:
        for report in reports:
            progress(report)
    return stream.getvalue()


def test_parts_of_a_step_are_told_as_one_sum():
    lines = told(
        Done("ingest", {"records": 1000}),
        Done("ingest", {"records": 5, "rejected": 1}),
        Done("publish", {"posts": 900}),
    ).splitlines()[1:]
    assert [line.rsplit("  ", 1)[0] for line in lines] == [
        "ingest ×2  records 1,005, rejected 1",
        "publish  posts 900",
    ]


def test_notes_are_told_at_once_and_as_plain_text():
    assert told(Done("ingest", {}, notes=["bad [file]\x1b[2J"])).splitlines()[1] == "ingest: bad [file] [2J"


def test_on_a_terminal_the_finished_steps_stay():
    assert "publish" in told(Done("publish", {"posts": 900}), terminal=True)
