"""Quotations without a mark: a long run of another post's words inside a post, on no line of its own.

In: posts of whole discussions in reading order. Out: for each post the longest such run, and whose it is.

>>> find_borrowed(posts.select("group", "order", "words"))       # row, text, late, begin, n_words, words

Pages saved as plain text lose line breaks and marks: "passage reply" is all that is left of a quotation with its
answer. Most quotations open the post; a run farther inside has to be longer. A post that goes on, behind and before
the run, as the other does is no quotation but the same text again.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.algorithms.common_runs import grow_runs
from pipeline.algorithms.grams import hash_word_grams, mark_shared
from pipeline.algorithms.hashed_words import split_texts
from pipeline.algorithms.similarity import edit_ratio

GRAM_WORDS = 4
MIN_OPENING, MIN_INSIDE = 7, 12  # words of a run that opens a post, and of one inside
MIN_CHARACTERS = 30  # of a run, folded: eight Chinese characters are soon said twice
LATEST_OPENING = 1  # words in front of a run that still opens a post
COMMON_GRAM = 50  # posts of a group that may hold a seed
AGAIN = 0.5  # edit ratio of what is left of both texts, from which they are the same text again

_NOTHING_MORE = r"^(?:(?:(?:read|show|see|continue) )?(?:more|reading))?$"  # left of a text that a page cuts off
_SEED_STEP = MIN_INSIDE - GRAM_WORDS + 1


def _seed_pairs(posts: pl.DataFrame) -> pl.DataFrame:
    """Places at which two posts of a group have four words in common: row, at, text, text_at, before, late."""
    together = posts.with_row_index("row").sort("group", "row")
    rows, hashes = hash_word_grams(together["words"], GRAM_WORDS)
    at = np.arange(rows.size) - np.searchsorted(rows, np.arange(posts.height, dtype=np.uint32))[rows]
    is_seed = (at <= LATEST_OPENING) | (at % _SEED_STEP == 0)
    # What stands but once in its group meets nothing, and set phrases seed nothing.
    groups = together["group"].rle_id().to_numpy().astype(np.int64)
    shared = np.flatnonzero(mark_shared(rows, hashes, groups, is_seed, COMMON_GRAM))
    places = together.select("group", before="order", text=pl.col("row").cast(pl.Int64))[rows[shared]]
    found = places.with_columns(
        text_at=pl.Series(at[shared], dtype=pl.Int64), gram=pl.Series(hashes[shared]), seeds=pl.Series(is_seed[shared])
    )
    seeds = found.filter("seeds").select("group", "gram", row="text", at="text_at", order="before")
    return (
        seeds.join(found, on=["group", "gram"])
        .filter(pl.col("row") != pl.col("text"))
        .select("row", "at", "text", "text_at", "before", late=pl.col("before") > pl.col("order"))
        .sort("row", "at", "before", "text", "text_at")
    )


def find_borrowed(posts: pl.DataFrame) -> pl.DataFrame:
    """Runs of words that posts have from others.

    Args:
        posts: group, order (distinct in a group), words (folded).

    Returns:
        row, text (Int64: rows of the post and of whose words they are), late (Boolean: the other comes later),
        begin, n_words (Int64: first word and number of words of the run), words (String, the run). One row a post that
        has a run, the longest; of those who said nearly all of it the one who said nothing else, then the earliest that
        does not open with it. Sorted by row.
    """
    pairs = _seed_pairs(posts)
    words = posts["words"]
    row, at, text, text_at = (pairs[name].to_numpy().astype(np.int64) for name in ("row", "at", "text", "text_at"))
    named, ends = np.unique(np.concatenate([row, text]), return_inverse=True)
    begin, _, length = grow_runs(split_texts(words.gather(named)), ends[: row.size], at, ends[row.size :], text_at)
    runs = pairs.select("row", "text", "before", "late").with_columns(
        begin=pl.Series(begin, dtype=pl.Int64), n_words=pl.Series(length, dtype=pl.Int64)
    )
    least = pl.when(pl.col("begin") <= LATEST_OPENING).then(MIN_OPENING).otherwise(MIN_INSIDE)
    runs = runs.filter(pl.col("n_words") >= least).unique(["row", "text", "begin"]).sort("row", "text", "begin")
    cut = pl.col("own").str.split(" ").list.slice(pl.col("begin"), pl.col("n_words")).list.join(" ")
    runs = runs.with_columns(own=words.gather(runs["row"])).with_columns(words=cut)
    runs = runs.filter(pl.col("words").str.len_chars() >= MIN_CHARACTERS)
    # A page may list the newest first: who says all of another's text and goes on answers it, wherever it stands.
    runs = runs.with_columns(other=words.gather(runs["text"]))
    opens = pl.col("other").str.starts_with(pl.col("words") + " ")
    runs = runs.with_columns(whole=pl.col("words") == pl.col("other"), opens=opens)
    runs = runs.filter(~pl.col("late") | pl.col("whole"))
    runs = runs.filter(~says_again(runs["own"], runs["other"], runs["words"]))
    runs = runs.filter((pl.col("n_words") >= 0.95 * pl.col("n_words").max().over("row")) | pl.col("whole"))
    runs = runs.sort("row", ~pl.col("whole"), "late", "opens", "before", "begin")
    runs = runs.unique("row", keep="first", maintain_order=True)
    return runs.select("row", "text", "late", "begin", "n_words", "words")


def says_again(own: pl.Series, other: pl.Series, passage: pl.Series) -> pl.Series:
    """Whether a text that holds a passage of another says that other text again, and does not answer it.

    Args:
        own, other, passage: n folded texts each.

    Returns:
        Boolean: nothing is left of the text without the passage, or what is left of both is alike.
    """
    frame = pl.DataFrame([own.alias("own"), other.alias("other"), passage.alias("passage")])
    rest = frame.select(
        pl.col(name).str.split(pl.col("passage")).list.join("").str.strip_chars(" ") for name in ("own", "other")
    )
    alike = edit_ratio(rest["own"], rest["other"]) >= AGAIN
    return rest["own"].str.contains(_NOTHING_MORE) | ((rest["other"] != "") & pl.Series(alike))
