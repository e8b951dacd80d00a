"""Pages of Lemmy's own web interface (lemmy-ui), saved from a browser or as the server sends them.

**What is read.** The post of a page and its comments. The server puts the answers of its API into the page
(``isoData``): what they hold is read from there, as the reader of that API does; comments that only the page shows
(loaded later, or where a browser left the script out) are read from their elements.

**What is kept.** The ids of the API (``post:180``, ``comment:501``) and its scope, so a page and an answer of one
instance are one discussion. Of comments from elements: nesting is the parent, the interface's own time, author as
``name`` or ``name@host``, score, text as HTML.

**What bites.** The canonical address of a page is that of the instance where the post was written; ``og:url`` is the
page's own. Sorted as "Chat" the page is flat, newest first, and says nothing of parents: without any sign of a tree
they are left open. Deleted and removed comments read "deleted by creator" or "removed by mod". Comments with more
replies than the page shows have a button that counts them (``extra.more``).

A file is such a page when it names Lemmy or ``isoData`` and has elements of the class ``comment-node`` or a post's
``postContent``, or views of them in its data.

>>> READER.recognise(Head("x", b'<script>window.isoData = {}</script><article class="comment-node">', complete=True))
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
from pipeline.ingest.readers.api_json import parse_loosely
from pipeline.ingest.readers.forum_pages import ForumPage, read_page, read_posts
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, text_of
from pipeline.ingest.readers.lemmy import add_views, find_host, ids_of
from pipeline.ingest.readers.sites import host_of, name_scope
from pipeline.ingest.records import Batch

_NODES = re.compile(rb"\bcomment-node\b|id=[\"']postContent|\bpost-listing\b|\"(?:post_view|comment)\":")
_LEMMY = re.compile(rb"isoData|lemmy", re.IGNORECASE)
_DATA = re.compile(r"\bisoData\s*=\s*(?=\{)")
_UNDEFINED = re.compile(r"(?<=[:,\[])undefined(?=[,}\]])")
_DATE = re.compile(r"new Date\((\"[^\"]{0,40}\")\)")
_COMMENT_ID = re.compile(r"^comment-(\d+)$")
_POST_ADDRESS = re.compile(r"/post/(\d+)(?:[/?#]|$)")
_PERSON = re.compile(r"/u/([^/?#]+)")
_COMMUNITY = re.compile(r"/c/([^/?#]+)")
_SCORE = re.compile(r"^(-?\d{1,9})(?:\s|$)")
_TIMES = re.compile(r"^(?:\w+\s*:\s*)?(.+?)(?:\n+\s*\w+:?\s+(.+))?$", re.DOTALL)
_GONE = {"deleted by creator": "author", "deleted": "author", "removed by mod": "moderator", "removed": "moderator"}


def recognise(head: Head) -> bool:
    """Whether it is a page of lemmy-ui with a post or comments."""
    is_page = head.data.lstrip()[:1] == b"<"
    return bool(is_page and _LEMMY.search(head.data) and _NODES.search(head.data))


def describe(source: Source) -> CaptureFacts:
    """A page, comments depth first unless it is flat."""
    page = read_page(source)
    scope = _scope_of(source, page, _find_data(page))
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "unknown"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per post and comment."""
    page = read_page(source)
    data = _find_data(page)
    scope = _scope_of(source, page, data)
    rows = RecordList()
    add_views(rows, data, "", scope)
    known = ids_of(data)
    reading = _Reading(page, scope)
    if reading.post is not None and f"post:{reading.post}" not in known:
        reading.add_post(rows)
    for fields in read_posts(reading.nodes, reading.read_comment):
        if fields["native_id"] not in known:
            rows.add(fields["native_id"].replace(":", " "), **fields)
    yield from rows.batches()


def _scope_of(source: Source, page: ForumPage, data: Any) -> str:
    own = attribute_of(page.first('meta[property="og:url"]'), "content")
    return name_scope("lemmy", host_of(own) or find_host([data]) or page.host, source)


def _find_data(page: ForumPage) -> Any:
    """What the server put into the page; None where it is not there."""
    for script in page.tree.css("script") if page.may_hold("isodata") else []:
        text = script.text()
        start = _DATA.search(text)
        if start:
            text = _DATE.sub(r"\1", _UNDEFINED.sub("null", text[start.end() :]))
            values, _ = parse_loosely(text.encode("utf-8", errors="replace"))
            return values[0] if values else None
    return None


