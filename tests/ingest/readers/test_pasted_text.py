"""Pasted pages: headers in many languages, nesting, what is no header, what stays flat text, damage."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest import find_files, open_capture
from pipeline.ingest.containers import Head
from pipeline.ingest.readers.pasted_headers import is_furniture, parse_header, read_count
from pipeline.ingest.readers.pasted_text import READER
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import damaged_cases, read_damaged
from tests.ingest.reading import read_bytes

CASES = ["pasted_text", "pasted_hacker_news", "pasted_new_reddit", "pasted_discourse"]


@pytest.mark.parametrize(
    "time",
    [
        *(
            "3 hours ago",
            "an hour ago",
            "about 3 years ago",
            "less than a minute ago",
            "3h ago",
            "1 yr. ago",
            "just now",
        ),
        *("vor 3 Stunden", "vor einer Stunde", "il y a 3 heures", "il y a environ une heure", "hace 3 horas"),
        *("há 3 horas", "3 horas atrás", "3 ore fa", "un'ora fa", "3 uur geleden", "een uur geleden", "acum 3 ore"),
        *("pred 2 hodiny", "pred 2 hodinami", "pred hodinou", "před 3 hodinami", "před rokem", "3 godziny temu"),
        *("3 timmar sedan", "för 3 timmar sedan", "3 timer siden", "3 tuntia sitten", "3 saat önce", "prije 3 sata"),
        *("3 часа назад", "3 години тому", "3時間前", "3小时前", "3 個月前", "3시간 전", "منذ 3 ساعات", "3 giờ trước"),
        *("2022-11-21 17:05:46 UTC", "2022-11-21T17:05:46Z", "21.11.2022 17:05", "11/21/2022, 5:05 PM", "Nov 21, 2022"),
        *("March 3, 2012", "21 November 2022", "21. November 2022, 17:05", "3 de marzo de 2012", "Mon, Nov 21, 2022"),
    ],
)
def test_times_of_many_languages_make_a_header(time: str) -> None:
    for line in (f"ada • {time}", f"[–]ada 12 points {time}", f"**ada** {time} | parent | next [–]"):
        header = parse_header(line)
        assert header is not None, line
        assert (header.author, header.time) == ("ada", time)
    header = parse_header(f"1 point {time}")
    assert header is not None
    assert (header.named, header.votes, header.time) == (False, 1, time)


@pytest.mark.parametrize(
    "line",
    [
        "I wrote to them 3 hours ago and nobody answered.",
        "It was three years ago.",
        "The garden was opened on March 3, 2012",
        "Nothing happened. 2 days ago, at least.",
        "Posted by my aunt: 3 hours ago",
        "Date: Mon, 21 Nov 2022 17:05:46 +0000",
        "On Mon, Nov 21, 2022 at 17:05, Ada wrote:",
        "> ada 3 hours ago said so",
        "https://example.org/2022-11-21",
        "12 points",
        "1987",
        "ada",
        "",
    ],
)
def test_a_line_of_words_is_no_header(line: str) -> None:
    assert parse_header(line) is None


@pytest.mark.parametrize(
    ("line", "author", "votes"),
    [
        ("[–]ada 11 points12 points13 points 3 hours ago", "ada", 12),
        ("[-]ada Flair Of Mine -3 points 3 hours ago", "ada", -3),
        ("[+]ada comment score below threshold 3 hours ago", "ada", None),
        ("ada [score hidden] 3 hours ago", "ada", None),
        ("ada 1.2k points 3 hours ago", "ada", 1200),
        ("ada 1,204 Punkte vor 3 Stunden", "ada", 1204),
        ("12 points by ada 3 hours ago | link | parent", "ada", 12),
        ("[–][deleted] 3 points 3 hours ago", None, 3),
        ("Jane Q. Public • 3 years ago", "Jane Q. Public", None),
        ("ada 3 hours ago (last edited 2 hours ago) 4 points (2 children)", "ada", 4),
    ],
)
def test_a_header_tells_name_and_votes(line: str, author: str | None, votes: int | None) -> None:
    header = parse_header(line)
    assert header is not None
    assert (header.author, header.votes) == (author, votes)


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        *[
            (line, True)
            for line in ("permalinkembedsavereportreply", "permalink embed save parent report give award reply")
        ],
        *[
            (line, True)
            for line in ("trvalý odkazuložiťnahlásiťodpovedať", "Antworten", "•Reply", "•Share ›", "-----", "·")
        ],
        *[
            (line, True)
            for line in ("Guidelines | FAQ | Lists | API | Security | Legal", "load more comments (12 replies)")
        ],
        *[
            (line, False)
            for line in ("reply to me", "Share the soup.", "12", "I agree.", "permalinks rot", "| a | b |")
        ],
    ],
)
def test_buttons_are_told_from_words(line: str, holds: bool) -> None:
    assert is_furniture(line) is holds


def test_counts_are_read_as_pages_write_them() -> None:
    shown = ["12", "-4", "1,204", "1.2k", "12k", "1,200.3k", "−3", "", "k", "1-2", "½"]
    assert [read_count(text) for text in shown] == [12, -4, 1204, 1200, 12000, 1_200_300, -3, None, None, None, None]


@st.composite
def trees(draw: st.DrawFn) -> list[int]:
    """Depths of a page in its order: each at most one more than the one above."""
    depths = [0]
    for _ in range(draw(st.integers(2, 16))):
        depths.append(draw(st.integers(0, depths[-1] + 1)))
    return depths


def hacker_news_page(depths: list[int]) -> str:
    """What Hacker News writes above each comment: links to those that there are."""
    lines = []
    for place, depth in enumerate(depths):
        before = next((d for d in reversed(depths[:place]) if d <= depth), -1)
        after = next((d for d in depths[place + 1 :] if d <= depth), -1)
        links = ["root"] * (depth > 1) + ["parent"] * (depth > 0)
        links += ["prev"] * (before == depth) + ["next"] * (after == depth)
        lines += [f"ada{place} {place + 1} hours ago | {' | '.join(links)} [–]", "", f"words {place}", "", "reply", ""]
    return "\n".join(lines)


@settings(max_examples=40, deadline=None)
@given(trees())
def test_the_links_of_hacker_news_tell_every_depth(depths: list[int]) -> None:
    records, _ = read_page(hacker_news_page(depths))
    assert records == [(f"ada{place}", f"words {place}", depth) for place, depth in enumerate(depths)]


def read_page(page: str) -> tuple[list[tuple[str, str, int | None]], int]:
    with tempfile.TemporaryDirectory() as folder:
        records, rejected = read_bytes(Path(folder), page.encode(), format="pasted_text")
    return records.select("author", "body", "depth").rows(), rejected.height


def test_headers_that_are_indented_tell_depths() -> None:
    page = "\n".join(
        f"{' ' * 4 * depth}ada{place} {place + 1} hours ago 2 points\n{' ' * 4 * depth}words\n"
        for place, depth in enumerate([0, 1, 2, 1, 0, 1])
    )
    assert [depth for _, _, depth in read_page(page)[0]] == [0, 1, 2, 1, 0, 1]


def test_links_that_contradict_each_other_tell_nothing() -> None:
    page = "".join(f"ada{n} 1 hour ago | root | parent | prev | next [–]\nwords\n" for n in range(4))
    assert [depth for _, _, depth in read_page(page)[0]] == [None] * 4


@pytest.mark.parametrize(
    "page",
    [
        "ada 3 hours ago | next\nHi\nbo 2 hours ago | prev\nHo\n",  # two are no rule
        "ada 3 hours ago\nHi\nbo 2 hours ago\nHo\ncy 1 hour ago\nHm\n",  # bare ones must be four
        "ada 3 hours ago | next\nbo 2 hours ago | next\ncy 1 hour ago | prev\n",  # nothing said
        "1.0 - 2022-11-21 17:05\n",
        "I saw it 3 hours ago\n" * 9,
        "",
    ],
)
def test_where_headers_do_not_recur_text_is_flat(page: str) -> None:
    assert not READER.recognise(Head("x", page.encode(), complete=True))


def test_headers_too_far_apart_are_chance() -> None:
    page = "".join(f"ada{n} {n} hours ago | next\n" + "words\n" * 70 for n in range(1, 9))
    assert not READER.recognise(Head("x", page.encode(), complete=True))


def test_the_samples_of_the_repository_stay_as_they_are() -> None:
    raw = Path(__file__).parents[3] / "raw"
    formats = {path.name: open_capture(path, ReadSettings()).format for path in find_files([raw])}
    assert formats["tram-garden.txt"] == "flat_text"
    assert "pasted_text" not in formats.values()


def test_a_post_of_several_paragraphs_is_one(tmp_path: Path) -> None:
    page = "".join(f"ada{n} • {n} years ago\n\n  One.\n\n\n    Two.\n  - three\n\nReply\n" for n in range(1, 6))
    records, rejected = read_bytes(tmp_path, page.encode())
    assert rejected.is_empty()
    assert records["body"].to_list() == ["One.\n\n  Two.\n- three"] * 5


def test_what_looks_like_another_page_s_header_stays_words(tmp_path: Path) -> None:
    page = "".join(f"[–]ada{n} {n} points {n} hours ago\nwords\n" for n in range(1, 9)) + "bo • 2 days ago\nsaid so\n"
    records, _ = read_bytes(tmp_path, page.encode())
    assert records["body"].to_list() == ["words"] * 7 + ["words\nbo • 2 days ago\nsaid so"]


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_damage_costs_words_only(name: str, data: st.DataObject) -> None:
    assert read_damaged(data.draw(damaged_cases(name)), "pasted_text") is not None


@pytest.mark.parametrize(
    "line", ["[–]" * 50_000, "reply" * 40_000 + "x", "3 " * 80_000, "| " * 90_000, "ago " * 40_000, "1 point" * 9]
)
def test_long_lines_of_anything_take_no_time(line: str) -> None:
    assert parse_header(line) is None
    assert is_furniture(line[:150]) in (True, False)
