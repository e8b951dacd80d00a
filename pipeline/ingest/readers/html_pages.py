"""Saved pages in HTML as trees, and the little that readers of pages ask of a node.

In: a source. Out: its tree.

>>> page = parse_page(source)
>>> text_of(page.css_first("title"))
'Soup : kitchens'

Pages nested as no browser ever sees them are refused before they are parsed (`html_nesting`).
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.documents import read_bytes
from pipeline.ingest.readers.html_nesting import hostile_nesting


def parse_page(source: Source) -> LexborHTMLParser:
    """The tree of a page.

    Raises:
        InputError: the file is too large, or nested as no page is.
    """
    return source.parse_once(_parse_page)


def _parse_page(source: Source) -> LexborHTMLParser:
    data = read_bytes(source)
    if trouble := hostile_nesting(data):
        raise InputError(f"{source.path}: {trouble}, as in no page that people write. Save the page again.")
    text, repaired = decode_line(data)
    return LexborHTMLParser(text.replace("\0", "") if repaired or b"\0" in data else data)


def text_of(node: LexborNode | None) -> str | None:
    """The words in a node, with single spaces; None where there are none."""
    return (" ".join(node.text().split()) or None) if node is not None else None


def inner_of(node: LexborNode | None) -> str | None:
    """The HTML inside a node; None where there is no node."""
    return (node.inner_html or "") if node is not None else None


def attribute_of(node: LexborNode | None, name: str) -> str | None:
    """An attribute of a node; None where there is no node, no such attribute, or no value."""
    return (node.attrs.get(name) or None) if node is not None and node.is_element_node else None
