"""Decisions by people, kept beside the captures: no run makes them, every run obeys them.

In: rows of ``tables.Decisions``. Out: the same rows, all that were ever kept, in one file that is replaced whole.

>>> add_decisions(layout, decisions)
1
"""

from __future__ import annotations

import polars as pl

from pipeline.store.durable import replacing
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import SORT_KEYS, Decisions, check_table, empty_table


def read_decisions(layout: ArchiveLayout) -> pl.DataFrame:
    """Every decision kept: tables.Decisions, the latest last, equal times by decision_id."""
    if not layout.decisions.is_file():
        return empty_table(Decisions)
    return check_table(Decisions, pl.read_parquet(layout.decisions))


def add_decisions(layout: ArchiveLayout, decisions: pl.DataFrame) -> int:
    """Keep decisions; only the holder of the lock may call this. Returns how many of them were new.

    Raises:
        ContractError: the rows are not rows of tables.Decisions.
    """
    kept = read_decisions(layout)
    both = pl.concat([kept, check_table(Decisions, decisions)]).unique("decision_id")
    if both.height > kept.height:
        keep_decisions(layout, both)
    return both.height - kept.height


def keep_decisions(layout: ArchiveLayout, decisions: pl.DataFrame) -> None:
    """Keep these decisions and no others; only the holder of the lock may call this."""
    with replacing(layout.decisions) as temporary:
        check_table(Decisions, decisions).sort(SORT_KEYS["decisions"]).write_parquet(temporary)
