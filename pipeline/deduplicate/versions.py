"""Versions: what a post says in the end, how each of its sightings relates to that, and what proves them one post.

In: full records of whole discussions with their identity. Out: draft posts, matches, and the edges that collapse.

>>> versions = settle_versions(records, placeholders, settings)
>>> versions.posts["text"], versions.matches["match"], versions.edges["kind"]

A post's text is its latest complete version with words; a version that breaks off ("… read more") is complete only
where no longer one goes on with the same words. Sightings without words (deleted since) take no words away.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.algorithms.similarity import edit_ratio
from pipeline.pack import NO_AGREEMENT, Agreement
from pipeline.settings import Settings
from pipeline.tables import PRECISIONS, DraftPosts, fit_table

_CUT_OFF = r"(?i)(?:…|\.\.\.)\s*(?:\(?\[?(?:read|show|see) more\]?\)?|\[more\]|\(more\)|more)?\s*$"
_SENTENCE_END = r"[.!?:;。！？：；\n][\p{P}\p{S}\s]*$"
_LEAST_CUT = 48  # characters; a text cut off without a mark is long
_NEAR_LIMIT = 2  # characters below a page's longest text
_LEAST_CUTS = 2  # texts that tell that a page cuts
MOST_BITS = 40.0  # that words are worth; more proves no more
_EPOCH = pl.lit(0).cast(pl.Datetime("us", "UTC"))


@dataclass(frozen=True, eq=False)
class Versions:
    """What the sightings of each post add up to.

    Attributes:
        posts: tables.DraftPosts, placeholders included.
        matches: sighting_id, post_id, match, similarity.
        edges: columns of tables.Duplicates for sightings that are one post: a star around each post's first sighting.
        firsts: post_id, sighting_id and capture_id of its first sighting, words_key and information of its text.
    """

    posts: pl.DataFrame
    matches: pl.DataFrame
    edges: pl.DataFrame
    firsts: pl.DataFrame


def settle_versions(
    records: pl.DataFrame, placeholders: pl.DataFrame, settings: Settings, linkage: dict[str, Agreement] | None = None
) -> Versions:
    """Settles texts, matches and collapsing edges.

    Args:
        records: tables.Records of whole discussions with post_id, discussion_id, order, declared_parent_id,
            listing_number, evident, quoted_sighting_id and share of their identity.
        placeholders: post_id, discussion_id, order, source, native_id, is_submission.
        settings: honour_deletions matters.
        linkage: what facts are worth where they agree, of a model pack.
    """
    records = _add_neighbours(records)
    rows = _complete_roots(records.sort("post_id", "captured_at", "capture_id", "ordinal", nulls_last=True))
    spoken = _mark_versions(rows.filter(pl.col("quoted_sighting_id").is_null()))
    firsts = spoken.unique("post_id", keep="first", maintain_order=True)
    final = ["post_id", "text", "quotes", "mentions", "words", "words_key", "information", "has_words"]
    several = pl.col("post_id").is_duplicated()
    finals = (
        spoken.filter(several)
        .sort(
            "post_id",
            "has_words",
            "is_complete",
            "captured_at",
            "edited_at",
            # Where nothing says which is later: bytes that needed no repair, and the site's own page before a paste.
            pl.col("flags").list.contains("text_repaired").fill_null(value=False),
            pl.col("native_id").is_null(),
            "length",
            "text",
            descending=[False, True, True, True, True, False, False, True, False],
            nulls_last=True,
        )
        .unique("post_id", keep="first", maintain_order=True)
        .select(final)
    )
    finals = pl.concat([spoken.filter(~several).select(final), finals])
    facts = _gather_facts(spoken)
    kinds = _judge_discussions(spoken)
    posts = finals.join(facts, on="post_id", how="left").join(kinds, on="discussion_id", how="left")
    if settings.honour_deletions:
        gone = pl.col("deleted_at").is_not_null()
        blank = [pl.when(gone).then(pl.lit("")).otherwise(name).alias(name) for name in ("text", "words")]
        spans = [
            pl.when(gone).then(pl.col(name).list.head(0)).otherwise(name).alias(name) for name in ("quotes", "mentions")
        ]
        posts = posts.with_columns(*blank, *spans)
    lost = pl.when(~pl.col("has_words") & pl.col("title").is_null()).then(pl.lit(["words_lost"]))
    posts = posts.with_columns(flags=pl.concat_list("flags", lost.fill_null(pl.lit([], dtype=pl.List(pl.String)))))
    posts = pl.concat([fit_table(DraftPosts, posts), _draft_placeholders(placeholders, kinds)]).with_columns(
        pl.col("flags").list.unique().list.sort()
    )
    matches = _match_sightings(spoken, firsts, finals)
    quoted = rows.filter(pl.col("quoted_sighting_id").is_not_null()).select(
        "sighting_id", "post_id", match=pl.lit("quote"), similarity=pl.col("share")
    )
    return Versions(
        posts=posts.sort("discussion_id", "order"),
        matches=pl.concat([matches.select("sighting_id", "post_id", "match", "similarity"), quoted]),
        edges=_collapse_edges(matches, firsts, settings, linkage or {}),
        firsts=firsts.select("post_id", "sighting_id", "capture_id").join(
            finals.select("post_id", "words_key", "information"), on="post_id", how="left"
        ),
    )


def _add_neighbours(records: pl.DataFrame) -> pl.DataFrame:
    """Adds neighbour: the post right above in the same listing, null where none is."""
    listing = ["capture_id", "listing_number", "discussion_id"]
    above = pl.col("post_id").shift(1).over(listing, order_by="ordinal")
    return records.with_columns(neighbour=above)


def _complete_roots(rows: pl.DataFrame) -> pl.DataFrame:
    """Marks roots in tables that leave the parent out: where one table of a discussion has a column of parents, records
    with ids of another one without it (a part that happens to hold roots alone) are roots."""
    declares = (pl.col("parent_known") & (pl.col("shape") == "page")).fill_null(False).any().over("discussion_id")
    silent = pl.col("shape").is_null() & pl.col("native_id").is_not_null()
    return rows.with_columns(parent_known=pl.col("parent_known") | (silent & declares))


def _mark_versions(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds has_words, length and is_complete; one that is cut off, by a mark, within a word or within a sentence, is
    incomplete where a longer one continues it."""
    rows = rows.with_columns(has_words=pl.col("text") != "", length=pl.col("text").str.len_chars())
    # Most posts have one version, and nothing continues it but what a page writes where it cuts a text off.
    may_go_on = pl.col("post_id").is_duplicated() | pl.col("words").str.ends_with(" more")
    numbered = rows.select("post_id", "capture_id", "discussion_id", "text", "words", "length").with_row_index("row")
    broken_off = _find_broken_off(numbered.filter(may_go_on), numbered)
    return rows.with_columns(is_complete=~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(broken_off.implode()))


