"""The user's door: a published archive as lazy frames.

In: the folder that a run published into. Out: its tables, all of one snapshot, whatever is published meanwhile.

>>> archive = open_archive("parquet")
>>> archive.clean.group_by("author").len().collect()
>>> archive.sql("SELECT author, count(*) AS posts FROM clean GROUP BY author ORDER BY posts DESC")
"""

from __future__ import annotations

import weakref
from os import PathLike
from pathlib import Path
from typing import IO

import polars as pl

from pipeline.store.digest import digest_archive
from pipeline.store.enriched import find_enriched, scan_enriched
from pipeline.store.layout import ArchiveLayout
from pipeline.store.leases import lease_snapshot
from pipeline.store.snapshot import find_snapshot, scan_table
from pipeline.tables import PUBLISHED

# `open_archive(path).posts` leaves a frame and no Archive: what a process opened last in a folder stays until it opens
# the next one there.
_LAST_OPENED: dict[Path, Archive] = {}


class Archive:
    """One snapshot of an archive. Each attribute is a LazyFrame; ``pipeline.tables`` describes its columns.

    Attributes:
        snapshot: the folder of the snapshot, which stays the same while others are published.
        posts: distinct posts, discussions in the order in which they began, each by position.
        discussions: pages, topics, channels, lists.
        threads: reply trees.
        links: candidate parents of posts that declare none.
        sightings: records as scraped.
        duplicates: verified relations of two sightings.
        repeats: posts that say again what another said.
        captures: listings as scraped.
        quarantine: records that could not be read.
        aliases: earlier ids of posts and discussions.
        decisions: what people decided.
        runs: runs that published.

    While the object lives, runs do not remove its snapshot; so keep it as long as queries on its frames run.
    """

    posts: pl.LazyFrame
    discussions: pl.LazyFrame
    threads: pl.LazyFrame
    links: pl.LazyFrame
    sightings: pl.LazyFrame
    duplicates: pl.LazyFrame
    repeats: pl.LazyFrame
    captures: pl.LazyFrame
    quarantine: pl.LazyFrame
    aliases: pl.LazyFrame
    decisions: pl.LazyFrame
    runs: pl.LazyFrame

    def __init__(self, snapshot: Path, lease: IO[bytes] | None = None) -> None:
        self.snapshot = snapshot
        if lease is not None:
            weakref.finalize(self, lease.close)
        for name in PUBLISHED:
            setattr(self, name, scan_table(snapshot, name))

    def __repr__(self) -> str:
        return f"Archive({str(self.snapshot)!r})"

    @property
    def run_id(self) -> str:
        """The run that published this snapshot."""
        return self.snapshot.name

    @property
    def clean(self) -> pl.LazyFrame:
        """Posts without those that repeat another, that were only named by others, or that were deleted."""
        kept = self.posts.filter(~pl.col("is_placeholder"), pl.col("deleted_at").is_null())
        return kept.join(self.repeats, on="post_id", how="anti", maintain_order="left")

    def tables(self) -> dict[str, pl.LazyFrame]:
        """Every published table by name, ``clean``, and what ``threadloom enrich`` made of them."""
        made = {name: scan_enriched(self.snapshot, name) for name in find_enriched(self.snapshot)}
        return {**{name: getattr(self, name) for name in PUBLISHED}, "clean": self.clean, **made}

    def enriched(self, name: str) -> pl.LazyFrame:
        """A table made of this snapshot by ``threadloom enrich``, as ``languages``.

        Raises:
            ArchiveError: it was not made yet.
        """
        return scan_enriched(self.snapshot, name)

    def resolve(self, identifier: str) -> str | None:
        """The post_id or discussion_id that an id stands for today, or null where it stands for nothing.

        Args:
            identifier: a post_id or discussion_id of this or any earlier snapshot, or a sighting_id.
        """
        ways = (
            (self.posts, "post_id", "post_id"),
            (self.discussions, "discussion_id", "discussion_id"),
            (self.aliases, "seed_id", "id"),
            (self.sightings, "sighting_id", "post_id"),
        )
        for frame, key, meaning in ways:
            found = frame.filter(pl.col(key) == identifier).select(meaning).head(1).collect()
            if found.height:
                return str(found.item())
        return None

    def sql(self, query: str) -> pl.DataFrame:
        """What a query in polars SQL gives; every table of ``tables`` can be named in it.

        Raises:
            polars.exceptions.PolarsError: the query cannot be understood, or names what is not there.
        """
        return pl.SQLContext(self.tables()).execute(query, eager=True)

    def digest(self) -> dict[str, str]:
        """The digest of every table but ``runs``, read from its rows: equal for equal rows, order and values."""
        return digest_archive(self.snapshot)


def open_archive(path: str | PathLike[str] = "parquet", snapshot: str | None = None) -> Archive:
    """Open what a run has published.

    Args:
        path: the folder of the archive.
        snapshot: the run_id of an earlier snapshot that is still kept; by default the newest.

    Raises:
        ArchiveError: nothing was published there, or not by that run, or by another version of Threadloom.
    """
    while True:
        found = find_snapshot(Path(path), snapshot)
        lease = lease_snapshot(found)
        if lease is not None:
            archive = Archive(found, lease)
            _LAST_OPENED[found.parent.resolve()] = archive
            return archive
        # It was dropped between the two lines above: there is a newer one, or the name asked for is gone for good.


def kept_snapshots(path: str | PathLike[str] = "parquet") -> list[str]:
    """The run ids whose snapshots ``open_archive`` can still open, the oldest first."""
    return ArchiveLayout(Path(path)).run_ids()
