"""Charsets as files declare them, and bytes that may be in another.

In: a name, and bytes. Out: Python's name of the encoding, or None; text.

>>> find_charset(" ISO_8859-1 "), find_charset("hex"), find_charset("x-unknown")
('iso8859-1', None, None)
>>> decode_bytes(b"\x93caf\xe9\x94", "latin-1")
('“café”', True)
"""

from __future__ import annotations

import codecs
import re

from pipeline.ingest.decoding import decode_line, without_surrogates

# Python calls more things encodings than encodings of text.
_OF_TEXT = (
    *("utf", "ascii", "iso8859", "iso2022", "latin", "cp", "koi8", "mac", "gb", "big5", "euc", "shift_jis", "hz"),
    *("johab", "kz1048", "ptcp154", "tis", "hp", "charmap-"),
)

_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")
# Charsets that are written for others that hold them.
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}


def find_charset(name: str) -> str | None:
    """Python's name of an encoding of text; None where it knows none of that name."""
    try:
        found = codecs.lookup(name.encode("ascii", "ignore").decode().replace("\0", "").strip()).name
    except LookupError:
        return None
    return found if found.startswith(_OF_TEXT) else None


def widen_charset(codec: str) -> str:
    """The encoding that is meant where Python's name of a narrower one is said: cp1252 for latin-1."""
    return _WIDER.get(codec, codec)


def decode_bytes(data: bytes, charset: str | None) -> tuple[str, bool]:
    """The text of bytes, and whether they are none in the charset they claim. What is valid UTF-8 is UTF-8."""
    codec = find_charset(charset) if charset else None
    if codec is not None and codec.startswith(("utf-16", "utf-32", "utf-7", "iso2022", "hz")):
        try:
            return without_surrogates(data.decode(codec)), False
        except UnicodeError:
            return decode_line(data)[0], True
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        if codec is None or codec in ("utf-8", "ascii"):
            return decode_line(data)[0], True
    repaired = codec == "iso8859-1" and _WINDOWS_ONLY.search(data) is not None
    try:
        return data.decode(widen_charset(codec)), repaired
    except UnicodeDecodeError:
        return data.decode(widen_charset(codec), errors="replace"), True
