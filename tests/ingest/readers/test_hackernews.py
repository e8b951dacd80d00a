"""Items of Hacker News: one thread from four sources, parents, stories, deletion, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from pipeline.ingest import open_capture
from pipeline.ingest.containers import Head
from pipeline.ingest.readers.hn_json import recognise
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

CASE = CASES / "hackernews"
THREAD = ["scope", "native_id", "native_discussion", "native_parent", "parent_known", "author", "posted_at_raw", "body"]
STORY = {"id": 1, "type": "story", "by": "ada", "time": 1_740_000_000, "title": "Soup"}
COMMENT = {"id": 2, "type": "comment", "by": "ben", "time": 1_740_000_060, "parent": 1, "text": "Broth."}


def read_items(folder: Path, *items: Any) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, "\n".join(map(json.dumps, items)).encode())
    assert rejected.is_empty()
    return known_of(records)


@pytest.mark.parametrize("file", ["algolia.json", "search.json", "bigquery.jsonl"])
def test_every_source_shows_the_same_posts(file: str) -> None:
    items, _ = read_file(CASE / "dump.jsonl")
    others, rejected = read_file(CASE / file)
    assert rejected.is_empty()
    assert others.height > 1
    assert others.join(items, on=THREAD, how="anti", nulls_equal=True).is_empty()


def test_lines_an_array_and_an_object_of_items_are_the_same(tmp_path: Path) -> None:
    lines = read_items(tmp_path, STORY, COMMENT)
    for document in ([STORY, COMMENT], {"1": STORY, "2": COMMENT}):
        (known, reply) = read_items(tmp_path, document)
        assert [{**known, "location": "line 1"}, {**reply, "location": "line 2"}] == lines
    (alone,) = read_items(tmp_path, COMMENT)
    assert (alone["native_parent"], "native_discussion" in alone) == ("1", False)


def test_a_story_is_found_by_climbing_in_any_order(tmp_path: Path) -> None:
    chain = [{**COMMENT, "id": n, "parent": n - 1} for n in range(40, 1, -1)]
    known = read_items(tmp_path, *chain[:20], STORY, *chain[20:])
    assert {post["native_discussion"] for post in known} == {"1"}


def test_climbing_ends_in_circles_and_where_nothing_is_known(tmp_path: Path) -> None:
    circle = [{**COMMENT, "id": 5, "parent": 6}, {**COMMENT, "id": 6, "parent": 5}]
    known = read_items(tmp_path, STORY, *circle, {**COMMENT, "id": 8, "parent": 7})
    assert ["native_discussion" in post for post in known] == [True, False, False, False]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"deleted": True, "text": None, "by": None}, {"deletion": "author", "body": None, "author": None}),
        ({"dead": True, "text": "[flagged]"}, {"deletion": "moderator", "body": None, "extra": '{"dead":true}'}),
        ({"dead": True}, {"deletion": None, "body": "Broth.", "extra": '{"dead":true}'}),
        ({"parent": None}, {"parent_known": False, "native_parent": None, "native_discussion": None}),
        ({"parent": "1", "id": "2"}, {"native_parent": "1", "native_id": "2"}),
        ({"type": "poll", "parent": None, "title": "?"}, {"parent_known": True, "native_discussion": "2"}),
        ({"type": "job", "url": "https://example.org"}, {"extra": '{"type":"job","url":"https://example.org"}'}),
        ({"text": ["x"], "time": {}, "by": 7}, {"body": None, "posted_at_raw": None, "author": None}),
        ({"score": 2**70, "parent": 1.5}, {"votes": None, "native_parent": None}),
    ],
)
def test_one_item(tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    (known,) = read_items(tmp_path, {**COMMENT, **changes})
    assert {name: known.get(name) for name in expected} == expected


def test_a_line_may_hold_a_thread_or_none(tmp_path: Path) -> None:
    answer = {"id": 2, "created_at_i": 2, "type": "comment", "author": "ben", "text": "Yes.", "parent_id": 1}
    thread = {"id": 1, "created_at_i": 1, "type": "story", "author": "ada", "children": [answer, "no item"]}
    data = "\n".join(
        [json.dumps(thread), "no JSON", '{"hits": []}', json.dumps(COMMENT), json.dumps({"type": "story"})]
    )
    records, rejected = read_bytes(tmp_path, data.encode(), format="hackernews")
    assert records.select("ordinal", "location", "native_id").rows() == [
        (0, "line 1, item 1", "1"),
        (1, "line 1, item 2", "2"),
        (3, "line 4", "2"),
    ]
    assert rejected.select("ordinal", "location", "rule").rows() == [
        (2, "line 2", "bad_json"),
        (4, "line 5", "no_id_no_text"),
    ]


def test_replies_may_nest_deeper_than_any_parser_goes(tmp_path: Path) -> None:
    start = "".join(
        f'{{"id": {n}, "created_at_i": {n}, "type": "comment", "text": "x", "children": [' for n in range(5_000)
    )
    records, _ = read_bytes(tmp_path, (start + "]}" * 5_000).encode())
    assert records["native_parent"].to_list() == [None, *map(str, range(4_999))]


@pytest.mark.parametrize(
    ("data", "is_hackernews"),
    [
        (b'{"hits": [{"objectID": "1", "created_at_i": 1, "author": "ada"}], "nbHits": 1}', True),
        (b'null\n{"id": 1, "type": "story", "by": "ada", "time": 1}\n', True),
        (b'{"id": 1, "by": "ada", "time": 1, "time_ts": "2006-10-09"}', True),
        (b'{"id": 1, "type": "comment", "deleted": true, "time": 1}', True),
        (b'{"id": 1, "type": "comment", "by": "ada"}', False),
        (b'{"id": 1, "by": "ada", "time": 1, "text": "Soup"}', False),
        (b'{"by": 1, "hits": []}', False),
        (b'[{"id": 1, "type": "story", "by": "ada", "time": 1}, {"id": 2, "text": "x', True),
        (b"null", False),
        (b'"by": ', False),
    ],
)
def test_recognition(data: bytes, is_hackernews: bool) -> None:
    assert recognise(Head("dump", data, complete=False)) is is_hackernews


@pytest.mark.parametrize(
    ("file", "order"), [("dump.jsonl", "unknown"), ("algolia.json", "page"), ("search.json", "unknown")]
)
def test_facts(file: str, order: str) -> None:
    capture = open_capture(CASE / file, ReadSettings())
    assert (capture.format, capture.facts.source, capture.facts.order_known) == ("hackernews", "hackernews", order)


def test_stories_of_a_large_file_are_found_within_its_batches(tmp_path: Path) -> None:
    items = [STORY, *({**COMMENT, "id": n} for n in range(2, 50_003))]
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, items)))
    first, second = open_capture(path, ReadSettings()).batches()
    assert first.records["native_discussion"].unique().to_list() == ["1"]
    assert second.records.select(pl.len(), pl.col("native_discussion").null_count()).row(0) == (2, 2)


@settings(max_examples=40)
@given(damaged_cases("hackernews"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    assert read_damaged(data, "hackernews") is not None


@pytest.mark.parametrize("score", ["²", "--5", "9" * 5000, ["5"]])
def test_points_that_are_no_number_are_none(tmp_path: Path, score: Any) -> None:
    [story] = read_items(tmp_path, {**STORY, "score": score})
    assert "votes" not in story


def test_a_type_may_be_anything() -> None:
    lines = b'{"id": 1, "type": [], "time": 1, "by": "ada"}\n{"id": 2, "type": {}, "time": 1, "by": "ben"}\n'
    assert not recognise(Head("items.jsonl", lines, complete=True))
