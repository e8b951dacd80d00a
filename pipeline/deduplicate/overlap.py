"""Overlap: which listings show the same discussion.

In: records with their listings. Out: for every listing its discussion.

>>> find_discussions(listed).select("unit", "discussion_id")

Certain: listings that name the same discussion, have the same seed, or are pages of which one names the other as the
next. Otherwise what two listings share must prove it: rare posts in the same order, repeated nearly whole where the
listings overlap, or most of the smaller listing (sorted otherwise, say). One and the same post by the same author at
the same second is proof as well. Listings that name different discussions are never joined, whatever they share.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.alignment import UNKNOWN_TIME
from pipeline.algorithms.graph import constrained_components
from pipeline.algorithms.overlaps import count_beside, show_one_page
from pipeline.deduplicate.listings import INFORMATIVE_BITS

INSTANT_BITS = 15.0
TELLING_BITS = 15.0  # from which on a text that one listing shows should be on the other as well
FEW_UNITS = 6  # listings of one text that are all compared with each other; of more each with the next
EXACT_TIMES = ("microsecond", "millisecond", "second")
# How far apart two times may be that are known to a precision, in microseconds.
TOLERANCES = {
    "microsecond": 0,
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "month": 31 * 86_400_000_000,
    "year": 366 * 86_400_000_000,
}


def tolerance() -> pl.Expr:
    """Microseconds that posted_at may be off, by posted_precision; 0 where that is null."""
    return pl.col("posted_precision").replace_strict(TOLERANCES, default=0, return_dtype=pl.Int64).alias("tolerance")


def instant() -> pl.Expr:
    """posted_at to the second: one site's API tells milliseconds where its page does not."""
    return pl.col("posted_at").dt.truncate("1s").alias("instant")


def find_discussions(listed: pl.DataFrame) -> pl.DataFrame:
    """Joins listings that show the same discussion.

    Args:
        listed: what ``listings.find_listings`` returns, with posted_precision, page_key and next_page_key.

    Returns:
        One row a listing, sorted by unit: unit, listing_id, discussion_id (the smallest seed among the listings that
        name their discussion, else among all), is_named, page (Int64: how many pages are known to come before it).
    """
    units = (
        listed.group_by("unit", maintain_order=True)
        .agg(
            pl.col("listing_id").first(),
            pl.col("page_key", "next_page_key").drop_nulls().first(),
            is_named=(pl.col("native_discussion").is_not_null() & pl.col("discussion_scope").is_not_null()).first(),
        )
        .sort("unit")
    )
    names = units.select(pl.when("is_named").then(pl.col("listing_id").rank("dense")).fill_null(0).cast(pl.Int64) - 1)
    found = [_same_seed(units), _next_pages(units)]
    if not units["is_named"].all():
        found += [_same_instant(listed, units), _overlapping(listed, units)]
    edges = pl.concat(found)
    labels, _ = constrained_components(
        units.height, edges["left"].to_numpy(), edges["right"].to_numpy(), names.to_series().to_numpy()
    )
    return (
        units.with_columns(_count_pages(units), label=pl.Series(labels))
        .with_columns(
            discussion_id=pl.coalesce(
                pl.col("listing_id").filter(pl.col("is_named")).min().over("label"),
                pl.col("listing_id").min().over("label"),
            )
        )
        .drop("label", "page_key", "next_page_key")
    )


def _same_seed(units: pl.DataFrame) -> pl.DataFrame:
    return _chain_units(units.select("unit", key="listing_id"))


def _next_pages(units: pl.DataFrame) -> pl.DataFrame:
    """Pages of which one names the other as the next."""
    named = [units.select("unit", key=key).drop_nulls() for key in ("page_key", "next_page_key")]
    return _chain_units(pl.concat(named))


def _count_pages(units: pl.DataFrame) -> pl.Series:
    """How many pages come before each; 0 for those that come after none, or go in a circle."""
    before = units.select(page_key="next_page_key", before="unit").drop_nulls().unique("page_key", keep="first")
    rows = units.select("unit", "page_key").join(before, on="page_key", how="left", maintain_order="left")
    first = rows["before"].is_null().to_numpy()
    up = np.where(first, np.arange(rows.height), rows["before"].fill_null(0).to_numpy())
    pages = (~first).astype(np.int64)
    # Pointer doubling: as many rounds as the longest chain has digits in base two.
    for _ in range(rows.height.bit_length()):
        pages += pages[up]
        up = up[up]
    return pl.Series("page", np.where(first[up], pages, 0))


def _chain_units(members: pl.DataFrame) -> pl.DataFrame:
    """Edges (left, right) that join the units of each key in a chain, so that n units cost n - 1 edges."""
    return (
        members.unique()
        .sort("key", "unit")
        .select(left=pl.col("unit").shift(1).over("key"), right="unit")
        .drop_nulls()
        .select(pl.col("left").cast(pl.Int64), pl.col("right").cast(pl.Int64))
        .sort("left", "right")
    )


