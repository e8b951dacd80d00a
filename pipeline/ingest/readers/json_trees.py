"""JSON in which replies lie inside what they answer, or posts inside a document: what most scrapers of one's own write.

**What is read.** Every object with a key for the text and one more known key is a post, at whatever depth, as long as
the file has one kind of them; `readers.columns` says which keys are known. Posts in a list inside a post, under any key
(``replies``, ``children``, ``reply_comment`` …), answer it, and those in a list beside a single post answer that. Posts
stand depth first; their location is their place among the posts of the document, or their line.

**Where replies come from.** The parent's id where both have ids (and where a post has no parent of its own to name);
else the nesting alone.

**Discussions.** An object that is no post, has an id, and has posts in it, is their discussion, and its ``title`` is
that one's. A post that has no discussion, in itself or around it, belongs to the document.

**What is kept.** As for JSON lines: the known keys, and every other key that is not null in ``extra``, without the
replies that became posts.

**What bites.** One document of more than 64 MiB is refused, for it can only be read as a whole; documents of a line
each may be many. One that breaks off is read as far as it goes, and what is missing stands in quarantine. A single post
inside another, as of a message that quotes one, is kept in ``extra``.

A file is such a document when its beginning holds posts, and at least one of them inside another, or all of them
inside an object.

>>> READER.recognise(Head("a.json", b'{"comments": [{"id": 1, "text": "A"}, {"id": 2, "text": "B"}]}', complete=True))
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import orjson

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.api_json import parse_loosely, read_answers
from pipeline.ingest.readers.column_names import is_known_name
from pipeline.ingest.readers.columns import (
    ParentColumn,
    TableRows,
    as_text,
    column_meanings,
    match_columns,
    table_batch,
)
from pipeline.ingest.readers.json_lines import parse_lines, peek_objects
from pipeline.ingest.records import BATCH_RECORDS, RAW_BYTES, Batch, Rejections

_HOLDERS = (dict, list)
_MOST_KINDS = 4096
_NONE: frozenset[str] = frozenset()
_FEWEST = 2  # posts, without which nothing says that an object is more than itself

Keys = tuple[str, ...]
_Rejected = tuple[str, str, str, bytes]


@dataclass(frozen=True)
class _Around:
    """What stands around a value: how many posts, the id of the nearest, and the discussion."""

    depth: int = 0
    parent: str | None = None
    discussion: str | None = None
    title: str | None = None


@dataclass(frozen=True)
class _Post:
    """A post, what stands around it, and which of its keys hold replies."""

    value: dict[str, Any]
    around: _Around
    replies: frozenset[str]


class _Kinds:
    """Which objects are posts, told by their keys; objects of the same telling keys are asked about once."""

    def __init__(self, renames: Mapping[str, str]) -> None:
        self._renames = renames
        self._renamed = {name.strip().lower() for name in renames}
        self._columns: dict[Keys, dict[str, str]] = {}
        self._seen: dict[Keys, dict[str, str]] = {}

    def columns_of(self, value: dict[str, Any]) -> dict[str, str]:
        """Known column to key, as the object by itself would have it."""
        keys = tuple(value)
        found = self._seen.get(keys)
        if found is None:
            if len(self._seen) >= _MOST_KINDS:  # a hostile file has other keys in every object
                self._seen.clear()
            found = self._seen[keys] = self._match(value)
        return found

    def _match(self, value: dict[str, Any]) -> dict[str, str]:
        telling = tuple(key for key in value if is_known_name(key) or key.strip().lower() in self._renamed)
        if telling not in self._columns:
            self._columns[telling] = match_columns(telling, column_meanings(self._renames, telling))
        return self._columns[telling]

    def columns_in(self, value: dict[str, Any], columns: Mapping[str, str]) -> dict[str, str]:
        """Known column to key: that of all posts, or the object's own where it lacks that: a page's post has a
        selftext and its comments have a body."""
        lacking = [known for known, key in columns.items() if key not in value]
        if not lacking:
            return dict(columns)
        own = self.columns_of(value)
        return {**columns, **{known: own[known] for known in lacking if known in own}}

    def is_post(self, value: Any) -> bool:
        """Whether it is an object with a text and something else that is known."""
        columns = self.columns_of(value) if type(value) is dict else {}
        return "text" in columns and len(columns) > 1

    def id_of(self, value: dict[str, Any], known: str = "id") -> str | None:
        """The id, or another known value, of an object."""
        column = self.columns_of(value).get(known)
        text = as_text(value[column]) if column is not None else None
        return text if isinstance(text, str) and text.strip() else None

    def lists_posts(self, value: Any) -> bool:
        """Whether a list, or a list in an object, begins with posts. A single post in another is what that quotes."""
        if type(value) is dict:
            return any(self.lists_posts(inner) for inner in value.values() if type(inner) is list)
        return type(value) is list and any(map(self.is_post, value[:3]))


@dataclass
class _Found:
    """The posts of a document, depth first, and what tells whether it is one that holds posts at all."""

    posts: list[_Post] = field(default_factory=list)
    in_objects: bool = True  # all of them stand in an object that is no post


def find_posts(value: Any, kinds: _Kinds) -> _Found:
    """The posts in a JSON value, whatever its depth; without recursion."""
    found = _Found()
    waiting: list[tuple[Any, _Around, bool]] = [(value, _Around(), False)]
    while waiting:
        item, around, inside = waiting.pop()
        if type(item) is list:
            waiting += [(inner, around, inside) for inner in reversed(item) if isinstance(inner, _HOLDERS)]
        elif kinds.is_post(item):
            held = [(key, inner) for key, inner in item.items() if inner and type(inner) in _HOLDERS]
            replies = frozenset(key for key, inner in held if kinds.lists_posts(inner)) if held else _NONE
            found.posts.append(_Post(item, around, replies))
            found.in_objects &= inside
            if not replies:
                continue
            within = _Around(around.depth + 1, kinds.id_of(item), around.discussion)
            waiting += [(inner, within, inside) for key, inner in reversed(held) if key in replies]
        elif type(item) is dict:  # a document may be a number
            waiting += [(inner, within, True) for inner, within in reversed(list(_look_into(item, around, kinds)))]
    return found


def _look_into(holder: dict[str, Any], around: _Around, kinds: _Kinds) -> Iterator[tuple[Any, _Around]]:
    """What an object that is no post holds, each with what stands around it: one post beside a list of them is what
    these answer."""
    held: list[Any] = [inner for inner in holder.values() if isinstance(inner, _HOLDERS)]
    lists = [inner for inner in held if kinds.lists_posts(inner)]
    if lists and around.depth == 0:
        discussion = kinds.id_of(holder) or kinds.id_of(holder, "discussion_id") or around.discussion
        around = _Around(0, None, discussion, kinds.id_of(holder, "title") or around.title)
    single = [inner for inner in held if kinds.is_post(inner)]
    if len(single) == 1 and lists:
        yield single[0], around
        below = _Around(around.depth + 1, kinds.id_of(single[0]), around.discussion)
        yield from ((inner, below) for inner in held if inner is not single[0])
    else:
        yield from ((inner, around) for inner in held)


def recognise(head: Head) -> bool:
    """Whether its beginning holds posts, and some of them inside others or all inside an object."""
    if head.data.lstrip()[:1] not in (b"{", b"["):
        return False
    found = find_posts(parse_loosely(head.data)[0], _Kinds(head.columns))
    nested = any(post.around.depth for post in found.posts)
    return nested or (found.in_objects and len(found.posts) >= _FEWEST)


def describe(source: Source) -> CaptureFacts:
    """A page, depth first. Raises InputError where it is one document that is too large."""
    if not _is_lines(source.head()):
        read_answers(source)
    return CaptureFacts(
        source=source.settings.source, shape="page", order_known=order_of(source.settings, "page"), paragraphs=False
    )


def read(source: Source) -> Iterator[Batch]:
    """One record per post; what could not be read stands behind the posts that were read with it."""
    kinds = _Kinds(source.settings.columns)
    columns: dict[str, str] = {}
    parents: ParentColumn | None = None
    ordinal = 0
    for posts, rejected in _read_posts(source, kinds):
        if parents is None:
            keys = dict.fromkeys(chain.from_iterable(post.value for _, post in posts))
            columns = match_columns(keys, column_meanings(source.settings.columns, keys))
            nameless = any(post.around.depth and post.around.parent is None for _, post in posts)
            parents = ParentColumn("id" in columns and not nameless)
        rejections = Rejections()
        for number, (place, rule, detail, raw) in enumerate(rejected, ordinal + len(posts)):
            rejections.add(number, place, rule, detail, raw)
        rows = _to_rows(posts, ordinal, columns, kinds, named=parents.known)
        yield table_batch(rows, parents=parents, settings=source.settings, rejections=rejections)
        ordinal += len(posts) + len(rejected)


def _is_lines(head: Head) -> bool:
    """Whether it is one object a line, of which many can be read without holding them all."""
    objects, others = peek_objects(head)
    return len(objects) > max(1, others)


def _read_posts(source: Source, kinds: _Kinds) -> Iterator[tuple[list[tuple[str, _Post]], list[_Rejected]]]:
    """Posts with their places, and what could not be read: at least once, some at a time."""
    if _is_lines(source.head()):
        for parsed in parse_lines(source):
            placed = zip(parsed.locations(), parsed.objects, strict=True)
            rejected = [(place, rule, detail, raw) for _, place, _, rule, detail, raw in parsed.rejections.rows]
            yield [(place, post) for place, value in placed for post in find_posts(value, kinds).posts], rejected
        return
    answers = read_answers(source)
    posts = [
        (f"{place}, post {number}" if place else f"post {number}", post)
        for place, value in answers.values
        for number, post in enumerate(find_posts(value, kinds).posts, start=1)
    ]
    damage = [(damage.location, "bad_json", damage.detail, damage.raw) for damage in answers.damage]
    for start in range(0, max(1, len(posts)), BATCH_RECORDS):
        yield posts[start : start + BATCH_RECORDS], damage if start + BATCH_RECORDS >= len(posts) else []


def _to_rows(
    posts: list[tuple[str, _Post]], start: int, columns: dict[str, str], kinds: _Kinds, *, named: bool
) -> TableRows:
    """Columns of posts; what nesting says stands where they say nothing themselves."""
    own = [kinds.columns_in(post.value, columns) for _, post in posts]
    values: dict[str, list[Any]] = {
        known: [post.value.get(keys[known]) for (_, post), keys in zip(posts, own, strict=True)] for known in columns
    }

    def fill(known: str, told: list[Any]) -> None:
        said = values.get(known) or [None] * len(told)
        values[known] = [other if mine is None else mine for mine, other in zip(said, told, strict=True)]

    fill("discussion_id", [post.around.discussion for _, post in posts])
    # The title of a discussion is that of what answers nothing in it.
    fill("title", [post.around.title for _, post in posts])
    if named:
        fill("parent_id", [post.around.parent for _, post in posts])
    values["depth"] = [post.around.depth for _, post in posts]
    taken = [{*keys.values(), *post.replies} for (_, post), keys in zip(posts, own, strict=True)]
    return TableRows(
        ordinals=list(range(start, start + len(posts))),
        locations=[place for place, _ in posts],
        values=values,
        others=[
            {key: inner for key, inner in post.value.items() if key not in keys and inner != []}
            for (_, post), keys in zip(posts, taken, strict=True)
        ],
        raw=lambda row: orjson.dumps(posts[row][1].value, default=str)[:RAW_BYTES],
    )


READER = Reader(
    name="json_trees",
    version=1,
    title="JSON with replies inside what they answer, or posts inside a document",
    extensions=(".json", ".jsonl"),
    replies="nesting; a parent's id where a post names one",
    recognise=recognise,
    describe=describe,
    read=read,
)
