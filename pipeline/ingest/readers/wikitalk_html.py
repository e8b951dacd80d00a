"""HTML of MediaWiki's pages, piece by piece.

In: HTML, a whole page or what the parser gave. Out: a `TalkPage`.

>>> page = read_talk_html('<h2 id="Maps">Maps</h2><p>Old. <a href="/wiki/User:Ada">Ada</a> 08:31, 25 May</p>')
>>> [piece.kind for piece in page.pieces]
['heading', 'open', 'text', 'user', 'open', 'text', 'close', 'text', 'close']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from html import escape
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.ingest.readers.wikitalk_comments import Piece
from pipeline.ingest.readers.wikitalk_names import page_title, read_user

_BLOCK_TAGS = """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup html li main menu nav ol p pre section summary table tbody td tfoot th
    thead tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SINGLE = frozenset(("br", "hr", "img"))
_QUOTES = frozenset(("blockquote", "q", "cite"))
_INDENTS = frozenset(("li", "dd"))
_VOID = frozenset(("area", "base", "col", "embed", "input", "link", "meta", "param", "source", "track", "wbr"))
_UNREAD_TAGS = frozenset(("script", "style", "noscript", "template", "head", "svg", "form", "button", "select"))
_UNREAD_CLASSES = """
    mw-editsection toc mw-jump-link mw-empty-elt catlinks printfooter mw-indicators navbox
    ext-discussiontools-init-replylink-buttons ext-discussiontools-init-replylink-bracket
    ext-discussiontools-init-section-bar ext-discussiontools-init-section-subscribe
    ext-discussiontools-init-section-subscribeButton ext-discussiontools-init-section-overflowMenuButton
    ext-discussiontools-init-section-metaitem ext-discussiontools-emptystate
"""
_UNREAD = frozenset(_UNREAD_CLASSES.split())
_UNREAD_SIGNS = ("mw-", "ext-discussiontools", "toc", "catlinks", "printfooter", "navbox")
_NEST = re.compile(r"<(/?)(?:div|dl|ul|ol|table|section|blockquote|center)\b", re.IGNORECASE)
_DEEPEST = 3_000  # the parser's time grows with the square of the depth
_PAGE_NAME = re.compile(r'"wgPageName"\s*:\s*"((?:[^"\\]|\\.){1,600})"')
_LONGEST_SITE = 300  # characters of an address
_PLAIN = Piece("text", "")[2:]
_make = partial(tuple.__new__, Piece)  # for there are a hundred thousand in a long page
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)")


@dataclass(frozen=True)
class TalkPage:
    """What stands on a page, what it is called, and where."""

    pieces: list[Piece]
    title: str
    host: str | None


def read_talk_html(html: str) -> TalkPage:
    """The pieces of a page in the order in which they stand.

    Raises:
        ValueError: elements nest too deeply.
    """
    _check_depth(html)
    return read_talk_page(LexborHTMLParser(html.replace("\0", "")), html)


def read_talk_page(tree: LexborHTMLParser, html: str) -> TalkPage:
    """The same of a page that is parsed already."""
    root = tree.css_first("#mw-content-text") or tree.css_first(".mw-body-content") or tree.body
    if root is None:
        return TalkPage([], "", None)
    named = _PAGE_NAME.search(html)
    heading = tree.css_first("#firstHeading")
    canonical = tree.css_first("link[rel=canonical]")
    edited = [str(link.attributes.get("href") or "") for link in root.css(".mw-editsection a")]
    address = str(canonical.attributes.get("href") or "") if canonical else ""
    title = (
        (_unescaped(named[1]).replace("_", " ") if named else None)
        or (heading.text(strip=True) if heading else None)
        or page_title(address)
        or next(filter(None, map(page_title, edited)), "")
    )
    links = (str(link.attributes.get("href") or "") for link in root.css("a"))
    host = find_host([address]) or find_host(edited) or find_host(link for link in links if "/wiki/" in link)
    return TalkPage(_pieces(root, title), title, host)


def _check_depth(html: str) -> None:
    """Refuses what nests too deeply, judged by the tags whose ends may not be left out."""
    depth = deepest = 0
    for tag in _NEST.finditer(html):
        depth += -1 if tag[1] else 1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise ValueError(f"its elements nest more than {_DEEPEST} deep")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


