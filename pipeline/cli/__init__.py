"""The command line: ``threadloom run`` makes an archive, the other commands read it.

In: arguments. Out: text on standard output, progress and errors on standard error, an exit code: 0 all went well,
1 it did not, 2 the command or a setting is wrong, 3 it went well but for some raw files.

>>> main(["run", "raw", "--out", "parquet"])
"""

from __future__ import annotations

import atexit
import errno
import gc
import sys
from collections.abc import Sequence

import typer

# Whatever is heavy (polars, numba, prefect, rich) is imported by the commands that need it: `--help` answers at once.
from pipeline.cli.changing import decide, enrich, forget, rebuild
from pipeline.cli.checking import audit, diff, digest, history
from pipeline.cli.models import evaluate_app, train_app
from pipeline.cli.reading import find, formats, query, tree, why
from pipeline.cli.running import run
from pipeline.cli.sampling import sample_app
from pipeline.errors import ThreadloomError

__all__ = ["app", "main"]

_UNHARMED = "What was published before is unharmed, and files that were read are not read again."
_DISK_FAILURES = {
    errno.ENOSPC: f"Make room and give the same command again. {_UNHARMED}",
    errno.EDQUOT: f"Make room and give the same command again. {_UNHARMED}",
    errno.EIO: f"The disk or the network share fails: check it, then give the same command again. {_UNHARMED}",
    errno.EROFS: "Publish into a folder that can be written to: --out FOLDER.",
    errno.EACCES: "Publish into a folder that you may write to: --out FOLDER.",
    errno.EPERM: "Publish into a folder that you may write to: --out FOLDER.",
}


app = typer.Typer(
    name="threadloom",
    help="Scraped comment dumps in, clean threaded Parquet out, with a reason for every decision.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (run, tree, why, query, find, formats, decide, forget, rebuild, enrich, audit, history, diff, digest):
    app.command()(command)
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(train_app, name="train")
app.add_typer(sample_app, name="sample")


@app.command()
def version() -> None:
    """Print the version."""
    import pipeline

    typer.echo(f"threadloom {pipeline.__version__}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The console entry: run one command and leave with its exit code."""
    # The interpreter looks for garbage once more before it ends: half a second among what polars and numba keep.
    atexit.register(gc.freeze)
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
