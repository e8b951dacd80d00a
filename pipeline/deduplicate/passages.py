"""Where passages of a few words or more stand in other texts.

In: passages and texts, both in groups and in reading order. Out: candidates, each with the share of its words found.

>>> find_passages(passages, texts).filter(pl.col("share") > 0.9)

Candidates have one of three seeds of a passage in common with a text (its first, middle and last run of four words);
they are proven by the share of the passage's words that stand in the text in the same order.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.grams import hash_word_grams
from pipeline.algorithms.similarity import containment

GRAM_WORDS = 4
COMMON_GRAM = 50


def _seed_grams(passages: pl.DataFrame) -> pl.DataFrame:
    """The first, middle and last gram of each passage: columns passage (its row), group, gram."""
    rows, hashes = hash_word_grams(passages["words"], GRAM_WORDS)
    grams = pl.DataFrame({"passage": rows, "gram": hashes})
    picked = grams.group_by("passage", maintain_order=True).agg(
        pl.col("gram").gather(pl.concat_list(pl.lit(0), pl.len() // 2, pl.len() - 1).explode().cast(pl.UInt32))
    )
    groups = passages.select("group").with_row_index("passage")
    return picked.explode("gram").unique().join(groups, on="passage").select("passage", "group", "gram")


def find_passages(passages: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Where passages stand in earlier texts of their group.

    Args:
        passages: group, order, words, anywhere (whether it may stand in later texts as well).
        texts: group, order, words.

    Returns:
        passage, text (rows), order, share, late; candidates of every share, only texts earlier than the passage, or
        anywhere but at its own place.
    """
    seeds = _seed_grams(passages)
    rows, hashes = hash_word_grams(texts["words"], GRAM_WORDS)
    orders = texts.select("group", "order").with_row_index("text")
    # Nearly all grams seed nothing: they go before anything is joined to them.
    grams = pl.DataFrame({"text": rows, "gram": hashes}).join(seeds.select("gram"), on="gram", how="semi")
    grams = grams.unique().join(orders, on="text")
    # Set phrases ("I think that the") seed nothing: a group has many posts that hold them.
    grams = grams.filter(pl.len().over("group", "gram") <= COMMON_GRAM)
    places = passages.select("order", "anywhere").with_row_index("passage")
    pairs = (
        seeds.join(grams, on=["group", "gram"])
        .join(places, on="passage", suffix="_passage")
        .with_columns(late=pl.col("order") >= pl.col("order_passage"))
        .filter(~pl.col("late") | (pl.col("anywhere") & (pl.col("order") != pl.col("order_passage"))))
        .select("passage", "text", "order", "late")
        .unique()
        .sort("passage", "order")
    )
    share = containment(passages["words"].gather(pairs["passage"]), texts["words"].gather(pairs["text"]))
    return pairs.with_columns(share=pl.Series(share, dtype=pl.Float32))
