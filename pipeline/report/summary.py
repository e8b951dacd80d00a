"""What a run published and where, and what to look at next.

In: the archive and what the run says of itself. Out: rich renderables.

>>> Console().print(*summary_parts(open_archive("parquet"), Path("parquet"), summary))
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Protocol

import polars as pl
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.report.advice import advise_captures
from pipeline.report.tree import Tables, tree_lines
from pipeline.report.words import printable
from pipeline.tables import PUBLISHED

PREVIEW_POSTS = 12


class Published(Tables, Protocol):
    """An open archive."""

    @property
    def run_id(self) -> str: ...
    def tables(self) -> dict[str, pl.LazyFrame]: ...


class Summary(Protocol):
    """What ``pipeline.steps`` says of a run."""

    @property
    def seconds(self) -> float: ...
    @property
    def nothing_new(self) -> bool: ...
    @property
    def notes(self) -> list[str]: ...
    @property
    def failed_captures(self) -> list[str]: ...
    @property
    def peak_memory_bytes(self) -> int: ...


def summary_parts(
    archive: Published, folder: Path, summary: Summary, command: str = "threadloom"
) -> list[RenderableType]:
    """The tables with their rows, the beginning of the largest discussion, commands to go on with.

    Args:
        archive: what the run published, opened.
        folder: where, as the user named it.
        summary: what the run says of itself.
        command: how the user calls this program.
    """
    parts: list[RenderableType] = []
    if summary.nothing_new:
        parts += [Text(printable(note), "bold") for note in summary.notes]
    parts.append(_counts(archive))
    where = Text(f"{folder}/current", "bold").append(f"  run {archive.run_id}, {summary.seconds:.1f} s", "not bold dim")
    where.append(f", {summary.peak_memory_bytes / 2**20:,.0f} MB at most", "not bold dim")
    parts.append(where)
    parts += [Text(f"could not be read: {printable(failed)}", "red") for failed in summary.failed_captures]
    largest = archive.threads.sort(["n_posts", "thread_id"], descending=[True, False]).head(1).collect()
    if largest.height:
        parts += [Text(), *tree_lines(archive, largest["thread_id"][0], limit=PREVIEW_POSTS, hint="")]
    advice = advise_captures(archive)
    if advice:
        parts += [Text(), Text("What another capture would settle", "bold")]
        parts += [Text("  ").append_text(line) for line in advice]
    return [*parts, Text(), Text("Go on with", "bold"), *_commands(archive, folder, largest, command)]


def _counts(archive: Published) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column(style="dim")
    frames = archive.tables()
    for name, schema in PUBLISHED.items():
        rows = frames[name].select(pl.len()).collect().item()
        meaning = re.sub("^.*one row per ", "", (schema.__doc__ or "").strip().splitlines()[0], flags=re.IGNORECASE)
        table.add_row(name, f"{rows:,}", meaning.rstrip("."))
    return table


def _commands(archive: Tables, folder: Path, largest: pl.DataFrame, command: str) -> list[Text]:
    """Commands that can be copied as they stand, with ids that are there."""
    where = "" if folder == Path("parquet") else f" --archive {shlex.quote(printable(str(folder)))}"
    commands = []
    if largest.height:
        commands.append(f"tree {largest['thread_id'][0]}{where}")
    guessed = (
        archive.posts.filter(
            pl.col("link_kind") == "inferred", pl.col("parent_id").is_not_null(), ~pl.col("is_placeholder")
        )
        .sort("link_confidence", "post_id", descending=[True, False])
        .select("post_id")
        .head(1)
        .collect()
    )
    some = guessed if guessed.height else archive.posts.select("post_id").head(1).collect()
    if some.height:
        commands.append(f"why {some.item()}{where}")
    ask = "SELECT author, count(*) AS posts FROM clean GROUP BY author ORDER BY posts DESC LIMIT 10"
    commands.append(f'query "{ask}"{where}')
    return [Text(f"  {command} {arguments}") for arguments in commands]
