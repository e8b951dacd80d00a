"""Tables made from a snapshot after it was published.

In: rows. Out: ``enriched/<run_id>/<table>/part-*.parquet``, which goes with the snapshot of that run.

>>> write_enriched(Path("parquet"), run_id, "languages", rows)
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.errors import ArchiveError
from pipeline.store.durable import remove_folder
from pipeline.store.layout import TEMPORARY, ArchiveLayout
from pipeline.store.lock import archive_lock
from pipeline.store.write import write_table
from pipeline.tables import ENRICHED


def write_enriched(archive: Path, run_id: str, name: str, rows: pl.DataFrame) -> None:
    """Puts a table of ``tables.ENRICHED`` beside a snapshot, in place of an earlier one.

    Raises:
        ArchiveError: the snapshot was replaced meanwhile, or a run is writing.
    """
    layout = ArchiveLayout(archive)
    with archive_lock(layout):
        if layout.current_run_id() != run_id:
            raise ArchiveError(f"{archive}: a run has published meanwhile; give the same command again.")
        target = layout.enriched(run_id) / name
        folder = target.with_name(name + TEMPORARY)
        for left in (folder, target):
            if left.exists():
                remove_folder(left)
        folder.mkdir(parents=True)
        write_table(name, rows, folder)
        folder.rename(target)


def scan_enriched(snapshot: Path, name: str) -> pl.LazyFrame:
    """A table that was made of a snapshot.

    Raises:
        ArchiveError: it was not made, or not since that snapshot was published.
    """
    layout = ArchiveLayout(snapshot.parent.parent)
    if name not in find_enriched(snapshot):
        raise ArchiveError(
            f"{layout.root} has no table {name!r} made of what run {snapshot.name} published. Such tables are "
            f"{', '.join(ENRICHED)}: `threadloom enrich language {layout.root}` makes languages."
        )
    return pl.scan_parquet(sorted((layout.enriched(snapshot.name) / name).glob("part-*.parquet")), glob=False)


def find_enriched(snapshot: Path) -> list[str]:
    """The names of the tables that were made of a snapshot."""
    folder = ArchiveLayout(snapshot.parent.parent).enriched(snapshot.name)
    return [name for name in ENRICHED if (folder / name).is_dir()]
