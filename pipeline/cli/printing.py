"""What commands print, and where to: a terminal of some width, or another program.

In: rows or renderables of `pipeline.report`. Out: text on standard output, progress on standard error.

>>> show(open_console(), Text("nothing is lost"))
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console, RenderableType

    from pipeline.cli.options import Format

_WIDTH = 240  # of tables where there is no terminal, hence no edge


def print_rows(rows: pl.DataFrame, output: Format, limit: int) -> None:
    """Rows as a table of at most `limit` of them, or all of them as CSV or JSON."""
    from pipeline.report import as_csv, as_json, as_table

    if output == "table":
        show(open_console(), as_table(rows, limit))
    else:
        sys.stdout.write(as_csv(rows) if output == "csv" else as_json(rows))


def open_console(*, errors: bool = False) -> Console:
    """A console that leaves what it is given as it is: as wide as the terminal, or wide enough for other programs."""
    from rich.console import Console

    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH
    return Console(stderr=errors, width=width, highlight=False, markup=False, emoji=False)


def show(console: Console, *parts: RenderableType) -> None:
    """Print one below the other; where another program reads, lines are not folded."""
    from rich.text import Text

    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text) and not console.is_terminal)
