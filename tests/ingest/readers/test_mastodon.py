"""Statuses of Mastodon: roots, hosts, boosts, cassettes, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

STATUS = {"id": "5", "in_reply_to_id": None, "spoiler_text": "", "content": "<p>Hi</p>", "account": {"acct": "ada"}}


def read_statuses(folder: Path, answer: Any) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, json.dumps(answer).encode())
    assert rejected.is_empty()
    return known_of(records)


def test_a_boosted_status_is_read_in_place_of_the_boost() -> None:
    records, _ = read_file(CASES / "mastodon" / "timeline.json")
    assert records.select("native_id", "native_parent", "native_discussion").rows() == [
        ("11307", None, "11307"),
        ("11303", "11302", None),
        ("11302", "11301", None),
        ("11306", "11304", None),
    ]
    assert '"boosted_by":"pip"' in records["extra"][1]
    assert set(records["scope"]) == {"mastodon:clocks.example"}


def test_an_answer_recorded_in_a_cassette_is_read() -> None:
    records, rejected = read_file(CASES / "mastodon" / "cassette.yaml")
    assert rejected.is_empty()
    (known,) = known_of(records)
    assert known["body"] == "<p>It struck thirteen; it's not well.</p>"
    assert (known["native_parent"], known["native_discussion"]) == ("11302", "11302")


def test_a_chain_of_statuses_knows_its_root(tmp_path: Path) -> None:
    chain = [{**STATUS, "id": str(n), "in_reply_to_id": str(n - 1) if n > 1 else None} for n in range(2000, 0, -1)]
    assert {known["native_discussion"] for known in read_statuses(tmp_path, chain)} == {"1"}


def test_statuses_that_answer_each_other_in_a_circle_have_no_root(tmp_path: Path) -> None:
    circle = [{**STATUS, "in_reply_to_id": "6"}, {**STATUS, "id": "6", "in_reply_to_id": "5"}]
    assert [known.get("native_discussion") for known in read_statuses(tmp_path, circle)] == [None, None]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"scope": None, "native_discussion": "5", "parent_known": True, "author": "ada"}),
        ({"url": "https://a.example/@ada/5"}, {"scope": "mastodon:a.example"}),
        ({"url": "https://b.example/@ada/5", "account": {"acct": "ada@b.example"}}, {"scope": None}),
        ({"in_reply_to_id": "4"}, {"native_parent": "4", "native_discussion": None}),
        ({"id": 5, "favourites_count": "9", "account": []}, {"native_id": "5", "votes": None, "author": None}),
        ({"content": None, "text": "Hi"}, {"body": "Hi", "markup": "plain"}),
        ({"quote": {"quoted_status": {**STATUS, "id": "1"}}}, {"extra": '{"quotes":"1"}'}),
    ],
)
def test_what_bites_in_statuses(tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    (known,) = read_statuses(tmp_path, {**STATUS, **changes})
    assert {name: known.get(name) for name in expected} == expected


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("mastodon"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "mastodon")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cassette_cut_short_is_survived(share: float) -> None:
    data = (CASES / "mastodon" / "cassette.yaml").read_bytes()
    read_damaged(data[: int(len(data) * share)], "mastodon")
