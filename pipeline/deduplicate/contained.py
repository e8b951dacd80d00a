"""Quotations: words of one post that stand inside another.

In: posts in reading order. Out: who quotes whom, and where; and what posts say themselves.

>>> find_quotations(posts)                # what posts hold of others, marked or not: Quotations
>>> leave_own_words(posts, quotations)    # post_id, words_key, share

Marked quotations and lines of their own are sought as they stand; long runs of words are found by `borrowed`.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.text import count_words, fold_words
from pipeline.algorithms.word_places import locate_words
from pipeline.deduplicate.borrowed import find_borrowed, says_again
from pipeline.deduplicate.passages import GRAM_WORDS, find_passages
from pipeline.ids import digest_texts

MIN_SHARE = 0.9
MIN_SHARE_MARKED = 0.7
MIN_WORDS_UNMARKED = 8

_FOUND = pl.Schema(
    {
        "passage": pl.Int64(), "order": pl.Int64(), "late": pl.Boolean(), "marked": pl.Boolean(),
        "share": pl.Float32(), "post_id": pl.String(), "quoted_id": pl.String(), "n_words": pl.Int64(),
        "start": pl.UInt32(), "end": pl.UInt32(), "words": pl.String(), "own": pl.String(), "other": pl.String(),
    }
)  # fmt: skip


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


def _find_lines(posts: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Marked quotations and lines of posts that stand in other texts, as rows of _FOUND."""
    passages = _cut_passages(posts)
    if passages.is_empty():
        return pl.DataFrame(schema=_FOUND)
    texts = texts.filter(pl.col("group").is_in(passages["group"].unique().implode()))
    found = find_passages(passages.select("group", "order", "words", anywhere=pl.lit(value=True)), texts)
    at = found["passage"]
    found = found.with_columns(
        post_id=posts["post_id"].gather(passages["row"].gather(at)),
        quoted_id=texts["post_id"].gather(found["text"]),
        marked=passages["marked"].gather(at),
        n_words=passages["n_words"].gather(at).cast(pl.Int64),
        start=passages["start"].gather(at),
        end=passages["end"].gather(at),
        words=passages["words"].gather(at),
        own=posts["words"].gather(passages["row"].gather(at)),
        other=texts["words"].gather(found["text"]),
    ).filter(pl.col("share") >= pl.when("marked").then(MIN_SHARE_MARKED).otherwise(MIN_SHARE))
    again = says_again(found["own"], found["other"], found["words"])
    return found.filter(pl.col("marked") | ~again).select(list(_FOUND)).cast(_FOUND)


def _find_runs(texts: pl.DataFrame) -> pl.DataFrame:
    """Runs of words without a line of their own that posts have in common with others, as rows of _FOUND."""
    runs = find_borrowed(texts)
    held = texts[runs["row"]]
    places = locate_words(
        held["text"], runs["begin"], runs["n_words"], held.select(count_words(pl.col("words"))).to_series()
    )
    return (
        pl.concat([runs, places], how="horizontal")
        .select(
            passage=-1 - pl.col("row"),
            order=texts["order"].gather(runs["text"]),
            late="late",
            marked=pl.lit(value=False),
            share=pl.lit(1.0),
            post_id=texts["post_id"].gather(runs["row"]),
            quoted_id=texts["post_id"].gather(runs["text"]),
            n_words="n_words",
            start="start",
            end="end",
            words="words",
            own=texts["words"].gather(runs["row"]),
            other=texts["words"].gather(runs["text"]),
        )
        .cast(_FOUND)
    )


def _rank_sources(found: pl.DataFrame) -> pl.DataFrame:
    """Adds whole (the other text is the passage and nothing else) and doubt (how little tells who quotes whom, 0 to 2).

    A page may list the newest first, and who quotes the same words as well is not their source.
    """

    def opens(text: str) -> pl.Expr:
        return pl.col(text).str.starts_with(pl.col("words") + " ")

    doubt = pl.when(opens("other")).then(2).when(pl.col("marked")).then(0).when(opens("own")).then(1).otherwise(2)
    whole = pl.col("other") == pl.col("words")
    ranked = found.with_columns(whole=whole, doubt=pl.when(whole).then(0).otherwise(doubt))
    return ranked.filter(~pl.col("late") | (pl.col("doubt") == 0))


def find_quotations(posts: pl.DataFrame) -> pl.DataFrame:
    """Marked quotations, lines and long runs of words inside posts that another post of the discussion has said.

    Args:
        posts: post_id, discussion_id, order, text, words, quotes (columns of DraftPosts).

    Returns:
        tables.Quotations, one row per post and quoted post, the longest passage; sorted by post_id and quoted_id.
    """
    texts = posts.select("post_id", "order", "text", "words", group="discussion_id")
    found = _rank_sources(pl.concat([_find_lines(posts, texts), _find_runs(texts)]))
    # Of the posts that have nearly the largest share, the one that says it and nothing else, then the earliest that
    # does not seem to quote it as well.
    first = (
        found.filter(pl.col("share") >= pl.col("share").max().over("passage") - 0.05)
        .sort("passage", ~pl.col("whole"), "late", "doubt", "order", "quoted_id")
        .unique("passage", keep="first", maintain_order=True)
    )
    pair = [pl.min_horizontal("post_id", "quoted_id"), pl.max_horizontal("post_id", "quoted_id")]
    return (
        first.with_columns(pair=pl.concat_str(pair, separator=" "))
        .sort(
            "pair", ~pl.col("whole"), ~pl.col("marked"), "late", "doubt", -pl.col("n_words"), "passage", nulls_last=True
        )
        .unique("pair", keep="first", maintain_order=True)
        .select("post_id", "quoted_id", "share", "n_words", "start", "end")
        .sort("post_id", "quoted_id")
    )


def leave_own_words(posts: pl.DataFrame, quotations: pl.DataFrame) -> pl.DataFrame:
    """What posts say themselves, without the words they quote.

    Args:
        posts: post_id, text.
        quotations: tables.Quotations; those beside a post matter to none.

    Returns:
        post_id, words_key, share (Float32: characters of its own words, as a share of all): one row a post that quotes.
    """
    spans = quotations.drop_nulls("start").sort("post_id", "start", "end")
    # Spans may overlap: what is left is what lies between the farthest end so far and the next start.
    reached = pl.col("end").cum_max().shift(1, fill_value=0).over("post_id")
    pieces = spans.select("post_id", "start", "end", reached=reached).join(
        posts.select("post_id", "text"), on="post_id"
    )
    between = pl.col("text").str.slice(pl.col("reached"), (pl.col("start").cast(pl.Int64) - pl.col("reached")).clip(0))
    own = pieces.group_by("post_id", maintain_order=True).agg(
        between.str.join("\n"),
        pl.col("text").first().str.slice(pl.col("end").max()).alias("rest"),
        whole=pl.col("text").first().str.len_chars(),
    )
    own = own.with_columns(words=fold_words(pl.concat_str("text", "rest", separator="\n")))
    share = (pl.col("text").str.len_chars() + pl.col("rest").str.len_chars()) / pl.col("whole").clip(1)
    return own.select("post_id", digest_texts(own["words"]).alias("words_key"), share=share.clip(0, 1).cast(pl.Float32))
