"""Names of charsets as files declare them, to encodings that can be decoded.

In: a name. Out: Python's name of the encoding, or None.

>>> find_charset(" ISO_8859-1 "), find_charset("hex"), find_charset("x-unknown")
('iso8859-1', None, None)
"""

from __future__ import annotations

import codecs

# Python calls more things encodings than encodings of text.
_OF_TEXT = (
    *("utf", "ascii", "iso8859", "iso2022", "latin", "cp", "koi8", "mac", "gb", "big5", "euc", "shift_jis", "hz"),
    *("johab", "kz1048", "ptcp154", "tis", "hp", "charmap-"),
)


def find_charset(name: str) -> str | None:
    """Python's name of an encoding of text; None where it knows none of that name."""
    try:
        found = codecs.lookup(name.encode("ascii", "ignore").decode().replace("\0", "").strip()).name
    except LookupError:
        return None
    return found if found.startswith(_OF_TEXT) else None
