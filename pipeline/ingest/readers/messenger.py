"""Messenger chats as Facebook (and Instagram) hand them out: ``message_1.json``.

**What is read.** ``messages`` with ``sender_name`` and ``timestamp_ms``, newest first; and the newer export of
encrypted chats, with ``senderName``, ``timestamp`` and ``text``. Records come oldest first.

**What is kept.** Author, time, words; the title of the chat. There are no ids, so author and time identify. A shared
link is part of the words; a message of nothing but photos, sounds or stickers has the paths of those files for words,
for nothing else tells it from others. ``extra`` holds the kinds of media, reactions and calls.

**What bites.** Facebook writes UTF-8 bytes as if they were Latin-1 ("MÃ¼ller"); where the way back is exact it is gone,
and the record marked ``text_repaired``. Nothing says who answers whom. Messages taken back (``is_unsent``) have no
words. Joins and leaves (``Subscribe``, ``Unsubscribe``) are no posts: they are counted in ``skipped``.

A file is Messenger's when its messages have these names of fields.

>>> repair("MÃ¼ller")
'Müller'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.chat_json import (
    as_dict,
    as_words,
    load_chat,
    objects_of,
    oldest_first,
    shows_messages,
    stream_facts,
)
from pipeline.ingest.readers.chat_records import ChatRecords, runs_of, times_of, words_of
from pipeline.ingest.readers.record_columns import pluck
from pipeline.ingest.records import Batch

_SYSTEM = ("Subscribe", "Unsubscribe", "subscribe", "unsubscribe")
_MEDIA = ("photos", "videos", "gifs", "audio_files", "files", "sticker", "media")
_SELDOM = frozenset({"share", "is_unsent", "isUnsent", "call_duration", "reactions", *_MEDIA})


def is_message(value: dict[str, Any]) -> bool:
    """Whether an object is a Messenger message, of either export."""
    return {"sender_name", "timestamp_ms"} <= value.keys() or {"senderName", "timestamp", "type"} <= value.keys()


def recognise(head: Head) -> bool:
    """Whether the head shows Messenger messages."""
    return any(shows_messages(head, "messages", is_message, "messages", name) for name in ("sender_name", "senderName"))


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, "messenger")


def read(source: Source) -> Iterator[Batch]:
    """One record per message that is no system line."""
    chat = load_chat(source, "messages", is_message)
    rows = ChatRecords()
    for document, held, given in chat.messages("messages"):
        title = as_words(document.get("title")) or as_words(document.get("threadName"))
        title = repair(title) if title else None
        messages, numbers = oldest_first(held, given, _time)
        for run, places in runs_of(messages, numbers):
            system = [type(message) is not dict or message.get("type") in _SYSTEM for message in run]
            _add(rows, rows.sift(run, places, system), title)
    yield from rows.batches(chat)


def repair(text: str) -> str:
    """Text whose characters are the bytes of UTF-8, made right; any other text as it is."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _time(message: dict[str, Any]) -> Any:
    return message["timestamp_ms"] if "timestamp_ms" in message else message.get("timestamp")


def _times(messages: list[dict[str, Any]]) -> list[Any]:
    times = pluck(messages, "timestamp_ms")
    return list(map(_time, messages)) if None in times else times


def _add(rows: ChatRecords, messages: list[dict[str, Any]], title: str | None) -> None:
    names = _either(messages, "sender_name", "senderName")
    called = {name: repair(name) for name in set(names) if name}
    written = _either(messages, "content", "text")
    deletions: list[str | None] = [None] * len(messages)
    extras: list[dict[str, Any] | None] = [None] * len(messages)
    for row, message in enumerate(messages):
        if not message.keys().isdisjoint(_SELDOM):
            written[row], deletions[row], extras[row] = _read_more(message, written[row])
    changed = {name for name in called if called[name] != name}
    repaired = {row for row, name in enumerate(names) if name in changed} if changed else set()
    bodies = written.copy()
    for row, text in enumerate(written):
        if text is not None and not text.isascii() and (body := repair(text)) != text:
            bodies[row] = body
            repaired.add(row)
    for row in repaired:
        extras[row] = {**(extras[row] or {}), "text_repaired": True}
    rows.extend(
        {
            "discussion_title": title,
            "author": [called[name] if name else None for name in names],
            "posted_at_raw": times_of(_times(messages)),
            "body": [body or None for body in bodies],
            "deletion": deletions,
        },
        extras,
    )


def _either(messages: list[dict[str, Any]], name: str, other: str) -> list[str | None]:
    """The words of one field, or of the other one."""
    found = words_of(pluck(messages, name))
    if None not in found:
        return found
    return [
        as_words(message.get(other)) if words is None else words for words, message in zip(found, messages, strict=True)
    ]


def _read_more(message: dict[str, Any], said: str | None) -> tuple[str, str | None, dict[str, Any]]:
    """The words of a message with what it shares, who took it back, and what goes with it."""
    words = said or ""
    if share := as_dict(message.get("share")):
        shared = [as_words(share.get(name)) for name in ("share_text", "link")]
        words = "\n".join(part for part in [said, *shared] if part and (part == said or part not in (said or "")))
    held = {name: paths for name in _MEDIA if name in message and (paths := _paths(message[name]))}
    taken_back = bool(message.get("is_unsent") or message.get("isUnsent"))
    extra: dict[str, Any] = {}
    if held:
        extra["media"] = list(held)
    if seconds := message.get("call_duration"):
        extra["call_seconds"] = seconds
    if reactions := message.get("reactions"):
        extra["reactions"] = _reactions(reactions)
    if not words and not taken_back:
        words = "\n".join(path for several in held.values() for path in several)
    return words, "author" if taken_back else None, extra


def _reactions(given: Any) -> list[str] | None:
    return [repair(as_words(one.get("reaction")) or "") for one in objects_of(given)[:20]] or None


def _paths(media: Any) -> list[str]:
    return [
        path for one in objects_of([media] if isinstance(media, dict) else media) if (path := as_words(one.get("uri")))
    ]


READER = Reader(
    name="messenger",
    version=2,
    title="Messenger chats from Facebook's export",
    extensions=(".json",),
    replies="nothing; parents are inferred from names, times and words",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("content",),
)
