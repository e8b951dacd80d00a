"""The API of Stack Exchange: nesting, escapes, ids, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

OWNER = {"display_name": "Ada &amp; Co", "user_id": 3, "link": "https://q.example/users/3/ada"}
QUESTION = {"question_id": 1, "creation_date": 5, "owner": OWNER, "title": "Why &lt;b&gt;?"}


def read_items(folder: Path, *items: dict[str, Any]) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, json.dumps({"items": items}).encode())
    assert rejected.is_empty()
    return known_of(records)


def test_comments_alone_name_the_same_posts() -> None:
    question, _ = read_file(CASES / "stackexchange_api" / "dump.json")
    comments, _ = read_file(CASES / "stackexchange_api" / "comments.json")
    both = question.join(comments, on=["scope", "native_id", "native_parent", "body", "author"])
    assert both["native_id"].to_list() == ["comment:902"]
    assert comments["native_discussion"].to_list() == [None, None]
    assert comments.select("body", "markup").row(1) == ("Hats are *overrated*.", "markdown")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            QUESTION,
            {"native_id": "post:1", "title": "Why <b>?", "author": "Ada & Co", "scope": "stackexchange:q.example"},
        ),
        (
            {"answer_id": 2, "question_id": 1, "creation_date": 6, "owner": OWNER},
            {"native_id": "post:2", "native_parent": "post:1", "native_discussion": "post:1", "title": None},
        ),
        (
            {"answer_id": 1, "question_id": 1, "creation_date": 6, "owner": OWNER},
            {"native_id": "answer:1", "native_parent": "post:1"},
        ),
        ({"post_id": 2, "post_type": "answer", "creation_date": 6, "owner": {}}, {"parent_known": False}),
        (
            {"post_id": 9, "post_type": "question", "creation_date": 6, "owner": {}},
            {"native_id": "post:9", "native_discussion": "post:9", "parent_known": True, "scope": None},
        ),
        ({**QUESTION, "link": "question"}, {"permalink": None, "discussion_url": None}),
        ({**QUESTION, "score": None, "owner": None, "title": 7}, {"votes": None, "author": None, "title": None}),
    ],
)
def test_what_bites_in_items(tmp_path: Path, item: dict[str, Any], expected: dict[str, Any]) -> None:
    (known,) = read_items(tmp_path, item)
    assert {name: known.get(name) for name in expected} == expected


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("stackexchange_api"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "stackexchange_api")
