"""Orders: where each listing of a discussion shows each post.

In: records with their listings, and their identity. Out: one row per listing and post of discussions that several
listings show.

>>> list_orders(listed, identity.sightings).select("capture_id", "listing", "place", "post_id")

Sorting a page otherwise moves siblings with all that stands below them: two posts that change places between two
listings cannot be ancestor and descendant. These orders are what such proofs are made from.
"""

from __future__ import annotations

import polars as pl


def list_orders(listed: pl.DataFrame, sightings: pl.DataFrame) -> pl.DataFrame:
    """The order of posts in every listing of a discussion that is listed at least twice.

    Args:
        listed: sighting_id, capture_id, seat, as ``find_listings`` returns them.
        sightings: sighting_id, post_id, discussion_id, listing, quoted_sighting_id, as ``Identity.sightings`` has them.

    Returns:
        discussion_id, capture_id, listing (Int64, within the capture), place (UInt32, from 0 without gaps in its
        listing), post_id; sorted by these. Paragraphs that are quotations have no place. A post shown twice by one
        listing has its first place.
    """
    listing = ("discussion_id", "capture_id", "listing")
    seated = (
        sightings.filter(pl.col("quoted_sighting_id").is_null())
        .select("sighting_id", "discussion_id", "listing", "post_id")
        .join(listed.select("sighting_id", "capture_id", "seat"), on="sighting_id", how="left")
        .filter(pl.struct("capture_id", "listing").n_unique().over("discussion_id") > 1)
    )
    first = seated.group_by(*listing, "post_id").agg(pl.col("seat").min()).sort(*listing, "seat", "post_id")
    return first.select(*listing, pl.int_range(pl.len(), dtype=pl.UInt32).over(listing).alias("place"), "post_id")
