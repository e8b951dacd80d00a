"""The command line: ``threadloom run`` makes an archive, the other commands read it.

In: arguments. Out: text on standard output, progress and errors on standard error, an exit code: 0 all went well,
1 it did not, 2 the command or a setting is wrong, 3 it went well but for some raw files.

>>> main(["run", "raw", "--out", "parquet"])
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.errors import SettingError, ThreadloomError

# Whatever is heavy (polars, numba, prefect, rich) is imported by the commands that need it: `--help` answers at once.
if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console, RenderableType

    from pipeline.settings import RunParameters
    from pipeline.steps import RunSummary

Listing = Literal["auto", "page", "time"]
_LENSES = "explicit, indent, page-meta, page-text, time-meta, time-text"
Markup = Literal["plain", "markdown", "html", "bbcode", "mediawiki"]
Format = Literal["table", "csv", "json"]
Forgettable = Literal["post", "author", "discussion", "capture"]
Enrichment = Literal["language"]
Decision = Literal["parent_is", "parent_is_not", "same_as", "not_same_as"]

_WIDTH = 240  # of tables where there is no terminal, hence no edge

app = typer.Typer(
    name="threadloom",
    help="Scraped comment dumps in, clean threaded Parquet out, with a reason for every decision.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

OutputOption = Annotated[Format, typer.Option("--format", help="How to print the rows.")]
ArchiveOption = Annotated[Path, typer.Option("--archive", help="Folder that a run has published into.")]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", metavar="RUN", help="A run that `history` lists as kept; else the newest.")
]
ArchiveArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that a run has published into.")]

_UNHARMED = "What was published before is unharmed, and files that were read are not read again."
_DISK_FAILURES = {
    errno.ENOSPC: f"Make room and give the same command again. {_UNHARMED}",
    errno.EDQUOT: f"Make room and give the same command again. {_UNHARMED}",
    errno.EIO: f"The disk or the network share fails: check it, then give the same command again. {_UNHARMED}",
    errno.EROFS: "Publish into a folder that can be written to: --out FOLDER.",
    errno.EACCES: "Publish into a folder that you may write to: --out FOLDER.",
    errno.EPERM: "Publish into a folder that you may write to: --out FOLDER.",
}


@app.command()
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
    workers: Annotated[int, typer.Option(min=1, max=256, help="Tasks at the same time.")] = 2,
    buckets: Annotated[int, typer.Option(min=1, max=4096, help="Parts of the work; more need less memory.")] = 16,
    memory: Annotated[int, typer.Option(min=1, help="MiB that matching duplicates may use.")] = 1024,
    keep_snapshots: Annotated[int, typer.Option(min=1, help="Published snapshots to keep.")] = 3,
    others: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other setting: edit_similarity=0.85.")
    ] = None,
) -> None:
    """Read raw dumps and publish clean, threaded tables."""
    from pipeline.settings import RunParameters, load_settings

    columns = _pairs(renames, "--map")
    reading = {"format": format_name, "source": source, "columns": columns, "listing": listing, "markup": markup}
    # What the options above set is not to be set twice in two spellings.
    extra = _pairs(others, "--set")
    if taken := sorted(reading.keys() & extra.keys()):
        raise SettingError(f"--set {taken[0]}=… has an option of its own: see `threadloom run --help`")
    settings = load_settings(**reading, **extra)
    parameters = RunParameters(
        raw=raw,
        out=out,
        settings=settings,
        workers=workers,
        buckets=buckets,
        memory=memory,
        keep_snapshots=keep_snapshots,
    )
    summary = _carry_out(parameters, direct=direct)
    _tell(summary, out)
    if summary.failed_captures:
        raise typer.Exit(3)


@app.command()
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
    console = _console()
    if which is not None:
        _show(console, *tree_lines(tables, which, limit=limit))
        return
    found = largest_discussions(tables, min(limit, 20))
    for row in found.iter_rows(named=True):
        line = Text(f"{row['discussion_id']}  ", "dim").append(
            f"{count_words(row['n_posts'], 'post'):>12}  ", "default"
        )
        _show(console, line.append(first_words(row["title"], 80) or "(no title)", "bold"))
    if found.height:
        console.print()
        _show(console, *tree_lines(tables, found["discussion_id"][0], limit=min(limit, 40)))


@app.command()
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

    _show(_console(), *why_lines(open_archive(archive, snapshot), post_id))


@app.command()
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
    _print_rows(rows, output, limit)


@app.command()
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
    console = _console()
    for row in found.head(limit).iter_rows(named=True):
        line = Text(f"{share_words(row['similarity']):>6}  ").append(f"{row['post_id']}  ", "dim")
        line.append(f"{first_words(row['author'], 24)}  " if row["author"] else "", "cyan")
        _show(console, line.append(first_words(row["text"], 100)))
    if found.is_empty():
        _show(console, Text("No post says nearly that. A lower --at-least finds what is less alike."))
    elif found.height > limit:
        _show(console, Text(f"… and {count_words(found.height - limit, 'more post')}", "dim"))


@app.command()
def formats() -> None:
    """List the formats that can be read."""
    from pipeline.ingest import list_formats
    from pipeline.report import as_table

    _show(_console(), as_table(list_formats(), 1000))


@app.command()
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


@app.command()
def forget(
    kind: Annotated[Forgettable, typer.Argument(metavar="KIND", help="post, author, discussion or capture.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="An id, an author's name, or the path of a capture.")],
    archive: ArchiveOption = Path("parquet"),
    source: Annotated[str | None, typer.Option(help="Of an author: the site; else all sites.")] = None,
) -> None:
    """Remove something from everything that is kept, for good: the next scrape does not bring it back."""
    from pipeline.forget import forget as forget_for_good
    from pipeline.report.progress import RunProgress

    with RunProgress(_console(errors=True), "forgetting") as progress:
        summary = forget_for_good(archive, kind, name, source, progress)
    typer.echo(f"{archive} is published without it, as run {summary.run_id}; the raw files are yours to clean.")


@app.command()
def enrich(
    kind: Annotated[Enrichment, typer.Argument(metavar="KIND", help="language: which language each post is in.")],
    directory: ArchiveArgument = Path("parquet"),
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="A language that is less sure than this is null.")
    ] = 0.5,
    output: OutputOption = "table",
) -> None:
    """Make a table that is no part of a run from what was published; offline. It goes with its snapshot."""
    from pipeline.enrich import enrich_language

    makers = {"language": enrich_language}
    _print_rows(makers[kind](directory, confidence), output, limit=200)


@app.command()
def audit(
    directory: ArchiveArgument = Path("parquet"),
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the raw files once more, and compare every record with the tables.")
    ] = False,
) -> None:
    """Recompute from the published files that nothing was lost and every table keeps its rules."""
    from rich.text import Text

    from pipeline.audit import audit_archive
    from pipeline.report import printable

    findings = audit_archive(directory)
    console = _console()
    if deep:
        from pipeline.audit.deep import audit_raw

        findings += audit_raw(directory, note=lambda text: typer.echo(printable(text), err=True))
    for finding in findings:
        line = Text(f"{finding.table}  {finding.rule}", "red").append(f"  {finding.count:,} rows, e.g. ", "default")
        _show(console, line.append(printable(str(finding.example)), "default"))
    if findings:
        raise typer.Exit(1)
    _show(console, Text(f"{directory}: nothing is lost, and every table keeps its rules."))


@app.command()
def history(directory: ArchiveArgument = Path("parquet"), output: OutputOption = "table") -> None:
    """List the runs that published into an archive, with what they counted."""
    from pipeline.archive import kept_snapshots, open_archive
    from pipeline.report import list_runs

    _print_rows(list_runs(open_archive(directory), kept_snapshots(directory)), output, limit=1000)


@app.command()
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
    _print_rows(changes, output, limit)


@app.command()
def digest(directory: ArchiveArgument = Path("parquet")) -> None:
    """Print a digest of every table: equal for equal rows, order and values."""
    from pipeline.archive import open_archive
    from pipeline.ids import digest_chunks

    digests = open_archive(directory).digest()
    for name, value in digests.items():
        typer.echo(f"{value}  {name}")
    total = digest_chunks(f"{name} {value}\n".encode() for name, value in digests.items())
    typer.echo(f"{total}  all")


evaluate_app = typer.Typer(help="Measure what the models find, on corpora whose parents are known.")
app.add_typer(evaluate_app, name="evaluate")
train_app = typer.Typer(help="Make model packs from corpora whose parents are known.")
app.add_typer(train_app, name="train")

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
    submissions: Annotated[bool, typer.Option(help="Show what each thread hangs under, where it is known.")] = False,
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
                _show(_console(), *evaluation_lines(found[-1]))
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

    figures = evaluate_duplicates(read_labelled(file), load_settings(**_pairs(others, "--set")))
    if as_json or output != "table":
        typer.echo(json.dumps(figures, indent=2))
    else:
        _show(_console(), *duplicates_lines(file.name, figures))


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


@app.command()
def version() -> None:
    """Print the version."""
    import pipeline

    typer.echo(f"threadloom {pipeline.__version__}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The console entry: run one command and leave with its exit code."""
    try:
        app(args=arguments)
    except ThreadloomError as error:
        typer.echo(f"threadloom: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _DISK_FAILURES:
            raise
        where = f" ({error.filename})" if error.filename else ""
        typer.echo(f"threadloom: {error.strerror}{where}. {_DISK_FAILURES[error.errno]}", err=True)
        sys.exit(1)


def _carry_out(parameters: RunParameters, *, direct: bool) -> RunSummary:
    from pipeline.report.progress import RunProgress

    with RunProgress(_console(errors=True), "looking for new files") as progress:
        if direct:
            from pipeline.steps import run_direct

            return run_direct(parameters, progress)
        from flows.run import run_flow

        return run_flow(parameters, progress)


def _tell(summary: RunSummary, out: Path) -> None:
    from pipeline.archive import open_archive
    from pipeline.report import summary_parts

    _show(_console(), *summary_parts(open_archive(out), out, summary, _own_name()))


def _own_name() -> str:
    """How this program is called from where the user stands: by its path where its folder is not searched."""
    called = Path(sys.argv[0])
    if called.name != "threadloom" or shutil.which("threadloom"):
        return "threadloom"
    return os.path.relpath(called)


def _pairs(given: Iterable[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for item in given or ():
        name, equals, value = item.partition("=")
        if not (name and equals and value):
            raise SettingError(f"{option} {item!r} is not of the form NAME=VALUE")
        if name in pairs:
            raise SettingError(f"{option} names {name} twice")
        pairs[name] = value
    return pairs


def _print_rows(rows: pl.DataFrame, output: Format, limit: int) -> None:
    from pipeline.report import as_csv, as_json, as_table

    if output == "table":
        _show(_console(), as_table(rows, limit))
    else:
        sys.stdout.write(as_csv(rows) if output == "csv" else as_json(rows))


def _console(*, errors: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH
    return Console(stderr=errors, width=width, highlight=False, markup=False, emoji=False)


def _show(console: Console, *parts: RenderableType) -> None:
    """Print one below the other; where another program reads, lines are not folded."""
    from rich.text import Text

    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text) and not console.is_terminal)


if __name__ == "__main__":
    main()
