"""The tables of a run that goes on from the snapshot before: what goes of each, and what comes.

In: the parts that the other steps wrote, ``gone/<name>`` among them, and a ``Base``. Out: a ``Change`` a table, and
what the next run needs.

>>> changes = revise_tables(plan, base, keep_firsts(plan, base))
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.deduplicate.listings import add_near_keys
from pipeline.deduplicate.repeats import relate_repeats
from pipeline.errors import ArchiveError
from pipeline.ids import number_ids
from pipeline.steps.base import Base
from pipeline.steps.plan import RunPlan
from pipeline.store.bags import fetch_words
from pipeline.store.captures import scan_quarantine
from pipeline.store.index import read_near
from pipeline.store.revise import Change
from pipeline.store.snapshot import read_kept, scan_kept, scan_table
from pipeline.store.write import TableRows, sort_columns
from pipeline.tables import DUPLICATE_KINDS, PUBLISHED, Duplicates, Firsts, Quarantine, fit_table

SHOWN = "shown"
_PAIR = ["left_key", "right_key"]
# Kinds of edges between posts of clusters, and of those within posts or discussions; with them, whether they collapse.
_OF_REPEATS = (("repost", False), ("boilerplate", False), ("truncation", False))
_OF_POSTS = tuple((k, c) for k in DUPLICATE_KINDS for c in (True, False) if (k, c) not in _OF_REPEATS)


def revise_tables(plan: RunPlan, base: Base) -> dict[str, TableRows | Change]:
    """What changes in every table that is made of records."""
    work = plan.work
    discussions, posts, sightings = (work.read(f"gone/{name}") for name in ("discussions", "posts", "sightings"))
    post_ids = posts.select("post_id")
    new = {name: work.scan(f"out/{name}", PUBLISHED[name]) for name in ("posts", "discussions", "threads", "links")}
    edges = work.read("out/duplicates", PUBLISHED["duplicates"])
    own = post_ids.rename({"post_id": "left_post_id"}).join(_kinds(_OF_POSTS), how="cross")
    old_edges = scan_table(base.snapshot, "duplicates").join(own.lazy(), on=own.columns, how="semi").collect()
    repeats, reposts, members = _relate_changed(plan, base, pl.concat([edges, old_edges]))
    return {
        "posts": Change(base.snapshot, (posts.select(sort_columns("posts")),), new["posts"]),
        "discussions": Change(base.snapshot, (discussions,), new["discussions"]),
        "threads": Change(base.snapshot, (discussions,), new["threads"]),
        "links": Change(base.snapshot, (post_ids,), new["links"]),
        "sightings": Change(
            base.snapshot,
            (sightings.select(sort_columns("sightings")),),
            work.scan("out/sightings", PUBLISHED["sightings"]),
        ),
        "repeats": Change(base.snapshot, (members,), repeats),
        "duplicates": _revise_duplicates(base, (own, members), edges, reposts),
        "quarantine": Change(base.snapshot, (), _new_quarantine(plan, base)),
        "aliases": Change(
            base.snapshot,
            (post_ids.rename({"post_id": "id"}), discussions.rename({"discussion_id": "id"})),
            work.read("aliases"),
        ),
    }


def revise_firsts(plan: RunPlan, base: Base, firsts: pl.LazyFrame) -> Change:
    """What changes in tables.Firsts; ``firsts`` are those of the records that were decided anew."""
    return Change(base.snapshot, (plan.work.read("gone/firsts").select(sort_columns("firsts")),), firsts)


def keep_shown(plan: RunPlan, base: Base | None) -> pl.DataFrame:
    """Where captures show discussions: capture_id, discussion_id, captured_at (the latest), sorted by both ids."""
    sightings = plan.work.scan("out/sightings", PUBLISHED["sightings"])
    shown = sightings.group_by("capture_id", "discussion_id").agg(pl.col("captured_at").max()).collect()
    if base is not None:
        old = _kept(base, SHOWN).join(plan.work.read("gone/discussions"), on="discussion_id", how="anti")
        shown = pl.concat([shown, old])
    return shown.sort("capture_id", "discussion_id")


def near_before(base: Base) -> pl.DataFrame:
    """The near pairs of the snapshot before."""
    near = read_near(base.snapshot)
    if near is None:
        raise ArchiveError(f"{base.snapshot} keeps no near pairs: remove the snapshot and run again")
    return near


def _kept(base: Base, name: str) -> pl.DataFrame:
    frame = read_kept(base.snapshot, name)
    if frame is None:
        raise ArchiveError(f"{base.snapshot} lacks kept/{name}.parquet: remove the snapshot and run again")
    return frame


def relate_again(plan: RunPlan, firsts: pl.DataFrame, near: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Repeats among some posts and their edges: what ``relate_repeats`` gives."""
    keys = pl.concat([near["left_key"], near["right_key"]]).unique()
    ids = number_ids(firsts.filter(pl.col("words_key").is_in(keys.implode()))["words_key"].unique())
    texts = fetch_words(map(Path, plan.work.read_json("words")), ids)
    return relate_repeats(firsts, texts, near, plan.parameters.settings)


