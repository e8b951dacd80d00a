"""References between tables: whatever an id names is there and is what it is said to be.

In: the tables. Out: rows that name what is not there.

>>> "repeats_end" in [rule.name for rule in REFERENCES]
True
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.audit.finding import Tables, Wrong, name_rows, rule, without_match


@rule("posts")
def post_has_discussion(tables: Tables) -> Wrong:
    """A post's discussion is listed."""
    lost = without_match(tables.posts, "discussion_id", tables.discussions, "discussion_id")
    return name_rows(lost, "post_id", "discussion_id")


@rule("sightings")
def sighting_names_discussion(tables: Tables) -> Wrong:
    """A sighting's discussion is that of its post."""
    own = tables.posts.select("post_id", home="discussion_id")
    found = tables.sightings.select("sighting_id", "post_id", "discussion_id").join(own, on="post_id")
    return name_rows(found.filter(pl.col("discussion_id") != pl.col("home")), "sighting_id", "discussion_id", "home")


@rule("discussions")
def discussions_begin(tables: Tables) -> Wrong:
    """A discussion began when its earliest post was posted, else first seen; each of its posts says so too."""
    earliest = pl.coalesce(pl.col("posted_at").min(), pl.col("first_seen_at").min())
    said = tables.posts.group_by("discussion_id").agg(
        earliest=earliest, first=pl.col("began_at").min(), other=pl.col("began_at").n_unique() > 1
    )
    found = tables.discussions.select("discussion_id", "began_at").join(said, on="discussion_id")
    agree = pl.col("began_at").eq_missing(pl.col("earliest")) & pl.col("began_at").eq_missing(pl.col("first"))
    return name_rows(found.filter(~agree | pl.col("other")), "discussion_id", "began_at", "earliest", "first")


@rule("posts")
def post_has_thread(tables: Tables) -> Wrong:
    """A post's thread is listed."""
    return name_rows(without_match(tables.posts, "thread_id", tables.threads, "thread_id"), "post_id", "thread_id")


@rule("posts")
def under_is_above(tables: Tables) -> Wrong:
    """under_id is a post of the same thread, higher up than the parent."""
    above = tables.posts.select(
        pl.col("post_id").alias("under_id"),
        pl.col("thread_id").alias("under_thread_id"),
        pl.col("depth").alias("under_depth"),
    )
    found = tables.posts.filter(pl.col("under_id").is_not_null()).join(above, on="under_id", how="left")
    right = (pl.col("thread_id") == pl.col("under_thread_id")) & (pl.col("under_depth") < pl.col("depth") - 1)
    return name_rows(found.filter(~right.fill_null(value=False)), "post_id", "under_id", "depth", "under_depth")


@rule("threads")
def thread_has_its_root(tables: Tables) -> Wrong:
    """root_id is a post of that thread."""
    posts = tables.posts.select(pl.col("post_id").alias("root_id"), pl.col("thread_id").alias("root_thread_id"))
    found = tables.threads.filter(pl.col("root_id").is_not_null()).join(posts, on="root_id", how="left")
    other = found.filter(pl.col("root_thread_id").ne_missing(pl.col("thread_id")))
    return name_rows(other, "thread_id", "root_id", "root_thread_id")


@rule("links")
def links_join_posts(tables: Tables) -> Wrong:
    """A link joins posts of one discussion."""
    own = tables.posts.select("post_id", "discussion_id")
    found = tables.links.join(own, on="post_id", how="left").join(
        own.select(pl.col("post_id").alias("parent_id"), pl.col("discussion_id").alias("parent_discussion_id")),
        on="parent_id",
        how="left",
    )
    elsewhere = pl.col("parent_id").is_not_null() & pl.col("parent_discussion_id").ne_missing(pl.col("discussion_id"))
    lost = pl.col("discussion_id").is_null() | elsewhere
    return name_rows(found.filter(lost), "post_id", "rank", "parent_id")


@rule("duplicates")
def duplicates_show_their_posts(tables: Tables) -> Wrong:
    """Both sides of a duplicate are sightings, of the posts that are named beside them."""
    found = tables.duplicates
    for side in ("left", "right"):
        shown = tables.sightings.select(
            pl.col("sighting_id").alias(f"{side}_id"), pl.col("post_id").alias(f"{side}_shows")
        )
        found = found.join(shown, on=f"{side}_id", how="left")
    wrong = [pl.col(f"{side}_post_id").ne_missing(pl.col(f"{side}_shows")) for side in ("left", "right")]
    return name_rows(found.filter(pl.any_horizontal(wrong)), "left_id", "right_id", "left_shows", "right_shows")


@rule("repeats")
def repeats_join_posts(tables: Tables) -> Wrong:
    """Both posts of a repeat are there."""
    lost = [without_match(tables.repeats, column, tables.posts, "post_id") for column in ("post_id", "canonical_id")]
    return name_rows(pl.concat(lost), "post_id", "canonical_id")


