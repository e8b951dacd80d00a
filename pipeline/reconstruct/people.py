"""Who wrote what, whom texts name, and under which subject line: as numbers.

In: rows and texts of entries. Out: arrays and ragged lists.

>>> author, named = number_authors(entries, texts)
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit

from pipeline.algorithms.text import fold_words
from pipeline.reconstruct.arrays import UNKNOWN, Flags, Ints, Ragged, make_ragged

_REPLY_MARK = r"(?i)^((re|aw|sv|antw|fwd?|fw|wg)(\[\d+\])?\s*:\s*)+"
_LIST_MARK = r"^\s*(\[[^\]]{1,40}\]\s*)+"


def number_authors(entries: pl.DataFrame, texts: pl.DataFrame) -> tuple[Ints, Ragged]:
    """Authors as numbers (one name in two discussions is two authors), and the authors whom each entry names."""
    people = entries.select("discussion", "author_key", pl.int_range(pl.len(), dtype=pl.Int64).alias("entry"))
    known = people.drop_nulls("author_key").select("discussion", "author_key").unique().sort("discussion", "author_key")
    known = known.with_row_index("author").with_columns(pl.col("author").cast(pl.Int64))
    author = people.join(known, on=["discussion", "author_key"], how="left", maintain_order="left")["author"]
    named = pl.concat(
        [
            texts.select(pl.int_range(pl.len(), dtype=pl.Int64).alias("entry"), pl.col(column).alias("span"))
            .filter(pl.col("span").list.len() > 0)
            .explode("span")
            .select("entry", pl.col("span").struct.field(field).alias("name"))
            for column, field in (("mentions", "name"), ("quotes", "author"))
        ]
    ).drop_nulls("name")
    folded = pl.col("name").str.normalize("NFKC").str.to_lowercase().str.strip_chars("@ <>:,").str.strip_prefix("u/")
    named = (
        named.select("entry", folded.alias("author_key"))
        .join(people.select("entry", "discussion"), on="entry", how="left")
        .join(known, on=["discussion", "author_key"], how="left")
        .select("entry", pl.col("author").fill_null(UNKNOWN))
        .unique()
        .sort("entry", "author")
    )
    mentions = make_ragged(named["entry"].to_numpy(), named["author"].to_numpy(), entries.height)
    return author.fill_null(UNKNOWN).to_numpy(), mentions


@njit(cache=True, nogil=True)
def count_turns(author: Ints, n_posts: int) -> Ints:
    """How often the author of each of the first n_posts entries has posted before it; 0 where unknown."""
    turn = np.zeros(author.size, dtype=np.int64)
    most = 0
    for entry in range(n_posts):
        most = max(most, author[entry] + 1)
    seen = np.zeros(most, dtype=np.int64)
    for entry in range(n_posts):
        if author[entry] >= 0:
            turn[entry] = seen[author[entry]]
            seen[author[entry]] += 1
    return turn


def number_subjects(titles: pl.Series, is_head: pl.Series) -> tuple[Ints, Flags]:
    """Subject lines as numbers, what marks replies and lists taken off; and which are marked as replies."""
    title = titles.str.strip_chars().str.replace(_LIST_MARK, "")
    marked = title.str.contains(_REPLY_MARK).fill_null(value=False)
    bare = title.str.replace(_REPLY_MARK, "").str.replace(_LIST_MARK, "").str.replace(_REPLY_MARK, "")
    folded = pl.DataFrame({"subject": bare}).select(fold_words(pl.col("subject")))["subject"]
    folded = pl.DataFrame({"s": folded, "h": is_head}).select(pl.when(~pl.col("h") & (pl.col("s") != "")).then("s"))[
        "s"
    ]
    return folded.rank("dense").cast(pl.Int64).fill_null(UNKNOWN).to_numpy(), marked.to_numpy()
