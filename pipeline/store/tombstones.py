"""What was forgotten, kept beside the captures so that no later dump brings it back.

In: rows of ``tables.Tombstones``. Out: all that were ever kept; captures without what they forget.

>>> add_tombstones(layout, tombstones)
"""

from __future__ import annotations

import polars as pl

from pipeline.store.durable import replacing
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import Tombstones, check_table, empty_table


def read_tombstones(layout: ArchiveLayout) -> pl.DataFrame:
    """Every tombstone: tables.Tombstones, sorted by kind and digest."""
    if not layout.tombstones.is_file():
        return empty_table(Tombstones)
    return check_table(Tombstones, pl.read_parquet(layout.tombstones))


def add_tombstones(layout: ArchiveLayout, tombstones: pl.DataFrame) -> None:
    """Keep tombstones; only the holder of the lock may call this.

    Raises:
        ContractError: the rows are not rows of tables.Tombstones.
    """
    both = pl.concat([read_tombstones(layout), check_table(Tombstones, tombstones)])
    with replacing(layout.tombstones) as temporary:
        both.unique("digest").sort("kind", "digest").write_parquet(temporary)
