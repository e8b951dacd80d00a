"""Identity: which sightings are one post, what its id is, and where it stands in its discussion.

In: records with listings and discussions, and the paragraphs that are quotations. Out: an ``Identity``.

>>> identity = identify_posts(listed, units, quotes)
>>> identity.sightings.select("sighting_id", "post_id", "discussion_id", "order")

Sightings of one id are one post; inside a discussion so are sightings that alignment matches. A post with an id of its
own is named by it. Any other is named by a seed: a digest of its words, author, time, which occurrence of these in its
listing it is, and what the listing is about. The post_id is the smallest of its sightings' seeds. Where two posts have
a seed in common (the first "I agree." of a partial capture is the second of the page) it belongs to the post with more
sightings of it; a post that is left without any takes its smallest sighting_id.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.algorithms.alignment import ALONE_BITS, UNKNOWN_TIME, ListingRows, merge_listings
from pipeline.deduplicate.author_edits import REWRITTEN
from pipeline.deduplicate.decided import obey_sameness, own_seeds, unite_labels
from pipeline.deduplicate.overlap import EXACT_TIMES, instant, tolerance
from pipeline.ids import digest_columns

FEW_WORDS = 4  # that a short answer has at most


@dataclass(frozen=True, eq=False)
class Identity:
    """What the records of all captures turn out to be.

    Attributes:
        sightings: sighting_id, post_id, discussion_id, order (Int64, unique per post in its discussion, gaps allowed),
            unit, listing, declared_parent_id, evident (Int64, equal where evidence alone makes them one post; null of
            quotations); for paragraphs that are quotations quoted_sighting_id and share.
        placeholders: post_id, discussion_id, order, source, native_id, is_submission: parents never seen.
        aliases: tables.Aliases.
    """

    sightings: pl.DataFrame
    placeholders: pl.DataFrame
    aliases: pl.DataFrame


def identify_posts(
    listed: pl.DataFrame,
    units: pl.DataFrame,
    quotes: pl.DataFrame,
    decisions: pl.DataFrame,
    rewritten: pl.DataFrame | None = None,
    author_bits: float = 0.0,
) -> Identity:
    """Decides identity.

    Args:
        listed: what ``find_listings`` returns, with scope, native_parent, parent_known, captured_at, posted_precision.
        units: what ``find_discussions`` returns.
        quotes: what ``find_standing_quotes`` returns.
        decisions: tables.Decisions.
        rewritten: rows that may be versions of one post, as ``author_edits.key_rewritten`` and ``add_forms`` return
            them; None where that is not known.
        author_bits: what it is worth that two rows have one author (a model pack's linkage).

    Returns:
        The identity of every sighting; independent of the order of rows.
    """
    rows = listed.join(units.select("unit", "discussion_id", "is_named", "page"), on="unit", how="left")
    if rewritten is None:
        rewritten = pl.DataFrame(schema=REWRITTEN)
    spoken = rows.join(quotes.select("sighting_id"), on="sighting_id", how="anti").join(
        rewritten, on="sighting_id", how="left"
    )
    spoken = _place_rows(_add_nodes(_rank_units(spoken)), author_bits)
    spoken = _join_across_discussions(_join_versions(spoken))
    spoken = _add_seeds(spoken).with_columns(evident=pl.col("label"))
    spoken, aliases = _name_posts(obey_sameness(spoken, decisions))
    spoken = _follow_parents(_resolve_parents(spoken))
    aliases = pl.concat([aliases, _alias_discussions(units, spoken)]).sort("seed_id")
    placeholders = _add_placeholders(spoken)
    # Quotations belong to the posts that reply: they move none.
    orders = _post_orders(spoken, placeholders)
    sightings = _add_quotes(spoken, quotes).drop("place", "label").join(orders, on="post_id", how="left")
    unseen = placeholders.drop("place").join(orders, on="post_id", how="left")
    return Identity(sightings.sort("sighting_id"), unseen.sort("post_id"), aliases)


def _rank_units(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds turn: in which order the listings of a discussion are merged, first pages first, the longest first."""
    order = (
        rows.group_by("unit")
        .agg(
            pl.len().alias("n"),
            pl.col("discussion_id", "page", "listing_id", "capture_id", "listing").first(),
            pl.col("captured_at").max(),
        )
        .sort(
            "discussion_id",
            "page",
            "n",
            "captured_at",
            "listing_id",
            "capture_id",
            "listing",
            descending=[False, False, True] + [False] * 4,
        )
        .with_columns(turn=pl.int_range(pl.len()).over("discussion_id"), n_units=pl.len().over("discussion_id"))
    )
    return rows.join(order.select("unit", "turn", "n_units"), on="unit", how="left").sort(
        "discussion_id", "turn", "seat"
    )


def _add_nodes(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds occurrence and node: equal in a discussion for rows that are one post by id or by author, time and words."""
    timed = pl.col("author_key").is_not_null() & pl.col("posted_at").is_not_null()
    exact = timed & pl.col("posted_precision").is_in(EXACT_TIMES).fill_null(False) & pl.col("native_id").is_null()
    # Nobody says the same twice at one exact time; in a minute people do.
    said = ("unit", "author_key", "instant", "words_key")
    nth = pl.int_range(pl.len()).over(said)
    nth_time = (pl.col("posted_at").rank("dense").over(said) - 1).cast(pl.Int64)
    rows = rows.with_columns(instant(), is_exact=exact)
    # Only where an id is missing, or holds in its capture alone, are rows told by what they say.
    told = rows.select((pl.col("native_id").is_null() | pl.col("scope").is_null()).any().over("unit")).to_series()
    again = rows.filter(told).select(pl.when("is_exact").then(nth_time).otherwise(nth)).to_series()
    occurrence = np.zeros(rows.height, dtype=np.int64)
    occurrence[told.to_numpy()] = again.to_numpy()
    rows = rows.with_columns(occurrence=pl.Series(occurrence))
    scope = pl.coalesce("scope", pl.concat_str(pl.lit("capture:"), "capture_id"))
    node = _digest_where(
        rows,
        (pl.col("native_id").is_not_null(), (scope, "native_id"), "node"),
        (timed, ("author_key", "instant", "words_key", "occurrence"), "node"),
    )
    return rows.with_columns(node=node)


def _digest_where(rows: pl.DataFrame, *ways: tuple[pl.Expr, tuple[pl.Expr | str, ...], str]) -> pl.Series:
    """Ids of rows, null where no way holds.

    Args:
        rows: n rows.
        ways: where each holds if none before it does (not null), of which columns ids are made there, and their kind.
    """
    places = np.full(rows.height, -1, dtype=np.int64)
    found = [pl.Series([], dtype=pl.String)]
    start = 0
    for holds, columns, kind in ways:
        held = rows.select(holds).to_series().to_numpy() & (places < 0)
        n = int(held.sum())
        places[held] = np.arange(start, start + n)
        start += n
        found.append(digest_columns(rows.filter(pl.Series(held)).select(columns), kind))
    return pl.concat(found).gather(pl.Series(places).set(pl.Series(places < 0), None))


def _weigh_words() -> pl.Expr:
    """Bits of surprise in the words. A few words tell no post from another, however rare they are in the pack's texts:
    every site and language has its own for "I agree."."""
    bits = pl.col("information").cast(pl.Float64)
    return pl.when(pl.col("n_words") <= FEW_WORDS).then(bits.clip(upper_bound=ALONE_BITS - 1)).otherwise(bits)


_CODES = ("node", "ident", "words_key", "voice", "near_key", "version_key", "author_key")


def _codes(column: str) -> pl.Expr:
    """Numbers from 0 for the values of a column within a discussion, -1 for null."""
    return (pl.col(column).rank("dense").over("discussion_id").cast(pl.Int64) - 1).fill_null(-1).alias(column)


def _begins(*columns: str) -> pl.Expr:
    """Whether a row is the first of a run of rows that agree in these columns."""
    return (pl.struct(columns).rle_id().diff() != 0).fill_null(value=True)


def _place_rows(rows: pl.DataFrame, author_bits: float) -> pl.DataFrame:
    """Adds label (equal for sightings of one post) and place (in the merged order of the discussion)."""
    single = rows.filter(pl.col("n_units") == 1).with_columns(
        key=pl.coalesce("node", "sighting_id"), place=pl.col("seat").cast(pl.Int64)
    )
    several = rows.filter(pl.col("n_units") > 1)
    coded = several.select(
        "discussion_id",
        "turn",
        _codes("node"),
        pl.when(pl.col("scope").is_not_null()).then("native_id").alias("ident"),
        _codes("words_key"),
        pl.when(pl.col("author_key").is_not_null()).then(pl.struct("words_key", "author_key")).alias("voice"),
        _codes("near_key"),
        _codes("version_key"),
        _codes("author_key"),
        pl.col("posted_at").dt.epoch("us").fill_null(UNKNOWN_TIME),
        tolerance(),
        _weigh_words(),
    ).with_columns(_codes("ident"), _codes("voice"))
    slots = np.empty(several.height, dtype=np.int64)
    places = np.empty(several.height, dtype=np.int64)
    names = (*_CODES, "posted_at", "tolerance", "information")
    fields = [np.array(coded[name].to_numpy()) for name in names]
    starts = np.append(np.flatnonzero(coded.select(_begins("discussion_id")).to_series()), several.height)
    turns = np.flatnonzero(coded.select(_begins("discussion_id", "turn")).to_series())
    # One kernel call per discussion that several listings show; the rows within are the kernel's.
    for start, end in itertools.pairwise(starts):
        offsets = np.append(turns[np.searchsorted(turns, start) : np.searchsorted(turns, end)], end) - start
        listings = ListingRows(*(field[start:end] for field in fields))
        slot, place = merge_listings(listings, offsets, author_bits)
        slots[start:end], places[start:end] = slot, place[slot]
    several = several.with_columns(key=pl.Series(slots).cast(pl.String), place=pl.Series(places))
    both = pl.concat([single, several])
    return both.with_columns(
        label=(pl.struct("discussion_id", "key").rank("dense") - 1).cast(pl.Int64),
        place=pl.col("place").min().over("discussion_id", "key"),
    ).drop("key")


def _join_versions(rows: pl.DataFrame) -> pl.DataFrame:
    """Makes one post of what a known author rewrote, wherever the listings of a discussion show it.

    Rows of a listing that is a history of posts; rows said at one exact time in nearly the same words, or rewritten;
    and rewritten rows without a time. Of the latter two not what one listing shows beside each other.
    """
    group = ["discussion_id", "author_key", "instant", "version"]
    rows = _chain_labels(rows, rows.filter("is_history").with_columns(version="rewritten_key"), group)
    exact = rows.filter("is_exact")
    ways = ((exact, "near_key"), (exact, "version_key"), (rows, "rewritten_key"))
    said = pl.concat([frame.select("label", "unit", *group[:3], version=key) for frame, key in ways])
    said = said.drop_nulls("version").unique()
    return _chain_labels(rows, said.filter((pl.len().over(*group, "unit") == 1).all().over(group)), group)


def _chain_labels(rows: pl.DataFrame, named: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """Gives the labels of each group of named rows one label."""
    ends = (
        named.select("label", *group)
        .unique()
        .sort(*group, "label")
        .select(left=pl.col("label").shift(1).over(group), right="label")
        .drop_nulls()
    )
    return unite_labels(rows, ends)


def _join_across_discussions(rows: pl.DataFrame) -> pl.DataFrame:
    """Makes sightings of one scoped id one post wherever they stand; it belongs where most of its sightings are."""
    scoped = rows.filter(pl.col("scope").is_not_null() & pl.col("native_id").is_not_null())
    ends = (
        scoped.select("scope", "native_id", "label")
        .unique()
        .filter(pl.len().over("scope", "native_id") > 1)
        .sort("scope", "native_id", "label")
        .select(left=pl.col("label").shift(1).over("scope", "native_id"), right="label")
        .drop_nulls()
    )
    return unite_labels(rows, ends)


def _add_seeds(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds seed, and is_scoped where it is made of an id."""
    scoped = pl.col("scope").is_not_null() & pl.col("native_id").is_not_null()
    # Author and second are context enough; other words need to know what the listing is about.
    about = pl.when(pl.col("is_named") | ~pl.col("is_exact")).then("listing_id")
    seed = _digest_where(
        rows,
        (scoped, ("scope", "native_id"), "post"),
        (~scoped, ("words_key", "author_key", "instant", "occurrence", about), "seed"),
    )
    return rows.with_columns(seed=seed, is_scoped=scoped)


def _name_posts(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Adds post_id; also the aliases of posts."""
    owned = own_seeds(rows)
    names = (
        rows.group_by("label")
        .agg(pl.col("sighting_id").min())
        .join(owned.group_by("label").agg(owned_seed=pl.col("seed").min()), on="label", how="left")
        .join(owned.filter("is_scoped").group_by("label").agg(scoped_seed=pl.col("seed").min()), on="label", how="left")
        .select("label", post_id=pl.coalesce("scoped_seed", "owned_seed", "sighting_id"))
    )
    rows = rows.join(names, on="label", how="left", maintain_order="left")
    lost = rows.join(owned, on=["seed", "label"], how="anti").select(seed_id="sighting_id", id="post_id")
    seeds = owned.join(names, on="label").select(seed_id="seed", id="post_id")
    aliases = pl.concat([seeds, lost]).filter(pl.col("seed_id") != pl.col("id")).unique()
    return rows, aliases.with_columns(table=pl.lit("posts"))


def _alias_discussions(units: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Aliases of discussions; one whose posts all moved to others stands for where most of its records are."""
    homes = (
        rows.select("unit", now="discussion_id")
        .join(units.select("unit", "discussion_id"), on="unit", how="left")
        .group_by("discussion_id", "now")
        .agg(pl.len().alias("n"))
        .sort("discussion_id", "n", "now", descending=[False, True, False])
    )
    emptied = homes.filter(~pl.col("discussion_id").is_in(rows["discussion_id"].unique().implode()))
    moved = emptied.unique("discussion_id", keep="first", maintain_order=True).select("discussion_id", "now")
    seeds = pl.concat(
        [
            units.select("listing_id", "discussion_id"),
            units.select(pl.col("discussion_id").alias("listing_id"), "discussion_id"),
        ]
    )
    return (
        seeds.unique()
        .join(moved, on="discussion_id", how="left")
        .select(seed_id="listing_id", id=pl.coalesce("now", "discussion_id"))
        .filter(pl.col("seed_id") != pl.col("id"))
        .unique()
        .with_columns(table=pl.lit("discussions"))
    )


def _resolve_parents(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds declared_parent_id: the post of the declared parent, or the id a placeholder for it has."""
    scope = pl.coalesce("scope", pl.concat_str(pl.lit("capture:"), "capture_id"))
    rows = rows.with_columns(parent_scope=scope)
    known = (
        rows.filter(pl.col("native_id").is_not_null())
        .group_by("parent_scope", native_parent="native_id")
        .agg(seen_id=pl.col("post_id").min())
    )
    rows = rows.join(known, on=["parent_scope", "native_parent"], how="left", maintain_order="left")
    missing = pl.col("seen_id").is_null() & pl.col("native_parent").is_not_null()
    unseen = _digest_where(rows, (missing, ("parent_scope", "native_parent"), "post"))
    return rows.with_columns(declared_parent_id=pl.coalesce("seen_id", unseen))


def _follow_parents(rows: pl.DataFrame) -> pl.DataFrame:
    """Moves posts of dumps that name no discussion (comments apart from their questions) to where their parents stand.

    Only posts with scoped ids move, to the discussion of the nearest ancestor that has one, below what is listed there.
    """
    roams = pl.col("scope").is_not_null() & ~pl.col("is_named")
    if not rows.select(roams.any()).item():
        return rows
    posts = rows.group_by("post_id").agg(
        pl.col("discussion_id").first(), parent=pl.col("seen_id").drop_nulls().last(), roams=roams.all()
    )
    posts = posts.sort("post_id").with_row_index("row")
    above = posts.select("parent").join(
        posts.select("row", parent="post_id"), on="parent", how="left", maintain_order="left"
    )["row"]
    if not bool((posts["roams"] & above.is_not_null()).any()):
        return rows
    own = np.arange(posts.height)
    up = np.where(posts["roams"].to_numpy() & above.is_not_null().to_numpy(), above.fill_null(0).to_numpy(), own)
    # Pointer doubling: chains halve each time; a circle never settles and keeps whatever it has.
    for _ in range(posts.height.bit_length()):
        up = up[up]
    homes = posts.select("post_id", home=pl.col("discussion_id").gather(pl.Series(up)), roams="roams")
    moved = homes.join(posts.select("post_id", "discussion_id"), on="post_id").filter(
        pl.col("roams") & (pl.col("home") != pl.col("discussion_id"))
    )
    below = rows.group_by("discussion_id").agg(below=pl.col("place").max() + 1).rename({"discussion_id": "home"})
    moved = moved.select("post_id", "home").join(below, on="home", how="left")
    return (
        rows.join(moved, on="post_id", how="left", maintain_order="left")
        .with_columns(
            discussion_id=pl.coalesce("home", "discussion_id"), place=pl.col("place") + pl.col("below").fill_null(0)
        )
        .drop("home", "below")
    )


def _add_placeholders(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per declared parent that no capture shows, in the discussion of its first child."""
    missing = rows.filter(pl.col("declared_parent_id").is_not_null() & pl.col("seen_id").is_null())
    return (
        missing.sort("declared_parent_id", "discussion_id", "place", "sighting_id")
        .group_by("declared_parent_id", maintain_order=True)
        .agg(
            pl.col("discussion_id", "place").first(),
            source=pl.col("scope").first(),
            native_id=pl.col("native_parent").first(),
            is_submission=(pl.col("native_parent") == pl.col("native_discussion")).any().fill_null(False),
        )
        .rename({"declared_parent_id": "post_id"})
    )


def _add_quotes(rows: pl.DataFrame, quotes: pl.DataFrame) -> pl.DataFrame:
    """Rows for the paragraphs that are quotations: they belong to the post that replies."""
    columns = ["sighting_id", "post_id", "discussion_id", "place", "unit", "listing", "declared_parent_id", "label"]
    replies = rows.select(columns).rename({"sighting_id": "reply_sighting_id"}).drop("declared_parent_id")
    quoted = quotes.join(replies, on="reply_sighting_id", how="left").select(
        *columns[:6],
        pl.lit(None, dtype=pl.String).alias("declared_parent_id"),
        "label",
        pl.lit(None, dtype=pl.Int64).alias("evident"),
        "quoted_sighting_id",
        "share",
    )
    plain = rows.select(
        *columns,
        "evident",
        quoted_sighting_id=pl.lit(None, dtype=pl.String),
        share=pl.lit(None, dtype=pl.Float32),
    )
    return pl.concat([plain, quoted.select(plain.columns)])


def _post_orders(sightings: pl.DataFrame, placeholders: pl.DataFrame) -> pl.DataFrame:
    """Order of every post in its discussion; a placeholder stands right before the first post that names it."""
    posts = sightings.group_by("post_id").agg(pl.col("discussion_id").first(), pl.col("place").min(), late=pl.lit(1))
    unseen = placeholders.select("post_id", "discussion_id", "place", late=pl.lit(0))
    both = pl.concat([posts, unseen]).sort("discussion_id", "place", "late", "post_id")
    return both.select("post_id", order=pl.int_range(pl.len()).over("discussion_id").cast(pl.Int64))
