"""Commands that show what was published: trees, reasons, rows.

In: an archive, or one of its kept snapshots. Out: what was asked for, as lines, a table, CSV or JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import ArchiveOption, OutputOption, SnapshotOption
from pipeline.cli.printing import open_console, print_rows, show
from pipeline.errors import SettingError


def tree(
    which: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Discussion, thread or post; without it: the largest discussions."),
    ] = None,
    archive: ArchiveOption = Path("parquet"),
    snapshot: SnapshotOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Most posts (or discussions) shown.")] = 200,
) -> None:
    """Show who answers whom, with the confidence of guessed links."""
    from rich.text import Text

    from pipeline.archive import open_archive
    from pipeline.report import count_words, first_words, largest_discussions, tree_lines

    tables = open_archive(archive, snapshot)
    console = open_console()
    if which is not None:
        show(console, *tree_lines(tables, which, limit=limit))
        return
    found = largest_discussions(tables, min(limit, 20))
    for row in found.iter_rows(named=True):
        line = Text(f"{row['discussion_id']}  ", "dim").append(
            f"{count_words(row['n_posts'], 'post'):>12}  ", "default"
        )
        show(console, line.append(first_words(row["title"], 80) or "(no title)", "bold"))
    if found.height:
        console.print()
        show(console, *tree_lines(tables, found["discussion_id"][0], limit=min(limit, 40)))


def why(
    post_id: Annotated[
        str, typer.Argument(metavar="POST_ID", help="A post, an earlier id of it, or a sighting of it.")
    ],
    archive: ArchiveOption = Path("parquet"),
    snapshot: SnapshotOption = None,
) -> None:
    """Say in words why a post is one post, why it answers what it answers, and what else was possible."""
    from pipeline.archive import open_archive
    from pipeline.report import why_lines

    show(open_console(), *why_lines(open_archive(archive, snapshot), post_id))


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="polars SQL over the tables and `clean`.")],
    archive: ArchiveOption = Path("parquet"),
    snapshot: SnapshotOption = None,
    output: OutputOption = "table",
    limit: Annotated[int, typer.Option(min=1, help="Most rows of a table shown; csv and json have all.")] = 100,
) -> None:
    """Ask the tables: SELECT author, count(*) AS n FROM clean GROUP BY author ORDER BY n DESC."""
    import polars as pl

    from pipeline.archive import open_archive

    tables = open_archive(archive, snapshot)
    try:
        rows = tables.sql(sql)
    except pl.exceptions.PolarsError as error:
        names = ", ".join(tables.tables())
        raise SettingError(f"The query cannot be run: {error}\nTables: {names}") from error
    print_rows(rows, output, limit)


def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A text as somebody may have posted it.")],
    archive: ArchiveOption = Path("parquet"),
    snapshot: SnapshotOption = None,
    at_least: Annotated[float, typer.Option(min=0, max=1, help="Least likeness of the words (edit ratio).")] = 0.5,
    limit: Annotated[int, typer.Option(min=1, help="Most posts shown.")] = 20,
) -> None:
    """Find posts that say nearly the same as a text."""
    from rich.text import Text

    from pipeline.archive import open_archive
    from pipeline.report import count_words, first_words, share_words
    from pipeline.report.find import find_posts

    found = find_posts(open_archive(archive, snapshot), text, at_least=at_least)
    console = open_console()
    for row in found.head(limit).iter_rows(named=True):
        line = Text(f"{share_words(row['similarity']):>6}  ").append(f"{row['post_id']}  ", "dim")
        line.append(f"{first_words(row['author'], 24)}  " if row["author"] else "", "cyan")
        show(console, line.append(first_words(row["text"], 100)))
    if found.is_empty():
        show(console, Text("No post says nearly that. A lower --at-least finds what is less alike."))
    elif found.height > limit:
        show(console, Text(f"… and {count_words(found.height - limit, 'more post')}", "dim"))


def formats() -> None:
    """List the formats that can be read."""
    from pipeline.ingest import list_formats
    from pipeline.report import as_table

    show(open_console(), as_table(list_formats(), 1000))
