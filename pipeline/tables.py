"""Every table there is: columns, keys, allowed values, row rules. The reference in docs is generated from here.

In: frames that stages made. Out: the same frames, checked, with columns in the declared order.

>>> check_table(Captures, frame)      # raises ContractError, naming rule and rows, where the frame breaks its contract

Two families: ``PUBLISHED`` tables are what users read under ``parquet/current``; the others are where the stages of one
run meet. Times are UTC with microseconds. Offsets count characters (code points), the end exclusive.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import dataframely as dy
import polars as pl
from dataframely.exc import SchemaError, ValidationError

from pipeline.errors import ContractError
from pipeline.ids import ID_REGEX

TABLE_VERSION = 4

PRECISIONS = ("microsecond", "millisecond", "second", "minute", "hour", "day", "month", "year")
MATCHES = ("first", "recapture", "edit", "truncation", "quote")
DUPLICATE_KINDS = ("recapture", "edit", "truncation", "quote", "repost", "boilerplate")
DUPLICATE_METHODS = ("id", "author-time", "seed", "alignment", "author-edit", "near", "exact", "contained", "decided")
REPEAT_KINDS = ("repost", "boilerplate")
DECISION_KINDS = ("parent_is", "parent_is_not", "same_as", "not_same_as")
LINK_KINDS = ("declared", "decided", "inferred")
LISTINGS = ("page", "time", "flat", "unknown")
LENSES = ("explicit", "indent", "page-meta", "page-text", "time-meta", "time-text")
TOMBSTONE_KINDS = ("capture", "discussion", "author", "post", "words", "said", "rejected")
SHAPES = ("page", "stream")
MARKUPS = ("plain", "markdown", "html", "bbcode", "mediawiki")
DELETIONS = ("author", "moderator", "unknown")
POST_FLAGS = {
    "parent_missing": "its declared parent was never seen: the parent is a placeholder",
    "cycle_broken": "its declared parent was dropped because the declarations went in a circle",
    "parent_conflict": "its sightings declare different parents: the latest was kept",
    "parent_elsewhere": "its declared parent stands in another discussion",
    "same_author_continues": "probably the next paragraph of the post above, by the same author",
    "time_guessed_zone": "its time named no zone: UTC was taken",
    "words_lost": "only sightings without words were seen",
    "text_repaired": "its bytes were no valid text in the declared encoding",
}


def _id(description: str, *, key: bool = False, nullable: bool = False) -> Any:
    return dy.String(regex=ID_REGEX, primary_key=key, nullable=nullable, description=description)


def _text(description: str, *, key: bool = False, nullable: bool = True) -> Any:
    return dy.String(primary_key=key, nullable=nullable, description=description)


def _count(description: str, *, key: bool = False, nullable: bool = False) -> Any:
    return dy.Int64(primary_key=key, nullable=nullable, min=None if nullable else 0, description=description)


def _whole(description: str) -> Any:
    return dy.Int64(nullable=True, description=description)


def _share(description: str, *, nullable: bool = False) -> Any:
    return dy.Float32(nullable=nullable, min=0.0, max=1.0, description=description)


def _time(description: str) -> Any:
    return dy.Datetime(time_unit="us", time_zone="UTC", nullable=True, description=description)


def _truth(description: str, *, nullable: bool = False) -> Any:
    return dy.Bool(nullable=nullable, description=description)


def _one_of(values: tuple[str, ...], description: str, *, nullable: bool = False) -> Any:
    def allowed(column: pl.Expr) -> pl.Expr:
        return column.is_in(list(values))

    return dy.String(
        nullable=nullable, check={"allowed": allowed}, metadata={"allowed": values}, description=description
    )


def _several_of(values: Collection[str], description: str) -> Any:
    def allowed(column: pl.Expr) -> pl.Expr:
        return column.list.eval(pl.element().is_in(list(values))).list.all()

    return dy.List(
        dy.String(),
        nullable=False,
        check={"allowed": allowed},
        metadata={"allowed": tuple(values)},
        description=description,
    )


def _spans(name: str, description: str) -> Any:
    inner = dy.Struct(
        {"start": dy.UInt32(), "end": dy.UInt32(), name: dy.String(nullable=True)},
    )
    return dy.List(inner, nullable=False, description=description)


def _evidence(description: str) -> Any:
    inner = dy.Struct({"signal": dy.String(), "value": dy.Float32()})
    return dy.List(inner, nullable=False, description=description)


class Posts(dy.Schema):
    """The clean set: one row per distinct post; discussions in the order in which they began, each by position."""

    post_id = _id("The post, however often it was seen.", key=True)
    discussion_id = _id("The page, topic, channel or list it stands in.")
    thread_id = _id("Its reply tree: on a page the discussion_id, in a stream the post_id of its root.")
    parent_id = _id("The post it answers; null where it answers none or none is known.", nullable=True)
    depth = _count("Number of its ancestors.")
    position = _count("Place in its discussion, from 0: on a page depth first, in a stream by time.")
    source = _text("Site or named source whose ids these are, e.g. reddit.")
    community = _text("Subreddit, board, channel or list.")
    native_id = _text("The id that the source itself gives it.")
    author = _text("Who wrote it, as the latest sighting that names one.")
    posted_at = _time("When it was posted.")
    posted_precision = _one_of(PRECISIONS, "How exactly posted_at is known.", nullable=True)
    edited_at = _time("When it was last edited, as far as the source says.")
    deleted_at = _time("When it was first known to be deleted, or the epoch where only the fact is known.")
    title = _text("Its own title or subject.")
    text = _text("Its latest complete version with words; empty where no words were seen.", nullable=False)
    quotes = _spans("author", "Parts of text that quote another post: start, end, quoted author where named.")
    mentions = _spans("name", "Parts of text that name a person: start, end, the name.")
    score = _whole("Votes at its latest sighting.")
    permalink = _text("Address of the post itself.")
    link_kind = _one_of(LINK_KINDS, "How its parent (or its having none) is known.")
    link_confidence = _share("Probability that its parent (or its having none) is right; 1 where declared.")
    under_id = _id("Nearest ancestor that is surer than the parent; null where none is.", nullable=True)
    under_confidence = _share("Probability that the post stands somewhere under under_id.", nullable=True)
    n_sightings = _count("Sightings of it, quoted ones included.")
    first_seen_at = _time("Earliest known capture time among its sightings.")
    last_seen_at = _time("Latest known capture time among its sightings.")
    began_at = _time("When its discussion began: the earliest posted_at in it, else the earliest first_seen_at.")
    is_placeholder = _truth("Whether it was only named by others (as a parent) and never seen.")
    flags = _several_of(POST_FLAGS, "Doubts about this row.")

    @dy.rule()
    def placeholder_unseen(cls) -> pl.Expr:
        return pl.col("is_placeholder") == (pl.col("n_sightings") == 0)

    @dy.rule()
    def parent_is_another(cls) -> pl.Expr:
        return pl.col("parent_id").is_null() | (pl.col("parent_id") != pl.col("post_id"))

    @dy.rule()
    def roots_have_depth_zero(cls) -> pl.Expr:
        return pl.col("parent_id").is_null() == (pl.col("depth") == 0)

    @dy.rule()
    def declared_is_sure(cls) -> pl.Expr:
        return (pl.col("link_kind") == "inferred") | (pl.col("link_confidence") == 1)

    @dy.rule()
    def under_has_confidence(cls) -> pl.Expr:
        return pl.col("under_id").is_null() == pl.col("under_confidence").is_null()

    @dy.rule()
    def time_has_precision(cls) -> pl.Expr:
        return pl.col("posted_at").is_null() == pl.col("posted_precision").is_null()

    @dy.rule()
    def spans_inside_text(cls) -> pl.Expr:
        length = pl.col("text").str.len_chars()
        ends = [pl.col(name).list.eval(pl.element().struct.field("end")).list.max() for name in ("quotes", "mentions")]
        return pl.all_horizontal([end.fill_null(0) <= length for end in ends])


class Discussions(dy.Schema):
    """One row per page, topic, channel or list in which replies happen."""

    discussion_id = _id("The discussion.", key=True)
    title = _text("Its title, from the latest capture that has one.")
    url = _text("Its address.")
    source = _text("Site or named source.")
    community = _text("Subreddit, board, channel or list it belongs to.")
    shape = _one_of(SHAPES, "page: one thread; stream (chat, mail): every root starts a thread.")
    n_captures = _count("Captures it was seen in.")
    n_posts = _count("Posts in it, placeholders included.")
    began_at = _time("When it began: the earliest posted_at in it, else the earliest known capture time.")
    listing = _one_of(LISTINGS, "What the order of its rows turned out to be.")
    listing_confidence = _share("How sure that is.")
    lens = _one_of(LENSES, "What its dump lets us know about replies.")
    expected_accuracy = _share(
        "Share of its inferred parents to expect right, measured on held-out threads of this lens."
    )


class Threads(dy.Schema):
    """One row per reply tree."""

    thread_id = _id("The thread.", key=True)
    discussion_id = _id("The discussion it stands in.")
    root_id = _id("The submission or first message; null where none is known or declared.", nullable=True)
    n_posts = _count("Posts in it.")
    n_authors = _count("Distinct named authors in it.")
    depth = _count("Largest depth in it.")
    started_at = _time("Earliest posted_at in it.")
    ended_at = _time("Latest posted_at in it.")
    confidence_mean = _share("Mean confidence of its inferred links; null where none is inferred.", nullable=True)
    confidence_min = _share("Least confidence of its inferred links.", nullable=True)


class Links(dy.Schema):
    """One row per post without a declared parent and candidate for it, the best few."""

    post_id = _id("The post whose parent is sought.", key=True)
    rank = _count("1 is the most probable candidate.", key=True)
    parent_id = _id("The candidate; null stands for 'answers none of the posts'.", nullable=True)
    score = dy.Float32(description="What the signals add up to; comparable within one post only.")
    confidence = _share("Probability that this candidate is the parent.")
    is_chosen = _truth("Whether the tree has this candidate.")
    evidence = _evidence("What spoke for it: signal and its value, the strongest first.")


class Sightings(dy.Schema):
    """One row per record as it was scraped."""

    sighting_id = _id("The record: digest of capture and ordinal.", key=True)
    capture_id = _id("The capture it stands in.")
    ordinal = _count("Its place among the records of its capture, rejected ones counted.")
    listing = _count(
        "Which listing of the capture it stands in (a file may hold several, or one twice): the ordinal of its first "
        "record."
    )
    location = _text("Line or byte offset in the file.", nullable=False)
    post_id = _id("The post it shows; for a quote the post whose quotation it is.")
    discussion_id = _id("The discussion of that post.")
    match = _one_of(MATCHES, "How it relates to the post's first sighting.")
    similarity = _share("Likeness of its words to the post's text (quote: to the quoted words).")
    author_raw = _text("Author as written.")
    posted_at_raw = _text("Time as written.")
    declared_parent = _text("Parent id as written.")
    body_raw = _text("Body as scraped, where it differs from the post's text.")
    votes = _whole("Votes shown.")
    captured_at = _time("When this record was scraped, where known.")
    extra = _text("What else the record held that a reader keeps, as JSON.")


class Duplicates(dy.Schema):
    """Verified relations of two sightings: a spanning forest per cluster, not all pairs."""

    left_id = _id("The sighting that came first, is canonical, or is quoted.", key=True)
    right_id = _id("The sighting that repeats it.", key=True)
    kind = _one_of(DUPLICATE_KINDS, "What kind of repetition it is.")
    left_post_id = _id("The post of left_id.")
    right_post_id = _id("The post of right_id.")
    similarity = _share("Likeness of their words; for a quote the share of the quoted words that is found again.")
    method = _one_of(DUPLICATE_METHODS, "What decided.")
    collapses = _truth("Whether it makes both sightings one post.")
    evidence = _evidence("What was compared: name and value.")

    @dy.rule()
    def collapsed_is_one_post(cls) -> pl.Expr:
        return pl.col("collapses") == (pl.col("left_post_id") == pl.col("right_post_id"))


class Repeats(dy.Schema):
    """One row per post that says again what another post said in informative words."""

    post_id = _id("The post that repeats.", key=True)
    canonical_id = _id("The post that said it first.")
    kind = _one_of(REPEAT_KINDS, "repost: in few places; boilerplate: the same words in many discussions.")
    similarity = _share("Likeness of their words.")

    @dy.rule()
    def another_post(cls) -> pl.Expr:
        return pl.col("post_id") != pl.col("canonical_id")


class Captures(dy.Schema):
    """One row per listing as it was scraped; byte-identical files are one capture."""

    capture_id = _id("Digest of the file's bytes.", key=True)
    paths = dy.List(dy.String(), nullable=False, description="Where its bytes were found, sorted.")
    bytes = _count("Size of the file.")
    format = _text("The reader's name; null where no reader knew the file.")
    reader_version = _count("Version of that reader.", nullable=True)
    captured_at = _time("When it was scraped, where the file says so.")
    n_records = _count("Records found, rejected ones included.")
    n_rejected = _count("Records in quarantine.")
    discussion_id = _id("Its discussion; null where it holds several or none.", nullable=True)
    error = _text("Why the file as a whole could not be read; null where it was.")


class Quarantine(dy.Schema):
    """One row per record that could not be read, with the reason."""

    capture_id = _id("The capture it stands in.", key=True)
    ordinal = _count("Its place among the records of its capture.", key=True)
    location = _text("Line or byte offset in the file.", nullable=False)
    stage = _text("Where it was rejected: read or normalise.", nullable=False)
    rule = _text("The rule it broke, e.g. bad_json.", nullable=False)
    detail = _text("What was found, in words.", nullable=False)
    raw = dy.Binary(nullable=False, description="Its first 1,000 bytes.")


class Aliases(dy.Schema):
    """Seeds of posts and discussions that are not their ids: every id ever published was a seed."""

    seed_id = _id("A seed.", key=True)
    id = _id("The post_id or discussion_id it stands for.")
    table = _one_of(("posts", "discussions"), "Where that id is found.")


class Decisions(dy.Schema):
    """One row per decision of a person: stronger than anything that dumps declare or models guess."""

    decision_id = _id("The decision: a digest of the other columns.", key=True)
    post_id = _id("The post it is about, by an id or a sighting_id that it had when it was decided.")
    kind = _one_of(DECISION_KINDS, "What was decided.")
    other_id = _id("The other post; null in parent_is where the post answers none.", nullable=True)
    author = _text("Who decided.")
    note = _text("Why.")
    decided_at = dy.Datetime(time_unit="us", time_zone="UTC", nullable=False, description="When; later ones win.")

    @dy.rule()
    def names_another(cls) -> pl.Expr:
        """Only in parent_is may there be no other post, and it is never the post itself."""
        return (
            pl.when(pl.col("other_id").is_null())
            .then(pl.col("kind") == "parent_is")
            .otherwise(pl.col("other_id") != pl.col("post_id"))
        )


class Runs(dy.Schema):
    """One row per run that published."""

    run_id = _text("Start time and random suffix.", key=True, nullable=False)
    started_at = _time("When it began.")
    ended_at = _time("When its tables were complete.")
    code_version = _text("Version of Threadloom.", nullable=False)
    table_version = _count("Version of these tables.")
    settings = _text("Settings as JSON.", nullable=False)
    fingerprint = _text("Digest of the settings that decide rows.", nullable=False)
    model_pack = _text("Name of the model pack.", nullable=False)
    inputs = dy.List(dy.String(), nullable=False, description="capture_id of every capture, sorted.")
    counts = dy.List(
        dy.Struct({"step": dy.String(), "name": dy.String(), "count": dy.Int64()}),
        nullable=False,
        description="What each step counted.",
    )
    seconds = dy.List(
        dy.Struct({"step": dy.String(), "seconds": dy.Float64()}), nullable=False, description="Wall time per step."
    )
    peak_memory_bytes = _count("Largest resident memory of the process, in bytes.")


class RawRecords(dy.Schema):
    """What a reader yields: one row per record that could be decoded, nothing interpreted."""

    ordinal = _count("Place among the records of the capture, rejected ones counted.", key=True)
    location = _text("Line or byte offset, e.g. 'line 12'.", nullable=False)
    listing = _count("Listing of the capture, where the format tells them apart; else 0.")
    scope = _text("What makes native_id unique: site, --source or discussion; null where nothing does.")
    native_id = _text("Id as the source gives it.")
    native_discussion = _text("Id of the page or channel in its scope.")
    discussion_scope = _text("What makes native_discussion unique; null where nothing does outside of its capture.")
    parent_known = _truth("Whether the record says what it answers (an id or that it is a root).")
    native_parent = _text("Id of its parent in its scope; null with parent_known: a root.")
    depth = dy.Int32(nullable=True, description="Nesting or indent shown, 0 for the outermost comments.")
    author = _text("Author as written.")
    posted_at_raw = _text("Time as written: ISO 8601, epoch number, or the format's own words.")
    edited_at_raw = _text("Edit time as written.")
    captured_at_raw = _text("Scrape time as written.")
    title = _text("Title of the post.")
    body = _text("Body as written, markup included; null where the record has an id and no words.")
    markup = _one_of(MARKUPS, "What the body is written in.")
    deletion = _one_of(DELETIONS, "Who deleted it, where the record says that it is deleted.", nullable=True)
    discussion_title = _text("Title of the page.")
    discussion_url = _text("Address of the page.")
    page_key = _text("Name of its page, in all the world, where a discussion is shown on several pages.")
    next_page_key = _text("The page_key of the page that goes on where its own ends.")
    community = _text("Subreddit, board, channel or list.")
    permalink = _text("Address of the post.")
    votes = _whole("Votes shown.")
    extra = _text("What else is kept, as JSON.")


class Records(RawRecords):
    """Records made comparable: plain text, UTC times, keys. One parquet per capture."""

    sighting_id = _id("Digest of capture and ordinal.")
    capture_id = _id("The capture.")
    source = _text("Site or named source, for display.")
    shape = _one_of(SHAPES, "What the format says of the discussion; page or stream.", nullable=True)
    order_known = _one_of(LISTINGS, "What the format or --listing says of the row order; unknown: to be found out.")
    paragraphs = _truth("Whether records are paragraphs of a flat text, each taken for a post.")
    text = _text("Plain text; empty where there are no words.", nullable=False)
    quotes = _spans("author", "Marked quotations in text.")
    mentions = _spans("name", "Named persons in text.")
    posted_at = _time("UTC.")
    posted_precision = _one_of(PRECISIONS, "How exactly posted_at is known.", nullable=True)
    edited_at = _time("UTC.")
    captured_at = _time("UTC.")
    words = _text("Text folded for comparison: NFKC, lower case, letters and digits, single spaces.", nullable=False)
    words_key = _id("Digest of words (of the text where it has no letters or digits).")
    n_words = _count("Space-separated words (characters of scripts written without spaces count as words).")
    information = dy.Float32(min=0.0, description="Bits of surprise in its distinct words, by the model pack.")
    author_key = _text("Author folded for comparison: NFKC, case, surrounding marks; null where unknown or deleted.")
    flags = _several_of(POST_FLAGS, "Doubts about this record.")


class Firsts(dy.Schema):
    """What repeats need to know of every post with informative words; kept in a snapshot for the next run."""

    post_id = _id("The post.", key=True)
    discussion_id = _id("Its discussion.")
    posted_at = _time("When it was posted.")
    sighting_id = _id("Its first sighting.")
    capture_id = _id("Where that stands.")
    words_key = _id("Digest of its words.")
    information = dy.Float32(min=0.0, description="Bits of surprise in its distinct words, by the model pack.")


class Tombstones(dy.Schema):
    """What was forgotten and must not come back, as digests that say nothing to a reader."""

    kind = _one_of(TOMBSTONE_KINDS, "What was digested.")
    digest = _id("Digest of it.", key=True)


class Assignments(dy.Schema):
    """Identity: which post and discussion every sighting shows, and where it stands in the merged order."""

    sighting_id = _id("The sighting.", key=True)
    post_id = _id("Its post.")
    discussion_id = _id("Its discussion.")
    match = _one_of(MATCHES, "How it relates to the post's first sighting.")
    similarity = _share("Likeness of its words to the post's text.")


class Quotations(dy.Schema):
    """Words of one post found inside or beside another of the same discussion."""

    post_id = _id("The post that quotes.", key=True)
    quoted_id = _id("The post whose words they are.", key=True)
    share = _share("Share of the quotation's words that stand in the quoted post in the same order.")
    n_words = _count("Words of the quotation.")
    start = dy.UInt32(
        nullable=True, description="Where the quotation starts in the quoting post's text; null: beside it."
    )
    end = dy.UInt32(nullable=True, description="Where it ends.")


class DraftPosts(dy.Schema):
    """Posts before replies are reconstructed: what is declared of them, and their reading order."""

    post_id = _id("The post.", key=True)
    discussion_id = _id("Its discussion.")
    order = _count("Place in the merged order of all captures of its discussion; unique there, gaps allowed.")
    shape = _one_of(SHAPES, "Whether its discussion is a page or a stream.")
    order_known = _one_of(LISTINGS, "What the row order is, as far as declared.")
    parent_known = _truth("Whether a sighting declares what it answers.")
    declared_parent_id = _id("Declared parent (placeholders included); null with parent_known: a root.", nullable=True)
    parent_decided = _truth("Whether a person decided its parent, which is then declared_parent_id.", nullable=True)
    not_parents = dy.List(dy.String(), nullable=True, description="Posts that a person said it does not answer.")
    listed_depth = dy.Int32(nullable=True, description="Nesting or indent shown.")
    is_submission = _truth("Whether it is the submission of its page.")
    source = _text("Site or named source.")
    community = _text("Subreddit, board, channel or list.")
    native_id = _text("Id as the source gives it.")
    author = _text("Who wrote it.")
    author_key = _text("Author folded for comparison.")
    posted_at = _time("When.")
    posted_precision = _one_of(PRECISIONS, "How exactly.", nullable=True)
    edited_at = _time("Last edit.")
    deleted_at = _time("First known deletion.")
    title = _text("Title.")
    text = _text("Plain text.", nullable=False)
    words = _text("Text folded for comparison.", nullable=False)
    quotes = _spans("author", "Marked quotations.")
    mentions = _spans("name", "Named persons.")
    score = _whole("Votes.")
    permalink = _text("Address.")
    n_sightings = _count("Sightings.")
    first_seen_at = _time("Earliest capture.")
    last_seen_at = _time("Latest capture.")
    is_placeholder = _truth("Only named, never seen.")
    flags = _several_of(POST_FLAGS, "Doubts.")


class DraftDiscussions(dy.Schema):
    """Discussions before replies are reconstructed."""

    discussion_id = _id("The discussion.", key=True)
    title = _text("Title.")
    url = _text("Address.")
    source = _text("Site or named source.")
    community = _text("Community.")
    n_captures = _count("Captures it was seen in.")


class Reconstructed(dy.Schema):
    """What reconstruction adds to each draft post."""

    post_id = _id("The post.", key=True)
    thread_id = _id("Its thread.")
    parent_id = _id("Its parent.", nullable=True)
    depth = _count("Number of ancestors.")
    position = _count("Place in its discussion, from 0.")
    link_kind = _one_of(LINK_KINDS, "How the parent is known.")
    link_confidence = _share("Probability that it is right.")
    under_id = _id("Nearest surer ancestor.", nullable=True)
    under_confidence = _share("Probability of standing under it.", nullable=True)
    flags = _several_of(POST_FLAGS, "All doubts, those of the draft included.")


class Languages(dy.Schema):
    """One row per post with words: the language of its own words, made by ``threadloom enrich language``."""

    post_id = _id("The post.", key=True)
    language = _text("ISO 639 code; null where there are too few words, or it is not sure.")
    confidence = _share("Probability of the most probable language; null where there are too few words.", nullable=True)
    model = _text("What identified it.", nullable=False)

    @dy.rule()
    def language_is_sure(cls) -> pl.Expr:
        return pl.col("language").is_null() | pl.col("confidence").is_not_null()


PUBLISHED: dict[str, type[dy.Schema]] = {
    "posts": Posts,
    "discussions": Discussions,
    "threads": Threads,
    "links": Links,
    "sightings": Sightings,
    "duplicates": Duplicates,
    "repeats": Repeats,
    "captures": Captures,
    "quarantine": Quarantine,
    "aliases": Aliases,
    "decisions": Decisions,
    "runs": Runs,
}

# Made of a snapshot when asked for, beside it; no part of a run or of its digests.
ENRICHED: dict[str, type[dy.Schema]] = {"languages": Languages}

# Kept in a snapshot for the next run, as published tables are; users have no need of them.
KEPT: dict[str, type[dy.Schema]] = {"firsts": Firsts}

SORT_KEYS: dict[str, tuple[str, ...]] = {
    "posts": ("began_at", "discussion_id", "position"),
    "discussions": ("discussion_id",),
    "threads": ("discussion_id", "thread_id"),
    "links": ("post_id", "rank"),
    "sightings": ("capture_id", "ordinal"),
    "duplicates": ("left_id", "right_id"),
    "repeats": ("post_id",),
    "captures": ("capture_id",),
    "quarantine": ("capture_id", "ordinal"),
    "aliases": ("seed_id",),
    "decisions": ("decided_at", "decision_id"),
    "runs": ("run_id",),
    "languages": ("post_id",),
    "firsts": ("capture_id", "post_id"),  # what a dump brings comes together: few parts are written again
}


def empty_table(schema: type[dy.Schema]) -> pl.DataFrame:
    """A frame of no rows with the table's columns."""
    return schema.create_empty()


