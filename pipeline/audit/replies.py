"""Reply trees, from the tables: a forest in each discussion, in its reading order, counted right; links that agree.

In: the tables. Out: posts, threads, discussions and links that contradict each other.

>>> "parent_stands_in_discussion" in [rule.name for rule in REPLIES]
True
"""

from __future__ import annotations

import polars as pl

from pipeline.audit.finding import Tables, Wrong, name_rows, rule

# Confidences are 32-bit floats, and means of them depend on the order of adding.
_NEAR = 1e-4


def _with_parents(tables: Tables) -> pl.LazyFrame:
    """Posts that have a parent, with what the parent says of itself; null where it is not there."""
    told = ("discussion_id", "thread_id", "depth", "position")
    parents = tables.posts.select(
        pl.col("post_id").alias("parent_id"), *(pl.col(name).alias(f"parent_{name}") for name in told)
    )
    children = tables.posts.select("post_id", "parent_id", *told).filter(pl.col("parent_id").is_not_null())
    return children.join(parents, on="parent_id", how="left")


def _shapes(tables: Tables) -> pl.LazyFrame:
    return tables.discussions.select("discussion_id", "shape")


@rule("posts")
def parent_stands_in_discussion(tables: Tables) -> Wrong:
    """A parent is a post of the same discussion."""
    elsewhere = pl.col("parent_discussion_id").ne_missing(pl.col("discussion_id"))
    return name_rows(
        _with_parents(tables).filter(elsewhere), "post_id", "parent_id", "discussion_id", "parent_discussion_id"
    )


@rule("posts")
def depth_counts_ancestors(tables: Tables) -> Wrong:
    """A reply is one deeper than its parent. As roots have depth 0, this also proves that no replies go in a circle."""
    known = _with_parents(tables).filter(pl.col("parent_depth").is_not_null())
    return name_rows(
        known.filter(pl.col("depth") != pl.col("parent_depth") + 1), "post_id", "parent_id", "depth", "parent_depth"
    )


@rule("posts")
def replies_stay_in_thread(tables: Tables) -> Wrong:
    """A reply is in its parent's thread."""
    known = _with_parents(tables).filter(pl.col("parent_thread_id").is_not_null())
    other = known.filter(pl.col("thread_id") != pl.col("parent_thread_id"))
    return name_rows(other, "post_id", "parent_id", "thread_id", "parent_thread_id")


@rule("posts")
def roots_name_their_thread(tables: Tables) -> Wrong:
    """On a page the thread has the discussion's id, in a stream that of its root."""
    roots = tables.posts.filter(pl.col("parent_id").is_null()).join(_shapes(tables), on="discussion_id")
    own = pl.when(pl.col("shape") == "page").then("discussion_id").otherwise("post_id")
    return name_rows(roots.filter(pl.col("thread_id") != own), "post_id", "thread_id", "shape")


@rule("posts")
def parent_comes_first(tables: Tables) -> Wrong:
    """On a page, a parent is read before its replies."""
    pages = _with_parents(tables).join(_shapes(tables).filter(pl.col("shape") == "page"), on="discussion_id")
    late = pages.filter(pl.col("parent_position") >= pl.col("position"))
    return name_rows(late, "post_id", "parent_id", "position", "parent_position")


@rule("posts")
def positions_are_whole(tables: Tables) -> Wrong:
    """Positions in a discussion are 0, 1, 2 and so on, each once."""
    found = tables.posts.group_by("discussion_id").agg(
        pl.len().cast(pl.Int64).alias("posts"),
        pl.col("position").n_unique().cast(pl.Int64).alias("positions"),
        pl.col("position").min().alias("first"),
        pl.col("position").max().alias("last"),
    )
    whole = (pl.col("first") == 0) & (pl.col("last") == pl.col("posts") - 1) & (pl.col("positions") == pl.col("posts"))
    return name_rows(found.filter(~whole), "discussion_id", "posts", "positions", "first", "last")


@rule("discussions")
def discussions_are_counted(tables: Tables) -> Wrong:
    """A discussion says how many posts it has and in how many captures they were seen."""
    posts = tables.posts.group_by("discussion_id").agg(pl.len().cast(pl.Int64).alias("posts"))
    captures = (
        tables.sightings.select("capture_id", "post_id")
        .join(tables.posts.select("post_id", "discussion_id"), on="post_id")
        .group_by("discussion_id")
        .agg(pl.col("capture_id").n_unique().cast(pl.Int64).alias("captures"))
    )
    found = tables.discussions.select("discussion_id", "n_posts", "n_captures")
    for counts in (posts, captures):
        found = found.join(counts, on="discussion_id", how="left")
    found = found.with_columns(pl.col("posts", "captures").fill_null(0))
    agree = (pl.col("n_posts") == pl.col("posts")) & (pl.col("n_captures") == pl.col("captures"))
    return name_rows(found.filter(~agree), "discussion_id", "n_posts", "posts", "n_captures", "captures")


