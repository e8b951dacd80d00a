"""Threads of Bluesky: nested and flat, stubs, depth, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

HERE = "at://did:plc:x/app.bsky.feed.post/"
DEEP = 3_000


def post(key: str, parent: str | None = None, **changes: Any) -> dict[str, Any]:
    reply = {"reply": {"root": {"uri": HERE + "1"}, "parent": {"uri": HERE + parent}}} if parent else {}
    record = {"$type": "app.bsky.feed.post", "text": key, "createdAt": "2025-01-01T00:00:00Z", **reply}
    return {"uri": HERE + key, "author": {"did": "did:plc:x", "handle": "x.example"}, "record": record, **changes}


def read_answer(folder: Path, answer: Any) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, json.dumps(answer).encode())
    assert rejected.is_empty()
    return known_of(records)


def test_a_nested_and_a_flat_thread_show_the_same_posts() -> None:
    columns = ["native_id", "native_parent", "native_discussion", "body", "posted_at_raw", "parent_known"]
    nested, _ = read_file(CASES / "bluesky" / "dump.json")
    flat, _ = read_file(CASES / "bluesky" / "v2.json")
    assert nested.head(4).select(columns).equals(flat.head(4).select(columns))
    stubs = flat.tail(2)
    assert stubs["native_parent"].unique().to_list() == [flat["native_id"][1]]
    assert stubs["deletion"].to_list() == ["unknown", None]


def test_posts_above_the_one_asked_for_come_first(tmp_path: Path) -> None:
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": HERE + "1", "notFound": True}
    node = {"post": post("3", "2"), "parent": {"post": post("2", "1"), "parent": gone}, "replies": []}
    first, second, third = read_answer(tmp_path, {"thread": node})
    assert (first["native_id"], first["native_discussion"], first["deletion"]) == (HERE + "1", HERE + "1", "unknown")
    assert second["native_parent"] == first["native_id"]
    assert third["native_parent"] == second["native_id"]


def test_feeds_and_searches_are_read(tmp_path: Path) -> None:
    feed = {"feed": [{"post": post("2", "1"), "reply": {"root": post("1"), "parent": post("1")}}], "cursor": "x"}
    keys = [known["native_id"] for known in read_answer(tmp_path, feed)]
    assert sorted(set(keys)) == [HERE + "1", HERE + "2"]
    assert [known["body"] for known in read_answer(tmp_path, {"posts": [post("7"), post("8")]})] == ["7", "8"]


def test_a_thread_may_nest_deeper_than_any_parser_goes(tmp_path: Path) -> None:
    opening = "".join(
        f'{{"post": {json.dumps(post(str(n), str(n - 1) if n > 1 else None))}, "replies": [' for n in range(1, DEEP + 1)
    )
    records, rejected = read_bytes(tmp_path, (opening + "]}" * DEEP).encode(), format="bluesky")
    assert (records.height, rejected.height) == (DEEP, 0)
    assert records["native_parent"].to_list()[1:] == records["native_id"].to_list()[:-1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"parent_known": True, "native_discussion": HERE + "5", "author": "x.example"}),
        ({"author": {"did": "did:plc:x", "handle": "handle.invalid"}}, {"author": "did:plc:x"}),
        ({"author": None, "likeCount": 3}, {"author": None, "votes": 3}),
        ({"record": {"text": ["no"], "reply": {}}}, {"body": None, "parent_known": True}),
        ({"record": {"text": "a", "reply": {"parent": 7}}}, {"body": "a", "parent_known": False}),
        ({"record": {"text": "a"}, "indexedAt": "2025"}, {"posted_at_raw": "2025"}),
    ],
)
def test_what_bites_in_posts(tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    data = json.dumps({"posts": [post("5", **changes)], "$type": "app.bsky.x"}).encode()
    records, _ = read_bytes(tmp_path, data, format="bluesky")
    (known,) = known_of(records)
    assert {name: known.get(name) for name in expected} == expected


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("bluesky"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "bluesky")
