"""Names of persons in text: @name, u/name, and "NAME:" or "NAME," where a chat line begins.

In: a text column and the authors of the capture. Out: flat spans whose label is the name as written.

>>> find_mentions(pl.Series(["ask @ada or u/bo"]), pl.Series([], dtype=pl.String)).rows()
[(0, 4, 8, 'ada'), (0, 12, 16, 'bo')]
"""

from __future__ import annotations

import re
from collections import defaultdict

import polars as pl

from pipeline.algorithms.text import fold_words
from pipeline.normalise.authors import fold_author
from pipeline.normalise.spans import FLAT_SPANS, Span, flatten_spans

_SIGNS = r"(?:^|[^\w])(?:@[\w]|u/[A-Za-z0-9_-])"

# Addresses are read first, so that nothing inside them is taken for a name. An @name needs a letter.
_NAMES = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]++@\w[\w-]*\.\w[\w.]*"
    r"|(?<![\w@./:+-])@(?=[\d._-]*[^\W\d])(\w(?:[\w.-]*\w)?(?:@\w[\w-]*\.\w[\w.-]*\w)?)"
    r"|(?<![\w./:-])/?u/([A-Za-z0-9_-]{2,30})(?![\w/])"
)
_ADDRESSED = r"^\s*([^\s:,][^:,\n]{0,39}?)\s?([:,])(?:\s|$)"
_WORDLY_BITS = 8.25  # "Well, ..." names nobody, though somebody may be called Well


def find_mentions(texts: pl.Series, authors: pl.Series) -> pl.DataFrame:
    """FLAT_SPANS of @name and u/name, outside of addresses.

    Args:
        texts: n Strings.
        authors: folded names of the capture; those with spaces are recognised as a whole after an '@'.
    """
    rows = texts.str.contains(_SIGNS).arg_true()
    if not len(rows):
        return pl.DataFrame(schema=FLAT_SPANS)
    spaced: dict[str, list[str]] = defaultdict(list)
    for name in authors.filter(authors.str.contains(" ", literal=True)).unique().sort(descending=True):
        spaced[name.split(" ", 1)[0]].append(name)
    # A Python loop over the rows that hold such a sign: what stands before a name decides, which polars' regular
    # expressions cannot look at.
    found = [[_read_name(text, match, spaced) for match in _NAMES.finditer(text) if match[1] or match[2]]
             for text in texts.gather(rows)]  # fmt: skip
    return flatten_spans(rows.to_list(), found)


def _read_name(text: str, match: re.Match[str], spaced: dict[str, list[str]]) -> Span:
    start, end, name = match.start(), match.end(), match[1] or match[2]
    if match[1]:
        for full in spaced.get(name.lower(), ()):
            words = text[start + 1 : start + 1 + len(full)]
            if words.lower() == full and not text[start + 1 + len(full) : start + 2 + len(full)].isalnum():
                return start, start + 1 + len(full), words
    return start, end, name


def find_addressees(texts: pl.Series, authors: pl.Series, words: pl.DataFrame) -> pl.DataFrame:
    """FLAT_SPANS of "NAME:" and "NAME," at the start of a line, where NAME is an author of the capture.

    Args:
        texts: n Strings.
        authors: folded names of the capture, nulls allowed.
        words: word and bits of the model pack: a common word before a comma is no name.
    """
    known = pl.DataFrame({"key": authors.drop_nulls().unique()}).filter(pl.col("key").str.count_matches(r"\p{L}") >= 2)
    common = words.filter(pl.col("bits") < _WORDLY_BITS).select(plain="word")
    lines = (
        pl.DataFrame({"text": texts}).with_row_index("row")
        .filter(pl.col("text").str.contains("(?m)" + _ADDRESSED))
        .with_columns(pl.col("text").str.split("\n")).explode("text")
    )  # fmt: skip
    if known.is_empty() or lines.is_empty():
        return pl.DataFrame(schema=FLAT_SPANS)
    length = pl.col("text").str.len_chars()
    named = (
        lines.with_columns(at=(length + 1).cum_sum().over("row") - length - 1)
        .with_columns(pl.col("text").str.extract_groups(_ADDRESSED).struct.rename_fields(["name", "sign"]).alias("m"))
        .unnest("m")
        .drop_nulls("name")
        .with_columns(key=fold_author(pl.col("name")), plain=fold_words(pl.col("name")))
        .with_columns(before=length - pl.col("text").str.strip_chars_start().str.len_chars())
        .join(known, on="key", how="semi", maintain_order="left")
    )
    wordly = named.join(common, on="plain", how="semi", maintain_order="left").filter(pl.col("sign") == ",")
    start = pl.col("at") + pl.col("before")
    return (
        named.join(wordly.select("row", "at"), on=["row", "at"], how="anti", maintain_order="left")
        .select("row", start.alias("start"), (start + pl.col("name").str.len_chars()).alias("end"), label="name")
        .cast(FLAT_SPANS)  # type: ignore[arg-type]  # a dict of dtypes is one of the ways to name columns
    )
