"""Discourse topics as its API gives them: whole topics, windows of posts, lists of posts.

**What is read.** ``/t/ID.json`` (topic and its first posts), ``/t/ID/posts.json`` (a window), ``/posts.json`` and
``/posts/ID.json``, one document a file, several, or one a line. Windows overlap and repeat; a post is the same one in
all of them.

**What is kept.** A post is named ``TOPIC/NUMBER``, as its address does, because replies and quotations name posts that
way; its database id is in ``extra``. ``reply_to_post_number`` is the parent. The body is the cooked HTML, where each
quotation names author, post and topic; where that is missing, the raw Markdown. In ``extra``: the posts that are quoted
(``quotes``), reads, the accepted answer, the site's own name of the author, where the post came from.

**What bites.** Only about half the replies set ``reply_to_post_number``: of the others nothing is declared, and the
first post alone is known to answer nothing. Posts come oldest first or newest first and are put in order of their
number. "closed", "pinned", "split" are lines of the system (``post_type`` 3): no posts, but counted in
``extra.skipped`` of the post above. "(post deleted by author)" and notices of hidden posts stand in place of the
words. ``updated_at`` is an edit only where the version is above 1. Files name their host nowhere; it is found in the
addresses of avatars and of internal links, and else taken from ``--source``.

A file is Discourse's when its JSON shows posts with ``post_number``, ``topic_id`` and ``cooked`` or ``raw``.

>>> head = b'{"post_stream": {"posts": [{"post_number": 1, "topic_id": 7, "cooked": "<p>Hello</p>"}]}, "id": 7}'
>>> READER.recognise(Head("7.json", head, complete=True))
True
"""

from __future__ import annotations

import re
from collections import Counter
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
    as_time,
    as_votes,
    as_words,
    objects_in,
    objects_of,
    read_answers,
)
from pipeline.ingest.readers.sites import host_of, most_named, name_scope
from pipeline.ingest.records import Batch

_SYSTEM_LINE = 3
_LIKE = 2
_MARKS = ("accepted_answer", "hidden", "wiki")
_AVATAR = re.compile(r"/user_avatar/([^/]+\.[^/]+)/")
_QUOTE = re.compile(r"<(?:aside|blockquote)\b[^>]{0,400}\bclass=\"quote[^>]{0,400}>")
_QUOTED = re.compile(r"data-(post|topic)=\"(\d{1,18})\"")


def recognise(head: Head) -> bool:
    """Whether the JSON has posts with a number and a topic."""
    return has_keys(head, "post_number", "topic_id") and (has_keys(head, "cooked") or has_keys(head, "raw"))


