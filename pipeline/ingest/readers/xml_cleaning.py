"""XML that a parser can pass: one encoding, no forbidden characters, no entities.

In: the bytes of a document in pieces. Out: the same in UTF-8, in which nothing but damaged tags can stop a parser.

>>> b"".join(clean_xml(iter([b"<?xml version='1.0'?><a>T&eacute;a & <![CDATA[x &amp; y"])))
b'<a>T&#38;eacute;a &#38; <![CDATA[x &amp; y]]>'

After its first error libxml2 drops every entity, ``&lt;`` and ``&amp;`` among them, to the end of the document, and
says nothing. So all of them become numbers here, those that only a DTD could explain stay as they are written, and no
entity can be expanded. A section of verbatim words (CDATA) that is not closed is closed at the end, for the parser
would drop it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from pipeline.ingest.readers.charsets import find_charset, widen_charset

_DECLARATION = re.compile(rb"\s*<\?xml\b[^>]{0,400}>")
_ENCODING = re.compile(rb"\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_VERBATIM = "<![CDATA["
_VERBATIM_ENDS = "]]>"
_REFERENCE = re.compile(r"&(?:#(?:(\d{1,7})|x([0-9a-fA-F]{1,6}));|(amp|lt|gt|quot|apos);)?")
_NUMBERS = {"amp": "&#38;", "lt": "&#60;", "gt": "&#62;", "quot": "&#34;", "apos": "&#39;"}
_LONGEST_MARK = 12  # characters of a marker or reference that may be cut in two


def clean_xml(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The document without its XML declaration, in pieces."""
    verbatim, held = False, ""
    for piece in _decoded(chunks):
        text = held + _FORBIDDEN.sub("", piece)
        # What may go on in the next piece waits for it.
        end = max(text.rfind(mark, max(0, len(text) - _LONGEST_MARK)) for mark in "&<]")
        end = len(text) if end < 0 else end
        if text.startswith("]", end):
            end = len(text[:end].rstrip("]"))
        cleaned, verbatim = _clean(text[:end], verbatim)
        held = text[end:]
        yield cleaned.encode()
    cleaned, verbatim = _clean(held, verbatim)
    yield (cleaned + (_VERBATIM_ENDS if verbatim else "")).encode()


def _decoded(chunks: Iterator[bytes]) -> Iterator[str]:
    first = next(chunks, b"")
    encoding = None
    if declared := _DECLARATION.match(first):
        first = first[declared.end() :]
        named = _ENCODING.search(declared[0])
        encoding = find_charset(named[1].decode()) if named else None
    if encoding is None or encoding.startswith(("utf", "ascii")):  # UTF-16 is UTF-8 by now
        encoding, errors = "utf-8", "threadloom-windows"
    else:
        encoding, errors = widen_charset(encoding), "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    yield decoder.decode(first)
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _clean(text: str, verbatim: bool) -> tuple[str, bool]:
    """The text with its references as numbers, and whether it ends in verbatim words."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        mark = _VERBATIM_ENDS if verbatim else _VERBATIM
        end = text.find(mark, at)
        end = len(text) if end < 0 else end + len(mark)
        pieces.append(text[at:end] if verbatim else _REFERENCE.sub(_as_number, text[at:end]))
        verbatim = verbatim != text.endswith(mark, at, end)
        at = end
    return "".join(pieces), verbatim


def _as_number(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _NUMBERS[name]
    if not (decimal or hexadecimal):
        return "&#38;"
    number = int(decimal) if decimal else int(hexadecimal, 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000 or _FORBIDDEN.match(chr(number)):
        return "\ufffd"
    return f"&#{number};"
