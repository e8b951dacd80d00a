"""A JSON array: its elements are the records, whatever its size and line breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.readers.table_json import Elements
from tests.ingest.reading import read_bytes

VALUES = st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3))


@given(st.lists(VALUES, max_size=9), st.integers(1, 7), st.sampled_from([None, 1]))
def test_elements_do_not_depend_on_how_the_bytes_arrive(values: list[object], step: int, indent: int | None) -> None:
    data = json.dumps(values, ensure_ascii=False, indent=indent).encode()
    chunks = (data[start : start + step] for start in range(0, len(data), step))
    elements = Elements(chunks, longest=1000)
    assert [json.loads(element) for element in elements] == values
    assert elements.damage is None


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