def _open_pairs(pairs: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Pairs of listings of which at least one does not name its discussion."""
    named = units.filter("is_named").select(pl.col("unit").cast(pl.Int64))["unit"].implode()
    return pairs.filter(~(pl.col("left").is_in(named) & pl.col("right").is_in(named)))


def _same_instant(listed: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Listings that hold one post of the same author, second and words."""
    instants = listed.filter(
        pl.col("author_key").is_not_null()
        & pl.col("posted_at").is_not_null()
        & pl.col("posted_precision").is_in(EXACT_TIMES)
        & (pl.col("information") >= INSTANT_BITS)
    )
    keyed = instants.select("unit", key=pl.struct("author_key", instant(), "words_key"))
    return _open_pairs(_chain_units(keyed), units)


def _overlapping(listed: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Listings whose shared posts prove that they show the same discussion; the best proven first."""
    coded = listed.sort("unit", "seat").with_columns(code=pl.col("near_key").rank("dense").cast(pl.Int64))
    telling = coded.filter(pl.col("information") >= TELLING_BITS)
    rare = telling.filter(pl.col("information") >= INFORMATIVE_BITS).select("unit", key="near_key")
    pairs = _open_pairs(pl.concat([_chain_units(rare), _pair_units(rare)]).unique(), units).sort("left", "right")
    if pairs.is_empty():
        return pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64})
    rows = _code_rows(telling)
    bounds = np.searchsorted(rows.unit, np.arange(units.height + 1))
    said = coded["code"].to_numpy()
    starts = np.searchsorted(coded["unit"].to_numpy(), np.arange(units.height + 1))
    proven: list[tuple[float, int, int]] = []
    # One pass per pair of listings that share a rare text and may be joined: captures of one page, hardly others.
    for left, right in pairs.iter_rows():
        sides = slice(bounds[left], bounds[left + 1]), slice(bounds[right], bounds[right + 1])
        places, seats, bits, sizes = _share_posts(rows, *sides)
        all_said = [said[starts[unit] : starts[unit + 1]] for unit in (left, right)]
        if show_one_page(*places, bits, *sizes, beside=count_beside(*seats, *all_said)):
            proven.append((-round(float(bits.sum()), 3), left, right))
    return pl.DataFrame(
        [(left, right) for _, left, right in sorted(proven)], schema={"left": pl.Int64, "right": pl.Int64}, orient="row"
    )


def _pair_units(members: pl.DataFrame) -> pl.DataFrame:
    """All pairs (left, right) of units that share a key with few others: a chain may lead past the nearest."""
    few = members.unique().filter(pl.len().over("key") <= FEW_UNITS)
    return (
        few.join(few, on="key", suffix="_right")
        .filter(pl.col("unit") < pl.col("unit_right"))
        .select(pl.col("unit").cast(pl.Int64).alias("left"), pl.col("unit_right").cast(pl.Int64).alias("right"))
        .unique()
    )


_Places = tuple[NDArray[np.int64], NDArray[np.int64]]


class _Rows(NamedTuple):
    """Rows of listings as codes, sorted by unit and seat; -1 says unknown (time: UNKNOWN_TIME)."""

    unit: NDArray[np.int64]
    seat: NDArray[np.int64]
    text: NDArray[np.int64]
    author: NDArray[np.int64]
    time: NDArray[np.int64]
    tolerance: NDArray[np.int64]
    bits: NDArray[np.float64]
    again: NDArray[np.bool_]


def _code_rows(telling: pl.DataFrame) -> _Rows:
    coded = telling.select(
        pl.col("unit").cast(pl.Int64),
        pl.col("seat").cast(pl.Int64),
        "code",
        pl.col("author_key").rank("dense").cast(pl.Int64).fill_null(-1),
        pl.col("posted_at").dt.epoch("us").fill_null(UNKNOWN_TIME),
        tolerance(),
        pl.col("information").cast(pl.Float64),
        again=pl.len().over("unit", "near_key") > 1,
    )
    return _Rows(*(column.to_numpy() for column in coded))


def _share_posts(
    rows: _Rows, left: slice, right: slice
) -> tuple[_Places, _Places, NDArray[np.float64], tuple[int, int]]:
    """What two listings share: places among the telling rows of both, sorted by the left; seats in both; bits; how many
    telling rows each has.

    Texts that both show and one shows twice tell nothing and stand nowhere. Posts of equal words about which something
    known disagrees are not shared.
    """
    sides = [np.arange(side.start, side.stop) for side in (left, right)]
    texts = [rows.text[side] for side in sides]
    twice = np.concatenate([text[rows.again[side]] for text, side in zip(texts, sides, strict=True)])
    unclear = np.intersect1d(np.intersect1d(texts[0], texts[1]), twice)
    sides = [side[~np.isin(text, unclear)] for text, side in zip(texts, sides, strict=True)]
    _, at, at_right = np.intersect1d(rows.text[sides[0]], rows.text[sides[1]], return_indices=True)
    order = np.argsort(at)
    at, at_right = at[order], at_right[order]
    a, b = sides[0][at], sides[1][at_right]
    apart = (rows.author[a] != rows.author[b]) & (rows.author[a] >= 0) & (rows.author[b] >= 0)
    timed = (rows.time[a] != UNKNOWN_TIME) & (rows.time[b] != UNKNOWN_TIME)
    wide = np.maximum(rows.tolerance[a], rows.tolerance[b])
    apart |= timed & (np.abs(np.where(timed, rows.time[a] - rows.time[b], 0)) > wide)
    a, b = a[~apart], b[~apart]
    return (
        (at[~apart], at_right[~apart]), (rows.seat[a], rows.seat[b]), rows.bits[a], (sides[0].size, sides[1].size)
    )  # fmt: skip
