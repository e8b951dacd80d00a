"""Text from bytes that may be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.decoding import decode_line, wide_encoding, without_surrogates


@given(st.text())
def test_sound_text_comes_back(text: str) -> None:
    assert decode_line(text.encode()) == (text, False)


@given(st.binary())
def test_any_bytes_are_some_text(line: bytes) -> None:
    text, repaired = decode_line(line)
    assert repaired == (text.encode() != line)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("naïve café – “déjà vu”".encode("cp1252"), "naïve café – “déjà vu”"),
        ("schön".encode() + b" sch\xf6n", "schön schön"),
        ("cut in a sign: €".encode()[:-1], "cut in a sign: \ufffd"),
        ("cut in a sign: é".encode()[:-1], "cut in a sign: \ufffd"),
        (b"at the end: caf\xe9", "at the end: café"),
        (b"a byte without meaning: \x81!", "a byte without meaning: \ufffd!"),
    ],
)
def test_wrong_bytes_are_read_as_windows_text(line: bytes, text: str) -> None:
    assert decode_line(line) == (text, True)


@pytest.mark.parametrize(
    ("text", "mended"), [("\ud83d\ude00", "😀"), ("a\ud800b", "a\ufffdb"), ("\ude00\ud83d", "\ufffd\ufffd"), ("é", "é")]
)
def test_surrogates_are_joined_or_replaced(text: str, mended: str) -> None:
    assert without_surrogates(text) == mended


@pytest.mark.parametrize(
    ("start", "encoding"),
    [
        (b"Plain words, nothing else to be said about them here.\n" * 2, None),
        ("Wide words, two bytes for every one of their letters.".encode("utf-16-le"), "utf-16-le"),
        ("Wide words, two bytes for every one of their letters.".encode("utf-16-be"), "utf-16-be"),
        ("Широкие слова, по два байта на каждую из их букв, да.".encode("utf-16-le"), "utf-16-le"),
        ("Short.".encode("utf-16"), "utf-16"),
        (b"One NUL\0 in a line of words that are otherwise quite plain, as a bad disk leaves it.", None),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x06\x00\x00\x00\\r\xa8f" * 3, None),
        (b"PAR1\x15\x04\x15\x1c\x15\x1eL\x15\x02\x15\x00\x12\x00\x00\x0e4\x01\x00\x01\x00\x02\x00" * 4, None),
        ("UTF-32".encode("utf-32"), None),
    ],
)
def test_wide_encodings_are_told(start: bytes, encoding: str | None) -> None:
    assert wide_encoding(start) == encoding
