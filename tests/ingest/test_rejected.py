"""Files of which next to nothing can be read cost little: a small bomb unpacks to a million lines of two bytes."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

import pytest

from tests.ingest.reading import read_bytes

LINES = 3_000


@pytest.mark.parametrize("line", [b"a", b'"', b'{"id"', b",\xff"], ids=["letter", "string", "object", "no_utf_8"])
@pytest.mark.parametrize("format_name", ["reddit", "hackernews"])
def test_a_line_that_is_no_json_costs_little(tmp_path: Path, format_name: str, line: bytes) -> None:
    sound = b'{"id": "c1", "by": "Ada", "type": "comment", "link_id": "t3_s1", "text": "Soup.", "body": "Soup."}\n'
    with cProfile.Profile() as profile:
        records, rejected = read_bytes(tmp_path, sound + (line + b"\n") * LINES, format=format_name)
    calls = pstats.Stats(profile).total_calls
    assert records.height == 1
    assert rejected["rule"].to_list() == ["bad_json"] * LINES
    assert calls < 20 * LINES
