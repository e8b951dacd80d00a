"""Flat text: a line with words is a record, whatever it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.mojibake import mend_text
from pipeline.ingest.records import BATCH_RECORDS
from tests.ingest.reading import known_of, read_bytes

LINES = st.lists(
    st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=("Cs",)), max_size=8), max_size=12
)
BLANKS = "".join(chr(point) for point in range(0x10000) if chr(point).isspace()) + "\u200b\u2060\ufeff"


@given(LINES, st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_every_line_with_words_is_a_record(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str
) -> None:
    page = ["The first line says what file this is.", *lines]
    records, rejected = read_bytes(tmp_path_factory.getbasetemp(), end.join(page).encode(), format="flat_text")
    assert rejected.is_empty()
    assert records["body"].to_list() == [mend_text(line.strip(BLANKS)) for line in page if line.strip(BLANKS)]


def test_equal_short_and_quoted_lines_are_records_of_their_own(tmp_path: Path) -> None:
    page = "Build the garden.\nI agree.\n\n\n> Build the garden.\n\t\u00a0I agree. \nhttps://example.org\n?\n \u00a0 \n"
    records, _ = read_bytes(tmp_path, page.encode())
    assert known_of(records)[0] == {
        "ordinal": 0,
        "location": "line 1",
        "parent_known": False,
        "body": "Build the garden.",
        "markup": "plain",
    }
    assert records.select("location", "body").rows()[1:] == [
        ("line 2", "I agree."),
        ("line 5", "> Build the garden."),
        ("line 6", "I agree."),
        ("line 7", "https://example.org"),
        ("line 8", "?"),
    ]


def test_what_is_no_text_goes_to_quarantine(tmp_path: Path) -> None:
    data = b"one\ntw\0o\n" + b"three " * 500 + b"\nfour\n"
    records, rejected = read_bytes(tmp_path, data, format="flat_text", record_bytes=1024)
    assert records.select("ordinal", "body").rows() == [(0, "one"), (3, "four")]
    assert rejected.select("ordinal", "location", "rule", "raw").rows() == [
        (1, "line 2", "nul", b"tw\0o"),
        (2, "line 3", "too_long", (b"three " * 500)[:1000]),
    ]


def test_a_large_page_comes_in_batches(tmp_path: Path) -> None:
    records, _ = read_bytes(tmp_path, b"more\n" * (BATCH_RECORDS + 7))
    assert records.height == BATCH_RECORDS + 7
    assert records["location"][-1] == f"line {BATCH_RECORDS + 7}"
