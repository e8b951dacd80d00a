"""Slack: scopes, threads, names, wrappers, recognition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.ingest.containers import Head
from pipeline.ingest.readers.slack import READER
from tests.ingest.archives import make_zip
from tests.ingest.reading import read_bytes


def message(stamp: str, text: str = "soup", **fields: Any) -> dict[str, Any]:
    return {"type": "message", "user": "U1", "text": text, "ts": stamp, **fields}


@pytest.mark.parametrize(
    ("document", "scope", "discussion"),
    [
        ([], "slack", None),
        ([{"team": "T1"}], "slack:T1", None),
        ([{"team": "T1"}, {"team": "T2"}], "slack", None),  # a channel that two workspaces share
        ({"channel": "C1"}, "slack:C1", "C1"),
        ({"channel_id": "C1", "name": "lamp", "team_id": "T1"}, "slack:T1:C1", "C1"),
        ({"channel": {"id": "C1", "name": "lamp"}}, "slack:C1", "C1"),
    ],
)
def test_ids_count_within_the_channel_where_it_is_known(
    document: Any, scope: str, discussion: str | None, tmp_path: Path
) -> None:
    if isinstance(document, list):
        dump: Any = [message(f"158840464{n}.000100", **fields) for n, fields in enumerate(document or [{}])]
    else:
        dump = {**document, "messages": [message("1588404642.000100")]}
    records, _ = read_bytes(tmp_path, json.dumps(dump).encode(), format="slack")
    assert records["scope"].unique().to_list() == [scope]
    assert records["native_discussion"].unique().to_list() == [discussion]


def test_what_slack_writes_in_angles_is_read_as_it_is_shown(tmp_path: Path) -> None:
    text = "<@U1|ada> <@U9> <#C1|general> <#C2> <!here> <!subteam^S1|@crew> <https://a.example> <mailto:b@c.ex|b@c.ex>"
    records, _ = read_bytes(tmp_path, json.dumps([message("1588404642.000100", text)]).encode())
    assert records["body"].to_list() == ["@ada @U9 #general #C2 @here @crew https://a.example [b@c.ex](mailto:b@c.ex)"]
    assert records["author"].to_list() == ["ada"]


def test_a_deleted_message_is_kept_without_words(tmp_path: Path) -> None:
    event = {
        "type": "message", "subtype": "message_deleted", "ts": "1588404650.000100", "deleted_ts": "1588404642.000100",
        "previous_message": message("1588404642.000100", thread_ts="1588404600.000100"),
    }  # fmt: skip
    records, _ = read_bytes(tmp_path, json.dumps([event]).encode())
    assert records.select("native_id", "native_parent", "body", "deletion").rows() == [
        ("1588404642.000100", "1588404600.000100", None, "unknown")
    ]


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (b'[{"type": "message", "ts": "1588404642.000100", "text": "x"}]', True),
        (b'[{"user": "U1", "ts": "1588404642.000100", "text": "x"}]', True),
        (b'[{"ts": "1588404642.000100", "value": 7}]', False),
        (b'[{"type": "message", "ts": "2020-05-02", "text": "x"}]', False),
        (b'{"members": ["U1"], "ok": true}', False),
        (b'{"channel": {"latest": {"type": "message", "ts": "1588404642.000100", "text": "x"}}}', False),
    ],
)
def test_a_file_is_slack_s_by_its_messages(data: bytes, known: bool) -> None:
    assert READER.recognise(Head("x", data, complete=True)) is known


def test_a_long_file_is_known_by_its_head() -> None:
    dump = json.dumps([message(f"15884{number:05}.000100") for number in range(2000)]).encode()
    assert READER.recognise(Head("x", dump[: 64 << 10], complete=False))


@pytest.mark.parametrize("top", ["", "export/"])
def test_a_zipped_export_names_people_and_channels(tmp_path: Path, top: str) -> None:
    users = [{"id": "U1", "name": "mira", "profile": {"display_name": "Mira"}}, {"id": "U2", "name": "odo"}]
    files = {
        f"{top}channels.json": [{"id": "C7", "name": "harbour", "members": ["U1"]}],
        f"{top}harbour/2020-05-02.json": [message("1588404642.000100", "For <@U2>.")],
        f"{top}elsewhere/2020-05-02.json": [message("1588404643.000100", user="U9")],
        f"{top}users.json": users,
    }
    records, rejected = read_bytes(
        tmp_path, make_zip({name: json.dumps(file).encode() for name, file in files.items()})
    )
    assert records.select("scope", "native_discussion", "community", "author", "body").rows() == [
        ("slack:C7", "C7", "harbour", "Mira", "For @odo."),
        ("slack", None, None, "U9", "soup"),
    ]
    assert rejected["rule"].to_list() == ["unknown_format"] * 2


def test_lists_that_cannot_be_read_name_nobody(tmp_path: Path) -> None:
    day = json.dumps([message("1588404642.000100")]).encode()
    for broken in (b"{", b"[" * 100_000, b'[{"id": 7}, null, {"id": "U1", "profile": 3}]', b""):
        records, _ = read_bytes(tmp_path, make_zip({"a/2020-05-02.json": day, "users.json": broken}))
        assert records["author"][0] == "U1"
