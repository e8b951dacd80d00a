"""The third step: which sightings are one post, and in which discussion.

In: the kept records. Out: the work part ``decided`` and, per bucket of whole discussions, ``bucket-NNNN`` (full
records), ``homes/NNNN`` (their identity), ``placeholders/NNNN``, ``aliases/NNNN`` and ``orders/NNNN`` (where each
listing shows each post). Identity is settled bucket by bucket: no more than the keys of one are in memory. Where a run
goes on from the snapshot before, all of that is about the records that new ones can touch, and ``gone/<name>`` says
what it replaces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import polars as pl

from pipeline.deduplicate.author_edits import add_forms, choose_rewritten, key_rewritten
from pipeline.deduplicate.identity import Identity, identify_posts
from pipeline.deduplicate.identity_keys import (
    NEEDED,
    VERSION,
    Mask,
    are_rare_paragraphs,
    column_of,
    hash_keys,
)
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.near import near_duplicates
from pipeline.deduplicate.orders import list_orders
from pipeline.deduplicate.overlap import find_discussions
from pipeline.deduplicate.standing import find_standing_quotes
from pipeline.pack import NO_AGREEMENT
from pipeline.reconstruct.decided import resolve_decisions
from pipeline.steps.base import leave_base, take_base
from pipeline.steps.divide import KEY_COLUMNS, SAYS_SAME, NearTexts, divide_records
from pipeline.steps.plan import RunPlan, StepReport, timed_report
from pipeline.steps.touched import choose_touched
from pipeline.store.captures import scan_records
from pipeline.store.decisions import read_decisions
from pipeline.store.hashed import HashedPart, read_hashes
from pipeline.tables import Records

REPEATED_PARAGRAPHS = 1  # one is enough: where one of two captures is cut off, few longer paragraphs are equal

_COUNTS = ("sightings", "posts", "placeholders", "discussions", "quotes")


def identify_all(plan: RunPlan) -> StepReport:
    """Divides the records into buckets of whole discussions, and decides the identity of every sighting.

    Counts: sightings, posts, placeholders, discussions, quotes, buckets.
    """
    with timed_report("identify") as report:
        decisions = read_decisions(plan.layout)
        near = NearTexts(plan.work.read("near"))
        parts = read_keys(plan)
        chosen, own = _choose_records(plan, parts, decisions)
        # Who decides may unite anything: then all is one bucket.
        n_buckets = divide_records(plan, parts, chosen, near, own, whole=not decisions.is_empty())
        counts = Counter(dict.fromkeys(_COUNTS, 0))
        current = []
        for number in range(n_buckets):
            identity = _identify_bucket(plan, number, near, own, decisions)
            current.append(_current_ids(decisions, identity))
            counts.update(_count(identity))
        plan.work.write("decided", resolve_decisions(decisions, pl.concat(current)))
        report.counts.update(counts, buckets=n_buckets)
    return report


def _identify_bucket(
    plan: RunPlan, number: int, near: NearTexts, own: pl.DataFrame, decisions: pl.DataFrame
) -> Identity:
    """Settles the identity of the records of one bucket, and writes it beside them."""
    bucket = f"bucket-{number:04d}"
    keys = plan.work.scan(bucket, Records).select(KEY_COLUMNS).collect()
    pairs = near.around(keys["words_key"])
    listed = find_listings(keys, pairs.filter(SAYS_SAME), own)
    units = find_discussions(listed)
    quotes = find_standing_quotes(_add_words(plan, bucket, listed.filter("paragraphs")), units)
    rewritten = key_rewritten(_add_words(plan, bucket, choose_rewritten(listed, units)))
    rewritten = add_forms(rewritten, listed, units, pairs)
    author_bits = plan.pack.linkage.get("author", NO_AGREEMENT).agree
    identity = identify_posts(listed, units, quotes, decisions, rewritten, author_bits)
    shown = identity.sightings.drop("unit").rename({"listing": "listing_number"})
    firsts = shown.select(quoted_sighting_id="sighting_id", quoted_id="post_id")
    quoted = shown.drop_nulls("quoted_sighting_id").join(firsts, on="quoted_sighting_id", how="left")
    homes = shown.join(quoted.select("sighting_id", "quoted_id"), on="sighting_id", how="left", maintain_order="left")
    orders = list_orders(listed, identity.sightings)
    parts = {"aliases": identity.aliases, "homes": homes, "placeholders": identity.placeholders, "orders": orders}
    for name, frame in parts.items():
        plan.work.write(f"{name}/{number:04d}", frame)
    return identity


def _count(identity: Identity) -> dict[str, int]:
    shown = identity.sightings
    numbers = (
        shown.height,
        shown["post_id"].n_unique(),
        identity.placeholders.height,
        shown["discussion_id"].n_unique(),
        shown["quoted_sighting_id"].count(),
    )
    return dict(zip(_COUNTS, numbers, strict=True))


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


def read_keys(plan: RunPlan) -> list[HashedPart]:
    """The hashed keys of all records, sorted by capture and ordinal."""
    kind = f"keys-{VERSION}-{pl.__version__}"
    return list(read_hashes(plan.layout, plan.capture_ids(), kind, NEEDED, hash_keys))


def _choose_records(
    plan: RunPlan, parts: Sequence[HashedPart], decisions: pl.DataFrame
) -> tuple[Mask | None, pl.DataFrame]:
    """Which records to decide, null where all are; and the near pairs within their captures."""
    flat = _find_repetitive(parts)
    base = take_base(plan)
    if base is not None:
        own = _pair_paragraphs(plan, flat.filter(~flat.is_in(list(base.captures))))
        touched = choose_touched(plan, base, parts, own, decisions)
        if touched is not None:
            ends = np.cumsum([part.hashes.shape[1] for part in parts])[:-1]
            named = {part.capture_id for part, rows in zip(parts, np.split(touched, ends), strict=True) if rows.any()}
            return touched, _pair_paragraphs(plan, flat.filter(flat.is_in(sorted(named))))
        leave_base(plan)
    return None, _pair_paragraphs(plan, flat)


def _find_repetitive(parts: Sequence[HashedPart]) -> pl.Series:
    """Captures of flat text that may hold a page twice: a rarer paragraph stands in them again."""
    found = []
    for capture_id, own in groupby(parts, key=lambda part: part.capture_id):
        words = np.concatenate([column_of(part.hashes, "words")[are_rare_paragraphs(part.hashes)] for part in own])
        if words.size - np.unique(words).size >= REPEATED_PARAGRAPHS:
            found.append(capture_id)
    return pl.Series(found, dtype=pl.String).sort()


def _pair_paragraphs(plan: RunPlan, captures: pl.Series) -> pl.DataFrame:
    """Nearly equal texts of captures, each by itself: capture_id, left_key, right_key."""
    found = [pl.DataFrame(schema={"capture_id": pl.String, "left_key": pl.String, "right_key": pl.String})]
    # One pass a flat text that repeats itself: what lies in other captures must not change where this one is cut.
    for capture_id in captures:
        texts = scan_records(plan.layout, [capture_id], ["words_key", "words"]).collect().unique("words_key")
        pairs = near_duplicates(texts, plan.parameters.settings, plan.pack)
        found.append(pairs.select(pl.lit(capture_id).alias("capture_id"), "left_key", "right_key"))
    return pl.concat(found)


def _add_words(plan: RunPlan, bucket: str, listed: pl.DataFrame) -> pl.DataFrame:
    """Listed rows with their words."""
    words = plan.work.scan(bucket, Records).select("sighting_id", "words")
    wanted = words.join(listed.lazy().select("sighting_id"), on="sighting_id", how="semi")
    return listed.join(wanted.collect(), on="sighting_id", how="left", maintain_order="left")


def bucket_names(plan: RunPlan) -> list[str]:
    """Names of the buckets that hold discussions, sorted."""
    return sorted({name.split("/")[0] for name in plan.work.names() if name.startswith("bucket-")})