@rule("threads")
def threads_are_measured(tables: Tables) -> Wrong:
    """A thread says how many posts it has, how deep it is, when it began and ended, and how sure its links are."""
    inferred = pl.when(pl.col("link_kind") == "inferred").then("link_confidence")
    found = tables.posts.group_by("thread_id").agg(
        pl.col("discussion_id").min().alias("of_discussion_id"),
        pl.len().cast(pl.Int64).alias("of_n_posts"),
        pl.col("depth").max().alias("of_depth"),
        pl.col("posted_at").min().alias("of_started_at"),
        pl.col("posted_at").max().alias("of_ended_at"),
        pl.col("author").n_unique().cast(pl.Int64).alias("names"),
        pl.col("author").null_count().alias("nameless"),
        inferred.mean().alias("of_confidence_mean"),
        inferred.min().alias("of_confidence_min"),
    )
    exact = ("discussion_id", "n_posts", "depth", "started_at", "ended_at")
    near = ("confidence_mean", "confidence_min")
    names = pl.col("names") - (pl.col("nameless") > 0).cast(pl.Int64)
    # Authors are counted by folded names, which posts do not show: as many as the names written, or fewer.
    wrong = [(pl.col("n_authors") > names) | ((pl.col("n_authors") == 0) != (names == 0))]
    wrong += [pl.col(name).ne_missing(pl.col(f"of_{name}")) for name in exact]
    wrong += [pl.col(name).is_null() != pl.col(f"of_{name}").is_null() for name in near]
    wrong += [((pl.col(name) - pl.col(f"of_{name}")).abs() > _NEAR).fill_null(value=False) for name in near]
    # A thread without posts has no row in `found`, so its numbers differ as well.
    rows = tables.threads.join(found, on="thread_id", how="left").filter(pl.any_horizontal(wrong).fill_null(value=True))
    return name_rows(rows, "thread_id", *(each for name in exact[1:] for each in (name, f"of_{name}")))


@rule("posts")
def inferred_has_one_chosen_link(tables: Tables) -> Wrong:
    """Every inferred parent is the one chosen candidate in links, with the same confidence."""
    chosen = (
        tables.links.filter("is_chosen")
        .group_by("post_id")
        .agg(
            pl.len().cast(pl.Int64).alias("chosen"),
            pl.col("parent_id").min().alias("link_parent_id"),
            pl.col("confidence").min().alias("confidence"),
        )
    )
    inferred = tables.posts.filter(pl.col("link_kind") == "inferred")
    found = inferred.join(chosen, on="post_id", how="left").with_columns(pl.col("chosen").fill_null(0))
    agree = (
        (pl.col("chosen") == 1)
        & pl.col("parent_id").eq_missing(pl.col("link_parent_id"))
        & ((pl.col("link_confidence") - pl.col("confidence")).abs() <= _NEAR)
    )
    return name_rows(
        found.filter(~agree.fill_null(value=False)),
        "post_id",
        "chosen",
        "parent_id",
        "link_parent_id",
        "link_confidence",
        "confidence",
    )


@rule("links")
def declared_has_no_links(tables: Tables) -> Wrong:
    """A declared parent has no candidates beside it."""
    declared = tables.posts.filter(pl.col("link_kind") == "declared").select("post_id")
    return name_rows(tables.links.join(declared, on="post_id", how="semi"), "post_id", "rank")


@rule("links")
def confidences_are_shares(tables: Tables) -> Wrong:
    """The candidates of a post, each named once, have confidences that sum to at most 1."""
    found = tables.links.group_by("post_id").agg(
        pl.col("confidence").cast(pl.Float64).sum().alias("sum"),
        pl.len().cast(pl.Int64).alias("links"),
        pl.col("parent_id").n_unique().cast(pl.Int64).alias("candidates"),
    )
    wrong = (pl.col("sum") > 1 + _NEAR) | (pl.col("links") != pl.col("candidates"))
    return name_rows(found.filter(wrong), "post_id", "sum", "links", "candidates")


@rule("links")
def ranks_are_whole(tables: Tables) -> Wrong:
    """Ranks of a post's candidates are 1, 2, 3 and so on, the most probable first."""
    found = (
        tables.links.sort("post_id", "rank")
        .group_by("post_id", maintain_order=True)
        .agg(
            (pl.col("rank") == pl.int_range(1, pl.len() + 1)).all().alias("whole"),
            (pl.col("confidence").diff().max() > _NEAR).fill_null(value=False).alias("rises"),
        )
    )
    return name_rows(found.filter(~pl.col("whole") | pl.col("rises")), "post_id", "whole", "rises")


REPLIES = (
    parent_stands_in_discussion,
    depth_counts_ancestors,
    replies_stay_in_thread,
    roots_name_their_thread,
    parent_comes_first,
    positions_are_whole,
    discussions_are_counted,
    threads_are_measured,
    inferred_has_one_chosen_link,
    declared_has_no_links,
    confidences_are_shares,
    ranks_are_whole,
)
