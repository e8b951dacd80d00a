"""Discord channels as DiscordChatExporter writes them in JSON.

**What is read.** One channel a file: ``guild``, ``channel`` and ``messages``.

**What is kept.** Ids, whose scope is ``discord``. The channel is the discussion, its name title and community.
``reference.messageId`` is the declared parent of a reply. The author is the nickname where there is one. Bodies are
Markdown, mentions in them already names. The words of bots stand in embeds, those of forwarded messages in
``forwardedMessage``; both become the body where it has none. ``extra`` holds whether a bot wrote it, whether it was
forwarded, attachments, reactions and the name of the server.

**What bites.** Most messages answer without saying so: without a reference the parent is not known. A reference into
another channel is a forwarded or published message, none that is answered. A reply to a deleted message has a reference
without ``messageId``. Joins, pins, calls, boosts, renamed channels, thread notices are no posts: they are counted in
``skipped``.

A file is such an export when its messages have a ``timestamp``, an ``author`` object and ``content``, and a text as id.

>>> is_message({"id": "530805", "type": "Reply", "timestamp": "2023-01-18T20:12:12Z", "content": "", "author": {}})
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

_SCOPE = "discord"
_USUAL = ("Default", "Reply")
# Kinds of messages that no person wrote; newer ones stand as numbers.
_SYSTEM = re.compile(
    r"Recipient(?:Add|Remove)|Call|Channel(?:NameChange|IconChange|PinnedMessage|FollowAdd)|GuildMemberJoin"
    r"|UserPremiumGuildSubscription\w*|GuildDiscovery\w+|GuildInviteReminder|Thread(?:Created|StarterMessage)"
    r"|AutoModerationAction|RoleSubscriptionPurchase|[1-9]|1[0-24-8]|2[124-9]|3[126-9]|44|46"
)


def is_message(value: dict[str, Any]) -> bool:
    """Whether an object is a message of such an export."""
    return (
        {"id", "timestamp", "content", "author"} <= value.keys()
        and isinstance(value["author"], dict)
        and isinstance(value["id"], str)
        and "channel_id" not in value
    )


def recognise(head: Head) -> bool:
    """Whether the head shows messages of such an export."""
    return shows_messages(head, "messages", is_message, "timestamp", "author", "content")


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, _SCOPE)


def read(source: Source) -> Iterator[Batch]:
    """One record per message that is no system line."""
    chat = load_chat(source, "messages", is_message)
    rows = ChatRecords()
    for document, held, given in chat.messages("messages"):
        messages, numbers = oldest_first(held, given, lambda message: message.get("timestamp"))
        for run, places in runs_of(messages, numbers):
            system = [type(message) is not dict or _is_line(message.get("type")) for message in run]
            _add(rows, rows.sift(run, places, system), document)
    yield from rows.batches(chat)


def _is_line(kind: Any) -> bool:
    """Whether messages of this kind are the system's."""
    return kind not in _USUAL and _SYSTEM.fullmatch(str(kind)) is not None


def _add(rows: ChatRecords, messages: list[dict[str, Any]], document: dict[str, Any]) -> None:
    channel, server = as_dict(document.get("channel")), as_words(as_dict(document.get("guild")).get("name"))
    channel_id, title = as_id(channel.get("id")), as_words(channel.get("name"))
    authors = list(map(as_dict, pluck(messages, "author")))
    names = words_of(pluck(authors, "nickname"))
    bodies = words_of(pluck(messages, "content"))
    parents = [_answered(message, channel_id) if "reference" in message else None for message in messages]
    rows.extend(
        {
            "scope": _SCOPE,
            "native_id": ids_of(pluck(messages, "id")),
            "native_discussion": channel_id,
            "discussion_scope": _SCOPE if channel_id else None,
            "discussion_title": title,
            "community": title,
            "parent_known": [parent is not None for parent in parents],
            "native_parent": parents,
            "author": [
                name or as_words(author.get("name")) or as_id(author.get("id"))
                for name, author in zip(names, authors, strict=True)
            ],
            "posted_at_raw": times_of(pluck(messages, "timestamp")),
            "edited_at_raw": times_of(pluck(messages, "timestampEdited")),
            "body": [
                _words_within(message) if body is None else body for body, message in zip(bodies, messages, strict=True)
            ],
            "markup": "markdown",
        },
        [_extra(message, author, server) for message, author in zip(messages, authors, strict=True)],
    )


def _answered(message: dict[str, Any], channel_id: str | None) -> str | None:
    """The message that one answers: its reference, unless that leads elsewhere."""
    reference = as_dict(message["reference"])
    here = as_id(reference.get("channelId")) in (None, channel_id)
    return as_id(reference.get("messageId")) if here and not _is_forwarded(message) else None


def _is_forwarded(message: dict[str, Any]) -> bool:
    return bool(as_dict(message.get("forwardedMessage"))) or as_dict(message.get("reference")).get("type") == "Forward"


def _words_within(message: dict[str, Any]) -> str | None:
    """The words of a message that says none itself."""
    words = as_words(as_dict(message.get("forwardedMessage")).get("content"))
    return words or "\n\n".join(filter(None, map(_embedded, objects_of(message.get("embeds"))))) or None


def _extra(message: dict[str, Any], author: dict[str, Any], server: str | None) -> dict[str, Any]:
    get = message.get
    extra: dict[str, Any] = {"server": server, "bot": author.get("isBot") or None}
    if ("forwardedMessage" in message or "reference" in message) and _is_forwarded(message):
        extra["forwarded"] = True
    if files := get("attachments"):
        extra["files"] = [as_words(file.get("fileName")) for file in objects_of(files)][:20] or None
    if stickers := get("stickers"):
        extra["stickers"] = [as_words(one.get("name")) for one in objects_of(stickers)][:20] or None
    if reactions := get("reactions"):
        extra["reactions"] = {
            str(as_dict(given.get("emoji")).get("name")): given.get("count") for given in objects_of(reactions)[:20]
        } or None  # fmt: skip
    return extra


def _embedded(embed: dict[str, Any]) -> str | None:
    parts = [as_words(embed.get(name)) for name in ("title", "description")]
    for inner in objects_of(embed.get("fields")):
        parts += [as_words(inner.get("name")), as_words(inner.get("value"))]
    return "\n".join(part for part in parts if part) or None


READER = Reader(
    name="discord",
    version=2,
    title="Discord channels in DiscordChatExporter's JSON",
    extensions=(".json",),
    replies="reference.messageId of replies",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("content",),
)
