"""Telegram's JSON: pieces of text, replies that are none, chats of an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.reading import read_bytes


def read_one(folder: Path, *others: dict[str, Any], **fields: Any) -> dict[str, Any]:
    message = {"id": 9, "type": "message", "date": "2022-03-08T13:07:42", "from": "Ada", "text": "soup", **fields}
    dump = {"name": "Lamp", "type": "private_group", "id": 5, "messages": [*others, message]}
    records, rejected = read_bytes(folder, json.dumps(dump).encode())
    assert rejected.is_empty()
    return records.row(-1, named=True)


@pytest.mark.parametrize(
    ("text", "body", "markup"),
    [
        ("a < b", "a < b", "plain"),
        (["a ", {"type": "bold", "text": "b"}, " c"], "a b c", "plain"),
        (["hi ", {"type": "mention_name", "text": "Bo C", "user_id": 7}], "hi @Bo C", "plain"),
        ([{"type": "code", "text": "a<b"}, "\nc & d"], "<code>a&lt;b</code><br>c &amp; d", "html"),
        ([{"type": "pre", "text": "a\nb", "language": ""}], "<pre>a\nb</pre>", "html"),
        ([{"type": "text_link", "text": "x", "href": 'h"'}], '<a href="h&quot;">x</a>', "html"),
        ([{"type": ["odd"], "text": 7}, "x"], "x", "plain"),
        ([], None, "plain"),
        (7, None, "plain"),
    ],
)
def test_text_is_put_together(text: Any, body: str | None, markup: str, tmp_path: Path) -> None:
    row = read_one(tmp_path, text=text)
    assert (row["body"], row["markup"]) == (body, markup)


@pytest.mark.parametrize(
    ("fields", "parent"),
    [
        ({"reply_to_message_id": 8}, "8"),
        ({"reply_to_message_id": 7}, None),  # the line that opened a topic
        ({"reply_to_message_id": 8, "reply_to_peer_id": "channel6"}, None),
        ({"reply_to_message_id": [8]}, None),
        ({}, None),
    ],
)
def test_a_reply_answers_a_message_of_the_same_chat(fields: dict[str, Any], parent: str | None, tmp_path: Path) -> None:
    topic = {"id": 7, "type": "service", "date": "2022-03-08T13:00:00", "action": "topic_created", "title": "Soup"}
    row = read_one(tmp_path, topic, **fields)
    assert (row["native_parent"], row["parent_known"]) == (parent, parent is not None)


def test_seconds_since_1970_go_before_local_time(tmp_path: Path) -> None:
    assert read_one(tmp_path, date_unixtime="1646744862")["posted_at_raw"] == "1646744862"
    assert read_one(tmp_path)["posted_at_raw"] == "2022-03-08T13:07:42"
