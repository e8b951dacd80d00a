"""Threads of XenForo forums, saved as pages.

**What is read.** Every message of a page of a thread, of XenForo 1 and 2.

**What is kept.** Posts are ``post:123``, the thread ``topic:87``, so pages 1 to n of it are one discussion. Host and
thread come from the page's canonical address. The body is HTML; a quotation in it names its author, and the posts that
are quoted are in ``extra.quotes``. Author, time, time of the last edit, number in the thread, forum.

**What bites.** No parent is declared; only the message numbered 1 is known to answer nothing. "Click to expand..." and
"Ada said: ↑" are no words of a post. XenForo 1 writes recent times as numbers and older ones as words. Deleted
messages show their author at most.

A file is XenForo's when it is a page with elements of the class ``message`` that have ``data-author``, and names
XenForo or its scripts (``data-xf-init``, ``js-post``, ``messageText``), or when its template is ``thread_view``.

>>> READER.recognise(Head("x", b'<html id="XF"><article class="message js-post" data-author="Ada"', complete=False))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.forum_pages import (
    ForumPage,
    ForumPost,
    Topic,
    add_posts,
    numbers_in,
    read_page,
    read_posts,
    time_in,
)
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, text_of
from pipeline.ingest.readers.sites import name_scope
from pipeline.ingest.records import Batch

_MESSAGE = re.compile(rb"<(?:article|li)\s[^>]{0,400}\bclass=[\"']message[\s\"']")
_SIGNS = re.compile(rb"data-xf-init|js-post|id=[\"']XF|messageText|XenForo", re.IGNORECASE)
_THREAD_VIEW = re.compile(rb"<html\s[^>]{0,400}\bdata-template=[\"']thread_view(?:_type_\w+)?[\"']")
_POST_ID = re.compile(r"^(?:js-)?post-(\d+)$")
_THREAD = re.compile(r"/threads/(?:[^/?#]*\.)?(\d+)(?:[/?#]|$)|/t/(?:[^/?#]*\.)?(\d+)/")
_THREAD_KEY = re.compile(r"^thread-(\d+)$")
_SOURCE = re.compile(r"^post:\s*(\d+)")
_ANCHOR = re.compile(r"(?:#post-|/posts/|\bid=)(\d+)")
_NUMBER = re.compile(r"^#(\d{1,3}(?:[.,]?\d{3})*|\d+)$")
_UNSPOKEN = (
    ".js-selectToQuoteEnd, .bbCodeBlock-expandLink, .bbCodeBlock-shrinkLink, .messageTextEndMarker, .quoteExpand, "
    ".newIndicator"
)


def recognise(head: Head) -> bool:
    """Whether it is a page with messages of XenForo."""
    if head.data.lstrip()[:1] != b"<":
        return False
    has_messages = b"data-author=" in head.data and _MESSAGE.search(head.data) and _SIGNS.search(head.data)
    return bool(has_messages or _THREAD_VIEW.search(head.data))  # styles written into a page may fill its head


def describe(source: Source) -> CaptureFacts:
    """A page, whose posts stand in order of time."""
    scope = _scope_of(source, read_page(source))
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per message."""
    yield from _read_messages(source).batches()


def _read_messages(source: Source) -> RecordList:
    page = read_page(source)
    title = page.first("h1.p-title-value") or page.first(".titleBar h1")
    if title is not None:
        page.remove_all(title, ".label, .label-append, .prefix")
    topic = Topic(
        scope=_scope_of(source, page),
        number=_find_thread(page),
        title=text_of(title),
        url=page.address,
        community=_find_forum(page),
        anchor="post-",
    )
    rows = RecordList()
    messages = page.tree.css("article.message--post, li.message[data-author]")
    add_posts(rows, topic, read_posts(messages, lambda node: _read_post(page, node)))
    return rows


def _scope_of(source: Source, page: ForumPage) -> str:
    return name_scope("xenforo", page.host_of_links('a[href*="/threads/"]'), source)


def _find_thread(page: ForumPage) -> str | None:
    key = _THREAD_KEY.match(attribute_of(page.first("[data-content-key]"), "data-content-key") or "")
    if key:
        return key[1]
    for address in [
        *page.addresses,
        *(attribute_of(link, "href") or "" for link in page.all('a[href*="/post-"]')),
    ]:
        if found := _THREAD.search(address):
            return found[1] or found[2]
    return None


def _find_forum(page: ForumPage) -> str | None:
    trail = page.all(".p-breadcrumbs li > a, .breadcrumb .crust a.crumb")
    return next((name for link in reversed(trail) if (name := text_of(link))), None)


def _read_post(page: ForumPage, node: LexborNode) -> ForumPost:
    number = next(
        (
            found[1]
            for name in ("data-content", "id")
            if (found := _POST_ID.match(attribute_of(node, name) or "")) is not None
        ),
        None,
    )
    body = page.first_in(node, ".message-body .bbWrapper", ".bbWrapper", ".messageText")
    quotes: list[str] = []
    if body is not None:
        quotes = numbers_in(page.all_in(body, "[data-source]"), "data-source", _SOURCE)
        quotes = quotes or numbers_in(page.all_in(body, "a.AttributionLink"), "href", _ANCHOR)
        _name_quoted(page, body)
        page.remove_all(body, _UNSPOKEN)
    words = inner_of(body)
    if body is not None:
        body.decompose()
    place = _NUMBER.match(
        text_of(page.first_in(node, ".message-attribution-opposite li:last-child", ".postNumber")) or ""
    )
    is_deleted = "deleted" in " ".join((attribute_of(node, "class") or "").replace("--", " ").split())
    return ForumPost(
        number=number,
        author=attribute_of(node, "data-author"),
        time=time_in(page.first_in(node, ".message-attribution time", ".datePermalink .DateTime", "time", ".DateTime")),
        edited=time_in(page.first_in(node, ".message-lastEdit time", ".editDate .DateTime")),
        body=words,
        place=re.sub(r"\D", "", place[1]) if place else None,
        is_deleted=is_deleted and words is None,
        quoted=quotes,
    )


def _name_quoted(page: ForumPage, body: LexborNode) -> None:
    """In XenForo 1 the author of a quotation stands outside of it: moved to where it is read."""
    for quotation in page.all_in(body, ".bbCodeQuote[data-author]"):
        inner = quotation.css_first("blockquote")
        if inner is not None:
            inner.attrs["data-author"] = attribute_of(quotation, "data-author")
            page.remove_all(quotation, ".attribution")


READER = Reader(
    name="xenforo",
    version=2,
    title="Threads of XenForo forums (saved pages)",
    extensions=(".html", ".htm"),
    replies="nothing declared; quotations tell most",
    recognise=recognise,
    describe=describe,
    read=read,
    words=(".message-body .bbWrapper", "-.bbCodeBlock-expandLink", "-.bbCodeBlock-shrinkLink"),
)
