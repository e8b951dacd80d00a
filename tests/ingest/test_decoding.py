"""Text from bytes that may be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.decoding import decode_line, without_surrogates


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