def find_host(addresses: Iterable[str]) -> str | None:
    """The host that most addresses name, without the mark of a mobile page; the first of equals."""
    hosts: Counter[str] = Counter()
    for address in addresses:
        if "//" in address and (host := _host_of(address[:_LONGEST_SITE])):
            hosts[host] += 1
    return hosts.most_common(1)[0][0] if hosts else None


@lru_cache(maxsize=1024)
def _host_of(address: str) -> str | None:
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return None
    return host.lower().replace(".m.", ".") if host else None


def _pieces(root: LexborNode, title: str) -> list[Piece]:
    pieces: list[Piece] = []
    unclosed: list[tuple[Piece, LexborNode | None]] = []  # how elements close, and what follows them
    node = root.child
    # A Python loop over the nodes of a page: each is a part of a tree.
    while node is not None or unclosed:
        if node is None:
            closing, node = unclosed.pop()
            pieces.append(closing)
            continue
        tag = node.tag or ""
        following = node.next
        if tag == "-text":
            pieces.append(_make(("text", (node.text_content or "").replace("\u00a0", " "), *_PLAIN)))
        elif tag and tag[0] != "-" and tag not in _UNREAD_TAGS and (closes := _add_element(pieces, node, tag, title)):
            unclosed.append((closes, following))
            following = node.child
        node = following
    return pieces


def _add_element(pieces: list[Piece], node: LexborNode, tag: str, title: str) -> Piece | None:
    """Adds what an element begins with; how it closes, where what is inside is to be read."""
    attributes: dict[str, Any] = node.attributes
    if attributes:
        if _is_unread(attributes):
            return None
        if "data-mw-comment-start" in attributes:
            pieces.append(Piece("mark", attributes.get("id") or ""))
    if tag in _HEADINGS:
        pieces.append(_read_heading(node, attributes, title))
        return None
    if tag in _SINGLE:
        pieces.append(_read_single(tag, attributes))
        return None
    if tag in _VOID:
        return None
    if tag == "a" and (user := read_user(attributes.get("href") or "")):
        pieces.append(Piece("user", user.name, known=user.is_known, anchor=user.prefix))
        attributes |= {"class": "mention"} if user.is_known else {}
    opens, closes = _element(tag)
    if attributes:
        opens = _make(("open", tag, _tag(tag, attributes, ("href", "class")), *opens[3:]))
    pieces.append(opens)
    return closes


def _is_unread(attributes: dict[str, Any]) -> bool:
    classes = attributes.get("class")
    return (classes is not None and _has_unread_class(classes)) or attributes.get("id") == "toc"


def _has_unread_class(classes: str) -> bool:
    # Cheaper first: the name of every class that is not read has one of these in it.
    return any(map(classes.__contains__, _UNREAD_SIGNS)) and not _UNREAD.isdisjoint(classes.split())


def _read_single(tag: str, attributes: dict[str, Any]) -> Piece:
    """An image, or the end of a line."""
    if tag == "img":
        return Piece("image", attributes.get("alt") or "", _tag(tag, attributes, ("src", "alt")))
    return Piece("break", tag, f"<{tag}>")


@lru_cache(maxsize=256)
def _element(tag: str) -> tuple[Piece, Piece]:
    """How an element without attributes opens and closes."""
    marks = (tag in _BLOCKS, tag in _INDENTS, tag in _QUOTES)
    return Piece("open", tag, f"<{tag}>", *marks), Piece("close", tag, "", *marks)


def _tag(tag: str, attributes: dict[str, Any], names: tuple[str, ...]) -> str:
    written = f"<{tag}"
    for name in names:
        if value := attributes.get(name):
            written += f' {name}="{value if value.isalnum() else escape(value)}"'
    return f"{written}>"


def _read_heading(node: LexborNode, attributes: dict[str, Any], title: str) -> Piece:
    """A heading: its words, its anchor, and its page where that is another one that is shown here."""
    headline = node.css_first(".mw-headline")
    anchor = (headline.attributes.get("id") if headline else None) or attributes.get("id") or ""
    shown = (headline or node).text(strip=False)
    above = node.parent
    holder = above if above is not None and "mw-heading" in (above.attributes.get("class") or "").split() else node
    links = holder.css(".mw-editsection a")
    pages = (page_title(str(link.attributes.get("href") or "")) for link in links)
    page = next((name for name in pages if name), "")
    if not headline:
        for button in node.css(".mw-editsection"):
            shown = shown.replace(button.text(strip=False), "")
    return Piece("heading", " ".join(shown.split()), anchor=anchor, page=page if page != title else "")
