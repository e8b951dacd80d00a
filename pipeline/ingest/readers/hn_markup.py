"""Parts of Hacker News' pages, in the markup of any year.

In: nodes of a page. Out: what they say.

>>> linked_item("https://news.ycombinator.com/item?id=17#18")
'18'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.ingest.readers.hn_items import HIDDEN
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, text_of

_LINKED = re.compile(r"(?:item\?id=\d{1,18})?#(\d{1,18})$|item\?id=(\d{1,18})")
_AGE = re.compile(r"\b(?:\d+ \w+ ago|on \w+ \d+, \d{4})")
_ISO_EPOCH = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+)Z?(?: (\d+))?$")
_OWN_ADDRESS = re.compile(r"[?&]whence=([^&#]+)")
_COUNT = re.compile(r"^(-?\d{1,15})\b")
_REPLY = re.compile(r"""class=["']reply\b|<font size=["']?1\b""")
_CELLS_BEFORE = 8  # with the white space between them; a damaged row may have thousands
_STEP = 40  # pixels
_LONGEST_SIGN = 200


def linked_item(address: str | None) -> str | None:
    """The item that an address names."""
    found = _LINKED.search(address) if address else None
    return (found[1] or found[2]) if found else None


@dataclass(frozen=True, slots=True)
class ItemHead:
    """What the line above a comment says."""

    author: str | None
    age: str | None
    own: str | None  # the item that "link" or the age leads to
    parent: str | None  # the item that "parent" leads to
    story: str | None  # the item that stands after "on:"
    title: str | None  # its title


def read_head(head: LexborNode) -> ItemHead:
    """What the line above a comment says; most lines name neither parent nor story."""
    author = own = parent = None
    for link in head.css("a"):
        address, words = link.attributes.get("href") or "", link.text().strip()
        if "user?id=" in address:
            author = author or words or None
        elif words == "parent":
            parent = linked_item(address)
        elif own is None and (words == "link" or _AGE.search(words)):
            own = linked_item(address)
    words = head.text()
    on = _story_link(head) if "on:" in words else None
    return ItemHead(
        author,
        age_of(head, words),
        own,
        parent,
        linked_item(attribute_of(on, "href")),
        attribute_of(on, "title") or text_of(on),
    )


def _story_link(head: LexborNode) -> LexborNode | None:
    marked = head.css_first(".onstory a")
    if marked is not None:
        return marked
    before = ""
    for node in head.iter(include_text=True):
        if node.tag == "a" and before.rstrip().endswith("on:"):
            return node
        before = node.text()
    return None


def depth_of(cell: LexborNode) -> int | None:
    """How far a comment is indented, told by a cell before its own; None where there is none, or an empty one."""
    before = cell.prev
    for _ in range(_CELLS_BEFORE):
        if before is None:
            break
        if before.tag == "td":
            steps = before.attributes.get("indent")
            if steps is not None:
                return int(steps) if steps.isdecimal() and len(steps) < 6 else None
            image = before.css_first("img[width]")
            width = attribute_of(image, "width") or ""
            if "s.gif" in (attribute_of(image, "src") or "") and (width != "14" or "votelinks" not in _classes(before)):
                return int(width) // _STEP if width.isdecimal() and len(width) < 7 else None
        before = before.prev
    return None


def _classes(node: LexborNode) -> str:
    return attribute_of(node, "class") or ""


def comment_body(cell: LexborNode) -> tuple[str | None, str | None]:
    """The words of a comment, and who took them away if they are gone."""
    words = cell.css_first(".commtext, .comment")
    if words is not None and "comment" in (words.attributes.get("class") or "").split():
        words = words.css_first(".commtext") or words
    html = inner_of(words)
    if words is None or html is None:
        return None, None
    if _REPLY.search(html):  # within the words in some years, and wherever the words end in a second paragraph
        small = [part for part in words.css('font[size="1"]') if text_of(part) in ("reply", "-----")]
        for part in [*words.css(".reply"), *small]:
            part.decompose()
        html = inner_of(words)
    sign = text_of(words) if html is not None and len(html) < _LONGEST_SIGN else None
    if sign == "[deleted]":
        return None, "author"
    return (None, "moderator") if sign in HIDDEN else (html, None)


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


def age_of(head: LexborNode, words: str) -> str | None:
    """When an item was posted: the time in the title of its age, which is UTC, else the age in words."""
    if title := attribute_of(head.css_first(".age"), "title"):
        exact = _ISO_EPOCH.match(title)
        return (exact[2] or f"{exact[1]}Z") if exact else title
    found = _AGE.search(words)
    return found[0] if found else None


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
