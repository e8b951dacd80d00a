"""What one snapshot says otherwise than another: posts that appeared, vanished, or changed.

In: two open archives. Out: one row per change.

>>> compare_snapshots(open_archive("parquet", older), open_archive("parquet")).group_by("change").len()
"""

from __future__ import annotations

from typing import Protocol

import polars as pl

CHANGES = ("appeared", "vanished", "identity", "text", "parent")


class Snapshot(Protocol):
    """An open archive: the tables that a comparison reads."""

    @property
    def posts(self) -> pl.LazyFrame: ...
    @property
    def aliases(self) -> pl.LazyFrame: ...


def compare_snapshots(older: Snapshot, newer: Snapshot) -> pl.DataFrame:
    """Every change between two snapshots of one archive.

    A post of the older snapshot is followed to the newer one through its aliases: a new id of the same post is a change
    of identity and nothing else.

    Args:
        older, newer: two snapshots; only the newer one's aliases are looked up, so their order matters.

    Returns:
        post_id (String: the newer one, of a vanished post the older), change (Enum of ``CHANGES``), before, after
        (String: ids or texts; null where there is none), sorted by change, post_id and before. *appeared*: no post of
        the older snapshot became it. *vanished*: it stands for nothing any more. *identity*: its id was another, or one
        of several that turned out to be one. *text*, *parent*: these are not what they were.
    """
    after = newer.posts.select("post_id", "text", "parent_id").collect()
    before = older.posts.select("post_id", "text", "parent_id").collect()
    now = _resolution(after["post_id"], newer.aliases)
    before = before.join(now, left_on="post_id", right_on="seed_id", how="left").join(
        now.rename({"seed_id": "parent_id", "id": "parent_now"}), on="parent_id", how="left"
    )
    kept = before.drop_nulls("id").join(after, left_on="id", right_on="post_id", suffix="_now_said")
    # Of several posts that became one, the one that had the id by then tells what it said.
    same = kept.sort(pl.col("post_id") != pl.col("id"), "post_id").unique("id", keep="first", maintain_order=True)
    parent_was = pl.coalesce("parent_now", "parent_id")
    changes = [
        after.join(before, left_on="post_id", right_on="id", how="anti").select(
            "post_id", _change("appeared"), before=_nothing(), after="text"
        ),
        before.filter(pl.col("id").is_null()).select("post_id", _change("vanished"), before="text", after=_nothing()),
        kept.filter(pl.col("post_id") != pl.col("id")).select(
            _change("identity"), before="post_id", after="id", post_id="id"
        ),
        same.filter(pl.col("text").ne_missing(pl.col("text_now_said"))).select(
            _change("text"), post_id="id", before="text", after="text_now_said"
        ),
        same.filter(parent_was.ne_missing(pl.col("parent_id_now_said"))).select(
            _change("parent"), post_id="id", before=parent_was, after="parent_id_now_said"
        ),
    ]
    columns = ["post_id", "change", "before", "after"]
    return pl.concat([found.select(columns) for found in changes]).sort("change", "post_id", "before")


def _resolution(posts: pl.Series, aliases: pl.LazyFrame) -> pl.DataFrame:
    """Every id that stands for a post, its own among them: seed_id, id."""
    own = pl.DataFrame({"seed_id": posts, "id": posts})
    others = aliases.filter(pl.col("table") == "posts").select("seed_id", "id").collect()
    return pl.concat([own, others]).unique("seed_id", keep="first", maintain_order=True)


def _change(kind: str) -> pl.Expr:
    return pl.lit(kind, dtype=pl.Enum(CHANGES)).alias("change")


def _nothing() -> pl.Expr:
    return pl.lit(None, dtype=pl.String)
