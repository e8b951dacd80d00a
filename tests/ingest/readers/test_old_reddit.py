"""Pages of Reddit's old layout: the thread that the API shows, parts of it, listings, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from pipeline.errors import InputError
from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, case_file, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file


def thing(name: str, inside: str = "", entry: str = "", child: str = "") -> str:
    return (
        f'<div class=" thing id-{name} {inside}" data-fullname="{name}"><p class="parent"></p>'
        f'<div class="entry unvoted">{entry}</div><div class="child">{child}</div></div>'
    )


def read_page(folder: Path, *things: str) -> list[dict[str, Any]]:
    page = f'<html><body class="listing-page"><div id="siteTable">{"".join(things)}</div></body></html>'
    records, rejected = read_bytes(folder, page.encode())
    assert rejected.is_empty()
    return known_of(records)


def test_a_page_shows_the_thread_that_the_api_shows() -> None:
    answer, _ = read_file(CASES / "reddit_api" / "dump.json")
    page, _ = read_file(case_file("old_reddit"))
    columns = [
        "scope",
        "native_id",
        "native_discussion",
        "native_parent",
        "parent_known",
        "depth",
        "author",
        "deletion",
    ]
    columns += ["discussion_url", "permalink", "community", "title"]
    assert page.select(columns).equals(answer.select(columns))
    hidden = [pl.col("extra").str.json_path_match("$.more")]
    assert page.select(hidden).equals(answer.select(hidden))


def test_the_page_of_one_comment_is_part_of_the_thread() -> None:
    whole, _ = read_file(case_file("old_reddit"))
    part, _ = read_file(CASES / "old_reddit" / "single.html")
    shared = ["native_id", "native_parent", "native_discussion", "body", "permalink"]
    assert part.join(whole, on=shared, how="anti", nulls_equal=True).is_empty()
    assert part["native_id"].to_list() == ["t3_lamp01", "t1_wick03", "t1_wick04"]
    assert part["depth"].null_count() == 3


def test_submissions_of_a_listing(tmp_path: Path) -> None:
    link = thing("t3_a", entry='<p class="title"><a class="title" href="https://example.org/x">X</a></p>')
    own = thing("t3_b", entry='<p class="title"><a class="title" href="/r/soups/comments/b/y/">Y</a></p>')
    first, second = read_page(tmp_path, link, own)
    assert (first["native_id"], first["title"], json.loads(first["extra"])) == (
        "t3_a",
        "X",
        {"url": "https://example.org/x"},
    )
    assert (second["native_discussion"], "extra" in second) == ("t3_b", False)


def test_comments_of_a_user(tmp_path: Path) -> None:
    comment = (
        '<div class="thing id-t1_c1 comment"><p class="parent">'
        '<a class="title" href="/r/soups/comments/s1/soup/">Soup</a></p><div class="entry">'
        '<p class="tagline"><a class="author" href="/u/ada">ada</a></p><ul><li><a class="bylink" '
        'href="https://old.reddit.com/r/soups/comments/s1/soup/c1/">permalink</a></li><li><a class="bylink" '
        'data-event-action="parent" href="/r/soups/comments/s1/soup/c0/">parent</a></li></ul></div></div>'
    )
    (known,) = read_page(tmp_path, comment)
    assert (known["native_id"], known["native_parent"], known["native_discussion"]) == ("t1_c1", "t1_c0", "t3_s1")
    assert (known["discussion_title"], known["author"]) == ("Soup", "ada")


@pytest.mark.parametrize(
    ("score", "votes"),
    [
        ('<span class="score unvoted" title="970">1.0k points</span>', 970),
        ('<span class="score unvoted">-5 bodov</span>', -5),
        ('<span class="score unvoted">12.3k</span>', None),
        ('<span class="score unvoted">•</span>', None),
        ('<span class="score dislikes">1</span><span class="score unvoted">2</span>', 2),
        ("", None),
    ],
)
def test_scores(tmp_path: Path, score: str, votes: int | None) -> None:
    (known,) = read_page(tmp_path, thing("t1_a", entry=f'<p class="tagline">{score}</p>'))
    assert known.get("votes") == votes


def test_a_comment_without_an_entry_takes_none_from_its_replies(tmp_path: Path) -> None:
    inner = thing("t1_b", entry='<p class="tagline"><a class="author">ben</a></p>')
    outer, reply = read_page(tmp_path, f'<div class="thing id-t1_a"><div class="child">{inner}</div></div>')
    assert ("author" in outer, reply["author"], reply["native_parent"]) == (False, "ben", "t1_a")


def test_a_page_cut_short_keeps_its_start(tmp_path: Path) -> None:
    whole, _ = read_file(case_file("old_reddit"))
    data = case_file("old_reddit").read_bytes()
    part, _ = read_bytes(tmp_path, data[: data.index(b'id="thing_t1_wick05"')])
    assert part["native_id"].to_list() == whole["native_id"].to_list()[:5]


def test_pages_nested_as_no_page_is_are_refused(tmp_path: Path) -> None:
    for hostile in (b"<div>" * 100_000, b"".join(b"<p><font color=%d>" % n for n in range(5_000))):
        with pytest.raises(InputError, match="as in no page that people write"):
            read_bytes(tmp_path, b'<div class="thing id-t1_a">' + hostile, format="old_reddit")


def test_facts() -> None:
    capture = open_capture(case_file("old_reddit"), ReadSettings())
    assert (capture.format, capture.facts.shape, capture.facts.order_known) == ("old_reddit", "page", "page")


@settings(max_examples=40)
@given(damaged_cases("old_reddit"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    assert read_damaged(data, "old_reddit") is not None