def describe(source: Source) -> CaptureFacts:
    """Topics, whose posts stand in order of time."""
    _, scope = source.parse_once(_load)
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per post with an id or words."""
    answers, scope = source.parse_once(_load)

    def add(rows: RecordList, value: Any, prefix: str) -> None:
        for topic in objects_in(value, lambda item: _is_post(item) or "post_stream" in item):
            posts = [topic] if _is_post(topic) else list(objects_in(topic["post_stream"], _is_post))
            _add_topic(rows, {} if _is_post(topic) else topic, posts, scope, prefix)

    yield from answer_batches(answers, add)


def _load(source: Source) -> tuple[Answers, str]:
    """The values of a file, and the scope of their ids."""
    answers = read_answers(source)
    return answers, _find_scope(source, answers)


def _is_post(item: dict[str, Any]) -> bool:
    return "post_number" in item and ("cooked" in item or "raw" in item or "username" in item)


def _find_scope(source: Source, answers: Answers) -> str:
    """Discourse and its host, as avatars name it; where none does, as links within the site do."""
    avatars: Counter[str] = Counter()
    links: list[str | None] = []
    for _, value in answers.values:
        for post in objects_in(value, _is_post):
            if "/user_avatar/" in (avatar := as_words(post.get("avatar_template")) or ""):
                avatars.update(_AVATAR.findall(avatar))
            if counted := post.get("link_counts"):
                links += [host_of(link.get("url")) for link in objects_of(counted) if link.get("internal") is True]
    return name_scope("discourse", most_named(avatars.elements()) or most_named(links), source)


def _add_topic(rows: RecordList, topic: dict[str, Any], posts: list[dict[str, Any]], scope: str, prefix: str) -> None:
    """The posts of one topic, oldest first, system lines counted with the post above."""
    numbered = sorted(posts, key=lambda post: as_votes(post.get("post_number")) or 0) if len(posts) > 1 else posts
    kept = [post for post in numbered if post.get("post_type") != _SYSTEM_LINE]
    skipped: dict[int, Counter[str]] = {}
    above = -1
    for post in numbered if len(kept) < len(numbered) else ():
        if post.get("post_type") == _SYSTEM_LINE:
            action = as_words(post.get("action_code")) or "system"
            skipped.setdefault(max(above, 0), Counter())[action] += 1
        else:
            above += 1
    if not kept:
        for post in numbered:
            rows.reject(f"{prefix}{_place(post)}", "system_line", "a line of the system beside no post", b"")
    for row, post in enumerate(kept):
        _add_post(rows, topic, post, scope, prefix, skipped.get(row))


def _place(post: dict[str, Any]) -> str:
    return f"post {as_id(post.get('post_number')) or '?'}"


def _add_post(
    rows: RecordList, topic: dict[str, Any], post: dict[str, Any], scope: str, prefix: str, skipped: Counter[str] | None
) -> None:
    get, topic_get = post.get, topic.get
    topic_id = as_id(get("topic_id")) or as_id(topic_get("id"))
    number, own, parent = as_id(get("post_number")), as_id(get("id")), as_id(get("reply_to_post_number"))
    cooked = as_words(get("cooked"))
    site = f"https://{scope.partition(':')[2]}" if "." in scope else None
    slug = as_words(get("topic_slug")) or as_words(topic_get("slug")) or "-"
    page = f"{site}/t/{slug}/{topic_id}" if site and topic_id else None
    title = as_words(topic_get("title")) or as_words(get("topic_title"))
    title = unescape(title) if title else None
    # Without a topic a number names nothing; the database id does.
    named = f"{topic_id}/{number}" if topic_id and number else None
    answers = f"{topic_id}/{parent}" if named and parent and parent != number else None
    likes = objects_of(get("actions_summary"))
    extra: dict[str, Any] = {
        "post_id": own,
        "name": as_words(get("name")) or None,
        "reads": as_votes(get("reads")),
        "action_code": as_words(get("action_code")),
        "category_id": as_id(topic_get("category_id")) or as_id(get("category_id")),
    }
    extra |= {name: post[name] for name in _MARKS if get(name)}
    if cooked and "quote" in cooked:
        extra["quotes"] = _quoted_posts(cooked, topic_id) or None
    if skipped:
        extra["skipped"] = skipped
    rows.keep(
        f"{prefix}{_place(post)}",
        extra,
        {
            "scope": scope,
            "native_id": named or (f"post:{own}" if own else None),
            "native_discussion": topic_id,
            "discussion_scope": scope if topic_id else None,
            "parent_known": answers is not None or number == "1",
            "native_parent": answers,
            "author": as_words(get("username")),
            "posted_at_raw": as_time(get("created_at")),
            "edited_at_raw": as_time(get("updated_at")) if (as_votes(get("version")) or 1) > 1 else None,
            "title": title if number == "1" else None,
            "body": as_words(get("raw")) if cooked is None else cooked,
            "markup": "markdown" if cooked is None else "html",
            "deletion": _deletion(post),
            "discussion_title": title,
            "discussion_url": page,
            "community": as_words(get("category_slug")),
            "permalink": f"{page}/{number}" if page and number else None,
            "votes": next((as_votes(like.get("count")) for like in likes if like.get("id") == _LIKE), None)
            if likes
            else None,
        },
    )


def _deletion(post: dict[str, Any]) -> str | None:
    if post.get("user_deleted") is True:
        return "author"
    return "moderator" if post.get("deleted_at") or post.get("hidden") is True else None


def _quoted_posts(cooked: str, topic_id: str | None) -> list[str]:
    """The posts whose words are quoted, in order, each once."""
    quoted: list[str] = []
    for tag in _QUOTE.findall(cooked):
        named = dict(_QUOTED.findall(tag))
        topic = named.get("topic", topic_id)
        if "post" in named and topic and f"{topic}/{named['post']}" not in quoted:
            quoted.append(f"{topic}/{named['post']}")
    return quoted


READER = Reader(
    name="discourse",
    version=1,
    title="Discourse topics and posts (JSON of its API)",
    extensions=(".json", ".jsonl"),
    replies="reply_to_post_number; else inferred, quotations telling most",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("cooked",),
)
