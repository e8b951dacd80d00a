"""Statuses of Mastodon and what speaks its API: contexts, single statuses, timelines.

**What is read.** Any answer that holds statuses: ``/statuses/ID/context`` (ancestors and descendants), statuses, lists
of them, search results, a document or one a line. Of a boost the boosted status. Cassettes of recorded requests (YAML)
are read where the answer stands in them as one quoted text.

**What is kept.** Ids of the instance that was asked; its host is the scope. ``in_reply_to_id`` is the parent. The
discussion is the status at the root, as far as the file shows it; a context is one discussion. The body is HTML.
Favourites are votes. In ``extra``: content warning, language, visibility, boosts and replies counted, ``uri`` (equal on
all instances), descriptions of media, the options of a poll, what is quoted, who boosted it.

**What bites.** A context does not hold the status it is the context of: that stays an unseen parent, unless its own
file is read as well. ``acct`` has a host only where the author is of another instance, and those statuses' addresses
name that instance, so only local authors tell the host. Descendants come depth first, timelines newest first. A status
whose ancestor was deleted has ``in_reply_to_id`` null and looks like a root.

A file is Mastodon's when its JSON shows ``in_reply_to_id``, ``content``, and ``spoiler_text`` or ``reblogs_count``.

>>> READER.recognise(Head("1.json", b'{"in_reply_to_id": null, "spoiler_text": "", "content": ""}', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList, has_keys, read_bytes
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.api_json import (
    Answers,
    answer_batches,
    as_id,
    as_object,
    as_time,
    as_votes,
    as_words,
    objects_in,
    objects_of,
    parse_answers,
)
from pipeline.ingest.readers.sites import host_of, most_named, name_scope
from pipeline.ingest.records import Batch

_CASSETTE = b"interactions:"
_ASKED = re.compile(rb"^ +uri: *'?(https?://\S+?)'? *$", re.MULTILINE)
_RECORDED = re.compile(rb"^ +string: '((?:[^']|'')*+)'", re.MULTILINE)
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]*")


def recognise(head: Head) -> bool:
    """Whether the JSON, or what a cassette recorded, has statuses."""
    names = rb'"in_reply_to_id"', rb'"content"'
    recorded = head.data.startswith(_CASSETTE) and all(name in head.data for name in names)
    told = has_keys(head, "spoiler_text") or has_keys(head, "reblogs_count")
    return recorded or (has_keys(head, "in_reply_to_id", "content") and told)


def describe(source: Source) -> CaptureFacts:
    """Pages; which order the rows have depends on what was asked for."""
    _, scope = source.parse_once(_load)
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "unknown"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per status."""
    answers, scope = source.parse_once(_load)
    yield from answer_batches(answers, lambda rows, value, place: _add_statuses(rows, value, place, scope))


def _load(source: Source) -> tuple[Answers, str]:
    """The values of a file, and the scope of their ids."""
    answers, asked = _read(source)
    return answers, _find_scope(source, answers, asked)


def _read(source: Source) -> tuple[Answers, list[str]]:
    """The answers in a file and, in a cassette, the addresses that were asked."""
    data = read_bytes(source)
    if not data.startswith(_CASSETTE):
        return parse_answers(data), []
    answers = Answers()
    for number, recorded in enumerate(_RECORDED.findall(data), start=1):
        found = parse_answers(_FOLD.sub(b" ", recorded).replace(b"''", b"'"))
        answers.values += [(f"answer {number}", value) for _, value in found.values]
        answers.damage += found.damage
    return answers, [address.decode("utf-8", errors="replace") for address in _ASKED.findall(data)]


def _is_status(item: dict[str, Any]) -> bool:
    return "in_reply_to_id" in item and ("content" in item or "text" in item)


