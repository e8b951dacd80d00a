"""Stack Exchange questions, answers and comments as its API gives them.

**What is read.** ``/questions``, ``/answers``, ``/comments``, ``/posts`` and what nests in them (a question with its
answers, either with their comments), a document or one a line.

**What is kept.** Questions and answers share one space of ids, comments have their own: ``post:1``, ``comment:1``. The
question is the discussion and its answers' parent, a comment's parent is the post it stands under. Bodies are HTML, or
Markdown where only ``body_markdown`` was asked for. Score; tags, accepted answers, views, who a comment addresses
(``reply_to``) in ``extra``. The site's host is the scope, as links and profiles name it.

**What bites.** Titles and names are escaped (``&quot;``). Without a filter the API leaves bodies out: those posts have
an id and no words. A comment alone does not say under which question its post stands. Times are epochs. Made-up
answers may have their question's id, which no real one has: they are ``answer:1``.

A file is of this API when its JSON has ``question_id``, ``answer_id`` or ``comment_id`` beside ``creation_date`` and
``owner``.

>>> READER.recognise(Head("q", b'{"items": [{"question_id": 1, "creation_date": 5, "owner": {}}]}', complete=True))
True
"""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList, has_keys
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.api_json import (
    Answers,
    answer_batches,
    as_id,
    as_list,
    as_object,
    as_time,
    as_votes,
    as_words,
    objects_in,
    objects_of,
    read_answers,
)
from pipeline.ingest.readers.sites import host_of, most_named, name_scope
from pipeline.ingest.records import Batch

_OF_POSTS = frozenset({"accepted_answer_id", "view_count", "closed_reason", "tags"})
_KEYS = ("comment_id", "answer_id", "question_id", "post_id")


def recognise(head: Head) -> bool:
    """Whether the JSON has questions, answers or comments with owners."""
    return has_keys(head, "creation_date", "owner") and any(has_keys(head, key) for key in _KEYS)


def describe(source: Source) -> CaptureFacts:
    """Pages: a question, its comments, and its answers with theirs."""
    _, scope = source.parse_once(_load)
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "unknown"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per question, answer and comment."""
    answers, scope = source.parse_once(_load)

    def add(rows: RecordList, value: Any, place: str) -> None:
        for item in objects_in(value, _is_item):
            _add_item(rows, item, place, scope)

    yield from answer_batches(answers, add)


def _load(source: Source) -> tuple[Answers, str]:
    """The values of a file, and the scope of their ids."""
    answers = read_answers(source)
    return answers, _find_scope(source, answers)


def _is_item(item: dict[str, Any]) -> bool:
    return not item.keys().isdisjoint(_KEYS) and ("creation_date" in item or "owner" in item or "body" in item)


def _find_scope(source: Source, answers: Answers) -> str:
    """Stack Exchange and the host that links to items, else that to their owners, name."""
    own: list[str | None] = []
    owners: list[str | None] = []
    for _, value in answers.values:
        for item in objects_in(value, _is_item):
            own.append(host_of(item.get("link")))
            owners.append(host_of(as_object(item.get("owner")).get("link")))
            inner = [*objects_of(item.get("answers")), *objects_of(item.get("comments"))]
            owners += [host_of(as_object(part.get("owner")).get("link")) for part in inner]
    return name_scope("stackexchange", most_named(own) or most_named(owners), source)


def _add_item(rows: RecordList, item: dict[str, Any], place: str, scope: str) -> None:
    """An item and what stands in it: its comments, then its answers with theirs."""
    question = as_id(item.get("question_id"))
    discussion = {
        "native_discussion": f"post:{question}" if question else None,
        "discussion_scope": scope if question else None,
        "discussion_title": _unescaped(item.get("title")) if question else None,
        "discussion_url": _address(item) if question and "answer_id" not in item else None,
    }
    waiting = [(item, question)]
    while waiting:
        inner, under = waiting.pop()
        number = as_id(inner.get("answer_id")) or as_id(inner.get("post_id")) or as_id(inner.get("question_id"))
        _add_post(rows, inner, under, place, {"scope": scope, **discussion})
        if "answers" in inner:
            waiting += [(answer, question or number) for answer in reversed(objects_of(inner["answers"]))]
        if "comments" in inner:
            waiting += [(comment, number) for comment in reversed(objects_of(inner["comments"]))]


def _add_post(rows: RecordList, item: dict[str, Any], under: str | None, place: str, shared: dict[str, Any]) -> None:
    comment, answer = as_id(item.get("comment_id")), as_id(item.get("answer_id"))
    question, post = as_id(item.get("question_id")), as_id(item.get("post_id"))
    if "comment_id" in item:
        kind, name, parent = "comment", f"comment:{comment}" if comment else None, post or under
    elif "answer_id" in item or item.get("post_type") == "answer":
        number, parent = answer or post, question or under
        kind, name = "answer", f"{'answer' if number == parent else 'post'}:{number}" if number else None
    else:
        kind, name, parent = "question", f"post:{question or post}" if question or post else None, None
        if shared["native_discussion"] is None and name:
            shared = {**shared, "native_discussion": name, "discussion_scope": shared["scope"]}
    get, is_question = item.get, kind == "question"
    owner = as_object(get("owner"))
    body = as_words(get("body"))
    extra = {
        "accepted": get("is_accepted") or None,
        "edited": get("edited") or None,
        "user_id": as_id(owner.get("user_id")),
        "user_type": "does_not_exist" if owner.get("user_type") == "does_not_exist" else None,
    }
    if "reply_to_user" in item:
        extra["reply_to"] = _unescaped(as_object(get("reply_to_user")).get("display_name"))
    if not _OF_POSTS.isdisjoint(item):
        extra["accepted_answer"] = as_id(get("accepted_answer_id"))
        extra["views"] = as_votes(get("view_count"))
        extra["closed"] = as_words(get("closed_reason"))
        tags = as_list(get("tags")) if is_question else []
        extra["tags"] = [tag for tag in tags if isinstance(tag, str)] or None
    rows.keep(
        f"{place}{kind} {comment or answer or question or post}",
        extra,
        {
            **shared,
            "native_id": name,
            "parent_known": is_question or parent is not None,
            "native_parent": f"post:{parent}" if parent else None,
            "author": _unescaped(owner.get("display_name")),
            "posted_at_raw": as_time(get("creation_date")),
            "edited_at_raw": as_time(get("last_edit_date")),
            "title": _unescaped(get("title")) if is_question else None,
            "body": as_words(get("body_markdown")) if body is None else body,
            "markup": "markdown" if body is None else "html",
            "permalink": _address(item) if "link" in item else None,
            "votes": as_votes(get("score")),
        },
    )


def _address(item: dict[str, Any]) -> str | None:
    link = as_words(item.get("link"))
    return link if link and host_of(link) else None


def _unescaped(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return (unescape(value) if "&" in value else value).strip() or None


READER = Reader(
    name="stackexchange_api",
    version=1,
    title="Stack Exchange questions, answers and comments (JSON of its API)",
    extensions=(".json", ".jsonl"),
    replies="answers to their question, comments to their post",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("body",),
)
