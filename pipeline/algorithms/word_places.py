"""Where words that were counted in folded texts stand in the texts as they were written.

In: texts, and runs of their words by number. Out: offsets in characters.

>>> locate_words(pl.Series(["Well, it's late!"]), pl.Series([1]), pl.Series([2]), pl.Series([3])).row(0)
(6, 15)
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.text import APOSTROPHES, UNSPACED


def locate_words(texts: pl.Series, begin: pl.Series, n_words: pl.Series, total: pl.Series) -> pl.DataFrame:
    """Where runs of words stand in texts.

    Args:
        texts: n texts.
        begin, n_words: first word and number of words of a run in each, as ``fold_words`` counts them.
        total: words in each folded text.

    Returns:
        n rows: start, end (UInt32, characters); null where the text has other words before it is folded (a sign such as
        ½ folds to several).
    """
    rows = pl.DataFrame({"text": texts, "begin": begin, "n": n_words, "total": total}).with_row_index("row")
    signs = rows.select("row", "begin", "n", "total", sign=pl.col("text").str.split("")).explode("sign")
    signs = signs.with_columns(at=pl.int_range(pl.len(), dtype=pl.UInt32).over("row"))
    # Apostrophes part no words.
    signs = signs.filter(~pl.col("sign").str.contains(APOSTROPHES)).with_columns(
        alone=pl.col("sign").str.contains(UNSPACED), in_word=pl.col("sign").str.contains(r"[\p{L}\p{N}\p{M}]")
    )
    goes_on = (pl.col("in_word") & ~pl.col("alone")).shift(1, fill_value=False).over("row")
    begins = pl.col("alone") | (pl.col("in_word") & ~goes_on)
    signs = signs.with_columns(word=begins.cast(pl.Int64).cum_sum().over("row") - 1)
    same = pl.col("word").max().over("row") + 1 == pl.col("total")
    within = pl.col("word").is_between(pl.col("begin"), pl.col("begin") + pl.col("n") - 1)
    spans = (
        signs.filter(same, within, pl.col("in_word"))
        .group_by("row")
        .agg(start=pl.col("at").min(), end=pl.col("at").max() + 1)
    )
    return rows.select("row").join(spans, on="row", how="left", maintain_order="left").select("start", "end")
