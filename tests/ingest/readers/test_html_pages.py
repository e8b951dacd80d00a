"""Pages as trees: what no page is like is refused, bad markup is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.readers import html_pages
from pipeline.ingest.readers.html_pages import PartSearch, attribute_of, decode_page, inner_of, parse_page, text_of
from pipeline.settings import ReadSettings


def parse(folder: Path, data: bytes) -> str | None:
    path = folder / "page.html"
    path.write_bytes(data)
    return text_of(parse_page(Source(path, ReadSettings())).body)


@pytest.mark.parametrize(
    "data",
    [
        b"<p>x" * 20_000,
        b"<ul><li>x</ul>" * 20_000,
        b"<b>x" * 20_000,
        b"<font color=1>x</font>" * 20_000,
        b"<a href=%d>x" * 20_000,
        b"</div>" * 20_000 + b"<img><br><hr>" * 20_000 + b"x",
        b"<table><tr><td>x" * 1_000,
    ],
)
def test_bad_markup_is_read(tmp_path: Path, data: bytes) -> None:
    assert "x" in (parse(tmp_path, data) or "")


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"<div>" * 5_000, "nested more than 4000 deep"),
        (b"<DIV><span>" * 3_000, "nested more than 4000 deep"),
        (b"".join(b"<p><font color=%d>" % n for n in range(400)), "more than 300 tags"),
    ],
)
def test_hostile_nesting_is_refused(tmp_path: Path, data: bytes, trouble: str) -> None:
    with pytest.raises(InputError, match=trouble):
        parse(tmp_path, data)


def test_bytes_that_are_no_text_are_read_as_best_can_be(tmp_path: Path) -> None:
    assert parse(tmp_path, b"<p>caf\xe9\0 \n noir</p>") == "café noir"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ("<html><head><title>x</title><META http-equiv=Content-Type content='text/html; charset=KOI8-R'>", "koi8-r"),
        ('<?xml version="1.0" encoding="windows-1251"?>', "cp1251"),
        ('<meta charset="windows-1251">', "utf-8"),
        ("<meta charset=utf-16>", "utf-8"),
        ("<meta charset=x-no-such>", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_pages_are_read_in_what_they_are_written_in(tmp_path: Path, head: str, encoding: str) -> None:
    assert (parse(tmp_path, f"{head}<p>Чай с лимоном</p>".encode(encoding)) or "").endswith("Чай с лимоном")


def test_latin_1_is_what_browsers_take_it_for(tmp_path: Path) -> None:
    assert parse(tmp_path, b"<meta charset=iso-8859-1><p>\x93caf\xe9\x94</p>") == "“café”"


def test_what_the_server_says_counts_more_than_the_page() -> None:
    page = "<meta charset=iso-8859-1><p>Чай</p>".encode("cp1251")
    assert decode_page(page, "windows-1251").endswith("<p>Чай</p>")


def test_what_is_asked_of_nodes(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text('<p id="" class="c"> a <b>b</b>\n</p><i></i>')
    page = parse_page(Source(path, ReadSettings()))
    paragraph, empty = page.css_first("p"), page.css_first("i")
    assert (text_of(paragraph), inner_of(paragraph)) == ("a b", " a <b>b</b>\n")
    assert [attribute_of(paragraph, name) for name in ("class", "id", "href")] == ["c", None, None]
    assert (text_of(empty), inner_of(empty), text_of(None), inner_of(None), attribute_of(None, "id")) == (
        None,
        "",
        None,
        None,
        None,
    )


classes = st.lists(st.sampled_from(["a", "b", "A", "c"]), max_size=3).map(" ".join)
elements = st.recursive(
    st.just(""),
    lambda inner: st.builds(
        lambda tag, written, within: f'<{tag} class="{written}">{"".join(within)}</{tag}>',
        st.sampled_from(["div", "span"]),
        classes,
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@given(elements, st.sampled_from(["", "<!DOCTYPE html>"]), st.sampled_from(["", "<i></i>" * 500]))
def test_parts_are_what_selectors_find(html: str, doctype: str, before: str) -> None:
    page = LexborHTMLParser(f"{doctype}<body><main id=m>{before}{html}</main>")
    selectors = [".a", "div.b", ".a.b", ".c .b"]
    node = page.css_first("main")
    parts = PartSearch(page, *selectors, several=".a, .c").walk(node, "m")
    found = {selector: [first.mem_id] for selector in selectors if (first := node.css_first(selector))}
    several = list(dict.fromkeys(each.mem_id for each in node.css(".a, .c")))  # lexbor names some twice
    assert {key: [node.mem_id for node in nodes] for key, nodes in parts.items()} == {
        **found,
        **({"several": several} if several else {}),
        "#": [node.mem_id],
    }


def test_pages_larger_than_any_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_pages, "_PAGE_BYTES", 1 << 20)
    with pytest.raises(InputError, match="one document of more than 1 MiB"):
        parse(tmp_path, b"<p>" + b"soup " * (1 << 20))
