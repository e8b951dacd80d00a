"""Lemmy's API: paths, hosts, versions, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

COMMENT = {"id": 7, "creator_id": 3, "post_id": 1, "content": "So.", "path": "0.3.7", "ap_id": "https://b.example/c/9"}


def read_comment(folder: Path, comment: dict[str, Any], **around: Any) -> dict[str, Any]:
    view = {"comment": comment, "creator": {"id": 3, "name": "ada"}, **around}
    records, rejected = read_bytes(folder, json.dumps({"comment_view": view}).encode(), format="lemmy")
    assert rejected.is_empty()
    return known_of(records)[-1]


def test_old_and_new_answers_of_one_instance_name_alike() -> None:
    old, _ = read_file(CASES / "lemmy" / "dump.json")
    new, _ = read_file(CASES / "lemmy" / "v4.json")
    assert new["native_id"].to_list() == ["post:18", "comment:57"]
    reply = known_of(new)[1]
    assert (reply["native_parent"], reply["votes"], reply["author"]) == ("comment:51", 4, "bo")
    assert reply["posted_at_raw"] == "2025-01-01T08:00:00.123456Z"
    assert set(old["scope"]) == set(new["scope"]) == {"lemmy:hearth.example"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"native_parent": "comment:3", "native_discussion": "post:1", "depth": 1, "scope": None}),
        ({"path": "0.7"}, {"native_parent": "post:1", "depth": 0}),
        ({"path": "7"}, {"native_parent": None, "parent_known": False, "depth": None}),
        ({"path": "0.3.8"}, {"native_parent": None, "parent_known": False}),
        ({"path": None, "parent_id": 5}, {"native_parent": "comment:5", "parent_known": True}),
        ({"path": None, "parent_id": None}, {"native_parent": "post:1", "parent_known": True}),
        ({"path": "0.7", "post_id": None}, {"native_parent": None, "parent_known": False}),
        ({"removed": True, "deleted": True}, {"deletion": "moderator"}),
        ({"published": "2020-01-01T00:00:00"}, {"posted_at_raw": "2020-01-01T00:00:00"}),
        ({"local": True}, {"scope": "lemmy:b.example", "permalink": "https://b.example/comment/7"}),
        ({"content": 5, "score": "many", "creator_id": []}, {"body": None, "votes": None, "author": "ada"}),
    ],
)
def test_what_bites_in_comments(tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    known = read_comment(tmp_path, {**COMMENT, **changes})
    assert {name: known.get(name) for name in expected} == expected


def test_a_post_with_a_view_of_its_own_is_one_record(tmp_path: Path) -> None:
    post = {"id": 1, "name": "Tea", "creator_id": 3, "community_id": 2, "ap_id": "https://b.example/post/1"}
    page = {"post_view": {"post": post, "counts": {"score": 6}}, "comments": [{"comment": COMMENT, "post": post}]}
    records, _ = read_bytes(tmp_path, json.dumps(page).encode())
    assert records.select("native_id", "votes").rows() == [("post:1", 6), ("comment:7", None)]
    assert records["discussion_title"].to_list() == ["Tea", "Tea"]


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("lemmy"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "lemmy")
