"""Words of people in a raw file, looked for where its format keeps them and not by way of its reader.

In: the bytes of a JSON, XML or HTML file, and where its format keeps words (`Reader.words`). Out: the texts there.

>>> find_texts(b'{"posts": [{"id": 1, "body": "Soup."}, {"id": 2, "note": "x"}]}', ("body",))
[('Soup',)]

What stands elsewhere in the file is its format's own: names of fields, counts, menus of a page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import lxml.etree
import orjson
from selectolax.lexbor import LexborHTMLParser

from pipeline.ingest.decoding import without_surrogates
from pipeline.ingest.mojibake import mend_text
from pipeline.ingest.readers.html_pages import decode_page

_MARK = re.compile(r"<[^<>]*>|&#?\w{1,9};")
_NO_WORD = re.compile(r"[\W_]+")
_END = "\0"  # stands in no squeezed text
_OUT = "-"  # before what is no words of people

Text = tuple[str, ...]  # its words between marks, each without anything that is no letter or digit


def find_texts(data: bytes, places: Sequence[str]) -> list[Text]:
    """The texts with words in them; none where the file is no sound JSON, XML or HTML.

    Args:
        data: of a file, unpacked.
        places: keys of JSON; elements of XML, or attributes with an @ before them; selectors of CSS for HTML. With a
            dash before it what a format itself writes there: words of JSON or XML, or selectors.
    """
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
    where = [place for place in places if not place.startswith(_OUT)]
    out = [place[1:] for place in places if place.startswith(_OUT)]
    if start[:1] == b"<" and not start.startswith((b"<?xml", b"<rss")):
        found = [words_between(text.split(_END)) for text in _texts_of_page(data, where, out)]
    else:
        read = _texts_of_json if start[:1] in (b"{", b"[") else _texts_of_xml if start[:1] == b"<" else _no_texts
        texts = (text for text in read(data, frozenset(where)) if not any(map(text.__contains__, out)))
        found = [words_between(_MARK.split(text)) for text in texts]
    return [text for text in found if any(text)]


def words_between(pieces: Iterable[str]) -> Text:
    """A text of these pieces."""
    return tuple(map(_squeeze, pieces))


def missing_texts(texts: Sequence[Text], kept: Iterable[str]) -> list[Text]:
    """The texts of which something stands nowhere in what was kept: fields of records and what was rejected."""
    whole = {_squeeze(_MARK.sub("", text)) for text in kept}
    wanted = [text for text in texts if "".join(text) not in whole]
    searched = _END.join(sorted(whole)) if wanted else ""
    # Piece by piece: names may stand where a mention was a number.
    return [text for text in wanted if not all(_stands_in(piece, searched) for piece in text)]


def _stands_in(piece: str, searched: str) -> bool:
    return piece in searched or _squeeze(mend_text(piece)) in searched


def _squeeze(text: str) -> str:
    return _NO_WORD.sub("", text)


def _texts_of_json(data: bytes, keys: frozenset[str]) -> list[str]:
    try:
        waiting: list[Any] = [orjson.loads(data)]
    except orjson.JSONDecodeError:
        waiting = []
        for line in data.splitlines():
            try:
                waiting.append(orjson.loads(line) if line.strip() else None)
            except orjson.JSONDecodeError:
                continue  # is in quarantine, or was mended: then the reader alone knows
    found: list[str] = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str):
                    if key in keys:
                        found.append(without_surrogates(inner))
                else:
                    waiting.append(inner)
    return found


def _texts_of_xml(data: bytes, names: frozenset[str]) -> list[str]:
    found: list[str] = []
    events = lxml.etree.iterparse(io.BytesIO(data), recover=True, huge_tree=True, resolve_entities=False)
    for _, element in events:
        if isinstance(element.tag, str):
            if re.split("[}:]", element.tag)[-1] in names and element.text:
                found.append(element.text)
            found += [str(value) for name, value in element.attrib.items() if f"@{name}" in names]
            element.clear()
    return found


def _texts_of_page(data: bytes, selectors: Sequence[str], out: Sequence[str]) -> list[str]:
    page = LexborHTMLParser(decode_page(data).replace("\0", ""))
    page.strip_tags(["script", "style"])
    for node in page.css(", ".join(out)) if out else []:
        if node.parent is not None:
            node.decompose()
    return [node.text(separator=_END) for node in page.css(", ".join(selectors))]


def _no_texts(*_: object) -> list[str]:
    return []
