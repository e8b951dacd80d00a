"""Reconstruction: posts become reply trees; what is declared is kept, what is not is inferred and labelled so.

In: DraftPosts and Quotations of whole discussions. Out: the tables Reconstructed, Threads and Links, and what was found
about each discussion.

>>> reconstruct_links(posts, quotations, Settings(), load_pack()).posts.columns[:3]
['post_id', 'thread_id', 'parent_id']

Declared parents pass in columns, millions at a time. Only discussions with posts that declare nothing are looked into.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.pack import ModelPack
from pipeline.reconstruct.continuing import find_continuations
from pipeline.reconstruct.declared import add_flags, settle_declared
from pipeline.reconstruct.infer import infer_links
from pipeline.reconstruct.listing import judge_listings
from pipeline.reconstruct.order_proofs import order_pages
from pipeline.reconstruct.threads import list_threads, place_posts
from pipeline.settings import Settings
from pipeline.tables import Reconstructed, fit_table

__all__ = ["Reconstruction", "reconstruct_links"]


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What reconstruction found.

    Attributes:
        posts: table Reconstructed, sorted by discussion and position.
        threads: table Threads, sorted by discussion_id and thread_id.
        links: table Links, sorted by post_id and rank.
        discussions: discussion_id, shape, listing, listing_confidence, lens, expected_accuracy; one row each, sorted.
    """

    posts: pl.DataFrame
    threads: pl.DataFrame
    links: pl.DataFrame
    discussions: pl.DataFrame


def reconstruct_links(
    posts: pl.DataFrame,
    quotations: pl.DataFrame,
    settings: Settings,
    pack: ModelPack,
    orders: pl.DataFrame | None = None,
) -> Reconstruction:
    """Parents, threads and candidate links of whole discussions.

    Args:
        posts: DraftPosts: every post of each discussion in it, rows in any order.
        quotations: Quotations among them; others are ignored.
        settings: exact_page_posts, stream_window, stream_passes and runners_up matter here.
        pack: link models and word rarities.
        orders: discussion_id, capture_id, listing, place, post_id: where each listing shows each post; None: unknown.
    """
    posts, shown = (posts, None) if orders is None else order_pages(posts, orders)
    rows = settle_declared(posts)
    listings = judge_listings(rows, pack, settings.stream_passes)
    inferred = infer_links(rows, listings, posts, quotations, settings, pack, shown)
    rows = rows.with_columns(
        pl.Series("parent", inferred.parents),
        pl.when("parent_decided")
        .then(pl.lit("decided"))
        .when("is_settled")
        .then(pl.lit("declared"))
        .otherwise(pl.lit("inferred"))
        .alias("link_kind"),
        pl.Series("link_confidence", inferred.confidence, dtype=pl.Float32),
        pl.Series("under", inferred.under),
        pl.Series("under_confidence", inferred.under_confidence, dtype=pl.Float32),
        add_flags(same_author_continues=pl.lit(find_continuations(rows, posts))),
    )
    placed = place_posts(rows)
    named = placed.with_columns(
        _ids_at("parent").alias("parent_id"),
        _ids_at("under").alias("under_id"),
        pl.when(pl.col("under") >= 0).then("under_confidence").alias("under_confidence"),
    )
    return Reconstruction(
        posts=fit_table(Reconstructed, named.sort("discussion", "position")),
        threads=list_threads(placed),
        links=inferred.links,
        discussions=listings.drop("discussion", "family").sort("discussion_id"),
    )


def _ids_at(column: str) -> pl.Expr:
    """Ids of the rows that a column of row numbers points at; null for -1."""
    at = pl.when(pl.col(column) >= 0).then(column)
    return pl.col("post_id").gather(at)
