"""Pages of Reddit in its layout since 2023 (www.reddit.com), saved from a browser or by a scraper.

**What is read.** Comment pages, the parts that a page loads later ("more comments"), and listings: every
``shreddit-post`` is a submission and every ``shreddit-comment`` a comment, wherever they stand. Advertisements are not
read.

**What is kept.** Ids, authors, times, scores and parents from attributes, so the language of the page does not matter;
bodies as HTML. Ids are those of the reader `reddit`, so that page, dump and API answer are one discussion. The parent
is what ``parentid`` names, else the comment it stands in, else the submission.

**What bites.** A comment without an id, as some scrapers leave them, has its parent from the nesting only. Replies that
the page would load on demand are counted as ``more`` in the extra of the comment they answer (0 where the page does not
say how many). Deleted comments keep their place, without words. Names of people who deleted their
account are "[deleted]". The comments on a page of a user are not read.

A file is such a page when it is HTML with ``shreddit-post`` or ``shreddit-comment`` elements that have an author or id,
or loads the layout's own files.

>>> READER.recognise(Head("p.html", b'<shreddit-comment thingid="t1_c1" depth="0">', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, parse_page, text_of
from pipeline.ingest.readers.old_reddit_things import absolute
from pipeline.ingest.records import Batch

_SIGN = re.compile(
    rb"<shreddit-(?:post|comment)\s[^>]{0,2000}?\b(?:author|thingid|id|postid)\s*="
    rb"|<shreddit-app\b|redditstatic\.com/shreddit/",
    re.IGNORECASE,
)
_NAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
_PAGE = re.compile(r"/comments/([0-9a-z]{1,13})(?:[/?#]|$)")
_NUMBER = re.compile(r"-?\d{1,15}")
_DIGITS = re.compile(r"\d{1,9}")
# What stands in the place of words that are gone, in the English page.
_GONE = {
    "[deleted]": "author",
    "comment deleted by user": "author",
    "[removed]": "moderator",
    "comment removed by moderator": "moderator",
    "[ removed by moderator ]": "moderator",
    "[ removed by reddit ]": "moderator",
}
_COMMENT = "shreddit-comment"
_LONGEST_SIGN = 5_000  # characters of HTML

_Attributes = Mapping[str, str | None]


def recognise(head: Head) -> bool:
    """Whether it is HTML with the elements of the layout."""
    return head.data.lstrip()[:1] == b"<" and _SIGN.search(head.data) is not None


def describe(source: Source) -> CaptureFacts:
    """A page, depth first."""
    return CaptureFacts("reddit", "page", order_of(source.settings, "page"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per submission and comment."""
    yield from _read_page(parse_page(source)).batches()


def _read_page(tree: LexborHTMLParser) -> RecordList:
    rows = RecordList()
    page = _Page(tree)
    hidden = _count_hidden(tree)
    # A Python loop over the posts of a page: each is a part of a tree.
    for number, node in enumerate(tree.css("shreddit-post, shreddit-comment"), start=1):
        if node.tag == _COMMENT:
            _add_comment(rows, page, node, f"post {number}", hidden.get(node.mem_id))
        else:
            _add_submission(rows, node, f"post {number}")
    return rows


