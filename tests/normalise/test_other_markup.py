"""BBCode and wikitext: words as their sites show them, with quotations, quoted authors and mentions."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise.text import read_texts

PIECES = st.sampled_from(
    [
        *("[quote]", '[quote="Ada"]', "[/quote]", "[b]", "[code]", "[/code]", "[url=x]", "[*]", "{{", "}}", "|", "[["),
        *("]]", "''", "<", ">", "&amp;", "\n", ":", "=", "tea ", "ping", "<!--", "-->"),
    ]
)


def read(body: str, markup: str) -> tuple[str, list[tuple[str, str | None]], list[str]]:
    """The text, what is quoted and from whom, and who is mentioned; each span lies where its words stand."""
    texts = read_texts(pl.DataFrame({"body": [body], "markup": [markup]}))
    text = texts.text[0]
    quotes = [(text[row["start"] : row["end"]], row["label"]) for row in texts.quotes.iter_rows(named=True)]
    mentions = [text[row["start"] : row["end"]] for row in texts.mentions.iter_rows(named=True)]
    return text, quotes, mentions


@pytest.mark.parametrize(
    ("body", "text", "quotes"),
    [
        ("No marks, [sic] & all.", "No marks, [sic] & all.", []),
        ("[b]Bold[/b] and [color=red]red[/color]", "Bold and red", []),
        ('[quote="Ada"]Free?[/quote]\nYes.', "Free?\n\nYes.", [("Free?", "Ada")]),
        ("[quote=Ada;1234]Free?[/quote]Yes.", "Free?\n\nYes.", [("Free?", "Ada")]),
        ('[quote="Ada, post:3, topic:7"]Free?[/quote]Yes.', "Free?\n\nYes.", [("Free?", "Ada")]),
        ('[quote="Ada":3k2j1h9x]Free?[/quote:3k2j1h9x]Yes.', "Free?\n\nYes.", [("Free?", "Ada")]),
        ("[quote author=Ada link=topic=1 date=2]Free?[/quote]Yes.", "Free?\n\nYes.", [("Free?", "Ada")]),
        ("[quote]Free?[/quote]Yes.", "Free?\n\nYes.", [("Free?", None)]),
        ("[url=https://tea.example/]here[/url] [url]https://tea.example[/url]", "here https://tea.example", []),
        ("[list][*]tea[*]rum[/list]", "tea\nrum", []),
        ("[code]a[i] = [b]\n  x[/code]", "a[i] = [b]\n  x", []),
        ("[code]never closed [b]bold[/b]", "never closed bold", []),
        ("1 < 2 &amp; 3", "1 < 2 & 3", []),
    ],
)
def test_bbcode(body: str, text: str, quotes: list[tuple[str, str | None]]) -> None:
    assert read(body, "bbcode")[:2] == (text, quotes)


@pytest.mark.parametrize(
    ("body", "text", "mentions"),
    [
        ("Plain words.", "Plain words.", []),
        ("'''Bold''' and ''slanted''", "Bold and slanted", []),
        ("See [[Help:Tram|the help]] and [[Tea]].", "See the help and Tea.", []),
        ("[https://tea.example the tea] or [https://rum.example]", "the tea or https://rum.example", []),
        ("{{ping|Ada|Ben}} agreed. ~~~~", "@Ada, @Ben agreed.", ["@Ada", "@Ben"]),
        ("Ask [[User:Ada|Ada L]].", "Ask Ada L.", ["Ada L"]),
        (":::No.\n::Why?", "No.\nWhy?", []),
        ("== Tea ==\nHot.", "Tea\n\nHot.", []),
        ("Cold{{cn|date={{CURRENTYEAR}}}}.<!-- really -->", "Cold.", []),
    ],
)
def test_wikitext(body: str, text: str, mentions: list[str]) -> None:
    read_text, _, read_mentions = read(body, "mediawiki")
    assert (read_text, read_mentions) == (text, mentions)


def test_wikitext_quotes() -> None:
    assert read("{{tq|Free?}} Yes.", "mediawiki")[:2] == ("Free?\n\nYes.", [("Free?", None)])


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from(["bbcode", "mediawiki"]))
def test_any_marks_are_read(body: str, markup: str) -> None:
    text, quotes, mentions = read(body, markup)
    assert all(words.strip() for words, _ in quotes)
    assert all(words in text for words in mentions)


@pytest.mark.parametrize(
    "piece",
    ["[code]", "[quote]", "[[", "[[user:", "{{", "{{a|", "[https://a ", "''", "--><!--", "[url=", "=", "[/quote]"],
)
@pytest.mark.parametrize("markup", ["bbcode", "mediawiki"])
def test_marks_that_never_end_cost_linear_time(piece: str, markup: str) -> None:
    text, _, _ = read(f"Tea. {piece * (100_000 // len(piece))}", markup)
    assert text.startswith("Tea.")
