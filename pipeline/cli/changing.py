"""Commands that change what later runs know, or add to what was published.

In: an archive, and what a person knows or wants. Out: decisions, a snapshot without what is forgotten, more tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.options import ArchiveArgument, ArchiveOption, NamedArchive, OutputOption
from pipeline.cli.printing import open_console, print_rows
from pipeline.errors import SettingError

Forgettable = Literal["post", "author", "discussion", "capture"]
Enrichment = Literal["language"]
Decision = Literal["parent_is", "parent_is_not", "same_as", "not_same_as"]


def decide(
    kind: Annotated[
        Decision | None, typer.Argument(metavar="[KIND]", help="parent_is, parent_is_not, same_as or not_same_as.")
    ] = None,
    post_id: Annotated[str | None, typer.Argument(metavar="[POST_ID]", help="The post it is about.")] = None,
    other_id: Annotated[
        str | None, typer.Argument(metavar="[OTHER_ID]", help="The other post; without it, parent_is says: none.")
    ] = None,
    archive: ArchiveOption = Path("parquet"),
    author: Annotated[str | None, typer.Option(help="Who decides; by default who is logged in.")] = None,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--import", metavar="CSV", help="Decisions: post_id, kind, other_id, author, note, decided_at."),
    ] = None,
) -> None:
    """Say which post answers which, or which sightings are one post; the next run obeys it."""
    import getpass

    from pipeline import decide as decisions

    if file is not None and kind is None:
        count = decisions.import_decisions(archive, file)
    elif file is None and kind is not None and post_id is not None:
        count = decisions.decide(archive, kind, post_id, other_id, author or getpass.getuser(), note)
    else:
        raise SettingError("Name a decision (parent_is POST_ID OTHER_ID), or a file of them (--import CSV)")
    typer.echo(f"{count} new; the next `threadloom run RAW... --out {archive}` obeys.")


def forget(
    kind: Annotated[Forgettable, typer.Argument(metavar="KIND", help="post, author, discussion or capture.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="An id, an author's name, or the path of a capture.")],
    archive: ArchiveOption = Path("parquet"),
    source: Annotated[str | None, typer.Option(help="Of an author: the site; else all sites.")] = None,
) -> None:
    """Remove something from everything that is kept, for good: the next scrape does not bring it back."""
    from pipeline.forget import forget as forget_for_good
    from pipeline.report.progress import RunProgress

    with RunProgress(open_console(errors=True), "forgetting") as progress:
        summary = forget_for_good(archive, kind, name, source, progress)
    typer.echo(f"{archive} is published without it, as run {summary.run_id}; the raw files are yours to clean.")


def rebuild(
    pack: Annotated[str, typer.Option(help="Model pack to decide by from now on: its name or its folder.")],
    archive: ArchiveOption = Path("parquet"),
) -> None:
    """Move an archive to another model pack: everything in it is decided anew. Ids that were published stay known."""
    from pipeline.rebuild import rebuild as rebuild_by
    from pipeline.report.progress import RunProgress

    with RunProgress(open_console(errors=True), "rebuilding") as progress:
        summary = rebuild_by(archive, pack, progress)
    for note in summary.notes:
        typer.echo(note)
    typer.echo(f"{archive} is published by the pack {pack}, as run {summary.run_id}.")


def enrich(
    kind: Annotated[Enrichment, typer.Argument(metavar="KIND", help="language: which language each post is in.")],
    directory: ArchiveArgument = Path("parquet"),
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="A language that is less sure than this is null.")
    ] = 0.5,
    archive: NamedArchive = None,
    output: OutputOption = "table",
) -> None:
    """Make a table that is no part of a run from what was published; offline. It goes with its snapshot."""
    from pipeline.enrich import enrich_language

    makers = {"language": enrich_language}
    print_rows(makers[kind](archive or directory, confidence), output, limit=200)
