"""``run``: raw dumps become an archive, with Prefect or without.

In: files and folders. Out: a published snapshot, a summary of it, exit code 3 where some files could not be read.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.options import split_pairs
from pipeline.cli.printing import open_console, show
from pipeline.errors import SettingError

if TYPE_CHECKING:
    from pipeline.settings import RunParameters
    from pipeline.steps import RunSummary

Listing = Literal["auto", "page", "time"]
Markup = Literal["plain", "markdown", "html", "bbcode", "mediawiki"]


def run(
    raw: Annotated[list[Path], typer.Argument(metavar="RAW...", help="Files and folders to read.")],
    out: Annotated[Path, typer.Option("--out", help="Archive to publish into; made where there is none.")] = Path(
        "parquet"
    ),
    direct: Annotated[
        bool, typer.Option("--direct", help="The same steps without Prefect, which starts sooner.")
    ] = False,
    format_name: Annotated[
        str | None, typer.Option("--format", help="Reader for every file (see `formats`); else found from the content.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Name of the site whose ids a table holds: one name over all its dumps.")
    ] = None,
    renames: Annotated[
        list[str] | None, typer.Option("--map", metavar="THEIRS=OURS", help="A table's own column name: body=text.")
    ] = None,
    listing: Annotated[
        Listing, typer.Option(help="What the order of rows is: page (depth first), time, or auto.")
    ] = "auto",
    markup: Annotated[Markup, typer.Option(help="What the texts of a table are written in.")] = "plain",
    pack: Annotated[
        str | None, typer.Option(help="Model pack of a new archive, by name or folder; else the one that ships.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Tasks at the same time.")] = 2,
    buckets: Annotated[int, typer.Option(min=1, max=4096, help="Parts of the work; more need less memory.")] = 16,
    memory: Annotated[int, typer.Option(min=1, help="MiB that matching duplicates may use.")] = 1024,
    keep_snapshots: Annotated[int, typer.Option(min=1, help="Published snapshots to keep.")] = 3,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Read files again that nobody touched since a run last read them.")
    ] = False,
    others: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other setting: edit_similarity=0.85.")
    ] = None,
) -> None:
    """Read raw dumps and publish clean, threaded tables."""
    from pipeline.settings import RunParameters, load_settings

    columns = split_pairs(renames, "--map")
    reading = {"format": format_name, "source": source, "columns": columns, "listing": listing, "markup": markup}
    # What the options above set is not to be set twice in two spellings.
    extra = split_pairs(others, "--set")
    if taken := sorted(reading.keys() & extra.keys()):
        raise SettingError(f"--set {taken[0]}=… has an option of its own: see `threadloom run --help`")
    settings = load_settings(**reading, **extra)
    parameters = RunParameters(
        raw=raw,
        out=out,
        settings=settings,
        pack=pack,
        workers=workers,
        buckets=buckets,
        memory=memory,
        keep_snapshots=keep_snapshots,
        rehash=rehash,
    )
    summary = _carry_out(parameters, direct=direct)
    _tell(summary, out)
    if summary.failed_captures:
        raise typer.Exit(3)


def _carry_out(parameters: RunParameters, *, direct: bool) -> RunSummary:
    # The OpenBLAS of numpy and that of scipy each start threads that wait busily for products nobody asks for here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Importing makes many objects that stay: looking for garbage among them takes a fifth of the time to start. Later
    # on columns hold the data: little garbage, seldom looked for.
    gc.disable()
    from pipeline.report.progress import RunProgress
    from pipeline.steps.ahead import compile_ahead

    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 100)
    with compile_ahead(), RunProgress(open_console(errors=True), "looking for new files") as progress:
        if direct:
            from pipeline.steps import run_direct

            return run_direct(parameters, progress)
        from flows.run import run_flow

        return run_flow(parameters, progress)


def _tell(summary: RunSummary, out: Path) -> None:
    from pipeline.archive import open_archive
    from pipeline.report import summary_parts

    show(open_console(), *summary_parts(open_archive(out), out, summary, _own_name()))


def _own_name() -> str:
    """How this program is called from where the user stands: by its path where its folder is not searched."""
    called = Path(sys.argv[0])
    if called.name != "threadloom" or shutil.which("threadloom"):
        return "threadloom"
    return os.path.relpath(called)
