"""Nested JSON: replies are found where they lie, whatever their key, and what is no reply is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.reading import read_bytes, read_capture

TREE = ["native_id", "native_parent", "depth", "body"]


def post(name: int | None, text: str, *replies: dict[str, Any], key: str = "replies") -> dict[str, Any]:
    told = {"author": "Ida", "text": text, **({} if name is None else {"id": name})}
    return {**told, key: list(replies)} if replies else told


def read(tmp_path: Path, value: Any) -> tuple[str | None, pl.DataFrame]:
    path = tmp_path / "dump"
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    capture = open_capture(path, ReadSettings())
    return capture.format, read_capture(capture)[0]


def test_replies_are_told_by_where_they_lie(tmp_path: Path) -> None:
    page = [post(1, "Soup?", post(2, "Stew.", post(3, "Broth!")), post(4, "Bread.")), post(5, "Tea.")]
    expected = [
        ("1", None, 0, "Soup?"), ("2", "1", 1, "Stew."), ("3", "2", 2, "Broth!"), ("4", "1", 1, "Bread."),
        ("5", None, 0, "Tea."),
    ]  # fmt: skip
    for value in (page, {"page": {"comments": page}}, {"data": page, "error": None}):
        name, records = read(tmp_path, value)
        assert (name, records.select(TREE).rows()) == ("json_trees", expected)
        assert records["parent_known"].all()


def test_replies_may_lie_deeper_and_under_any_key(tmp_path: Path) -> None:
    inner = {**post(1, "Soup?"), "thread": {"data": [post(2, "Stew.")], "more": True}}
    _, records = read(tmp_path, [inner])
    assert records.select(TREE).rows() == [("1", None, 0, "Soup?"), ("2", "1", 1, "Stew.")]


def test_without_ids_the_nesting_alone_tells(tmp_path: Path) -> None:
    _, records = read(tmp_path, [post(None, "Soup?", post(None, "Stew.")), post(None, "Tea.")])
    assert records.select(TREE).rows() == [(None, None, 0, "Soup?"), (None, None, 1, "Stew."), (None, None, 0, "Tea.")]
    assert not records["parent_known"].any()


def test_a_post_beside_a_list_is_what_that_answers(tmp_path: Path) -> None:
    _, records = read(tmp_path, {"submission": post(1, "Soup?"), "comments": [post(2, "Stew."), post(3, "Tea.")]})
    assert records["native_parent"].to_list() == [None, "1", "1"]


def test_a_page_whose_post_calls_its_words_otherwise(tmp_path: Path) -> None:
    comment = {"id": "c1", "author": "Bo", "body": "Stew."}
    page = {"id": "p1", "author": "Ida", "title": "Lunch", "selftext": "Soup?", "url": "x", "comments": [comment]}
    _, records = read(tmp_path, [page])
    assert records.select(TREE).rows() == [("p1", None, 0, "Soup?"), ("c1", "p1", 1, "Stew.")]


def test_a_thread_a_line_is_read_line_by_line(tmp_path: Path) -> None:
    threads = [{"id": f"t{n}", "title": "Soup", "comments": [post(n, "Stew.", post(n + 10, "Tea."))]} for n in range(3)]
    lines = [json.dumps(thread).encode() for thread in threads]
    name, records = read(tmp_path, b"\n".join([*lines[:2], b'{"id": "t9", "comm', lines[2]]))
    assert name == "json_trees"
    assert records.select("native_discussion", "native_parent", "location").rows() == [
        ("t0", None, "line 1"), ("t0", "0", "line 1"), ("t1", None, "line 2"), ("t1", "1", "line 2"),
        ("t2", None, "line 4"), ("t2", "2", "line 4"),
    ]  # fmt: skip
    assert set(records["discussion_title"].drop_nulls()) == {"Soup"}
    assert read_bytes(tmp_path, b"\n".join([*lines, b"{"]))[1]["rule"].to_list() == ["bad_json"]


def test_a_message_that_another_quotes_is_no_reply(tmp_path: Path) -> None:
    rows = [{**post(n, "Soup?"), "quoted_status": post(7, "Stew.")} for n in (1, 2)]
    name, records = read(tmp_path, "\n".join(map(json.dumps, rows)).encode())
    assert (name, records["native_id"].to_list()) == ("jsonl", ["1", "2"])


def test_flat_tables_and_other_documents_are_left_to_others(tmp_path: Path) -> None:
    assert read(tmp_path, [post(1, "Soup?"), post(2, "Stew.")])[0] == "json"
    name, _ = read(tmp_path, b'{"id": 1, "text": "Soup?"}\n{"id": 2, "text": "Stew."}')
    assert name == "jsonl"


def test_depth_costs_no_recursion(tmp_path: Path) -> None:
    deep = b'[{"id": 1, "text": "Soup?", "replies": ' * 3000 + b"[]" + b"}]" * 3000
    _, records = read(tmp_path, deep)
    assert records.height == 3000
    assert records["depth"].max() == 2999


def test_what_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = json.dumps([post(1, "Soup?", post(2, "Stew.")), post(3, "Tea.")]).encode()
    records, rejected = read_bytes(tmp_path, data[:-25])
    assert records["native_id"].to_list()[:2] == ["1", "2"]
    assert rejected["rule"].to_list() == ["bad_json"]


def test_a_document_that_is_a_number_holds_no_post(tmp_path: Path) -> None:
    data = json.dumps([post(1, "Soup?", post(2, "Stew."))]).encode()
    records, _ = read_bytes(tmp_path, data + b"\n7\n" + data, format="json_trees")
    assert records["native_id"].to_list() == ["1", "2", "1", "2"]
