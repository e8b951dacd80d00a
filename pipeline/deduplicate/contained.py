"""Quotations: words of one post that stand inside or beside another.

In: texts in reading order. Out: who quotes whom, and where.

>>> find_standing_quotes(listed)          # paragraphs of a flat text that are quotations: row, quoted row, replying row
>>> find_quotations(posts)                # lines and marked quotations inside posts: Quotations

Both find candidates by three seeds of a passage (its first, middle and last run of four words) and prove them by the
share of the passage's words that stand in the other text in the same order. The quoted words are the earliest that fit:
whoever quotes them as well comes later.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.grams import hash_word_grams
from pipeline.algorithms.similarity import containment
from pipeline.algorithms.text import count_words, fold_words
from pipeline.tables import Quotations, empty_table

GRAM_WORDS = 4
MIN_WORDS = 5
MIN_BITS = 25.0
MIN_BITS_WHOLE = 60.0
MIN_SHARE = 0.9
MIN_SHARE_MARKED = 0.7
MIN_WORDS_UNMARKED = 8
COMMON_GRAM = 50
LONGEST_RUN = 3


def _seed_grams(passages: pl.DataFrame) -> pl.DataFrame:
    """The first, middle and last gram of each passage: columns passage (its row), group, gram."""
    rows, hashes = hash_word_grams(passages["words"], GRAM_WORDS)
    grams = pl.DataFrame({"passage": rows, "gram": hashes})
    picked = grams.group_by("passage", maintain_order=True).agg(
        pl.col("gram").gather(pl.concat_list(pl.lit(0), pl.len() // 2, pl.len() - 1).explode().cast(pl.UInt32))
    )
    groups = passages.select("group").with_row_index("passage")
    return picked.explode("gram").unique().join(groups, on="passage").select("passage", "group", "gram")


def _find_passages(passages: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Where passages stand in earlier texts of their group.

    Args:
        passages: group, order, words.
        texts: group, order, words.

    Returns:
        passage, text (rows), share; candidates of every share, only texts earlier than the passage.
    """
    seeds = _seed_grams(passages)
    rows, hashes = hash_word_grams(texts["words"], GRAM_WORDS)
    orders = texts.select("group", "order").with_row_index("text")
    # Nearly all grams seed nothing: they go before anything is joined to them.
    grams = pl.DataFrame({"text": rows, "gram": hashes}).join(seeds.select("gram"), on="gram", how="semi")
    grams = grams.unique().join(orders, on="text")
    # Set phrases ("I think that the") seed nothing: a group has many posts that hold them.
    grams = grams.filter(pl.len().over("group", "gram") <= COMMON_GRAM)
    places = passages.select("order").with_row_index("passage")
    pairs = (
        seeds.join(grams, on=["group", "gram"])
        .join(places, on="passage", suffix="_passage")
        .filter(pl.col("order") < pl.col("order_passage"))
        .select("passage", "text", "order")
        .unique()
        .sort("passage", "order")
    )
    share = containment(passages["words"].gather(pairs["passage"]), texts["words"].gather(pairs["text"]))
    return pairs.with_columns(share=pl.Series(share, dtype=pl.Float32))


def find_standing_quotes(listed: pl.DataFrame) -> pl.DataFrame:
    """Paragraphs of flat texts that quote an earlier paragraph and stand right before the reply.

    A paragraph is one if its informative words stand in an earlier paragraph of the same listing and another paragraph
    follows. What stands more than twice is somebody posting the same again; so is the whole of another paragraph where
    that is right above, or its words are not rare.

    Args:
        listed: paragraphs only: sighting_id, unit, seat, words, n_words, information.

    Returns:
        sighting_id, quoted_sighting_id, reply_sighting_id, share, n_words; sorted by sighting_id.
    """
    schema = {"sighting_id": pl.String, "quoted_sighting_id": pl.String, "reply_sighting_id": pl.String}
    nothing = pl.DataFrame(schema=schema | {"share": pl.Float32, "n_words": pl.Int64})
    texts = listed.select(
        "sighting_id", group="unit", order=pl.col("seat").cast(pl.Int64), words="words", n_words="n_words"
    )
    texts = texts.with_columns(
        information=listed["information"],
        last=pl.col("order").max().over("group"),
        often=pl.len().over("group", "words"),
    )
    passages = texts.filter(
        (pl.col("n_words") >= MIN_WORDS) & (pl.col("information") >= MIN_BITS) & (pl.col("order") < pl.col("last"))
    )
    if passages.is_empty():
        return nothing
    found = _find_passages(passages, texts).filter(pl.col("share") >= MIN_SHARE)
    found = found.with_columns(
        sighting_id=passages["sighting_id"].gather(found["passage"]),
        group=passages["group"].gather(found["passage"]),
        seat=passages["order"].gather(found["passage"]),
        n_words=passages["n_words"].gather(found["passage"]),
        quoted_sighting_id=texts["sighting_id"].gather(found["text"]),
        quoted_words=texts["n_words"].gather(found["text"]),
        often=passages["often"].gather(found["passage"]),
        bits=passages["information"].gather(found["passage"]),
    )
    whole = pl.col("n_words") == pl.col("quoted_words")
    again = (pl.col("order") == pl.col("seat") - 1) | (pl.col("bits") < MIN_BITS_WHOLE)
    found = found.filter((pl.col("n_words") <= pl.col("quoted_words")) & (pl.col("often") <= 2) & ~(whole & again))
    if found.is_empty():
        return nothing
    quotes = found.sort("sighting_id", "order").unique("sighting_id", keep="first", maintain_order=True)
    quotes = _without_runs(quotes)
    # The reply is the next paragraph that is no quotation itself.
    marks = quotes.select("sighting_id", is_quote=pl.lit(True))
    replies = (
        texts.join(marks, on="sighting_id", how="left")
        .sort("group", "order")
        .with_columns(reply=pl.when(pl.col("is_quote").is_null()).then("sighting_id"))
        .with_columns(reply_sighting_id=pl.col("reply").backward_fill().over("group"))
        .select("sighting_id", "reply_sighting_id")
    )
    return (
        quotes.join(replies, on="sighting_id", how="left")
        .drop_nulls("reply_sighting_id")
        .filter(pl.col("reply_sighting_id") != pl.col("quoted_sighting_id"))
        .select("sighting_id", "quoted_sighting_id", "reply_sighting_id", "share", pl.col("n_words").cast(pl.Int64))
        .sort("sighting_id")
    )


