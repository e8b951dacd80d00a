"""Decisions by people on which sightings are one post.

In: rows with the label that evidence gave them, and decisions. Out: the same rows, labelled as people decided.

>>> obey_sameness(rows, decisions).select("sighting_id", "label")

An id names the rows that have it for their seed and the label that owns this seed, or the one sighting it is. Of two
decisions on the same pair the later one holds. Unions come first, splits last: a false merge is worse than a split.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.graph import connected_components

SAME, NOT_SAME = "same_as", "not_same_as"


def obey_sameness(rows: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Unites and splits labels as people decided.

    Args:
        rows: sighting_id, seed, label (Int64, equal for sightings of one post), discussion_id, place, and more.
        decisions: tables.Decisions, the latest last.

    Returns:
        The rows, as many and in their order, with other labels; a united post stands in the discussion where most of
        its sightings are. Decisions whose ids name nothing here change nothing.
    """
    pairs = _latest(decisions)
    if pairs.is_empty():
        return rows
    named = _name_rows(rows)
    ends = (
        pairs.filter(pl.col("kind") == SAME)
        .join(named.select(post_id="id", left="label").unique(), on="post_id")
        .join(named.select(other_id="id", right="label").unique(), on="other_id")
    )
    rows = unite_labels(rows, ends.select("left", "right"))
    fresh = int(rows.select(pl.col("label").max()).item() or 0) + 1
    # A loop over decisions: each may split what the one before it left.
    for post_id, other_id in pairs.filter(pl.col("kind") == NOT_SAME).select("post_id", "other_id").iter_rows():
        staying = named.filter(pl.col("id") == post_id)["sighting_id"]
        leaving = named.filter(pl.col("id") == other_id)["sighting_id"]
        held = rows.filter(pl.col("sighting_id").is_in(staying.implode()))["label"]
        goes = pl.col("sighting_id").is_in(leaving.implode()) & pl.col("label").is_in(held.implode())
        goes &= ~pl.col("sighting_id").is_in(staying.implode())
        rows = rows.with_columns(label=pl.when(goes).then(pl.lit(fresh, dtype=pl.Int64)).otherwise("label"))
        fresh += 1
    return rows


def unite_labels(rows: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """Gives the rows of joined labels one label, in the discussion and at the place where most of its rows are.

    Args:
        rows: label (Int64), discussion_id, place, and more.
        ends: left, right (Int64): labels that are one.
    """
    if ends.is_empty():
        return rows
    n_labels = int(rows.select(pl.col("label").max()).item()) + 1
    labels = connected_components(n_labels, ends["left"], ends["right"])
    rows = rows.with_columns(label=pl.Series(labels).gather(rows["label"]))
    homes = (
        rows.group_by("label", "discussion_id")
        .agg(pl.len().alias("n"), pl.col("place").min())
        .sort("label", "n", "discussion_id", descending=[False, True, False])
        .unique("label", keep="first", maintain_order=True)
    )
    return rows.drop("discussion_id", "place").join(
        homes.select("label", "discussion_id", "place"), on="label", how="left", maintain_order="left"
    )


def own_seeds(rows: pl.DataFrame) -> pl.DataFrame:
    """Whose every seed is: of posts with a seed in common it belongs to the one with more sightings of it.

    Args:
        rows: seed, label, is_scoped, sighting_id.

    Returns:
        seed (unique), label, is_scoped, in no order.
    """
    seeds = rows.group_by("seed", "label").agg(
        pl.len().alias("n"), pl.col("is_scoped").first(), pl.col("sighting_id").min()
    )
    shared = pl.col("seed").is_duplicated()
    settled = (
        seeds.filter(shared)
        .sort("seed", "n", "sighting_id", descending=[False, True, False])
        .unique("seed", keep="first", maintain_order=True)
    )
    return pl.concat([seeds.filter(~shared), settled])


def _latest(decisions: pl.DataFrame) -> pl.DataFrame:
    """The last word on each pair of posts, whichever of them is named first."""
    said = decisions.filter(pl.col("kind").is_in([SAME, NOT_SAME]))
    pair = [
        pl.min_horizontal("post_id", "other_id").alias("low"),
        pl.max_horizontal("post_id", "other_id").alias("high"),
    ]
    return said.with_columns(pair).unique(["low", "high"], keep="last", maintain_order=True)


def _name_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows by every id that names them: id, sighting_id, label."""
    by_seed = rows.join(own_seeds(rows).select("seed", "label"), on=["seed", "label"], how="semi")
    return pl.concat(
        [
            by_seed.select("sighting_id", "label", id="seed"),
            rows.select("sighting_id", "label", id="sighting_id"),
        ],
        how="diagonal",
    ).unique(["id", "sighting_id"])
