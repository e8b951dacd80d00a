"""Who is named in a text, and where."""

from __future__ import annotations

import time
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.normalise.authors import fold_authors
from tests.normalise.records import normalise


def mentioned(body: str, authors: tuple[str | None, ...] = (), **facts: Any) -> list[tuple[str, str]]:
    rows = [{"native_id": "0", "body": body}]
    rows += [{"native_id": str(i), "author": author, "body": "-"} for i, author in enumerate(authors, start=1)]
    record = normalise(rows, **facts)[0].row(0, named=True)
    return [(record["text"][span["start"] : span["end"]], span["name"]) for span in record["mentions"]]


CASES = {
    "ask @ada, or @bo_2.": [("@ada", "ada"), ("@bo_2", "bo_2")],
    "(@ada's boat) @мария": [("@ada", "ada"), ("@мария", "мария")],
    "u/ada and /u/bo-2, not r/boats": [("u/ada", "ada"), ("/u/bo-2", "bo-2")],
    "@ada@example.org is elsewhere": [("@ada@example.org", "ada@example.org")],
    "write to ada@example.org": [],
    "https://example.org/@ada?x=@bo u/ada": [("u/ada", "ada")],
    "www.example.org/u/ada example.org/u/ada tofu/ada": [],
    "at @5pm for 3 @ 4, @ada": [("@5pm", "5pm"), ("@ada", "ada")],
    "for @2020 and @": [],
    "🙂🙂 @ada": [("@ada", "ada")],
}


@pytest.mark.parametrize(("body", "spans"), CASES.items())
def test_names_by_sign(body: str, spans: list[tuple[str, str]]) -> None:
    assert mentioned(body) == spans


def test_names_with_spaces_are_known_from_the_authors() -> None:
    assert mentioned("@Mud Lark no", ("Mud Lark",)) == [("@Mud Lark", "Mud Lark")]
    assert mentioned("@Mud Larks no", ("Mud Lark",)) == [("@Mud", "Mud")]
    assert mentioned("@Mud Lark II no", ("mud lark", "Mud Lark II")) == [("@Mud Lark II", "Mud Lark II")]


def test_chat_lines_begin_with_whom_they_address() -> None:
    authors = ("ada", "Bo_2", "Mud Lark", "well", "x", None)
    addressed = {
        "ada: the tide?": [("ada", "ada")],
        "ADA, the tide?": [("ADA", "ADA")],
        "bo_2 : really": [("bo_2", "bo_2")],
        "mud lark: really": [("mud lark", "mud lark")],
        "ada:": [("ada", "ada")],
        "@ada: you": [("@ada", "ada")],
        "first\n  ada: 🙂\nBo_2, no": [("ada", "ada"), ("Bo_2", "Bo_2")],
        "well, who knows": [],  # a common word before a comma
        "well: who knows": [("well", "well")],
        "x: one letter": [],
        "nobody: here": [],
        "so ada: no": [],
        "ada:no": [],
        "https://ada:80": [],
    }
    for body, spans in addressed.items():
        assert mentioned(body, authors, shape="stream") == spans, body
        assert mentioned(body, authors, shape=None) == spans, body


def test_pages_are_no_chats() -> None:
    assert mentioned("ada: the tide?", ("ada",), shape="page") == []


@settings(max_examples=50)
@given(st.text(alphabet="ad:, \n@u/b.🙂", max_size=30))
def test_spans_of_names_hold_the_name(body: str) -> None:
    for words, name in mentioned(body, ("ad", "ab", "a d"), shape="stream"):
        assert words.removeprefix("@").removeprefix("/").removeprefix("u/") == name


def test_author_keys() -> None:
    names = [
        "Ada",
        " /u/ADA ",
        "u/ada",
        "@ada",
        "<ada>",
        "Ａｄａ",
        "Mud  Lark",
        "[deleted]",
        "",
        " ",
        "Anonymous",
        None,
    ]
    assert fold_authors(pl.Series(names)).to_list() == ["ada"] * 6 + ["mud lark"] + [None] * 5


HOSTILE = [
    "@1",
    "1",
    "@a ",
    "u/",
    "a@",
    "a@b.",
    "@a.-",
    "@.",
    "https://@",
    "ada: ",
    "ada:\n",
    "a,",
    " ",
    "@ada ",
    "\u200c",
]


@pytest.mark.parametrize("part", HOSTILE)
def test_no_text_takes_more_than_linear_time(part: str) -> None:
    began = time.process_time()
    mentioned("@" + part * (50_000 // len(part)), ("ada", "ada b"), shape="stream")
    assert time.process_time() - began < 4  # seconds; quadratic time would take minutes
