"""Rocket.Chat messages: answers of the API, arrays, and what mongoexport writes, a message a line.

**What is read.** Objects with ``_id``, ``rid``, ``ts`` and ``u``, below ``messages`` or on their own.

**What is kept.** Ids, which are random and the same on no two servers, so ``rocketchat`` is their scope. The room
(``rid``) is the discussion. ``tmid`` is the declared parent: the root of the thread. A message that starts with a link
to another one (``[ ](https://…?msg=ID)``, how Rocket.Chat quotes) answers that one; the link is taken off. A message of
type ``rm`` is deleted. ``extra`` holds the shown name, reactions, files, and whether it is hidden.

**What bites.** ``_hidden`` is an older version of a message, or a deleted one, that the server keeps: a record like
others. Times may be ISO or MongoDB's ``{"$date": …}``. A message without thread may answer the one above, so its parent
is not known. Newest first is turned round. Messages with a type ``t`` (joins, renames, pins) are no posts, encrypted
ones (``e2e``) apart: they are counted in ``skipped``.

A file is Rocket.Chat's when its messages have these four fields.

>>> is_message({"_id": "4AwA", "rid": "wyJH", "ts": "2020-05-02T07:30:42.993Z", "u": {"username": "ada"}, "msg": "Hi"})
True
"""

from __future__ import annotations

import re
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
    load_chat,
    objects_of,
    oldest_first,
    shows_messages,
    stream_facts,
)
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.records import Batch

_SCOPE = "rocketchat"
_QUOTE = re.compile(r"\s*\[ ?\]\(https?://[^\s()]+[?&]msg=([A-Za-z0-9]+)[^\s()]*\)\s*")
_POSTS = (None, "", "rm", "e2e", "message_snippeted", "command")


def is_message(value: dict[str, Any]) -> bool:
    """Whether an object is a Rocket.Chat message."""
    return {"_id", "rid", "ts", "u"} <= value.keys() and isinstance(value["u"], dict)


def recognise(head: Head) -> bool:
    """Whether the head shows Rocket.Chat messages."""
    return shows_messages(head, "messages", is_message, "_id", "rid", "ts", "u")


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, _SCOPE)


def read(source: Source) -> Iterator[Batch]:
    """One record per message that is no system line."""
    chat = load_chat(source, "messages", is_message)
    rows = RecordStream()
    for _, messages in chat.messages("messages"):
        for place, message in oldest_first(messages, lambda message: as_time(message.get("ts"))):
            if not isinstance(message, dict):
                rows.reject(place, "not_an_object", "no object", repr(message).encode(errors="replace"))
            elif message.get("t") not in _POSTS:
                rows.skip("system")
            else:
                _add(rows, place, message)
            yield from rows.ready()
    yield from finished(rows, chat)


def _add(rows: RecordStream, place: str, message: dict[str, Any]) -> None:
    user, editor = as_dict(message.get("u")), as_dict(message.get("editedBy"))
    room, parent = as_id(message.get("rid")), as_id(message.get("tmid"))
    words = as_words(message.get("msg"))
    quoted = None
    while words and (link := _QUOTE.match(words)):
        quoted, words = quoted or link[1], words[link.end() :]
    parent = parent or quoted
    deleted = message.get("t") == "rm"
    remover = "author" if editor.get("_id") == user.get("_id") else "moderator"
    reactions = as_dict(message.get("reactions"))
    rows.add(
        place,
        scope=_SCOPE,
        native_id=as_id(message.get("_id")),
        native_discussion=room,
        discussion_scope=_SCOPE if room else None,
        parent_known=parent is not None,
        native_parent=parent,
        author=as_words(user.get("username")) or as_words(user.get("name")) or as_id(user.get("_id")),
        posted_at_raw=as_time(message.get("ts")),
        edited_at_raw=None if deleted else as_time(message.get("editedAt")),
        body=None if deleted else as_words(words) or _attached(message),
        markup="markdown",
        deletion=(remover if editor else "unknown") if deleted else None,
        extra={
            "name": as_words(message.get("alias")) or as_words(user.get("name")),
            "hidden": message.get("_hidden") or None,
            "quoted": quoted if quoted != parent else None,
            "encrypted": True if message.get("t") == "e2e" else None,
            "files": as_words(as_dict(message.get("file")).get("name")),
            "reactions": {
                str(sign): len(as_dict(given).get("usernames") or []) for sign, given in list(reactions.items())[:20]
                if isinstance(as_dict(given).get("usernames"), list)
            } or None,
        },
    )  # fmt: skip


def _attached(message: dict[str, Any]) -> str | None:
    """The words of a bot's message, which stand in attachments; those of quotations are somebody else's."""
    parts = [
        as_words(attachment.get(name))
        for attachment in objects_of(message.get("attachments"))
        if "message_link" not in attachment
        for name in ("title", "text", "description")
    ]
    return "\n".join(part for part in parts if part) or None


READER = Reader(
    name="rocketchat",
    version=1,
    title="Rocket.Chat messages from the API or the database",
    extensions=(".json",),
    replies="tmid, the root of the thread; else the message quoted",
    recognise=recognise,
    describe=describe,
    read=read,
)
