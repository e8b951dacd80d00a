"""Slack messages: the day files of an export, and answers of the API.

**What is read.** An array of messages (a day file of an export, ``channel/2020-05-02.json``), or an object with
``messages`` (``conversations.history``, ``conversations.replies``, slackdump), or several such objects one after the
other. Event wrappers (``message_changed``) are opened; of two versions of a message both are sightings.

**What is kept.** ``ts`` is the id and the time. It is unique within a channel: where the file names the channel
(``channel``, ``channel_id``) that channel is the scope and the discussion, else all channels of the team share one
scope. ``thread_ts`` is the declared parent: Slack's threads are flat. Names come from ``users``/``members`` in the same
file, from ``user_profile`` of any message, or from ``<@U1|name>``; else the user id is the author. Mentions become
``@name``, links Markdown. Messages with ``subtype`` ``tombstone`` are deleted. ``/me`` is marked ``action`` in
``extra``, where files, reactions and bots are found as well.

**What bites.** Names of channels and users stand in files of their own (``channels.json``, ``users.json``), and the
channel of a day file is only the name of its folder. In a zip of an export, as Slack gives it, these files and the
folder's name are used, and they themselves are in quarantine, for they hold no message. In a folder they are not, for a
record must not depend on where its file lies: read the zip. A message outside a thread may answer the one above, so its
parent is not known. Newest first is turned round. ``file_comment`` is by the commenter, whom the outer message does not
name. Joins, topics, pins and the like are no posts: they are counted in ``skipped``.

A file is Slack's when its messages have a ``ts`` of seconds, a point and six digits, and the type "message".

>>> is_message({"type": "message", "ts": "1588404642.000200", "text": "Hello"})
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import parse_json
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
from pipeline.ingest.readers.chat_records import ChatRecords, ids_of, runs_of, words_of
from pipeline.ingest.readers.record_columns import pluck
from pipeline.ingest.records import Batch

_TS = re.compile(r"\d{9,11}\.\d{6}")
_REFERENCE = re.compile(r"<([@#!]?)([^<>|\s][^<>|]*)(?:\|([^<>]*))?>")
_FOR_EXTRA = ("subtype", "bot_id", "files", "reactions")
_NAMED = re.compile(r"<@(\w+)\|([^<>]+)>")
_WRAPPERS = {"message_changed": "message", "message_replied": "message", "message_deleted": "previous_message"}
_SYSTEM = re.compile(
    r"(?:channel|group|mpim|im)_(?:join|leave|topic|purpose|name|archive|unarchive|convert_to_private|posting_permissions"
    r"|canvas_updated)|(?:un)?pinned_item|bot_(?:add|remove|enable|disable)|reminder_(?:add|delete)|ekm_access_denied"
    r"|sh_room_(?:created|shared)|huddle_thread|app_conversation_(?:join|leave)|joiner_notification(?:_for_inviter)?"
)


def is_message(value: dict[str, Any]) -> bool:
    """Whether an object is a Slack message."""
    stamp = value.get("ts")
    if not isinstance(stamp, str) or not _TS.fullmatch(stamp) or value.get("type", "message") != "message":
        return False
    return "type" in value or ("text" in value and ("user" in value or "bot_id" in value))


def recognise(head: Head) -> bool:
    """Whether the head shows Slack messages."""
    return shows_messages(head, "messages", is_message, "ts")


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, "slack")


def read(source: Source) -> Iterator[Batch]:
    """One record per message that is no system line."""
    chat = load_chat(source, "messages", is_message)
    rows = ChatRecords()
    export = _read_export(source)
    for said, held, given in chat.messages("messages"):
        document = {**export, **said}
        opened = [
            _opened(message, kind) if kind in _WRAPPERS else message
            for message, kind in zip(held, _kinds(held), strict=True)
        ]
        objects = [message for message in opened if type(message) is dict]
        names, team = _names(document, objects), _team(document, objects)
        messages, numbers = oldest_first(opened, given, lambda message: message.get("ts"))
        for run, places in runs_of(messages, numbers):
            kinds = _kinds(run)
            lines = {kind for kind in set(kinds) if kind and _SYSTEM.fullmatch(kind)}
            system = [type(message) is not dict or kind in lines for message, kind in zip(run, kinds, strict=True)]
            _add(rows, rows.sift(run, places, system), document, team, names)
    yield from rows.batches(chat)


def _read_export(source: Source) -> dict[str, Any]:
    """What the other files of an export say of a day file in it: the users, and the channel that its folder names."""
    if not source.beside:
        return {}
    lists = {name: _objects_in(source.beside.get(name)) for name in ("users.json", "channels.json", "groups.json")}
    export: dict[str, Any] = {"users": lists["users.json"]}
    folder = source.name.rpartition("/")[0].rpartition("/")[2]
    for channel in [*lists["channels.json"], *lists["groups.json"]]:
        if folder and channel.get("name") == folder and as_id(channel.get("id")):
            return {**export, "channel": channel["id"], "channel_name": folder}
    return export


def _objects_in(data: bytes | None) -> list[dict[str, Any]]:
    try:
        return objects_of(parse_json(data)) if data else []
    except ValueError:
        return []


def _kinds(messages: Sequence[Any]) -> list[str | None]:
    """What each is, where it says so in words."""
    try:
        kinds = pluck(messages, "subtype")
    except (AttributeError, TypeError):  # not all are objects
        kinds = [message.get("subtype") if type(message) is dict else None for message in messages]
    return kinds if set(map(type, kinds)) <= {str, type(None)} else list(map(as_words, kinds))


def _opened(message: dict[str, Any], kind: str | None) -> dict[str, Any]:
    """The message that an event is about."""
    inner = message.get(_WRAPPERS[kind]) if kind else None
    if not isinstance(inner, dict):
        return message
    gone = {"subtype": "tombstone"} if kind == "message_deleted" else {}
    return {"channel": message.get("channel"), **inner, **gone}


def _add(
    rows: ChatRecords, messages: list[dict[str, Any]], document: dict[str, Any], team: str, names: dict[str, str]
) -> None:
    # What no message of a run has needs no look at each.
    present = set[str]().union(*messages)
    stamps, threads, kinds = ids_of(pluck(messages, "ts")), ids_of(pluck(messages, "thread_ts")), _kinds(messages)
    users, texts = ids_of(pluck(messages, "user")), words_of(pluck(messages, "text"))
    parents = [thread if thread != stamp else None for thread, stamp in zip(threads, stamps, strict=True)]
    if "comment" in present:
        for row in [row for row, kind in enumerate(kinds) if kind == "file_comment"]:
            comment = as_dict(messages[row].get("comment"))
            users[row] = as_id(comment.get("user")) or users[row]
            texts[row] = as_words(comment.get("comment")) or texts[row]
    authors = [
        _signed(message) if user is None else names.get(user, user)
        for user, message in zip(users, messages, strict=True)
    ]
    bodies = [_attachments(message) if text is None else text for text, message in zip(texts, messages, strict=True)]
    bodies = [
        _REFERENCE.sub(lambda found: _spoken(found, names), text) if text and "<" in text else text for text in bodies
    ]
    deletions: list[str | None] | None = None
    if "tombstone" in kinds:
        deletions = ["unknown" if kind == "tombstone" else None for kind in kinds]
        authors = [None if gone else author for gone, author in zip(deletions, authors, strict=True)]
        bodies = [None if gone else body for gone, body in zip(deletions, bodies, strict=True)]
    rows.extend(
        {
            **_places(messages, present, document, team),
            "native_id": stamps,
            "parent_known": [parent is not None for parent in parents],
            "native_parent": parents,
            "author": authors,
            "posted_at_raw": stamps,
            "edited_at_raw": [
                as_time(as_dict(edited).get("ts")) if edited else None for edited in pluck(messages, "edited")
            ]
            if "edited" in present
            else None,
            "body": bodies,
            "markup": "markdown",
            "deletion": deletions,
            "permalink": words_of(pluck(messages, "permalink")) if "permalink" in present else None,
        },
        [None if message.keys().isdisjoint(_FOR_EXTRA) else _extra(message) for message in messages],
    )


def _places(
    messages: list[dict[str, Any]], present: set[str], document: dict[str, Any], team: str
) -> dict[str, list[str | None] | str | None]:
    """Where messages stand: in the channel that the document names, unless they name one themselves."""
    shared = _channel({}, document)
    channels = [shared]
    if "channel" in present or "channel_id" in present:
        channels = [
            _channel(message, document) if "channel" in message or "channel_id" in message else shared
            for message in messages
        ]
    columns: dict[str, list[str | None]] = {
        "scope": [f"{team}:{channel}" if channel else team for channel, _ in channels],
        "native_discussion": [channel for channel, _ in channels],
        "discussion_scope": [team if channel else None for channel, _ in channels],
        "discussion_title": [name for _, name in channels],
        "community": [name for _, name in channels],
    }
    return {name: values if len(channels) == len(messages) else values[0] for name, values in columns.items()}


def _signed(message: dict[str, Any]) -> str | None:
    """What a message without a user is signed with."""
    return as_words(message.get("username")) or as_id(message.get("bot_id"))


def _attachments(message: dict[str, Any]) -> str | None:
    return "\n\n".join(filter(None, map(_attached, objects_of(message.get("attachments"))))) or None


def _extra(message: dict[str, Any]) -> dict[str, Any]:
    get = message.get
    extra: dict[str, Any] = {}
    if get("subtype") == "me_message":
        extra["action"] = True
    if (bot := get("bot_id")) is not None:
        extra["bot"] = as_id(bot)
    if files := objects_of(get("files")):
        extra["files"] = [as_words(file.get("name")) for file in files[:20]]
    if reactions := objects_of(get("reactions")):
        extra["reactions"] = {str(reaction.get("name")): reaction.get("count") for reaction in reactions}
    return extra


def _attached(attachment: dict[str, Any]) -> str | None:
    parts = [as_words(attachment.get(name)) for name in ("pretext", "title", "text")]
    return "\n".join(part for part in parts if part) or as_words(attachment.get("fallback"))


def _spoken(match: re.Match[str], names: dict[str, str]) -> str:
    """What a reader of Slack sees for <@U1>, <#C1|general>, <!here>, <https://example.org|here>."""
    sign, target, label = match.groups()
    if sign == "@":
        return "@" + (label or names.get(target, target))
    if sign:
        return ("#" if sign == "#" else "@") + (label or target.partition("^")[0]).lstrip("@#")
    return target if label in (None, "", target) else f"[{label}]({target})"


