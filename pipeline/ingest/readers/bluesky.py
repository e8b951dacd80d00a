"""Bluesky threads and posts as its API gives them.

**What is read.** ``getPostThread`` (replies nested in replies), ``getPostThreadV2`` (a flat list with depths), and any
other answer that holds views of posts: feeds, search results, quotes.

**What is kept.** The ``at://`` address of a post is its id, all over the network. ``reply.parent`` is the parent,
``reply.root`` the discussion; a post without ``reply`` is a root. Author is the handle, else the DID; likes are votes.
In ``extra``: languages, counts of reposts, replies and quotes, what is embedded (address of a link, descriptions of
images, the post quoted), full addresses of links, DID of the author.

**What bites.** What a post says when it was written (``createdAt``) may be invented; ``indexedAt`` is in ``extra``.
Deleted posts are stubs with an address alone: kept without words, their parent the post they hang under. Blocked ones
are stubs as well, and not deleted. Threads nest as deeply as people answer. Words of links are shortened in the text.
``moreReplies`` and replies that the answer leaves out are counted in ``extra.more``.

A file is Bluesky's when its JSON shows ``app.bsky.feed`` and an address that begins with ``at://``.

>>> head = b'{"thread": {"$type": "app.bsky.feed.defs#threadViewPost", "post": {"uri": "at://did:plc:x/app.bsky.feed.post/1"}}}'
>>> READER.recognise(Head("thread.json", head, complete=True))
True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.api_json import (
    answer_batches,
    as_id,
    as_list,
    as_object,
    as_time,
    as_votes,
    as_words,
    objects_of,
    read_answers,
)
from pipeline.ingest.records import Batch

_SCOPE = "bluesky"
_SITE = "https://bsky.app/profile"


def recognise(head: Head) -> bool:
    """Whether the JSON has posts of the network."""
    start = head.data.lstrip()[:1]
    return start in (b"{", b"[") and b'"app.bsky.' in head.data and b'"at://' in head.data


def describe(source: Source) -> CaptureFacts:
    """Pages; threads come depth first, feeds do not."""
    order = order_of(source.settings, "unknown")
    return CaptureFacts(source=_SCOPE, shape="page", order_known=order, paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per post or stub of one."""
    yield from answer_batches(read_answers(source), _add_posts)


def _add_posts(rows: RecordList, value: Any, place: str) -> None:
    """The posts of a document in its order, parents above; the stack holds what waits and the post it hangs under."""
    thread = _Thread(rows, place)
    waiting: list[tuple[Any, str | None]] = [(value, None)]
    while waiting:
        item, above = waiting.pop()
        if isinstance(item, list):
            if any("depth" in as_object(inner) and "value" in as_object(inner) for inner in item):
                _add_flat(thread, item)
            else:
                waiting.extend((inner, above) for inner in reversed(item) if isinstance(inner, dict | list))
        elif not isinstance(item, dict):
            continue
        elif _is_post(item):
            thread.add_post(item, above)
        elif _is_post(as_object(item.get("post"))):
            waiting.extend(_unfold_node(thread, item, above))
        elif _is_stub(item):
            thread.add_stub(item, above)
        else:
            waiting.extend((inner, above) for inner in reversed(item.values()) if isinstance(inner, dict | list))


def _is_post(item: dict[str, Any]) -> bool:
    return isinstance(item.get("record"), dict) and str(item.get("uri", "")).startswith("at://") and "author" in item


def _is_stub(item: dict[str, Any]) -> bool:
    return str(item.get("uri", "")).startswith("at://") and (
        item.get("notFound") is True or item.get("blocked") is True
    )


def _unfold_node(thread: _Thread, node: dict[str, Any], above: str | None) -> list[tuple[Any, str | None]]:
    """Adds the post of a node and those above it; returns the replies to it, last first."""
    post = as_object(node.get("post"))
    ancestors: list[dict[str, Any]] = []
    parent = as_object(node.get("parent"))
    while parent:
        ancestors.append(parent)
        parent = as_object(parent.get("parent"))
    for ancestor in reversed(ancestors):
        shown = as_object(ancestor.get("post"))
        if _is_post(shown):
            thread.add_post(shown, above)
        elif _is_stub(ancestor):
            thread.add_stub(ancestor, above, _root_of(post))
        above = as_words(shown.get("uri")) or as_words(ancestor.get("uri"))
    replies = as_list(node.get("replies"))
    thread.add_post(post, above, more=(as_votes(post.get("replyCount")) or 0) - len(replies))
    uri = as_words(post.get("uri"))
    feed = as_object(node.get("reply"))  # in a feed: the root and the parent that it answers
    context = [(feed[name], None) for name in ("parent", "root") if isinstance(feed.get(name), dict)]
    return [(reply, uri) for reply in reversed(replies) if isinstance(reply, dict)] + context


