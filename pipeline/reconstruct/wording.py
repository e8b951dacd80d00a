"""Texts as numbers: words, how telling each is in its discussion, what a text begins with, and who holds whose words.

In: folded words and texts of entries, word rarities, Quotations. Out: arrays and ragged lists.

>>> wording = number_words(pl.Series(["a rose is a rose", "a daisy"]), pack)
>>> wording.vocabulary.to_list(), wording.distinct.values.tolist()
(['a', 'daisy', 'is', 'rose'], [0, 2, 3, 0, 1])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import UNKNOWN, Floats, Ints, Ragged, Table, make_ragged

SHINGLE_WORDS = 4
CUES: dict[str, str] = {
    # What a text may begin with; (?i) and a word boundary are added. A class fires on any of its words.
    "agrees": "yes|yeah|yep|yup|exactly|agreed|agree|same|true|right|this|indeed|correct|of course|i agree|me too",
    "objects": "no|nope|nah|but|actually|not|however|wrong|i disagree|i dont think|well",
    "thanks": "thanks|thank|thx|ty|cheers|appreciate|great|nice|awesome|cool|congrats|congratulations|good",
    "asks": "what|why|how|who|where|when|which|is|are|do|does|did|can|could|would|have|so|wait",
    "laughs": "lol|lmao|haha|hahaha|ha|rofl|wow|omg|oh|ah|damn|yikes|huh",
    "continues": "and|also|because|plus|or|edit|it|its|that|thats|they|he|she|then|which|same here",
    "addresses": "you|your|youre|u|hey|hi|hello|op|dude|man|bro",
}
_FACTS: tuple[tuple[str, str], ...] = (
    ("asking", r"\?"),
    ("ends_asking", r"\?\W*$"),
    ("has_link", r"https?://"),
    ("exclaims", r"!"),
    ("says_you", r"(?i)\b(you|your|youre|you're|u|ur)\b"),
    ("says_i", r"(?i)\b(i|my|me|i'm|i’m|im)\b"),
    ("begins_small", r"^\s*\p{Ll}"),
)
POST_FACTS = (*(name for name, _ in _FACTS), *CUES)


@dataclass(frozen=True, eq=False)
class Wording:
    """Words of n texts as numbers in alphabetical order, so that sums over shared words add up in one order whatever
    else is in the batch.

    Attributes:
        sequence: words of each text as they stand; distinct: each once, ascending.
        first_word: int64[n], -1 where a text has none.
        vocabulary: String[W], ascending; bits: float64[W].
    """

    sequence: Ragged
    distinct: Ragged
    first_word: Ints
    vocabulary: pl.Series
    bits: Floats


def number_words(words: pl.Series, pack: ModelPack) -> Wording:
    """Folded texts as numbers; a word that the pack does not list has its unseen_bits."""
    split = pl.DataFrame({"entry": np.arange(words.len()), "word": words}).filter(pl.col("word") != "")
    tokens = split.with_columns(pl.col("word").str.split(" ")).explode("word")
    vocabulary = (
        tokens.select(pl.col("word").unique())
        .sort("word")
        .with_row_index("number")
        .join(pack.words, on="word", how="left", maintain_order="left")
        .with_columns(pl.col("bits").fill_null(pack.unseen_bits).cast(pl.Float64), pl.col("number").cast(pl.Int64))
    )
    tokens = tokens.join(vocabulary.select("word", "number"), on="word", how="left", maintain_order="left")
    sequence = make_ragged(tokens["entry"].to_numpy(), tokens["number"].to_numpy(), words.len())
    distinct = tokens.select("entry", "number").unique().sort("entry", "number")
    starts = sequence.offsets[:-1]
    has_any = sequence.offsets[1:] > starts
    first_word = np.full(starts.size, UNKNOWN, dtype=np.int64)
    first_word[has_any] = sequence.values[starts[has_any]]
    return Wording(
        sequence=sequence,
        distinct=make_ragged(distinct["entry"].to_numpy(), distinct["number"].to_numpy(), words.len()),
        first_word=first_word,
        vocabulary=vocabulary["word"],
        bits=vocabulary["bits"].to_numpy(),
    )


def sharpen_words(words: Ragged, bits: Floats, discussion: Ints) -> Floats:
    """Bits of every distinct word of every entry, less where the discussion has the word often: float64[words]."""
    entry = np.repeat(np.arange(words.offsets.size - 1), np.diff(words.offsets))
    where = np.unique(
        discussion[entry] * np.int64(words.values.max(initial=0) + 1) + words.values, return_inverse=True
    )[1]
    spread = np.bincount(where)[where].astype(np.float64) if where.size else np.zeros(0)
    posts = np.unique(discussion, return_inverse=True)[1]
    size = np.bincount(posts)[posts][entry] if where.size else np.zeros(0)
    # A word that two posts share is as telling as can be; one that all share tells nothing.
    telling = np.log2((size + 1) / np.maximum(spread - 1, 0.5)) / np.log2((size + 1) / 0.5)
    return bits * np.clip(telling, 0.0, 1.0)


def state_facts(texts: pl.Series, words: pl.Series) -> Table:
    """What a look at each text alone tells, one column per POST_FACTS."""
    frame = pl.DataFrame({"text": texts, "words": words})
    found = frame.select(
        *(pl.col("text").str.contains(pattern).alias(name) for name, pattern in _FACTS),
        *(pl.col("words").str.contains(rf"^({pattern})\b").alias(name) for name, pattern in CUES.items()),
    )
    return found.cast(pl.Float32).to_numpy().reshape(texts.len(), len(POST_FACTS))


@njit(cache=True, nogil=True)
def _hash_shingles(offsets: Ints, values: Ints, out: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Writes a 64-bit hash of every run of four words; returns how many each entry has."""
    counts = np.zeros(offsets.size - 1, dtype=np.int64)
    at = 0
    for entry in range(offsets.size - 1):
        for start in range(offsets[entry], offsets[entry + 1] - SHINGLE_WORDS + 1):
            h = uint64(0x9E3779B97F4A7C15)
            for step in range(SHINGLE_WORDS):
                h ^= uint64(values[start + step] + 1)
                h *= uint64(0xFF51AFD7ED558CCD)
                h ^= h >> uint64(32)
            out[at] = h
            at += 1
            counts[entry] += 1
    return counts


