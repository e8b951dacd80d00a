"""Bytes to text where the bytes may be wrong: what is valid UTF-8 stays, the rest is read as best can be.

In: the bytes of a line. Out: its text, and whether anything had to be repaired.

>>> decode_line("caf\\xe9 – naïve".encode("cp1252")), decode_line("café".encode())
(('café – naïve', True), ('café', False))
"""

from __future__ import annotations

import codecs

_LOST = "\ufffd"
_LIKELY_LEADS = b"\xc2\xc3\xe2\xf0"
_SAMPLE = 4096
_FEWEST_UNITS = 32  # of two bytes; less says nothing
_NARROW_SHARE = 0.1  # of units whose high byte is zero: spaces, digits, line ends and Latin letters


def _as_windows_text(error: UnicodeError) -> tuple[str, int]:
    """What stands for bytes that are no UTF-8: Windows-1252 letters, or U+FFFD for a UTF-8 character cut short."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    # A lead byte with a proper continuation behind it is UTF-8 that lost its tail; so, at the very end, are the lead
    # bytes that are no letters a word ends in. Any other byte is a letter of Windows.
    if len(wrong) > 1 or (error.reason == "unexpected end of data" and wrong in _LIKELY_LEADS):
        return _LOST, error.end
    return wrong.decode("cp1252", errors="replace"), error.end


codecs.register_error("threadloom-windows", _as_windows_text)


def decode_line(line: bytes) -> tuple[str, bool]:
    """The text of a line, and whether its bytes were no valid UTF-8. Never raises; the text holds no surrogates."""
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        return line.decode("utf-8", errors="threadloom-windows"), True


def without_surrogates(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced by U+FFFD; other text unchanged."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")
    return text


def wide_encoding(start: bytes) -> str | None:
    """Which UTF-16 a file is in, by its mark or its zero bytes; None where it is in none.

    Without a mark, text in UTF-16 has all its zero bytes on one side of the units, many of them, and nothing that is no
    character. Text in UTF-8 has no zero bytes, and what is no text has no such order.
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and start[2:4] != b"\0\0":
        return "utf-16"
    sample = start[: min(len(start), _SAMPLE) & ~1]
    units = len(sample) // 2
    if units < _FEWEST_UNITS:
        return None
    high, low = sample[0::2].count(0), sample[1::2].count(0)
    if (high == 0) == (low == 0) or high + low < _NARROW_SHARE * units:
        return None
    encoding = "utf-16-be" if high else "utf-16-le"
    text = sample.decode(encoding, errors="replace").rstrip(_LOST)
    sound = all(character.isprintable() or character.isspace() for character in text)
    return encoding if sound and _LOST not in text else None
