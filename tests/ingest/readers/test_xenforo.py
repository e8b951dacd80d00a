"""Threads of XenForo: versions, pages, quotations, damage."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file


def test_pages_of_one_thread_are_one_discussion() -> None:
    first, _ = read_file(CASES / "xenforo" / "dump.html")
    second, _ = read_file(CASES / "xenforo" / "page-2.html")
    columns = ["scope", "native_discussion", "discussion_title", "community"]
    assert first.select(columns).unique().rows() == second.select(columns).rows()
    assert not second["parent_known"].any()


def test_messages_of_xenforo_1_are_read() -> None:
    records, rejected = read_file(CASES / "xenforo" / "xenforo-1.html")
    assert rejected.is_empty()
    first, second, deleted = known_of(records)
    assert (first["posted_at_raw"], first["body"]) == ("Oct 22, 2014 at 6:19 PM", "Why twice a day?")
    assert (second["posted_at_raw"], second["extra"]) == ("1414002000", '{"number":"2","quotes":["post:81"]}')
    assert '<blockquote class="quoteContainer" data-author="Tilda">' in second["body"]
    assert (deleted["author"], deleted["deletion"], deleted.get("body")) == ("Bram", "unknown", None)
    assert set(records["native_discussion"]) == {"topic:12"}


def test_messages_nested_by_open_tags_are_told_apart(tmp_path: Path) -> None:
    message = '<li id="post-{0}" class="message" data-author="Ada"><div class="messageText">Number {0}'
    data = '<html id="XenForo"><ol>' + "<div>".join(map(message.format, range(1, 40)))
    records, _ = read_bytes(tmp_path, data.encode())
    assert records["body"].to_list() == [f"Number {n}" if n == 39 else f"Number {n}<div></div>" for n in range(1, 40)]


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("xenforo"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "xenforo")


def test_a_list_nested_without_end_is_read_in_time(tmp_path: Path) -> None:
    page = (CASES / "xenforo" / "dump.html").read_bytes()
    nested = b"<ul><li><p>" * 600 + b"<a>x</a>" * 8000
    begun = time.process_time()
    read_bytes(tmp_path, page.replace(b"<body", nested + b"<body", 1).replace(b"</body>", nested + b"</body>"))
    assert time.process_time() - begun < 5  # where any li above a link may be the one meant, it takes some twenty
