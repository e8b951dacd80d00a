"""Threads of vBulletin: three versions, pages, quotations, damage."""

from __future__ import annotations

from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_file


def test_pages_of_one_thread_are_one_discussion() -> None:
    first, _ = read_file(CASES / "vbulletin" / "dump.html")
    second, _ = read_file(CASES / "vbulletin" / "page-2.html")
    columns = ["scope", "native_discussion", "discussion_title", "community"]
    assert first.select(columns).unique().rows() == second.select(columns).rows()
    assert not second["parent_known"].any()


def test_version_3_quotes_in_tables() -> None:
    records, rejected = read_file(CASES / "vbulletin" / "vbulletin-3.html")
    assert rejected.is_empty()
    assert records.select("native_id", "author", "posted_at_raw", "title").rows() == [
        ("post:301", "Orla", "01-02-2009, 10:02 AM", "Fuses"),
        ("post:302", "Finn", "01-02-2009, 10:30 AM", None),
    ]
    assert records["body"][1].startswith('<blockquote data-author="Orla">')
    assert records["body"][1].endswith("</blockquote>Count the <b>toast</b>.")
    assert records["extra"][1] == '{"number":"2","quotes":["post:301"]}'
    assert records.select("scope", "native_discussion").unique().rows() == [("vbulletin:valves.example", "topic:55")]


def test_version_5_has_comments_on_posts() -> None:
    records, rejected = read_file(CASES / "vbulletin" / "vbulletin-5.html")
    assert rejected.is_empty()
    assert records.select("native_id", "native_parent", "parent_known", "body", "author").rows() == [
        ("post:4100", None, True, "How warm is too warm?", "Orla"),
        ("post:4102", "post:4100", True, "When it sings.", "Finn"),
        ("post:4101", None, False, "Ask the cat.", "Finn"),
    ]
    assert set(records["native_discussion"]) == {"topic:4100"}


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("vbulletin"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "vbulletin")
