"""Which capture would settle the replies that are still open.

In: the tables of an archive. Out: rich Texts, one a line, safe to print; none where nothing would help.

>>> print(*(line.plain for line in advise_captures(open_archive("parquet"))), sep="\\n")
"""

from __future__ import annotations

import polars as pl
from rich.text import Text

from pipeline.report.tree import Tables
from pipeline.report.words import count_words, first_words

OPEN = 0.9  # a guess that is less sure than this is an open question
FEWEST = 5  # open replies of a page below which a capture is not worth the trouble
EXAMPLES = 3

_ADVICE = {
    "sorted": "would be settled, most of them, by a second capture in another sort order: save the page sorted by New, "
    "or by Old where it is so already",
    "whole": "stay open though several sort orders show the page, as each leaves posts out: save it with all replies "
    "opened",
    "flat": "are shown flat, by time alone: save the page sorted by New or Top, where replies stand below what they "
    "answer",
}


def advise_captures(tables: Tables) -> list[Text]:
    """What to capture, kind of advice by kind, with the pages that have the most open replies."""
    guessed = tables.posts.filter(
        (pl.col("link_kind") == "inferred") & (pl.col("link_confidence") < OPEN) & ~pl.col("is_placeholder")
    )
    pages = (
        tables.discussions.filter((pl.col("shape") == "page") & pl.col("listing").is_in(["page", "flat"]))
        .select("discussion_id", "title", "listing", "n_captures")
        .join(guessed.group_by("discussion_id").agg(pl.len().alias("open")), on="discussion_id")
        .filter(pl.col("open") >= FEWEST)
        .collect()
    )
    if pages.is_empty():
        return []
    several = pages.filter(pl.col("n_captures") > 1)["discussion_id"]
    turned = _find_proven(tables, several) if len(several) else several
    kind = (
        pl.when(pl.col("listing") == "flat")
        .then(pl.lit("flat"))
        .when(pl.col("discussion_id").is_in(turned.implode()))
        .then(pl.lit("whole"))
        .otherwise(pl.lit("sorted"))
    )
    kinds = pages.with_columns(kind.alias("kind")).sort("open", "discussion_id", descending=[True, False])
    lines = []
    for name, words in _ADVICE.items():
        same = kinds.filter(pl.col("kind") == name)
        if same.is_empty():
            continue
        replies = count_words(int(same["open"].sum()), "reply", "replies")
        where = count_words(same.height, "page")
        lines.append(Text(f"{replies} on {where} {words}.", "yellow"))
        lines += [
            Text(f"  {row['open']:,} open: {first_words(row['title'] or 'no title', 60)}").append(
                f"  {row['discussion_id']}", "dim"
            )
            for row in same.head(EXAMPLES).iter_rows(named=True)
        ]
    return lines


def _find_proven(tables: Tables, discussions: pl.Series) -> pl.Series:
    """Those of some discussions in which sort orders say something of a reply."""
    by_order = pl.col("evidence").list.eval(pl.element().struct.field("signal") == "order").list.any()
    here = tables.posts.filter(pl.col("discussion_id").is_in(discussions.implode())).select("post_id", "discussion_id")
    told = tables.links.filter(by_order).select("post_id").join(here, on="post_id")
    return told.select("discussion_id").unique().collect()["discussion_id"]
