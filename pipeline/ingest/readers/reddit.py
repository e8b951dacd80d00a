"""Reddit records as Pushshift and Arctic Shift dump them: one submission or comment a line, in JSON.

**What is read.** Both kinds, mixed or apart. A record with ``link_id`` or ``body`` is a comment, one with
``selftext`` or a title a submission. Records that a scraper left in their API envelope (``{"kind": "t1", "data":
…}``) are unwrapped.

**What is kept.** Ids with their prefix (``t1_`` comment, ``t3_`` submission), for bare ids of the two kinds overlap.
The submission is the discussion, its subreddit the community; parents are declared. Of votes ``score``, else ``ups``;
of the two scrape times of Arctic Shift the second. In ``extra`` the fields that say something about the post (a
link's ``url``, flair, ``distinguished``, ``is_submitter``, ``removed_by_category``, …), unless they are null, false,
0 or empty; the some sixty other fields of a dump are not kept.

**What bites.** ``edited`` is false or a time, sometimes true. ``created_utc`` may be a string. Some re-exports turn
null and false into "null" and "false". The bodies "[deleted]" (by the author) and "[removed]" (by a moderator) are no
words but stay in ``body``; the author "[deleted]" is null. An empty ``selftext`` is a link post. Bodies hold ``&gt;``
and ``&amp;``, which are left to the next stage, as is ``\\r\\n`` of early dumps. Late Pushshift gives ``parent_id``
as a number: it is the id in base 36. Rows stand in time order. A comment without ``parent_id`` says nothing about
whom it answers.

A file is a Reddit dump when most of its first lines are objects with a ``body`` or ``selftext`` and a ``link_id``,
``subreddit`` or ``subreddit_id``.

>>> READER.recognise(Head("RC.ndjson", b'{"id": "c13", "body": "Ouch", "link_id": "t3_1"}', complete=True))
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import polars as pl

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.columns import as_count, as_text, as_time, uniform_column
from pipeline.ingest.readers.json_lines import ParsedLines, parse_lines, peek_objects
from pipeline.ingest.records import Batch, extra_json, record_frame

_SITE = "https://www.reddit.com"
_NULL_WORDS = ["", "null", "None", "false", "False"]
_KEPT = {
    "_meta",
    "approved_by",
    "archived",
    "author_flair_text",
    "author_fullname",
    "controversiality",
    "crosspost_parent",
    "distinguished",
    "gilded",
    "is_submitter",
    "link_flair_text",
    "locked",
    "num_comments",
    "over_18",
    "quarantined",
    "removal_reason",
    "removed_by_category",
    "spoiler",
    "stickied",
    "upvote_ratio",
}
_GONE = ["[removed]", "[removed by reddit]", "[ removed by reddit ]"]
_PREFIXED = "^t[0-9]_"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def recognise(head: Head) -> bool:
    """Whether most of the first lines are submissions or comments."""
    objects, others = peek_objects(head)
    known = sum(
        ("body" in value or "selftext" in value)
        and not value.keys().isdisjoint(("link_id", "subreddit", "subreddit_id"))
        for value in map(_unwrapped, objects)
    )
    return known > len(objects) - known + others


def describe(source: Source) -> CaptureFacts:
    """Pages, whose rows a dump lists by time."""
    return CaptureFacts(source="reddit", shape="page", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per submission or comment that has an id or words."""
    for parsed in parse_lines(source):
        yield _batch(parsed)


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    inner = value.get("data")
    return inner if "kind" in value and isinstance(inner, dict) else value


def _batch(parsed: ParsedLines) -> Batch:
    objects = [_unwrapped(value) for value in parsed.objects]
    fields = pl.DataFrame(
        {
            "ordinal": parsed.ordinals,
            "location": parsed.locations(),
            "is_submission": [_is_submission(value) for value in objects],
            "id": _column(objects, "id", _as_id),
            "name": _column(objects, "name", as_text),
            "link": _column(objects, "link_id", _as_id),
            "parent": _column(objects, "parent_id", _as_id),
            "author": _column(objects, "author", as_text),
            "created": _column(objects, "created_utc", as_time),
            "created_local": _column(objects, "created", as_time),
            "edited": _column(objects, "edited", _as_edit_time),
            "retrieved": _column(objects, "retrieved_on", as_time),
            "retrieved_utc": _column(objects, "retrieved_utc", as_time),
            "retrieved_again": pl.Series([_seen_again(value) for value in objects], dtype=pl.String),
            "title": _column(objects, "title", as_text),
            "body": _column(objects, "body", _as_words),
            "selftext": _column(objects, "selftext", _as_words),
            "community": _column(objects, "subreddit", as_text),
            "permalink": _column(objects, "permalink", as_text),
            "score": _column(objects, "score", as_count, pl.Int64()),
            "ups": _column(objects, "ups", as_count, pl.Int64()),
            "depth": _column(objects, "depth", _as_depth, pl.Int64()),
            "extra": pl.Series(
                [_extra(value, row in parsed.repaired) for row, value in enumerate(objects)], dtype=pl.String
            ),
        },
        schema_overrides={"ordinal": pl.Int64, "location": pl.String, "is_submission": pl.Boolean},
    )
    records = _interpreted(fields)
    hollow = records["native_id"].is_null() & records["body"].is_null()
    for row in hollow.arg_true().to_list():
        place = f"line {parsed.numbers[row]}"
        parsed.rejections.add(
            parsed.ordinals[row], place, "no_id_no_text", "neither an id nor a text", parsed.lines[row]
        )
    columns = records.filter(~hollow).to_dict()
    constant = {"scope": "reddit", "discussion_scope": "reddit", "markup": "markdown"}
    return Batch(record_frame({**columns, **constant}), parsed.rejections.frame())


