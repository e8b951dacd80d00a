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

_SYSTEM = ("Subscribe", "Unsubscribe", "subscribe", "unsubscribe")
_MEDIA = ("photos", "videos", "gifs", "audio_files", "files", "sticker", "media")
_SELDOM = ("share", "is_unsent", "isUnsent", "call_duration", "reactions", *_MEDIA)


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
    rows = RecordStream()
    for document, messages in chat.messages("messages"):
        title = as_words(document.get("title")) or as_words(document.get("threadName"))
        title = repair(title) if title else None
        for place, message in oldest_first(messages, _time):
            if not isinstance(message, dict):
                rows.reject(place, "not_an_object", "no object", repr(message).encode(errors="replace"))
            elif message.get("type") in _SYSTEM:
                rows.skip("system")
            else:
                _add(rows, place, message, title)
            yield from rows.ready()
    yield from finished(rows, chat)


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


def _add(rows: RecordStream, place: str, message: dict[str, Any], title: str | None) -> None:
    get = message.get
    said = as_words(get("content")) or as_words(get("text"))
    name = as_words(get("sender_name")) or as_words(get("senderName"))
    author = repair(name) if name else None
    if message.keys().isdisjoint(_SELDOM):
        written, taken_back, extra = said or "", False, dict[str, Any]()
    else:
        written, taken_back, extra = _read_more(message, said)
    body = repair(written)
    if body != written or author != name:
        extra["text_repaired"] = True
    rows.add(
        place,
        discussion_title=title,
        author=author,
        posted_at_raw=as_time(_time(message)),
        body=body or None,
        deletion="author" if taken_back else None,
        extra=extra,
    )


def _read_more(message: dict[str, Any], said: str | None) -> tuple[str, bool, dict[str, Any]]:
    """The words of a message with what it shares, whether it was taken back, and what goes with it."""
    share = as_dict(message.get("share"))
    shared = [as_words(share.get(name)) for name in ("share_text", "link")]
    held = {name: _paths(message[name]) for name in _MEDIA if message.get(name)}
    paths = [path for several in held.values() for path in several]
    taken_back = bool(message.get("is_unsent") or message.get("isUnsent"))
    words = "\n".join(part for part in [said, *shared] if part and (part == said or part not in (said or "")))
    extra = {
        "media": [kind for kind, several in held.items() if several] or None,
        "call_seconds": message.get("call_duration") or None,
        "reactions": _reactions(message["reactions"]) if message.get("reactions") else None,
    }
    return words or ("" if taken_back else "\n".join(paths)), taken_back, extra


def _reactions(given: Any) -> list[str] | None:
    return [repair(as_words(one.get("reaction")) or "") for one in objects_of(given)[:20]] or None


def _paths(media: Any) -> list[str]:
    return [
        path for one in objects_of([media] if isinstance(media, dict) else media) if (path := as_words(one.get("uri")))
    ]


READER = Reader(
    name="messenger",
    version=1,
    title="Messenger chats from Facebook's export",
    extensions=(".json",),
    replies="nothing; parents are inferred from names, times and words",
    recognise=recognise,
    describe=describe,
    read=read,
)
