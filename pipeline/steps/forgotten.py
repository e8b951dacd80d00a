"""What is to be forgotten: found, marked for good, and taken out of all that is kept of captures.

In: an archive, and a capture, discussion, author or post. Out: tombstones; captures without what they name.

>>> bury(layout, find_forgotten(Path("parquet"), "author", "ada", source="reddit"))

Tombstones are kept before anything is removed, so that the next run finishes whatever was begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from pipeline.archive import Archive, open_archive
from pipeline.errors import ArchiveError
from pipeline.ids import digest_texts
from pipeline.normalise.authors import fold_authors
from pipeline.normalise.forgotten import (
    drop_forgotten,
    empty_rejected,
    mark_author,
    mark_rejected,
    mark_tombstones,
)
from pipeline.store.captures import drop_capture, kept_captures, rewrite_capture, scan_quarantine, scan_record_parts
from pipeline.store.decisions import keep_decisions, read_decisions
from pipeline.store.layout import ArchiveLayout
from pipeline.store.tombstones import add_tombstones, read_tombstones
from pipeline.tables import Tombstones, fit_table

Forgettable = Literal["capture", "discussion", "author", "post"]

_OF_POST = ("post", "words", "said")


@dataclass(frozen=True)
class Forgotten:
    """What is to be forgotten.

    Attributes:
        sightings: their ids.
        names: what people may have written of it (an author's name, native ids): where a rejected record holds one, the
            record is forgotten too.
        tombstones: tables.Tombstones.
        ids: of posts that are forgotten, old ones included: decisions on them are dropped.
    """

    sightings: pl.Series
    names: tuple[str, ...]
    tombstones: pl.DataFrame
    ids: pl.Series


def find_forgotten(path: Path, kind: Forgettable, name: str, source: str | None = None) -> Forgotten:
    """What an archive holds of something that is to be forgotten.

    Args:
        path: the archive.
        kind: what it is.
        name: an id (of a post, a discussion or a capture; earlier ids and sightings count), the path of a capture, or
            an author's name.
        source: of an author: the site whose author it is; null: of all.

    Raises:
        ArchiveError: the archive holds nothing of it.
    """
    archive, layout = open_archive(path), ArchiveLayout(path)
    shown = archive.sightings.select("sighting_id", "post_id", "capture_id", "author_raw").join(
        archive.posts.select("post_id", "discussion_id", "source", "author", "native_id"), on="post_id", how="left"
    )
    names: list[str] = []
    extra: pl.DataFrame = Tombstones.create_empty()
    marks: tuple[str, ...] = _OF_POST
    if kind == "author":
        authors = (
            shown.select(pl.concat_list("author", "author_raw").explode()).unique().collect().to_series().drop_nulls()
        )
        same = authors.filter(fold_authors(authors) == fold_authors(pl.Series([name])).item())
        of_author = pl.any_horizontal(pl.col("author", "author_raw").is_in(same.implode()))
        found = shown.filter(of_author if source is None else of_author & (pl.col("source") == source)).collect()
        extra = mark_author(str(fold_authors(pl.Series([name])).item()), source)
        names = [name, *same]
    elif kind == "capture":
        captures = archive.captures.filter((pl.col("capture_id") == name) | pl.col("paths").list.contains(name))
        found = shown.join(captures.select("capture_id"), on="capture_id", how="semi").collect()
        capture_ids = captures.select("capture_id").collect().to_series()
        extra = fit_table(
            Tombstones, pl.DataFrame({"digest": digest_texts(capture_ids)}).with_columns(kind=pl.lit("capture"))
        )
        marks = ()
        if capture_ids.is_empty():
            raise ArchiveError(f"No capture of {path} has the id or path {name}")
    else:
        key = f"{kind}_id"
        today = pl.lit(archive.resolve(name), dtype=pl.String)
        found = shown.filter(pl.col(key) == today).collect()
        names = found["native_id"].drop_nulls().unique().to_list()
        marks = ("discussion", *_OF_POST) if kind == "discussion" else _OF_POST
    if found.is_empty() and kind != "capture":
        raise ArchiveError(f"The archive {path} holds no {kind} {name}")
    sightings = found["sighting_id"]
    tombstones = [extra, *_mark_kept(layout, sightings, marks), *_mark_quarantine(layout, names)]
    posts = found["post_id"] if kind != "capture" else found["post_id"].clear()
    return Forgotten(
        sightings, tuple(names), pl.concat(tombstones).unique("digest"), _ids_of(archive, posts, sightings)
    )


def bury(layout: ArchiveLayout, forgotten: Forgotten) -> None:
    """Keep the tombstones and mark that forgetting has begun; only the holder of the lock may call this."""
    layout.forgetting.touch()
    add_tombstones(layout, forgotten.tombstones)
    decisions = read_decisions(layout)
    gone = forgotten.ids.implode()
    keep_decisions(
        layout, decisions.filter(~pl.col("post_id").is_in(gone), ~pl.col("other_id").is_in(gone).fill_null(value=False))
    )


def empty_captures(layout: ArchiveLayout) -> None:
    """Take what the tombstones name out of everything that is kept of captures; twice does no more than once."""
    tombstones = read_tombstones(layout)
    whole = tombstones.filter(pl.col("kind") == "capture")["digest"]

    def change(records: pl.DataFrame, rejected: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        kept, forgotten = drop_forgotten(records, tombstones)
        emptied = empty_rejected(rejected, tombstones)
        return kept, pl.concat([emptied, forgotten.select(emptied.columns)])

    # A loop over captures, each of them whole parts of columns.
    for capture in kept_captures(layout):
        if digest_texts(pl.Series([capture.capture_id])).is_in(whole.implode()).item():
            drop_capture(layout, capture.capture_id)
        else:
            rewrite_capture(layout, capture.capture_id, change)


def _mark_kept(layout: ArchiveLayout, sightings: pl.Series, kinds: tuple[str, ...]) -> list[pl.DataFrame]:
    """Tombstones of sightings, part by part of the captures as they were ingested."""
    if not kinds:
        return []
    ids = sightings.implode()
    return [
        mark_tombstones(part, chosen, kinds)
        for part in scan_record_parts(layout)
        if (chosen := part["sighting_id"].is_in(ids)).any()
    ]


def _mark_quarantine(layout: ArchiveLayout, names: list[str]) -> list[pl.DataFrame]:
    captures = [capture.capture_id for capture in kept_captures(layout)]
    rejected = scan_quarantine(layout, captures).collect()
    if rejected.is_empty() or not names:
        return []
    needles = [pl.col("raw").bin.contains(name.encode()) for name in names if name]
    return [mark_rejected(rejected, rejected.select(pl.any_horizontal(needles)).to_series())]


def _ids_of(archive: Archive, posts: pl.Series, sightings: pl.Series) -> pl.Series:
    old = archive.aliases.filter(pl.col("id").is_in(posts.unique().implode())).select("seed_id").collect().to_series()
    return pl.concat([posts.unique(), old.rename("post_id"), sightings.rename("post_id")])
