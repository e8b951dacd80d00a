"""The fourth step: a bucket of whole discussions becomes rows of the published tables.

In: work part ``bucket-NNNN``. Out: ``out/<table>/NNNN`` for posts, discussions, threads, links, sightings, duplicates,
and ``out/firsts/NNNN``, by which repeats are found across buckets.
"""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.contained import find_quotations, leave_own_words
from pipeline.deduplicate.repeats import INFORMATIVE_BITS
from pipeline.deduplicate.versions import Versions, settle_versions
from pipeline.reconstruct import Reconstruction, reconstruct_links
from pipeline.reconstruct.decided import decide_parents
from pipeline.steps.plan import RunPlan, StepReport, timed_report
from pipeline.tables import (
    Discussions,
    DraftPosts,
    Duplicates,
    Firsts,
    Links,
    Posts,
    Quotations,
    Reconstructed,
    Sightings,
    Threads,
    check_table,
    fit_table,
)


def reconstruct_bucket(plan: RunPlan, bucket: str) -> StepReport:
    """Settles versions, finds quotations and links posts for the discussions of one bucket.

    Counts: posts, declared, inferred, quotations, threads.
    """
    number = bucket.removeprefix("bucket-")
    settings = plan.parameters.settings
    with timed_report("reconstruct") as report:
        homes = plan.work.read(f"homes/{number}")
        records = plan.work.read(bucket).join(homes, on="sighting_id", how="left", maintain_order="left")
        placeholders = plan.work.read(f"placeholders/{number}")
        versions = settle_versions(records, placeholders, settings, plan.pack.linkage)
        posts = check_table(DraftPosts, decide_parents(versions.posts, plan.work.read("decided")))
        inside = find_quotations(posts)
        quotations = check_table(Quotations, _join_quotations(inside, _standing(records)))
        orders = plan.work.read(f"orders/{number}")
        found = reconstruct_links(posts, quotations, settings, plan.pack, orders)
        check_table(Reconstructed, found.posts)
        began = _date_discussions(posts)
        tables = {
            "posts": check_table(Posts, _publish_posts(posts, found, versions, began)),
            "discussions": check_table(Discussions, _publish_discussions(records, found, posts, began)),
            "threads": check_table(Threads, found.threads),
            "links": check_table(Links, found.links),
            "sightings": check_table(
                Sightings, _publish_sightings(records, versions, posts, settings.honour_deletions)
            ),
            "duplicates": check_table(Duplicates, _publish_duplicates(records, versions, inside)),
        }
        for name, frame in tables.items():
            plan.work.write(f"out/{name}/{number}", frame)
        seen = posts.filter(~pl.col("is_placeholder")).select("post_id", "discussion_id", "posted_at")
        firsts = seen.join(_own_firsts(versions, inside), on="post_id", how="left")
        firsts = firsts.filter(pl.col("information") >= INFORMATIVE_BITS)
        plan.work.write(f"out/firsts/{number}", check_table(Firsts, firsts))
        kinds = tables["posts"]["link_kind"]
        report.counts.update(
            posts=posts.height,
            declared=int((kinds == "declared").sum()),
            inferred=int((kinds == "inferred").sum()),
            quotations=quotations.height,
            threads=found.threads.height,
        )
    return report


def _own_firsts(versions: Versions, inside: pl.DataFrame) -> pl.DataFrame:
    """What versions say of first sightings, by each post's own words: who quotes a post does not repeat it."""
    own = leave_own_words(versions.posts, inside).rename({"words_key": "own_key"})
    return (
        versions.firsts.join(own, on="post_id", how="left", maintain_order="left")
        .with_columns(
            words_key=pl.coalesce("own_key", "words_key"),
            information=pl.col("information") * pl.col("share").fill_null(1),
        )
        .drop("own_key", "share")
    )


def _standing(records: pl.DataFrame) -> pl.DataFrame:
    """Quotations that stand beside a post, as paragraphs of their own."""
    return records.drop_nulls("quoted_id").select(
        "post_id",
        "quoted_id",
        "share",
        pl.col("n_words").cast(pl.Int64),
        start=pl.lit(None, dtype=pl.UInt32),
        end=pl.lit(None, dtype=pl.UInt32),
    )


