"""JSON that breaks off, nests without end, or comes one a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.readers.api_json import parse_answers, parse_loosely

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_sound_json_is_read_as_the_standard_parser_reads_it(value: Any) -> None:
    text = json.dumps(value).encode()
    assert parse_loosely(text) == ([json.loads(text)], None)


@settings(max_examples=50, deadline=None)
@given(st.lists(VALUES, min_size=1), st.data())
def test_of_a_list_cut_short_the_whole_elements_are_kept(values: list[Any], data: st.DataObject) -> None:
    texts = [json.dumps(value).encode() for value in values]
    whole = data.draw(st.integers(0, len(texts) - 1))
    start = b"[" + b"".join(text + b"," for text in texts[:whole])
    cut = data.draw(st.integers(0, len(texts[whole]) - 1))
    found, stopped = parse_loosely(start + texts[whole][:cut])
    assert found[0][:whole] == values[:whole]
    assert stopped is not None


@pytest.mark.parametrize(
    ("text", "values", "places"),
    [
        (b'{"a": 1}\n{"b": 2}\n', [("line 1", {"a": 1}), ("line 2", {"b": 2})], []),
        (b'{"a": 1}\n{"b": 2}\n{"c', [("line 1", {"a": 1}), ("line 2", {"b": 2}), ("line 3", {})], ["line 3"]),
        (b'{"a": 1} {"b": 12', [("value 1", {"a": 1}), ("value 2", {})], ["byte 15"]),
        (b"[1, 2}, 3]", [("", [1, 2])], ["byte 5"]),
        (b'{"a": NaN}', [("", {"a": None})], []),
        (b'{"a": "\\ud800x", "b": ["\\ud83d\\ude00", NaN]}', [("", {"a": "\ufffdx", "b": ["\U0001f600", None]})], []),
        (b'{"a\\udc00": "\\ud800x", "b', [("", {"a\ufffd": "\ufffdx"})], ["byte 22"]),
        (b"", [], []),
        (b"\xff\xfe<html>", [], ["byte 0"]),
    ],
)
def test_files_as_people_have_them(text: bytes, values: list[Any], places: list[str]) -> None:
    answers = parse_answers(text)
    assert answers.values == values
    assert [damage.location for damage in answers.damage] == places


def test_nesting_costs_no_recursion() -> None:
    ((_, value),) = parse_answers(b'{"a":' * 100_000 + b"1" + b"}" * 100_000).values
    depth = 0
    while isinstance(value, dict):
        value, depth = value["a"], depth + 1
    assert (value, depth) == (1, 100_000)
