"""HTML of MediaWiki's pages, piece by piece.

In: HTML, a whole page or what the parser gave. Out: a `TalkPage`.

>>> page = read_talk_html('<h2 id="Maps">Maps</h2><p>Old. <a href="/wiki/User:Ada">Ada</a> 08:31, 25 May</p>')
>>> [piece.kind for piece in page.pieces]
['heading', 'open', 'text', 'user', 'open', 'text', 'close', 'text', 'close']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
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
_NEST = re.compile(r"<(/?)(?:div|dl|ul|ol|table|section|blockquote|center)\b", re.IGNORECASE)
_DEEPEST = 3_000  # the parser's time grows with the square of the depth
_PAGE_NAME = re.compile(r'"wgPageName"\s*:\s*"((?:[^"\\]|\\.){1,600})"')
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
    candidates = (
        _unescaped(named[1]).replace("_", " ") if named else None,
        heading.text(strip=True) if heading else None,
        page_title(address),
        *(page_title(link) for link in edited),
    )
    title = next((candidate for candidate in candidates if candidate), "")
    links = (str(link.attributes.get("href") or "") for link in root.css("a"))
    host = find_host([address]) or find_host(edited) or find_host(link for link in links if "/wiki/" in link)
    return TalkPage(list(_pieces(root, title)), title, host)


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
        try:
            host = urlsplit(address).hostname
        except ValueError:
            continue
        if host:
            hosts[host.lower().replace(".m.", ".")] += 1
    return hosts.most_common(1)[0][0] if hosts else None


def _pieces(root: LexborNode, title: str) -> Iterator[Piece]:
    waiting: list[LexborNode | Piece] = []
    waiting.extend(list(root.iter(include_text=True))[::-1])
    while waiting:
        node = waiting.pop()
        if isinstance(node, Piece):
            yield node
            continue
        tag = node.tag or ""
        if tag == "-text":
            yield Piece("text", (node.text(deep=False) or "").replace("\u00a0", " "))
            continue
        if tag.startswith("-") or tag in _UNREAD_TAGS:
            continue
        attributes: dict[str, Any] = node.attributes
        if attributes and _is_unread(attributes):
            continue
        if "data-mw-comment-start" in attributes:
            yield Piece("mark", attributes.get("id") or "")
        if tag in _HEADINGS:
            yield _read_heading(node, attributes, title)
        elif tag in ("br", "hr", "img"):
            yield _read_single(tag, attributes)
        elif tag not in _VOID:
            if tag == "a" and (user := read_user(attributes.get("href") or "")):
                yield Piece("user", user.name, known=user.is_known, anchor=user.prefix)
                attributes |= {"class": "mention"} if user.is_known else {}
            opens, closes = _element(tag)
            yield opens._replace(written=_tag(tag, attributes, ("href", "class"))) if attributes else opens
            waiting.append(closes)
            waiting.extend(list(node.iter(include_text=True))[::-1])


def _is_unread(attributes: dict[str, Any]) -> bool:
    classes = attributes.get("class")
    return (classes is not None and not _UNREAD.isdisjoint(classes.split())) or attributes.get("id") == "toc"


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
    kept = (f' {name}="{escape(attributes[name])}"' for name in names if attributes.get(name))
    return f"<{tag}{''.join(kept)}>"


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
