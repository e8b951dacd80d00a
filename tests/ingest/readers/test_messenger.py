"""Messenger: Latin-1 that is UTF-8, the newer export, messages without words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.readers.messenger import repair
from tests.ingest.reading import read_bytes


@given(st.text())
def test_what_facebook_breaks_is_whole_again(text: str) -> None:
    assert repair(text.encode().decode("latin-1")) == text


@pytest.mark.parametrize("text", ["plain", "café", "Grüße", "日本語", "ÃŸ und €", ""])
def test_sound_text_stays(text: str) -> None:
    assert repair(text) == text


def test_the_export_of_encrypted_chats_is_read(tmp_path: Path) -> None:
    common = {"isUnsent": False, "reactions": []}
    said = {"media": [], "senderName": "Bo", "text": "Grüße", "timestamp": 1700000000000, "type": "text"}
    shown = {"media": [{"uri": "./media/1.jpg"}], "senderName": "Ada", "timestamp": 1700000001000, "type": "media"}
    dump = {"participants": ["Ada", "Bo"], "threadName": "Bo_1", "messages": [common | said, common | shown]}
    records, rejected = read_bytes(tmp_path, json.dumps(dump, ensure_ascii=False).encode())
    assert rejected.is_empty()
    assert records.select("author", "body", "posted_at_raw", "discussion_title", "extra").rows() == [
        ("Bo", "Grüße", "1700000000000", "Bo_1", None),
        ("Ada", "./media/1.jpg", "1700000001000", "Bo_1", '{"media":["media"]}'),
    ]


def test_a_message_with_nothing_at_all_is_rejected(tmp_path: Path) -> None:
    messages = [{"sender_name": "Ada", "timestamp_ms": 2}, {"sender_name": "Ada", "timestamp_ms": 1, "content": "soup"}]
    records, rejected = read_bytes(tmp_path, json.dumps({"messages": messages}).encode())
    assert records["body"].to_list() == ["soup"]
    assert rejected.select("location", "rule").rows() == [("message 1", "no_id_no_text")]
