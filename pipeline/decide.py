"""What people decide: which post answers which, and which posts are one.

In: an archive and a decision, or a CSV file of them. Out: the decision kept; the next run obeys it.

>>> decide("parquet", "parent_is", "4clzyoaidovkwucr", "ifk3h7u3mscfedzm", author="ada", note="she says so below")

A decision is kept against ids as they were when it was made. Every id ever published stays resolvable, so it outlives
whatever later dumps unite. Later decisions on the same posts win.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

import polars as pl

from pipeline.archive import Archive, open_archive
from pipeline.errors import ArchiveError, InputError, SettingError
from pipeline.ids import digest_columns
from pipeline.store.decisions import add_decisions
from pipeline.store.layout import ArchiveLayout
from pipeline.store.lock import archive_lock
from pipeline.tables import DECISION_KINDS, Decisions, fit_table

_COLUMNS = ("post_id", "kind", "other_id", "author", "note", "decided_at")


def decide(
    path: str | PathLike[str],
    kind: str,
    post_id: str,
    other_id: str | None,
    author: str | None = None,
    note: str | None = None,
) -> int:
    """Keep one decision, made now.

    Args:
        path: the archive.
        kind: one of ``tables.DECISION_KINDS``.
        post_id: the post it is about: an id it has or had, or a sighting of it.
        other_id: the other post; null with parent_is says that the post answers none.
        author, note: who decided, and why.

    Returns:
        1, or 0 where just this was decided before.

    Raises:
        SettingError: the kind is unknown, or the decision says nothing.
        ArchiveError: an id stands for nothing in the archive, or another run holds it.
    """
    row = {"post_id": post_id, "kind": kind, "other_id": other_id, "author": author, "note": note}
    decided_at = datetime.now(UTC)
    return _keep(Path(path), pl.DataFrame([row | {"decided_at": decided_at}], schema=_dtypes()), place=lambda _: "")


def import_decisions(path: str | PathLike[str], file: str | PathLike[str]) -> int:
    """Keep the decisions of a CSV file; returns how many were new. All of them are kept, or none.

    Args:
        path: the archive.
        file: columns post_id, kind, other_id, and optionally author, note, decided_at (ISO 8601, UTC where no zone is
            named; the time of the import where it is absent or empty).

    Raises:
        InputError: the file cannot be read, lacks a column, or has a time that is none; says in which line.
        SettingError, ArchiveError: as ``decide`` raises them, with the line.
    """
    file = Path(file)
    try:
        given = pl.read_csv(file, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{file} cannot be read as CSV: {error}") from error
    missing = [name for name in ("post_id", "kind", "other_id") if name not in given.columns]
    if missing:
        raise InputError(f"{file}, line 1: there is no column {', '.join(missing)}; it needs post_id, kind, other_id")
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in _COLUMNS if name not in given.columns]
    texts = given.with_columns(absent).select(pl.col(_COLUMNS).str.strip_chars().replace("", None))
    time = pl.col("decided_at").str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    rows = texts.with_columns(time.alias("time"))
    wrong = rows.with_row_index("line", 2).filter(pl.col("decided_at").is_not_null() & pl.col("time").is_null())
    if wrong.height:
        line, said = wrong.select("line", "decided_at").row(0)
        raise InputError(f"{file}, line {line}: {said!r} is no time; write it like 2026-01-31T12:00:00Z")
    now = pl.lit(datetime.now(UTC)).cast(pl.Datetime("us", "UTC"))
    rows = rows.with_columns(decided_at=pl.coalesce("time", now)).select(_COLUMNS)
    return _keep(Path(path), rows, place=lambda row: f"{file}, line {row + 2}: ")


def _dtypes() -> dict[str, pl.DataType]:
    return {name: column.dtype for name, column in Decisions.columns().items() if name in _COLUMNS}


def _keep(path: Path, rows: pl.DataFrame, place: Callable[[int], str]) -> int:
    archive = open_archive(path)
    known = _known_ids(archive, pl.concat([rows["post_id"], rows["other_id"]]))
    # A loop over decisions: people make them one by one, and each is answered for itself.
    for number, row in enumerate(rows.iter_rows(named=True)):
        _check(row, known, place(number))
    named = rows.with_columns(decision_id=digest_columns(rows.select(_COLUMNS), "decision"))
    layout = ArchiveLayout(path)
    with archive_lock(layout):
        return add_decisions(layout, fit_table(Decisions, named))


def _known_ids(archive: Archive, wanted: pl.Series) -> set[str]:
    """Those ids that stand for a post: its own, an earlier one, or one of its sightings."""
    ids = wanted.drop_nulls().unique().to_list()
    found = [
        archive.posts.select(id="post_id"),
        archive.aliases.filter(pl.col("table") == "posts").select(id="seed_id"),
        archive.sightings.select(id="sighting_id"),
    ]
    return set(pl.concat([frame.filter(pl.col("id").is_in(ids)) for frame in found]).collect()["id"])


def _check(row: dict[str, str | None], known: set[str], place: str) -> None:
    if row["kind"] not in DECISION_KINDS:
        raise SettingError(f"{place}{row['kind']!r} is no decision; choose from {', '.join(DECISION_KINDS)}")
    if row["other_id"] is None and row["kind"] != "parent_is":
        raise SettingError(f"{place}{row['kind']} needs another post; only parent_is may go without (it answers none)")
    if row["post_id"] == row["other_id"]:
        raise SettingError(f"{place}{row['kind']} says nothing of a post and itself")
    for name in ("post_id", "other_id"):
        if row[name] not in known and not (name == "other_id" and row[name] is None):
            raise ArchiveError(f"{place}no post has the id {row[name]}. `threadloom tree` shows the ids of posts.")
