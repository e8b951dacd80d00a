"""Commands about models: how good they are on corpora whose truth is known, and how to train or adapt them.

In: corpora. Out: figures, or the folder of a model pack.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import OutputOption, split_pairs
from pipeline.cli.printing import open_console, show
from pipeline.errors import SettingError

_LENSES = "explicit, indent, page-meta, page-text, time-meta, time-text"

evaluate_app = typer.Typer(help="Measure what the models find, on corpora whose parents are known.")
train_app = typer.Typer(help="Make model packs from corpora whose parents are known.")

CorporaArgument = Annotated[
    list[Path],
    typer.Argument(metavar="CORPUS...", help="Parquet files of posts whose parents are known."),
]


@evaluate_app.command("links")
def evaluate_parents(
    corpora: CorporaArgument,
    lenses: Annotated[list[str], typer.Option("--lens", help=f"What a dump shows: {_LENSES}; may be given again.")],
    pack: Annotated[str, typer.Option(help="Model pack: its name or its folder.")] = "default",
    split: Annotated[str, typer.Option(help="Which rows count.")] = "dev",
    fewest: Annotated[int, typer.Option(min=1, help="Fewest posts of a thread that counts.")] = 2,
    most: Annotated[int, typer.Option(min=1, help="Most posts of a thread that counts.")] = 1_000_000,
    submissions: Annotated[bool, typer.Option(help="Show what each thread hangs under, where it is known.")] = True,
    output: OutputOption = "table",
    plot: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for a reliability diagram (SVG) of each corpus and lens.")
    ] = None,
) -> None:
    """Hide parents as a dump would, find them again, and say how many came out right, beside two baselines."""
    from pipeline.evaluate import draw_reliability, judge_links
    from pipeline.pack import load_pack
    from pipeline.reconstruct.corpus import View
    from pipeline.report.evaluation import evaluation_json, evaluation_lines

    view, found = View(submission=1.0 if submissions else 0.0), []
    for corpus in corpora:
        for lens in lenses:
            try:
                found.append(judge_links(corpus, lens, load_pack(pack), None, split, fewest, most, view))
            except ValueError as error:
                raise SettingError(str(error)) from error
            if output == "table":
                show(open_console(), *evaluation_lines(found[-1]))
            if plot is not None:
                plot.mkdir(parents=True, exist_ok=True)
                drawn = draw_reliability(f"{corpus.stem}, {lens}", found[-1].bins, found[-1].risk)
                (plot / f"{corpus.stem}-{lens}.svg").write_text(drawn, encoding="utf-8")
    if output != "table":
        sys.stdout.write(evaluation_json(found))


@evaluate_app.command("duplicates")
def evaluate_repetitions(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV, JSON lines or Parquet: id, text, cluster; optional author, created_at, discussion_id.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    output: OutputOption = "table",
    others: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting: edit_similarity=0.85.")
    ] = None,
) -> None:
    """Find duplicates in a table whose clusters are known, and say how many are right."""
    import json

    from pipeline.evaluate.duplicates import evaluate_duplicates, read_labelled
    from pipeline.report.duplicates import duplicates_lines
    from pipeline.settings import load_settings

    figures = evaluate_duplicates(read_labelled(file), load_settings(**split_pairs(others, "--set")))
    if as_json or output != "table":
        typer.echo(json.dumps(figures, indent=2))
    else:
        show(open_console(), *duplicates_lines(file.name, figures))


@train_app.command("links")
def train_parents(
    corpora: CorporaArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder of the pack that is made.")],
    name: Annotated[str, typer.Option(help="Name of the pack, as runs record it.")] = "own-1",
    date: Annotated[str | None, typer.Option(help="Date that its card tells; else today.")] = None,
    lenses: Annotated[
        list[str] | None, typer.Option("--lens", help="Lens, or chat or mail; may be given again. Else all.")
    ] = None,
    adapt: Annotated[
        bool, typer.Option("--adapt", help="Adapt a pack to a site with a few of its threads (twenty will do).")
    ] = False,
    pack: Annotated[str, typer.Option(help="With --adapt, what to start from: name or folder.")] = "default",
    trees: Annotated[int | None, typer.Option(min=1, help="Trees of the second pass over pages.")] = None,
) -> None:
    """Train the models that find parents, or adapt those there are; the same corpora give the same bytes."""
    from datetime import UTC, datetime

    from pipeline.train import LENSES, train_links
    from pipeline.train.adapting import adapt_links

    told = date or datetime.now(UTC).date().isoformat()
    if wrong := [lens for lens in lenses or () if lens not in LENSES]:
        raise SettingError(f"There is no lens {wrong[0]} to train; there are: {', '.join(LENSES)}")
    if adapt:
        adapt_links(corpora, out, name, told, lenses, pack, say=typer.echo)
        return
    train_links(corpora, out, name, told, lenses or LENSES, trees=trees, say=lambda text: typer.echo(text, err=True))
    typer.echo(f"{out} holds the pack {name}; {out / 'card.md'} says how well it does.")
