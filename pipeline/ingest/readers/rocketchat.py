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
    load_chat,
    objects_of,
    oldest_first,
    shows_messages,
    stream_facts,
)
from pipeline.ingest.readers.chat_records import ChatRecords, ids_of, runs_of, times_of, words_of
from pipeline.ingest.readers.record_columns import pluck
from pipeline.ingest.records import Batch

_SCOPE = "rocketchat"
_QUOTE = re.compile(r"\s*\[ ?\]\(https?://[^\s()]+[?&]msg=([A-Za-z0-9]+)[^\s()]*\)\s*")
_POSTS = (None, "", "rm", "e2e", "message_snippeted", "command")
_SELDOM = frozenset({"_hidden", "t", "file", "reactions"})


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
    rows = ChatRecords()
    for _, held, given in chat.messages("messages"):
        messages, numbers = oldest_first(held, given, lambda message: as_time(message.get("ts")))
        for run, places in runs_of(messages, numbers):
            system = [type(message) is not dict or message.get("t") not in _POSTS for message in run]
            _add(rows, rows.sift(run, places, system))
    yield from rows.batches(chat)


def _add(rows: ChatRecords, messages: list[dict[str, Any]]) -> None:
    users = list(map(as_dict, pluck(messages, "u")))
    rooms, parents = ids_of(pluck(messages, "rid")), ids_of(pluck(messages, "tmid"))
    edits = times_of(pluck(messages, "editedAt"))
    bodies = words_of(pluck(messages, "msg"))
    quotes: list[str | None] = [None] * len(messages)
    for row, words in enumerate(bodies):
        if words and "[" in words and _QUOTE.match(words):
            quotes[row], bodies[row] = _unquoted(words)
            parents[row] = parents[row] or quotes[row]
    deleted = [kind == "rm" for kind in pluck(messages, "t")]
    rows.extend(
        {
            "scope": _SCOPE,
            "native_id": ids_of(pluck(messages, "_id")),
            "native_discussion": rooms,
            "discussion_scope": [_SCOPE if room else None for room in rooms],
            "parent_known": [parent is not None for parent in parents],
            "native_parent": parents,
            "author": [
                name or as_words(user.get("name")) or as_id(user.get("_id"))
                for name, user in zip(words_of(pluck(users, "username")), users, strict=True)
            ],
            "posted_at_raw": times_of(pluck(messages, "ts")),
            "edited_at_raw": [None if gone else time for gone, time in zip(deleted, edits, strict=True)],
            "body": [
                None if gone else _attached(message) if body is None else body
                for gone, body, message in zip(deleted, bodies, messages, strict=True)
            ],
            "markup": "markdown",
            "deletion": [
                _remover(message, user) if gone else None
                for gone, message, user in zip(deleted, messages, users, strict=True)
            ],
        },
        [
            _extra(message, user, quote if quote != parent else None)
            for message, user, quote, parent in zip(messages, users, quotes, parents, strict=True)
        ],
    )


def _unquoted(words: str) -> tuple[str | None, str | None]:
    """The first message that is quoted by links at the beginning of a text, and the text behind them."""
    quoted = None
    while link := _QUOTE.match(words):
        quoted, words = quoted or link[1], words[link.end() :]
    return quoted, as_words(words)


def _remover(message: dict[str, Any], user: dict[str, Any]) -> str:
    """Who deleted a message."""
    editor = as_dict(message.get("editedBy"))
    return "unknown" if not editor else "author" if editor.get("_id") == user.get("_id") else "moderator"


def _extra(message: dict[str, Any], user: dict[str, Any], quoted: str | None) -> dict[str, Any]:
    name = as_words(message.get("alias")) or as_words(user.get("name"))
    if _SELDOM.isdisjoint(message):
        return {"name": name, "quoted": quoted} if name or quoted else {}
    reactions = as_dict(message.get("reactions"))
    return {
        "name": name,
        "hidden": message.get("_hidden") or None,
        "quoted": quoted,
        "encrypted": True if message.get("t") == "e2e" else None,
        "files": as_words(as_dict(message.get("file")).get("name")),
        "reactions": {
            str(sign): len(as_dict(given).get("usernames") or []) for sign, given in list(reactions.items())[:20]
            if isinstance(as_dict(given).get("usernames"), list)
        } or None,
    }  # fmt: skip


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
    version=2,
    title="Rocket.Chat messages from the API or the database",
    extensions=(".json",),
    replies="tmid, the root of the thread; else the message quoted",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("msg",),
)
