"""Archives of BDFR in XML and YAML, as the values that its JSON holds.

In: a source. Out: `Answers`, the one document and what could not be read of it.

>>> is_tree(Head("lamp01.yaml", b"author: ada\\ncomments: []\\ncreated_utc: 1771000000.0\\nselftext: Soup.\\n", True))
True

Neither parser expands anything: entities of XML stay unread, and YAML with aliases, which BDFR never writes, is refused
there. Trees are built from the parsers' events, so that depth costs nothing and what breaks off keeps what was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from lxml import etree

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.documents import read_bytes
from pipeline.ingest.readers.saved_answers import Answer, Answers, mend
from pipeline.ingest.readers.xml_cleaning import clean_xml
from pipeline.ingest.readers.xml_exports import local_name

_XML = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?<root>")
_TAGS = (b"<author>", b"<created_utc>")
_KEYS = tuple(re.compile(rb"^[ -]*" + key + rb":", re.MULTILINE) for key in (b"author", b"created_utc"))
_WORDS = (b"selftext", b"body")
_LISTS = frozenset({"comments", "replies"})
_TEXTS = frozenset(
    {
        *("title", "name", "url", "selftext", "permalink", "id", "author", "body", "parent_id", "submission"),
        *("subreddit", "link_flair_text", "author_flair", "distinguished"),
    }
)
_MAY_BE_NONE = frozenset({"link_flair_text", "author_flair", "distinguished"})
_WHOLE, _BROKEN = re.compile(r"[-+]?\d{1,18}"), re.compile(r"[-+]?\d{1,18}\.\d{0,18}(?:[eE][-+]?\d{1,3})?")
_NAMED: dict[str, Any] = {"": None, "~": None, "null": None, "None": None}
_NAMED |= {"true": True, "True": True, "false": False, "False": False}
# What YAML allows in no document.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]+")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RAW_BYTES = 1000


def is_tree(head: Head) -> bool:
    """Whether a file is an archive of BDFR in XML or YAML."""
    data = head.data
    if _XML.match(data):
        return all(tag in data for tag in _TAGS) and any(b"<%b>" % words in data for words in _WORDS)
    if data.lstrip()[:1] in (b"", b"<", b"{", b"["):
        return False
    return all(key.search(data) for key in _KEYS) and any(
        re.search(rb"^[ -]*" + words + rb":", data, re.MULTILINE) for words in _WORDS
    )


def read_trees(source: Source) -> Answers:
    """The document of such a file.

    Raises:
        InputError: the file is too large to be held in memory.
    """
    return source.parse_once(_read_trees)


def _read_trees(source: Source) -> Answers:
    data = read_bytes(source)
    value, trouble = _read_xml(data) if _XML.match(data) else _read_yaml(data)
    damage = [("", trouble, data[-_RAW_BYTES:])] if trouble else []
    return Answers([Answer("", mend(value))], damage)


class _Tree:
    """A value that grows: objects, lists and what stands in them, one after the other."""

    def __init__(self) -> None:
        self.value: Any = None
        self._open: list[Any] = []
        self._keys: list[str | None] = []  # of each object that is open the key whose value comes next

    def add(self, value: Any) -> None:
        """A value, or, where an object waits for a key, that."""
        if not self._open:
            self.value = value if self.value is None else self.value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = value if isinstance(value, str) else repr(value)[:200]
        else:
            self._open[-1][self._keys[-1]] = value
            self._keys[-1] = None

    def begin(self, value: dict[str, Any] | list[Any]) -> None:
        """An object or a list, which stays open."""
        self.add(value)
        self._open.append(value)
        self._keys.append(None)

    def end(self) -> None:
        """The last one that is open ends."""
        self._open.pop()
        self._keys.pop()


def _read_yaml(data: bytes) -> tuple[Any, str | None]:
    """The first document, as far as it can be parsed, and what is wrong with the rest."""
    tree = _Tree()
    text = _UNPRINTABLE.sub("\ufffd", decode_line(data)[0].removeprefix("\ufeff"))
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.ScalarEvent):
                tree.add(_plain(event.value) if event.implicit[0] else event.value)
            elif isinstance(event, yaml.MappingStartEvent):
                tree.begin({})
            elif isinstance(event, yaml.SequenceStartEvent):
                tree.begin([])
            elif isinstance(event, yaml.CollectionEndEvent):
                tree.end()
            elif isinstance(event, yaml.AliasEvent):
                return tree.value, f"an alias, *{str(event.anchor)[:40]}, as BDFR never writes one"
            elif isinstance(event, yaml.DocumentEndEvent):
                return tree.value, None
    except yaml.YAMLError as error:
        return tree.value, f"no sound YAML: {' '.join(str(error).split())[:300]}"
    return tree.value, None


def _plain(text: str) -> Any:
    """What a word without quotes means: nothing, true or false, a number, or itself."""
    if text in _NAMED:
        return _NAMED[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _BROKEN.fullmatch(text) else text


def _read_xml(data: bytes) -> tuple[Any, str | None]:
    """The root's children as an object, those that come again and again as lists, and what is wrong."""
    parser = etree.XMLPullParser(
        events=("start", "end"), recover=True, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    holders: list[dict[str, Any]] = []
    root: dict[str, Any] = {}
    trouble = None
    try:
        for event, element in _events(parser, data):
            if event == "start":
                holders.append({})
                root = holders[0]
                continue
            name, inner = local_name(element), holders.pop()
            if holders:
                _put(holders[-1], name, inner or _leaf(name, element.text or ""))
            element.clear()
    except etree.XMLSyntaxError as error:
        trouble = f"no XML: {error.msg}"
    if trouble is None and not data.rstrip().endswith(b"</root>"):
        trouble = "it breaks off, or nests too deeply"  # the parser closes what is open
    return root, trouble


def _events(parser: Any, data: bytes) -> Iterator[tuple[str, Any]]:
    for chunk in clean_xml(iter([data])):
        for start in range(0, len(chunk), 1 << 16):
            parser.feed(chunk[start : start + (1 << 16)])
            yield from parser.read_events()
    parser.close()
    yield from parser.read_events()


def _put(holder: dict[str, Any], name: str, value: Any) -> None:
    if name in _LISTS:
        several = holder.setdefault(name, [])
        if isinstance(several, list) and value is not None:
            several.append(value)
    elif name:
        holder[name] = value


def _leaf(name: str, text: str) -> Any:
    """What stands in an element that holds no other."""
    if name in _LISTS:
        return None if not text.strip() else text
    if name in _TEXTS:
        return None if text == "None" and name in _MAY_BE_NONE else text
    return _plain(text.strip())
