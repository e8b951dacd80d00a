"""Discord: which references are replies, which kinds are posts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.reading import read_bytes


def read_one(folder: Path, **fields: Any) -> dict[str, Any] | None:
    message = {
        "id": "9", "type": "Default", "timestamp": "2023-01-17T19:33:19+00:00", "content": "soup",
        "author": {"id": "1", "name": "ada", "nickname": "Ada"}, **fields,
    }  # fmt: skip
    plain = {**message, "id": "8", "type": "Default", "reference": None}
    dump = {"guild": {"name": "Lamp"}, "channel": {"id": "901", "name": "room"}, "messages": [plain, message]}
    records, rejected = read_bytes(folder, json.dumps(dump).encode())
    assert rejected.is_empty()
    return records.row(1, named=True) if records.height == 2 else None


@pytest.mark.parametrize(
    ("fields", "parent"),
    [
        ({"type": "Reply", "reference": {"messageId": "7", "channelId": "901"}}, "7"),
        ({"type": "Default", "reference": {"messageId": "7"}}, "7"),
        ({"type": "19", "reference": {"messageId": "7", "channelId": "901"}}, "7"),
        ({"type": "Reply", "reference": {"messageId": None, "channelId": "901"}}, None),
        ({"type": "Default", "reference": {"messageId": "7", "channelId": "555"}}, None),
        ({"reference": {"messageId": "7", "channelId": "901", "type": "Forward"}}, None),
        ({"reference": {"messageId": "7", "channelId": "901"}, "forwardedMessage": {"content": "x"}}, None),
        ({"reference": "7"}, None),
    ],
)
def test_a_reply_is_a_reference_to_a_message_of_the_same_channel(
    fields: dict[str, Any], parent: str | None, tmp_path: Path
) -> None:
    row = read_one(tmp_path, **fields)
    assert row is not None
    assert (row["native_parent"], row["parent_known"]) == (parent, parent is not None)


@pytest.mark.parametrize(
    ("kind", "is_post"),
    [
        *[("Default", True), ("Reply", True), ("20", True), ("23", True), ("SomethingNew", True), (None, True)],
        *[("Call", False), ("ChannelPinnedMessage", False), ("6", False), ("21", False)],
        ("UserPremiumGuildSubscriptionTier1", False),
    ],
)
def test_notices_are_no_posts(kind: str | None, is_post: bool, tmp_path: Path) -> None:
    assert (read_one(tmp_path, type=kind) is not None) is is_post


def test_a_forwarded_message_has_the_words_of_the_other(tmp_path: Path) -> None:
    row = read_one(tmp_path, content="", forwardedMessage={"content": "storm"}, reference={"type": "Forward"})
    assert row is not None
    assert (row["body"], row["extra"]) == ("storm", '{"forwarded":true,"server":"Lamp"}')
