"""Mattermost posts as its API gives them: an object with ``posts`` and ``order``.

**What is read.** ``posts`` by id (or an array of them), whatever ``order`` says; several answers one after the other
as well.

**What is kept.** Ids, which are random and the same on no two servers, so ``mattermost`` is their scope. The channel is
the discussion. ``root_id`` (``parent_id`` of old servers) is the declared parent. ``delete_at`` says that a post is
deleted, and its words are kept if they are there; ``edit_at`` when it was edited. Names come from ``users`` in the same
file, else the user id is the author. ``extra`` holds /me (``action``), pins, reactions and files.

**What bites.** 0 means never. A post without root may answer the one above, so its parent is not known. ``order``
is newest first; records are sorted by time. Posts of type ``system_…`` (joins, headers) are no posts: they are counted
in ``skipped``.

A file is Mattermost's when its posts have ``create_at``, ``channel_id`` and ``message``.

>>> is_message({"id": "9pcx", "create_at": 1588404642000, "channel_id": "7ykt", "message": "Hello"})
True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.chat_json import (
    as_dict,
    as_id,
    as_words,
    list_of,
    load_chat,
    objects_of,
    shows_messages,
    stream_facts,
)
from pipeline.ingest.readers.chat_records import ChatRecords, ids_of, runs_of, times_of, words_of
from pipeline.ingest.readers.record_columns import pluck
from pipeline.ingest.records import Batch

_SCOPE = "mattermost"


def is_message(value: dict[str, Any]) -> bool:
    """Whether an object is a Mattermost post."""
    return {"id", "create_at", "channel_id", "message"} <= value.keys()


def recognise(head: Head) -> bool:
    """Whether the head shows Mattermost posts."""
    return shows_messages(head, "posts", is_message, "create_at", "channel_id", "message")


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, _SCOPE)


def read(source: Source) -> Iterator[Batch]:
    """One record per post that is no system line."""
    chat = load_chat(source, "posts", is_message)
    rows = ChatRecords()
    for document, held, numbers in chat.messages("posts"):
        created = list(map(_created, held))
        order = sorted(range(len(held)), key=created.__getitem__)
        names, channels = _names(document), _channels(document)
        for posts, run in runs_of([held[place] for place in order], [numbers[place] for place in order]):
            system = [type(post) is not dict or str(post.get("type") or "").startswith("system_") for post in posts]
            _add(rows, rows.sift(posts, run, system), names, channels)
    yield from rows.batches(chat)


def _created(message: Any) -> int:
    created = as_dict(message).get("create_at")
    return created if type(created) is int else 0


def _add(rows: ChatRecords, posts: list[dict[str, Any]], names: dict[str, str], channels: dict[str, str]) -> None:
    channel, users = ids_of(pluck(posts, "channel_id")), ids_of(pluck(posts, "user_id"))
    props = [as_dict(held) if held else {} for held in pluck(posts, "props")]
    roots, older = ids_of(pluck(posts, "root_id")), pluck(posts, "parent_id")
    parents = [root or (as_id(other) if other else None) for root, other in zip(roots, older, strict=True)]
    texts = words_of(pluck(posts, "message"))
    deleted = [time is not None for time in times_of(pluck(posts, "delete_at"))]
    titles = [channels.get(one or "") for one in channel]
    rows.extend(
        {
            "scope": _SCOPE,
            "native_id": ids_of(pluck(posts, "id")),
            "native_discussion": channel,
            "discussion_scope": [_SCOPE if one else None for one in channel],
            "discussion_title": titles,
            "community": titles,
            "parent_known": [parent is not None for parent in parents],
            "native_parent": parents,
            "author": [
                (as_words(held.get("override_username")) if held else None) or names.get(user or "", user)
                for held, user in zip(props, users, strict=True)
            ],
            "posted_at_raw": times_of(pluck(posts, "create_at")),
            "edited_at_raw": times_of(pluck(posts, "edit_at")),
            "body": [
                text if text is not None or not held else _attached(held)
                for text, held in zip(texts, props, strict=True)
            ],
            "markup": "markdown",
            "deletion": [
                _remover(held, user) if gone else None for gone, held, user in zip(deleted, props, users, strict=True)
            ],
        },
        [_extra(post, is_deleted=gone) for post, gone in zip(posts, deleted, strict=True)],
    )


def _remover(props: dict[str, Any], user: str | None) -> str:
    """Who deleted a post."""
    remover = as_id(props.get("deleteBy"))
    return "unknown" if not remover else "author" if remover == user else "moderator"


def _extra(post: dict[str, Any], *, is_deleted: bool) -> dict[str, Any]:
    extra: dict[str, Any] = {"deleted_at": post.get("delete_at")} if is_deleted else {}
    if post.get("type") == "me":
        extra["action"] = True
    if pinned := post.get("is_pinned"):
        extra["pinned"] = pinned
    if metadata := as_dict(post.get("metadata")):
        extra["reactions"] = len(list_of(metadata.get("reactions"))) or None
        extra["files"] = [as_words(file.get("name")) for file in objects_of(metadata.get("files"))][:20] or None
    return extra


def _attached(props: dict[str, Any]) -> str | None:
    """The words of a bot's post, which stand in attachments."""
    parts = [
        as_words(attachment.get(name))
        for attachment in objects_of(props.get("attachments"))
        for name in ("pretext", "title", "text")
    ]
    return "\n".join(part for part in parts if part) or None


def _listed(value: Any) -> list[dict[str, Any]]:
    return objects_of(list(value.values()) if isinstance(value, dict) else value)


def _names(document: dict[str, Any]) -> dict[str, str]:
    users = [(as_id(user.get("id")), as_words(user.get("username"))) for user in _listed(document.get("users"))]
    return {user: name for user, name in users if user and name}


def _channels(document: dict[str, Any]) -> dict[str, str]:
    held = [*_listed(document.get("channels")), as_dict(document.get("channel"))]
    named = [(as_id(one.get("id")), as_words(one.get("display_name")) or as_words(one.get("name"))) for one in held]
    return {channel: name for channel, name in named if channel and name}


READER = Reader(
    name="mattermost",
    version=2,
    title="Mattermost posts from the API",
    extensions=(".json",),
    replies="root_id, the root of the thread",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("message",),
)
