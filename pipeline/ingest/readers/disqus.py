"""Disqus XML exports: threads (pages of a site), then posts, each with its thread and parent.

**What is read.** Every ``post`` that is not marked as spam, and every ``thread`` that has a message of its own. The
file is read piece by piece, so its size does not matter.

**What is kept.** Ids as ``post:ID`` and ``thread:ID``, their scope the forum (``disqus:FORUM``). A post declares its
``parent``; one without is a root, or answers the thread's message where there is one. The thread is the discussion,
with title and address. ``isDeleted`` makes a deleted post, whose words Disqus exports all the same. In ``extra`` user
name, anonymity, and of threads the site's own identifier and closed ones. Addresses of mail and IP are not kept.

**What bites.** Posts know only their thread's number; the forum and the page stand with the thread, which comes
first. One page may have several threads (its address changed): they stay several discussions. Posts marked ``isSpam``
are no posts: the record before says in ``extra`` how many were skipped. A file that breaks off gives what stands
before.

A file is a Disqus export when its first element is ``disqus`` or names the namespace of Disqus.

>>> READER.recognise(Head("export.xml", b'<disqus xmlns="http://disqus.com">', complete=False))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.readers.xml_exports import Element, Elements, attribute, element_text, plain_text, read_children
from pipeline.ingest.records import Batch

_ROOT = re.compile(rb"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?disqus[\s>]", re.DOTALL)
_FORUM = re.compile(rb"<forum>\s*([\w.-]{1,100})\s*</forum>")


@dataclass(frozen=True)
class _Thread:
    """What posts take from their thread."""

    forum: str | None
    title: str | None
    link: str | None
    speaks: bool  # whether it has a message, and so is a post


def recognise(head: Head) -> bool:
    """Whether the document's root is Disqus's."""
    return bool(_ROOT.match(head.data))


def describe(source: Source) -> CaptureFacts:
    """Pages, whose posts an export lists by time."""
    forum = _forum(source.head())
    return CaptureFacts(
        source=f"disqus:{forum}" if forum else "disqus",
        shape="page",
        order_known=order_of(source.settings, "time"),
        paragraphs=False,
    )


def _forum(head: Head) -> str | None:
    found = _FORUM.search(head.data)
    return found[1].decode() if found else None


def read(source: Source) -> Iterator[Batch]:
    """One record per post that is no spam and per thread that says something."""
    stream = RecordStream()
    elements = Elements(source, frozenset({"post", "thread"}))
    forum = _forum(source.head())
    threads: dict[str, _Thread] = {}
    n_posts = 0
    for element in elements:
        number = attribute(element, "id")
        fields = read_children(element)
        if "title" in fields or "link" in fields:
            thread = _read_thread(fields, forum)
            if number:
                threads[number] = thread
            if thread.speaks:
                _add_thread(stream, fields, number, thread)
        elif "message" in fields or "thread" in fields:
            n_posts += 1
            if _is_true(fields, "isSpam"):
                stream.skip("spam")
            else:
                _add_post(stream, fields, number, f"post {n_posts}", threads, forum)
        yield from stream.ready()
    if elements.damage:
        stream.reject(f"after post {n_posts}", "damaged_file", elements.damage, b"")
    yield from stream.finish()


def _read_thread(fields: dict[str, Element], forum: str | None) -> _Thread:
    return _Thread(
        forum=plain_text(fields.get("forum")) or forum,
        title=plain_text(fields.get("title")),
        link=plain_text(fields.get("link")),
        speaks=bool((element_text(fields.get("message")) or "").strip()),
    )


def _add_thread(stream: RecordStream, fields: dict[str, Element], number: str | None, thread: _Thread) -> None:
    scope = f"disqus:{thread.forum}" if thread.forum else "disqus"
    name = f"thread:{number}" if number else None
    author, extra = _author(fields)
    stream.add(
        f"thread {number}",
        scope=scope,
        native_id=name,
        native_discussion=name,
        discussion_scope=scope if name else None,
        parent_known=True,
        author=author,
        posted_at_raw=plain_text(fields.get("createdAt")),
        title=thread.title,
        body=element_text(fields.get("message")),
        markup="html",
        deletion="unknown" if _is_true(fields, "isDeleted") else None,
        discussion_title=thread.title,
        discussion_url=thread.link,
        permalink=thread.link,
        extra={
            **extra,
            "identifier": plain_text(fields.get("id")),
            "closed": True if _is_true(fields, "isClosed") else None,
        },
    )


def _add_post(
    stream: RecordStream,
    fields: dict[str, Element],
    number: str | None,
    location: str,
    threads: dict[str, _Thread],
    forum: str | None,
) -> None:
    page = attribute(fields.get("thread"), "id")
    thread = threads.get(page or "") or _Thread(forum, None, None, speaks=False)
    scope = f"disqus:{thread.forum}" if thread.forum else "disqus"
    parent = attribute(fields.get("parent"), "id")
    above = f"post:{parent}" if parent else f"thread:{page}" if thread.speaks else None
    author, extra = _author(fields)
    stream.add(
        location,
        scope=scope,
        native_id=f"post:{number}" if number else None,
        native_discussion=f"thread:{page}" if page else None,
        discussion_scope=scope if page else None,
        parent_known=True,
        native_parent=above,
        author=author,
        posted_at_raw=plain_text(fields.get("createdAt")),
        body=element_text(fields.get("message")),
        markup="html",
        deletion="unknown" if _is_true(fields, "isDeleted") else None,
        discussion_title=thread.title,
        discussion_url=thread.link,
        permalink=f"{thread.link}#comment-{number}" if thread.link and number else None,
        extra=extra,
    )


def _author(fields: dict[str, Element]) -> tuple[str | None, dict[str, object]]:
    if "author" not in fields:
        return None, {}
    author = read_children(fields["author"])
    user = plain_text(author.get("username"))
    anonymous = True if _is_true(author, "isAnonymous") else None
    return plain_text(author.get("name")) or user, {"username": user, "anonymous": anonymous}


def _is_true(fields: dict[str, Element], name: str) -> bool:
    return element_text(fields.get(name)) == "true"


READER = Reader(
    name="disqus",
    version=2,
    title="Disqus XML export",
    extensions=(".xml",),
    replies="parent of every post",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("message",),
)
