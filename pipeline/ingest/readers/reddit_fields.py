"""What the fields of Reddit's things (comments, submissions) say, the same for every format that has them.

In: objects, one by one in any state, or columns of many. Out: ``RawRecords`` in batches.

>>> object_batch(parsed).records.select("native_id", "native_parent", "body")

`object_fields` and `readers.reddit_blocks` give the same columns, ``FIELDS``; `fields_batch` makes records of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from pipeline.ingest.readers.columns import as_count, as_text, as_time, uniform_column
from pipeline.ingest.readers.json_lines import ParsedLines
from pipeline.ingest.records import Batch, Rejections, extra_column, record_frame

FIELDS: dict[str, type[pl.DataType]] = {
    "ordinal": pl.Int64,
    "location": pl.String,
    "is_submission": pl.Boolean,
    "id": pl.String,
    "name": pl.String,
    "link": pl.String,
    "parent": pl.String,
    "author": pl.String,
    "created": pl.String,
    "created_local": pl.String,
    "edited": pl.String,
    "retrieved": pl.String,
    "retrieved_utc": pl.String,
    "retrieved_again": pl.String,
    "title": pl.String,
    "body": pl.String,
    "selftext": pl.String,
    "community": pl.String,
    "permalink": pl.String,
    "score": pl.Int64,
    "ups": pl.Int64,
    "depth": pl.Int64,
    "extra": pl.String,
}
NULL_WORDS = ("", "null", "None", "false", "False")
# What is kept in extra, and of which kind it is.
KEPT: dict[str, type[pl.DataType]] = {
    "_meta": pl.String,
    "approved_by": pl.String,
    "archived": pl.Boolean,
    "author_flair_text": pl.String,
    "author_fullname": pl.String,
    "controversiality": pl.Int64,
    "crosspost_parent": pl.String,
    "distinguished": pl.String,
    "gilded": pl.Int64,
    "is_submitter": pl.Boolean,
    "link_flair_text": pl.String,
    "locked": pl.Boolean,
    "num_comments": pl.Int64,
    "over_18": pl.Boolean,
    "quarantined": pl.Boolean,
    "removal_reason": pl.String,
    "removed_by_category": pl.String,
    "spoiler": pl.Boolean,
    "stickied": pl.Boolean,
    "upvote_ratio": pl.Float64,
}
_SITE = "https://www.reddit.com"
_GONE = ("[removed]", "[removed by reddit]", "[ removed by reddit ]")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_IDS = ("id", "name", "link", "parent")
_LOOSE = (*_IDS, "author", "created", "created_local", "edited", "retrieved", "retrieved_utc", "retrieved_again")


def object_batch(parsed: ParsedLines) -> Batch:
    """Records of objects, whatever state they are in."""
    return fields_batch(object_fields(parsed), parsed.rejections, lambda row: parsed.lines[row])


def object_fields(parsed: ParsedLines) -> pl.DataFrame:
    """``FIELDS`` of objects; what a field cannot be is null."""
    objects = [unwrapped(value) if "kind" in value else value for value in parsed.objects]
    present = set[str]().union(*objects)
    # What no object has needs no look at each.
    metas = [value.get("_meta") for value in objects] if "_meta" in present else []
    column = partial(_column, objects, present)
    return pl.DataFrame(
        {
            "ordinal": parsed.ordinals,
            "location": parsed.locations(),
            "is_submission": [_is_submission(value) for value in objects],
            "id": column("id", as_text),
            "name": column("name", as_text),
            "link": column("link_id", as_id),
            "parent": column("parent_id", as_id),
            "author": column("author", as_text),
            "created": column("created_utc", _as_time),
            "created_local": column("created", _as_time),
            "edited": column("edited", _as_edit_time),
            "retrieved": column("retrieved_on", _as_time),
            "retrieved_utc": column("retrieved_utc", _as_time),
            "retrieved_again": list(map(seen_again, metas)) or [None] * len(objects),
            "title": column("title", as_text),
            "body": column("body", _as_words),
            "selftext": column("selftext", _as_words),
            "community": column("subreddit", as_text),
            "permalink": column("permalink", as_text),
            "score": column("score", as_count, pl.Int64()),
            "ups": column("ups", as_count, pl.Int64()),
            "depth": column("depth", as_count, pl.Int64()),
            "extra": _extras(objects, present, parsed.repaired),
        },
        schema_overrides=FIELDS,
    )


def fields_batch(fields: pl.DataFrame, rejections: Rejections, raw: Callable[[int], bytes]) -> Batch:
    """Records of n rows of ``FIELDS``; those with neither an id nor a text are added to the rejections.

    Args:
        fields: n rows.
        rejections: what was rejected before.
        raw: the bytes of a row.
    """
    records = _interpreted(fields)
    hollow = records["native_id"].is_null() & records["body"].is_null()
    for row in hollow.arg_true().to_list():
        rejections.add(
            records["ordinal"][row], records["location"][row], "no_id_no_text", "neither an id nor a text", raw(row)
        )
    columns = (records.filter(~hollow) if hollow.any() else records).to_dict()
    return Batch(record_frame({**columns, "scope": "reddit", "markup": "markdown"}), rejections.frame())


def unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    """An object without the envelope that Reddit's API puts around it."""
    inner = value.get("data")
    return inner if "kind" in value and isinstance(inner, dict) else value


