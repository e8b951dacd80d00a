"""Pages of Reddit in its layout of 2018 to 2023."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.errors import InputError
from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

CASE = CASES / "reddit_redesign"


def page_of(state: Any) -> bytes:
    return b"<html><script>window.___r = " + json.dumps(state).encode() + b";</script></html>"


def comment(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "postId": "t3_9kiln1", "author": "ada", **fields}


def test_comments_stand_as_the_page_shows_them() -> None:
    records, rejected = read_file(CASE / "dump.html")
    assert rejected.is_empty()
    assert records["native_id"].to_list() == ["t3_9kiln1", "t1_k00001", "t1_k00002", "t1_k00003", "t1_k00004"]
    assert records["native_parent"].to_list() == [None, "t3_9kiln1", "t1_k00001", "t1_k00001", "t3_9kiln1"]
    assert records["deletion"].to_list() == [None, None, None, "moderator", None]


def test_a_state_that_breaks_off_gives_the_comments_before(tmp_path: Path) -> None:
    whole = (CASE / "dump.html").read_bytes()
    records, rejected = read_bytes(tmp_path, whole[: whole.index(b"I did.")])
    assert records["native_id"].to_list() == ["t3_9kiln1", "t1_k00003", "t1_k00001", "t1_k00002"]
    assert rejected["rule"].to_list() == ["bad_json"]


def test_chains_that_run_in_circles_end(tmp_path: Path) -> None:
    chained = [("t1_a", "t1_b"), ("t1_b", "t1_a"), ("t1_c", "t1_a"), ("t1_d", "t1_d")]
    models = {name: comment(name, next={"id": after}) for name, after in chained}
    records, _ = read_bytes(tmp_path, page_of({"comments": {"models": models}}))
    assert records["native_id"].to_list() == ["t1_c", "t1_a", "t1_b", "t1_d"]


def test_rich_text_is_written_as_html_whatever_it_holds(tmp_path: Path) -> None:
    table = {"e": "table", "h": [{"c": [{"e": "text", "t": "a"}]}], "c": [[{"c": [{"e": "text", "t": "<b>"}]}], 3]}
    deep: dict[str, Any] = {"e": "text", "t": "in"}
    for _ in range(300):
        deep = {"e": "blockquote", "c": [deep]}
    bodies = [[table, "raw <i>"], [deep], [{"e": 7, "t": None, "c": {}}, {"e": "h", "c": [{"e": "raw", "t": "H"}]}]]
    models = {
        f"t1_{row}": comment(f"t1_{row}", media={"richtextContent": {"document": body}})
        for row, body in enumerate(bodies)
    }
    records, _ = read_bytes(tmp_path, page_of({"comments": {"models": models}}))
    assert records["body"][0] == "<table><tr><td>a</td></tr><tr><td>&lt;b&gt;</td></tr></table>"
    assert records["body"][1] == "<blockquote>" * 300 + "in" + "</blockquote>" * 300
    assert records["body"][2] == "<h3>H</h3>"


def test_a_page_without_a_state_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "p.html"
    path.write_bytes(b"<html><link href='https://www.redditstatic.com/desktop2x/a.css'></html>")
    with pytest.raises(InputError, match=r"window\.___r"):
        open_capture(path, ReadSettings(format="reddit_redesign"))
    path.write_bytes(page_of({"posts": {"models": {"t3_x": {"isSponsored": True}}}}))
    with pytest.raises(InputError, match="no post"):
        open_capture(path, ReadSettings(format="reddit_redesign"))


@settings(max_examples=25)
@given(damaged_cases("reddit_redesign"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    read_damaged(data, "reddit_redesign")
