"""Saved pages in HTML as trees, and the little that readers of pages ask of a node.

In: a source. Out: its tree.

>>> page = parse_page(source)
>>> text_of(page.css_first("title"))
'Soup : kitchens'

Pages nested as no browser ever sees them are refused before they are parsed (`html_nesting`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
_PAGE_BYTES = 64 << 20  # a tree takes some twenty times as much memory; pages of a thousand comments have two
_SPACE = re.compile("[ \\t\\n\\r\\f]+")
_LONGEST_WALK = 400  # elements
_MOST_MEANT, _LONGEST_MEANT = 1_000, 200  # that a search remembers, and characters of each

Parts = Mapping[str, Sequence[LexborNode]]  # what `PartSearch` finds


class _Meant(NamedTuple):
    """What an element of some classes is looked for as."""

    key: str
    tag: str  # empty where any will do
    above: str  # what it has to stand in; empty where it may stand anywhere
    is_holder: bool = False  # whether others have to stand in it


def parse_page(source: Source) -> LexborHTMLParser:
    """The tree of a page.

    Raises:
        InputError: the file is too large, or nested as no page is.
    """
    return source.parse_once(_parse_page)


def _parse_page(source: Source) -> LexborHTMLParser:
    data = read_bytes(source, _PAGE_BYTES)
    if trouble := hostile_nesting(data):
        raise InputError(f"{source.path}: {trouble}, as in no page that people write. Save the page again.")
    text = decode_page(data, source.charset)
    return LexborHTMLParser(text.replace("\0", "") if "\0" in text else text)


def decode_page(data: bytes, charset: str | None = None) -> str:
    """The text of a page: UTF-8 where it is that, else what its server or its own head says, else Windows-1252."""
    declared = _CHARSET.search(data, 0, _HEAD_BYTES)
    return decode_bytes(data, charset or (declared[1].decode() if declared else None))[0]


class PartSearch:
    """Finds elements by their classes on one walk over a node: as quick as one search for one of them.

    Selectors are ``.class``, ``tag.class`` or ``.class.class``, alone or behind a ``.class`` they stand in. Of each the
    first element is found; of those that are given by a name, with commas between them, all, under that name.

    >>> PartSearch(page, ".tagline .author", times=".date, td.head").walk(post)["times"]
    """

    def __init__(self, page: LexborHTMLParser, *selectors: str, **lists: str) -> None:
        keyed = [(selector, selector) for selector in selectors]
        self._firsts, self._several = selectors, lists
        keyed += [(name, selector) for name, several in lists.items() for selector in several.split(", ")]
        self._wanted: list[tuple[_Meant, frozenset[str]]] = []
        self._lists = frozenset(lists)
        self._meant: dict[str, tuple[_Meant, ...]] = {}  # by classes as written
        probe = page.create_node("p")
        probe.attrs["class"] = "aB"
        self._folds = bool(probe.css(".Ab"))  # as browsers do where a page does not say what HTML it is
        holders = set()
        for key, selector in keyed:
            above, _, own = selector.rpartition(" ")
            tag, *names = own.split(".")
            self._wanted.append((_Meant(key, tag, above), self._classes_of(" ".join(names))))
            holders.add(above)
        for above in sorted(holders - {""}):  # the last, for nothing stands inside of itself
            self._wanted.append((_Meant(above, "", "", is_holder=True), self._classes_of(above[1:])))

    def walk(self, node: LexborNode, own_id: str | None = None) -> dict[str, list[LexborNode]]:
        """By selector or name the elements in a node, itself included, in order; under "#" the one with this id."""
        parts: dict[str, list[LexborNode]] = {}
        ends: dict[str, int] = {}  # of holders, the number of the first element behind
        meant, lists = self._meant, self._lists
        # A Python loop over the elements of a post: each is a node of a tree.
        for number, element in enumerate(node.traverse()):
            if number == _LONGEST_WALK:  # posts may stand inside of each other by the thousand
                return self._search(node, own_id)
            attributes = element.attributes
            written = attributes.get("class")
            if written:
                fitting = meant.get(written)
                if fitting is None:
                    fitting = self._read_classes(written)
                for key, tag, above, is_holder in fitting:
                    if is_holder:
                        if number >= ends.get(key, 0):  # else inside of another, and ends no later
                            ends[key] = number + sum(1 for _ in element.traverse())
                    elif (tag and element.tag != tag) or (above and ends.get(above, 0) <= number):
                        continue
                    elif key not in parts:
                        parts[key] = [element]
                    elif key in lists and parts[key][-1] is not element:
                        parts[key].append(element)
            if own_id is not None and attributes.get("id") == own_id and "#" not in parts:
                parts["#"] = [element]
        return parts

    def _search(self, node: LexborNode, own_id: str | None) -> dict[str, list[LexborNode]]:
        """The same by a search for each, which is quicker where there is much to pass over."""
        parts = {key: node.css(several) for key, several in self._several.items()}
        sole = {selector: node.css_first(selector) for selector in self._firsts}
        if own_id is not None:
            sole["#"] = node.css_first(f'[id="{own_id}"]')
        parts |= {key: [found] for key, found in sole.items() if found is not None}
        return {
            key: list({found.mem_id: found for found in several}.values()) for key, several in parts.items() if several
        }

    def _read_classes(self, written: str) -> tuple[_Meant, ...]:
        classes = self._classes_of(written)
        fitting = tuple(meant for meant, names in self._wanted if names <= classes)
        if len(self._meant) < _MOST_MEANT and len(written) <= _LONGEST_MEANT:
            self._meant[written] = fitting
        return fitting

    def _classes_of(self, written: str) -> frozenset[str]:
        return frozenset(_SPACE.split(written.lower() if self._folds else written))


def first_part(parts: Parts, *keys: str) -> LexborNode | None:
    """The first element under the first of the keys that has any."""
    return next((parts[key][0] for key in keys if key in parts), None)


def text_of(node: LexborNode | None) -> str | None:
    """The words in a node, with single spaces; None where there are none."""
    return (" ".join(node.text().split()) or None) if node is not None else None


def inner_of(node: LexborNode | None) -> str | None:
    """The HTML inside a node; None where there is no node."""
    return (node.inner_html or "") if node is not None else None


def attribute_of(node: LexborNode | None, name: str) -> str | None:
    """An attribute of a node; None where there is no node, no such attribute, or no value."""
    return (node.attrs.get(name) or None) if node is not None and node.is_element_node else None