def _without_runs(quotes: pl.DataFrame) -> pl.DataFrame:
    """Quotations but those that stand in a long row: a page shown again does, and nobody quotes so."""
    ordered = quotes.sort("group", "seat")
    run = (pl.col("seat") - pl.int_range(pl.len()).over("group")).alias("run")
    return ordered.filter(pl.len().over("group", run) <= LONGEST_RUN).sort("sighting_id")


def _cut_passages(posts: pl.DataFrame) -> pl.DataFrame:
    """Marked quotations and, of posts with several lines, each line: row, group, order, start, end, marked, words."""
    base = posts.with_row_index("row").select("row", "order", "text", "quotes", group="discussion_id")
    marked = (
        base.filter(pl.col("quotes").list.len() > 0)
        .explode("quotes")
        .with_columns(start=pl.col("quotes").struct.field("start"), end=pl.col("quotes").struct.field("end"))
        .with_columns(line=pl.col("text").str.slice(pl.col("start"), pl.col("end") - pl.col("start")))
    )
    lines = (
        base.filter(pl.col("text").str.contains("\n", literal=True))
        .with_columns(line=pl.col("text").str.split("\n"))
        .explode("line")
        .with_columns(length=pl.col("line").str.len_chars() + 1)
        .with_columns(end=(pl.col("length").cum_sum().over("row") - 1).cast(pl.UInt32))
        .with_columns(start=(pl.col("end") + 1 - pl.col("length")).cast(pl.UInt32))
    )
    columns = ["row", "group", "order", "start", "end", "marked", "line"]
    passages = pl.concat(
        [
            marked.with_columns(marked=pl.lit(True)).select(columns),
            lines.with_columns(marked=pl.lit(False)).select(columns),
        ]
    ).with_columns(words=fold_words(pl.col("line")))
    least = pl.when("marked").then(GRAM_WORDS).otherwise(MIN_WORDS_UNMARKED)
    return passages.with_columns(n_words=count_words(pl.col("words"))).filter(pl.col("n_words") >= least).drop("line")


def find_quotations(posts: pl.DataFrame) -> pl.DataFrame:
    """Lines and marked quotations inside posts that hold the words of an earlier post of the discussion.

    Args:
        posts: post_id, discussion_id, order, text, words, quotes (columns of DraftPosts).

    Returns:
        tables.Quotations, one row per post and quoted post, the longest passage; sorted by post_id and quoted_id.
    """
    passages = _cut_passages(posts)
    if passages.is_empty():
        return empty_table(Quotations)
    texts = posts.select("post_id", "order", "words", group="discussion_id").filter(
        pl.col("group").is_in(passages["group"].unique().implode())
    )
    found = _find_passages(passages.select("group", "order", "words"), texts)
    found = found.with_columns(
        post_id=posts["post_id"].gather(passages["row"].gather(found["passage"])),
        quoted_id=texts["post_id"].gather(found["text"]),
        marked=passages["marked"].gather(found["passage"]),
        n_words=passages["n_words"].gather(found["passage"]).cast(pl.Int64),
        start=passages["start"].gather(found["passage"]),
        end=passages["end"].gather(found["passage"]),
    ).filter(pl.col("share") >= pl.when("marked").then(MIN_SHARE_MARKED).otherwise(MIN_SHARE))
    # The earliest post that has nearly the largest share said it first.
    first = (
        found.filter(pl.col("share") >= pl.col("share").max().over("passage") - 0.05)
        .sort("passage", "order", "quoted_id")
        .unique("passage", keep="first", maintain_order=True)
    )
    return (
        first.sort("post_id", "quoted_id", "n_words", "start", descending=[False, False, True, False])
        .unique(["post_id", "quoted_id"], keep="first", maintain_order=True)
        .select("post_id", "quoted_id", "share", "n_words", "start", "end")
    )
