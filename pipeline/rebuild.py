"""Rebuilding: an archive is moved to another model pack, and everything in it is decided anew.

In: an archive, and a pack. Out: the archive, published by that pack.

>>> rebuild("parquet", "my-site").counts["posts"]
190

Raw files are read again where the pack weighs words otherwise and they are still where they were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipeline.archive import open_archive
from pipeline.ids import digest_file
from pipeline.settings import RunParameters, Settings
from pipeline.steps import RunSummary, StepReport, hold_archive, run_direct
from pipeline.steps.made import is_outdated
from pipeline.store.captures import kept_captures
from pipeline.store.layout import ArchiveLayout
from pipeline.store.pinned import move_to_pack


def rebuild(path: str | PathLike[str], pack: str, progress: Callable[[StepReport], None] | None = None) -> RunSummary:
    """Pin an archive to a pack and publish it by that.

    Args:
        path: the archive.
        pack: name of a shipped pack, or the folder of one.
        progress: told each step's report as it comes.

    Raises:
        SettingError: there is no such pack.
        ArchiveError: there is no archive, or another run holds it.
    """
    folder = Path(path)
    said = open_archive(folder).runs.select(pl.col("settings").last()).collect().item()
    settings = Settings.model_validate(orjson.loads(said))
    layout = ArchiveLayout(folder)
    with hold_archive(RunParameters(raw=[], out=folder, settings=settings)):
        moved = move_to_pack(layout, pack)
        reading = settings.read.model_dump(mode="json")
        outdated = [one for one in kept_captures(layout) if is_outdated(one.facts, moved)]
        raw = [file for one in outdated for file in _find_raw(one.capture_id, one.facts, reading)]
    return run_direct(RunParameters(raw=raw, out=folder, settings=settings), progress)


def _find_raw(capture_id: str, facts: dict[str, Any], reading: dict[str, Any]) -> Iterator[Path]:
    """Where a capture's raw file still is, unchanged, where it was read by these settings."""
    if facts["read"] != reading:
        return
    for file in map(Path, facts["paths"]):
        if file.is_file() and digest_file(file) == capture_id:
            yield file
            return
