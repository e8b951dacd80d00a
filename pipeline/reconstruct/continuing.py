"""Paragraphs that probably go on with the post above: text pasted without header lines shows no end of a post.

In: rows of discussions and their texts. Out: which of them probably continue the row above.

>>> find_continuations(rows, posts).sum()
2

Only signs that hardly ever mislead count: the paragraph above ends in a colon, comma or semicolon, or both are items of
one list. People who write carelessly begin in lower case and leave out the full stop, so neither is a sign.
"""

from __future__ import annotations

import polars as pl

_UNFINISHED = r"[,;:]\s*$"
_ITEM = r"^\s*([-*•–]|\d{1,2}[.)])\s+\S"


def find_continuations(rows: pl.DataFrame, posts: pl.DataFrame) -> pl.Series:
    """bool, one value a row: probably the next paragraph of the row above, by the same author.

    Args:
        rows: what `settle_declared` returns, sorted by discussion and order.
        posts: DraftPosts that rows count in source_row.
    """
    # Nothing but words is known of it, as of text without header lines.
    bare = (
        pl.col("author_key").is_null()
        & pl.col("posted_at").is_null()
        & pl.col("listed_depth").is_null()
        & (pl.col("shape") == "page")
        & ~pl.col("is_settled")
        & ~pl.col("is_placeholder")
        & ~pl.col("is_submission")
    )
    here = rows.select("discussion", "source_row", bare.alias("bare"))
    if not here["bare"].any():
        return here["bare"]
    here = here.with_columns(posts["text"].gather(here["source_row"]).alias("text"))
    above = pl.col("text").shift().over("discussion")
    goes_on = above.str.contains(_UNFINISHED) | (above.str.contains(_ITEM) & pl.col("text").str.contains(_ITEM))
    found = here.select(pl.col("bare") & pl.col("bare").shift().over("discussion") & goes_on)
    return found.to_series().fill_null(value=False)
