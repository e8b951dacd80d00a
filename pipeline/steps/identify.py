"""The third step: which sightings are one post, and in which discussion.

In: the key columns of all records. Out: work parts ``aliases`` and ``decided`` and, per bucket of whole discussions,
``bucket-NNNN`` (full records with their identity), ``placeholders/NNNN`` and ``orders/NNNN`` (where each listing shows
each post). Where a run goes on from the snapshot before, all of that is about the records that new ones can touch, and
``gone/<name>`` says what it replaces.
"""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.author_edits import add_forms, choose_rewritten, key_rewritten
from pipeline.deduplicate.identity import Identity, identify_posts
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.near import near_duplicates
from pipeline.deduplicate.orders import list_orders
from pipeline.deduplicate.overlap import find_discussions
from pipeline.deduplicate.standing import find_standing_quotes
from pipeline.errors import ContractError
from pipeline.pack import NO_AGREEMENT, load_pack
from pipeline.reconstruct.decided import resolve_decisions
from pipeline.steps.base import leave_base, take_base
from pipeline.steps.plan import RunPlan, StepReport, timed_report
from pipeline.steps.touched import choose_touched
from pipeline.store.captures import scan_records
from pipeline.store.decisions import read_decisions

BUCKET_SIGHTINGS = 250_000
DIVIDE_RECORDS = 100_000
REPEATED_BITS = 15.0
REPEATED_PARAGRAPHS = 2

_KEY_COLUMNS = (
    "sighting_id", "capture_id", "ordinal", "listing", "scope", "native_id", "discussion_scope", "native_discussion",
    "page_key", "next_page_key",
    "native_parent", "parent_known", "author_key", "posted_at", "posted_precision", "captured_at", "words_key",
    "information", "n_words", "paragraphs",
)  # fmt: skip


def identify_all(plan: RunPlan) -> StepReport:
    """Decides the identity of every sighting and divides the records into buckets of whole discussions.

    Counts: sightings, posts, placeholders, discussions, quotes, buckets.
    """
    with timed_report("identify") as report:
        captures = plan.capture_ids()
        pairs = plan.work.read("near")
        near = pairs.filter(pl.col("method") != "template")
        decisions = read_decisions(plan.layout)
        keys, own = _choose_records(plan, captures, decisions)
        captures = keys["capture_id"].unique().sort().to_list()
        listed = find_listings(keys, near, own)
        units = find_discussions(listed)
        quotes = find_standing_quotes(_add_words(plan, listed.filter("paragraphs")), units)
        rewritten = key_rewritten(_add_words(plan, choose_rewritten(listed, units)))
        rewritten = add_forms(rewritten, listed, units, pairs)
        author_bits = load_pack().linkage.get("author", NO_AGREEMENT).agree
        identity = identify_posts(listed, units, quotes, decisions, rewritten, author_bits)
        plan.work.write("aliases", identity.aliases)
        plan.work.write("decided", resolve_decisions(decisions, _current_ids(decisions, identity)))
        firsts = identity.sightings.select("sighting_id", "post_id").rename(
            {"sighting_id": "quoted_sighting_id", "post_id": "quoted_id"}
        )
        quoted = identity.sightings.drop_nulls("quoted_sighting_id").join(firsts, on="quoted_sighting_id", how="left")
        homes = keys.select("sighting_id").join(identity.sightings, on="sighting_id", how="left", maintain_order="left")
        homes = homes.join(
            quoted.select("sighting_id", "quoted_id"), on="sighting_id", how="left", maintain_order="left"
        )
        orders = list_orders(listed, identity.sightings)
        n_buckets = _divide_records(plan, captures, homes, identity.placeholders, orders)
        report.counts.update(
            sightings=identity.sightings.height,
            posts=identity.sightings["post_id"].n_unique(),
            placeholders=identity.placeholders.height,
            discussions=identity.sightings["discussion_id"].n_unique(),
            quotes=quoted.height,
            buckets=n_buckets,
        )
    return report


def _current_ids(decisions: pl.DataFrame, identity: Identity) -> pl.DataFrame:
    """What every id that a decision names stands for: given, id. A post's own id comes before a seed of another."""
    shown = identity.sightings
    ways = [
        shown.select(given="post_id", id="post_id"),
        identity.placeholders.select(given="post_id", id="post_id"),
        identity.aliases.filter(pl.col("table") == "posts").select(given="seed_id", id="id"),
        shown.select(given="sighting_id", id="post_id"),
    ]
    named = pl.concat([decisions["post_id"], decisions["other_id"]]).drop_nulls().unique()
    found = pl.concat([way.filter(pl.col("given").is_in(named.implode())) for way in ways])
    return found.unique("given", keep="first", maintain_order=True)


