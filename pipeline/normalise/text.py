"""Bodies to plain text, quote spans and the mentions that markup declares.

In: columns body and markup. Out: a column of plain text, and flat spans.

>>> read_texts(pl.DataFrame({"body": ["a &gt; b"], "markup": ["markdown"]})).text.to_list()
['a > b']
"""

from __future__ import annotations

from html import unescape
from typing import NamedTuple

import polars as pl

from pipeline.normalise.bbcode import BBCODE_SIGNS, bbcode_to_html
from pipeline.normalise.characters import ODD_SIGNS, tidy_column
from pipeline.normalise.hypertext import HTML_SIGNS, read_html
from pipeline.normalise.markdown import MARKDOWN_SIGNS, read_markdown
from pipeline.normalise.parts import interleave
from pipeline.normalise.quotes import assemble, mark_lines
from pipeline.normalise.spans import Span, flatten_spans
from pipeline.normalise.wikitext import WIKITEXT_SIGNS, wikitext_to_html

QUOTE_SIGNS = r"(?m)^ {0,3}>"
_SIGNS = "|".join((ODD_SIGNS, HTML_SIGNS, r"[\s--\n]\n|\n{4}", MARKDOWN_SIGNS))  # these hold QUOTE_SIGNS


class Texts(NamedTuple):
    """What bodies say.

    Attributes:
        text: n Strings, never null.
        quotes: FLAT_SPANS, the label the quoted author.
        mentions: FLAT_SPANS, the label the name; only those that HTML declares.
    """

    text: pl.Series
    quotes: pl.DataFrame
    mentions: pl.DataFrame


def read_texts(bodies: pl.DataFrame) -> Texts:
    """Plain text of n bodies.

    Args:
        bodies: columns body (String, null without words) and markup (one of tables.MARKUPS).
    """
    frame = bodies.select(pl.col("body").fill_null(""), "markup")
    # One look at every text, for anything that is treated below; most rows need no second one.
    plain = ~frame["body"].str.contains(_SIGNS) & ~frame["markup"].is_in(["bbcode", "mediawiki"])
    text = frame["body"].str.strip_chars()
    if plain.all():
        return Texts(text.alias("text"), flatten_spans([], []), flatten_spans([], []))
    marked = frame.filter(~plain).select(tidy_column(frame["body"].filter(~plain)), "markup")
    needs_reading = marked.select(_has_markup(pl.col("body"), pl.col("markup"))).to_series()
    rest = (
        marked.filter(~needs_reading).select(_squeeze(pl.col("body").str.strip_chars(), pl.col("markup"))).to_series()
    )
    # A Python loop over the rows that hold markup, and no others: marks nest, which no column expression can follow.
    read = [_read_body(*pair) for pair in marked.filter(needs_reading).iter_rows()]
    words = pl.Series([words for words, _, _ in read], dtype=pl.String)
    rows = (~plain).arg_true().filter(needs_reading).to_list()
    return Texts(
        interleave(plain, text.filter(plain), interleave(needs_reading, words, rest)).alias("text"),
        flatten_spans(rows, [quotes for _, quotes, _ in read]),
        flatten_spans(rows, [mentions for _, _, mentions in read]),
    )


def _has_markup(body: pl.Expr, markup: pl.Expr) -> pl.Expr:
    return (
        pl.when(markup == "markdown")
        .then(body.str.contains(MARKDOWN_SIGNS))
        .when(markup == "html")
        .then(body.str.contains(HTML_SIGNS) | body.str.contains(QUOTE_SIGNS))
        .when(markup == "bbcode")
        .then(body.str.contains(BBCODE_SIGNS) | body.str.contains(HTML_SIGNS) | body.str.contains(QUOTE_SIGNS))
        .when(markup == "mediawiki")
        .then(body.str.contains(WIKITEXT_SIGNS))
        .otherwise(body.str.contains(QUOTE_SIGNS))
    )


def _squeeze(text: pl.Expr, markup: pl.Expr) -> pl.Expr:
    """Markdown without spaces at line ends and without more than two empty lines in a row."""
    squeezed = text.str.replace_all(r"[\s--\n]+\n", "\n").str.replace_all(r"\n{4,}", "\n\n\n")
    return pl.when(markup == "markdown").then(squeezed).otherwise(text)


def _read_body(body: str, markup: str) -> tuple[str, list[Span], list[Span]]:
    if markup == "markdown":
        return (*read_markdown(body), [])
    if markup == "bbcode":
        return read_html(bbcode_to_html(body))
    if markup == "mediawiki":
        return read_html(wikitext_to_html(body))
    if markup == "html" and ("<" in body or "&" in body or "\u00a0" in body):
        return read_html(body)
    return (*assemble(mark_lines(body), tidy=False), [])


def read_titles(titles: pl.Series, markup: pl.Series) -> pl.Series:
    """n titles on one line, entities of markup resolved; null where nothing is left."""
    tidy = tidy_column(titles)
    coded = tidy.str.contains("&[#a-zA-Z]").fill_null(False) & (markup != "plain")
    if coded.any():
        # A Python loop over the titles that hold entities, and no others.
        tidy = tidy.scatter(coded.arg_true(), [unescape(title) for title in tidy.filter(coded)])
    line = tidy.str.replace_all(r"\s+", " ").str.strip_chars()
    return line.set(line == "", None)
