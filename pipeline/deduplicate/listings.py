"""Listings: the runs of records that one capture shows of one discussion, cut where a file starts again.

In: the key columns of Records, and pairs of words_keys that say nearly the same. Out: the same rows with their listing.

>>> find_listings(records, near, own).select("sighting_id", "listing_id", "unit", "seat")

Where a capture is cut, and what its listings are called, follows from the capture alone: other captures come later, and
what was published before they came must still be found.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.restarts import FEW_ANCHORS, find_restarts
from pipeline.ids import digest_columns

INFORMATIVE_BITS = 30.0
SEED_TEXTS = 3

UNIT = ("capture_id", "listing", "discussion_scope", "native_discussion")


def add_near_keys(records: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Adds near_key: equal for words_keys that are joined by pairs (left_key, right_key); the smallest of them."""
    keys = pl.concat([near["left_key"], near["right_key"]]).unique().sort()
    if keys.is_empty():
        return records.with_columns(near_key=pl.col("words_key"))
    labels = connected_components(
        len(keys), keys.search_sorted(near["left_key"]), keys.search_sorted(near["right_key"])
    )
    classes = pl.DataFrame({"words_key": keys, "near_key": keys.gather(labels)})
    return records.join(classes, on="words_key", how="left", maintain_order="left").with_columns(
        pl.col("near_key").fill_null(pl.col("words_key"))
    )


def find_listings(records: pl.DataFrame, near: pl.DataFrame, own: pl.DataFrame | None = None) -> pl.DataFrame:
    """Cuts captures into listings.

    Args:
        records: columns sighting_id, capture_id, ordinal, listing, discussion_scope, native_discussion, native_id,
            author_key, posted_at, words_key, information, n_words.
        near: left_key, right_key: words_keys verified to say nearly the same.
        own: capture_id, left_key, right_key: such pairs within one capture, found from its own texts; null: none.

    Returns:
        The rows sorted by capture and ordinal, with near_key and

        - unit: UInt32, equal for the records of one listing, numbered in the order of the rows;
        - seat: UInt32, place in that listing from 0;
        - listing: Int64, the listing's number within its capture: the ordinal of its first record;
        - listing_id: seed of the listing, made from what it is about: the discussion it names, else its texts.
          Two listings of equal seed show the same discussion.
    """
    rows = add_near_keys(records, near).sort("capture_id", "ordinal")
    rows = rows.with_columns(unit=_number(rows, UNIT)).with_columns(seat=pl.int_range(pl.len()).over("unit"))
    rows = rows.with_columns(part=_restart_parts(_add_own_keys(rows, own)))
    rows = rows.with_columns(unit=_number(rows, ("unit", "part"))).with_columns(
        seat=pl.int_range(pl.len()).over("unit").cast(pl.UInt32),
        listing=pl.col("ordinal").min().over("unit").cast(pl.Int64),
    )
    return _add_seeds(rows.drop("part"))


def _add_own_keys(rows: pl.DataFrame, own: pl.DataFrame | None) -> pl.DataFrame:
    """Adds own_key: as near_key, by pairs within each capture."""
    if own is None or own.is_empty():
        return rows.with_columns(own_key=pl.col("words_key"))
    in_capture = [pl.concat_str("capture_id", name).alias(name) for name in ("left_key", "right_key")]
    marked = rows.select(pl.concat_str("capture_id", "words_key").alias("words_key"))
    return rows.with_columns(own_key=add_near_keys(marked, own.select(in_capture))["near_key"])


def _number(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    """Numbers of the distinct values of columns, in the order in which they first stand."""
    first = pl.struct(columns).rank("dense")
    codes = rows.select(first.alias("code")).with_row_index("row")
    order = codes.group_by("code").agg(pl.col("row").min()).sort("row").with_row_index("number")
    return codes.join(order.select("code", "number"), on="code", how="left", maintain_order="left")["number"]


def _restart_parts(rows: pl.DataFrame) -> pl.Series:
    """For every row how often its unit has started again before it; UInt32."""
    said = ("unit", "author_key", "posted_at")
    # Ids say themselves what is seen again.
    loose = rows.filter(pl.col("native_id").is_null())["unit"].unique()
    marks = (
        rows.filter(pl.col("unit").is_in(loose.implode()))
        .select(
            "unit",
            "seat",
            "information",
            exact=pl.col("seat").shift(1).over(*said, "words_key"),
            close=pl.col("seat").shift(1).over(*said, "own_key"),
            loose=pl.col("native_id").is_null(),
        )
        .with_columns(
            previous=pl.when("loose").then(pl.coalesce("exact", "close")).fill_null(-1).cast(pl.Int64),
        )
    )
    busy = (
        marks.group_by("unit", maintain_order=True)
        .agg(repeats=(pl.col("previous") >= 0).sum())
        .filter(pl.col("repeats") >= FEW_ANCHORS)["unit"]
    )
    if busy.is_empty():
        return pl.zeros(rows.height, dtype=pl.UInt32, eager=True)
    cuts: list[pl.DataFrame] = []
    # One pass per listing that repeats itself; the rows within are a kernel's.
    for (unit,), part in marks.filter(pl.col("unit").is_in(busy.implode())).group_by("unit", maintain_order=True):
        bits = part["information"].cast(pl.Float64).to_numpy()
        starts = find_restarts(part["previous"].to_numpy(), bits)
        if starts.size:
            cuts.append(pl.DataFrame({"unit": unit, "seat": starts}, schema_overrides={"unit": pl.UInt32}))
    if not cuts:
        return pl.zeros(rows.height, dtype=pl.UInt32, eager=True)
    begins = pl.concat(cuts).with_columns(pl.col("seat").cast(marks.schema["seat"]), begins=pl.lit(1, dtype=pl.UInt32))
    joined = rows.select("unit", "seat").join(begins, on=["unit", "seat"], how="left", maintain_order="left")
    return joined.select(pl.col("begins").fill_null(0).cum_sum().over("unit").cast(pl.UInt32))["begins"]


def _add_seeds(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds listing_id (module docstring of identity says what seeds are for)."""
    named = rows.group_by("unit", maintain_order=True).agg(
        pl.col("discussion_scope").first(), pl.col("native_discussion").first()
    )
    named = named.with_columns(
        named_id=pl.when(pl.col("native_discussion").is_not_null() & pl.col("discussion_scope").is_not_null()).then(
            digest_columns(named.select("discussion_scope", "native_discussion"), "discussion")
        )
    )
    unnamed = named.filter(pl.col("named_id").is_null())["unit"]
    texts = (
        rows.filter(pl.col("unit").is_in(unnamed.implode()))
        .select("unit", "words_key", dull=pl.col("information") < INFORMATIVE_BITS)
        .unique()
        .sort("unit", "dull", "words_key")
        .group_by("unit", maintain_order=True)
        .agg(pl.col("words_key").head(SEED_TEXTS).str.join(" "))
    )
    texts = texts.with_columns(about_id=digest_columns(texts.select("words_key"), "discussion"))
    seeds = named.join(texts, on="unit", how="left").select("unit", listing_id=pl.coalesce("named_id", "about_id"))
    return rows.join(seeds, on="unit", how="left", maintain_order="left")