@rule("repeats")
def repeats_end(tables: Tables) -> Wrong:
    """Whoever follows canonical_id comes to a post that repeats no other: repeats do not go in a circle."""
    rows = tables.repeats.select("post_id", "canonical_id").with_row_index("row")
    canonical = rows.select(pl.col("post_id").alias("canonical_id"), pl.col("row").alias("next"))
    edges = rows.join(canonical, on="canonical_id", how="left", maintain_order="left").collect()
    # One more row stands for the end; where each row leads is doubled until every path without a circle is at it.
    end = edges.height
    leads = np.append(edges["next"].fill_null(end).to_numpy(), end)
    for _ in range(end.bit_length()):
        leads = leads[leads]
    return name_rows(edges.filter(pl.Series(leads[:end] != end)).lazy(), "post_id", "canonical_id")


@rule("captures")
def capture_has_discussion(tables: Tables) -> Wrong:
    """A discussion that a capture names is listed."""
    lost = without_match(tables.captures, "discussion_id", tables.discussions, "discussion_id")
    return name_rows(lost, "capture_id", "discussion_id")


@rule("aliases")
def alias_leads_to_id(tables: Tables) -> Wrong:
    """An alias leads to an id that is there, in the table it names."""
    lost = [
        without_match(tables.aliases.filter(pl.col("table") == name), "id", frame, key)
        for name, frame, key in (
            ("posts", tables.posts, "post_id"),
            ("discussions", tables.discussions, "discussion_id"),
        )
    ]
    return name_rows(pl.concat(lost), "seed_id", "id", "table")


@rule("aliases")
def alias_hides_no_id(tables: Tables) -> Wrong:
    """No alias is itself an id of a post or a discussion."""
    ids = pl.concat([tables.posts.select("post_id"), tables.discussions.select(post_id="discussion_id")])
    hiding = tables.aliases.join(ids, left_on="seed_id", right_on="post_id", how="semi")
    return name_rows(hiding, "seed_id", "id", "table")


def _ids_of_posts(tables: Tables) -> pl.LazyFrame:
    """Every id that stands for a post: given, post_id."""
    return pl.concat(
        [
            tables.posts.select("post_id", given="post_id"),
            tables.aliases.filter(pl.col("table") == "posts")
            .select(given="seed_id", post_id="id")
            .select("post_id", "given"),
            tables.sightings.select("post_id", given="sighting_id"),
        ]
    )


@rule("decisions")
def decision_names_posts(tables: Tables) -> Wrong:
    """Both ids of a decision stand for posts that are there."""
    known = _ids_of_posts(tables)
    lost = [without_match(tables.decisions, column, known, "given") for column in ("post_id", "other_id")]
    return name_rows(pl.concat(lost), "decision_id", "post_id", "other_id")


@rule("posts")
def decided_by_someone(tables: Tables) -> Wrong:
    """A decided parent is one that somebody decided."""
    ids = _ids_of_posts(tables)
    said = (
        tables.decisions.filter(pl.col("kind") == "parent_is")
        .join(ids.rename({"post_id": "child", "given": "post_id"}), on="post_id")
        .join(ids.rename({"post_id": "parent", "given": "other_id"}), on="other_id", how="left")
        .select(post_id="child", parent_id="parent")
    )
    decided = tables.posts.filter(pl.col("link_kind") == "decided")
    lost = decided.join(said, on=["post_id", "parent_id"], how="anti", nulls_equal=True)
    return name_rows(lost, "post_id", "parent_id")


@rule("runs")
def run_is_recorded(tables: Tables) -> Wrong:
    """The run that published is recorded, with the captures that are listed as its input."""
    listed = tables.captures.select(pl.col("capture_id").sort().implode().alias("captures"))
    run = tables.runs.filter(pl.col("run_id") == tables.manifest.run_id).select("run_id", "inputs")
    published = pl.LazyFrame({"run_id": [tables.manifest.run_id]}).join(run, on="run_id", how="left")
    found = published.join(listed, how="cross")
    agree = (pl.col("inputs") == pl.col("captures")).fill_null(value=False)
    counted = found.filter(~agree).select(
        "run_id", inputs=pl.col("inputs").list.len(), captures=pl.col("captures").list.len()
    )
    return name_rows(counted, "run_id", "inputs", "captures")


REFERENCES = (
    post_has_discussion,
    sighting_names_discussion,
    discussions_begin,
    post_has_thread,
    under_is_above,
    thread_has_its_root,
    links_join_posts,
    duplicates_show_their_posts,
    repeats_join_posts,
    repeats_end,
    capture_has_discussion,
    alias_leads_to_id,
    alias_hides_no_id,
    decision_names_posts,
    decided_by_someone,
    run_is_recorded,
)
