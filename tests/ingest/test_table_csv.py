"""CSV: one bad row costs itself and nothing else."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.mojibake import mend_text
from tests.ingest.reading import known_of, read_bytes

WORDS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
    str.strip
)


@given(
    st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"])
)
def test_what_a_csv_writer_wrote_comes_back(
    tmp_path_factory: pytest.TempPathFactory, posts: list[tuple[str, str]], delimiter: str, end: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(["id", "author", "text"])
    writer.writerows([number, *post] for number, post in enumerate(posts))
    records, rejected = read_bytes(tmp_path_factory.getbasetemp(), out.getvalue().encode(), format="csv")
    assert rejected.is_empty()
    assert records.select("author", "body").rows() == [(mend_text(author), mend_text(body)) for author, body in posts]


@given(st.binary(max_size=80))
def test_no_bytes_are_too_much(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    data = b"id,text\n1,soup\n" + noise + b"\n2,stew\n3,broth\n"
    records, rejected = read_bytes(tmp_path_factory.getbasetemp(), data, format="csv")
    assert records["body"][0] == "soup"
    assert {"stew", "broth"} <= set(records["body"]) or b'"' in noise
    assert records.height + rejected.height <= 3 + len(noise.split(b"\n"))


@pytest.mark.parametrize(
    "mark",
    [pytest.param(b"", id="none"), pytest.param(b"\xef\xbb\xbf", id="utf-8"), pytest.param(b"sep=;\r\n", id="excel")],
)
def test_names_quotes_and_nulls(tmp_path: Path, mark: bytes) -> None:
    data = mark + (
        b'ID;"Parent_ID";Author;Text;mood\r\n1;;ada;"Soup; or ""stew""?";\r\n\r\n2;1.0;null;"two\r\nlines";glad\r\n'
    )
    records, rejected = read_bytes(tmp_path, data)
    assert rejected.is_empty()
    first = 2 if mark.startswith(b"sep") else 1
    common = {"parent_known": True, "markup": "plain"}
    assert known_of(records) == [
        {
            **common,
            "ordinal": 0,
            "location": f"line {first + 1}",
            "native_id": "1",
            "author": "ada",
            "body": 'Soup; or "stew"?',
        },
        {
            **common,
            "ordinal": 1,
            "location": f"line {first + 3}",
            "native_id": "2",
            "native_parent": "1",
            "author": "null",
            "body": "two\r\nlines",
            "extra": '{"mood":"glad"}',
        },
    ]


def test_rows_that_do_not_fit_go_to_quarantine(tmp_path: Path) -> None:
    data = b"id,author,text\n1,ada,soup\n2,ben,soup, stew\n3,cyd\n4,dan,stew,,\nid,author,text\n,ada,\n7,eve,br\0th\n"
    records, rejected = read_bytes(tmp_path, data, format="csv")
    assert records.select("native_id", "body").rows() == [("1", "soup"), ("4", "stew")]
    assert rejected.select("location", "rule").rows() == [
        ("line 3", "ragged_row"),
        ("line 4", "ragged_row"),
        ("line 6", "repeated_header"),
        ("line 7", "no_id_no_text"),
        ("line 8", "nul"),
    ]
    assert rejected["detail"][0] == "4 fields where the first row has 3"


@pytest.mark.parametrize(
    ("rest", "longest"),
    [
        pytest.param(b'4,dan,"quoted, well"\n5,eve,stew\n', 16 << 20, id="closed-by-a-later-quote"),
        pytest.param(b"4,dan,stew\n5,eve,stew\n", 16 << 20, id="never-closed"),
        pytest.param(b"4,dan,stew\n" + b"5,eve,stew\n" * 200, 1024, id="closed-too-late"),
    ],
)
def test_a_quote_never_closed_costs_no_other_row(tmp_path: Path, rest: bytes, longest: int) -> None:
    data = b'id,author,text\n1,ada,soup\n2,ben,"so, he said\n3,cyd,"fine, ""indeed"""\n' + rest
    records, rejected = read_bytes(tmp_path, data, record_bytes=longest)
    assert rejected.is_empty()
    assert records.height == 3 + rest.count(b"\n")
    assert records.select("native_id", "body", "extra").rows()[:3] == [
        ("1", "soup", None),
        ("2", "so, he said", '{"unclosed_quote":true}'),
        ("3", 'fine, "indeed"', None),
    ]


def test_too_long_rows_and_stray_carriage_returns(tmp_path: Path) -> None:
    data = b"id,text\n1,soup\rstew\n2," + b"broth " * 300 + b"\n3,caf\xe9\n4,ok\n"
    records, rejected = read_bytes(tmp_path, data, record_bytes=1024)
    assert records.select("native_id", "body", "extra").rows() == [
        ("1", "soup stew", '{"text_repaired":true}'),
        ("3", "café", '{"text_repaired":true}'),
        ("4", "ok", None),
    ]
    assert rejected.select("ordinal", "rule").rows() == [(1, "too_long")]


def test_nameless_and_repeated_columns_are_kept(tmp_path: Path) -> None:
    records, _ = read_bytes(tmp_path, b",text,mood,mood\n0,soup,glad,sad\n1,stew,,\n")
    assert records["extra"].to_list() == ['{"column 1":"0","mood":"glad","mood 4":"sad"}', '{"column 1":"1"}']


def test_a_table_without_words_is_no_discussion(tmp_path: Path) -> None:
    index = b"format\tpath\tbytes\nhtml\ta.html\t7\njson\tb.json\t8\nmbox\tc.mbox\t9\n"
    with pytest.raises(InputError, match="looks like a table none of whose columns"):
        read_bytes(tmp_path, index)
    records, _ = read_bytes(tmp_path, index, columns={"path": "text"})
    assert records["body"].to_list() == ["a.html", "b.json", "c.mbox"]
    prose, _ = read_bytes(
        tmp_path, b"Well, well, well\nSo it is, friend, and always was\nYes, no\nMaybe, who knows, it may\n"
    )
    assert prose.height == 4


@pytest.mark.parametrize("markup", ["plain", "markdown", "html"])
def test_markup_is_what_is_said(tmp_path: Path, markup: str) -> None:
    data = b"id,text\n1,<p>soup &amp; *stew*</p>\n"
    records, _ = read_bytes(tmp_path, data, markup=markup)
    assert records.select("body", "markup").row(0) == ("<p>soup &amp; *stew*</p>", markup)
