"""Talk pages of MediaWiki: saved pages and what the parser gives, the API's answers of parsed or raw text among them.

**What is read.** Every signed comment: from the end of the one before to a signature (a link to a user, then a time
with its zone in brackets) and on to the end of that line. Of an answer with raw text (``revisions`` with their
content) the latest text.

**What is kept.** A heading begins a discussion of its own, ``PAGE#ANCHOR`` in the scope ``mediawiki:HOST``; the page
is the community. Depth is the indentation (``dd``, ``li``), what is skipped left out, and tells the parent. Author is
the user that the signature links to; the time as signed, or in UTC where MediaWiki wrote it into the comment's id,
which is kept where the page has it. Bodies without their signatures.

**What bites.** Namespaces are called otherwise in every language: the larger wikis' names are known, and two links to
one name in two namespaces are a user and a talk page anywhere. A second signature on a line is a later addition by
the same or another hand and starts no comment. Times in quotations are passed over. Words that nobody signed belong
to the next signed comment, and at the end of a section to nobody: the comment before says in ``extra`` that such were
``skipped``. Histories without text hold no discussion, and are refused.

A file is such a page when its head shows the marks of MediaWiki's parser, or the keys of its API.

>>> READER.recognise(Head("Talk.html", b'<div class="mw-parser-output"><h2>Maps</h2>', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from pipeline.errors import InputError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import has_keys, parse_json, read_bytes
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.html_pages import parse_page
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.readers.wikitalk_comments import Comment, Piece, find_comments
from pipeline.ingest.readers.wikitalk_html import TalkPage, find_host, read_talk_html, read_talk_page
from pipeline.ingest.readers.wikitalk_names import page_title
from pipeline.ingest.readers.wikitalk_text import read_talk_text
from pipeline.ingest.records import Batch

_MARKS = re.compile(
    rb"class=\"[^\"]*\bmw-(?:parser-output|headline|heading|editsection)\b|<meta name=\"generator\" content=\"MediaWiki"
    rb"|\"wgCanonicalNamespace\"|data-mw-comment-start"
)
_UNQUOTED = "/:;@!$*(),"  # as MediaWiki leaves them in addresses
_PARSED = re.compile(rb"\A\s*\{\s*\"parse\"\s*:\s*\{")


def recognise(head: Head) -> bool:
    """Whether it is a page of MediaWiki, or an answer of its API that may hold a page's text."""
    start = head.data.lstrip()[:1]
    if start == b"{":
        return bool(_PARSED.match(head.data)) or has_keys(head, "query", "pages", "revisions", "revid")
    return start == b"<" and _MARKS.search(head.data) is not None


def describe(source: Source) -> CaptureFacts:
    """Pages; comments stand as they answer each other.

    Raises:
        InputError: there is no signed comment in it.
    """
    pages = source.parse_once(_pages)
    host = next((page.host for page in pages if page.host), None)
    if not any(comment for page in pages for comment in find_comments(page.pieces)):
        raise InputError(f"{source.name} is a page of MediaWiki, or its history, and holds no signed comment.")
    return CaptureFacts(
        source=f"mediawiki:{host}" if host else "mediawiki",
        shape="page",
        order_known=order_of(source.settings, "page"),
        paragraphs=False,
    )


def read(source: Source) -> Iterator[Batch]:
    """One record per signed comment."""
    stream = RecordStream()
    counts = _Counts()
    for page in source.parse_once(_pages):
        _add_comments(stream, page, counts)
        del page  # which is larger than what is read of it
        yield from stream.ready()
    yield from stream.finish()


@dataclass
class _Counts:
    """How much has been read so far."""

    comments: int = 0
    sections: int = 0


def _add_comments(stream: RecordStream, page: TalkPage, counts: _Counts) -> None:
    section: Piece | None = None
    counts.sections += 1
    for comment in find_comments(page.pieces):
        if comment is None:
            stream.skip("unsigned")
            continue
        counts.comments += 1
        counts.sections += comment.section is not section
        section = comment.section
        _add_comment(stream, comment, page, counts.comments, counts.sections)


