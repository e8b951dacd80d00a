"""JSON lines: every line counts, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.readers.table_jsonl import READER
from pipeline.ingest.records import BATCH_RECORDS
from pipeline.settings import ReadSettings
from tests.ingest.reading import known_of, read_bytes, read_file

POSTS = b"".join(
    json.dumps(
        {"id": number, "parent_id": number - 1 or None, "text": f"Soup {number}, with é and \ud83c\udf72"}
    ).encode()
    + b"\n"
    for number in range(1, 12)
)


@given(st.lists(st.tuples(st.integers(1, len(POSTS) - 1), st.binary(min_size=1, max_size=1)), max_size=12))
def test_no_mutation_loses_or_adds_a_line(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bytes]]
) -> None:
    data = bytearray(POSTS)  # its first byte stays, so that it remains an unpacked file without a mark
    for place, byte in changes:
        data[place : place + 1] = byte
    path = tmp_path_factory.getbasetemp() / "mutated.jsonl"
    path.write_bytes(data)
    batches = list(READER.read(Source(path, ReadSettings())))
    lines = [line for line in bytes(data).split(b"\n") if line.strip()]
    ordinals = [
        ordinal for batch in batches for frame in (batch.records, batch.rejected) for ordinal in frame["ordinal"]
    ]
    assert sorted(ordinals) == list(range(len(lines)))


def rows(*posts: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(post) for post in posts).encode()


def test_a_record_keeps_all_that_is_known(tmp_path: Path) -> None:
    post = {
        "ID": 7,
        "discussion_id": "soup",
        "parent_id": None,
        "author": "ada",
        "created_at": 1770000000.5,
        "title": "Is cold soup soup?",
        "text": "  Gazpacho says yes.\n",
        "depth": 0,
        "edited_at": "2026-03-01",
        "captured_at": "2026-03-02T00:00:00Z",
        "permalink": "https://example.org/7",
        "score": -3,
        "mood": {"hunger": 1},
        "nothing": None,
    }
    records, _ = read_bytes(tmp_path, rows(post))
    assert known_of(records) == [
        {
            "ordinal": 0,
            "location": "line 1",
            "scope": "discussion:soup",
            "native_id": "7",
            "native_discussion": "soup",
            "discussion_scope": "table",
            "parent_known": True,
            "depth": 0,
            "author": "ada",
            "posted_at_raw": "1770000000.5",
            "edited_at_raw": "2026-03-01",
            "captured_at_raw": "2026-03-02T00:00:00Z",
            "title": "Is cold soup soup?",
            "body": "  Gazpacho says yes.\n",
            "markup": "plain",
            "discussion_title": "Is cold soup soup?",
            "permalink": "https://example.org/7",
            "votes": -3,
            "extra": '{"mood":{"hunger":1}}',
        }
    ]


def test_sources_and_discussions_scope_the_ids(tmp_path: Path) -> None:
    data = rows({"id": 1, "text": "a"}, {"id": 1, "discussion_id": "x", "text": "b"})
    scopes = ("scope", "native_discussion", "discussion_scope")
    assert read_bytes(tmp_path, data)[0].select(scopes).rows() == [
        (None, None, None),
        ("discussion:x", "x", "table"),
    ]
    assert read_bytes(tmp_path, data, source="soups")[0].select(scopes).rows() == [
        ("soups", "soups", "source"),
        ("soups", "x", "soups"),
    ]


def test_one_parent_id_anywhere_makes_all_rows_say_what_they_answer(tmp_path: Path) -> None:
    many = [{"id": number, "text": "soup " * 5} for number in range(BATCH_RECORDS + 5)]
    path = tmp_path / "soups"
    path.write_bytes(rows(*many))
    records, _ = read_file(path)
    assert not records["parent_known"].any()
    path.write_bytes(rows(*many, {"id": "last", "text": "soup", "Parent_ID": 3}))
    records, _ = read_file(path)
    assert records["parent_known"].all()
    assert records.filter(records["native_parent"].is_not_null()).select("native_id", "native_parent").rows() == [
        ("last", "3")
    ]


def test_words_about_a_parent_id_are_no_parent_id(tmp_path: Path) -> None:
    post = {"id": 1, "text": 'He wrote "parent_id": 4 on the napkin', "meta": {"parent_id": 4}}
    assert read_bytes(tmp_path, rows(post))[0]["parent_known"].to_list() == [False]


def test_renamed_columns(tmp_path: Path) -> None:
    data = rows({"nr": 1, "Body": "soup", "text": "not this", "reply_to": 2}, {"nr": 2, "text": "stew"})
    records, _ = read_bytes(tmp_path, data, columns={"body": "text", "nr": "id", "reply_to": "parent_id"})
    assert records.select("native_id", "native_parent", "body", "extra").rows() == [
        ("1", "2", "soup", '{"text":"not this"}'),
        ("2", None, "stew", None),
    ]


def test_a_table_without_text_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"columns are dish, id\..*--map NAME=text"):
        read_bytes(tmp_path, rows({"id": 1, "dish": "soup"}, {"id": 2, "dish": "stew"}))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b'{"id": 1, "text": "cut sho', "bad_json"),
        (b'{"id": 1, "text": "soup"} and more', "bad_json"),
        (b"soup", "bad_json"),
        (b"[1, 2]", "not_an_object"),
        (b"null", "not_an_object"),
        (b"[" * 3000, "bad_json"),
        (b'{"id": ' + b"9" * 5000 + b"}", "bad_json"),
        (b'{"id": null, "text": " "}', "no_id_no_text"),
        (b'{"id": "", "text": ["not", "words"]}', "no_id_no_text"),
        (b'{"id": 1, "text": "' + b"soup " * 2000 + b'"}', "too_long"),
    ],
)
def test_bad_lines_go_to_quarantine_and_the_file_goes_on(tmp_path: Path, line: bytes, rule: str) -> None:
    good = b'{"id": 1, "text": "soup"}\n'
    records, rejected = read_bytes(tmp_path, good + line + b"\n\n" + good, record_bytes=8000)
    assert records.select("ordinal", "location").rows() == [(0, "line 1"), (2, "line 4")]
    assert rejected.select("ordinal", "location", "stage", "rule", "raw").rows() == [
        (1, "line 2", "read", rule, line[:1000])
    ]
    assert rejected["detail"].item()


@pytest.mark.parametrize(
    ("line", "known"),
    [
        (b'{"id": 1180591620717411303424, "text": "a"}', {"native_id": "1180591620717411303424"}),
        (b'{"id": 18446744073709551615, "text": "a"}', {"native_id": "18446744073709551615"}),
        (b'{"id": 12.0, "text": "a", "score": 3.0}', {"native_id": "12", "votes": 3}),
        (b'{"id": " a7 ", "text": "a"}', {"native_id": "a7"}),
        (b'{"id": 1, "id": 2, "text": "a"}', {"native_id": "2"}),
        (b'{"id": {"$oid": "65f"}, "text": "a"}', {"native_id": "65f"}),
        (b'{"created_at": {"$date": "2026-01-01"}, "text": "a"}', {"posted_at_raw": "2026-01-01"}),
        (b'{"id": 1, "parent_id": NaN, "score": NaN, "text": "a"}', {"native_id": "1", "parent_known": True}),
        (
            b'{"id": 7, "parent_id": "12.0", "text": "a"}',
            {"native_id": "7", "native_parent": "12", "parent_known": True},
        ),
        (
            b'{"id": "v1.0", "parent_id": "2.0", "text": "a"}',
            {"native_id": "v1.0", "native_parent": "2.0", "parent_known": True},
        ),
        (b'{"id": 1, "edited_at": false, "text": "a"}', {"native_id": "1"}),
        (b'{"id": 1, "score": "abc", "text": "a"}', {"native_id": "1", "extra": '{"score":"abc"}'}),
        (b'{"id": 1, "depth": -1, "text": "a"}', {"native_id": "1", "extra": '{"depth":-1}'}),
        (b'{"id": true, "text": "a"}', {"extra": '{"id":true}'}),
        (b'{"text": "a", "score": 1e999}', {"extra": '{"score":null}'}),
        (b'{"text": "a", "x": 1180591620717411303424}', {"extra": '{"x":1.1805916207174113e+21}'}),
    ],
)
def test_odd_values(tmp_path: Path, line: bytes, known: dict[str, Any]) -> None:
    records, rejected = read_bytes(tmp_path, line)
    assert rejected.is_empty()
    common = {"ordinal": 0, "location": "line 1", "parent_known": False, "markup": "plain", "body": "a"}
    assert known_of(records) == [{**common, **known}]


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (b'{"text": "lone \\ud800 half"}', "lone \ufffd half"),
        (b'{"text": "caf\xe9"}', "café"),
    ],
)
def test_repaired_text_is_marked(tmp_path: Path, line: bytes, body: str) -> None:
    records, _ = read_bytes(tmp_path, line + b'\n{"text": "sound"}')
    assert records.select("body", "extra").rows() == [(body, '{"text_repaired":true}'), ("sound", None)]


def test_control_characters_inside_strings_are_read(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b'{"text": "a\tb"}')[0]["body"].to_list() == ["a\tb"]


@given(
    st.dictionaries(st.text(max_size=30), st.recursive(st.integers() | st.text(max_size=3000), st.lists), max_size=8)
)
def test_extra_is_bounded_json(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    data = rows({**{f"x{name}": value for name, value in values.items()}, "text": "soup"})
    extra = read_bytes(tmp_path_factory.getbasetemp(), data)[0]["extra"].item()
    if extra is None:
        assert not values
    else:
        assert len(extra) <= 4000
        kept = json.loads(extra)
        assert kept
        assert "left_out" in kept or len(kept) == len(values)
