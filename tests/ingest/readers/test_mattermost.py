"""Mattermost: parents of old and new servers, lists instead of objects, never and zero."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.reading import read_bytes


def post(key: str, created: Any = 1588404642000, **fields: Any) -> dict[str, Any]:
    return {"id": key, "create_at": created, "channel_id": "c1", "user_id": "u1", "message": key} | fields


@pytest.mark.parametrize(
    ("fields", "parent"),
    [
        ({}, None),
        ({"root_id": "", "parent_id": ""}, None),
        ({"root_id": "a"}, "a"),
        ({"root_id": "", "parent_id": "a"}, "a"),
        ({"root_id": None}, None),
    ],
)
def test_only_an_id_is_a_parent(fields: dict[str, Any], parent: str | None, tmp_path: Path) -> None:
    records, _ = read_bytes(tmp_path, json.dumps({"posts": [post("b", **fields)]}).encode())
    assert records.select("native_parent", "parent_known").rows() == [(parent, parent is not None)]


def test_posts_come_by_time_whatever_their_order(tmp_path: Path) -> None:
    posts = {key: post(key, created) for key, created in [("c", 3), ("a", 1), ("d", None), ("b", 2)]}
    records, _ = read_bytes(tmp_path, json.dumps({"order": list(posts), "posts": posts}).encode())
    assert records["native_id"].to_list() == ["d", "a", "b", "c"]
    assert records["posted_at_raw"].to_list() == [None, "1", "2", "3"]


def test_bots_speak_under_another_name_and_in_attachments(tmp_path: Path) -> None:
    props = {"override_username": "tide", "attachments": [{"pretext": "", "title": "High", "text": "17:05"}]}
    spoken = post("a", message="", props=props)
    records, _ = read_bytes(tmp_path, json.dumps({"posts": [spoken]}).encode())
    assert records.select("author", "body").rows() == [("tide", "High\n17:05")]
