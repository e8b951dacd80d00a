"""What a run is doing, told while it does it: a moving line on a terminal, plain lines elsewhere.

In: the report of every step's every part as it is done. Out: lines on a console.

>>> with RunProgress(Console(stderr=True)) as progress: run_direct(parameters, progress)
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from pipeline.report.words import printable

LINE_SECONDS = 5.0  # a step of ten thousand files says how far it is this often, not ten thousand times


class Report(Protocol):
    """What a part of a step counted, as ``pipeline.steps`` reports it."""

    @property
    def step(self) -> str: ...
    @property
    def counts(self) -> dict[str, int]: ...
    @property
    def notes(self) -> list[str]: ...


class RunProgress:
    """Call it with every report; the reports of one step follow each other and are told as one sum."""

    def __init__(self, console: Console, starting: str = "starting") -> None:
        self._console = console
        self._starting = starting
        self._stack = ExitStack()
        self._status: Status | None = None
        self._step = ""
        self._parts = 0
        self._counts: dict[str, int] = {}
        self._begun = self._said = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._stack.enter_context(self._console.status(self._starting))
        else:
            self._print(Text(self._starting))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_step()
        self._stack.close()

    def __call__(self, report: Report) -> None:
        if report.step != self._step:
            self._end_step()
            self._step = report.step
        for note in report.notes:
            self._print(Text(f"{report.step}: {printable(note)}", "yellow"))
        self._parts += 1
        for name, count in report.counts.items():
            self._counts[name] = self._counts.get(name, 0) + count
        if self._status is not None:
            self._status.update(self._line())
        elif time.monotonic() - self._said > LINE_SECONDS:
            self._print(self._line().append(" so far"))

    def _end_step(self) -> None:
        if self._step:
            self._print(self._line().append(f"  {time.monotonic() - self._begun:.1f} s", "dim"))
        self._step, self._parts, self._counts = "", 0, {}
        self._begun = time.monotonic()

    def _line(self) -> Text:
        line = Text(self._step, "bold")
        if self._parts > 1:
            line.append(f" ×{self._parts:,}", "dim")
        told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in self._counts.items())
        return line.append(f"  {told}", "")

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)
        self._said = time.monotonic()
