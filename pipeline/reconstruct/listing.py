"""What the rows of a discussion are listed by, and which lens that and the known columns make.

In: rows of whole discussions sorted by discussion and order, what is declared settled. Out: one row per discussion.

>>> judge_listings(rows).columns
['discussion_id', 'discussion', 'shape', 'family', 'listing', 'listing_confidence', 'lens', 'expected_accuracy']

A declared listing is believed. An unknown one is read off the rows: rising times say time order; times that always
fall say a flat listing, newest first; times that fall now and then say page order, and so do declared parents that the
rows follow depth first; without any of these it is what the shape suggests. A stream has no page order: one whose times
turn back is listed by nothing known, and read by its times.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.trees import number_depth_first
from pipeline.pack import ModelPack
from pipeline.reconstruct.streams.families import FAMILIES, tell_family
from pipeline.settings import MOST_PASSES

RISING = 0.95  # share of neighbouring times that may not turn back for the order to be one of time
MANY = 5  # times that must fall before a listing is called newest first: fewer may be top-level posts of a page
UNMEASURED = 0.5  # expected where the pack has no model of the lens
KNOWN = 0.5  # share of posts whose time must be known before the times are asked


def judge_listings(rows: pl.DataFrame, pack: ModelPack, passes: int = MOST_PASSES) -> pl.DataFrame:
    """One row per discussion: discussion_id, discussion, shape, family (page, chat or mail), listing,
    listing_confidence, lens, expected_accuracy.

    Args:
        rows: what `settle_declared` returns.
        pack: knows what accuracy to expect under each lens.
        passes: how many are made over streams.
    """
    seen = ~pl.col("is_placeholder") & ~pl.col("is_submission")
    open_post = ~pl.col("is_settled") & ~pl.col("is_placeholder")
    places = pl.Series("place", number_depth_first(rows["parent"].to_numpy(), rows["row"].to_numpy()))
    here = pl.col("discussion")
    pairs = (
        rows.with_columns(places)
        .filter(seen)
        .with_columns(
            (pl.col("posted_at") < pl.col("posted_at").shift()).over(here).alias("falls"),
            (pl.col("posted_at") > pl.col("posted_at").shift()).over(here).alias("rises"),
            (pl.col("place") < pl.col("place").shift()).over(here).alias("jumps"),
        )
    )
    found = (
        rows.group_by("discussion", maintain_order=True)
        .agg(
            pl.col("discussion_id").first(),
            pl.col("shape").first(),
            tell_family(pl.col("shape"), pl.when(open_post).then("has_title")).alias("family"),
            pl.col("order_known").first(),
            open_post.sum().alias("n_open"),
            (open_post & pl.col("author_key").is_not_null()).sum().alias("n_authors"),
            (open_post & pl.col("posted_at").is_not_null()).sum().alias("n_times"),
            pl.col("by_depth").any(),
        )
        .join(
            pairs.group_by("discussion").agg(
                pl.len().alias("n_seen"),
                pl.col("posted_at").is_not_null().mean().alias("timed"),
                pl.col("falls").sum(),
                pl.col("rises").sum(),
                pl.col("jumps").sum(),
                pl.col("is_settled").all().alias("all_settled"),
            ),
            on="discussion",
            how="left",
            maintain_order="left",
        )
    )
    found = found.with_columns(*_listing())
    return (
        found.with_columns(_lens().alias("lens"))
        .with_columns(_expected(pack, passes))
        .select(
            "discussion_id",
            "discussion",
            "shape",
            "family",
            "listing",
            "listing_confidence",
            "lens",
            "expected_accuracy",
        )
    )


def _listing() -> tuple[pl.Expr, pl.Expr]:
    """What the order is and how sure that is, from the counts of one discussion."""
    told = pl.col("order_known") != "unknown"
    falls, rises = pl.col("falls").fill_null(0), pl.col("rises").fill_null(0)
    timed = (pl.col("timed").fill_null(0.0) >= KNOWN) & (falls + rises > 0)
    falling = timed & (falls >= MANY) & (rises <= (1 - RISING) * (pl.col("n_seen") - 1))
    rising = timed & (falls <= (1 - RISING) * (pl.col("n_seen") - 1))
    follows = pl.col("all_settled").fill_null(value=False) & (pl.col("n_seen") > 2) & (pl.col("jumps") == 0)
    settled = pl.col("n_open") == 0
    guess = pl.when(pl.col("shape") == "page").then(pl.lit("page")).otherwise(pl.lit("time"))
    listing = (
        pl.when(told)
        .then("order_known")
        .when(follows & (pl.col("shape") == "page"))
        .then(pl.lit("page"))
        .when(rising)
        .then(pl.lit("time"))
        .when(falling)
        .then(pl.lit("flat"))
        .when(timed & ~settled & (pl.col("shape") == "page"))
        .then(pl.lit("page"))
        .when(timed)
        .then(pl.lit("unknown"))
        .otherwise(guess)
    )
    # Rule of succession over the neighbours that tell: three rising times are weaker proof than three hundred.
    steps = (rises + falls).cast(pl.Float64)
    sure = (
        pl.when(told)
        .then(1.0)
        .when(follows & (pl.col("shape") == "page"))
        .then(1 - 1 / pl.col("n_seen").cast(pl.Float64))
        .when(rising)
        .then((rises + 1) / (steps + 2))
        .when(falling)
        .then((falls + 1) / (steps + 2))
        .when(timed)
        .then((falls + 1) / (falls + 2))
        .otherwise(0.5)
    )
    return listing.alias("listing"), sure.cast(pl.Float32).alias("listing_confidence")


def _lens() -> pl.Expr:
    """What the open posts of a discussion let us know."""
    told = (pl.col("n_authors") * 2 >= pl.col("n_open")) | (pl.col("n_times") * 2 >= pl.col("n_open"))
    order = pl.when(pl.col("listing") == "page").then(pl.lit("page-")).otherwise(pl.lit("time-"))
    return (
        pl.when((pl.col("n_open") == 0) & pl.col("by_depth"))
        .then(pl.lit("indent"))
        .when(pl.col("n_open") == 0)
        .then(pl.lit("explicit"))
        .otherwise(order + pl.when(told).then(pl.lit("meta")).otherwise(pl.lit("text")))
    )


def _expected(pack: ModelPack, passes: int) -> pl.Expr:
    """Share of inferred parents to expect right under the lens: measured on held-out threads."""
    measured = {"explicit": 1.0, "indent": 1.0}
    for lens, model in sorted(pack.links.items()):
        measured |= {f"{family} {lens}": float(model["expected_accuracy"]) for family in ("page", *FAMILIES)}
    for family, weights in sorted(pack.streams.items()):
        for kind, shares in weights.facts["accuracy"].items():
            measured[f"{family} time-{kind}"] = float(shares[min(passes, len(shares)) - 1])
    key = (
        pl.when(pl.col("lens").is_in(["explicit", "indent"]))
        .then("lens")
        .otherwise(pl.format("{} {}", "family", "lens"))
    )
    share = key.replace_strict(measured, default=UNMEASURED, return_dtype=pl.Float32)
    return share.alias("expected_accuracy")
