"""Telegram chats as Telegram Desktop exports them in JSON (``result.json``).

**What is read.** One chat (``name``, ``type``, ``id``, ``messages``), or all chats of an account
(``chats.list``, ``left_chats.list``).

**What is kept.** Ids, which count from 1 in every chat, so their scope is ``telegram:`` and the chat's id; the chat
is the discussion. ``reply_to_message_id`` is the declared parent. ``text`` may be a list of plain pieces and entities:
quotations, links and code in it become HTML, a mention of somebody without a name of their own ``@name``. A poll's
question and answers are its words. ``extra`` holds the sender's id, files, media, reactions, what was forwarded.

**What bites.** ``date`` is local time without a zone, so ``date_unixtime`` is taken where it stands. ``from`` is null
for accounts that are gone. ``reply_to_peer_id`` says that the message answered stands in another chat: no parent here.
In a chat with topics the first message of a topic is a system line, and a message that answers it answers nobody:
its parent is not known, the topic is in ``extra``. Without a reply the parent is not known either. Messages of type
``service`` (joins, calls, pins) are no posts: they are counted in ``skipped``.

A file is such an export when its messages have a number as ``id``, ``type`` message or service, and a date.

>>> is_message({"id": 17, "type": "message", "date": "2022-03-08T13:07:42", "from": "Ada", "text": "Hello"})
True
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.chat_json import (
    as_dict,
    as_id,
    as_time,
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

_TAGS = {"blockquote": "blockquote", "pre": "pre", "code": "code"}
_MEDIA = ("media_type", "photo", "file", "file_name", "sticker_emoji", "mime_type", "game_title")
_SELDOM = frozenset({"forwarded_from", "reactions", *_MEDIA})


def is_message(value: dict[str, Any]) -> bool:
    """Whether an object is a message of such an export."""
    dated = "date" in value or "date_unixtime" in value
    return type(value.get("id")) is int and value.get("type") in ("message", "service", "unsupported") and dated


def recognise(head: Head) -> bool:
    """Whether the head shows messages of such an export, of one chat or of the first of several."""
    return shows_messages(head, "messages", is_message, "id", "type", "text", chats_of=_chats)


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, "telegram")


def read(source: Source) -> Iterator[Batch]:
    """One record per message that is no system line."""
    chat = load_chat(source, "messages", is_message, _chats)
    rows = ChatRecords()
    for document, messages, numbers in chat.messages("messages"):
        topics = {
            message.get("id"): as_words(message.get("title")) or ""
            for message in messages
            if type(message) is dict and message.get("action") == "topic_created" and as_id(message.get("id"))
        }
        for run, places in runs_of(messages, numbers):
            system = [type(message) is not dict or message.get("type") == "service" for message in run]
            _add(rows, rows.sift(run, places, system), document, topics)
    yield from rows.batches(chat)


def _chats(document: dict[str, Any]) -> list[dict[str, Any]]:
    if "messages" in document:
        return [document]
    return [
        chat for name in ("chats", "left_chats") for chat in objects_of(as_dict(document.get(name)).get("list"))
    ]  # fmt: skip


def _add(rows: ChatRecords, messages: list[dict[str, Any]], chat: dict[str, Any], topics: dict[Any, str]) -> None:
    chat_id, title = as_id(chat.get("id")), as_words(chat.get("name"))
    targets = pluck(messages, "reply_to_message_id")
    answered = ids_of(targets)
    parents = [
        parent if parent and target not in topics and "reply_to_peer_id" not in message else None
        for parent, target, message in zip(answered, targets, messages, strict=True)
    ]
    texts = pluck(messages, "text")
    bodies = words_of(texts)
    markups = ["plain"] * len(texts)
    for row, body in enumerate(bodies):
        if body is None:
            if type(texts[row]) is list:
                bodies[row], markups[row] = _read_text(texts[row])
            bodies[row] = bodies[row] or _poll(as_dict(messages[row].get("poll")))
    rows.extend(
        {
            "scope": f"telegram:{chat_id}" if chat_id else None,
            "native_id": ids_of(pluck(messages, "id")),
            "native_discussion": chat_id,
            "discussion_scope": "telegram" if chat_id else None,
            "discussion_title": title,
            "community": title,
            "parent_known": [parent is not None for parent in parents],
            "native_parent": parents,
            "author": words_of(pluck(messages, "from")),
            "posted_at_raw": _times(messages, "date_unixtime", "date"),
            "edited_at_raw": _times(messages, "edited_unixtime", "edited"),
            "body": bodies,
            "markup": markups,
        },
        [
            _extra(message, sender, topics.get(target) if parent else None)
            for message, sender, target, parent in zip(
                messages, ids_of(pluck(messages, "from_id")), targets, answered, strict=True
            )
        ],
    )


def _times(messages: list[dict[str, Any]], name: str, other: str) -> list[str | None]:
    """The times in one field, or in the other one."""
    found = times_of(pluck(messages, name))
    return [time or as_time(message.get(other)) for time, message in zip(found, messages, strict=True)]


def _extra(message: dict[str, Any], sender: str | None, topic: str | None) -> dict[str, Any]:
    if _SELDOM.isdisjoint(message):
        return {"from_id": sender, "topic": topic}
    return {
        "from_id": sender,
        "topic": topic,
        "forwarded": as_words(message.get("forwarded_from")),
        "media": {name: words for name in _MEDIA if (words := as_words(message.get(name)))} or None,
        "reactions": {
            str(given.get("emoji") or given.get("type")): given.get("count")
            for given in objects_of(message.get("reactions"))[:20]
        } or None,
    }  # fmt: skip


def _read_text(text: list[Any]) -> tuple[str | None, str]:
    """The words of a message in pieces and their markup: HTML where they hold what plain text cannot say."""
    pieces = [piece if isinstance(piece, dict) else {"text": piece} for piece in text]
    marked = any(piece.get("type") in ("blockquote", "text_link", "pre", "code") for piece in pieces)
    words = "".join(_marked(piece) if marked else _plain(piece) for piece in pieces)
    return as_words(words), "html" if marked else "plain"


def _plain(piece: dict[str, Any]) -> str:
    words = piece.get("text")
    words = words if isinstance(words, str) else ""
    return "@" + words if piece.get("type") == "mention_name" and words and not words.startswith("@") else words


def _marked(piece: dict[str, Any]) -> str:
    words = html.escape(_plain(piece), quote=False)
    kind = piece.get("type")
    if kind == "pre":
        return f"<pre>{words}</pre>"
    words = words.replace("\n", "<br>")
    address = piece.get("href")
    if kind == "text_link" and isinstance(address, str):
        return f'<a href="{html.escape(address)}">{words}</a>'
    tag = _TAGS.get(kind) if isinstance(kind, str) else None
    return f"<{tag}>{words}</{tag}>" if tag else words


def _poll(poll: dict[str, Any]) -> str | None:
    question = as_words(poll.get("question"))
    answers = [as_words(as_dict(answer).get("text")) for answer in list_of(poll.get("answers"))]
    return "\n".join([question, *(f"- {answer}" for answer in answers if answer)]) if question else None


READER = Reader(
    name="telegram_json",
    version=2,
    title="Telegram chats in Telegram Desktop's JSON",
    extensions=(".json",),
    replies="reply_to_message_id",
    recognise=recognise,
    describe=describe,
    read=read,
)
