"""Lemmy comments and posts as its API gives them, from the first versions to the newest.

**What is read.** Any answer that holds comments or posts: lists, single views, search results, replies and mentions,
with counts beside them (v3) or in them (v4), or bare comments of a database. The post that comments stand under is a
record as well, once a document, where they carry it.

**What is kept.** Ids by kind (``post:180``, ``comment:501``), for the two overlap; they are ids of the instance that
was asked, so its host is the scope. The parent is the last but one part of ``path``; 0 there is the post. Authors of
other instances are written ``name@host``. Score; the post's link, who is a bot, downvotes, distinguished and locked
in ``extra``, and ``ap_id``, which all instances agree on.

**What bites.** Parents can be absent, or listed after their children. With ``max_depth`` page two repeats page one.
Older times have no zone; newer fields end in ``_at``. ``ap_id`` names the instance where something was written, which
may be another one: only what is marked ``local`` tells the host, else ``--source`` does. Comments of the very first
versions have ``parent_id`` and no path. Deleted (by the author) and removed (by a moderator) comments stay, mostly
without words.

A file is Lemmy's when its JSON shows ``ap_id`` and ``creator_id``, and ``post_id`` or ``community_id``.

>>> READER.recognise(Head("page.json", b'{"comment": {"post_id": 2, "creator_id": 3, "ap_id": ""}}', complete=True))
True
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList, has_keys
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
    read_answers,
)
from pipeline.ingest.readers.sites import host_of, most_named, name_scope
from pipeline.ingest.records import Batch

_HOSTS_ASKED = 100  # of one instance, so the first of them tell


def recognise(head: Head) -> bool:
    """Whether the JSON has federated objects of comments or posts."""
    return has_keys(head, "ap_id", "creator_id") and (has_keys(head, "post_id") or has_keys(head, "community_id"))


def describe(source: Source) -> CaptureFacts:
    """Pages; which order was asked for is not said."""
    _, scope = source.parse_once(_load)
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "unknown"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per comment or post."""
    answers, scope = source.parse_once(_load)
    yield from answer_batches(answers, lambda rows, value, place: add_views(rows, value, place, scope))


def _load(source: Source) -> tuple[Answers, str]:
    """The values of a file, and the scope of their ids."""
    answers = read_answers(source)
    return answers, name_scope("lemmy", find_host([value for _, value in answers.values]), source)


@dataclass
class _Context:
    """What the views of one document share."""

    scope: str
    authors: dict[str, str] = field(default_factory=dict)  # of persons by id
    posts: set[str] = field(default_factory=set)  # that are records, or will be

    @cached_property
    def host(self) -> str | None:
        return self.scope.partition(":")[2] or None

    @cached_property
    def site(self) -> str | None:
        return f"https://{self.host}" if self.host and "." in self.host else None

    def address(self, kind: str, number: str | None) -> str | None:
        return f"{self.site}/{kind}/{number}" if self.site and number else None

    def name_of(self, person: dict[str, Any]) -> str | None:
        """A person or community: its name, with its host where that is another one."""
        name = as_words(person.get("name"))
        if person.get("local") is True:
            return name
        home = host_of(person.get("actor_id")) or host_of(person.get("ap_id"))
        elsewhere = person.get("local") is False or (home is not None and self.host is not None and home != self.host)
        return f"{name}@{home}" if name and home and elsewhere else name


def find_host(values: list[Any]) -> str | None:
    """The host of the instance that answered: that of what it calls local."""
    views = objects_in(values, _is_view)
    inner = (part for view in views for part in (view, *view.values()) if type(part) is dict)
    local = (item for item in inner if item.get("local") is True)
    hosts = (host_of(item.get("ap_id")) or host_of(item.get("actor_id")) for item in local)
    return most_named(islice((host for host in hosts if host), _HOSTS_ASKED))


def _is_comment(item: dict[str, Any]) -> bool:
    return "content" in item and "post_id" in item and ("path" in item or "ap_id" in item or "parent_id" in item)


def _is_post(item: dict[str, Any]) -> bool:
    return "community_id" in item and "creator_id" in item and "name" in item


def _is_view(item: dict[str, Any]) -> bool:
    """Whether it is a comment or post, alone or with its surroundings."""
    if _is_comment(item) or _is_post(item):
        return True
    comment, post = item.get("comment"), item.get("post")
    return (isinstance(comment, dict) and "id" in comment) or (isinstance(post, dict) and _is_post(post))


def add_views(rows: RecordList, value: Any, place: str, scope: str) -> None:
    """Adds every comment and post of a document."""
    context = _Context(scope)
    views = list(objects_in(value, _is_view))
    for view in views:
        creator = as_object(view.get("creator"))
        number, name = as_id(creator.get("id")), context.name_of(creator)
        if number and name:
            context.authors[number] = name
    # A post that has a view of its own is read from that, not from the comments under it.
    context.posts = {as_id(_post_of(view).get("id")) or "" for view in views if not _has_comment(view)}
    for view in views:
        post = _post_of(view)
        if not _has_comment(view):
            _add_post(rows, post, view, context, place)
            continue
        if (number := as_id(post.get("id"))) and number not in context.posts and "name" in post:
            context.posts.add(number)
            _add_post(rows, post, {"community": view.get("community")}, context, place)
        _add_comment(rows, _comment_of(view), view, context, place)


