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

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.columns import as_count, as_text, as_time
from pipeline.ingest.readers.json_lines import ParsedLines, parse_lines, peek_objects
from pipeline.ingest.records import Batch, extra_json, record_frame

_SITE = "https://www.reddit.com"
_NULLS = (None, "", "null", "None", "false", "False", False)
_KEPT = (
    "_meta",
    "approved_by",
    "archived",
    "author_flair_text",
    "author_fullname",
    "awards",
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
)
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
    submission = [_is_submission(value) for value in objects]
    ids = [
        _with_prefix(value.get("id"), is_one) or _text(value.get("name"))
        for value, is_one in zip(objects, submission, strict=True)
    ]
    links = [_with_prefix(value.get("link_id"), True) for value in objects]
    bodies = [_words(value, is_one) for value, is_one in zip(objects, submission, strict=True)]
    frame = pl.DataFrame(
        {
            "ordinal": pl.Series(parsed.ordinals, dtype=pl.Int64),
            "location": pl.Series(parsed.locations(), dtype=pl.String),
            "is_submission": pl.Series(submission, dtype=pl.Boolean),
            "native_id": pl.Series(ids, dtype=pl.String),
            "link": pl.Series(links, dtype=pl.String),
            "native_parent": pl.Series([_parent(value) for value in objects], dtype=pl.String),
            "author": _texts(objects, "author"),
            "posted_at_raw": _times(objects, "created_utc", "created"),
            "edited_at_raw": _times(objects, "edited"),
            "captured_at_raw": pl.Series([_scraped(value) for value in objects], dtype=pl.String),
            "title": _texts(objects, "title"),
            "body": pl.Series(bodies, dtype=pl.String),
            "community": _texts(objects, "subreddit"),
            "permalink": _texts(objects, "permalink"),
            "votes": pl.Series([_votes(value) for value in objects], dtype=pl.Int64),
            "depth": pl.Series([_depth(value) for value in objects], dtype=pl.Int32),
            "extra": pl.Series(
                [_extra(value, row in parsed.repaired) for row, value in enumerate(objects)], dtype=pl.String
            ),
        }
    )
    hollow = frame["native_id"].is_null() & frame["body"].is_null()
    for row in hollow.arg_true().to_list():
        detail = "neither an id nor a text"
        parsed.rejections.add(
            parsed.ordinals[row], f"line {parsed.numbers[row]}", "no_id_no_text", detail, parsed.lines[row]
        )
    columns = _interpreted(frame.filter(~hollow)).to_dict()
    return Batch(
        record_frame({**columns, "scope": "reddit", "discussion_scope": "reddit", "markup": "markdown"}),
        parsed.rejections.frame(),
    )


def _interpreted(frame: pl.DataFrame) -> pl.DataFrame:
    """What follows from the fields: the discussion, the parent, deletion, addresses."""
    is_submission = pl.col("is_submission")
    address = pl.col("permalink")
    address = pl.when(address.str.starts_with("/")).then(pl.concat_str([pl.lit(_SITE), address])).otherwise(address)
    # A comment's address is its page's address and its own id.
    page = (
        pl.when(is_submission)
        .then(address)
        .otherwise(address.str.extract(r"^(.*/comments/[0-9a-z]+/[^/]*/)[0-9a-z]+/?$"))
    )
    body = pl.col("body").str.strip_chars().str.to_lowercase()
    deletion = (
        pl.when(body == "[deleted]")
        .then(pl.lit("author"))
        .when(body.is_in(["[removed]", "[removed by reddit]", "[ removed by reddit ]"]))
        .then(pl.lit("moderator"))
    )
    author = pl.col("author")
    return frame.select(
        "ordinal",
        "location",
        "native_id",
        "posted_at_raw",
        "edited_at_raw",
        "captured_at_raw",
        "title",
        "body",
        "community",
        "votes",
        "depth",
        "extra",
        native_discussion=pl.when(is_submission).then(pl.col("native_id")).otherwise(pl.col("link")),
        parent_known=is_submission | pl.col("native_parent").is_not_null(),
        native_parent=pl.when(~is_submission).then(pl.col("native_parent")),
        author=pl.when(~author.is_in(["[deleted]", "[removed]"])).then(author),
        deletion=deletion,
        discussion_title=pl.when(is_submission).then(pl.col("title")),
        discussion_url=page,
        permalink=address,
    )


def _is_submission(value: dict[str, Any]) -> bool:
    if value.get("link_id") not in _NULLS or "body" in value:
        return False
    name = value.get("name")
    return "selftext" in value or "title" in value or (isinstance(name, str) and name.startswith("t3_"))


def _text(value: Any) -> str | None:
    """A value as text; what re-exports write for null, and what is no text, is null."""
    text = None if value in _NULLS else as_text(value)
    return text if isinstance(text, str) else None


def _with_prefix(value: Any, is_submission: bool) -> str | None:
    """A Reddit id with its prefix; numbers are ids in base 10."""
    text = _base36(value) if type(value) is int else _text(value)
    if text is None or text.startswith(("t1_", "t3_")):
        return text
    return ("t3_" if is_submission else "t1_") + text


def _base36(value: int) -> str | None:
    digits = ""
    while value > 0:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits or None


def _parent(value: dict[str, Any]) -> str | None:
    """The parent of a comment; a bare id is the submission's if it is that of the link, else a comment's."""
    given = value.get("parent_id")
    link = _with_prefix(value.get("link_id"), True)
    as_submission = _with_prefix(given, True)
    return as_submission if as_submission == link else _with_prefix(given, False)


def _words(value: dict[str, Any], is_submission: bool) -> str | None:
    words = value.get("selftext" if is_submission else "body")
    if words is None and not is_submission:
        words = value.get("selftext")
    return words if isinstance(words, str) else None


def _texts(objects: list[dict[str, Any]], name: str) -> pl.Series:
    return pl.Series([_text(value.get(name)) for value in objects], dtype=pl.String)


def _time(value: Any) -> str | None:
    time = None if value in _NULLS or value is True else as_time(value)
    return time if isinstance(time, str) else None


def _times(objects: list[dict[str, Any]], *names: str) -> pl.Series:
    first, *others = names
    times = [_time(value.get(first)) for value in objects]
    for name in others:
        times = [_time(value.get(name)) if time is None else time for time, value in zip(times, objects, strict=True)]
    return pl.Series(times, dtype=pl.String)


def _scraped(value: dict[str, Any]) -> str | None:
    meta = value.get("_meta")
    again = _time(meta.get("retrieved_2nd_on")) if isinstance(meta, dict) else None
    return again or _time(value.get("retrieved_on")) or _time(value.get("retrieved_utc"))


def _votes(value: dict[str, Any]) -> int | None:
    votes = as_count(value.get("score"))
    votes = votes if type(votes) is int else as_count(value.get("ups"))
    return votes if type(votes) is int else None


def _depth(value: dict[str, Any]) -> int | None:
    depth = value.get("depth")
    return depth if type(depth) is int and 0 <= depth < 1 << 31 else None


def _extra(value: dict[str, Any], repaired: bool) -> str | None:
    kept = {name: value[name] for name in _KEPT if value.get(name) not in (*_NULLS, 0, [], {})}
    if value.get("is_self") in (False, "false") or ("title" in value and "is_self" not in value):
        kept["url"] = _text(value.get("url"))
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