def seen_again(meta: Any) -> str | None:
    """When Arctic Shift fetched a record a second time, whose votes it shows."""
    again = _as_time(meta.get("retrieved_2nd_on")) if isinstance(meta, dict) else None
    return again if isinstance(again, str) else None


def as_id(value: Any) -> Any:
    """An id; late Pushshift writes numbers where Reddit writes them in base 36."""
    if type(value) is not int:
        return as_text(value)
    digits = ""
    while value > 0:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits


def _interpreted(fields: pl.DataFrame) -> pl.DataFrame:
    """What the fields say: ids with prefixes, the discussion, the parent, times, deletion, addresses."""
    fields = _without_null_words(fields)
    is_submission = pl.col("is_submission")
    own = pl.when(is_submission).then(_prefixed("id", "t3_")).otherwise(_prefixed("id", "t1_"))
    own = pl.coalesce(own, pl.col("name"))
    link = _prefixed("link", "t3_")
    # A parent without prefix is the submission if it has the submission's id, else a comment.
    parent = pl.when(_prefixed("parent", "t3_") == link).then(link).otherwise(_prefixed("parent", "t1_"))
    address = pl.col("permalink")
    address = pl.when(address.str.starts_with("/")).then(pl.concat_str([pl.lit(_SITE), address])).otherwise(address)
    body = pl.when(is_submission).then(pl.col("selftext")).otherwise(pl.coalesce("body", "selftext"))
    author = pl.col("author")
    title = pl.when(is_submission).then(pl.col("title"))
    discussion = pl.when(is_submission).then(own).otherwise(link)
    depth = pl.col("depth")
    return fields.select(
        "ordinal",
        "location",
        "community",
        "extra",
        depth=pl.when((depth >= 0) & (depth < 1 << 31)).then(depth),
        native_id=own,
        native_discussion=discussion,
        discussion_scope=pl.when(discussion.is_not_null()).then(pl.lit("reddit")),
        parent_known=is_submission | parent.is_not_null(),
        native_parent=pl.when(~is_submission).then(parent),
        author=pl.when(~author.is_in(["[deleted]", "[removed]"])).then(author),
        posted_at_raw=pl.coalesce("created", "created_local"),
        edited_at_raw=pl.when(pl.col("edited") != "true").then("edited"),
        captured_at_raw=pl.coalesce("retrieved_again", "retrieved", "retrieved_utc"),
        title=title,
        body=body,
        votes=pl.coalesce("score", "ups"),
        deletion=_deletion(body),
        discussion_title=title,
        discussion_url=pl.when(is_submission).then(address).otherwise(_page_of(address)),
        permalink=address,
    )


