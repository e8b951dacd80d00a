"""What an evaluation of duplicates found, for people.

In: figures of `evaluate_duplicates`. Out: rich renderables.

>>> duplicates_lines("jfleg.csv", figures)[0].plain
'jfleg.csv: 4,470 rows, 1,501 clusters of two or more, 1,498 found'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

_NAMES = {"pairs": "pairs", "b_cubed": "B³", "recapture": "recapture", "edit": "edit", "repost": "repost"}


def duplicates_lines(name: str, figures: Mapping[str, Mapping[str, float]]) -> list[RenderableType]:
    """A heading and a table: precision, recall and F1 of pairs, of B³, and of pairs by kind."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("measure", "precision", "recall", "F1", "true pairs"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for key, told in _NAMES.items():
        one = figures[key]
        shares = [f"{one[share]:.4f}" for share in ("precision", "recall", "f1")]
        table.add_row(told, *shares, f"{one['pairs']:,.0f}" if "pairs" in one else "")
    counts = figures["counts"]
    heading = (
        f"{name}: {counts['rows']:,} rows, {counts['clusters']:,} clusters of two or more, {counts['found']:,} found"
    )
    return [Text(heading, "bold"), table]
