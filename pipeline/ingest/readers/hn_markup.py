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
_REPLY = 'class="reply'
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
    author = own = parent = exact = None
    # A Python loop over the five or so elements of a line: each is a node of a tree.
    for part in head.traverse():
        attributes = part.attributes
        if exact is None and "age" in (attributes.get("class") or "").split():
            exact = part
        if part.tag != "a":
            continue
        address, words = attributes.get("href") or "", part.text().strip()
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
        _age_in(exact, words),
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
            image = _sized_image(before)
            width = image.get("width") or ""
            if "s.gif" in (image.get("src") or "") and (width != "14" or "votelinks" not in _classes(before)):
                return int(width) // _STEP if width.isdecimal() and len(width) < 7 else None
        before = before.prev
    return None


def _sized_image(cell: LexborNode) -> dict[str, str | None]:
    """What the first image in a cell that has a width says of itself."""
    images = (part.attributes for part in cell.traverse() if part.tag == "img")
    return next((image for image in images if "width" in image), {})


def _classes(node: LexborNode) -> str:
    return attribute_of(node, "class") or ""


def comment_body(cell: LexborNode, *, has_small: bool = True) -> tuple[str | None, str | None]:
    """The words of a comment, and who took them away if they are gone.

    Args:
        cell: what it stands in.
        has_small: whether its page has words in small print at all.
    """
    words = cell.css_first(".commtext, .comment")
    if words is None:
        return None, None
    if has_small:  # "reply" within the words in some years, and wherever the words end in a second paragraph
        for part in words.css('font[size="1"]'):
            if text_of(part) in ("reply", "-----"):
                part.decompose()
    html = inner_of(words)
    if html is not None and "commtext" in html and "comment" in _classes(words).split():
        words = words.css_first(".commtext") or words
        html = inner_of(words)
    if html is not None and _REPLY in html:
        for part in words.css(".reply"):
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
    return _age_in(head.css_first(".age"), words)


def _age_in(marked: LexborNode | None, words: str) -> str | None:
    if title := attribute_of(marked, "title"):
        exact = _ISO_EPOCH.match(title)
        return (exact[2] or f"{exact[1]}Z") if exact else title
    found = _AGE.search(words) if " ago" in words or "on " in words else None
    return found[0] if found else None


def points_of(head: LexborNode) -> int | None:
    """The points of a story."""
    points = _COUNT.match(text_of(head.css_first("[id^=score_], .score")) or "")
    return int(points[1]) if points else None


def own_address(tree: LexborHTMLParser) -> str | None:
    """The address of a page that names no item, which its vote links go back to."""
    selector = "a[href*='whence=']"
    first = tree.css_first(selector) if b"whence=" in tree.raw_html else None
    address = _page_gone_back_to(first)
    if first is None or address:
        return address
    return next(filter(None, map(_page_gone_back_to, tree.css(selector))), None)


def _page_gone_back_to(vote: LexborNode | None) -> str | None:
    found = _OWN_ADDRESS.search(attribute_of(vote, "href") or "")
    address = unquote(found[1])[:200] if found else ""
    return address if "fnid=" in address else None


def next_address(tree: LexborHTMLParser) -> str | None:
    """The address of the page that goes on where this one ends."""
    for link in tree.css("a.morelink, td.title > a") if b"More" in tree.raw_html else []:
        if text_of(link) == "More":
            return (attribute_of(link, "href") or "")[:200] or None
    return None