class _Page:
    """The submission that a page is about, as far as the page shows it."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        posts = tree.css("shreddit-post")
        own = posts[0] if len(posts) == 1 else None
        self.link = _name_of(own, "id")
        self.title = attribute_of(own, "post-title") or text_of(own.css_first("[slot=title]") if own else None)
        self.address = absolute(attribute_of(own, "permalink"))


def _name_of(node: LexborNode | None, attribute: str) -> str | None:
    return _as_name(attribute_of(node, attribute))


def _as_name(text: str | None) -> str | None:
    name = (text or "").strip()
    return name if _NAME.fullmatch(name) else None


def _facts_of(facts: _Attributes) -> dict[str, Any]:
    score = facts.get("score") or ""
    community = facts.get("subreddit-name") or facts.get("subreddit-prefixed-name")
    return {
        "scope": "reddit",
        "author": facts.get("author") or None,
        "votes": int(score) if _NUMBER.fullmatch(score) else None,
        "community": community.removeprefix("r/") if community else None,
        "permalink": absolute(facts.get("permalink") or None),
        "markup": "html",
    }


def _words_of(node: LexborNode, slot: str, name: str | None) -> tuple[str | None, str | None]:
    """The words in a slot of a post itself, not of one inside it, and who took them away if they are gone."""
    part = next((part for part in node.iter() if part.attributes.get("slot") == slot), None)
    if part is None and name:
        kind = "comment" if node.tag == _COMMENT else "post"
        ends = (f"{name}-{kind}-rtjson-content", f"{name}-post-rtjson-content")
        part = next((part for part in node.iter() if attribute_of(part, "id") in ends), None)
    html = inner_of(part)
    deletion = _GONE.get((text_of(part) or "").strip().lower()) if html and len(html) <= _LONGEST_SIGN else None
    return (None, deletion) if deletion else (html, None)


def _add_submission(rows: RecordList, node: LexborNode, place: str) -> None:
    facts = node.attributes
    name = _as_name(facts.get("id"))
    title = facts.get("post-title") or text_of(node.css_first("[slot=title]"))
    body, deletion = _words_of(node, "text-body", _as_name(facts.get("thingid")) or name)
    address = absolute(facts.get("permalink") or None)
    link = facts.get("content-href") or None
    rows.add(
        place,
        native_id=name,
        native_discussion=name,
        discussion_scope="reddit" if name else None,
        parent_known=True,
        title=title,
        body=body,
        deletion=deletion,
        posted_at_raw=facts.get("created-timestamp") or None,
        discussion_title=title,
        discussion_url=address,
        extra={
            "url": None if link is None or absolute(link) == address else link,
            "num_comments": facts.get("comment-count") or None,
        },
        **_facts_of(facts),
    )


def _add_comment(rows: RecordList, page: _Page, node: LexborNode, place: str, more: int | None) -> None:
    facts = node.attributes
    name = _as_name(facts.get("thingid"))
    link = _as_name(facts.get("postid"))
    if link is None:
        shown = _PAGE.search(facts.get("permalink") or "")
        link = f"t3_{shown[1]}" if shown else page.link
    parent = _as_name(facts.get("parentid"))
    if parent is None:
        around = _comment_around(node)
        parent = _name_of(around, "thingid") or (link if around is None else None)
    depth = facts.get("depth") or ""
    body, deletion = _words_of(node, "comment", name or _as_name(facts.get("id")))
    own = link == page.link
    rows.add(
        place,
        native_id=name,
        native_discussion=link,
        discussion_scope="reddit" if link else None,
        parent_known=parent is not None,
        native_parent=parent,
        depth=int(depth) if _DIGITS.fullmatch(depth) else None,
        body=body,
        deletion=deletion,
        posted_at_raw=facts.get("created") or None,
        discussion_title=page.title if own else None,
        discussion_url=page.address if own else None,
        extra={"more": more} if more is not None else None,
        **_facts_of(facts),
    )


def _comment_around(node: LexborNode) -> LexborNode | None:
    around = node.parent
    while around is not None and around.tag != _COMMENT:
        around = around.parent
    return around


def _count_hidden(tree: LexborHTMLParser) -> dict[int, int]:
    """How many replies a page would load on demand, by the comment they stand in."""
    hidden: dict[int, int] = {}
    for stub in tree.css("faceplate-partial[src*=more-comments]"):
        around = _comment_around(stub)
        if around is not None:
            count = _DIGITS.search(text_of(stub) or "")
            hidden[around.mem_id] = hidden.get(around.mem_id, 0) + (int(count[0]) if count else 0)
    return hidden


READER = Reader(
    name="new_reddit",
    version=2,
    title="Pages of Reddit in its layout since 2023",
    extensions=(".html",),
    replies="parentid, else nesting",
    recognise=recognise,
    describe=describe,
    read=read,
    words=('[slot="comment"]',),
)