def ids_of(value: Any) -> set[str]:
    """The ids of all comments and posts that `add_views` adds of a document."""
    views = list(objects_in(value, _is_view))
    comments = {f"comment:{as_id(_comment_of(view).get('id'))}" for view in views if _has_comment(view)}
    return comments | {f"post:{as_id(_post_of(view).get('id'))}" for view in views}


def _has_comment(view: dict[str, Any]) -> bool:
    return "content" in view or "comment" in view


def _comment_of(view: dict[str, Any]) -> dict[str, Any]:
    return view if "content" in view else as_object(view.get("comment"))


def _post_of(view: dict[str, Any]) -> dict[str, Any]:
    return view if _is_post(view) else as_object(view.get("post"))


def _add_post(rows: RecordList, post: dict[str, Any], view: dict[str, Any], context: _Context, place: str) -> None:
    number = as_id(post.get("id"))
    named = f"post:{number}" if number else None
    counts = as_object(view.get("counts"))
    title = as_words(post.get("name"))
    address = context.address("post", number)
    extra = _marks(post, view, counts)
    extra["url"] = as_words(post.get("url"))
    extra["nsfw"] = post.get("nsfw") or None
    extra["comments"] = _votes("comments", counts, post)
    fields = _shared(post, view, context)
    fields["native_id"] = fields["native_discussion"] = named
    fields["parent_known"] = True
    fields["title"] = fields["discussion_title"] = title
    fields["body"] = as_words(post.get("body")) or ""
    fields["discussion_url"] = fields["permalink"] = address
    fields["votes"] = _votes("score", counts, post)
    rows.keep(f"{place}post {number}", extra, fields)


def _add_comment(
    rows: RecordList, comment: dict[str, Any], view: dict[str, Any], context: _Context, place: str
) -> None:
    number = as_id(comment.get("id"))
    post = as_object(view.get("post"))
    discussion = as_id(comment.get("post_id")) or as_id(post.get("id"))
    page = f"post:{discussion}" if discussion else None
    counts = as_object(view.get("counts"))
    path = (as_words(comment.get("path")) or "").split(".")
    is_path = len(path) > 1 and path[-1] == number and all(map(str.isdigit, path))
    parent = path[-2] if is_path else as_id(comment.get("parent_id"))
    is_top = parent == "0" or (parent is None and "parent_id" in comment and not is_path)
    answered = page if is_top else f"comment:{parent}" if parent else None
    extra = _marks(comment, view, counts)
    extra["replies"] = _votes("child_count", counts, comment)
    fields = _shared(comment, view, context)
    fields["native_id"] = f"comment:{number}" if number else None
    fields["native_discussion"] = page
    fields["parent_known"] = answered is not None
    fields["native_parent"] = answered
    fields["depth"] = len(path) - 2 if is_path else None
    fields["body"] = as_words(comment.get("content"))
    fields["discussion_title"] = as_words(post.get("name"))
    fields["discussion_url"] = context.address("post", discussion)
    fields["permalink"] = context.address("comment", number)
    fields["votes"] = _votes("score", counts, comment)
    rows.keep(f"{place}comment {number}", extra, fields)


def _shared(item: dict[str, Any], view: dict[str, Any], context: _Context) -> dict[str, Any]:
    get, creator, community = item.get, view.get("creator"), view.get("community")
    name = context.name_of(creator) if type(creator) is dict else None
    return {
        "scope": context.scope,
        "discussion_scope": context.scope,
        "markup": "markdown",
        "author": name or context.authors.get(as_id(get("creator_id")) or ""),
        "posted_at_raw": as_time(get("published_at")) or as_time(get("published")),
        "edited_at_raw": as_time(get("updated_at")) or as_time(get("updated")),
        "deletion": "moderator" if get("removed") is True else "author" if get("deleted") is True else None,
        "community": context.name_of(community) if type(community) is dict else None,
    }


def _marks(item: dict[str, Any], view: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
    return {
        "ap_id": as_words(item.get("ap_id")),
        "distinguished": item.get("distinguished") or None,
        "locked": item.get("locked") or None,
        "downvotes": _votes("downvotes", counts, item) or None,
        "bot": as_object(view.get("creator")).get("bot_account") or None,
    }


def _votes(name: str, counts: dict[str, Any], item: dict[str, Any]) -> int | None:
    """A number as the counts of a view say it, else as the item does."""
    number = as_votes(counts.get(name))
    return as_votes(item.get(name)) if number is None else number


READER = Reader(
    name="lemmy",
    version=1,
    title="Lemmy comments and posts (JSON of its API)",
    extensions=(".json", ".jsonl"),
    replies="path of every comment",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("content",),
)
