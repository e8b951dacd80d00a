"""Saved pages in HTML as trees, and the little that readers of pages ask of a node.

In: a source. Out: its tree.

>>> page = parse_page(source)
>>> text_of(page.css_first("title"))
'Soup : kitchens'

Pages nested as no browser ever sees them are refused before they are parsed (`html_nesting`).
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.documents import read_bytes
from pipeline.ingest.readers.charsets import decode_bytes
from pipeline.ingest.readers.html_nesting import hostile_nesting

# What claims to be in UTF-16 and can be read has been made UTF-8 by now.
_CHARSET = re.compile(
    rb"<(?:meta\b|\?xml\b)[^<>]{0,200}?\b(?:charset|encoding)\s*=\s*[\"']?(?!utf-?(?:16|32))([\w.:-]{1,40})",
    re.IGNORECASE,
)
_HEAD_BYTES = 4096


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
    return LexborHTMLParser(decode_page(data, source.charset).replace("\0", ""))


def decode_page(data: bytes, charset: str | None = None) -> str:
    """The text of a page: UTF-8 where it is that, else what its server or its own head says, else Windows-1252."""
    declared = _CHARSET.search(data, 0, _HEAD_BYTES)
    return decode_bytes(data, charset or (declared[1].decode() if declared else None))[0]


def text_of(node: LexborNode | None) -> str | None:
    """The words in a node, with single spaces; None where there are none."""
    return (" ".join(node.text().split()) or None) if node is not None else None


def inner_of(node: LexborNode | None) -> str | None:
    """The HTML inside a node; None where there is no node."""
    return (node.inner_html or "") if node is not None else None


def attribute_of(node: LexborNode | None, name: str) -> str | None:
    """An attribute of a node; None where there is no node, no such attribute, or no value."""
    return (node.attrs.get(name) or None) if node is not None and node.is_element_node else None