def find_quotations(
    entries: pl.DataFrame, sequence: Ragged, discussion: Ints, n_posts: int, quotations: pl.DataFrame
) -> tuple[Ragged, Floats, Floats]:
    """Who holds whose words: from the Quotations table, and from four-word runs that an earlier entry wrote first."""
    n = discussion.size
    hashes = np.empty(max(sequence.values.size, 1), dtype=np.uint64)
    counts = _hash_shingles(sequence.offsets, sequence.values, hashes)
    # A submission stands before all posts of its discussion.
    when = np.where(np.arange(n) < n_posts, np.arange(n), -1)
    shingles = pl.DataFrame(
        {
            "entry": np.repeat(np.arange(n), counts),
            "discussion": np.repeat(discussion, counts),
            "when": np.repeat(when, counts),
            "hash": hashes[: counts.sum()],
        }
    ).unique(["entry", "hash"], maintain_order=True)
    # Most runs stand in one post alone; only the others need an owner.
    again = shingles.filter(pl.struct("discussion", "hash").is_duplicated())
    owners = again.sort("discussion", "hash", "when").unique(["discussion", "hash"], keep="first", maintain_order=True)
    own = shingles.group_by("entry").agg(pl.len().alias("all"))
    borrowed = again.join(
        owners.select("discussion", "hash", pl.col("entry").alias("owner")), on=["discussion", "hash"]
    )
    held = borrowed.filter(pl.col("entry") != pl.col("owner"))
    lost = held.group_by("entry").agg(pl.len().alias("lost"))
    own = own.join(lost, on="entry", how="left").select(
        "entry", (pl.col("all") - pl.col("lost").fill_null(0)).alias("own")
    )
    pairs = (
        held.group_by("entry", "owner")
        .agg(pl.len().alias("held"))
        .join(own.rename({"entry": "owner"}), on="owner", how="left")
        .select("entry", "owner", (pl.col("held") / pl.col("own").clip(1)).clip(0, 1).alias("own_share"))
    )
    at = entries.select("post_id", pl.int_range(pl.len(), dtype=pl.Int64).alias("entry"), "discussion")
    told = (
        quotations.select("post_id", "quoted_id", "share")
        .join(at, on="post_id")
        .join(
            at.select(
                pl.col("post_id").alias("quoted_id"),
                pl.col("entry").alias("owner"),
                pl.col("discussion").alias("there"),
            ),
            on="quoted_id",
        )
        .filter((pl.col("discussion") == pl.col("there")) & (pl.col("entry") != pl.col("owner")))
        .group_by("entry", "owner")
        .agg(pl.col("share").max().cast(pl.Float64))
    )
    both = (
        pairs.join(told, on=["entry", "owner"], how="full", coalesce=True)
        .with_columns(pl.col("share").fill_null(0.0), pl.col("own_share").fill_null(0.0))
        .sort("entry", "owner")
    )
    ragged = make_ragged(both["entry"].to_numpy(), both["owner"].to_numpy(), n)
    return ragged, both["share"].to_numpy(), both["own_share"].to_numpy()
