"""Markdown of comments: marks go where they plainly are marks, words never do."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise.markdown import read_markdown

CASES = {
    "emphasis": ("a *small* **loud** ***both*** _old_ __older__ thing", "a small loud both old older thing"),
    "nested emphasis": ("*dark **and** stormy*", "dark and stormy"),
    "emphasis over a line end": ("*one\ntwo*", "one\ntwo"),
    "emphasis without spaces between words": ("这是**重点**内容", "这是重点内容"),
    "products": ("2*3*4 and 2 * 3 * 4", "2*3*4 and 2 * 3 * 4"),
    "names with underscores": ("call snake_case_name or _private", "call snake_case_name or _private"),
    "veiled words": ("what the f*** and s**t", "what the f*** and s**t"),
    "stars of hotels": ("a 5* hotel, not a 4* one", "a 5* hotel, not a 4* one"),
    "strikethrough": ("~~wrong~~ right, ~10 days", "wrong right, ~10 days"),
    "heading": ("# Tides ##\ntext", "Tides\ntext"),
    "hashtag": ("#low-water is here, #1 of two", "#low-water is here, #1 of two"),
    "bullets": ("- one\n- two\n* three", "one\ntwo\nthree"),
    "numbers of a list stay": ("1. one\n2. two", "1. one\n2. two"),
    "minus": ("-5 degrees - cold", "-5 degrees - cold"),
    "rule and underline": ("Title\n=====\n\na\n\n---\n\nb", "Title\n\n\na\n\n\nb"),
    "table": ("a | b\n:--|--:\n1 | 2", "a | b\n\n1 | 2"),
    "code": ("use `a*b*c` or ``x ` y``", "use a*b*c or x ` y"),
    "lone backtick": ("it`s *fine*", "it`s fine"),
    "fenced code": ("see\n```python\nx = *y*  # no\n```\n*so*", "see\nx = *y*  # no\nso"),
    "fence that nothing closes": ("```\nhello *you*", "```\nhello you"),
    "indented code": ("so:\n\n    if *x*:\n        y\n\nend", "so:\n\nif *x*:\n    y\n\nend"),
    "link": ("see [the **map**](https://example.org/a_b_c \"Map\") now", "see the map now"),
    "link in brackets": ("([source](https://example.org/x_(y)))", "(source)"),
    "link without words": ("[](https://example.org/x)", "https://example.org/x"),
    "link with spaces in its address": ("[at noon](https://example.org/?t=12:00:00 UTC)", "at noon"),
    "image in a link": ("[![a crab](c.png)](https://example.org)", "a crab"),
    "image with a size": ("![a crab|690x355, 50%](upload://c.jpeg)", "a crab"),
    "brackets that are no link": ("[sic] (really) a[0](1) [x] (y)", "[sic] (really) a[0](1) [x] (y)"),
    "bare address": ("https://example.org/_a_/*b* *c*", "https://example.org/_a_/*b* c"),
    "address in pointed brackets": ("<https://example.org/a_b>", "https://example.org/a_b"),
    "escapes": (r"\*not\* \_this\_ \# \\", r"*not* _this_ # " + "\\"),
    "shrug": ("¯\\\\\\_(ツ)_/¯", "¯\\_(ツ)_/¯"),
    "entities, once": ("5 &lt; 6 &amp;amp; it&#x27;s&nbsp;late", "5 < 6 &amp; it's late"),
    "spoiler": ("he >!drowns!< in it", "he drowns in it"),
    "spoiler at the start": (">!he drowns!<\nreally", "he drowns\nreally"),
    "spoiler block": ("::: spoiler The end\nhe drowns\n:::", "The end\nhe drowns"),
    "spoiler of chats": ("he ||drowns|| a || b", "he drowns a || b"),
    "old spoiler": ('[end](/s "he drowns")', "end he drowns"),
    "superscript": ("^^tiny ^(a few words) x^2 ^ this", "tiny a few words x^2 ^ this"),
    "empty lines": ("a  \n\n\n\n\n\nb   ", "a\n\n\nb"),
    "zero width": ("a&#x200B;b\u200bc\ufeff", "abc"),
    "marks alone": ("***", "***"),
    "nothing": ("&#x200B; &nbsp;\n", ""),
}  # fmt: skip


@pytest.mark.parametrize(("body", "text"), CASES.values(), ids=CASES)
def test_marks_go_and_words_stay(body: str, text: str) -> None:
    assert read_markdown(body)[0] == text


def quoted(body: str) -> list[tuple[str, str | None]]:
    text, spans = read_markdown(body)
    return [(text[start:end], author) for start, end, author in spans]


def test_quoted_lines_are_spans_without_marks() -> None:
    assert quoted("> is it *wet*?\n> It looked wet\n\nIt is rain.") == [("is it wet?\nIt looked wet", None)]
    assert quoted("&gt; coded\n\nyes") == [("coded", None)]
    assert quoted("one\n>no space\n\ntwo\n\n> second\n") == [("no space", None), ("second", None)]


def test_an_empty_line_parts_quotations_unless_it_is_quoted() -> None:
    assert quoted("> a\n>\n> b") == [("a\n\nb", None)]
    assert quoted("> a\n\n> b") == [("a", None), ("b", None)]


def test_deeper_quotations_are_spans_of_their_own() -> None:
    assert quoted(">> first\n> second\nthird") == [("first", None), ("second", None)]
    assert quoted("> > first\n> second") == [("first", None), ("second", None)]


def test_what_only_looks_quoted_is_not() -> None:
    for body in (">_< ouch", ">:( no", ">>12345\nread that", ">= 5", ">!hidden!<"):
        assert quoted(body) == [], body


def test_forum_quotes_name_their_author() -> None:
    body = 'First\n[quote="mudlark, post:8, topic:68"]\nBoots leak.\n[/quote]\n\nNot mine. [/quote]'
    assert read_markdown(body)[0] == "First\nBoots leak.\n\nNot mine. [/quote]"
    assert quoted(body) == [("Boots leak.", "mudlark")]
    assert quoted("[quote=a]x[quote=b]y[/quote]z[/quote]w") == [("x", "a"), ("y", "b"), ("z", "a")]


parts = [
    *" \n\t>*_~`^|#-+=!:[]()<>\\/&;.aZ0é中🙂\u200b\u00a0",
    "&gt;",
    "http://a",
    "[quote=b]",
    "[/quote]",
    "```",
    "](",
]
marked = st.lists(st.sampled_from(parts), max_size=50).map("".join)


@given(st.one_of(marked, st.text(max_size=60)))
def test_any_text_can_be_read(body: str) -> None:
    text, spans = read_markdown(body)
    assert text == text.strip()
    reached = 0
    for start, end, _ in spans:
        assert reached <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        reached = end


lines_of_words = st.lists(st.lists(st.text("abcdéf中", min_size=1), min_size=1, max_size=4).map(" ".join), min_size=1)


@given(lines_of_words)
def test_letters_and_spaces_are_left_alone(lines: list[str]) -> None:
    body = "\n".join(lines)
    assert read_markdown(body) == (body, [])


HOSTILE = [
    *("[", "[a", "](", "[a](", "*a ", "**a", "_a ", "`", "``a`", "^(", "^", "> ", ">!", "<http://", "  ", "\\", "|"),
    *("[quote]", "[quote][/quote]", "- ", "\n\n", "~~", "a\n> ", '[a](b "', "```\n", "&gt", "#", ":-|"),
]


@pytest.mark.parametrize("part", HOSTILE)
def test_no_text_takes_more_than_linear_time(part: str) -> None:
    began = time.process_time()
    read_markdown(part * (100_000 // len(part)))
    assert time.process_time() - began < 4  # seconds; quadratic time would take minutes