def _without_null_words(fields: pl.DataFrame) -> pl.DataFrame:
    """Null where a word stands for it; columns that hold no such word are left as they are."""
    columns = [name for name in (*_LOOSE, "community", "permalink") if fields[name].null_count() < fields.height]
    told = fields.select(pl.col(columns).is_in(NULL_WORDS).any())
    named = [name for name in columns if told[name][0]]
    return fields.with_columns(
        pl.when(~pl.col(name).is_in(NULL_WORDS)).then(pl.col(name)).alias(name) for name in named
    )


def _prefixed(name: str, prefix: str) -> pl.Expr:
    """An id with the prefix of its kind, unless it has one."""
    value = pl.col(name)
    has_one = (value.str.slice(2, 1) == "_") & value.str.contains("^t[0-9]_")
    return pl.when(has_one).then(value).otherwise(pl.concat_str([pl.lit(prefix), value]))


def _page_of(address: pl.Expr) -> pl.Expr:
    """A comment's address is that of its page and its own id."""
    whole = pl.when(address.str.ends_with("/")).then(address).otherwise(pl.concat_str(address, pl.lit("/")))
    own = pl.concat_str(pl.lit("/"), "id", pl.lit("/"))
    page = whole.str.head(whole.str.len_chars() - own.str.len_chars() + 1)
    return pl.when(whole.str.ends_with(own) & whole.str.contains("/comments/", literal=True)).then(page)


def _deletion(body: pl.Expr) -> pl.Expr:
    """Who deleted a body; only short ones in brackets are looked at."""
    short = pl.when((body.str.len_bytes() < 40) & body.str.contains("]", literal=True)).then(body)
    sign = short.str.strip_chars().str.to_lowercase()
    return pl.when(sign == "[deleted]").then(pl.lit("author")).when(sign.is_in(_GONE)).then(pl.lit("moderator"))


def _column(
    objects: list[dict[str, Any]],
    present: set[str],
    name: str,
    convert: Callable[[Any], Any],
    dtype: pl.DataType | None = None,
) -> pl.Series:
    """Values of one field; what the field cannot be is null."""
    dtype = pl.String() if dtype is None else dtype
    if name not in present:
        return pl.Series([None], dtype=dtype).new_from_index(0, len(objects))
    values = [value.get(name) for value in objects]
    if (sound := uniform_column(values, dtype)) is not None and (convert is not as_id or int not in map(type, values)):
        return sound
    kind = str if dtype == pl.String else int
    converted = [value if value is None else convert(value) for value in values]
    return pl.Series([value if isinstance(value, kind) else None for value in converted], dtype=dtype)


def _as_time(value: Any) -> Any:
    """A time as it was written, but whole floats without their point."""
    return as_text(value) if isinstance(value, float) and value.is_integer() else as_time(value)


def _as_edit_time(value: Any) -> Any:
    return None if isinstance(value, bool) else _as_time(value)


def _as_words(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _is_submission(value: dict[str, Any]) -> bool:
    commented = value.get("link_id") or "null"
    return (
        commented in NULL_WORDS
        and value.get("body") is None
        and (value.get("selftext") is not None or value.get("title") is not None)
    )


def _extras(objects: list[dict[str, Any]], present: set[str], repaired: set[int]) -> list[str | None]:
    """What else is kept of each object, as JSON."""
    kept: list[dict[str, Any]] = [{} for _ in objects]
    for name in KEPT.keys() & present:
        values = [value.get(name) for value in objects]
        for row, inner in enumerate(values if any(values) else ()):
            if inner and inner not in NULL_WORDS:
                kept[row][name] = inner
    for row, value in enumerate(objects if "is_self" in present else ()):
        if value.get("is_self") in (False, "false"):
            kept[row]["url"] = value.get("url")
    for row, value in enumerate(objects if "edited" in present else ()):
        if value.get("edited") in (True, "true"):
            kept[row]["edited"] = True
    for row in repaired:
        kept[row]["text_repaired"] = True
    return extra_column(kept)
