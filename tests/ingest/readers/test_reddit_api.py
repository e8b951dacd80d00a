"""Answers of Reddit's API: one thread in several of them, stubs, nesting, old fields, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

CASE = CASES / "reddit_api"


def comment(key: str, parent: str, *replies: Any, **changes: Any) -> dict[str, Any]:
    data = {
        "id": key,
        "parent_id": parent,
        "link_id": "t3_s",
        "body": key,
        "replies": listing(*replies) if replies else "",
    }
    return {"kind": "t1", "data": {**data, **changes}}


def listing(*children: Any) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(children), "after": None}}


def read_answer(folder: Path, answer: Any) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, json.dumps(answer).encode())
    assert rejected.is_empty()
    return known_of(records)


def test_a_page_in_the_notation_of_clojure_is_the_same_page() -> None:
    page, _ = read_file(CASE / "dump.json")
    crawled, rejected = read_file(CASE / "crawler.edn")
    assert crawled.equals(page)
    assert rejected.is_empty()


def test_what_morechildren_adds_belongs_to_the_page() -> None:
    page, _ = read_file(CASE / "dump.json")
    more, _ = read_file(CASE / "morechildren.json")
    assert more.select("native_id", "native_parent", "depth").rows() == [
        ("t1_wick06", "t3_lamp01", 0),
        ("t1_wick07", "t1_wick06", 1),
        ("t1_wick08", "t1_wick02", 2),
    ]
    shared = ["scope", "discussion_scope", "native_discussion", "discussion_url", "community"]
    assert more.select(shared).unique().equals(page.select(shared).tail(1))


def test_a_hidden_reply_is_counted_where_it_is_missing(tmp_path: Path) -> None:
    stub = {"kind": "more", "data": {"count": 4, "parent_id": "t1_a", "children": ["x"]}}
    elsewhere = {"kind": "more", "data": {"count": 0, "parent_id": "t1_unseen", "children": ["y", "z"]}}
    first, second = read_answer(tmp_path, [listing(comment("a", "t3_s", stub), comment("b", "t3_s"), elsewhere)])
    assert (json.loads(first["extra"]), json.loads(second["extra"])) == ({"more": 4}, {"more": 2})


def test_nesting_tells_what_fields_do_not(tmp_path: Path) -> None:
    inner = comment("b", "", parent_id=None, link_id=None)
    submission = {"kind": "t3", "data": {"id": "s", "title": "Soup", "selftext": ""}}
    page = [listing(submission), listing(comment("a", "t3_s", inner, link_id=None))]
    _, outer, reply = read_answer(tmp_path, page)
    assert (outer["native_discussion"], reply["native_discussion"]) == ("t3_s", "t3_s")
    assert (reply["native_parent"], reply["depth"], reply["parent_known"]) == ("t1_a", 1, True)


def test_depth_counts_from_the_submission_or_is_not_known(tmp_path: Path) -> None:
    page = listing(comment("c", "t1_b", comment("d", "t1_c", depth=1), depth=0))
    assert ["depth" in known for known in read_answer(tmp_path, page)] == [False, False]
    things = {"json": {"data": {"things": [comment("d", "t1_c", depth=7)]}}}
    assert read_answer(tmp_path, things)[0]["depth"] == 7


def test_other_answers(tmp_path: Path) -> None:
    of_user = comment("a", "t3_s", link_title="Is cold soup soup?", link_permalink="https://example.org")
    first = {
        "kind": "t1",
        "data": {"id": "t1_b", "parent": "t1_a", "link": "t3_s", "contentText": "Yes.", "replies": ""},
    }
    account = {"kind": "t2", "data": {"name": "ada", "id": "q"}}
    known = read_answer(tmp_path, {"jquery": [of_user, {"json": {"data": {"things": [first]}}}, account, listing()]})
    assert [post["native_id"] for post in known] == ["t1_a", "t1_b"]
    assert known[0]["discussion_title"] == "Is cold soup soup?"
    assert (known[1]["body"], known[1]["native_parent"], known[1]["native_discussion"]) == ("Yes.", "t1_a", "t3_s")


def test_one_answer_a_line_one_of_them_cut(tmp_path: Path) -> None:
    lines = [json.dumps(listing(comment("a", "t3_s"))), json.dumps(listing(comment("b", "t1_a"), comment("c", "t1_b")))]
    records, rejected = read_bytes(tmp_path, "\n".join([*lines, lines[1][:-20]]).encode())
    assert records["location"].to_list() == [
        *("line 1, thing 1", "line 2, thing 1", "line 2, thing 2"),
        *("line 3, thing 1", "line 3, thing 2"),
    ]
    assert rejected.select("location", "rule").rows() == [("line 3, end", "bad_json")]


def test_replies_may_nest_deeper_than_any_parser_goes(tmp_path: Path) -> None:
    depth = 3_000
    start = "".join(
        f'{{"kind": "Listing", "data": {{"children": [{{"kind": "t1", "data": {{"id": "c{n}", "body": "x", "replies": '
        for n in range(depth)
    )
    records, rejected = read_bytes(tmp_path, (start + '""' + "}}]}}" * depth).encode())
    assert records.height == depth
    assert records["native_parent"].to_list() == [None, *(f"t1_c{n}" for n in range(depth - 1))]
    assert rejected["rule"].to_list() == ["bad_json"]


@pytest.mark.parametrize(
    "data",
    [None, [], "t1", {"id": "", "body": ""}, {"name": None, "title": ["x"], "parent_id": {}}],
)
def test_things_of_the_wrong_shape_are_kept_for_later(tmp_path: Path, data: Any) -> None:
    records, rejected = read_bytes(
        tmp_path, json.dumps(listing({"kind": "t1", "data": data})).encode(), format="reddit_api"
    )
    assert records.is_empty()
    assert rejected["rule"].to_list() == ["no_id_no_text"]


@pytest.mark.parametrize(
    ("file", "order"), [("dump.json", "page"), ("morechildren.json", "page"), ("crawler.edn", "page")]
)
def test_facts(file: str, order: str) -> None:
    facts = open_capture(CASE / file, ReadSettings()).facts
    assert (facts.source, facts.shape, facts.order_known) == ("reddit", "page", order)


def test_a_listing_of_submissions_has_no_known_order(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_text(json.dumps(listing({"kind": "t3", "data": {"id": "s", "title": "Soup"}})))
    capture = open_capture(path, ReadSettings())
    assert (capture.format, capture.facts.order_known) == ("reddit_api", "unknown")
    (batch,) = capture.batches()
    assert batch.records.select("native_id", "parent_known", pl.col("native_parent").is_null()).rows() == [
        ("t3_s", True, True)
    ]


@settings(max_examples=40)
@given(damaged_cases("reddit_api"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    assert read_damaged(data, "reddit_api") is not None
