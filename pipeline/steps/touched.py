"""Which records a run decides anew, and what that replaces in the snapshot before.

In: the key columns of all records, a ``Base``. Out: the records to decide, and work parts ``gone/<name>``:
discussions, posts and sightings whose rows the run replaces.

>>> keys = choose_touched(plan, base, keys, near, decisions)
"""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.closure import close_over, find_unsettled
from pipeline.deduplicate.identity_keys import is_open
from pipeline.deduplicate.listings import add_near_keys, find_listings
from pipeline.errors import ContractError
from pipeline.steps.base import Base
from pipeline.steps.plan import RunPlan
from pipeline.store.index import read_near
from pipeline.store.snapshot import scan_table

# Above this share of the archive, deciding everything anew costs no more.
LARGEST_SHARE = 0.5


def choose_touched(
    plan: RunPlan, base: Base, keys: pl.DataFrame, own: pl.DataFrame, decisions: pl.DataFrame
) -> pl.DataFrame | None:
    """The records to decide anew, whole listings and discussions; null where they are most of the archive.

    Args:
        plan, base: the run, and what it goes on from.
        keys: key columns of all records, sorted by capture and ordinal.
        own: near pairs within captures, as ``find_listings`` takes them.
        decisions: tables.Decisions.
    """
    rows = _add_homes(base, keys)
    before = read_near(base.snapshot)
    if before is None:
        return None
    pairs = plan.work.read("near").select("left_key", "right_key", "method")
    says_same = pl.col("method") != "template"
    near = pairs.filter(says_same)
    unsettled = find_unsettled(rows, (before.filter(says_same), near), (before, pairs))
    if keys.select(is_open().any()).item():
        rows = add_near_keys(rows, near)
    new = rows["home"].is_null()
    named = pl.concat([_find_seeded(base, keys.filter(new), own), _find_newly_decided(base, decisions)])
    touched = new | rows["home"].is_in(named.implode()) | unsettled
    touched = close_over(rows, touched, _join_homes(base, decisions))
    if touched.sum() > LARGEST_SHARE * rows.height:
        return None
    _write_gone(plan, base, rows.filter(touched))
    return keys.filter(touched)


def _add_homes(base: Base, keys: pl.DataFrame) -> pl.DataFrame:
    """Adds home: the discussion in which a record is published, null where it is not."""
    shown = scan_table(base.snapshot, "sightings").select("sighting_id", home="discussion_id").collect()
    old = keys["capture_id"].is_in(base.captures)
    if keys["sighting_id"].filter(old).equals(shown["sighting_id"]):
        # Both stand in the order of captures and ordinals: no need to look each one up.
        rows = pl.when(old).then(old.cum_sum().cast(pl.Int64) - 1)
        return keys.with_columns(home=shown["home"].gather(keys.select(rows).to_series()))
    found = keys.join(shown, on="sighting_id", how="left", maintain_order="left")
    if found["home"].null_count() != keys.height - shown.height:
        raise ContractError("The snapshot shows records that no capture holds; run again with another archive")
    return found


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


def _write_gone(plan: RunPlan, base: Base, rows: pl.DataFrame) -> None:
    """Keeps what goes: discussion_id of discussions; of posts and sightings what tables of them are sorted by."""
    old = rows.drop_nulls("home")
    discussions = old.select(discussion_id="home").unique().sort("discussion_id")
    began = scan_table(base.snapshot, "discussions").select("discussion_id", "began_at")
    times = began.join(discussions.lazy(), on="discussion_id", how="semi").collect()["began_at"]
    posts = scan_table(base.snapshot, "posts").select("post_id", "began_at", "discussion_id", "position")
    gone = posts.filter(since(times), pl.col("discussion_id").is_in(discussions["discussion_id"].implode())).collect()
    plan.work.write("gone/discussions", discussions)
    plan.work.write("gone/posts", gone)
    plan.work.write("gone/sightings", old.select("capture_id", "ordinal", "sighting_id"))
