"""XML exports of blogs and comment services, element by element, whatever is wrong with them.

In: a source. Out: the wanted elements as they end, with small functions that look into them.

>>> elements = Elements(source, frozenset({"post"}))
>>> for element in elements: element_text(read_children(element).get("message"))
>>> elements.damage     # why the file could not be read to its end, or None

The parser expands no entities, loads nothing, and goes on after mistakes: undeclared prefixes, tags that do not
match, an end that is missing. Names are compared without namespace or prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import Any

from lxml import etree

from pipeline.ingest.containers import DamagedStreamError, Source
from pipeline.ingest.readers.xml_cleaning import clean_xml

Element = Any  # lxml's elements have no types of their own

_TAIL = 256


class Elements:
    """The elements of the wanted local names in the order in which they end, each emptied after it was handed out.

    Args:
        source: the export.
        outer: elements to hand out, unless they are empty, as references to records are; after one, what stands before
            it under the same parent is dropped as well.
        inner: elements within those to hand out before them.
    """

    def __init__(self, source: Source, outer: frozenset[str], inner: frozenset[str] = frozenset()) -> None:
        self.damage: str | None = None
        self._source = source
        self._outer = outer
        self._inner = inner
        self._ends = False  # whether the root has ended

    def __iter__(self) -> Iterator[Element]:
        parser = etree.XMLPullParser(
            events=("end",), recover=True, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
        )
        tail = b""
        for chunk in clean_xml(self._sound_chunks()):
            tail = (tail + chunk[-_TAIL:])[-_TAIL:]
            # A whole buffer of elements exists before the first is handed out, so buffers are small.
            for start in range(0, len(chunk), 1 << 16):
                parser.feed(chunk[start : start + (1 << 16)])
                yield from self._ended(parser)
        root: Element | None = None
        try:
            root = parser.close()
        except etree.XMLSyntaxError as error:
            self.damage = self.damage or f"no XML: {error.msg}"
        yield from self._ended(parser)
        if root is not None and not self._ends:
            self.damage = self.damage or f"the parser stops in line {_last_line(root)}, at what is too deep or too long"
        elif root is not None and not _closes(tail.rstrip(), root):
            self.damage = self.damage or "the file breaks off"

    def _ended(self, parser: Any) -> Iterator[Element]:
        for _, element in parser.read_events():
            name = local_name(element)
            self._ends = self._ends or element.getparent() is None
            if name in self._inner:
                yield element
                element.clear(keep_tail=False)
            elif name in self._outer and len(element):
                yield element
                above = element.getparent()
                if above is not None and local_name(above) in self._outer:  # the one before it was never closed
                    element.clear(keep_tail=False)
                else:
                    _drop(element)

    def _sound_chunks(self) -> Iterator[bytes]:
        try:
            yield from self._source.chunks()
        except DamagedStreamError as damage:
            self.damage = str(damage)


def _closes(tail: bytes, root: Element) -> bool:
    """Whether the last tag of a file closes its root, or nothing but a comment or an instruction follows it."""
    last = tail[tail.rfind(b"<") :]
    name = last.strip(b"</ >").rpartition(b":")[2].decode("utf-8", errors="replace")
    is_aside = last.startswith((b"<!--", b"<?")) or last.endswith((b"/>", b"-->"))
    return last.endswith(b">") and (is_aside or name == local_name(root))


def _last_line(root: Element) -> int:
    """The line of the last element that was begun."""
    element = root
    while len(element):
        element = element[-1]
    return element.sourceline or 0


def _drop(element: Element) -> None:
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def local_name(element: Element) -> str:
    """The name of an element without namespace or prefix; empty for comments, entities and instructions."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    return re.split("[}:]", name)[-1]


def full_name(element: Element) -> str:
    """The name of an element with its namespace or, where that was never declared, its prefix."""
    return element.tag if isinstance(element.tag, str) else ""


def read_children(element: Element) -> dict[str, Element]:
    """The first child of every local name."""
    children: dict[str, Element] = {}
    for child in element:
        if isinstance(child.tag, str):
            children.setdefault(_local(child.tag), child)
    return children


def element_text(element: Element | None) -> str | None:
    """All words in an element; None where there are none."""
    if element is None:
        return None
    if not len(element):
        return element.text or None
    words = [element.text]
    for inner in element.iterdescendants():
        words += [inner.text if isinstance(inner.tag, str) else None, inner.tail]
    return "".join(filter(None, words)) or None


def plain_text(element: Element | None) -> str | None:
    """The words of an element that holds no markup, entities read, without outer spaces; None where there are none."""
    return read_plain(element_text(element))


def read_plain(text: str | None) -> str | None:
    """The same of words."""
    return unescape(text).strip() or None if text else None


def attribute(element: Element | None, name: str) -> str | None:
    """An attribute by its local name."""
    if element is None:
        return None
    # Values are asked for one by one: all of them together cost the square of their number.
    # An element itself gives its children, not its keys.
    return next((element.get(key) for key in element.keys() if _local(key) == name), None)  # noqa: SIM118
