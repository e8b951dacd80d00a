"""Promise 1, from the tables: every record is a sighting of a post or stands in quarantine, and all are counted.

In: the tables. Out: rows of records that are lost, counted twice, or show no post.

>>> [rule.name for rule in LOST][:2]
['records_add_up', 'ordinals_are_whole']
"""

from __future__ import annotations

import polars as pl

from pipeline.audit.finding import Tables, Wrong, name_rows, rule, without_match


@rule("captures")
def records_add_up(tables: Tables) -> Wrong:
    """Records of a capture are its sightings and its rows in quarantine, as many as it says."""
    found = tables.captures.select("capture_id", "n_records", "n_rejected")
    for name, frame in (("sightings", tables.sightings), ("quarantined", tables.quarantine)):
        counts = frame.group_by("capture_id").agg(pl.len().cast(pl.Int64).alias(name))
        found = found.join(counts, on="capture_id", how="left").with_columns(pl.col(name).fill_null(0))
    agree = (pl.col("n_records") == pl.col("sightings") + pl.col("quarantined")) & (
        pl.col("n_rejected") == pl.col("quarantined")
    )
    return name_rows(found.filter(~agree), "capture_id", "n_records", "n_rejected", "sightings", "quarantined")


@rule("captures")
def ordinals_are_whole(tables: Tables) -> Wrong:
    """Ordinals of a capture have no gap and no repetition over sightings and quarantine together."""
    ordinals = pl.concat([frame.select("capture_id", "ordinal") for frame in (tables.sightings, tables.quarantine)])
    found = ordinals.group_by("capture_id").agg(
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("ordinal").n_unique().cast(pl.Int64).alias("ordinals"),
        (pl.col("ordinal").max() - pl.col("ordinal").min() + 1).alias("range"),
    )
    whole = (pl.col("rows") == pl.col("ordinals")) & (pl.col("rows") == pl.col("range"))
    return name_rows(found.filter(~whole), "capture_id", "rows", "ordinals", "range")


@rule("sightings")
def sighting_has_capture(tables: Tables) -> Wrong:
    """Every sighting stands in a capture that is listed."""
    lost = without_match(tables.sightings, "capture_id", tables.captures, "capture_id")
    return name_rows(lost, "sighting_id", "capture_id")


@rule("quarantine")
def rejected_has_capture(tables: Tables) -> Wrong:
    """Every record in quarantine stands in a capture that is listed."""
    lost = without_match(tables.quarantine, "capture_id", tables.captures, "capture_id")
    return name_rows(lost, "capture_id", "ordinal")


@rule("sightings")
def sighting_has_post(tables: Tables) -> Wrong:
    """Every sighting shows a post that is there."""
    return name_rows(without_match(tables.sightings, "post_id", tables.posts, "post_id"), "sighting_id", "post_id")


@rule("posts")
def sightings_are_counted(tables: Tables) -> Wrong:
    """A post says how many sightings it has; a placeholder has none."""
    counts = tables.sightings.group_by("post_id").agg(pl.len().cast(pl.Int64).alias("sightings"))
    found = tables.posts.select("post_id", "n_sightings").join(counts, on="post_id", how="left")
    found = found.with_columns(pl.col("sightings").fill_null(0))
    return name_rows(found.filter(pl.col("n_sightings") != pl.col("sightings")), "post_id", "n_sightings", "sightings")


@rule("posts")
def one_sighting_is_first(tables: Tables) -> Wrong:
    """Of the sightings of a post exactly one is its first; the others are recaptures, edits and so on."""
    firsts = tables.sightings.group_by("post_id").agg((pl.col("match") == "first").sum().cast(pl.Int64).alias("firsts"))
    return name_rows(firsts.filter(pl.col("firsts") != 1), "post_id", "firsts")


@rule("captures")
def paths_are_sorted(tables: Tables) -> Wrong:
    """The paths of a capture are sorted and none stands there twice."""
    tidy = pl.col("paths") == pl.col("paths").list.unique().list.sort()
    return name_rows(tables.captures.filter(~tidy), "capture_id")


@rule("captures")
def capture_names_its_discussion(tables: Tables) -> Wrong:
    """A capture whose sightings show posts of one discussion names it, and any other names none."""
    discussion = tables.posts.select("post_id", pl.col("discussion_id").alias("shown"))
    shown = (
        tables.sightings.select("capture_id", "post_id")
        .join(discussion, on="post_id")
        .group_by("capture_id")
        .agg(pl.when(pl.col("shown").n_unique() == 1).then(pl.col("shown").min()).alias("shown"))
    )
    found = tables.captures.select("capture_id", "discussion_id").join(shown, on="capture_id", how="left")
    other = found.filter(pl.col("discussion_id").ne_missing(pl.col("shown")))
    return name_rows(other, "capture_id", "discussion_id", "shown")


LOST = (
    records_add_up,
    ordinals_are_whole,
    sighting_has_capture,
    rejected_has_capture,
    sighting_has_post,
    sightings_are_counted,
    one_sighting_is_first,
    paths_are_sorted,
    capture_names_its_discussion,
)