def _interpreted(fields: pl.DataFrame) -> pl.DataFrame:
    """What the fields say: ids with prefixes, the discussion, the parent, times, deletion, addresses."""
    loose = pl.col(pl.String).exclude("location", "body", "selftext", "title", "extra")
    fields = fields.with_columns(pl.when(~loose.is_in(_NULL_WORDS)).then(loose))
    is_submission = pl.col("is_submission")
    own = pl.when(is_submission).then(_prefixed("id", "t3_")).otherwise(_prefixed("id", "t1_"))
    own = pl.coalesce(own, pl.col("name"))
    link = _prefixed("link", "t3_")
    # A parent without prefix is the submission if it has the submission's id, else a comment.
    parent = pl.when(_prefixed("parent", "t3_") == link).then(link).otherwise(_prefixed("parent", "t1_"))
    address = pl.col("permalink")
    address = pl.when(address.str.starts_with("/")).then(pl.concat_str([pl.lit(_SITE), address])).otherwise(address)
    # A comment's address is that of its page and its own id.
    page = address.str.extract(r"^(.*/comments/[0-9a-z]+/[^/]*/)[0-9a-z]+/?$")
    body = pl.when(is_submission).then(pl.col("selftext")).otherwise(pl.coalesce("body", "selftext"))
    sign = body.str.strip_chars().str.to_lowercase()
    author = pl.col("author")
    title = pl.when(is_submission).then(pl.col("title"))
    return fields.select(
        "ordinal",
        "location",
        "community",
        "depth",
        "extra",
        native_id=own,
        native_discussion=pl.when(is_submission).then(own).otherwise(link),
        parent_known=is_submission | parent.is_not_null(),
        native_parent=pl.when(~is_submission).then(parent),
        author=pl.when(~author.is_in(["[deleted]", "[removed]"])).then(author),
        posted_at_raw=pl.coalesce("created", "created_local"),
        edited_at_raw=pl.col("edited"),
        captured_at_raw=pl.coalesce("retrieved_again", "retrieved", "retrieved_utc"),
        title=title,
        body=body,
        votes=pl.coalesce("score", "ups"),
        deletion=pl.when(sign == "[deleted]").then(pl.lit("author")).when(sign.is_in(_GONE)).then(pl.lit("moderator")),
        discussion_title=title,
        discussion_url=pl.when(is_submission).then(address).otherwise(page),
        permalink=address,
    )


def _prefixed(name: str, prefix: str) -> pl.Expr:
    """An id with the prefix of its kind, unless it has one."""
    value = pl.col(name)
    return pl.when(value.str.contains(_PREFIXED)).then(value).otherwise(pl.concat_str([pl.lit(prefix), value]))


def _column(
    objects: list[dict[str, Any]], name: str, convert: Callable[[Any], Any], dtype: pl.DataType | None = None
) -> pl.Series:
    """Values of one field; what the field cannot be is null."""
    dtype = pl.String() if dtype is None else dtype
    values = [value.get(name) for value in objects]
    if (sound := uniform_column(values, dtype)) is not None and (convert is not _as_id or int not in map(type, values)):
        return sound
    kind = str if dtype == pl.String else int
    converted = [value if value is None else convert(value) for value in values]
    return pl.Series([value if isinstance(value, kind) else None for value in converted], dtype=dtype)


def _as_id(value: Any) -> Any:
    """An id; late Pushshift writes numbers where Reddit writes them in base 36."""
    if type(value) is not int:
        return as_text(value)
    digits = ""
    while value > 0:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits


def _as_edit_time(value: Any) -> Any:
    return None if isinstance(value, bool) else as_time(value)


def _as_words(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _as_depth(value: Any) -> Any:
    return value if type(value) is int and 0 <= value < 1 << 31 else None


def _is_submission(value: dict[str, Any]) -> bool:
    commented = value.get("link_id") or "null"
    return commented in _NULL_WORDS and "body" not in value and ("selftext" in value or "title" in value)


def _seen_again(value: dict[str, Any]) -> str | None:
    """When Arctic Shift fetched the record a second time, whose votes it shows."""
    meta = value.get("_meta")
    again = as_time(meta.get("retrieved_2nd_on")) if isinstance(meta, dict) else None
    return again if isinstance(again, str) else None


def _extra(value: dict[str, Any], repaired: bool) -> str | None:
    kept: dict[str, Any] = {}
    for name in value.keys() & _KEPT:
        inner = value[name]
        if inner and inner not in _NULL_WORDS:
            kept[name] = inner
    if value.get("is_self") in (False, "false"):
        kept["url"] = value.get("url")
    if value.get("edited") is True:
        kept["edited"] = True
    if repaired:
        kept["text_repaired"] = True
    return extra_json(kept) if kept else None


READER = Reader(
    name="reddit",
    version=1,
    title="Reddit submissions and comments from Pushshift or Arctic Shift",
    extensions=(".ndjson", ".jsonl", ".zst"),
    replies="parent_id of every comment",
    recognise=recognise,
    describe=describe,
    read=read,
)