def _find_broken_off(rows: pl.DataFrame, shown_rows: pl.DataFrame) -> pl.Series:
    """Which of some rows are cut off, by their column row; ``shown_rows`` are all that the same pages show."""
    longest = (
        rows.sort("post_id", "length", "text", descending=[False, True, False])
        .unique("post_id", keep="first", maintain_order=True)
        .select("post_id", longest_words="words", longest_text="text")
    )
    stem = pl.col("words").str.replace(r" (?:(?:read|show|see) )?more$", "")
    continued = (
        pl.col("longest_words").str.starts_with(stem)
        & (pl.col("longest_words").str.len_bytes() > stem.str.len_bytes())
        & (pl.col("words") != "")
    )
    # Cut in the middle of a word, and more words follow: an edit seldom ends there.
    rest = pl.col("longest_words").str.slice(pl.col("words").str.len_chars())
    broken = (
        pl.col("longest_words").str.starts_with(pl.col("words"))
        & rest.str.contains(r"^[^ ].* ")
        & (pl.col("words").str.len_chars() >= _LEAST_CUT)
    )
    # Or in the middle of a sentence that goes on in the same line: who adds to a post ends a sentence first.
    within = (
        pl.col("longest_text").str.starts_with(pl.col("text"))
        & pl.col("longest_text").str.slice(pl.col("length")).str.contains(r"^[^\S\n]*(?:[\p{Ll}\p{Lo}\p{N},]|I\b)")
        & ~pl.col("text").str.contains(_SENTENCE_END)
        & (pl.col("length") >= _LEAST_CUT)
    )
    # A page that cuts long texts may hit the end of a word: others of it break off, or several end at one length.
    shown = ["capture_id", "discussion_id"]
    limits = shown_rows.join(rows, on=shown, how="semi").group_by(shown).agg(limit=pl.col("length").max())
    cut = ((pl.col("text").str.contains(_CUT_OFF) & continued) | broken | within).fill_null(value=False)
    whole_words = (continued & (pl.col("length") >= _LEAST_CUT)).fill_null(value=False)
    at_limit = pl.col("limit") - pl.col("length") <= _NEAR_LIMIT
    found = (
        rows.join(longest, on="post_id", how="left", maintain_order="left")
        .join(limits, on=shown, how="left", maintain_order="left")
        .select("row", *shown, cut=cut, whole=whole_words, at_limit=at_limit)
    )
    cuts = (pl.col("cut") | (pl.col("whole") & pl.col("at_limit"))).sum().over(shown) >= _LEAST_CUTS
    return found.filter(pl.col("cut") | (pl.col("whole") & cuts))["row"]