def _add_flat(thread: _Thread, items: list[Any]) -> None:
    """The items of a flat thread; one that is no post hangs under the nearest above it of smaller depth."""
    path: list[tuple[int, str | None]] = []
    root = next((_root_of(post) for post in map(_flat_post, items) if _is_post(post)), None)
    for item in map(as_object, items):
        value, post = as_object(item.get("value")), _flat_post(item)
        depth = as_votes(item.get("depth")) or 0
        while path and path[-1][0] >= depth:
            path.pop()
        above = path[-1][1] if path else None
        uri = as_words(post.get("uri")) or as_words(item.get("uri"))
        path.append((depth, uri))
        if _is_post(post):
            thread.add_post(post, above, more=as_votes(value.get("moreReplies")))
        elif uri:
            kind = str(value.get("$type", "")).rpartition("#threadItem")[2]
            thread.add_stub({"uri": uri, "notFound": kind == "NotFound", "kind": kind}, above, root)


def _flat_post(item: Any) -> dict[str, Any]:
    return as_object(as_object(as_object(item).get("value")).get("post"))


def _root_of(post: dict[str, Any]) -> str | None:
    """The post at the root of its thread: itself where it answers nothing."""
    reply = as_object(as_object(post.get("record")).get("reply"))
    return as_words(as_object(reply.get("root")).get("uri")) if reply else as_words(post.get("uri"))


class _Thread:
    """Adds posts of one document, and remembers the root of each for the stubs that hang under it."""

    def __init__(self, rows: RecordList, place: str) -> None:
        self._rows = rows
        self._place = place
        self._roots: dict[str, str | None] = {}

    def add_post(self, post: dict[str, Any], above: str | None, more: int | None = None) -> None:
        uri = as_words(post.get("uri")) or ""
        author, record = as_object(post.get("author")), as_object(post.get("record"))
        reply = as_object(record.get("reply"))
        parent = as_words(as_object(reply.get("parent")).get("uri")) or (above if reply else None)
        root = self._roots[uri] = _root_of(post)
        did, handle = as_words(author.get("did")), as_words(author.get("handle"))
        self._rows.add(
            f"{self._place}post {uri}",
            scope=_SCOPE,
            native_id=uri,
            native_discussion=root,
            discussion_scope=_SCOPE if root else None,
            parent_known=parent is not None or not reply,
            native_parent=parent,
            author=did if handle in (None, "handle.invalid") else handle,
            posted_at_raw=as_time(record.get("createdAt")) or as_time(post.get("indexedAt")),
            body=as_words(record.get("text")),
            markup="plain",
            discussion_url=_address(root),
            permalink=_address(uri),
            votes=as_votes(post.get("likeCount")),
            extra={
                "did": did,
                "name": as_words(author.get("displayName")) or None,
                "indexed_at": as_time(post.get("indexedAt")),
                "languages": [code for code in as_list(record.get("langs")) if isinstance(code, str)] or None,
                "replies": as_votes(post.get("replyCount")),
                "reposts": as_votes(post.get("repostCount")),
                "quotes_of_it": as_votes(post.get("quoteCount")),
                "more": more if more and more > 0 else None,
                "links": _links(record) or None,
                **_embedded(as_object(record.get("embed"))),
            },
        )

    def add_stub(self, stub: dict[str, Any], above: str | None, root: str | None = None) -> None:
        """A post of which only the address is shown: deleted, or hidden from who asked."""
        uri, gone = stub["uri"], stub.get("notFound") is True
        root = self._roots[uri] = self._roots.get(above or "") or root
        self._rows.add(
            f"{self._place}post {uri}",
            scope=_SCOPE,
            native_id=uri,
            native_discussion=root,
            discussion_scope=_SCOPE if root else None,
            parent_known=above is not None or uri == root,
            native_parent=above,
            deletion="unknown" if gone else None,
            discussion_url=_address(root),
            permalink=_address(uri),
            extra={
                "stub": None if gone else as_words(stub.get("kind")) or "Blocked",
                "did": as_id(as_object(stub.get("author")).get("did")),
            },
        )


def _address(uri: str | None) -> str | None:
    """The page of a post: at://DID/app.bsky.feed.post/KEY as people see it."""
    parts = (uri or "").removeprefix("at://").split("/")
    return f"{_SITE}/{parts[0]}/post/{parts[2]}" if len(parts) == 3 and all(parts) else None


def _links(record: dict[str, Any]) -> list[str]:
    """The addresses of links, which the text shows shortened."""
    features = [inner for facet in objects_of(record.get("facets")) for inner in objects_of(facet.get("features"))]
    return [uri for feature in features if (uri := as_words(feature.get("uri")))]


def _embedded(embed: dict[str, Any]) -> dict[str, Any]:
    media = as_object(embed.get("media")) or embed
    quoted = as_object(embed.get("record"))
    images = [as_words(image.get("alt")) or "" for image in objects_of(media.get("images"))]
    return {
        "images": images or None,
        "link": as_words(as_object(media.get("external")).get("uri")),
        "quotes": as_words(quoted.get("uri")) or as_words(as_object(quoted.get("record")).get("uri")),
    }


READER = Reader(
    name="bluesky",
    version=1,
    title="Bluesky threads and posts (JSON of its API)",
    extensions=(".json", ".jsonl"),
    replies="reply.parent of every post",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("text",),
)
