"""Nesting of tags is counted as a slow and obvious counter counts it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.readers.html_nesting import DEEPEST, MOST_FORMATTING, hostile_nesting

UNNESTED = (
    b"a area base br col embed hr img input link meta param source track wbr p li dt dd option tr td th thead tbody"
)
FORMATTING = b"b big code em font i s small strike strong tt u".split()
TAG = re.compile(rb"<(/?)(?!(?:" + UNNESTED.replace(b" ", b"|") + rb")\b)([a-z][a-z0-9]*)([^<>]{0,200})", re.IGNORECASE)

tags = st.sampled_from(
    [b"<div>", b"</div>", b"<DIV", b"<b>", b"<b x=1>", b"</B>", b"<p>", b"<p_x>", b"</p_x>", b"<tr-a>", b"<code", b">"]
    + [b"<big-x>", b"</big-x>", b"<9>", b"</", b"<", b"<!-- <i> -->", b"<table>", b"</table>", b"</h1>", b"<h1>", b"x"]
    + [b"<font color=%d>" % number for number in range(8)]
)


def count_slowly(data: bytes) -> tuple[bool, bool]:
    """Whether too many tags, and too many of formatting, are open at once; whichever comes first."""
    depth = 0
    waiting: dict[bytes, int] = {}
    formatting: dict[bytes, list[bytes]] = {name: [] for name in FORMATTING}
    for closes, spelling, attributes in TAG.findall(data):
        name = spelling.lower()
        if name not in formatting:
            if not closes or waiting.get(name):
                step = -1 if closes else 1
                waiting[name] = waiting.get(name, 0) + step
                depth += step
        elif not closes and formatting[name].count(attributes) < 3:
            formatting[name].append(attributes)
        elif closes and formatting[name]:
            formatting[name].pop()
        if depth > DEEPEST or sum(map(len, formatting.values())) > MOST_FORMATTING:
            return depth > DEEPEST, depth <= DEEPEST
    return False, False


@given(st.lists(tags, min_size=1, max_size=30), st.sampled_from([1, 40, 1_300]))
def test_nesting_is_counted(page: list[bytes], times: int) -> None:
    data = b"".join(page) * times
    trouble = hostile_nesting(data)
    assert ("nested" in (trouble or ""), "bold" in (trouble or "")) == count_slowly(data)


@given(st.binary(max_size=200), st.sampled_from([b"", b"<b x='", b"<div"]))
def test_any_bytes_are_counted(data: bytes, start: bytes) -> None:
    assert hostile_nesting(start + data) is None


def test_more_names_than_are_told_apart() -> None:
    assert hostile_nesting(b"".join(b"<x%d></x%d>" % (number, number) for number in range(9_000))) is None
    assert hostile_nesting(b"".join(b"<x%d>" % number for number in range(9_000))) is not None
