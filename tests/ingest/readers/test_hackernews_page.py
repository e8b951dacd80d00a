"""Pages of Hacker News: the thread that the API shows, markup of several years, damage."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.errors import InputError
from pipeline.ingest import open_capture
from pipeline.ingest.readers.hn_markup import linked_item
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, case_file, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

CASE = CASES / "hackernews_page"
HEAD = '<a class="hnuser" href="user?id=ada">ada</a> <span class="age"><a href="item?id={own}">1 hour ago</a></span>'


def comment(own: int, indent: int | None, *, head: str = HEAD, body: str = "Yes.") -> str:
    cell = "" if indent is None else f'<td class="ind" indent="{indent}"></td>'
    return (
        f'<tr class="athing comtr" id="{own}"><td><table><tr>{cell}<td class="default"><span class="comhead">'
        f'{head.format(own=own)}</span><div class="comment"><div class="commtext">{body}</div></div></td></tr></table>'
        "</td></tr>"
    )


def read_comments(folder: Path, *comments: str, story: int | None = 1) -> list[dict[str, Any]]:
    top = "" if story is None else (
        f'<tr class="athing" id="{story}"><td class="title"><a href="https://example.org">Soup</a></td></tr>'
        f'<tr><td class="subtext"><span class="score">3 points</span></td></tr>'
    )  # fmt: skip
    records, rejected = read_bytes(
        folder, f"<table>{top}</table><table>{''.join(comments)}</table>".encode(), format="hackernews_page"
    )
    assert rejected.is_empty()
    return known_of(records)


def test_a_page_shows_the_thread_that_the_api_shows() -> None:
    page, _ = read_file(case_file("hackernews_page"))
    items, _ = read_file(CASES / "hackernews" / "dump.jsonl")
    shared = [
        "scope",
        "native_id",
        "native_discussion",
        "native_parent",
        "author",
        "title",
        "deletion",
        "permalink",
        "votes",
    ]
    assert page.height == 4
    assert page.join(items, on=shared, how="anti", nulls_equal=True).is_empty()


def test_the_page_of_a_comment_belongs_to_the_thread() -> None:
    page, _ = read_file(CASE / "comment.html")
    assert page.select("native_id", "native_parent", "native_discussion", "depth").rows() == [
        ("90000002", "90000001", "90000001", None),
        ("90000003", "90000002", "90000001", None),
        ("90000005", "90000003", "90000001", None),
    ]
    assert page["discussion_title"].unique().to_list() == ["Show HN: A clock that apologises"]


def test_pages_of_2012() -> None:
    first, _ = read_file(CASE / "page1_2012.html")
    assert first.select("native_id", "native_parent", "parent_known", "depth", "author", "deletion").rows() == [
        ("80000001", None, True, None, "ada", None),
        ("80000002", "80000001", True, 0, "ben", None),
        (None, "80000002", True, 1, None, "author"),
        ("80000004", None, False, 2, "cyd", None),
        ("80000005", "80000002", True, 1, "dot", None),
    ]
    assert first["body"][0] == "Mine is <i>too short</i>.<p>Roof attached.</p>"
    # The reply link and the rule below a comment, which a second paragraph draws into its words, are no words.
    assert not first["body"].str.contains("reply|-----").any()
    assert first["posted_at_raw"].to_list() == ["300 days ago", "299 days ago", None, "298 days ago", "298 days ago"]
    second, _ = read_file(CASE / "page2_2012.html")
    assert second.select("native_id", "native_parent", "parent_known", "native_discussion", "depth").rows() == [
        ("80000006", None, False, None, 0),
        ("80000007", "80000006", True, None, 1),
    ]
    assert first["next_page_key"].drop_nulls().unique().to_list() == second["page_key"].unique().to_list()
    assert second["page_key"][0] == "hackernews:/x?fnid=aB3dE"
    assert first["page_key"].null_count() == first.height


def test_indents_that_jump_leave_the_parent_open(tmp_path: Path) -> None:
    rows = [comment(2, 0), comment(3, 2), comment(4, 3), comment(5, 1), comment(6, 2)]
    assert [(post["native_id"], post.get("native_parent")) for post in read_comments(tmp_path, *rows)] == [
        ("1", None),
        ("2", "1"),
        ("3", None),
        ("4", "3"),
        ("5", "2"),
        ("6", "5"),
    ]


def test_a_link_to_the_parent_counts_more_than_the_indent(tmp_path: Path) -> None:
    linked = comment(4, 1, head=HEAD + ' | <a href="#2">parent</a>')
    known = read_comments(tmp_path, comment(2, 0), comment(3, 0), linked)
    assert known[3]["native_parent"] == "2"


def test_lists_of_comments_name_a_story_each(tmp_path: Path) -> None:
    head = HEAD + ' | <a href="item?id=7">parent</a> | on: <a href="item?id={{}}" title="T{{}}">T…</a>'
    rows = [comment(8, None, head=head.replace("{{}}", "5")), comment(9, None, head=head.replace("{{}}", "6"))]
    known = read_comments(tmp_path, *rows, story=None)
    assert [(post["native_parent"], post["native_discussion"], post["discussion_title"]) for post in known] == [
        ("7", "5", "T5"),
        ("7", "6", "T6"),
    ]


def test_stories_of_a_front_page(tmp_path: Path) -> None:
    title = '<tr class="athing" id="{0}"><td class="title"><a href="item?id={0}">S{0}</a></td></tr>'
    line = title + '<tr><td class="subtext"></td></tr>'
    records, _ = read_bytes(tmp_path, f"<table>{line.format(1)}{line.format(2)}</table>".encode())
    assert records.select("native_id", "native_discussion", "title", "body", "extra").rows() == [
        ("1", "1", "S1", None, None),
        ("2", "2", "S2", None, None),
    ]


@pytest.mark.parametrize(
    ("age", "written"),
    [
        ('<span class="age" title="2025-03-01T10:00:00 1740823200"><a>1 hour ago</a></span>', "1740823200"),
        ('<span class="age" title="2025-03-01T10:00:00"><a>1 hour ago</a></span>', "2025-03-01T10:00:00Z"),
        ('<span class="age"><a>on Mar 1, 2025</a></span>', "on Mar 1, 2025"),
        ("ada 368 days ago | link", "368 days ago"),
        ("", None),
    ],
)
def test_ages(tmp_path: Path, age: str, written: str | None) -> None:
    assert read_comments(tmp_path, comment(2, 0, head=age))[1].get("posted_at_raw") == written


@pytest.mark.parametrize(
    ("address", "item"),
    [
        ("item?id=17", "17"),
        ("item?id=17#18", "18"),
        ("#18", "18"),
        ("https://news.ycombinator.com/item?id=17", "17"),
        ("user?id=17", None),
        ("item?id=x", None),
        (None, None),
    ],
)
def test_addresses(address: str | None, item: str | None) -> None:
    assert linked_item(address) == item


def test_pages_nested_as_no_page_is_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nested more than"):
        read_bytes(tmp_path, b'<td class="default"><a href="item?id=1">' + b"<div>" * 100_000, format="hackernews_page")


def test_facts() -> None:
    capture = open_capture(case_file("hackernews_page"), ReadSettings())
    facts = capture.facts
    assert (capture.format, facts.source, facts.shape, facts.order_known) == (
        "hackernews_page",
        "hackernews",
        "page",
        "page",
    )


@settings(max_examples=40)
@given(damaged_cases("hackernews_page"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    assert read_damaged(data, "hackernews_page") is not None


def test_a_row_of_thousands_of_comments_takes_no_more_than_as_many_rows(tmp_path: Path) -> None:
    cell = (
        '<td class="default"><span class="comhead"><a href="user?id=ada">ada</a></span> <span class="comment">hm</span>'
    )
    page = f"<html><body><table><tr>{cell * 20_000}</table></body></html>".encode()
    begun = time.process_time()
    records, _ = read_bytes(tmp_path, page, format="hackernews_page")
    assert records.height == 20_000
    assert time.process_time() - begun < 20  # it took minutes when each looked at all before it
