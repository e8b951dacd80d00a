"""Chats in JSON: sound, in lines, glued, cut, turned over, hostile."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from tests.ingest.readers.damage import case_file, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

WITH_IDS = ["slack", "mattermost", "rocketchat", "discord", "telegram_json"]
FORMATS = [*WITH_IDS, "messenger"]


def message(number: int, text: str = "soup") -> dict[str, Any]:
    return {"type": "message", "user": "U1", "text": text, "ts": f"15884046{number:02}.000100"}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damage_ends_in_quarantine(name: str, data: st.DataObject) -> None:
    read_damaged(data.draw(damaged_cases(name)), name)


@pytest.mark.parametrize("name", WITH_IDS)
def test_of_a_file_that_breaks_off_every_whole_message_is_kept(name: str, tmp_path: Path) -> None:
    whole = case_file(name).read_bytes()
    known, _ = read_file(case_file(name))
    fewest = 0
    for end in range(0, len(whole), 211):
        try:
            records, rejected = read_bytes(tmp_path, whole[:end], format=name)
        except InputError:
            assert fewest == 0
            continue
        assert "damaged_file" in rejected["rule"].to_list()
        shared = records.join(known, on=["scope", "native_id", "native_parent", "body"], nulls_equal=True)
        assert shared.height == records.height
        assert records.height >= fewest
        fewest = records.height
    assert fewest >= known.height - 2


def test_a_broken_message_costs_no_other(tmp_path: Path) -> None:
    dump = json.dumps([message(number) for number in range(9)])
    broken = dump.replace('"text": "soup", "ts": "1588404604', '"text": "soup, "ts": "1588404604')
    assert broken != dump
    records, rejected = read_bytes(tmp_path, broken.encode())
    assert records["native_id"].to_list() == [f"15884046{number:02}.000100" for number in range(9) if number != 4]
    assert [row["rule"] for row in rejected.to_dicts()] == ["damaged_file"] * 2
    assert b"soup, " in b"".join(rejected["raw"])


@pytest.mark.parametrize("lines", [True, False])
def test_messages_stand_one_a_line_or_in_answers_one_a_line(lines: bool, tmp_path: Path) -> None:
    messages = [message(number) for number in range(4)]
    parts = messages if lines else [{"ok": True, "messages": messages[:2]}, {"ok": True, "messages": messages[2:]}]
    records, rejected = read_bytes(tmp_path, "\n".join(map(json.dumps, parts)).encode())
    assert rejected.is_empty()
    assert records["location"].to_list() == ["message 1", "message 2", "message 3", "message 4"]


def test_answers_glued_together_are_read_apart(tmp_path: Path) -> None:
    glued = json.dumps({"channel": "C1", "messages": [message(1)]}, indent=1) + json.dumps(
        {"channel": "C2", "messages": [message(1)]}, indent=1
    )
    records, _ = read_bytes(tmp_path, glued.encode())
    assert records["native_discussion"].to_list() == ["C1", "C2"]


def test_halves_of_pairs_huge_numbers_and_nothings_are_no_crash(tmp_path: Path) -> None:
    odd = message(1) | {"user": 2**70, "files": [{"name": "\ud800.jpg"}], "reactions": [{"name": [], "count": {}}]}
    dump = json.dumps([odd, message(2, "\udc00 half"), [], "x", None])
    for damage in ("", ",,"):
        records, _ = read_bytes(tmp_path, (dump + damage).encode(), format="slack")
        assert records["body"].to_list() == ["soup", "\ufffd half"]
        assert "\ufffd.jpg" in records["extra"][0]


@pytest.mark.parametrize("opening", [b'{"messages":[', b'{"a":'])
def test_bottomless_nesting_takes_no_time(opening: bytes, tmp_path: Path) -> None:
    start = time.perf_counter()
    with pytest.raises(InputError, match="no sound JSON"):
        read_bytes(tmp_path, opening * 30_000, format="slack")
    assert time.perf_counter() - start < 5


def test_lists_without_end_take_no_time(tmp_path: Path) -> None:
    opening = b'{"messages":[{"ts":"1588404601.000100","type":"message","text":"soup"},'
    start = time.perf_counter()
    records, rejected = read_bytes(tmp_path, opening * 10_000, format="slack")
    assert time.perf_counter() - start < 5
    assert records.height > 100
    assert "damaged_file" in rejected["rule"].to_list()


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"null", b'"x"', b'{"messages": 7}', b'{"messages": {}}', b'{"posts": [1]}']
)
def test_nothing_is_no_chat(data: bytes, tmp_path: Path) -> None:
    for name in FORMATS:
        try:
            records, _ = read_bytes(tmp_path, data, format=name)
        except InputError:
            continue
        assert records.is_empty()
