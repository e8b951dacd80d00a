"""What kept captures were made by: a newer version reads raw files again, and takes over what it cannot read again.

In: the facts of kept captures. Out: which of them are of another version; those whose raw file is gone, in today's
columns.

>>> is_outdated(read_capture(layout, capture_id).facts, read_pack(layout))
False
"""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline.errors import ArchiveError, ContractError
from pipeline.ids import digest_chunks
from pipeline.ingest.readers import READERS
from pipeline.normalise.records import NORMALISER_VERSION
from pipeline.pack import ModelPack
from pipeline.store.captures import KeptCapture, rewrite_capture, update_facts
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import TABLE_VERSION, Quarantine, Records, fit_table


def made_by(kind: str | None, pack: ModelPack) -> dict[str, Any]:
    """What decides how the records of a file of this format look, as its facts keep it.

    Args:
        kind: the name of its reader; archives (zip, …), and what no reader knows (null), depend on all readers.
        pack: by whose words records are weighed.
    """
    versions = {reader.name: reader.version for reader in READERS}
    known = {kind: versions[kind]} if kind in versions else versions
    told = (f"{name} {version}\n".encode() for name, version in sorted(known.items()))
    return {
        "tables": TABLE_VERSION,
        "normaliser": NORMALISER_VERSION,
        "readers": digest_chunks(told),
        "words": pack.words_digest,
    }


def is_outdated(facts: dict[str, Any], pack: ModelPack) -> bool:
    """Whether today's version might read the raw file otherwise."""
    today: dict[str, Any] = made_by(facts["format"], pack)
    return facts.get("made") != today


def take_over(layout: ArchiveLayout, capture: KeptCapture, pack: ModelPack) -> None:
    """Give the records of an outdated capture, whose raw file is gone, today's columns; their values stay.

    Raises:
        ArchiveError: they lack what today's tables need.
    """

    def change(records: pl.DataFrame, rejected: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        return fit_table(Records, records), fit_table(Quarantine, rejected)

    try:
        kept = rewrite_capture(layout, capture.capture_id, change)
    except (ContractError, pl.exceptions.PolarsError) as error:
        raise ArchiveError(
            f"{layout.root} was made by an older version, and the file {capture.facts['paths'][0]} that it read is "
            f"gone. Put the file back there, or publish what you have into another folder: --out FOLDER. ({error})"
        ) from error
    update_facts(layout, capture.capture_id, {**kept.facts, "made": made_by(kept.facts["format"], pack)})
