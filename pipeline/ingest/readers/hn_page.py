"""Pages of Hacker News: a story or comment with the comments under it, and lists of comments.

**What is read.** Item pages of any year, page by page, as saved from the browser or fetched by a script. The story (or
comment) above and every comment are records; so are the stories of a front page. Poll options are not read.

**What is kept.** Ids, authors, bodies as HTML, the story's points and link, in the scope of the reader `hackernews`, so
that pages and API answers of one thread are one discussion. The parent of a comment is what its "parent" link names,
else the nearest comment above that is indented one step less; it is the story, or the comment the page is about, where
the comment is not indented. Depth is the indent.

**What bites.** The indent is an attribute since 2021, before that the width of an empty image, 40 a step. Ages were
words ("368 days ago") before they had a time as their title; words are kept as they are. Deleted comments show
"[deleted]" and in old pages not even an id: their replies have a depth and no parent that could be named. Pages two
and on of old threads name neither story nor first page, only each other: their comments have no discussion, and
unindented ones no known parent. What they have is kept in ``extra``: ``page``, their own address, of the first comment,
``next_page``, of the last comment of every page that goes on.

A file is such a page when it is HTML with items in Hacker News' markup and links to them.

>>> READER.recognise(Head("item.html", b'<tr class="athing comtr" id="1"><a href="item?id=1">', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborNode

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers import hn_markup as markup
from pipeline.ingest.readers.hn_items import ADDRESS, SCOPE
from pipeline.ingest.readers.html_pages import attribute_of, parse_page, text_of
from pipeline.ingest.records import Batch

_ITEM = re.compile(rb"""class=["']?(?:athing|fatitem|comhead|subtext)\b""")
_LINK = re.compile(rb"""href=["']?(?:https?://news\.ycombinator\.com/)?item\?id=\d""")


@dataclass
class _Page:
    """What the comments of a page share, and the comments that one further down may answer."""

    story: str | None = None
    title: str | None = None
    head: str | None = None  # what the page is about: the story or a comment
    above: list[str | None] = field(default_factory=list)  # per depth the id of the last comment


def recognise(head: Head) -> bool:
    """Whether it is HTML with items and links to them."""
    is_page = head.data.lstrip()[:1] == b"<"
    return is_page and _ITEM.search(head.data) is not None and _LINK.search(head.data) is not None


def describe(source: Source) -> CaptureFacts:
    """A page, depth first."""
    return CaptureFacts(SCOPE, "page", order_of(source.settings, "page"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record for the item on top, and one per comment."""
    tree = parse_page(source)
    rows = RecordList()
    page = _Page()
    lines = tree.css("td.subtext")
    for number, line in enumerate(lines, start=1):
        _add_story(rows, page, line, f"story {number}", alone=len(lines) == 1)
    cells = [cell for cell in tree.css("td.default") if cell.css_first(".comhead") is not None]
    for number, cell in enumerate(cells, start=1):
        marks = {
            "page": markup.own_address(tree) if number == 1 and page.story is None else None,
            "next_page": markup.next_address(tree) if number == len(cells) else None,
        }
        _add_comment(rows, page, cell, f"comment {number}", marks)
    yield from rows.batches()


def _add_story(rows: RecordList, page: _Page, line: LexborNode, place: str, *, alone: bool) -> None:
    """A story, given the cell with its points; alone on its page, it is what the page is about."""
    row = line.parent
    title_row = row.prev if row is not None else None
    while title_row is not None and not title_row.is_element_node:
        title_row = title_row.prev
    title = title_row.css_first("td.title a") if title_row is not None else None
    if title is None or row is None:
        return
    link = attribute_of(title, "href")
    score = attribute_of(line.css_first("[id^=score_]"), "id") or ""
    links = [markup.linked_item(attribute_of(a, "href")) for a in line.css("a")]
    candidates = [attribute_of(title_row, "id"), score.removeprefix("score_"), markup.linked_item(link), *links]
    own = next(filter(None, candidates), None)
    words = text_of(title)
    if alone:
        page.story, page.head, page.title = own, own, words
    rows.add(
        place,
        scope=SCOPE,
        native_id=own,
        native_discussion=own,
        discussion_scope=SCOPE if own else None,
        parent_known=True,
        author=markup.author_of(line),
        posted_at_raw=markup.age_of(line),
        title=words,
        body=markup.story_body(row) if alone else None,
        markup="html",
        votes=markup.points_of(line),
        discussion_title=words,
        discussion_url=ADDRESS + own if own else None,
        permalink=ADDRESS + own if own else None,
        extra={"url": None if markup.linked_item(link) else link},
    )


def _add_comment(rows: RecordList, page: _Page, cell: LexborNode, place: str, marks: dict[str, Any]) -> None:
    row, head = cell.parent, cell.css_first(".comhead")
    if row is None or head is None:
        return
    own, depth = markup.own_id(cell, head), markup.depth_of(row)
    on_top = depth is None and page.head is None
    on = markup.story_link(head)
    if (story := markup.linked_item(attribute_of(on, "href"))) and story != page.story:
        page.story, page.title = story, attribute_of(on, "title") or text_of(on)
    parent = markup.linked_item(markup.link_called(head, "parent"))
    if parent is None and depth is not None and depth <= len(page.above):
        parent = page.above[depth - 1] if depth else page.head
    if on_top:
        page.head = own
    elif depth is not None:
        missing: list[str | None] = [None] * (depth - len(page.above))
        page.above[depth:] = [*missing, own]
    body, deletion = markup.comment_body(cell)
    rows.add(
        place,
        scope=SCOPE if own else None,
        native_id=own,
        native_discussion=page.story,
        discussion_scope=SCOPE if page.story else None,
        parent_known=parent is not None,
        native_parent=parent,
        depth=depth if page.head == page.story else None,
        author=markup.author_of(head),
        posted_at_raw=markup.age_of(head),
        body=body,
        markup="html",
        deletion=deletion,
        discussion_title=page.title,
        discussion_url=ADDRESS + page.story if page.story else None,
        permalink=ADDRESS + own if own else None,
        extra=marks,
    )


READER = Reader(
    name="hackernews_page",
    version=1,
    title="Pages of Hacker News",
    extensions=(".html",),
    replies="indentation, or the link to the parent",
    recognise=recognise,
    describe=describe,
    read=read,
)
