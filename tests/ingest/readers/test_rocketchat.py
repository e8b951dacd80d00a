"""Rocket.Chat: quoted messages, the database's own JSON, system lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.reading import read_bytes


def message(key: str, text: str = "soup", **fields: Any) -> dict[str, Any]:
    return {"_id": key, "rid": "r", "msg": text, "ts": "2020-05-02T07:30:00.000Z", "u": {"username": "ada"}, **fields}


@pytest.mark.parametrize(
    ("text", "fields", "parent", "body"),
    [
        ("soup", {}, None, "soup"),
        ("[ ](https://c.example/channel/x?msg=m1) soup", {}, "m1", "soup"),
        ("[ ](https://c.example/channel/x?msg=m1)\n[ ](https://c.example/channel/x?msg=m2) soup", {}, "m1", "soup"),
        ("[ ](https://c.example/channel/x?msg=m1) soup", {"tmid": "m0"}, "m0", "soup"),
        ("see [this](https://c.example/channel/x?msg=m1)", {}, None, "see [this](https://c.example/channel/x?msg=m1)"),
    ],
)
def test_threads_and_quotations_tell_the_parent(
    text: str, fields: dict[str, Any], parent: str | None, body: str, tmp_path: Path
) -> None:
    records, _ = read_bytes(tmp_path, json.dumps([message("m9", text, **fields)]).encode())
    assert records.select("native_parent", "parent_known", "body").rows() == [(parent, parent is not None, body)]


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ({"$date": "2020-05-02T07:30:00Z"}, "2020-05-02T07:30:00Z"),
        ({"$date": {"$numberLong": "1588404642000"}}, "1588404642000"),
        ({"$date": 1588404643000}, "1588404643000"),
        ({}, None),
    ],
)
def test_the_database_writes_a_message_a_line_and_wraps_times(stamp: Any, time: str | None, tmp_path: Path) -> None:
    lines = [json.dumps(message(f"m{number}", ts=stamp)) for number in range(2)]
    records, rejected = read_bytes(tmp_path, "\n".join(lines).encode())
    assert rejected.is_empty()
    assert records.select("native_id", "posted_at_raw").rows() == [("m0", time), ("m1", time)]


def test_system_lines_are_counted_and_encrypted_ones_kept(tmp_path: Path) -> None:
    dump = [message("m1"), message("m2", t="uj"), message("m3", t=["?"]), message("m4", "xyz", t="e2e")]
    records, rejected = read_bytes(tmp_path, json.dumps(dump).encode())
    assert rejected.is_empty()
    assert records["extra"].to_list() == ['{"skipped":{"system":2}}', '{"encrypted":true}']
