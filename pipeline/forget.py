"""Forgetting: what was asked for leaves every table, index, snapshot, cache and quarantine, and does not come back.

In: an archive, and a capture, discussion, author or post. Out: the archive without it, published anew.

>>> forget("parquet", "author", "ada", source="reddit").counts["posts"]
188

Raw files are the user's own: they stay, and what was forgotten in them is not read again. What others wrote stays,
quotations of the forgotten included; those who answered a forgotten post answer an unseen one without a name.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

import orjson
import polars as pl

from pipeline.archive import open_archive
from pipeline.settings import RunParameters, Settings
from pipeline.steps import RunSummary, StepReport, hold_archive, run_direct
from pipeline.steps.forgotten import Forgettable, bury, find_forgotten
from pipeline.store.layout import ArchiveLayout


def forget(
    path: str | PathLike[str],
    kind: Forgettable,
    name: str,
    source: str | None = None,
    progress: Callable[[StepReport], None] | None = None,
) -> RunSummary:
    """Forget, and publish the archive without it; earlier snapshots go, as they show it.

    Args:
        path: the archive.
        kind: what is to be forgotten.
        name: an id (of a post, a discussion or a capture; earlier ids and sightings count), the path of a capture, or
            an author's name.
        source: of an author: the site whose author it is; null: of all.
        progress: told each step's report as it comes.

    Raises:
        ArchiveError: the archive holds nothing of it, or another run holds the archive.
    """
    folder = Path(path)
    said = open_archive(folder).runs.select(pl.col("settings").last()).collect().item()
    settings = Settings.model_validate(orjson.loads(said))
    parameters = RunParameters(raw=[], out=folder, settings=settings)
    with hold_archive(parameters):
        bury(ArchiveLayout(folder), find_forgotten(folder, kind, name, source))
    return run_direct(parameters, progress)
