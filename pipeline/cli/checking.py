"""Commands that prove an archive, and compare what it was with what it is.

In: an archive. Out: findings, runs, changes, digests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import ArchiveArgument, ArchiveOption, NamedArchive, OutputOption
from pipeline.cli.printing import open_console, print_rows, show


def audit(
    directory: ArchiveArgument = Path("parquet"),
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the raw files once more, and compare every record with the tables.")
    ] = False,
    archive: NamedArchive = None,
) -> None:
    """Recompute from the published files that nothing was lost and every table keeps its rules."""
    from rich.text import Text

    from pipeline.audit import audit_archive
    from pipeline.report import printable

    directory = archive or directory
    findings = audit_archive(directory)
    console = open_console()
    if deep:
        from pipeline.audit.deep import audit_raw

        findings += audit_raw(directory, note=lambda text: typer.echo(printable(text), err=True))
    for finding in findings:
        line = Text(f"{finding.table}  {finding.rule}", "red").append(f"  {finding.count:,} rows, e.g. ", "default")
        show(console, line.append(printable(str(finding.example)), "default"))
    if findings:
        raise typer.Exit(1)
    show(console, Text(f"{directory}: nothing is lost, and every table keeps its rules."))


def history(
    directory: ArchiveArgument = Path("parquet"), archive: NamedArchive = None, output: OutputOption = "table"
) -> None:
    """List the runs that published into an archive, with what they counted."""
    from pipeline.archive import kept_snapshots, open_archive
    from pipeline.report import list_runs

    directory = archive or directory
    print_rows(list_runs(open_archive(directory), kept_snapshots(directory)), output, limit=1000)


def diff(
    older: Annotated[str, typer.Argument(metavar="OLDER", help="A run that `history` lists as kept.")],
    newer: Annotated[
        str | None, typer.Argument(metavar="[NEWER]", help="Another such run, later; else the newest.")
    ] = None,
    archive: ArchiveOption = Path("parquet"),
    output: OutputOption = "table",
    limit: Annotated[int, typer.Option(min=1, help="Most rows of a table shown; csv and json have all.")] = 100,
) -> None:
    """Say which posts appeared, vanished, or changed their text, parent or id between two runs."""
    from pipeline.archive import open_archive
    from pipeline.report import compare_snapshots

    changes = compare_snapshots(open_archive(archive, older), open_archive(archive, newer))
    print_rows(changes, output, limit)


def digest(directory: ArchiveArgument = Path("parquet"), archive: NamedArchive = None) -> None:
    """Print a digest of every table: equal for equal rows, order and values."""
    from pipeline.archive import open_archive
    from pipeline.ids import digest_chunks

    digests = open_archive(archive or directory).digest()
    for name, value in digests.items():
        typer.echo(f"{value}  {name}")
    total = digest_chunks(f"{name} {value}\n".encode() for name, value in digests.items())
    typer.echo(f"{total}  all")
