"""Which records a run decides anew, and what that replaces in the snapshot before.

In: the hashed keys of all records, a ``Base``. Out: which records to decide, and work parts ``gone/<name>``:
discussions, posts, sightings and firsts whose rows the run replaces.

>>> chosen = choose_touched(plan, base, read_keys(plan, captures), own, decisions)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.algorithms.id_sets import IdSet, find_places
from pipeline.deduplicate.closure import bind_homes, close_over, find_unsettled
from pipeline.deduplicate.identity_keys import Hashes, Mask, NearHashes, column_of
from pipeline.deduplicate.listings import find_listings
from pipeline.errors import ContractError
from pipeline.steps.base import Base
from pipeline.steps.divide import KEY_COLUMNS
from pipeline.steps.plan import RunPlan
from pipeline.store.captures import scan_records
from pipeline.store.hashed import HashedPart
from pipeline.store.index import read_near
from pipeline.store.snapshot import scan_kept, scan_table

# Above this share of the archive, deciding everything anew costs no more.
LARGEST_SHARE = 0.5


def choose_touched(
    plan: RunPlan, base: Base, parts: Sequence[HashedPart], own: pl.DataFrame, decisions: pl.DataFrame
) -> Mask | None:
    """The records to decide anew, whole listings and discussions; null where they are most of the archive.

    Args:
        plan, base: the run, and what it goes on from.
        parts: the hashed keys of all n records, sorted by capture and ordinal.
        own: near pairs within captures, as ``find_listings`` takes them.
        decisions: tables.Decisions.

    Returns:
        bool of shape (n,).
    """
    homes = _find_homes(base, parts)
    before = read_near(base.snapshot)
    if before is None:
        return None
    pairs = plan.work.read("near").select("left_key", "right_key", "method")
    says_same = pl.col("method") != "template"
    near = pairs.filter(says_same)
    hashes = [part.hashes for part in parts]
    unsettled = find_unsettled(hashes, homes, (before.filter(says_same), near), (before, pairs))
    new = sorted({part.capture_id for part in parts} - set(base.captures))
    seeded = _find_seeded(base, scan_records(plan.layout, new, KEY_COLUMNS).collect(), own)
    named = pl.concat([seeded, _find_newly_decided(base, decisions)]).hash().to_numpy()
    known = IdSet()
    known.add(named)
    touched = (homes == 0) | known.holds(homes) | unsettled
    joined = _join_homes(base, decisions).select(pl.col("left", "right").hash())
    bound = bind_homes(homes, *(joined[name].to_numpy() for name in ("left", "right")))
    touched = close_over(hashes, bound, touched, NearHashes(near))
    for part in parts:
        part.release()
    if touched.sum() > LARGEST_SHARE * touched.size:
        return None
    _write_gone(plan, base, np.unique(homes[touched & (homes != 0)]))
    return touched


def _find_homes(base: Base, parts: Sequence[HashedPart]) -> Hashes:
    """The hash of the discussion in which each record is published, 0 where it is not: uint64 of shape (n,)."""
    columns = [pl.col("sighting_id").hash().alias("sighting"), pl.col("discussion_id").hash().alias("home")]
    shown = scan_table(base.snapshot, "sightings").select(columns).collect()
    sightings, homes = (shown[name].to_numpy() for name in ("sighting", "home"))
    known = set(base.captures)
    sizes = [part.hashes.shape[1] for part in parts]
    old = np.repeat(np.array([part.capture_id in known for part in parts], dtype=np.bool_), sizes)
    records = np.concatenate([column_of(part.hashes, "sighting") for part in parts])
    found = np.zeros(records.size, dtype=np.uint64)
    if np.array_equal(records[old], sightings):
        # Both stand in the order of captures and ordinals: no need to look each one up.
        found[old] = homes
        return found
    order = np.argsort(sightings)
    places = find_places(sightings[order], records)
    if (places >= 0).sum() != sightings.size:
        raise ContractError("The snapshot shows records that no capture holds; run again with another archive")
    return np.where(places >= 0, homes[order][places], found)


def _find_seeded(base: Base, new: pl.DataFrame, own: pl.DataFrame) -> pl.Series:
    """Discussions of which a listing of a new capture has a seed."""
    no_pairs = pl.DataFrame(schema={"left_key": pl.String, "right_key": pl.String})
    seeds = find_listings(new, no_pairs, own)["listing_id"].unique() if new.height else pl.Series(dtype=pl.String)
    return _today(base, "discussions", seeds)["home"]


def _today(base: Base, table: str, ids: pl.Series) -> pl.DataFrame:
    """given, home: the discussions of ids, earlier ones included, of posts or discussions."""
    aliases = scan_table(base.snapshot, "aliases").filter(pl.col("table") == table)
    given = pl.LazyFrame({"given": ids.unique()}, schema={"given": pl.String})
    ways = [given.with_columns(id="given"), given.join(aliases.select(given="seed_id", id="id"), on="given")]
    named = pl.concat(ways)
    if table == "discussions":
        homes = scan_table(base.snapshot, "discussions").select(id="discussion_id", home="discussion_id")
    else:
        shown = scan_table(base.snapshot, "sightings").select(given="sighting_id", id="post_id")
        named = pl.concat([named, given.join(shown, on="given")])
        homes = scan_table(base.snapshot, "posts").select(id="post_id", home="discussion_id")
    return named.join(homes, on="id").select("given", "home").unique().collect()


def _find_newly_decided(base: Base, decisions: pl.DataFrame) -> pl.Series:
    """Discussions of posts of which a decision is new or withdrawn, or names an id that stands for nothing yet."""
    before = scan_table(base.snapshot, "decisions").collect()
    changed = pl.concat(
        [
            decisions.join(before, on="decision_id", how="anti"),
            before.join(decisions, on="decision_id", how="anti"),
        ]
    )
    if decisions.is_empty() and before.is_empty():
        return pl.Series("home", dtype=pl.String)
    ids = pl.concat([frame[name] for frame in (decisions, before) for name in ("post_id", "other_id")]).drop_nulls()
    homes = _today(base, "posts", ids)
    ends = decisions.join(homes.rename({"given": "post_id"}), on="post_id", how="left").join(
        homes.rename({"given": "other_id", "home": "other_home"}), on="other_id", how="left"
    )
    unknown = pl.col("home").is_null() | (pl.col("other_id").is_not_null() & pl.col("other_home").is_null())
    open_ends = ends.filter(unknown)
    named = pl.concat([changed["post_id"], changed["other_id"]]).drop_nulls()
    return pl.concat(
        [homes.filter(pl.col("given").is_in(named.implode()))["home"], open_ends["home"], open_ends["other_home"]]
    ).drop_nulls()


def _join_homes(base: Base, decisions: pl.DataFrame) -> pl.DataFrame:
    """left, right: discussions of the two posts of each decision."""
    pairs = decisions.select("post_id", "other_id").drop_nulls()
    if pairs.is_empty():
        return pl.DataFrame(schema={"left": pl.String, "right": pl.String})
    homes = _today(base, "posts", pl.concat([pairs["post_id"], pairs["other_id"]]))
    return (
        pairs.join(homes.rename({"given": "post_id", "home": "left"}), on="post_id")
        .join(homes.rename({"given": "other_id", "home": "right"}), on="other_id")
        .select("left", "right")
    )


def since(times: pl.Series) -> pl.Expr:
    """Whether began_at is not before the first of these times: parts of older discussions need not be read."""
    if times.is_empty() or times.has_nulls():
        return pl.lit(value=True)
    return pl.col("began_at") >= times.min()


def _write_gone(plan: RunPlan, base: Base, homes: Hashes) -> None:
    """Keeps what goes: discussion_id of discussions; of posts and sightings what tables of them are sorted by; firsts.

    Args:
        plan, base: the run, and what it goes on from.
        homes: hashes of the discussions.
    """
    gone = pl.col("discussion_id").hash().is_in(pl.Series(homes).implode())
    discussions = scan_table(base.snapshot, "discussions").select("discussion_id", "began_at").filter(gone).collect()
    ids = discussions["discussion_id"].implode()
    posts = scan_table(base.snapshot, "posts").select("post_id", "began_at", "discussion_id", "position")
    posts = posts.filter(since(discussions["began_at"]), pl.col("discussion_id").is_in(ids))
    sightings = scan_table(base.snapshot, "sightings").filter(pl.col("discussion_id").is_in(ids))
    plan.work.write("gone/discussions", discussions.select("discussion_id").sort("discussion_id"))
    plan.work.write("gone/posts", posts.collect())
    firsts = scan_kept(base.snapshot, "firsts").filter(pl.col("discussion_id").is_in(ids))
    plan.work.write("gone/firsts", firsts.collect())
    plan.work.write("gone/sightings", sightings.select("capture_id", "ordinal", "sighting_id").collect())
