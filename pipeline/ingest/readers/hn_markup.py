"""Parts of Hacker News' pages, in the markup of any year.

In: nodes of a page. Out: what they say.

>>> linked_item("https://news.ycombinator.com/item?id=17#18")
'18'
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.ingest.readers.hn_items import HIDDEN
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, text_of

_LINKED = re.compile(r"(?:item\?id=\d{1,18})?#(\d{1,18})$|item\?id=(\d{1,18})")
_AGE = re.compile(r"\b(?:\d+ \w+ ago|on \w+ \d+, \d{4})")
_ISO_EPOCH = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+)Z?(?: (\d+))?$")
_OWN_ADDRESS = re.compile(r"[?&]whence=([^&#]+)")
_COUNT = re.compile(r"^(-?\d{1,15})\b")
_STEP = 40  # pixels


def linked_item(address: str | None) -> str | None:
    """The item that an address names."""
    found = _LINKED.search(address) if address else None
    return (found[1] or found[2]) if found else None


def own_id(cell: LexborNode, head: LexborNode) -> str | None:
    """The id of the item whose cell and head these are: of its row, else of the link to itself."""
    node = cell.parent
    for _ in range(6):  # rows of comments hold a table of their own
        if node is None or node.tag == "body":
            break
        if "athing" in (attribute_of(node, "class") or "").split():
            return attribute_of(node, "id")
        node = node.parent
    own = attribute_of(head.css_first(".age a"), "href") or link_called(head, "link")
    return linked_item(own)


def link_called(head: LexborNode, words: str) -> str | None:
    """The address of the link in a head that has these words."""
    return next((attribute_of(a, "href") for a in head.css("a") if text_of(a) == words), None)


def story_link(head: LexborNode) -> LexborNode | None:
    """The link to the story of a comment that does not stand on the story's page: what follows "on:"."""
    marked = head.css_first(".onstory a")
    if marked is not None:
        return marked
    before = ""
    for node in head.iter(include_text=True):
        if node.tag == "a" and before.rstrip().endswith("on:"):
            return node
        before = node.text()
    return None


def depth_of(row: LexborNode) -> int | None:
    """How far a comment is indented; None for the item on top, whose cell for that is empty or missing."""
    cell = row.css_first("td.ind")
    if (steps := attribute_of(cell, "indent")) is not None:
        return int(steps) if steps.isdecimal() and len(steps) < 6 else None
    image = (cell if cell is not None else row).css_first("img[width]")
    if cell is None and "s.gif" not in (attribute_of(image, "src") or ""):
        return None
    width = attribute_of(image, "width") or ""
    return int(width) // _STEP if width.isdecimal() and len(width) < 7 else None


def comment_body(cell: LexborNode) -> tuple[str | None, str | None]:
    """The words of a comment, and who took them away if they are gone."""
    comment = cell.css_first(".comment")
    if comment is None:
        return None, None
    for link in comment.css(".reply"):
        link.decompose()
    sign = text_of(comment)
    if sign == "[deleted]":
        return None, "author"
    if sign in HIDDEN:
        return None, "moderator"
    words = comment.css_first(".commtext")
    return inner_of(words if words is not None else comment), None


def story_body(line: LexborNode) -> str | None:
    """The text of a story, given the row with its points: marked as such, or in old pages in a row below."""
    table = line.parent
    marked = table.css_first(".toptext") if table is not None else None
    if marked is not None:
        return inner_of(marked)
    row = line.next
    while row is not None:
        cells = row.css("td") if row.is_element_node else []
        if len(cells) == 2 and row.css_first("form, .default") is None and text_of(cells[1]):
            return inner_of(cells[1])
        row = row.next
    return None


def author_of(head: LexborNode) -> str | None:
    """Who wrote an item."""
    return text_of(head.css_first("a.hnuser, a[href*='user?id=']"))


def age_of(head: LexborNode) -> str | None:
    """When an item was posted: the time in the title of its age, which is UTC, else the age in words."""
    if title := attribute_of(head.css_first(".age"), "title"):
        exact = _ISO_EPOCH.match(title)
        return (exact[2] or f"{exact[1]}Z") if exact else title
    words = _AGE.search(text_of(head) or "")
    return words[0] if words else None


def points_of(head: LexborNode) -> int | None:
    """The points of a story."""
    points = _COUNT.match(text_of(head.css_first("[id^=score_], .score")) or "")
    return int(points[1]) if points else None


def own_address(tree: LexborHTMLParser) -> str | None:
    """The address of a page that names no item, which its vote links go back to."""
    for link in tree.css("a[href*='whence=']"):
        found = _OWN_ADDRESS.search(attribute_of(link, "href") or "")
        address = unquote(found[1])[:200] if found else ""
        if "fnid=" in address:
            return address
    return None


def next_address(tree: LexborHTMLParser) -> str | None:
    """The address of the page that goes on where this one ends."""
    for link in tree.css("a.morelink, td.title > a"):
        if text_of(link) == "More":
            return (attribute_of(link, "href") or "")[:200] or None
    return None
