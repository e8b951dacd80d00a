"""YouTube: the API's shapes, yt-dlp's, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.errors import InputError
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

DUMP = CASES / "youtube" / "dump.json"
PAGE: dict[str, Any] = json.loads(DUMP.read_text())
WHAT = ["native_id", "native_parent", "native_discussion", "body"]


def test_both_ways_of_scraping_name_one_thread_alike() -> None:
    answer, _ = read_file(DUMP)
    downloaded, rejected = read_file(CASES / "youtube" / "song.info.json")
    same = ["scope", "native_id", "native_parent", "native_discussion", "discussion_scope", "author", "permalink"]
    assert downloaded.select(same).rows() == answer.head(2).select(same).rows()
    assert rejected.is_empty()
    first, second = known_of(downloaded)
    assert (first["posted_at_raw"], first["captured_at_raw"]) == ("2 years ago", "1700000000")
    assert second["posted_at_raw"] == "1617269400"
    assert json.loads(first["extra"]) == {
        "author_channel": "UCbea",
        "liked_by_uploader": True,
        "pinned": True,
        "timestamp": 1636848000,
    }
    assert first["discussion_title"] == "Etude for two bassoons"


def test_ids_of_a_downloader_say_what_they_answer(tmp_path: Path) -> None:
    lines = [
        {"cid": "Ug7", "text": "That cadence!", "time": "2 years ago", "author": "@ada", "channel": "UC1",
         "votes": "12", "replies": "1", "heart": False, "reply": False, "time_parsed": 1640000000.5},
        {"cid": "Ug7.9x", "text": "Which one?", "time": "1 year ago", "author": "@kit", "channel": "UC2",
         "votes": "1.2K", "replies": "", "heart": True, "reply": True, "time_parsed": 1670000000.5},
    ]  # fmt: skip
    for data in ("\n".join(map(json.dumps, lines)), json.dumps({"comments": lines}, indent=4)):
        records, rejected = read_bytes(tmp_path, data.encode())
        assert records.select(*WHAT[:2], "posted_at_raw", "votes").rows() == [
            ("Ug7", None, "2 years ago", 12), ("Ug7.9x", "Ug7", "1 year ago", None),
        ]  # fmt: skip
        assert rejected.is_empty()


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(PAGE["items"]),
        json.dumps([PAGE]),
        "\n".join(map(json.dumps, PAGE["items"])),
        "\n".join(map(json.dumps, [PAGE, PAGE["items"][1]])),
    ],
    ids=["items", "pages", "lines", "pages in lines"],
)
def test_shapes_of_answers(tmp_path: Path, written: str) -> None:
    expected, _ = read_file(DUMP)
    records, _ = read_bytes(tmp_path, written.encode())
    assert records.select(WHAT).unique(maintain_order=True).rows() == expected.select(WHAT).rows()


def test_replies_that_the_answer_leaves_out_are_counted(tmp_path: Path) -> None:
    top = {"id": "a", "snippet": {"textOriginal": "Hm", "videoId": "v"}}
    thread = {"kind": "youtube#commentThread", "snippet": {"topLevelComment": top, "totalReplyCount": 5}}
    records, _ = read_bytes(tmp_path, json.dumps([thread]).encode())
    assert records["extra"].to_list() == ['{"replies_left_out":5}']


@pytest.mark.parametrize("name", ["dump.json", "song.info.json"])
def test_what_breaks_off_keeps_what_stands_before(tmp_path: Path, name: str) -> None:
    data = (CASES / "youtube" / name).read_bytes()
    whole, _ = read_file(CASES / "youtube" / name)
    records, rejected = read_bytes(tmp_path, data[: data.rindex(b'{"' if name.startswith("song") else b'"kind"') + 2])
    assert records.select(WHAT).rows() == whole.select(WHAT).rows()[:-1]
    assert "bad_json" in rejected["rule"].to_list()


def test_odd_values_cost_a_field_and_no_comment(tmp_path: Path) -> None:
    odd = {"id": 7, "snippet": {"textDisplay": "\ud800 ok", "likeCount": 2**70, "authorChannelId": {"value": "\ud800"}}}
    line = json.dumps({"kind": "youtube#comment", **odd}).replace(": 7", ": 7.0e0").encode()
    records, _ = read_bytes(tmp_path, line)
    assert known_of(records)[0]["body"] == "� ok"
    assert records["votes"].to_list() == [None]


def test_comments_of_both_kinds_may_stand_in_one_file(tmp_path: Path) -> None:
    answer = (CASES / "youtube" / "song.info.json").read_text()
    text = json.dumps([PAGE, json.loads(answer), PAGE])
    records, rejected = read_bytes(tmp_path, text.encode(), format="youtube")
    alone, _ = read_file(DUMP)
    assert records.height == 2 * alone.height + 2
    assert records["edited_at_raw"].to_list()[-alone.height :] == alone["edited_at_raw"].to_list()
    assert records["captured_at_raw"].drop_nulls().to_list() == ["1700000000"] * 2
    assert rejected.height == 2 * read_file(DUMP)[1].height


def test_a_video_without_comments_is_refused(tmp_path: Path) -> None:
    video = {"id": "v", "title": "T", "formats": [{"format_id": "1"}], "comments": None}
    with pytest.raises(InputError, match="no comments"):
        read_bytes(tmp_path, json.dumps(video).encode())


@settings(max_examples=60, deadline=None)
@given(data=damaged_cases("youtube"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "youtube")