def fit_table(schema: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the table's columns in their order, absent nullable ones filled with null, dtypes cast.

    Raises:
        ContractError: a column that may not be null is absent, or a value does not fit its dtype.
    """
    dtypes = {name: column.dtype for name, column in schema.columns().items()}
    absent = [name for name in dtypes if name not in frame.columns]
    required = [name for name in absent if not schema.columns()[name].nullable]
    if required:
        raise ContractError(f"{schema.__name__} lacks the columns {', '.join(required)}")
    try:
        return frame.select(
            pl.lit(None, dtype=dtype).alias(name) if name in absent else pl.col(name).cast(dtype)
            for name, dtype in dtypes.items()
        )
    except pl.exceptions.PolarsError as error:
        raise ContractError(f"{schema.__name__}: {error}") from error


def check_table(schema: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame, proven to keep the table's contract.

    Raises:
        ContractError: columns or dtypes differ, or rows break rules; names each rule and how many rows break it.
    """
    try:
        return schema.validate(fit_table(schema, frame))
    except (SchemaError, ValidationError) as error:
        raise ContractError(f"{schema.__name__}: {error}") from error


def broken_rules(schema: type[dy.Schema], frame: pl.DataFrame) -> dict[str, int]:
    """How many rows break each rule of the table; empty where none does. The frame must have the table's columns."""
    return dict(schema.filter(frame, cast=False).failure.counts())