def read_repeated(firsts: pl.LazyFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Posts, sorted, whose words another post may say as well: the same (by a hash), or near ones. The others, most of
    an archive, are nobody's repeat.

    Args:
        firsts: tables.Firsts.
        near: left_key, right_key.
    """
    key = pl.col("words_key").hash()
    hashes = firsts.select(key).collect().to_series()
    again = hashes.filter(hashes.is_duplicated()).unique()
    paired = pl.concat([near["left_key"], near["right_key"]]).unique()
    said = key.is_in(again.implode()) | pl.col("words_key").is_in(paired.implode())
    return firsts.filter(said).collect().sort("post_id")


def _relate_changed(plan: RunPlan, base: Base, edges: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Repeats and their edges of all clusters of which a post or a near pair came, went or changed.

    Args:
        plan, base: as ``revise_tables`` takes them.
        edges: tables.Duplicates, those that come or go within discussions: a quotation hides a repeat.

    Returns:
        repeats, edges: of the posts that are in these clusters now.
        members: post_id of every post that was in one of them.
    """
    everything = scan_kept(base.snapshot, "firsts")
    touched = plan.work.read("gone/discussions")["discussion_id"].implode()
    before = plan.work.read("gone/firsts")
    now = plan.work.read("out/firsts", Firsts).select(before.columns)
    near = plan.work.read("near")
    quoting = edges.filter(pl.col("kind") == "quote").select(post_id="right_post_id")
    changed = pl.concat(
        [
            *(posts.join(quoting, on="post_id", how="semi") for posts in (now, before)),
            now.join(before, on=before.columns, how="anti", nulls_equal=True),
            before.join(now, on=before.columns, how="anti", nulls_equal=True),
        ]
    )
    pairs = [frame.select(_PAIR) for frame in (near_before(base), near)]
    moved = pl.concat([pairs[0].join(pairs[1], on=_PAIR, how="anti"), pairs[1].join(pairs[0], on=_PAIR, how="anti")])
    keys = pl.concat([changed["words_key"], moved["left_key"], moved["right_key"]]).unique()
    # Clusters of then and of now, joined where they have a text in common.
    both = pl.concat(pairs).unique()
    known = pl.concat([keys, both["left_key"], both["right_key"]]).unique().to_frame("words_key")
    clusters = add_near_keys(known, both)
    affected = clusters.join(clusters.join(keys.to_frame("words_key"), on="words_key"), on="near_key", how="semi")
    wanted = pl.col("words_key").is_in(affected["words_key"].implode())
    old = everything.filter(wanted).collect()
    untouched = old.filter(~pl.col("discussion_id").is_in(touched))
    clustered = add_near_keys(pl.concat([untouched, now.filter(wanted)]).sort("post_id"), near)
    clustered = clustered.filter(pl.len().over("near_key") > 1).drop("near_key")
    return *relate_again(plan, clustered, near), old.select("post_id")


def _revise_duplicates(
    base: Base, gone: tuple[pl.DataFrame, pl.DataFrame], edges: pl.DataFrame, reposts: pl.DataFrame
) -> Change:
    """Edges within posts and discussions, and those between repeats.

    Args:
        base: what the run goes on from.
        gone: left_post_id and kind of edges that go; post_id of posts whose repeats are computed anew.
        edges, reposts: those that come. Where a sighting both quotes and repeats another, the quotation is kept.
    """
    own, members = gone
    again = members.rename({"post_id": "right_post_id"}).join(_kinds(_OF_REPEATS), how="cross")
    new = pl.concat([edges, fit_table(Duplicates, reposts)])
    return Change(base.snapshot, (own, again), new.unique(["left_id", "right_id"], keep="first", maintain_order=True))


def _kinds(kinds: tuple[tuple[str, bool], ...]) -> pl.DataFrame:
    return pl.DataFrame(kinds, schema={"kind": pl.String, "collapses": pl.Boolean}, orient="row")


def _new_quarantine(plan: RunPlan, base: Base) -> pl.DataFrame:
    new = [capture_id for capture_id in plan.capture_ids() if capture_id not in set(base.captures)]
    return fit_table(Quarantine, scan_quarantine(plan.layout, new).collect())
