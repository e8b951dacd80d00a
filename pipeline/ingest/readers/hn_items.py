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

from pipeline.ingest.readers.api_json import as_id, as_time, as_votes, as_words, ids_of, strings_of
from pipeline.ingest.readers.record_columns import RUN, pluck
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
_TEXTS = ("text", "comment_text", "story_text")
_AUTHORS = ("by", "author")
_LINKS = frozenset({"parent", "parent_id", "poll", "story_id"})
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
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for start in range(0, len(items), RUN):
        for name, values in _columns(items[start : start + RUN]).items():
            columns[name] += values
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


def _columns(items: list[Item]) -> dict[str, list[Any]]:
    """Columns of records of some items; a field that none of them has is not looked for."""
    ordinals, locations, fields, _, _, depths, _ = map(list, zip(*items, strict=True))
    present = set[str]().union(*fields)

    def values(name: str) -> list[Any]:
        return pluck(fields, name) if name in present else [None] * len(fields)

    owns = _first_of([ids_of(values("id")), ids_of(values("objectID"))], present, ("id", "objectID"))
    kinds = list(map(_kind, fields))
    roots = [kind in _ROOTS for kind in kinds]
    titles = [title or None for title in strings_of(values("title"))]
    texts = _first_of([strings_of(values(name)) for name in _TEXTS], present, _TEXTS)
    authors = _first_of([strings_of(values(name)) for name in _AUTHORS], present, _AUTHORS)
    authors = [author or None for author in authors]
    dead = [value in (True, "true") for value in values("dead")]
    deletions = ["author" if value in (True, "true") else None for value in values("deleted")]
    for row, text in enumerate(texts):
        if text is None:
            if authors[row] is None and deletions[row] is None and kinds[row] == "comment":
                deletions[row] = "unknown"  # Algolia does not say so
        elif len(text) < _LONGEST_SIGN and text.strip() in HIDDEN:
            texts[row], deletions[row], dead[row] = None, "moderator", True
    parents, stories = _answered(items, owns, roots, {name: ids_of(values(name)) for name in _LINKS & present})
    return {
        "ordinal": ordinals,
        "location": locations,
        "native_id": owns,
        "native_discussion": stories,
        "parent_known": [root or parent is not None for root, parent in zip(roots, parents, strict=True)],
        "native_parent": parents,
        "depth": depths,
        "author": authors,
        "posted_at_raw": _first_times(fields, values("time")),
        "title": titles,
        "body": texts,
        "deletion": deletions,
        "discussion_title": [
            title if root else other or None
            for root, title, other in zip(roots, titles, strings_of(values("story_title")), strict=True)
        ],
        "votes": [_votes(item["score"] if "score" in item else item.get("points")) for item in fields]
        if "score" in present
        else list(map(_votes, values("points"))),
        "extra": [
            _extra(item, kind, dead=is_dead) if root or is_dead or item.repaired or kind != "comment" else None
            for item, kind, root, is_dead in zip(items, kinds, roots, dead, strict=True)
        ],
    }


def _first_of(columns: list[list[str | None]], present: set[str], names: tuple[str, ...]) -> list[str | None]:
    """In every row the first value with anything in it, else the last."""
    found = columns[0]
    for name, others in zip(names[1:], columns[1:], strict=True):
        found = [value or other for value, other in zip(found, others, strict=True)] if name in present else found
    return found if names[-1] in present else [value or None for value in found]


def _answered(
    items: list[Item], owns: list[str | None], roots: list[bool], links: dict[str, list[str | None]]
) -> tuple[list[str | None], list[str | None]]:
    """What each item answers, and its story, as the items or their nesting say."""
    none = [None] * len(items)
    parents: list[str | None] = []
    stories: list[str | None] = []
    said = (links.get(name, none) for name in ("parent", "parent_id", "poll", "story_id"))
    for item, own, is_root, parent, other, poll, story in zip(items, owns, roots, *said, strict=True):
        parents.append(None if is_root else parent or other or poll or item.parent)
        stories.append(own if is_root else story or item.story or poll)
    return parents, stories


def _first_times(fields: list[dict[str, Any]], times: list[Any]) -> list[str | None]:
    if set(map(type, times)) == {int}:
        return list(map(str, times))
    return list(map(_first_time, fields))


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
