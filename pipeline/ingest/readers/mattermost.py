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
    as_time,
    as_words,
    finished,
    list_of,
    load_chat,
    objects_of,
    shows_messages,
    stream_facts,
)
from pipeline.ingest.readers.record_stream import RecordStream
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
    rows = RecordStream()
    for document, messages in chat.messages("posts"):
        names = _names(document)
        channels = _channels(document)
        for place, message in sorted(messages, key=lambda placed: _created(placed[1])):
            if not isinstance(message, dict):
                rows.reject(place, "not_an_object", "no object", repr(message).encode(errors="replace"))
            elif str(message.get("type") or "").startswith("system_"):
                rows.skip("system")
            else:
                _add(rows, place, message, names, channels)
            yield from rows.ready()
    yield from finished(rows, chat)


def _created(message: Any) -> int:
    created = as_dict(message).get("create_at")
    return created if type(created) is int else 0


def _add(
    rows: RecordStream, place: str, message: dict[str, Any], names: dict[str, str], channels: dict[str, str]
) -> None:
    props, metadata = as_dict(message.get("props")), as_dict(message.get("metadata"))
    channel, user = as_id(message.get("channel_id")), as_id(message.get("user_id"))
    parent = as_id(message.get("root_id")) or as_id(message.get("parent_id"))
    words = as_words(message.get("message")) or _attached(props)
    deleted = as_time(message.get("delete_at")) is not None
    remover = as_id(props.get("deleteBy"))
    by_author = "author" if remover == user else "moderator"
    title = channels.get(channel or "")
    rows.add(
        place,
        scope=_SCOPE,
        native_id=as_id(message.get("id")),
        native_discussion=channel,
        discussion_scope=_SCOPE if channel else None,
        discussion_title=title,
        community=title,
        parent_known=parent is not None,
        native_parent=parent,
        author=as_words(props.get("override_username")) or names.get(user or "", user),
        posted_at_raw=as_time(message.get("create_at")),
        edited_at_raw=as_time(message.get("edit_at")),
        body=words,
        markup="markdown",
        deletion=(by_author if remover else "unknown") if deleted else None,
        extra={
            "action": True if message.get("type") == "me" else None,
            "deleted_at": message.get("delete_at") if deleted else None,
            "pinned": message.get("is_pinned") or None,
            "reactions": len(list_of(metadata.get("reactions"))) or None,
            "files": [as_words(file.get("name")) for file in objects_of(metadata.get("files"))][:20] or None,
        },
    )


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
    version=1,
    title="Mattermost posts from the API",
    extensions=(".json",),
    replies="root_id, the root of the thread",
    recognise=recognise,
    describe=describe,
    read=read,
)