def _add_comment(stream: RecordStream, comment: Comment, page: TalkPage, number: int, section: int) -> None:
    scope = f"mediawiki:{page.host}" if page.host else "mediawiki"
    heading = comment.section
    title = (heading.page if heading else "") or page.title
    anchor = (heading.anchor or heading.value.replace(" ", "_")) if heading else ""
    path = quote(title.replace(" ", "_"), safe=_UNQUOTED)
    address = f"https://{page.host}/wiki/{path}" if page.host and title else None
    fragment = f"#{quote(anchor, safe=_UNQUOTED)}" if anchor else ""
    stream.add(
        f"comment {number}",
        listing=0 if title else section,
        scope=scope if comment.number else None,
        native_id=comment.number,
        native_discussion=f"{title}#{anchor}" if title else None,
        discussion_scope=scope if title else None,
        depth=comment.depth,
        author=comment.author,
        posted_at_raw=comment.sent or comment.posted,
        body=_written(comment.body),
        markup="html",
        discussion_title=(heading.value if heading else title) or None,
        discussion_url=f"{address}{fragment}" if address else None,
        community=title or None,
        permalink=f"{address}#{quote(comment.number, safe=_UNQUOTED)}" if address and comment.number else None,
    )


def _written(pieces: list[Piece]) -> str:
    """HTML of the pieces of a comment."""
    written = []
    for piece in pieces:
        if piece.kind == "text":
            written.append(escape(piece.value, quote=False))
        elif piece.kind == "close":
            written.append(f"</{piece.value}>")
        else:
            written.append(piece.written)
    return "".join(written).strip()


def _pages(source: Source) -> list[TalkPage]:
    """The pages that a file holds.

    Raises:
        InputError: it is no document that can be read.
    """
    if not source.head().data.lstrip().startswith(b"{"):
        tree = parse_page(source)
        page = read_talk_page(tree, tree.raw_html.decode("utf-8", errors="replace"))
        fetched = source.address or ""
        return [TalkPage(page.pieces, page.title or page_title(fetched) or "", find_host([fetched]) or page.host)]
    try:
        answer = parse_json(read_bytes(source))
    except ValueError as trouble:
        raise InputError(f"{source.name} is no whole answer of MediaWiki's API: {trouble}.") from trouble
    parsed = answer.get("parse") if isinstance(answer, dict) else None
    if isinstance(parsed, dict):
        text = parsed.get("text")
        html = text.get("*") if isinstance(text, dict) else text
        try:
            page = read_talk_html(html if isinstance(html, str) else "")
        except ValueError as trouble:
            raise InputError(f"{source.name} cannot be read as a page: {trouble}.") from trouble
        return [TalkPage(page.pieces, page.title or _text(parsed.get("title")), page.host)]
    return list(_read_revisions(answer))


def _read_revisions(answer: Any) -> Iterator[TalkPage]:
    """The latest text of every page of an answer, where it gives one."""
    query = answer.get("query") if isinstance(answer, dict) else None
    pages = query.get("pages") if isinstance(query, dict) else None
    for page in pages.values() if isinstance(pages, dict) else pages if isinstance(pages, list) else []:
        revisions = page.get("revisions") if isinstance(page, dict) else None
        told = [
            (_text(revision.get("timestamp")), text)
            for revision in (revisions if isinstance(revisions, list) else [])
            if isinstance(revision, dict) and (text := _content(revision))
        ]
        if told:
            yield TalkPage(read_talk_text(max(told)[1]), _text(page.get("title")), None)


def _content(revision: dict[str, Any]) -> str:
    """The text of a revision, in whichever of its shapes the API gives it."""
    slots = revision.get("slots")
    main = slots.get("main") if isinstance(slots, dict) else None
    for holder in (main, revision):
        if isinstance(holder, dict):
            for name in ("content", "*"):
                if isinstance(holder.get(name), str):
                    return str(holder[name])
    return ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


READER = Reader(
    name="wikitalk",
    version=2,
    title="MediaWiki talk pages (HTML, API)",
    extensions=(".html", ".json"),
    replies="indentation",
    recognise=recognise,
    describe=describe,
    read=read,
)
