"""A file that has grown since the last run is a new capture of the same: what it showed before stays one post each."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import open_archive
from pipeline.settings import RunParameters, Settings
from pipeline.steps import run_direct

LINES = {
    "chat.log": [
        "[2024-05-02 10:00:00] <ada> has anybody painted the lantern room before",
        "[2024-05-02 10:01:10] <ben> twice, and the second coat peeled within a month",
        "[2024-05-02 10:02:30] <ada> ben: which primer was below it",
        "[2024-05-02 10:03:05] <cyd> zinc, or the salt gets under it every winter",
    ],
    "dump.jsonl": [
        '{"id": 1, "discussion_id": "lamp", "parent_id": null, "author": "ada", "text": "Who paints the lantern?"}',
        '{"id": 2, "discussion_id": "lamp", "parent_id": 1, "author": "ben", "text": "The council, every nine years."}',
        '{"id": 3, "discussion_id": "lamp", "parent_id": 2, "author": "ada", "text": "Then it is due this August."}',
        '{"id": 4, "discussion_id": "lamp", "parent_id": 3, "author": "cyd", "text": "Never in August: gulls."}',
    ],
}


@pytest.mark.parametrize("name", LINES)
def test_a_file_that_has_grown_is_a_new_capture_of_the_same(tmp_path: Path, name: str) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    parameters = RunParameters(raw=[raw], out=out, settings=Settings())
    for shown in (3, 4):
        (raw / name).write_text("\n".join(LINES[name][:shown]) + "\n")
        run_direct(parameters, None)
    archive = open_archive(out)
    posts = archive.posts.collect()
    assert posts.height == 4
    assert posts["discussion_id"].n_unique() == 1
    assert sorted(posts["n_sightings"]) == [1, 2, 2, 2]
    assert archive.captures.collect().height == 2
