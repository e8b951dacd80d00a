"""Questions of Askbot sites, saved as pages.

**What is read.** The question of a page, its answers, and the comments on each.

**What is kept.** All of them share one space of ids, so an id is the number alone and the question's is that of the
discussion; pages 1 to n of one question are one discussion. Answers have the question as parent, comments the post they
stand under. Bodies are HTML, times have their zone, scores are votes; a later edit, tags, the accepted answer and
who last edited are kept as well.

**What bites.** The question stands on every page of its answers. A wiki has no author. Page headers ("asked", names,
times) stand inside the body's element and are no words of it. Comments beyond the first few may be missing: a page says
so by a button, counted in ``extra.more`` as far as it says how many.

A file is Askbot's when it is a page that names askbot and has posts with ``data-post-id`` or ``data-comment-id``.

>>> READER.recognise(Head("x", b'<script>var askbot = {};</script><div class="post" data-post-id="7">', complete=False))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborNode

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.forum_pages import ForumPage, read_page, read_posts
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, text_of
from pipeline.ingest.readers.sites import name_scope
from pipeline.ingest.records import Batch

_QUESTION = re.compile(r"/question/(\d+)")
_NUMBER = re.compile(r"(?<![\d:])[+-]?\d{1,9}(?![\d:])")
_POSTS = ".js-question[data-post-id], .answer[data-post-id], .js-comment[data-comment-id]"
_TEMPLATE = "0"  # the id of a hidden comment that the page's script copies
_ACCEPTED = {"accepted-answer", "accepted"}


def recognise(head: Head) -> bool:
    """Whether it is a page of Askbot with a question."""
    data = head.data
    is_askbot = data.lstrip()[:1] == b"<" and b"askbot" in data.lower()
    return is_askbot and (b"data-post-id=" in data or b"data-comment-id=" in data or b"askbot['data']" in data)


def describe(source: Source) -> CaptureFacts:
    """A page: the question, then each answer, comments below their post."""
    scope = _scope_of(source, read_page(source))
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "page"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per question, answer and comment."""
    yield from _read_posts(source).batches()


def _read_posts(source: Source) -> RecordList:
    page = read_page(source)
    reading = _Reading(_scope_of(source, page), page)
    rows = RecordList()
    for location, fields in read_posts(page.tree.css(_POSTS), reading.read_post):
        if fields["native_id"] != _TEMPLATE:
            rows.add(location, **fields)
    return rows


def _scope_of(source: Source, page: ForumPage) -> str:
    return name_scope("askbot", page.host, source)


def _classes(node: LexborNode) -> list[str]:
    return (attribute_of(node, "class") or "").split()


def _votes_of(node: LexborNode | None) -> int | None:
    found = _NUMBER.fullmatch(text_of(node) or "")
    return int(found[0]) if found else None


class _Reading:
    """Reads the posts of one page."""

    def __init__(self, scope: str, page: ForumPage) -> None:
        number = attribute_of(page.first(".js-question[data-post-id]"), "data-post-id")
        self._question = number or page.number_in(_QUESTION, links='a[href*="/question/"]')
        self._page = page
        self._title = page.words(".js-question h1", "h1.section-title", "h1")
        self._tags = [tag for found in page.all("#question-tags .js-tag-name") if (tag := text_of(found))]
        self._shared: dict[str, Any] = {
            "scope": scope,
            "native_discussion": self._question,
            "discussion_scope": scope if self._question else None,
            "discussion_title": self._title,
            "discussion_url": page.address,
            "markup": "html",
        }

    def read_post(self, node: LexborNode) -> tuple[str, dict[str, Any]]:
        """Where a post stands, and what is known of it."""
        return self._read_comment(node) if "js-comment" in _classes(node) else self._read_post(node)

    def _read_post(self, node: LexborNode) -> tuple[str, dict[str, Any]]:
        page = self._page
        number = attribute_of(node, "data-post-id")
        is_question = "js-question" in _classes(node)
        infos = node.css(".post-update-info")
        asked = infos[0] if infos else None
        edited = infos[-1] if len(infos) > 1 else None
        fields = {
            **self._shared,
            "native_id": number,
            "parent_known": is_question or self._question is not None,
            "native_parent": None if is_question else self._question,
            "author": _author_of(page, asked),
            "posted_at_raw": _time_of(asked),
            "edited_at_raw": _time_of(edited),
            "title": self._title if is_question else None,
            "permalink": self._address(number),
            "votes": _votes_of(node.css_first(".vote-number")),
            "extra": {
                "tags": self._tags or None if is_question else None,
                "accepted": True if _ACCEPTED & set(_classes(node)) else None,
                "edited_by": _author_of(page, edited),
                "wiki": True if asked is not None and page.first_in(asked, 'img[src*="wiki"]') is not None else None,
                "more": _left_out(page, node),
            },
        }
        body = node.css_first(".post-body")
        if body is not None:
            page.remove_all(body, ".post-update-info-container")
        return f"{'question' if is_question else 'answer'} {number}", {**fields, "body": inner_of(body)}

    def _read_comment(self, node: LexborNode) -> tuple[str, dict[str, Any]]:
        page = self._page
        number = attribute_of(node, "data-comment-id")
        above = node.parent
        while above is not None and attribute_of(above, "data-parent-post-id") is None:
            above = above.parent
        parent = attribute_of(above, "data-parent-post-id")
        return f"comment {number}", {
            **self._shared,
            "native_id": number,
            "parent_known": parent is not None,
            "native_parent": parent,
            "author": text_of(page.first_in(node, "a.author", ".author")),
            "posted_at_raw": _time_of(page.first_in(node, ".comment-controls")) or _time_of(node),
            "body": inner_of(page.first_in(node, ".comment-body")),
            "permalink": self._address(number),
            "votes": _votes_of(page.first_in(node, ".js-score")),
        }

    def _address(self, number: str | None) -> str | None:
        page = self._shared["discussion_url"]
        return f"{page}#post-id-{number}" if page and number else None


def _author_of(page: ForumPage, info: LexborNode | None) -> str | None:
    return text_of(page.first_in(info, ".user-info a", "a.author")) if info is not None else None


def _time_of(node: LexborNode | None) -> str | None:
    shown = node.css_first("abbr.timeago, .timeago") if node is not None else None
    return attribute_of(shown, "title") or text_of(shown)


def _left_out(page: ForumPage, node: LexborNode) -> int | None:
    """How many comments a button offers to show."""
    found = _NUMBER.search(text_of(page.first_in(node, ".js-load-comments-btn, .load-comments")) or "")
    return int(found[0]) if found else None


READER = Reader(
    name="askbot",
    version=2,
    title="Questions of Askbot sites (saved pages)",
    extensions=(".html", ".htm"),
    replies="answers to their question, comments to their post",
    recognise=recognise,
    describe=describe,
    read=read,
    words=(".post-body", ".comment-body", "-.post-update-info-container"),
)
