"""Topics of phpBB: styles, pages, addresses, damage."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

PAGE = '<html><body id="phpbb" class="section-viewtopic">{}</body></html>'
POST = (
    '<div id="p{0}" class="post"><p class="author">by <strong>ada</strong> &raquo; {1}</p>'
    '<div class="content">{2}</div></div>'
)


def test_pages_of_one_topic_are_one_discussion() -> None:
    first, _ = read_file(CASES / "phpbb" / "dump.html")
    second, _ = read_file(CASES / "phpbb" / "page-2.html")
    columns = ["scope", "native_discussion", "discussion_title", "community"]
    assert first.select(columns).unique().rows() == second.select(columns).rows()


def test_the_tables_of_phpbb_2_are_read() -> None:
    records, rejected = read_file(CASES / "phpbb" / "phpbb-2.html")
    assert rejected.is_empty()
    assert records.select("scope", "native_discussion").unique().rows() == [("phpbb:old.bench.example", "topic:5")]
    assert records.select("native_id", "author", "posted_at_raw", "body").rows() == [
        ("post:21", "spindle", "Mon Jan 05, 2004 3:14 pm", "Linseed or tung?"),
        ("post:22", "gouge", "Mon Jan 05, 2004 4:00 pm", "Neither before lunch."),
    ]


def test_worded_times_stand_behind_the_author(tmp_path: Path) -> None:
    post = POST.format(5, "Mi 22. Okt 2014, 18:19", "Hallo")
    records, _ = read_bytes(tmp_path, PAGE.format(post).encode())
    assert records.select("author", "posted_at_raw").row(0) == ("ada", "Mi 22. Okt 2014, 18:19")
    assert records.select("scope", "native_discussion").row(0) == (None, None)


def test_posts_shown_newest_first_are_turned_round(tmp_path: Path) -> None:
    posts = "".join(POST.format(n, "18:19", f"Number {n}") for n in (9, 7, 4))
    page = PAGE.format(f'<h2 class="topic-title"><a href="./viewtopic.php?f=1&amp;t=8">T</a></h2>{posts}')
    records, _ = read_bytes(tmp_path, page.encode())
    assert records["native_id"].to_list() == ["post:4", "post:7", "post:9"]
    assert records["native_discussion"].unique().to_list() == ["topic:8"]


def test_posts_that_stand_in_each_other_keep_their_own_words(tmp_path: Path) -> None:
    posts = "".join(POST.format(n, "18:19", f"Number {n}") for n in range(1, 30)).replace("</div>", "")
    records, _ = read_bytes(tmp_path, PAGE.format(posts).encode())
    assert records["body"].to_list() == [f"Number {n}" for n in range(1, 30)]


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("phpbb"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "phpbb")


def test_numbers_without_end_are_ids_and_not_counted(tmp_path: Path) -> None:
    numbers = ["9" * 5000, "1"]
    page = PAGE.format("".join(POST.format(number, "Mon Jan 05, 2004", "Soup.") for number in numbers))
    records, _ = read_bytes(tmp_path, page.encode(), format="phpbb")
    assert records["native_id"].to_list() == [f"post:{number}" for number in numbers]