def _find_scope(source: Source, answers: Answers, asked: list[str]) -> str:
    """Mastodon and the host that was asked: that of authors without a host in their name."""
    local: list[str | None] = []
    for _, value in answers.values:
        for item in objects_in(value, _is_status):
            status = as_object(item.get("reblog")) or item
            account = as_object(status.get("account"))
            if "@" not in (as_words(account.get("acct")) or "@"):
                local.append(host_of(account.get("url")) or host_of(status.get("url")))
    return name_scope("mastodon", most_named(map(host_of, asked)) or most_named(local), source)


def _add_statuses(rows: RecordList, value: Any, place: str, scope: str) -> None:
    statuses = list(objects_in(value, _is_status))
    shown = [as_object(status.get("reblog")) or status for status in statuses]
    roots = _find_roots(as_object(value), shown)
    for status, inner in zip(statuses, shown, strict=True):
        booster = as_words(as_object(status.get("account")).get("acct")) if inner is not status else None
        _add_status(rows, inner, place, scope, roots.get(as_id(inner.get("id")) or ""), booster)


def _find_roots(answer: dict[str, Any], statuses: list[dict[str, Any]]) -> dict[str, str]:
    """The root of each status, where the file shows it."""
    parents = {
        number: as_id(status.get("in_reply_to_id"))
        for status in statuses
        if (number := as_id(status.get("id"))) is not None
    }
    if "ancestors" in answer and "descendants" in answer:
        top = next(iter(parents), None)
        if top is not None and parents[top] is not None:
            # The first ancestor answers what is not shown; without ancestors, the first reply answers the root.
            top = None if answer["ancestors"] else parents[top]
        return dict.fromkeys(parents, top) if top is not None else {}
    roots: dict[str, str] = {}
    for number in parents:
        path: list[str] = []
        at: str | None = number
        while at in parents and at not in roots and len(path) <= len(parents):
            path.append(at)
            at = parents[at]
        found = path[-1] if at is None else roots.get(at)
        if found is not None:
            roots.update(dict.fromkeys(path, found))
    return roots


def _add_status(
    rows: RecordList, status: dict[str, Any], place: str, scope: str, root: str | None, booster: str | None
) -> None:
    get, number = status.get, as_id(status.get("id"))
    account = as_object(get("account"))
    uri, content = as_words(get("uri")), as_words(get("content"))
    extra = {
        "uri": uri,
        "content_warning": as_words(get("spoiler_text")) or None,
        "language": as_words(get("language")),
        "visibility": as_words(get("visibility")),
        "replies": as_votes(get("replies_count")),
        "boosts": as_votes(get("reblogs_count")),
        "boosted_by": booster,
        "bot": account.get("bot") or None,
    }
    if quote := as_object(get("quote")):
        extra["quotes"] = as_id(as_object(quote.get("quoted_status")).get("id")) or as_id(quote.get("quoted_status_id"))
    if options := objects_of(as_object(get("poll")).get("options")):
        extra["poll"] = [title for option in options if (title := as_words(option.get("title")))] or None
    if media := objects_of(get("media_attachments")):
        extra["media"] = [as_words(item.get("description")) or "" for item in media]
    rows.keep(
        f"{place}status {number}",
        extra,
        {
            "scope": scope,
            "native_id": number,
            "native_discussion": root,
            "discussion_scope": scope if root else None,
            "parent_known": True,
            "native_parent": as_id(get("in_reply_to_id")),
            "author": as_words(account.get("acct")) or as_words(account.get("username")),
            "posted_at_raw": as_time(get("created_at")),
            "edited_at_raw": as_time(get("edited_at")),
            "body": as_words(get("text")) if content is None else content,
            "markup": "plain" if content is None else "html",
            "permalink": as_words(get("url")) or uri,
            "votes": as_votes(get("favourites_count")),
        },
    )


READER = Reader(
    name="mastodon",
    version=1,
    title="Mastodon statuses and contexts (JSON of its API)",
    extensions=(".json", ".jsonl", ".yaml"),
    replies="in_reply_to_id of every status",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("content",),
)
