"""A JSON array: its elements are the records, whatever its size and line breaks."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.containers import Source
from pipeline.ingest.readers import json_elements
from pipeline.ingest.readers.json_elements import Elements, parse_elements
from pipeline.ingest.readers.json_lines import parse_pieces
from pipeline.settings import ReadSettings
from tests.ingest.reading import read_bytes

VALUES = st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3))


@given(st.lists(VALUES, max_size=9), st.integers(1, 7), st.sampled_from([None, 1]))
def test_elements_do_not_depend_on_how_the_bytes_arrive(values: list[object], step: int, indent: int | None) -> None:
    data = json.dumps(values, ensure_ascii=False, indent=indent).encode()
    chunks = (data[start : start + step] for start in range(0, len(data), step))
    elements = Elements(chunks, longest=1000)
    assert [json.loads(element) for element in elements] == values
    assert elements.damage is None


@given(
    st.lists(st.dictionaries(st.sampled_from(["id", "text", "}, {"]), VALUES, min_size=1, max_size=2), max_size=12),
    st.integers(1, 90),
    st.none() | st.tuples(st.integers(0, 500), st.sampled_from([b"", b",", b"]", b"}, {", b"\xff", b"7, "])),
)
def test_elements_parsed_in_runs_are_those_parsed_one_by_one(
    values: list[object], step: int, damage: tuple[int, bytes] | None
) -> None:
    data = json.dumps(values).encode()
    if damage is not None:
        data = data[: damage[0]] + damage[1] + data[damage[0] :]
    chunks = [data[start : start + step] for start in range(0, len(data), step)]
    source = SimpleNamespace(chunks=lambda: iter(chunks), settings=ReadSettings(record_bytes=1024))
    with patch.object(json_elements, "_RUN_BYTES", 60):
        in_runs = list(parse_elements(cast("Source", source)))
    one_by_one = list(parse_pieces(Elements(iter(chunks), 1024), "item", 1024))
    for name in ("ordinals", "numbers", "objects"):
        assert [item for run in in_runs for item in getattr(run, name)] == getattr(one_by_one[0], name)
    found = [json.loads(line) for run in in_runs for line in run.lines] if damage is None else None
    assert found in (None, values)
    assert [row for run in in_runs for row in run.rejections.rows] == one_by_one[0].rejections.rows


def test_elements_are_records(tmp_path: Path) -> None:
    posts = [{"id": 2**70, "text": "soup 🍲"}, 7, {"id": None}, {"id": 2, "parent_id": 2**70, "text": "stew"}]
    records, rejected = read_bytes(tmp_path, json.dumps(posts, indent=2, ensure_ascii=False).encode())
    assert records.select("ordinal", "location", "native_id", "native_parent", "parent_known", "body").rows() == [
        (0, "item 1", str(2**70), None, True, "soup 🍲"),
        (3, "item 4", "2", str(2**70), True, "stew"),
    ]
    assert rejected.select("location", "rule").rows() == [("item 2", "not_an_object"), ("item 3", "no_id_no_text")]


@pytest.mark.parametrize(
    ("rest", "rejections"),
    [
        (b"", [(1, "after item 1", "damaged_file")]),
        (b', {"id": 2, "te', [(1, "item 2", "bad_json")]),
        (b', {"id": 2, text: no}, {"id": 3, "text": "lost"}]', [(1, "item 2", "bad_json")]),
        (b"] and more", [(1, "item 2", "bad_json")]),
        (b', "' + b"long " * 1000 + b'"]', [(1, "item 2", "too_long")]),
    ],
)
def test_what_comes_before_a_mistake_is_kept(
    tmp_path: Path, rest: bytes, rejections: list[tuple[int, str, str]]
) -> None:
    records, rejected = read_bytes(tmp_path, b'[{"id": 1, "text": "caf\xe9"}' + rest, record_bytes=2048)
    assert records.select("body", "extra").rows() == [("café", '{"text_repaired":true}')]
    assert rejected.select("ordinal", "location", "rule").rows() == rejections


def test_an_object_that_nests_too_deeply_costs_itself(tmp_path: Path) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    data = b'[{"id": 1, "text": "Soup."}, {"id": 2, "text": "S]", "deep": ' + deep + b'}, {"id": 3, "text": "Stew."}]'
    records, rejected = read_bytes(tmp_path, data)
    assert records["body"].to_list() == ["Soup.", "Stew."]
    assert rejected["location"].to_list() == ["item 2"]
