"""Repeats: different posts that say the same informative words, and how they relate.

In: the posts of the whole archive by their words_key, and verified pairs of nearly equal words. Out: repeats and edges.

>>> repeats, edges = relate_repeats(posts, texts, near, settings)

Posts of equal words, and of words joined by verified pairs, make a cluster; its canonical post is the earliest. A chain
of small edits joins ends that are unlike: members that are not near the canonical make clusters of their own.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.similarity import edit_ratio
from pipeline.deduplicate.listings import add_near_keys
from pipeline.settings import Settings
from pipeline.tables import Duplicates, Repeats, empty_table

INFORMATIVE_BITS = 40.0
NEAR_BITS = 60.0  # from which on words that are nearly the same repeat each other: short turns of phrase are varied
SLIP = 0.92  # edit ratio from which shorter ones do as well
LEAST_LIKE = 0.8  # edit ratio below which words elsewhere are no repetition, but a rewording
MAX_ROUNDS = 8


def relate_repeats(
    posts: pl.DataFrame, texts: pl.DataFrame, near: pl.DataFrame, settings: Settings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Finds who says again what another post said.

    Args:
        posts: post_id, discussion_id, posted_at, words_key, information, sighting_id (the post's first sighting).
        texts: words_key, words of the texts that stand in ``near``.
        near: left_key, right_key, similarity, method: verified pairs of different words. Pairs of method "template"
            join posts only where they stand in so many discussions that they are boilerplate.
        settings: edit_similarity, boilerplate_discussions.

    Returns:
        repeats: tables.Repeats. edges: rows of tables.Duplicates of kind repost, boilerplate or truncation.
    """
    informative = posts.filter(pl.col("information") >= INFORMATIVE_BITS)
    clusters = _cluster_posts(informative, near, settings.boilerplate_discussions)
    clusters = clusters.filter(pl.len().over("cluster") > 1)
    if clusters.is_empty():
        return empty_table(Repeats), empty_table(Duplicates)
    settled: list[pl.DataFrame] = []
    open_posts = clusters
    # A round settles what is near its cluster's canonical post and leaves the rest to the next; chains are short.
    for _ in range(MAX_ROUNDS):
        if open_posts.is_empty():
            break
        measured = _measure_to_canonical(open_posts, texts)
        close = pl.col("similarity") >= max(settings.edit_similarity, LEAST_LIKE)
        settled.append(measured.filter(close))
        open_posts = measured.filter(~close).select(open_posts.columns)
    cuts = _relate_cuts(pl.concat(settled), near)
    members = pl.concat(settled).filter(pl.len().over("canonical_id") > 1)
    spread = members.group_by("canonical_id").agg(n_discussions=pl.col("discussion_id").n_unique())
    wide = pl.col("n_discussions") >= settings.boilerplate_discussions
    members = (
        members.join(spread, on="canonical_id", how="left")
        .filter(pl.col("post_id") != pl.col("canonical_id"))
        .with_columns(kind=pl.when(wide).then(pl.lit("boilerplate")).otherwise(pl.lit("repost")))
        .sort("post_id")
    )
    edges = members.select(
        left_id="canonical_sighting",
        right_id="sighting_id",
        kind="kind",
        left_post_id="canonical_id",
        right_post_id="post_id",
        similarity="similarity",
        method=pl.when(pl.col("words_key") == pl.col("canonical_key")).then(pl.lit("exact")).otherwise(pl.lit("near")),
        collapses=pl.lit(False),
        evidence=pl.concat_list(
            pl.struct(pl.lit("words").alias("signal"), pl.col("similarity").alias("value")),
            pl.struct(pl.lit("bits").alias("signal"), pl.col("information").cast(pl.Float32).alias("value")),
        ),
    )
    return members.select("post_id", "canonical_id", "kind", "similarity"), pl.concat([edges, cuts])


def _cluster_posts(posts: pl.DataFrame, near: pl.DataFrame, wide: int) -> pl.DataFrame:
    """Adds cluster: equal for posts whose words are joined by pairs; by templates only where these stand in so many
    discussions."""
    is_template = pl.col("method") == "template"
    told = add_near_keys(posts, _without_phrases(posts, near.filter(~is_template))).rename({"near_key": "cluster"})
    if not near.select(is_template.any()).item():
        return told
    forms = add_near_keys(posts, near)["near_key"]
    spread = pl.col("discussion_id").n_unique().over("form") >= wide
    return (
        told.with_columns(form=forms)
        .with_columns(cluster=pl.when(spread).then("form").otherwise("cluster"))
        .drop("form")
    )


def _without_phrases(posts: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """The pairs but those of turns of phrase: texts of fewer than NEAR_BITS that differ in more than a slip."""
    rich = posts.filter(pl.col("information") >= NEAR_BITS)["words_key"].unique().implode()
    both = pl.col("left_key").is_in(rich) & pl.col("right_key").is_in(rich)
    return near.filter(both | (pl.col("similarity") >= SLIP))


def _relate_cuts(members: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Edges between posts of which one only begins like the other: the first posts that say either.

    Inside one discussion alignment has kept them apart: who begins with another's words there quotes them.
    """
    heads = (
        members.sort("posted_at", "post_id", nulls_last=True)
        .unique("words_key", keep="first", maintain_order=True)
        .select("words_key", "post_id", "sighting_id", "information", "discussion_id")
    )
    cut = near.filter(pl.col("method") == "cut")
    pairs = cut.select("left_key", "right_key", pl.col("similarity").cast(pl.Float32))
    both = pairs.join(heads, left_on="left_key", right_on="words_key").join(
        heads, left_on="right_key", right_on="words_key", suffix="_right"
    )
    return (
        both.filter(pl.col("discussion_id") != pl.col("discussion_id_right"))
        .sort("left_key", "right_key")
        .select(
            left_id="sighting_id",
            right_id="sighting_id_right",
            kind=pl.lit("truncation"),
            left_post_id="post_id",
            right_post_id="post_id_right",
            similarity=pl.col("similarity").cast(pl.Float32),
            method=pl.lit("contained"),
            collapses=pl.lit(False),
            evidence=pl.concat_list(
                pl.struct(pl.lit("words").alias("signal"), pl.col("similarity").alias("value")),
                pl.struct(
                    pl.lit("bits").alias("signal"),
                    pl.min_horizontal("information", "information_right").cast(pl.Float32).alias("value"),
                ),
            ),
        )
    )


def _measure_to_canonical(posts: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Adds the canonical post of each cluster (earliest, then smallest id) and the likeness of words to it."""
    heads = (
        posts.sort("cluster", "posted_at", "post_id", nulls_last=True)
        .unique("cluster", keep="first", maintain_order=True)
        .select("cluster", canonical_id="post_id", canonical_key="words_key", canonical_sighting="sighting_id")
    )
    rows = posts.join(heads, on="cluster", how="left", maintain_order="left")
    pairs = rows.filter(pl.col("words_key") != pl.col("canonical_key")).select("words_key", "canonical_key").unique()
    pairs = pairs.join(texts, on="words_key", how="left", maintain_order="left").join(
        texts.rename({"words_key": "canonical_key", "words": "canonical_words"}),
        on="canonical_key", how="left", maintain_order="left",
    )  # fmt: skip
    ratios = pl.Series(edit_ratio(pairs["words"], pairs["canonical_words"]), dtype=pl.Float32)
    pairs = pairs.select("words_key", "canonical_key", similarity=ratios)
    return rows.join(pairs, on=["words_key", "canonical_key"], how="left", maintain_order="left").with_columns(
        pl.col("similarity").fill_null(1.0).cast(pl.Float32)
    )
