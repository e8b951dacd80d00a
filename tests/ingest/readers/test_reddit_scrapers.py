"""Archives of scrapers of Reddit: the thread that the API shows, times, authors, damage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

CASE = CASES / "reddit_scrapers"
XML_POST = b"<root><author>ada</author><body>Soup.</body><created_utc>1</created_utc><id>b1</id>"
THREAD = [
    "scope",
    "native_id",
    "native_discussion",
    "discussion_scope",
    "parent_known",
    "native_parent",
    "depth",
    "author",
]


def read_archive(folder: Path, archive: Any, **settings: Any) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, json.dumps(archive).encode(), **settings)
    assert rejected.is_empty()
    return known_of(records)


@pytest.mark.parametrize("file", ["dump.json", "bdfr.json", "bdfr.yaml", "bdfr.xml"])
def test_an_archive_shows_the_thread_that_the_api_shows(file: str) -> None:
    page, _ = read_file(CASES / "reddit_api" / "dump.json")
    archive, _ = read_file(CASE / file)
    columns = [*THREAD, "body", "deletion", "votes", "title", "community"]
    assert archive.select(columns).equals(page.select(columns))


def test_parts_of_the_thread_have_its_ids() -> None:
    page, _ = read_file(CASES / "reddit_api" / "dump.json")
    shared = ["native_id", "native_parent", "native_discussion", "body"]
    for file in ("bdfr_comment.json", "livestream.json"):
        part, _ = read_file(CASE / file)
        assert part.height == 3
        assert part.join(page, on=shared, how="anti", nulls_equal=True).is_empty()
    assert set(part["community"]) == {"lighthouses"}


def test_times_of_urs_are_month_first_and_without_a_zone() -> None:
    archive, _ = read_file(CASE / "dump.json")
    page, _ = read_file(CASES / "reddit_api" / "dump.json")
    seconds = page["posted_at_raw"].cast(pl.Float64).cast(pl.Int64)
    assert archive["posted_at_raw"].str.to_datetime("%Y-%m-%d %H:%M:%S").dt.epoch("s").equals(seconds)
    assert archive["edited_at_raw"].drop_nulls().to_list() == ["2026-02-13 16:33:20"]


def test_nesting_tells_what_fields_do_not(tmp_path: Path) -> None:
    reply = {"id": "b", "body": "Yes.", "author": "u/ben", "replies": []}
    comment = {"id": "a", "body": "Is it?", "author": "[deleted]", "replies": [reply], "parent_id": "t3_s"}
    archive = {
        "title": "Soup",
        "selftext": "",
        "id": "s",
        "permalink": "/r/soups/comments/s/soup/",
        "comments": [comment],
    }
    known = read_archive(tmp_path, archive)
    assert [(post["native_id"], post.get("native_parent"), post.get("depth")) for post in known] == [
        ("t3_s", None, None),
        ("t1_a", "t3_s", 0),
        ("t1_b", "t1_a", 1),
    ]
    assert [post.get("author") for post in known] == [None, None, "ben"]


def test_subreddits_and_redditors_of_urs(tmp_path: Path) -> None:
    submission = {"title": "Soup", "selftext": "", "id": "s", "name": "t3_s", "nsfw": True, "permalink": "/r/soups/"}
    comment = {"id": "a", "body": "Broth.", "parent_id": "t1_z", "link_id": "t3_q", "type": "comment"}
    found = read_archive(tmp_path, {"scrape_settings": {"subreddit": "soups"}, "data": [submission]})
    assert [(post["native_id"], post["community"], json.loads(post["extra"])) for post in found] == [
        ("t3_s", "soups", {"over_18": True})
    ]
    person = {
        "information": {"name": "ada", "id": "x"},
        "interactions": {"comments": [comment], "submissions": [submission]},
    }
    found = read_archive(tmp_path, {"scrape_settings": {"redditor": "ada"}, "data": person})
    assert [(post["native_id"], post["native_discussion"]) for post in found] == [("t1_a", "t3_q"), ("t3_s", "t3_s")]


@pytest.mark.parametrize("as_answer", [lambda posts: posts, lambda posts: {"data": posts, "error": None}])
def test_answers_of_the_pushshift_api(tmp_path: Path, as_answer: Callable[[list[Any]], Any]) -> None:
    common = {"subreddit": "soups", "created_utc": 1_770_000_000, "author": "ada"}
    comment = {**common, "id": "a", "body": "Broth.", "link_id": "t3_s", "parent_id": "t1_z", "score": 3}
    submission = {**common, "id": "s", "title": "Soup", "selftext": "", "permalink": "/r/soups/comments/s/soup/"}
    (records, _), (lines, _) = (
        read_bytes(tmp_path, json.dumps(as_answer([comment, submission])).encode()),
        read_bytes(tmp_path, f"{json.dumps(comment)}\n{json.dumps(submission)}".encode(), format="reddit"),
    )
    assert records.drop("location").equals(lines.drop("location"))


def test_replies_may_nest_deeper_than_any_parser_goes(tmp_path: Path) -> None:
    start = "".join(f'{{"id": "c{n}", "body": "x", "parent_id": "t1_c{n - 1}", "replies": [' for n in range(5_000))
    records, rejected = read_bytes(tmp_path, (start + "]}" * 5_000).encode())
    assert records["native_id"].to_list() == [f"t1_c{n}" for n in range(5_000)]
    assert rejected["rule"].to_list() == ["bad_json"]


@pytest.mark.parametrize(
    ("file", "order"), [("dump.json", "page"), ("bdfr.json", "page"), ("livestream.json", "unknown")]
)
def test_facts(file: str, order: str) -> None:
    capture = open_capture(CASE / file, ReadSettings())
    assert (capture.format, capture.facts.source, capture.facts.order_known) == ("reddit_scrapers", "reddit", order)


@settings(max_examples=40)
@given(damaged_cases("reddit_scrapers"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    assert read_damaged(data, "reddit_scrapers") is not None


@pytest.mark.parametrize("name", ["bdfr.yaml", "bdfr.xml"])
def test_trees_that_break_off_keep_what_stands_before(tmp_path: Path, name: str) -> None:
    data = (CASE / name).read_bytes()
    whole, rejected = read_file(CASE / name)
    assert rejected.is_empty()
    for end in range(len(data) // 2, len(data), 97):
        records, rejected = read_bytes(tmp_path, data[:end], format="reddit_scrapers")
        assert set(records["native_id"].drop_nulls()) <= set(whole["native_id"])
        assert records.height >= 2
        assert rejected.height or name == "bdfr.yaml"  # whose first half may be whole


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"author: &a ada\nbody: Soup.\ncreated_utc: 1\nid: b1\nreplies:\n- *a\n", "an alias, *a"),
        (b"author: ada\nbody: Soup.\ncreated_utc: 1\nid: b1\nreplies: " + b"[" * 100_000, "no sound YAML"),
        (XML_POST + b"<replies>" * 100_000, "nests too deeply"),
        (XML_POST + b"<name>&lol9;</name>", "breaks off"),
    ],
    ids=["alias", "deep YAML", "deep XML", "entity"],
)  # fmt: skip
def test_hostile_trees_cost_their_post_and_no_more(tmp_path: Path, data: bytes, detail: str) -> None:
    records, rejected = read_bytes(tmp_path, data, format="reddit_scrapers")
    assert (records["native_id"].to_list(), records["body"].to_list()) == (["t1_b1"], ["Soup."])
    assert detail in rejected["detail"][0]
