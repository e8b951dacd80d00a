"""Telegram's HTML: authors that go on, replies to other pages, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from pipeline.ingest.readers.telegram_page import read_date
from tests.ingest.readers.damage import damaged_cases, read_damaged
from tests.ingest.reading import read_bytes

PAGE = (
    '<div class="page_header"><div class="content"><div class="text bold">Lamp</div></div></div><div class="history">'
)


def message(number: int, inner: str, classes: str = "default clearfix") -> str:
    return f'<div class="message {classes}" id="message{number}"><div class="body">{inner}</div></div>'


@settings(max_examples=30, deadline=None)
@given(damaged_cases("telegram_page"))
def test_damage_ends_in_records(data: bytes) -> None:
    assert read_damaged(data, "telegram_page") is not None


def test_a_name_holds_until_a_message_has_its_own(tmp_path: Path) -> None:
    name = '<div class="from_name">Ada</div>'
    text = '<div class="text">soup</div>'
    page = PAGE + message(1, name + text) + message(2, text, "default clearfix joined") + message(3, text)
    records, _ = read_bytes(tmp_path, page.encode())
    assert records["author"].to_list() == ["Ada", "Ada", None]  # an account that is gone has no name


@pytest.mark.parametrize(
    ("link", "parent"),
    [
        ('<a href="#go_to_message7" onclick="return GoToMessage(7)">this message</a>', "7"),
        ('<a href="messages3.html#go_to_message7">this message</a>', "7"),
        ('<a href="https://t.me/c/1/7">a message</a>', None),
        ("a message in another chat", None),
    ],
)
def test_the_link_tells_the_parent(link: str, parent: str | None, tmp_path: Path) -> None:
    inner = f'<div class="reply_to details">In reply to {link}</div><div class="text">soup</div>'
    records, _ = read_bytes(tmp_path, (PAGE + message(9, inner)).encode())
    assert records.select("native_parent", "parent_known").rows() == [(parent, parent is not None)]


def test_days_stand_before_months() -> None:
    assert read_date("03.04.2021 09:08:07") == "2021-04-03T09:08:07"
    assert read_date("03.04.2021 09:08:07 UTC-05:30") == "2021-04-03T09:08:07-05:30"
    assert read_date("yesterday") == "yesterday"
