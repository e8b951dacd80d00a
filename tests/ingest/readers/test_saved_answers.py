"""Answers of APIs as they are saved: lines, several in a row, cut short, too deep, and in other languages' notation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.containers import Source
from pipeline.ingest.readers.object_literals import read_literals
from pipeline.ingest.readers.saved_answers import Answers, read_answers
from pipeline.settings import ReadSettings

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=12,
)


def read(folder: Path, data: bytes) -> Answers:
    path = folder / "answer"
    path.write_bytes(data)
    return read_answers(Source(path, ReadSettings()))


def as_edn(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + " ".join(f"{as_edn(key)} {as_edn(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "(" + " ".join(map(as_edn, value)) + ")"
    return "nil" if value is None else json.dumps(value)


@settings(max_examples=30)
@given(st.lists(VALUES), st.booleans())
def test_sound_json_is_read_as_the_standard_parser_reads_it(value: list[Any], ascii_only: bool) -> None:
    assert read_literals(json.dumps(value, ensure_ascii=ascii_only)) == ([value], None)


@settings(max_examples=30)
@given(st.lists(VALUES))
def test_notations_of_clojure_and_python_give_the_same_values(value: list[Any]) -> None:
    assert read_literals(as_edn(value)) == ([value], None)
    assert read_literals(f"data = {value!r}") == ([value], None)


@settings(max_examples=30)
@given(st.lists(VALUES, min_size=1), st.data())
def test_of_a_list_cut_short_the_whole_elements_are_kept(value: list[Any], data: st.DataObject) -> None:
    pieces = [json.dumps(element) for element in value]
    whole = data.draw(st.integers(0, len(pieces) - 1))
    end = data.draw(st.integers(0, len(pieces[whole]) - 1))
    found, damage = read_literals("[" + "".join(piece + "," for piece in pieces[:whole]) + pieces[whole][:end])
    assert found[0][:whole] == value[:whole]
    assert damage is not None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("module.exports = {posts: [{no: 1, 'com': nil}]};", [{"posts": [{"no": 1, "com": None}]}]),
        ("// a page\nvar x = {a: /* b: */ 1}", [{"a": 1}]),
        (r"{'a': 'it\'s \x41\u00e9', 'b': True}", [{"a": "it's A\u00e9", "b": True}]),
        (r'{"a": "\ud83d\ude00 \ud83d"}', [{"a": "😀 \ufffd"}]),
        ('{"id": "c1", "parent": "c', [{"id": "c1"}]),
        ('{"id": 12', [{}]),
        ('{"a": 1}} ] {"b": [2}', [{"a": 1}, {"b": [2]}]),
        ('{"a": "b": 1, "c"}', [{"b": 1}]),
        ('{"a": 1e999, "b": 1' + "0" * 5000 + "}", [{"a": None, "b": "1" + "0" * 5000}]),
        ("no value at all", []),
    ],
)
def test_what_is_nearly_json(text: str, values: list[Any]) -> None:
    assert read_literals(text)[0] == values


def test_nesting_costs_no_recursion() -> None:
    (value,), damage = read_literals('{"a":[' * 50_000)
    assert damage == "the text breaks off in 100000 open values"
    depth = 0
    while value:
        value = value["a"] if isinstance(value, dict) else value[0]
        depth += 1
    assert depth == 99_999


@pytest.mark.parametrize(
    ("data", "values", "damaged"),
    [
        (b'{"a": 1}', [("", {"a": 1})], []),
        (b'\n[1]\r\n\n{"a": NaN}\n{"b', [("line 2, ", [1]), ("line 4, ", {"a": None}), ("line 5, ", {})], ["line 5, "]),
        (b'{"a": 1} {"b": 2}', [("value 1, ", {"a": 1}), ("value 2, ", {"b": 2})], [""]),
        (b'{\n "a": "caf\xe9', [("", {})], [""]),
        (b'{"a": "\\ud800"}', [("", {"a": "\ufffd"})], []),
        (b'exports.a = {a: "caf\xe9"}', [("", {"a": "caf\u00e9"})], []),
        (b"<html>", [], [""]),
        (b"", [], [""]),
    ],
)
def test_files_as_people_have_them(
    tmp_path: Path, data: bytes, values: list[tuple[str, Any]], damaged: list[str]
) -> None:
    answers = read(tmp_path, data)
    assert [(answer.place, answer.value) for answer in answers.values] == values
    assert [place for place, _, _ in answers.damage] == damaged


def test_damage_says_what_is_wrong_and_where_the_file_ends(tmp_path: Path) -> None:
    ((place, what, raw),) = read(tmp_path, b'{"a": [1, 2').damage
    assert (place, what, raw) == ("", "no sound JSON: the text breaks off in 2 open values", b'{"a": [1, 2')
