"""Items of Hacker News, whichever API gave them, as records.

In: parsed items, with what their nesting says. Out: `RawRecords` of scope ``hackernews``.

>>> item_frame([Item(0, "line 1", {"id": 2, "parent": 1, "text": "Yes.", "by": "ada"})])["native_parent"].to_list()
['1']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl

from pipeline.ingest.readers.api_json import as_id, as_time, as_votes, as_words
from pipeline.ingest.records import extra_column, record_frame

SCOPE = "hackernews"
ADDRESS = "https://news.ycombinator.com/item?id="
HIDDEN = frozenset({"[flagged]", "[dead]", "[flagged][dead]", "[flagged] [dead]"})

_NUMBER = re.compile(r"-?\d{1,18}")
_LONGEST_SIGN = 40
_ROOTS = frozenset({"story", "job", "poll"})
_TYPES = _ROOTS | {"comment", "pollopt"}
_MARKED = frozenset({"by", "deleted", "dead"})
_OF_BIGQUERY = frozenset({"time_ts", "timestamp", "ranking"})
_TIMES = ("time", "created_at_i", "created_at", "timestamp", "time_ts")
_COLUMNS = (
    *("ordinal", "location", "native_id", "native_discussion", "parent_known", "native_parent", "depth", "author"),
    *("posted_at_raw", "title", "body", "deletion", "discussion_title", "votes", "extra"),
)


class Item(NamedTuple):
    """An item, where it stands, and what its nesting says: the item it answers, its story, its depth below that."""

    ordinal: int
    location: str
    fields: dict[str, Any]
    parent: str | None = None
    story: str | None = None
    depth: int | None = None
    repaired: bool = False


def is_item(value: Any) -> bool:
    """Whether a parsed value is an item of Firebase, of Algolia, or a row of BigQuery."""
    if not isinstance(value, dict):
        return False
    if "created_at_i" in value:
        return "objectID" in value or "children" in value or "story_id" in value
    if "id" not in value:
        return False
    kind = value.get("type")
    if isinstance(kind, str) and kind in _TYPES and "time" in value:
        return not _MARKED.isdisjoint(value)
    return "by" in value and not _OF_BIGQUERY.isdisjoint(value)


def nested_items(fields: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str | None, str | None, int | None]]:
    """An item and all below it, depth first, each with the item it answers, its story, and its depth below the story.

    A stack of its own, for threads may be deep.
    """
    is_story = _kind(fields) in _ROOTS
    story = as_id(fields.get("id")) if is_story else as_id(fields.get("story_id"))
    waiting: list[tuple[dict[str, Any], str | None, int | None]] = [(fields, None, -1 if is_story else None)]
    while waiting:
        item, parent, depth = waiting.pop()
        yield item, parent, story, None if depth == -1 else depth
        children = item.get("children")
        if isinstance(children, list):
            below, deeper = as_id(item.get("id")), None if depth is None else depth + 1
            waiting.extend((child, below, deeper) for child in reversed(children) if isinstance(child, dict))


def item_frame(items: list[Item]) -> pl.DataFrame:
    """Records of items; comments whose story is not said get it from their ancestors among these items."""
    rows = [_row(item) for item in items]
    values = zip(*rows, strict=True) if rows else ([] for _ in _COLUMNS)
    columns: dict[str, list[Any]] = {name: list(column) for name, column in zip(_COLUMNS, values, strict=True)}
    discussions = _climb(columns["native_id"], columns["native_parent"], columns["native_discussion"])
    columns["extra"] = extra_column(columns["extra"])
    frame = record_frame(
        {**columns, "native_discussion": discussions, "scope": SCOPE, "discussion_scope": SCOPE, "markup": "html"}
    )
    return frame.with_columns(
        discussion_scope=pl.when(pl.col("native_discussion").is_not_null()).then("discussion_scope"),
        permalink=ADDRESS + pl.col("native_id"),
        discussion_url=ADDRESS + pl.col("native_discussion"),
    )


def _row(item: Item) -> tuple[Any, ...]:
    get = item.fields.get
    own = as_id(get("id")) or as_id(get("objectID"))
    kind = _kind(item.fields)
    is_root = kind in _ROOTS
    title = as_words(get("title")) or None
    text = as_words(get("text")) or as_words(get("comment_text")) or as_words(get("story_text"))
    author = as_words(get("by")) or as_words(get("author")) or None
    dead = get("dead") in (True, "true")
    deletion = "author" if get("deleted") in (True, "true") else None
    if text is not None and len(text) < _LONGEST_SIGN and text.strip() in HIDDEN:
        text, deletion, dead = None, "moderator", True
    elif deletion is None and author is None and text is None and kind == "comment":
        deletion = "unknown"  # Algolia does not say so
    if is_root:
        parent, story = None, own
    else:
        parent = as_id(get("parent")) or as_id(get("parent_id")) or as_id(get("poll")) or item.parent
        story = as_id(get("story_id")) or item.story or as_id(get("poll"))
    return (
        item.ordinal,
        item.location,
        own,
        story,
        is_root or parent is not None,
        parent,
        item.depth,
        author,
        _first_time(item.fields),
        title,
        text,
        deletion,
        title if is_root else as_words(get("story_title")) or None,
        _votes(get("score")) if "score" in item.fields else _votes(get("points")),
        _extra(item, kind, dead=dead) if is_root or dead or item.repaired or kind != "comment" else None,
    )


def _first_time(fields: dict[str, Any]) -> str | None:
    time = fields.get("time")
    if type(time) is int:
        return str(time)
    for name in _TIMES:
        if name in fields and (found := as_time(fields[name])):
            return found
    return None


def _extra(item: Item, kind: str | None, *, dead: bool) -> dict[str, Any]:
    get = item.fields.get
    extra: dict[str, Any] = {
        "url": as_words(get("url")) or None,
        "descendants": _votes(get("descendants")) or _votes(get("num_comments")) or None,
    }
    if kind not in ("story", "comment"):
        extra["type"] = kind
    if dead:
        extra["dead"] = True
    if item.repaired:
        extra["text_repaired"] = True
    return extra


def _kind(fields: dict[str, Any]) -> str | None:
    """Its type, which search hits keep among their tags and old tables of BigQuery do not have."""
    kind = fields.get("type")
    if isinstance(kind, str) and kind in _TYPES:
        return kind
    tags = fields.get("_tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag in _TYPES:
            return tag
    if fields.get("parent") is not None or fields.get("parent_id") is not None:
        return "comment"
    return "story" if fields.get("title") is not None else None


def _votes(value: Any) -> int | None:
    """Votes; rows of BigQuery may have them as digits."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    return as_votes(value)


def _climb(ids: list[str | None], parents: list[str | None], stories: list[str | None]) -> list[str | None]:
    """The story of each item: said, or that of its nearest ancestor whose story is said."""
    if None not in stories:
        return stories
    found = {own: story for own, story in zip(ids, stories, strict=True) if own is not None and story is not None}
    answered = {own: parent for own, parent in zip(ids, parents, strict=True) if own is not None and parent is not None}
    for own in ids:
        path = []
        current = own
        while current is not None and current not in found and current in answered:
            path.append(current)
            current = answered.pop(current)  # taken out, so that a circle ends
        if path and current in found:
            found.update(dict.fromkeys(path, found[current]))
    return [story or (found.get(own) if own is not None else None) for own, story in zip(ids, stories, strict=True)]
