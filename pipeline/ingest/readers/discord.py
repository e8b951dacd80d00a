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

_SCOPE = "discord"
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
    rows = RecordStream()
    for document, messages in chat.messages("messages"):
        channel, guild = as_dict(document.get("channel")), as_dict(document.get("guild"))
        for place, message in oldest_first(messages, lambda message: message.get("timestamp")):
            if not isinstance(message, dict):
                rows.reject(place, "not_an_object", "no object", repr(message).encode(errors="replace"))
            elif _SYSTEM.fullmatch(str(message.get("type"))):
                rows.skip("system")
            else:
                _add(rows, place, message, channel, guild)
            yield from rows.ready()
    yield from finished(rows, chat)


def _add(
    rows: RecordStream, place: str, message: dict[str, Any], channel: dict[str, Any], guild: dict[str, Any]
) -> None:
    author, reference = as_dict(message.get("author")), as_dict(message.get("reference"))
    forwarded = as_dict(message.get("forwardedMessage"))
    channel_id, title = as_id(channel.get("id")), as_words(channel.get("name"))
    target = as_id(reference.get("messageId"))
    here = as_id(reference.get("channelId")) in (None, channel_id)
    is_reply = target is not None and here and not forwarded and reference.get("type") != "Forward"
    words = as_words(message.get("content")) or as_words(forwarded.get("content"))
    if words is None:
        words = "\n\n".join(filter(None, map(_embedded, objects_of(message.get("embeds"))))) or None
    rows.add(
        place,
        scope=_SCOPE,
        native_id=as_id(message.get("id")),
        native_discussion=channel_id,
        discussion_scope=_SCOPE if channel_id else None,
        discussion_title=title,
        community=title,
        parent_known=is_reply,
        native_parent=target if is_reply else None,
        author=as_words(author.get("nickname")) or as_words(author.get("name")) or as_id(author.get("id")),
        posted_at_raw=as_time(message.get("timestamp")),
        edited_at_raw=as_time(message.get("timestampEdited")),
        body=words,
        markup="markdown",
        extra={
            "server": as_words(guild.get("name")),
            "bot": author.get("isBot") or None,
            "forwarded": True if forwarded or reference.get("type") == "Forward" else None,
            "files": [as_words(file.get("fileName")) for file in objects_of(message.get("attachments"))][:20] or None,
            "stickers": [as_words(one.get("name")) for one in objects_of(message.get("stickers"))][:20] or None,
            "reactions": {
                str(as_dict(given.get("emoji")).get("name")): given.get("count")
                for given in objects_of(message.get("reactions"))[:20]
            } or None,
        },
    )  # fmt: skip


def _embedded(embed: dict[str, Any]) -> str | None:
    parts = [as_words(embed.get(name)) for name in ("title", "description")]
    for inner in objects_of(embed.get("fields")):
        parts += [as_words(inner.get("name")), as_words(inner.get("value"))]
    return "\n".join(part for part in parts if part) or None


READER = Reader(
    name="discord",
    version=1,
    title="Discord channels in DiscordChatExporter's JSON",
    extensions=(".json",),
    replies="reference.messageId of replies",
    recognise=recognise,
    describe=describe,
    read=read,
)
