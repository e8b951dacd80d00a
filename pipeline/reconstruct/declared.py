"""What posts declare of their parents, made into a forest: ids first, then indents; nothing guessed.

In: DraftPosts of whole discussions, in any row order. Out: one row per post, sorted by discussion and order, with the
row number of its declared parent.

>>> settle_declared(posts).select("post_id", "parent", "is_settled")

What a person decided stands in place of what was declared, and what a person denied is as if nothing declared it.
A parent in another discussion is dropped (flag ``parent_elsewhere``). Where declarations go in a circle, the post
that comes first in it by (posted_at, order, post_id), times unknown last, loses its parent (flag ``cycle_broken``);
a decided parent is lost only where nothing else holds the circle together.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.trees import NONE, break_cycles, find_cycles

Rows = NDArray[np.int64]

_USED = (
    "post_id",
    "discussion_id",
    "order",
    "shape",
    "order_known",
    "parent_known",
    "declared_parent_id",
    "parent_decided",
    "not_parents",
    "listed_depth",
    "is_submission",
    "author",
    "author_key",
    "posted_at",
    "is_placeholder",
    "flags",
)


@njit(cache=True, nogil=True)
def link_by_depth(discussions: Rows, depths: NDArray[np.int32]) -> Rows:
    """The nearest earlier post of smaller depth in the same discussion, for posts in page order.

    Args:
        discussions: int64[n], equal numbers stand together.
        depths: int32[n], -1 where none is listed.

    Returns:
        int64[n]: the row of the parent, -1 where there is none.
    """
    n = depths.size
    parents = np.full(n, NONE, dtype=np.int64)
    path = np.empty(n, dtype=np.int64)
    length = 0
    for row in range(n):
        if row > 0 and discussions[row] != discussions[row - 1]:
            length = 0
        if depths[row] < 0:
            continue
        while length > 0 and depths[path[length - 1]] >= depths[row]:
            length -= 1
        if length > 0:
            parents[row] = path[length - 1]
        path[length] = row
        length += 1
    return parents


def settle_declared(posts: pl.DataFrame) -> pl.DataFrame:
    """Every post with what is declared of its parent.

    Args:
        posts: DraftPosts.

    Returns:
        The columns that reconstruction needs of DraftPosts (no texts), sorted by discussion_id and order, and:
        has_title (whether it has a title or subject), row (Int64), source_row (Int64, in `posts`),
        discussion (Int64, a number per discussion, ascending),
        submission (Int64, row of the discussion's submission, -1 where none is known),
        parent (Int64, row of the declared parent, -1 where none is), is_settled (whether a declaration decides),
        by_depth (whether the listed depth is what decides), flags (those found here included).
    """
    rows = (
        posts.select(*_USED, pl.col("title").is_not_null().alias("has_title"))
        .with_row_index("source_row")
        .sort("discussion_id", "order", "post_id")
        .with_columns(
            pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
            pl.col("source_row").cast(pl.Int64),
            pl.col("discussion_id").rle_id().cast(pl.Int64).alias("discussion"),
        )
    )
    rows = _find_declared(rows).with_columns(_submission_row())
    rows = _drop_denied(_add_depths(rows))
    parents, cut = _open_circles(rows)
    rows = rows.with_columns(pl.Series("parent", parents), pl.Series("cut", cut))
    # Placeholders are parents that were never seen; a first post shown indented has a parent that was not captured.
    unseen = (pl.col("parent") >= 0) & pl.col("is_placeholder").gather(pl.col("parent").clip(0))
    indented = pl.col("by_depth") & (pl.col("parent") < 0) & (pl.col("listed_depth") > 0)
    return rows.with_columns(
        (pl.col("parent_known") | pl.col("by_depth") | pl.col("is_submission")).alias("is_settled"),
        add_flags(parent_elsewhere=pl.col("elsewhere"), parent_missing=unseen | indented, cycle_broken=pl.col("cut")),
    ).drop("elsewhere", "cut", "declared_parent_id")


def _submission_row() -> pl.Expr:
    """The first submission of each page as a row number on every row of it; -1 where none is known.

    One that declares to answer a post of its own page is no submission: whatever hangs under it would go in a circle.
    """
    is_head = pl.col("is_submission") & (pl.col("shape") == "page") & (pl.col("parent") < 0)
    known = pl.when(is_head).then(pl.col("row"))
    return known.min().over("discussion").fill_null(NONE).alias("submission")


def _find_declared(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds parent (row of the declared parent within the discussion, else -1) and elsewhere (not found)."""
    if rows["declared_parent_id"].null_count() == rows.height:
        return rows.with_columns(pl.lit(NONE, dtype=pl.Int64).alias("parent"), pl.lit(value=False).alias("elsewhere"))
    places = rows.select(
        pl.col("post_id").alias("declared_parent_id"),
        pl.col("row").alias("parent"),
        pl.col("discussion").alias("parent_discussion"),
    )
    here = pl.col("parent_discussion") == pl.col("discussion")
    return (
        rows.join(places, on="declared_parent_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(here).then("parent").otherwise(NONE).alias("parent"),
            (pl.col("declared_parent_id").is_not_null() & ~here.fill_null(value=False)).alias("elsewhere"),
        )
        .drop("parent_discussion")
    )


def _add_depths(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds by_depth, and the parent of posts whose indent is all that is known of it."""
    in_page_order = ~pl.col("order_known").is_in(["time", "flat"])
    listed = pl.col("listed_depth").is_not_null() & ~pl.col("is_submission") & ~pl.col("is_placeholder")
    rows = rows.with_columns(
        (listed & ~pl.col("parent_known") & (in_page_order | (pl.col("listed_depth") == 0))).alias("by_depth")
    )
    if not rows["by_depth"].any():
        return rows
    shown_depth = pl.when(listed).then(pl.col("listed_depth").clip(0)).otherwise(NONE).cast(pl.Int32)
    depths = rows.select(shown_depth).to_series()
    above = link_by_depth(rows["discussion"].to_numpy(), depths.to_numpy())
    outermost = pl.col("listed_depth") == 0
    shown = pl.when(outermost).then(pl.col("submission")).otherwise(pl.Series("above", above))
    return rows.with_columns(pl.when("by_depth").then(shown).otherwise("parent").alias("parent"))


def _drop_denied(rows: pl.DataFrame) -> pl.DataFrame:
    """Opens the posts whose declared parent a person denied."""
    if rows["not_parents"].null_count() == rows.height:
        return rows
    above = pl.col("post_id").gather(pl.col("parent").clip(0))
    denied = (pl.col("parent") >= 0) & pl.col("not_parents").list.contains(above).fill_null(value=False)
    denied &= ~pl.col("parent_decided").fill_null(value=False)
    return rows.with_columns(
        parent=pl.when(denied).then(NONE).otherwise("parent"),
        parent_known=pl.col("parent_known") & ~denied,
        by_depth=pl.col("by_depth") & ~denied,
    )


def _open_circles(rows: pl.DataFrame) -> tuple[Rows, NDArray[np.bool_]]:
    """Parents without cycles, and which rows lost theirs."""
    parents = rows["parent"].to_numpy()
    members = np.flatnonzero(find_cycles(parents) != NONE)
    if members.size == 0:
        return parents, np.zeros(parents.size, dtype=np.bool_)
    by = ("parent_decided", "posted_at", "order", "post_id")
    in_turn = rows[members].with_columns(pl.col("parent_decided").fill_null(value=False))
    first = in_turn.sort(by, nulls_last=True)["row"].to_numpy()
    rank = np.zeros(parents.size, dtype=np.int64)
    rank[first] = np.arange(first.size)
    return break_cycles(parents, rank)


def add_flags(**found: pl.Expr) -> pl.Expr:
    """The flags column with the named flags appended where they were found and are not there yet."""
    flags = pl.col("flags")
    for name, where in found.items():
        missing = where & ~pl.col("flags").list.contains(name)
        flags = pl.when(missing).then(pl.concat_list(flags, pl.lit(name))).otherwise(flags)
    return flags.alias("flags")