def _channel(message: dict[str, Any], document: dict[str, Any]) -> tuple[str | None, str | None]:
    """Id and name of the channel, as far as message or document say."""
    for holder in (message, document):
        channel = holder.get("channel")
        name = as_words(holder.get("channel_name")) or (as_words(holder.get("name")) if holder is document else None)
        if isinstance(channel, dict) and (found := as_id(channel.get("id"))):
            return found, as_words(channel.get("name")) or name
        if found := as_id(channel) or as_id(holder.get("channel_id")):
            return found, name
    return None, None


def _team(document: dict[str, Any], messages: list[dict[str, Any]]) -> str:
    """The scope of a workspace: its id, where the file names exactly one."""
    teams = {as_id(document.get(name)) for name in ("team", "team_id")}
    teams = teams - {None} or set(ids_of(pluck(messages, "team"))) - {None}
    return f"slack:{teams.pop()}" if len(teams) == 1 else "slack"


def _names(document: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, str]:
    """What the users of a document are called; a list of users goes before profiles, these before mentions."""
    names: dict[str, str] = {}
    for text in pluck(messages, "text"):
        if type(text) is str and "|" in text:
            for user, name in _NAMED.findall(text):
                names.setdefault(user, name)
    profiles = [
        (as_id(message.get("user")), as_dict(profile))
        for message in messages
        if (profile := message.get("user_profile"))
    ]
    for holder in ("users", "members"):
        profiles += [
            (as_id(user.get("id")), {**user, **as_dict(user.get("profile"))})
            for user in objects_of(document.get(holder))
        ]
    for key, profile in profiles:
        called = [as_words(profile.get(name)) for name in ("display_name", "real_name", "name")]
        if key and (name := next(filter(None, called), None)):
            names[key] = name
    return names


READER = Reader(
    name="slack",
    version=2,
    title="Slack messages, exported or from the API",
    extensions=(".json",),
    replies="thread_ts, the root of the thread",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("text", "-> commented on <@"),
)