class _Reading:
    """Reads the elements of one page."""

    def __init__(self, page: ForumPage, scope: str) -> None:
        tree = page.tree
        self._page = page
        self._scope = scope
        self._title = page.first("h1")
        own = attribute_of(page.first('meta[property="og:url"]'), "content")
        links = page.all('h1 a[href*="/post/"], .post-title a[href*="/post/"], .post-listing a[href*="/post/"]')
        named = [own, *page.addresses, *(attribute_of(link, "href") for link in links)]
        found = [number for address in named if address and (number := _POST_ADDRESS.search(address))]
        self.post = found[0][1] if found else None
        self.nodes = [node for node in tree.css('[id^="comment-"]') if _number_of(node)]
        self._above = {node.mem_id: _number_above(node) for node in self.nodes}
        # Only in a tree are comments set in.
        self._is_tree = (
            any(self._above.values()) or page.first(".comment-node > .ms-2, .comment-node > .ml-2") is not None
        )
        community = attribute_of(page.first(".community-link"), "href") or ""
        host = scope.partition(":")[2]
        discussion = f"post:{self.post}" if self.post else None
        self._shared: dict[str, Any] = {
            "scope": scope,
            "native_discussion": discussion,
            "discussion_scope": scope if discussion else None,
            "discussion_title": text_of(self._title),
            "discussion_url": f"https://{host}/post/{self.post}" if host and self.post else None,
            "community": name[1] if (name := _COMMUNITY.search(community)) else None,
            "markup": "html",
        }

    def add_post(self, rows: RecordList) -> None:
        page = self._page
        listing = page.first(".post-listing")
        content = page.first("#postContent")
        body = page.first_in(content, ".md-div") or content if content is not None else None
        link = attribute_of(self._title.css_first("a[href]"), "href") if self._title is not None else None
        if self._title is None and body is None:
            return
        posted, edited = _times_of(page, listing)
        rows.add(
            f"post {self.post}",
            **self._shared,
            native_id=f"post:{self.post}",
            parent_known=True,
            author=_author_of(page, listing),
            posted_at_raw=posted,
            edited_at_raw=edited,
            title=text_of(self._title),
            body=inner_of(body) or "",
            votes=_votes_of(listing),
            permalink=self._shared["discussion_url"],
            extra={"url": link if link and host_of(link) and not _POST_ADDRESS.search(link) else None},
        )

    def read_comment(self, node: LexborNode) -> dict[str, Any]:
        number = _number_of(node)
        above = self._above[node.mem_id]
        parent = f"comment:{above}" if above else f"post:{self.post}" if self.post and self._is_tree else None
        page = self._page
        posted, edited = _times_of(page, node)
        body = page.first_in(node, ".comment-content .md-div", ".comment-content", ".md-div")
        host = self._scope.partition(":")[2]
        more = _SCORE.match(text_of(_more_button(node)) or "")
        return {
            **self._shared,
            "native_id": f"comment:{number}",
            "parent_known": parent is not None,
            "native_parent": parent,
            "author": _author_of(page, node),
            "posted_at_raw": posted,
            "edited_at_raw": edited,
            "body": inner_of(body),
            "deletion": _GONE.get((text_of(body) or "").lower()),
            "permalink": f"https://{host}/comment/{number}" if host else None,
            "votes": _votes_of(node),
            "extra": {"more": int(more[1]) if more else None},
        }


def _number_of(node: LexborNode) -> str | None:
    found = _COMMENT_ID.match(attribute_of(node, "id") or "")
    return found[1] if found else None


def _number_above(node: LexborNode) -> str | None:
    """The comment whose element the element around this one stands in."""
    wrapper = node.parent
    above = wrapper.parent if wrapper is not None else None
    while above is not None:
        if "comment" in (attribute_of(above, "class") or "").split():
            inner = above.child
            while inner is not None:
                if number := _number_of(inner):
                    return number
                inner = inner.next
        above = above.parent
    return None


def _more_button(node: LexborNode) -> LexborNode | None:
    """The button below a comment that offers the replies that are not shown."""
    below = node.next
    while below is not None and not below.is_element_node:
        below = below.next
    return below.css_first("button") if below is not None and below.tag == "div" and not below.css("[id]") else None


def _author_of(page: ForumPage, node: LexborNode | None) -> str | None:
    link = page.first_in(node, "a.person-listing", 'a[href*="/u/"]') if node is not None else None
    address = attribute_of(link, "href") or ""
    name = _PERSON.search(address)
    if name is None:
        return None
    home = host_of(address)  # a link to the person's own instance
    return f"{name[1]}@{home}" if home and "@" not in name[1] else name[1]


def _times_of(page: ForumPage, node: LexborNode | None) -> tuple[str | None, str | None]:
    """When something was written and changed, as the page says when pointed at."""
    shown = page.first_in(node, ".moment-time") if node is not None else None
    times = _TIMES.match((attribute_of(shown, "data-tippy-content") or "").strip()[:300])
    if times is None:
        return text_of(shown), None
    return times[1].strip(), times[2].strip() if times[2] else None


def _votes_of(node: LexborNode | None) -> int | None:
    labels = node.css("[aria-label]") if node is not None else []
    scores = (_SCORE.match(attribute_of(label, "aria-label") or "") for label in labels)
    return next((int(score[1]) for score in scores if score), None)


READER = Reader(
    name="lemmy_page",
    version=2,
    title="Pages of Lemmy's web interface",
    extensions=(".html", ".htm"),
    replies="path of every comment in the page's data; else nesting",
    recognise=recognise,
    describe=describe,
    read=read,
    words=(".comment-content", ".md-div"),
)
