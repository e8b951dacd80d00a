"""HTML of comments: what a browser shows, however broken, deep or hostile the tags are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise.hypertext import read_html

CASES = {
    "paragraphs": ("<p>one</p><p>two", "one\n\ntwo"),
    "line breaks": ("one<br>two<br/><br />three", "one\ntwo\n\nthree"),
    "spaces": ("<p> a \n  b\t<b> c</b></p>", "a b c"),
    "line ends without any block": ("one\ntwo &amp; <i>three</i>", "one\ntwo & three"),
    "list": ("<ul><li>one<li>two</ul>end", "one\ntwo\n\nend"),
    "code": ("<p>so</p><pre><code>if x:\n    y  z\n</code></pre>end", "so\n\nif x:\n    y  z\n\nend"),
    "entities": ("5 &lt; 6 &amp;amp; it&#x27;s&nbsp;late", "5 < 6 &amp; it's late"),
    "link": ('see <a href="https://example.org/map">the map</a>', "see the map"),
    "link without words": ('see <a href="https://example.org/map"></a>', "see https://example.org/map"),
    "shortened link": ('<a href="https://example.org/a/long/way">https://example.org/a/lo...</a>', "https://example.org/a/long/way"),
    "picture": ('<img class="emoji" alt=":crab:" src="c.png"> hello', ":crab: hello"),
    "nothing but a picture": ('<img src="https://example.org/c.png">', "https://example.org/c.png"),
    "scripts and styles": ("a<script>if (1<2) {}</script><style>p {}</style>b", "ab"),
    "script that nothing closes": ("a <script>b", "a b"),
    "heading of a quotation": (
        '<aside class="quote" data-username="ada"><div class="title"><div></div><img alt="" src="a.png"> ada:</div>'
        "<blockquote><p>It rains.</p></blockquote></aside><p>No.</p>",
        "It rains.\n\nNo.",
    ),
    "quotation in a box without heading": (
        '<aside class="quote" data-username="ada"><p>It rains.</p></aside><blockquote><p>No.</p></blockquote>',
        "It rains.\n\nNo.",
    ),
    "comments": ("a<!-- <p>no</p> -->b<!-- c", "ab<!-- c"),
    "signs that are no tags": ("1 < 2, <3 you, a<b and c>d, <", "1 < 2, <3 you, ad, <"),
    "brackets in an attribute": ('<a title="a > b" href="x">y</a>', "y"),
    "unclosed tags": ("<div><p>one<b>two", "onetwo"),
    "stray closing tags": ("</div></blockquote>one</p>", "one"),
    "table": ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
    "nothing": ("<p>&nbsp;</p>", ""),
}  # fmt: skip


@pytest.mark.parametrize(("body", "text"), CASES.values(), ids=CASES)
def test_text_is_what_a_browser_shows(body: str, text: str) -> None:
    assert read_html(body)[0] == text


def quoted(body: str) -> list[tuple[str, str | None]]:
    text, spans, _ = read_html(body)
    return [(text[start:end], author) for start, end, author in spans]


def mentioned(body: str) -> list[tuple[str, str | None]]:
    text, _, spans = read_html(body)
    return [(text[start:end], name) for start, end, name in spans]


def test_block_quotes_are_spans() -> None:
    assert quoted("<blockquote><p>one</p><p>two</p></blockquote><p>mine</p>") == [("one\n\ntwo", None)]
    assert quoted("<blockquote>a<blockquote>b</blockquote>c</blockquote>d") == [("a", None), ("b", None), ("c", None)]
    assert quoted("<blockquote>never closed") == [("never closed", None)]


def test_forums_name_the_quoted_author() -> None:
    discourse = (
        '<aside class="quote" data-username="mudlark" data-post="8"><div class="title">mudlark:</div>'
        "<blockquote><p>Boots leak.</p></blockquote></aside><p>Not mine.</p>"
    )
    assert quoted(discourse) == [("Boots leak.", "mudlark")]
    assert quoted("<blockquote><cite>mudlark wrote:</cite>Boots leak.</blockquote>No.") == [
        ("mudlark wrote:\nBoots leak.", "mudlark")
    ]


def test_quotations_by_sign_are_spans_too() -> None:
    assert quoted("&gt; <i>boots leak</i><p>Not mine.") == [("boots leak", None)]


def test_declared_mentions_keep_their_place() -> None:
    body = (
        '<blockquote>who?</blockquote><p>Ask <a class="u-url mention" href="/m">@<span>mud lark</span></a>'
        ' or <span class="mention"> ada </span>.</p>'
    )
    assert mentioned(body) == [("@mud lark", "mud lark"), ("ada", "ada")]
    assert quoted(body) == [("who?", None)]


def test_depth_costs_no_recursion() -> None:
    text, spans, _ = read_html("<blockquote><div>" * 100_000 + "deep" + "</div></blockquote>" * 99_999)
    assert (text, spans) == ("deep", [(0, 4, None)])
    assert len(quoted("<blockquote>a" * 5_000)) == 5_000


parts = [
    *("<blockquote>", "</blockquote>", "<p>", "</p>", "<br>", "<pre>", "</pre>", "<li>", "<a href='http://a'>", "</a>"),
    *("<a class=mention>", "<div class=quote>", "</div>", "<script>", "</script>", "<!--", "-->", "<img src=x alt=''>"),
    *(*"<>&;\"'/= \n\t", "&gt;", "&#0;", "&#xfdd0;", "@", "word", "é", "🙂", "\ufdd0", "\ufdd1", "\u200b", "\u00a0"),
]


@given(st.one_of(st.lists(st.sampled_from(parts), max_size=40).map("".join), st.text(max_size=60)))
def test_any_text_can_be_read(body: str) -> None:
    text, quotes, mentions = read_html(body)
    assert text == text.strip()
    for spans in (quotes, mentions):
        reached = 0
        for start, end, _ in spans:
            assert reached <= start < end <= len(text)
            reached = end
    assert "\ufdd0" not in text
    assert "\ufdd1" not in text


HOSTILE = [
    *("<", "<a ", '<a "', "<!--", "<script>", "<a href='", "&lt", "<b>", "</b>", "<p>", "<br>", "<pre>"),
    *("<a class=mention>", "<blockquote>x", "<x '\">"),
]


@pytest.mark.parametrize("part", HOSTILE)
def test_no_text_takes_more_than_linear_time(part: str) -> None:
    began = time.process_time()
    read_html(part * (100_000 // len(part)))
    assert time.process_time() - began < 4  # seconds; quadratic time would take minutes
