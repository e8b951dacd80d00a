"""Decisions by people on who answers whom, ahead of what dumps declare and models guess.

In: drafts of posts and decisions in today's ids. Out: the drafts, declaring what was decided.

>>> decide_parents(posts, resolve_decisions(decisions, ids))["parent_decided"].sum()
1

The last *parent_is* of a post holds unless a later *parent_is_not* denies it; every *parent_is_not* holds that no later
*parent_is* of the same two posts takes back. A decision that names a post of another discussion, or of none, holds
nothing.
"""

from __future__ import annotations

import polars as pl

PARENT_IS, PARENT_IS_NOT = "parent_is", "parent_is_not"

_WORD = ["post_id", "other_id"]


def resolve_decisions(decisions: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """The parent decisions that hold, in ids of today.

    Args:
        decisions: tables.Decisions, the latest last.
        ids: given, id: what every id that a decision names stands for; others may be absent.

    Returns:
        post_id, other_id (null: answers none), kind; at most one ``parent_is`` a post; sorted by these columns.
    """
    said = decisions.filter(pl.col("kind").is_in([PARENT_IS, PARENT_IS_NOT])).with_row_index("turn")
    today = said.join(ids.rename({"given": "post_id", "id": "post_now"}), on="post_id", how="inner").join(
        ids.rename({"given": "other_id", "id": "other_now"}), on="other_id", how="left"
    )
    lost = pl.col("other_id").is_not_null() & pl.col("other_now").is_null()
    today = today.filter(~lost).select("turn", "kind", post_id="post_now", other_id="other_now").sort("turn")
    # The last word on each two posts, then the last positive word on each post.
    words = today.unique(_WORD, keep="last", maintain_order=True)
    last = words.filter(pl.col("kind") == PARENT_IS).unique("post_id", keep="last", maintain_order=True)
    denied = words.filter(pl.col("kind") == PARENT_IS_NOT)
    columns = [*_WORD, "kind"]
    return pl.concat([last.select(columns), denied.select(columns)]).sort(columns)


def decide_parents(posts: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Drafts that declare what was decided.

    Args:
        posts: tables.DraftPosts.
        decisions: what ``resolve_decisions`` returns; those about other posts are ignored.

    Returns:
        The drafts in their order. A decided parent replaces the declared one (parent_decided); those that were denied
        are listed in not_parents.
    """
    homes = posts.select("post_id", "discussion_id")
    here = decisions.join(homes, on="post_id").join(
        homes.rename({"post_id": "other_id", "discussion_id": "other_home"}), on="other_id", how="left"
    )
    here = here.filter(pl.col("other_id").is_null() | (pl.col("other_home") == pl.col("discussion_id")))
    if here.is_empty():
        return posts
    decided = here.filter(pl.col("kind") == PARENT_IS).select(
        "post_id", decided_id="other_id", parent_decided=pl.lit(value=True)
    )
    denied = here.filter(pl.col("kind") == PARENT_IS_NOT).group_by("post_id").agg(not_parents=pl.col("other_id").sort())
    said = (
        posts.drop("parent_decided", "not_parents")
        .join(decided, on="post_id", how="left", maintain_order="left")
        .join(denied, on="post_id", how="left", maintain_order="left")
    )
    is_decided = pl.col("parent_decided").fill_null(value=False)
    return said.with_columns(
        declared_parent_id=pl.when(is_decided).then("decided_id").otherwise("declared_parent_id"),
        parent_known=is_decided | pl.col("parent_known"),
    ).select(posts.columns)
