"""Telegram chats as Telegram Desktop exports them in HTML (``messages.html``, ``messages2.html``, …).

**What is read.** Every ``div.message`` of a page that is no service line.

**What is kept.** Ids, authors, times with their zone, bodies as HTML. The link "In reply to this message" is the
declared parent, also where it leads to another page of the export. Pages do not say the id of their chat, so its name,
which heads every page, makes the scope (``telegram:NAME``) and the discussion. ``extra`` holds who was forwarded,
media, and signatures.

**What bites.** A message that follows another by the same author has no name (``joined``). A forwarded message names
its first author inside. Times are ``dd.mm.yyyy``, in older exports without a zone. Messages without a reply may answer
the one above: their parent is not known. Service lines (dates, joins, pins) are no posts: they are counted in
``skipped``. A page whose end is missing is read as far as it goes.

A file is such a page when it has ``div``s of the classes ``message`` and ``default`` with ids like ``message17``.

>>> read_date("12.07.2019 16:55:32 UTC+01:00")
'2019-07-12T16:55:32+01:00'
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.chat_json import stream_facts
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, parse_page
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.records import Batch

_MESSAGE = re.compile(rb"""<div\s+class="message (?:default|service)[^"]*"\s+id="message-?\d+""")
_ID = re.compile(r"message(-?\d+)")
_TARGET = re.compile(r"go_to_message(\d+)")
_DATE = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d(?::\d\d)?)(?:\s*UTC([+-]\d\d:?\d\d))?")


def recognise(head: Head) -> bool:
    """Whether the head shows messages of such a page."""
    return head.data.lstrip()[:1] == b"<" and _MESSAGE.search(head.data) is not None


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, "telegram")


def read(source: Source) -> Iterator[Batch]:
    """One record per message that is no service line."""
    page = parse_page(source)
    header = page.css_first("div.page_header .text")
    name = _words(header)
    has_media = b"media_wrap" in page.raw_html.lower()
    rows = RecordStream()
    author: str | None = None
    for number, message in enumerate(page.css("div.message"), start=1):
        facts = message.attributes
        classes = (facts.get("class") or "").split()
        if "service" in classes:
            rows.skip("system")
            continue
        if "joined" not in classes:
            author = None
        body = _body_of(message)
        children = _children(body)
        named = children.get("from_name")
        author = author if named is None else _words(named)
        _add(rows, f"message {number}", message, body, children, name, author, has_media=has_media)
        yield from rows.ready()
    yield from rows.finish()


def read_date(title: str) -> str:
    """A time as these pages write it, in ISO 8601; other text as it is."""
    found = _DATE.search(title)
    if not found:
        return title
    day, month, year, clock, zone = found.groups()
    return f"{year}-{month}-{day}T{clock}{zone or ''}"


def _add(
    rows: RecordStream,
    place: str,
    message: LexborNode,
    body: LexborNode,
    children: dict[str, LexborNode],
    name: str | None,
    author: str | None,
    *,
    has_media: bool,
) -> None:
    found = _ID.fullmatch(message.attributes.get("id") or "")
    reply, date = children.get("reply_to"), children.get("date")
    target = _target_of(reply) if reply else None
    forwarded = children.get("forwarded")
    inside = _children(forwarded) if forwarded else {}
    # The words of a forwarded message stand inside it.
    words = children.get("text") or inside.get("text")
    origin = inside.get("from_name")
    media = body.css_first(".media_wrap") if has_media else None
    title = media.css_first(".title") if media else None
    signature = children.get("signature")
    rows.add(
        place,
        scope=f"telegram:{name}" if name else None,
        native_id=found[1] if found else None,
        native_discussion=name,
        discussion_scope="telegram" if name else None,
        discussion_title=name,
        community=name,
        parent_known=target is not None,
        native_parent=target[1] if target else None,
        author=author,
        posted_at_raw=read_date((attribute_of(date, "title") or "").strip()) or None,
        body=(inner_of(words) or "").strip() or _poll(body),
        markup="html",
        extra={
            "forwarded": (_words(origin) or "unnamed") if forwarded else None,
            "media": (_words(title) or "unnamed") if media else None,
            "signature": _words(signature),
        },
    )


def _children(node: LexborNode) -> dict[str, LexborNode]:
    """The first child of each class."""
    found: dict[str, LexborNode] = {}
    for child in node.iter():
        for name in (child.attributes.get("class") or "").split():
            found.setdefault(name, child)
    return found


def _body_of(message: LexborNode) -> LexborNode:
    """The element that holds what was written: a child of its own message, but where markup is damaged."""
    for child in message.iter():
        if child.tag == "div" and "body" in (child.attributes.get("class") or "").split():
            return child
    return message.css_first("div.body") or message


def _target_of(reply: LexborNode) -> re.Match[str] | None:
    """The message that the first link leads to."""
    link = reply.css_first("a")
    where = [attribute_of(link, key) or "" for key in ("href", "onclick")]
    return next(filter(None, map(_TARGET.search, where)), None)


def _words(node: LexborNode | None) -> str | None:
    """The words right below a node, without those of elements inside."""
    if node is None:
        return None
    return " ".join((node.text(deep=False) or node.text()).split()) or None


def _poll(body: LexborNode) -> str | None:
    poll = body.css_first(".media_poll")
    parts = [part.html for part in poll.css(".question, .answer") if part.html] if poll else []
    return "".join(parts) or None


READER = Reader(
    name="telegram_page",
    version=2,
    title="Telegram chats in Telegram Desktop's HTML",
    extensions=(".html",),
    replies="the link to the message replied to",
    recognise=recognise,
    describe=describe,
    read=read,
    words=(".message.default .text",),
)
