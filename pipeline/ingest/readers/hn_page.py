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
and on of old threads do not name the story, only the page that follows, which their own vote links name: beside the
pages before them they are part of the discussion, alone they are one without a name.

A file is such a page when it is HTML with items in Hacker News' markup and links to them.

>>> READER.recognise(Head("item.html", b'<tr class="athing comtr" id="1"><a href="item?id=1">', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

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
    has_small: bool = True  # whether any words are in small print
    above: list[tuple[int, str | None]] = field(default_factory=list)  # depth and id of each comment above the last


def recognise(head: Head) -> bool:
    """Whether it is HTML with items and links to them."""
    is_page = head.data.lstrip()[:1] == b"<"
    return is_page and _ITEM.search(head.data) is not None and _LINK.search(head.data) is not None


def describe(source: Source) -> CaptureFacts:
    """A page, depth first."""
    return CaptureFacts(SCOPE, "page", order_of(source.settings, "page"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record for the item on top, and one per comment."""
    yield from _read_page(parse_page(source)).batches()


def _read_page(tree: LexborHTMLParser) -> RecordList:
    rows = RecordList()
    page = _Page(has_small=b"font" in tree.raw_html.lower())
    lines = tree.css("td.subtext") if b"subtext" in tree.raw_html.lower() else []
    for number, line in enumerate(lines, start=1):
        _add_story(rows, page, line, f"story {number}", alone=len(lines) == 1)
    comments = [(own, cell, markup.read_head(head)) for own, cell, head in _comments_of(tree)]
    keys = _page_keys(tree, comments) if len(lines) < 2 else {}
    for number, (own, cell, head) in enumerate(comments, start=1):
        _add_comment(rows, page, own, cell, head, f"comment {number}", keys)
    return rows


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
        posted_at_raw=markup.age_of(line, text_of(line) or ""),
        title=words,
        body=markup.story_body(row) if alone else None,
        markup="html",
        votes=markup.points_of(line),
        discussion_title=words,
        discussion_url=ADDRESS + own if own else None,
        permalink=ADDRESS + own if own else None,
        extra={"url": None if markup.linked_item(link) else link},
    )


def _comments_of(tree: LexborHTMLParser) -> list[tuple[str | None, LexborNode, LexborNode]]:
    """The comments of a page: id where their row has it, cell, and the line above the words."""
    rows = tree.css("tr.athing") if b"athing" in tree.raw_html.lower() else []
    marked = [(attribute_of(row, "id"), _cell_of(row)) for row in rows]
    cells = [(own, cell) for own, cell in marked if cell is not None]
    if not cells:  # markup before 2016
        cells = [(None, cell) for cell in tree.css("td.default")]
    return [(own, cell, head) for own, cell in cells if (head := cell.css_first(".comhead")) is not None]


def _cell_of(row: LexborNode) -> LexborNode | None:
    cells = (cell for cell in row.iter() if cell.tag == "td" and attribute_of(cell, "class") == "default")
    return next(cells, None) or row.css_first("td.default")


def _page_keys(
    tree: LexborHTMLParser, comments: list[tuple[str | None, LexborNode, markup.ItemHead]]
) -> dict[str, Any]:
    """Names of the page and the next one, where all comments are of one story."""
    if any(head.story for _, _, head in comments[1:]):
        return {}
    own, following = markup.own_address(tree), markup.next_address(tree)
    return {
        "page_key": f"{SCOPE}:{own}" if own else None,
        "next_page_key": f"{SCOPE}:{following}" if following else None,
    }


def _add_comment(
    rows: RecordList,
    page: _Page,
    own: str | None,
    cell: LexborNode,
    head: markup.ItemHead,
    place: str,
    keys: dict[str, Any],
) -> None:
    own = own or head.own
    depth = markup.depth_of(cell)
    on_top = depth is None and page.head is None
    if head.story is not None and head.story != page.story:
        page.story, page.title = head.story, head.title
    parent = head.parent
    if depth is not None:
        while page.above and page.above[-1][0] >= depth:
            page.above.pop()
        if parent is None:
            step, last = page.above[-1] if page.above else (-1, page.head)
            parent = last if step == depth - 1 else None
        page.above.append((depth, own))
    elif on_top:
        page.head = own
    body, deletion = markup.comment_body(cell, has_small=page.has_small)
    rows.add(
        place,
        scope=SCOPE,
        native_id=own,
        native_discussion=page.story,
        discussion_scope=SCOPE if page.story else None,
        parent_known=parent is not None,
        native_parent=parent,
        depth=depth if page.head == page.story else None,
        author=head.author,
        posted_at_raw=head.age,
        body=body,
        markup="html",
        deletion=deletion,
        discussion_title=page.title,
        discussion_url=ADDRESS + page.story if page.story else None,
        permalink=ADDRESS + own if own else None,
        **keys,
    )


READER = Reader(
    name="hackernews_page",
    version=4,
    title="Pages of Hacker News",
    extensions=(".html",),
    replies="indentation, or the link to the parent",
    recognise=recognise,
    describe=describe,
    read=read,
    words=(".commtext", "span.comment > font", "-.reply"),
)
