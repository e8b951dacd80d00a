"""Saved pages in HTML as trees, and the little that readers of pages ask of a node.

In: a source. Out: its tree.

>>> page = parse_page(source)
>>> text_of(page.css_first("title"))
'Soup : kitchens'

A parser that does as browsers do takes time and memory beyond all bounds for what no browser ever sees: tags nested by
the ten thousand, bold and links opened by the hundred and never closed. Such pages are refused before they are parsed.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.documents import read_bytes

DEEPEST = 4_000
MOST_FORMATTING = 300

# What is opened again in every paragraph until it is closed; up to three equal ones of each.
_FORMATTING = frozenset(b"b big code em font i s small strike strong tt u".split())
_REOPENED = 3
# What never nests, or ends where the next one begins, costs nothing and is passed over.
_UNNESTED = (
    "a area base br col embed hr img input link meta param source track wbr p li dt dd option tr td th thead tbody"
)
_TAG = re.compile(
    rb"<(/?)(?!(?:" + _UNNESTED.replace(" ", "|").encode() + rb")\b)([a-z][a-z0-9]*)([^<>]{0,200})", re.IGNORECASE
)


def parse_page(source: Source) -> LexborHTMLParser:
    """The tree of a page.

    Raises:
        InputError: the file is too large, or nested as no page is.
    """
    data = read_bytes(source)
    if trouble := _hostile_nesting(data):
        raise InputError(f"{source.path}: {trouble}, as in no page that people write. Save the page again.")
    return LexborHTMLParser(decode_line(data)[0].replace("\0", ""))


def text_of(node: LexborNode | None) -> str | None:
    """The words in a node, with single spaces; None where there are none."""
    return (" ".join(node.text().split()) or None) if node is not None else None


def inner_of(node: LexborNode | None) -> str | None:
    """The HTML inside a node; None where there is no node."""
    return (node.inner_html or "") if node is not None else None


def attribute_of(node: LexborNode | None, name: str) -> str | None:
    """An attribute of a node; None where there is no node, no such attribute, or no value."""
    return (node.attributes.get(name) or None) if node is not None else None


def _hostile_nesting(data: bytes) -> str | None:
    """What is wrong with the nesting of tags, judged by counting them."""
    depth = reopened = 0
    waiting: dict[bytes, int] = {}
    formatting: dict[bytes, list[bytes]] = {name: [] for name in _FORMATTING}
    for closes, spelling, attributes in _TAG.findall(data):
        name = spelling.lower()
        opened = formatting.get(name)
        if opened is None:
            count = waiting.get(name, 0) + (-1 if closes else 1)
            if count >= 0:
                waiting[name] = count
                depth += -1 if closes else 1
                if depth > DEEPEST:
                    return f"its tags are nested more than {DEEPEST} deep"
        elif not closes and opened.count(attributes) < _REOPENED:
            opened.append(attributes)
            reopened += 1
            if reopened > MOST_FORMATTING:
                return f"more than {MOST_FORMATTING} tags for bold or the like are open at once"
        elif closes and opened:
            opened.pop()
            reopened -= 1
    return None
