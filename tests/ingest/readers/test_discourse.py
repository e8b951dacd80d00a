"""Topics of Discourse: numbers as ids, overlapping windows, system lines, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

POST = {"id": 70, "post_number": 4, "topic_id": 9, "username": "ada", "cooked": "<p>Yes.</p>", "post_type": 1}


def read_posts(folder: Path, *posts: dict[str, Any], **settings: Any) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, json.dumps({"latest_posts": posts}).encode(), **settings)
    assert rejected.is_empty()
    return known_of(records)


def test_windows_of_a_topic_name_their_posts_alike() -> None:
    topic, _ = read_file(CASES / "discourse" / "dump.json")
    window, _ = read_file(CASES / "discourse" / "window.json")
    assert window["native_id"].to_list() == ["61/8", "61/9", "61/10"]  # newest first in the file
    both = topic.join(window, on=["scope", "native_id", "native_discussion", "native_parent", "body", "permalink"])
    assert both["native_id"].to_list() == ["61/8"]
    capture = open_capture(CASES / "discourse" / "window.json", ReadSettings())
    assert (capture.facts.source, capture.facts.order_known) == ("discourse:talk.kiln.example", "time")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"native_id": "9/4", "parent_known": False, "native_parent": None, "scope": None}),
        ({"reply_to_post_number": 2}, {"native_parent": "9/2", "parent_known": True}),
        ({"reply_to_post_number": 4}, {"native_parent": None, "parent_known": False}),
        ({"post_number": 1}, {"native_parent": None, "parent_known": True}),
        ({"topic_id": None}, {"native_id": "post:70", "native_discussion": None}),
        ({"cooked": None, "raw": "*Yes.*"}, {"body": "*Yes.*", "markup": "markdown"}),
        ({"hidden": True}, {"deletion": "moderator"}),
        ({"deleted_at": "2026-01-01"}, {"deletion": "moderator"}),
        ({"version": 1, "updated_at": "2026-01-02"}, {"edited_at_raw": None}),
        ({"version": 2, "updated_at": "2026-01-02"}, {"edited_at_raw": "2026-01-02"}),
        ({"actions_summary": [{"id": 1}, {"id": 2, "count": 5}, 7]}, {"votes": 5}),
        ({"username": ["ada"], "created_at": {}, "post_number": 2**70}, {"author": None, "native_id": "post:70"}),
        (
            {"link_counts": [{"internal": True, "url": "https://Forum.Example/t/x/9"}], "topic_slug": "x"},
            {"scope": "discourse:forum.example", "permalink": "https://forum.example/t/x/9/4"},
        ),
    ],
)
def test_what_bites_in_posts(tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    (known,) = read_posts(tmp_path, {**POST, **changes})
    assert {name: known.get(name) for name in expected} == expected


def test_a_file_without_host_takes_the_named_source(tmp_path: Path) -> None:
    (known,) = read_posts(tmp_path, POST, source="talk.kiln.example")
    assert known["scope"] == "discourse:talk.kiln.example"


def test_system_lines_alone_go_to_quarantine(tmp_path: Path) -> None:
    data = json.dumps({"latest_posts": [{**POST, "post_type": 3}]}).encode()
    records, rejected = read_bytes(tmp_path, data, format="discourse")
    assert records.is_empty()
    assert rejected["rule"].to_list() == ["system_line"]


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("discourse"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "discourse")


def test_a_topic_cut_short_keeps_the_posts_before_the_cut(tmp_path: Path) -> None:
    data = (CASES / "discourse" / "dump.json").read_bytes()
    records, rejected = read_bytes(tmp_path, data[: data.index(b"Still crawls")])
    assert records["native_id"].to_list() == ["61/1", "61/2", "61/3"]
    assert rejected["rule"].to_list() == ["bad_json"]