def _choose_records(plan: RunPlan, captures: list[str], decisions: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Key columns of the records to decide, and the near pairs within their captures."""
    keys = scan_records(plan.layout, captures, _KEY_COLUMNS).collect()
    flat = _find_repetitive(keys)
    base = take_base(plan)
    if base is not None:
        own = _pair_paragraphs(plan, flat.filter(~flat.is_in(list(base.captures))))
        touched = choose_touched(plan, base, keys, own, decisions)
        if touched is not None:
            return touched, _pair_paragraphs(plan, flat.filter(flat.is_in(touched["capture_id"].unique().implode())))
        leave_base(plan)
    return keys, _pair_paragraphs(plan, flat)


def _find_repetitive(keys: pl.DataFrame) -> pl.Series:
    """Captures of flat text that may hold a page twice: some of their rarer paragraphs stand in them again."""
    rare = keys.filter("paragraphs", pl.col("information") >= REPEATED_BITS)
    counts = rare.group_by("capture_id").agg(again=pl.len() - pl.col("words_key").n_unique())
    return counts.filter(pl.col("again") >= REPEATED_PARAGRAPHS)["capture_id"].sort()


def _pair_paragraphs(plan: RunPlan, captures: pl.Series) -> pl.DataFrame:
    """Nearly equal texts of captures, each by itself: capture_id, left_key, right_key."""
    found = [pl.DataFrame(schema={"capture_id": pl.String, "left_key": pl.String, "right_key": pl.String})]
    # One pass a flat text that repeats itself: what lies in other captures must not change where this one is cut.
    for capture_id in captures:
        texts = scan_records(plan.layout, [capture_id], ["words_key", "words"]).collect().unique("words_key")
        pairs = near_duplicates(texts, plan.parameters.settings)
        found.append(pairs.select(pl.lit(capture_id).alias("capture_id"), "left_key", "right_key"))
    return pl.concat(found)


def _add_words(plan: RunPlan, listed: pl.DataFrame) -> pl.DataFrame:
    """Listed rows with their words."""
    words = scan_records(plan.layout, listed["capture_id"].unique().sort(), ["sighting_id", "words"])
    wanted = words.join(listed.lazy().select("sighting_id"), on="sighting_id", how="semi")
    return listed.join(wanted.collect(), on="sighting_id", how="left", maintain_order="left")


def _divide_records(
    plan: RunPlan, captures: list[str], homes: pl.DataFrame, placeholders: pl.DataFrame, orders: pl.DataFrame
) -> int:
    """Writes the records of whole discussions together; how many buckets there are decides no row.

    Args:
        captures: whose records to divide.
        homes: the identity of each record to divide.
        placeholders, orders: those of all discussions.
    """
    wanted = -(-homes.height // BUCKET_SIGHTINGS)
    n_buckets = max(1, wanted if wanted > plan.parameters.buckets else min(plan.parameters.buckets, wanted))
    homes = homes.drop("unit").rename({"listing": "listing_number"})
    homes = homes.with_columns(bucket=(pl.col("discussion_id").rank("dense") % n_buckets).cast(pl.UInt32))
    places = homes.select("discussion_id", "bucket").unique()
    for name, frame in (("placeholders", placeholders), ("orders", orders)):
        housed = frame.join(places, on="discussion_id", how="left", maintain_order="left")
        for number in range(n_buckets):
            plan.work.write(f"{name}/{number:04d}", housed.filter(pl.col("bucket") == number).drop("bucket"))
    found = 0
    # Chunk by chunk, so that no more than a chunk's texts are in memory.
    # Of records that stay as they are nothing but their ids is read.
    records = scan_records(plan.layout, captures).filter(pl.col("sighting_id").is_in(homes["sighting_id"].implode()))
    records = records.join(homes.lazy(), on="sighting_id", maintain_order="left")
    for nth, whole in enumerate(records.collect_batches(chunk_size=DIVIDE_RECORDS, maintain_order=True)):
        found += whole.height
        for (number,), part in whole.partition_by("bucket", as_dict=True).items():
            plan.work.write(f"bucket-{number:04d}/{nth:05d}", part.drop("bucket"))
    if found != homes.height:
        raise ContractError("The kept captures changed while this run read them; run again")
    return n_buckets


def bucket_names(plan: RunPlan) -> list[str]:
    """Names of the buckets that hold discussions, sorted."""
    return sorted({name.split("/")[0] for name in plan.work.names() if name.startswith("bucket-")})
