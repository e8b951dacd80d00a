"""Threads of image boards: links as parents, boards, catalogs, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, case_file, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

OPENING = {"no": 100, "resto": 0, "time": 1_740_000_000, "com": "Kettles."}


def read_thread(folder: Path, *posts: dict[str, Any], **settings: Any) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, json.dumps({"posts": [OPENING, *posts]}).encode(), **settings)
    assert rejected.is_empty()
    return known_of(records)


def test_a_page_of_the_board_shows_the_same_posts() -> None:
    thread, _ = read_file(case_file("imageboard"))
    page, rejected = read_file(CASES / "imageboard" / "page.js")
    shared = ["scope", "native_id", "native_parent", "native_discussion", "body", "author", "permalink"]
    assert rejected.is_empty()
    assert page.join(thread, on=shared, how="semi", nulls_equal=True).height == page.height == 3


def test_a_catalog_shows_opening_posts_and_last_replies() -> None:
    catalog, _ = read_file(CASES / "imageboard" / "catalog.json")
    assert catalog.select("native_id", "native_discussion", "native_parent").rows() == [
        ("5001", "5001", None),
        ("5008", "5001", "5001"),
        ("5011", "5001", "5005"),
        ("6001", "6001", None),
    ]


@pytest.mark.parametrize(
    ("text", "parent", "links"),
    [
        ("Yes.", "100", None),
        (None, "100", None),
        ('<a href="#p101">&gt;&gt;101</a><br><a href="#p100">&gt;&gt;100</a> (OP)', "101", ["101", "100"]),
        ('<a href="/g/thread/100#p102" class="quotelink">&gt;&gt;102</a>', "102", ["102"]),
        ('<a href="/g/thread/7#p9">&gt;&gt;9</a> <a href="#p103">&gt;&gt;103</a>', "103", ["9", "103"]),
        ('<a href="//boards.4chan.org/x/thread/1#p1">&gt;&gt;&gt;/x/1</a>', "100", ["/x/1"]),
        ('<span class="deadlink">&gt;&gt;104</span>', "104", ["104"]),
        ('<span class="deadlink">&gt;&gt;12</span>', "100", ["12"]),
        (">>102 as plain text", "102", ["102"]),
        ('<a href="#p999">&gt;&gt;999</a> cannot be answered yet', "100", ["999"]),
        ('<span class="quote">&gt;100 times</span>', "100", None),
        ('<a href="http://example.org/">&gt;&gt;x</a>', "100", None),
    ],
)
def test_the_first_link_in_the_thread_is_the_parent(
    tmp_path: Path, text: str | None, parent: str, links: list[str] | None
) -> None:
    post = {"no": 110, "resto": 100, "time": 1_740_000_060, "com": text}
    known = read_thread(tmp_path, post)[1]
    assert (known["native_parent"], known["parent_known"]) == (parent, True)
    assert json.loads(known.get("extra", "{}")).get("links") == links


@pytest.mark.parametrize(
    ("changes", "settings", "scope"),
    [
        ({}, {}, "4chan:100@1740000000"),
        ({}, {"source": "g"}, "4chan:g"),
        ({"board": "g"}, {}, "4chan:g"),
        ({"com": '<a href="https://boards.4chan.org/wsg/thread/100/x">rules</a>'}, {}, "4chan:wsg"),
        ({"com": '<a href="https://boards.4chan.org/wsg/thread/5/x">rules</a>'}, {}, "4chan:100@1740000000"),
        ({"com": '<a href="/b/thread/5#p6">&gt;&gt;6</a>'}, {}, "4chan:b"),
    ],
)
def test_the_board_or_the_thread_makes_numbers_unique(
    tmp_path: Path, changes: dict[str, Any], settings: dict[str, Any], scope: str
) -> None:
    known = read_thread(tmp_path, {"no": 110, "resto": 100, "time": 1_740_000_060, **changes}, **settings)
    assert [post["scope"] for post in known] == [scope, scope]


def test_replies_without_their_opening_post_have_no_scope(tmp_path: Path) -> None:
    posts = [{"no": 110, "resto": 100, "time": 1_740_000_060, "com": "Yes."}]
    records, _ = read_bytes(tmp_path, json.dumps({"posts": posts}).encode())
    assert records.select("scope", "native_id", "native_parent", "native_discussion").row(0) == (
        None,
        "110",
        "100",
        None,
    )


@pytest.mark.parametrize(
    ("fields", "author"),
    [
        ({"name": "Anonymous"}, None),
        ({}, None),
        ({"name": "Potter"}, "Potter"),
        ({"name": "Anonymous", "trip": "!abc"}, "Anonymous!abc"),
        ({"name": "P &amp; Q", "trip": "!abc"}, "P & Q!abc"),
        ({"name": "Anonymous", "id": "h7Kq2"}, "ID:h7Kq2"),
        ({"name": ["x"], "trip": 7}, None),
    ],
)
def test_anybody_is_no_author(tmp_path: Path, fields: dict[str, Any], author: str | None) -> None:
    known = read_thread(tmp_path, {"no": 110, "resto": 100, "time": 1_740_000_060, **fields})[1]
    assert known.get("author") == author


def test_an_archive_shows_what_the_board_shows(tmp_path: Path) -> None:
    board = [
        {"no": 5001, "resto": 0, "time": 1_740_000_000, "sub": "Kettle thread", "com": "Post kettles.", "board": "tea"},
        {
            "no": 5005,
            "resto": 5001,
            "time": 1_740_000_300,
            "name": "Potter",
            "trip": "!kiln",
            "com": "&gt;&gt;5001<br>…",
        },
        {"no": 5006, "resto": 5001, "time": 1_740_000_360},
    ]
    live, _ = read_bytes(tmp_path, json.dumps({"posts": board}).encode())
    kept, rejected = read_file(CASES / "imageboard" / "fuuka.json")
    assert rejected.is_empty()
    same = [
        "scope",
        "native_id",
        "native_discussion",
        "native_parent",
        "parent_known",
        "author",
        "posted_at_raw",
        "title",
    ]
    assert kept.select(same).rows() == live.select(same).rows()
    assert kept["scope"].unique().to_list() == ["4chan:tea"]
    assert kept.select("body", "markup", "extra").rows() == [
        ("Post kettles.", "plain", None),
        (">>5001\nMine is clay.\n>not steel", "plain", '{"links":["5001"]}'),
        (None, "plain", '{"filedeleted":1}'),
    ]


def test_a_thread_of_lynxchan() -> None:
    records, rejected = read_file(CASES / "imageboard" / "lynxchan.json")
    assert rejected["rule"].to_list() == ["no_id_no_text"]
    assert records.select("native_id", "native_parent", "author", "markup", "posted_at_raw").rows() == [
        ("7", None, None, "html", "2025-03-01T10:00:00.000Z"),
        ("8", "7", "Potter", "html", "2025-03-01T10:01:00.000Z"),
        ("9", "8", "ID:a1b2c3", "html", "2025-03-01T10:02:00.000Z"),
    ]
    # Another site's /tea/ may count the same numbers.
    assert records["scope"].unique().to_list() == ["4chan:7@2025-03-01T10:00:00.000Z"]


@settings(max_examples=40)
@given(damaged_cases("imageboard"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    assert read_damaged(data, "imageboard") is not None


def test_numbers_without_end_come_before_none(tmp_path: Path) -> None:
    endless = "9" * 5000
    posts = [{"no": endless, "resto": "1", "time": 1, "com": ">>2 soup"}, {"no": 2, "resto": endless, "time": 2}]
    records, _ = read_bytes(tmp_path, json.dumps({"posts": posts}).encode(), format="imageboard")
    assert records["native_id"].to_list() == [endless, "2"]
