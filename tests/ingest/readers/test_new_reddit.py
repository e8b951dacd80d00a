"""Pages of Reddit in its layout since 2023."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from pipeline.ingest.containers import Head
from pipeline.ingest.readers.new_reddit import READER
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

CASE = CASES / "new_reddit"


def test_a_page_shows_who_answers_whom() -> None:
    records, rejected = read_file(CASE / "dump.html")
    assert rejected.is_empty()
    assert records.select("native_id", "native_parent", "depth", "author", "votes", "deletion").rows() == [
        ("t3_9tram1", None, None, "ada_lines", 41, None),
        ("t1_c00001", "t3_9tram1", 0, "ben", 12, None),
        ("t1_c00002", "t1_c00001", 1, "ada_lines", -3, None),
        ("t1_c00003", "t1_c00001", 1, "[deleted]", None, "moderator"),
        (None, "t1_c00003", 2, "cyd", 1, None),
        ("t1_c00004", "t3_9tram1", 0, "dot", None, None),
    ]
    assert records["native_discussion"].unique().to_list() == ["t3_9tram1"]
    assert records["extra"][2] == '{"more":3}'
    assert records["body"][5].startswith("<p>Who waters them?")


def test_what_is_loaded_later_belongs_to_the_page() -> None:
    records, _ = read_file(CASE / "more.html")
    assert records.select("native_id", "native_discussion", "native_parent", "permalink").rows() == [
        (
            *("t1_c00009", "t3_9tram1", "t1_c00002"),
            "https://www.reddit.com/r/tramgarden/comments/9tram1/comment/c00009/",
        )
    ]


def test_words_of_a_reply_are_not_those_of_the_comment(tmp_path: Path) -> None:
    page = (
        b'<shreddit-comment thingid="t1_a" postid="t3_p" author="x"><div slot="commentMeta">x</div>'
        b'<shreddit-comment thingid="t1_b" author="y"><div slot="comment">inner</div></shreddit-comment>'
    )
    records, _ = read_bytes(tmp_path, page)
    assert records.select("native_id", "body", "native_parent").rows() == [
        ("t1_a", None, "t3_p"),
        ("t1_b", "inner", "t1_a"),
    ]


@pytest.mark.parametrize(
    ("page", "known"),
    [
        (b'<html><shreddit-post id="t3_a">', True),
        (b'<shreddit-comment-tree post-id="t3_a">', False),
        (b'a line about <shreddit-post id="t3_a">', False),
        (b"<shreddit-comment>", False),
    ],
)
def test_recognition(page: bytes, known: bool) -> None:
    assert READER.recognise(Head("p.html", page, complete=True)) is known


@settings(max_examples=25)
@given(damaged_cases("new_reddit"))
def test_damage_never_ends_in_a_crash(data: bytes) -> None:
    read_damaged(data, "new_reddit")
