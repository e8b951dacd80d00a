"""Commands that have guesses checked by hand: draw some, and count what people said of them.

In: an archive, or a sample filled in. Out: a sample as CSV, or precision with intervals.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import ArchiveOption, OutputOption
from pipeline.cli.printing import print_rows
from pipeline.errors import SettingError

sample_app = typer.Typer(help="Draw guessed links to check by hand, and say how good they are by the answers.")


@sample_app.callback(invoke_without_command=True)
def score_sample(
    context: typer.Context,
    score: Annotated[
        Path | None,
        typer.Option("--score", metavar="FILE", help="A sample whose column `right` says yes or no."),
    ] = None,
    output: OutputOption = "table",
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Say how many of the checked links are right, with 95 % intervals, by stratum and weighted overall."""
    if context.invoked_subcommand is not None:
        return
    if score is None:
        raise SettingError("Draw a sample (sample links --n 200 > check.csv), or score one (sample --score check.csv)")
    from pipeline.evaluate.sampling import read_answers, score_links

    print_rows(score_links(read_answers(score)), "json" if json else output, limit=1000)


@sample_app.command("links")
def sample_links(
    archive: ArchiveOption = Path("parquet"),
    n: Annotated[int, typer.Option("--n", min=1, help="How many links to check.")] = 200,
    seed: Annotated[int, typer.Option(help="Another one draws other links.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write; else printed.")] = None,
) -> None:
    """Write guessed links as CSV, evenly from every lens and confidence: fill in the column `right` with yes or no."""
    from pipeline.archive import open_archive
    from pipeline.evaluate.sampling import draw_links

    drawn = draw_links(open_archive(archive), n, seed)
    if out is None:
        sys.stdout.write(drawn.write_csv())
        return
    drawn.write_csv(out)
    typer.echo(f"{drawn.height} links to check in {out}: write yes or no in the column right, then give")
    typer.echo(f"threadloom sample --score {out}")