def _latest(column: str) -> pl.Expr:
    """The last known value in the order of capture."""
    return pl.col(column).drop_nulls().last().alias(column)


def _gather_facts(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a post: everything that does not depend on which version won. Rows come in the order of capture."""
    deleted = pl.col("deletion").is_not_null()
    rank = pl.col("posted_precision").replace_strict(
        {p: i for i, p in enumerate(PRECISIONS)}, default=99, return_dtype=pl.Int8
    )
    parents = pl.col("declared_parent_id").filter("parent_known")
    # Undated captures come last in the order of capture, but say nothing about what is later.
    dated = rows.with_columns(
        dated=pl.col("captured_at").is_not_null(), precision_rank=rank, native=pl.struct("scope", "native_id")
    ).sort("post_id", "dated", "captured_at", "capture_id", "ordinal")
    facts = dated.group_by("post_id", maintain_order=True).agg(
        pl.col("discussion_id", "order").first(),
        pl.col("parent_known").any(),
        parents.last().alias("declared_parent_id"),
        listed_depth=pl.col("depth").drop_nulls().last(),
        is_submission=(pl.col("native_id") == pl.col("native_discussion")).any().fill_null(False),
        **{name: _latest(name) for name in ("source", "community", "author_key", "title", "permalink")},
        author=pl.col("author").filter(pl.col("author_key").is_not_null()).last(),
        native_id=pl.col("native_id").drop_nulls().min(),
        posted_at=pl.col("posted_at").sort_by("precision_rank", "posted_at", nulls_last=True).first(),
        posted_precision=pl.col("posted_precision").sort_by("precision_rank", "posted_at", nulls_last=True).first(),
        edited_at=pl.col("edited_at").max(),
        is_deleted=deleted.last() | (deleted.any() & ~pl.col("dated").all()),
        deleted_at=pl.col("captured_at").filter(deleted).min(),
        score=pl.col("votes").drop_nulls().last(),
        n_sightings=pl.len().cast(pl.Int64),
        first_seen_at=pl.col("captured_at").min(),
        last_seen_at=pl.col("captured_at").max(),
        flags=pl.col("flags").explode().drop_nulls(),
        disagree=(parents.drop_nulls().n_unique() > 1),
    )
    conflict = pl.when("disagree").then(pl.lit(["parent_conflict"])).otherwise(pl.lit([], dtype=pl.List(pl.String)))
    return facts.with_columns(
        deleted_at=pl.when("is_deleted").then(pl.coalesce("deleted_at", _EPOCH)),
        is_placeholder=pl.lit(False),
        flags=pl.concat_list("flags", conflict),
    )


def _judge_discussions(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a discussion: its shape, what is declared of its row order, its community.

    Where no format says what it is, rows in page order or without any times are a page, others a stream.
    """
    declared = pl.col("order_known").filter(pl.col("order_known") != "unknown")
    on_page = (pl.col("order_known") == "page").any() | pl.col("posted_at").is_null().all()
    guess = pl.when(on_page).then(pl.lit("page")).otherwise(pl.lit("stream"))
    return rows.group_by("discussion_id").agg(
        shape=pl.coalesce(pl.col("shape").drop_nulls().min(), guess),
        order_known=declared.min().fill_null("unknown"),
        home=pl.col("community").drop_nulls().min(),
        site=pl.col("source").drop_nulls().min(),
    )


def _draft_placeholders(placeholders: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    empty = pl.lit([], dtype=pl.List(pl.String))
    drafts = placeholders.join(kinds, on="discussion_id", how="left", maintain_order="left").with_columns(
        community="home",
        source="site",
        parent_known=pl.lit(False),
        text=pl.lit(""),
        words=pl.lit(""),
        quotes=pl.lit([], dtype=DraftPosts.columns()["quotes"].dtype),
        mentions=pl.lit([], dtype=DraftPosts.columns()["mentions"].dtype),
        n_sightings=pl.lit(0, dtype=pl.Int64),
        is_placeholder=pl.lit(True),
        flags=empty,
    )
    return fit_table(DraftPosts, drafts)


def _match_sightings(rows: pl.DataFrame, firsts: pl.DataFrame, finals: pl.DataFrame) -> pl.DataFrame:
    """Adds to each spoken sighting its match to the post's first one and the likeness of its words to the text."""
    ahead = firsts.select(
        "post_id", first_id="sighting_id", first_key="words_key", first_words="words", first_complete="is_complete"
    )
    rows = rows.join(ahead, on="post_id", how="left", maintain_order="left").join(
        finals.select("post_id", final_key="words_key", final_words="words"),
        on="post_id",
        how="left",
        maintain_order="left",
    )
    silent = (pl.col("words") == "") | (pl.col("first_words") == "")
    rows = rows.with_columns(
        match=pl.when(pl.col("sighting_id") == pl.col("first_id"))
        .then(pl.lit("first"))
        .when((pl.col("words_key") == pl.col("first_key")) | silent)
        .then(pl.lit("recapture"))
        .when(~pl.col("is_complete") | ~pl.col("first_complete"))
        .then(pl.lit("truncation"))
        .otherwise(pl.lit("edit")),
    )
    return rows.with_columns(
        similarity=_likeness(rows, "words", "final_words"), likeness=_likeness(rows, "words", "first_words")
    )


def _likeness(rows: pl.DataFrame, left: str, right: str) -> pl.Series:
    """Edit ratio of two columns of words, Float32; only rows that differ are measured."""
    numbered = rows.select(left, right).with_row_index("row")
    changed = numbered.filter(pl.col(left) != pl.col(right))
    ratios = changed.select("row", ratio=pl.Series(edit_ratio(changed[left], changed[right]), dtype=pl.Float32))
    joined = numbered.join(ratios, on="row", how="left", maintain_order="left")
    return joined["ratio"].fill_null(1.0).cast(pl.Float32)


def _collapse_edges(
    matches: pl.DataFrame, firsts: pl.DataFrame, settings: Settings, linkage: dict[str, Agreement]
) -> pl.DataFrame:
    """A star around the first sighting of each post seen more than once, with what was compared and its worth."""
    known = firsts.select(
        "post_id",
        first_scope=pl.coalesce("scope", "capture_id"),
        first_native="native_id",
        first_author="author_key",
        first_time="posted_at",
        first_evident="evident",
        first_capture="capture_id",
        first_listing="listing_number",
        first_neighbour="neighbour",
    )
    rows = matches.filter(pl.col("match") != "first").join(known, on="post_id", how="left", maintain_order="left")
    same_id = (
        (pl.col("native_id") == pl.col("first_native")) & (pl.coalesce("scope", "capture_id") == pl.col("first_scope"))
    ).fill_null(False)
    same_author = pl.col("author_key") == pl.col("first_author")
    same_time = pl.col("posted_at") == pl.col("first_time")
    instant = (same_author & same_time & (pl.col("words_key") == pl.col("first_key"))).fill_null(False)
    # One listing shows both, so no alignment matched them.
    beside = (pl.col("capture_id") == pl.col("first_capture")) & (pl.col("listing_number") == pl.col("first_listing"))
    rewritten = (pl.col("match") == "edit") & (pl.col("likeness") < settings.edit_similarity)
    same_neighbour = pl.col("neighbour") == pl.col("first_neighbour")
    agreements = {"author": same_author, "neighbour": same_neighbour}
    bits = pl.col("information").clip(0, MOST_BITS) * pl.col("likeness")
    for name, agrees in agreements.items():
        worth = linkage.get(name, NO_AGREEMENT)
        bits += pl.when(agrees).then(worth.agree).when(~agrees).then(worth.differ).otherwise(0.0)
    compared = {"words": pl.col("likeness"), "id": same_id, "time": same_time} | agreements
    compared["weight"] = pl.when(~same_id).then(bits.round(2))
    evidence = [
        pl.when(value.is_not_null()).then(
            pl.struct(pl.lit(name).alias("signal"), value.cast(pl.Float32).alias("value"))
        )
        for name, value in compared.items()
    ]
    return rows.select(
        left_id="first_id",
        right_id="sighting_id",
        kind="match",
        left_post_id="post_id",
        right_post_id="post_id",
        similarity="likeness",
        method=pl.when(pl.col("evident") != pl.col("first_evident"))
        .then(pl.lit("decided"))
        .when(same_id)
        .then(pl.lit("id"))
        .when(instant)
        .then(pl.lit("author-time"))
        .when(same_author & (rewritten | beside))
        .then(pl.lit("author-edit"))
        .otherwise(pl.lit("alignment")),
        collapses=pl.lit(True),
        evidence=pl.concat_list(evidence).list.drop_nulls(),
    )
