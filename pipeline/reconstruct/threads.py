"""Threads: where each post of a forest stands, and one row per reply tree.

In: rows of whole discussions sorted by discussion and order, with the row number of each parent. Out: thread, depth and
place of every post; the Threads table.

>>> placed = place_posts(rows)
>>> list_threads(placed)

A page is one thread, read depth first, siblings as listed. In a stream every root starts a thread and posts are read by
time; a post without a time is read right after the post listed before it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.algorithms.trees import find_roots, measure_depths, number_depth_first
from pipeline.tables import Threads, fit_table


def place_posts(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds depth, root (row number), thread_id and position to rows of a forest.

    Args:
        rows: sorted by discussion and order, with row, discussion, parent (-1: none), shape, post_id, discussion_id and
            posted_at.
    """
    parents = rows["parent"].to_numpy()
    roots = find_roots(parents)
    rows = rows.with_columns(
        pl.Series("depth", measure_depths(parents)),
        pl.Series("root", roots),
        pl.Series("depth_first", number_depth_first(parents, np.arange(parents.size))),
        # Rows are sorted by discussion, so all rows of earlier discussions come before in any of the readings.
        pl.col("row").min().over("discussion").alias("first_row"),
    )
    in_stream = pl.col("shape") == "stream"
    place, root_id = pl.col("depth_first"), pl.col("post_id").gather(pl.col("root"))
    if rows.select(in_stream.any()).item():
        time = pl.col("posted_at").forward_fill().over("discussion")
        by_time = rows.select("row", "discussion", time).sort("discussion", "posted_at", "row", nulls_last=False)
        places = np.empty(parents.size, dtype=np.int64)
        places[by_time["row"].to_numpy()] = np.arange(parents.size)
        place = pl.when(in_stream).then(pl.Series("by_time", places)).otherwise(place)
    return rows.with_columns(
        pl.when(in_stream).then(root_id).otherwise("discussion_id").alias("thread_id"),
        (place - pl.col("first_row")).alias("position"),
    ).drop("depth_first", "first_row")


def list_threads(placed: pl.DataFrame) -> pl.DataFrame:
    """The Threads table.

    Args:
        placed: what `place_posts` returns, with submission (row or -1), is_settled, author, author_key, link_kind,
            link_confidence.
    """
    inferred = pl.when(pl.col("link_kind") == "inferred").then("link_confidence")
    author = pl.coalesce("author_key", "author")
    threads = placed.group_by("thread_id", maintain_order=True).agg(
        pl.col("discussion_id").first(),
        pl.col("shape").first(),
        pl.col("submission").first(),
        pl.col("root").first().alias("first_root"),
        (pl.col("root").min() == pl.col("root").max()).alias("has_one_root"),
        pl.len().alias("n_posts"),
        author.drop_nulls().n_unique().alias("n_authors"),
        pl.col("depth").max(),
        pl.col("posted_at").min().alias("started_at"),
        pl.col("posted_at").max().alias("ended_at"),
        inferred.mean().alias("confidence_mean"),
        inferred.min().alias("confidence_min"),
    )
    settled = placed["is_settled"].gather(threads["first_root"])
    root = (
        pl.when((pl.col("shape") == "stream") | ((pl.col("submission") < 0) & pl.col("has_one_root") & settled))
        .then("first_root")
        .when(pl.col("submission") >= 0)
        .then("submission")
    )
    root_ids = placed["post_id"].gather(threads.select(root).to_series())
    return fit_table(Threads, threads.with_columns(root_ids.alias("root_id"))).sort("discussion_id", "thread_id")
