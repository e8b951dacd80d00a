"""Single messages and batches of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from pipeline.ingest.containers import Head
from pipeline.ingest.readers.nntp import recognise
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

DUMP = (CASES / "nntp" / "dump.txt").read_bytes()
ARTICLE = b"From: ada\nNewsgroups: rec.kites\nMessage-ID: <%d@x>\nSubject: Up\n\nThey fly.\n"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("From: ada\nDate: today\nTo: bo\n\nHi", True),
        ("From: ada\nto the sea\nSubject: none\nDate: none\n", False),
        ("Subject: Kites\nDate: today\n\nHi", False),
        ("Ada: hello\nBo: hello yourself\n", False),
        ("name: ada\nfrom: Ystad\n", False),
    ],
)
def test_what_is_a_message(text: str, known: bool) -> None:
    assert recognise(Head("a", text.encode(), complete=True)) is known


def test_a_batch_is_cut_by_its_lengths_or_else_by_its_lines(tmp_path: Path) -> None:
    articles = [ARTICLE % 1, ARTICLE % 2 + b"#! rnews is how batches begin\n", ARTICLE % 3]
    lengths = [len(articles[0]), len(articles[1]), 99_999]
    data = b"".join(b"#! rnews %d\n" % length + text for length, text in zip(lengths, articles, strict=True))
    records, _ = read_bytes(tmp_path, data)
    assert records["native_id"].to_list() == ["1@x", "2@x", "3@x"]
    assert records["body"][1].endswith("batches begin")
    wrong, _ = read_bytes(tmp_path, data.replace(b"#! rnews %d" % lengths[0], b"#! rnews 7"))
    assert wrong["native_id"].to_list() == ["1@x", "2@x", "3@x"]


def test_an_article_as_a_server_sent_it(tmp_path: Path) -> None:
    sent = b"220 17 <2h1@news.example.org> article\r\n" + DUMP + b"..dots\r\n.\r\n205 bye\r\n"
    expected, _ = read_file(CASES / "nntp" / "dump.txt")
    records, _ = read_bytes(tmp_path, sent)
    assert records["native_id"].to_list() == expected["native_id"].to_list()
    assert records["body"][0] == expected["body"][0] + "\n.dots"


@settings(max_examples=60, deadline=None)
@given(data=damaged_cases("nntp"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "nntp")
