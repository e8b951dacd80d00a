"""XML made passable: the same whatever the pieces, and what a parser then sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline.ingest.readers.xml_cleaning import clean_xml

MARKS = st.lists(
    st.sampled_from(["<![CDATA[", "]]>", "]", "&", "&amp;", "&lt;", "&#38;", "&#x0;", "&nbsp;", "#", ";", "a é", "\0"]),
    max_size=12,
).map("".join)


@given(words=MARKS, size=st.integers(1, 9))
def test_pieces_make_no_difference(words: str, size: int) -> None:
    data = f"<a>{words}".encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(clean_xml(iter(pieces))) == b"".join(clean_xml(iter([data])))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&lt;p&gt; &amp;amp; &quot;&apos;", "<p> &amp; \"'"),
        ("AT&T &nbsp;&unknown; &#65;&#x42;", "AT&T &nbsp;&unknown; AB"),
        ("<![CDATA[&amp; & ]] ]]>&amp;", "&amp; & ]] &"),
        ("&#0;&#xD800;&#99999999;\x02", "\ufffd\ufffd&#99999999;"),
    ],
)
def test_what_a_parser_sees(written: str, read: str) -> None:
    cleaned = b"".join(clean_xml(iter([f"<?xml version='1.0' encoding='utf-16'?><a>{written}</a>".encode()])))
    assert etree.fromstring(cleaned).text == read


def test_words_that_are_never_closed_are_seen() -> None:
    assert etree.fromstring(b"".join(clean_xml(iter([b"<a><![CDATA[half"]))) + b"</a>").text == "half"


def test_latin_1_is_what_writers_take_it_for() -> None:
    data = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\x93caf\xe9\x94</a>"
    assert etree.fromstring(b"".join(clean_xml(iter([data])))).text == "“café”"
