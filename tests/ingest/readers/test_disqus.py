"""Disqus exports: encodings, entities, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes

HEAD = '<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">'
DUMP = (CASES / "disqus" / "dump.xml").read_bytes()


def test_what_breaks_off_keeps_what_stands_before(tmp_path: Path) -> None:
    records, rejected = read_bytes(tmp_path, DUMP[: DUMP.index(b"Only on") + 4])
    assert records["native_id"].to_list() == ["thread:101", "post:501", "post:503", "post:504"]
    assert records["body"][-1] == "<p>Only"
    assert rejected["rule"].to_list() == ["damaged_file"]


def test_a_post_that_is_never_closed_swallows_no_other(tmp_path: Path) -> None:
    records, _ = read_bytes(tmp_path, DUMP.replace(b"</post>", b"", 1))
    assert sorted(records["native_id"].to_list()) == ["post:501", "post:503", "post:504", "post:505", "thread:101"]
    assert records.filter(native_id="post:501")["author"].item() == "Oona"


@pytest.mark.parametrize(
    ("declared", "written"), [("windows-1251", "cp1251"), ("utf-8", "cp1252"), ("no-such", "utf-8"), ("hex", "utf-8")]
)
def test_encodings(tmp_path: Path, declared: str, written: str) -> None:
    words = "Волна" if written == "cp1251" else "café"
    post = f"<post dsq:id='1'><message>{words}</message></post></disqus>"
    data = f"<?xml version='1.0' encoding='{declared}'?>".encode() + (HEAD + post).encode(written)
    records, rejected = read_bytes(tmp_path, data)
    assert records["body"].to_list() == [words]
    assert rejected.is_empty()


def test_entities_are_neither_expanded_nor_lost(tmp_path: Path) -> None:
    bomb = (
        '<!DOCTYPE disqus [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    post = "<post dsq:id='1'><message>x &b; &f; &nbsp;y &amp;lt; \x02z</message></post></disqus>"
    records, _ = read_bytes(tmp_path, (bomb + HEAD + post).encode(), format="disqus")
    assert records["body"].to_list() == ["x &b; &f; &nbsp;y &lt; z"]


def test_depth_without_end_ends_in_quarantine(tmp_path: Path) -> None:
    post = "<post dsq:id='1'><message>kept</message></post>"
    records, rejected = read_bytes(tmp_path, (HEAD + post + "<thread>" * 100_000).encode())
    assert records["body"].to_list() == ["kept"]
    assert rejected["rule"].to_list() == ["damaged_file"]


def test_words_without_end_are_not_lost_in_silence(tmp_path: Path) -> None:
    posts = "".join(f"<post dsq:id='{n}'><message>{'a' * n}</message></post>" for n in (1, 11_000_000, 2))
    records, rejected = read_bytes(tmp_path, f"{HEAD}{posts}</disqus>".encode())
    assert records["native_id"].to_list()[:1] == ["post:1"]
    assert rejected["rule"].to_list() == ["damaged_file"]


@settings(max_examples=60, deadline=None)
@given(data=damaged_cases("disqus"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "disqus")