def _join_quotations(inside: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Both kinds, one row per post and quoted post: the longest passage."""
    return (
        pl.concat([fit_table(Quotations, inside), fit_table(Quotations, standing)])
        .filter(pl.col("post_id") != pl.col("quoted_id"))
        .sort("post_id", "quoted_id", "n_words", "share", "start", descending=[False, False, True, True, False])
        .unique(["post_id", "quoted_id"], keep="first", maintain_order=True)
    )


def _date_discussions(posts: pl.DataFrame) -> pl.DataFrame:
    """When discussions began: discussion_id, began_at."""
    times = pl.coalesce(pl.col("posted_at").min(), pl.col("first_seen_at").min())
    return posts.group_by("discussion_id").agg(began_at=times)


def _publish_posts(posts: pl.DataFrame, found: Reconstruction, versions: Versions, began: pl.DataFrame) -> pl.DataFrame:
    """Posts rows: drafts with what reconstruction adds, every sighting counted."""
    seen = versions.matches.group_by("post_id").agg(n_sightings=pl.len().cast(pl.Int64))
    return (
        posts.drop("flags", "n_sightings")
        .join(found.posts, on="post_id", how="left", maintain_order="left")
        .join(seen, on="post_id", how="left", maintain_order="left")
        .join(began, on="discussion_id", how="left", maintain_order="left")
        .with_columns(pl.col("n_sightings").fill_null(0))
    )


def _publish_discussions(
    records: pl.DataFrame, found: Reconstruction, posts: pl.DataFrame, began: pl.DataFrame
) -> pl.DataFrame:
    told = ("discussion_id", "discussion_title", "discussion_url", "source", "community")
    known = (
        records.select("captured_at", "capture_id", "ordinal", *told)
        .sort("captured_at", "capture_id", "ordinal", nulls_last=False)
        .group_by("discussion_id", maintain_order=True)
        .agg(
            title=pl.col("discussion_title").drop_nulls().last(),
            url=pl.col("discussion_url").drop_nulls().last(),
            source=pl.col("source").drop_nulls().last(),
            community=pl.col("community").drop_nulls().last(),
            n_captures=pl.col("capture_id").n_unique().cast(pl.Int64),
        )
    )
    counts = posts.group_by("discussion_id").agg(n_posts=pl.len().cast(pl.Int64))
    described = found.discussions.join(known, on="discussion_id", how="left")
    return described.join(counts, on="discussion_id", how="left").join(began, on="discussion_id", how="left")


def _publish_sightings(
    records: pl.DataFrame, versions: Versions, posts: pl.DataFrame, honour_deletions: bool
) -> pl.DataFrame:
    texts = posts.select("post_id", "discussion_id", post_text="text", deleted="deleted_at")
    shown = pl.col("body").is_not_null() & (pl.col("body") != pl.col("post_text"))
    if honour_deletions:
        shown &= pl.col("deleted").is_null()
    return (
        records.drop("post_id", "discussion_id")
        .join(versions.matches, on="sighting_id", how="left", maintain_order="left")
        .join(texts, on="post_id", how="left", maintain_order="left")
        .select(
            "sighting_id", "capture_id", "ordinal", pl.col("listing_number").alias("listing"), "location", "post_id",
            "discussion_id", "match", "similarity", "posted_at_raw", "votes", "captured_at", "extra",
            author_raw="author",
            declared_parent="native_parent",
            body_raw=pl.when(shown).then("body"),
        )
    )  # fmt: skip


def _publish_duplicates(records: pl.DataFrame, versions: Versions, inside: pl.DataFrame) -> pl.DataFrame:
    """Edges that make sightings one post, and edges from quoted words to where they are quoted."""
    standing = records.drop_nulls("quoted_id").select(
        left_id="quoted_sighting_id",
        right_id="sighting_id",
        left_post_id="quoted_id",
        right_post_id="post_id",
        share="share",
        n_words=pl.col("n_words").cast(pl.Int64),
    )
    firsts = versions.firsts.select("post_id", "sighting_id")
    within = (
        inside.join(firsts.rename({"sighting_id": "right_id"}), on="post_id", how="inner")
        .join(firsts.rename({"post_id": "quoted_id", "sighting_id": "left_id"}), on="quoted_id", how="inner")
        .select("left_id", "right_id", "share", "n_words", left_post_id="quoted_id", right_post_id="post_id")
    )
    quotes = pl.concat([standing, within.select(standing.columns)]).filter(
        pl.col("left_post_id") != pl.col("right_post_id")
    )
    edges = quotes.with_columns(
        kind=pl.lit("quote"),
        similarity=pl.col("share"),
        method=pl.lit("contained"),
        collapses=pl.lit(False),
        evidence=pl.concat_list(
            pl.struct(pl.lit("words").alias("signal"), pl.col("n_words").cast(pl.Float32).alias("value")),
            pl.struct(pl.lit("share").alias("signal"), pl.col("share").cast(pl.Float32).alias("value")),
        ),
    )
    both = pl.concat([fit_table(Duplicates, versions.edges), fit_table(Duplicates, edges)])
    # Where a sighting both is a version of another and quotes it, it is a version.
    return both.unique(["left_id", "right_id"], keep="first", maintain_order=True)
