"""Texts that say the same in nearly the same words.

In: distinct folded texts. Out: verified pairs of them.

>>> texts = pl.DataFrame({"words_key": ["a", "b"], "words": ["the tram was late again", "the trams was late again"]})
>>> near_duplicates(texts, Settings()).row(0)
('a', 'b', 0.978723406791687, 'near')

Every candidate is verified on its words: no pair rests on an estimate.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.hashed_words import split_texts
from pipeline.algorithms.similarity import edit_ratio
from pipeline.algorithms.word_bags import may_share
from pipeline.deduplicate.candidates import HEAD_CHARACTERS, Rows, candidate_pairs, long_enough
from pipeline.deduplicate.slips import MOST_BYTES, slipped
from pipeline.deduplicate.verification import LEAST_STAYED, judge_pairs, load_verifier
from pipeline.pack import ModelPack, load_pack
from pipeline.settings import Settings

_CHUNK_PAIRS = 1 << 16  # verified at a time
_CHUNK_BYTES = 64 << 20  # of text verified at a time

_UNCUT = np.float32(0.8)  # edit ratio from which a text that goes on is no cut one, but says something more

_SCHEMA = {"left_key": pl.String, "right_key": pl.String, "similarity": pl.Float32, "method": pl.String}


def _chunks_of(pairs: Rows, sizes: NDArray[np.int64]) -> Iterator[Rows]:
    """The pairs in pieces of bounded number and bounded bytes of text; ``sizes`` are those of the texts."""
    weights = sizes[pairs].sum(axis=1) + _CHUNK_BYTES // _CHUNK_PAIRS
    pieces = np.cumsum(weights) // _CHUNK_BYTES
    return iter(np.split(pairs, np.flatnonzero(np.diff(pieces)) + 1))


def near_duplicates(texts: pl.DataFrame, settings: Settings, pack: ModelPack | None = None) -> pl.DataFrame:
    """Pairs of texts that say the same, verified.

    Args:
        texts: words_key (String, distinct), words (String, folded); further columns do not matter. Texts of less than
            ``candidates.MIN_CHARACTERS`` characters are left alone.
        settings: shingle_size, permutations, candidate_similarity, edit_similarity.
        pack: what tells texts that say the same; by default the one that ships.

    Returns:
        left_key, right_key (String, left < right), similarity (Float32: edit ratio of the words), method (String:
        "near", or "cut" where one only begins like the other), sorted by both keys. Near pairs are those that
        ``deduplicate.verification`` accepts; of a cluster some pairs, not all. The order of the rows given does not
        matter.

    Raises:
        SettingError: candidate_similarity and permutations give no banding.
    """
    signed = long_enough(texts)
    keys, words = signed["words_key"], signed["words"]
    return verify_pairs(keys, words, candidate_pairs(words, settings), settings, pack, templates=False)


def verify_pairs(
    keys: pl.Series,
    words: pl.Series,
    pairs: Rows,
    settings: Settings,
    pack: ModelPack | None = None,
    *,
    templates: bool = True,
) -> pl.DataFrame:
    """Those of some pairs that say the same; what is found of a pair depends on its two texts and nothing else.

    Args:
        keys: words_keys of n texts, sorted.
        words: their n folded texts.
        pairs: rows of both, int64 of shape (m, 2), left < right.
        settings: edit_similarity.
        pack: what tells texts that say the same; by default the one that ships.
        templates: whether to tell forms as well.

    Returns:
        As `near_duplicates`, in the order of the pairs; also pairs of method "template": one form filled in with other
        names or numbers. They do not say the same, but many of them are boilerplate.
    """
    pack = pack or load_pack()
    verifier = load_verifier(pack)
    found = [pl.DataFrame(schema=_SCHEMA)]
    heads = hash_heads(words)
    begin_alike = (heads[pairs[:, 0]] == heads[pairs[:, 1]]) & (heads[pairs[:, 0]] != 0)
    worth = may_share(words, pairs, LEAST_STAYED) | begin_alike
    pairs, begin_alike = pairs[worth], begin_alike[worth]
    done, sizes = 0, words.str.len_bytes().to_numpy().astype(np.int64)
    for chunk in _chunks_of(pairs, sizes):
        left, right = chunk[:, 0], chunk[:, 1]
        named, ends = np.unique(chunk, return_inverse=True)
        judged = judge_pairs(split_texts(words.gather(named)), ends.reshape(-1, 2), verifier)
        alike = judged.accepted
        cut, broken = np.zeros((2, len(chunk)), dtype=np.bool_)
        others = np.flatnonzero(~alike & (np.abs(sizes[left] - sizes[right]) <= MOST_BYTES))
        slips = slipped(words.gather(left[others]), words.gather(right[others]), judged.guards[others], pack)
        alike[others[slips]] = True
        others = np.flatnonzero(begin_alike[done : done + len(chunk)] & ~alike)
        done += len(chunk)
        cut[others], broken[others] = begins_alike(words.gather(left[others]), words.gather(right[others]))
        ratios = np.zeros(len(chunk), dtype=np.float32)
        template = judged.templates & ~cut & ~alike & np.bool_(templates)
        measured = alike | cut | template
        ratios[measured] = edit_ratio(words.gather(left[measured]), words.gather(right[measured]))
        alike &= ratios >= np.float32(settings.edit_similarity)
        cut &= (ratios < _UNCUT) | broken
        method = np.where(cut, "cut", np.where(template, "template", "near"))
        kept = alike | cut | template
        found.append(
            pl.DataFrame(
                {
                    "left_key": keys.gather(left[kept]),
                    "right_key": keys.gather(right[kept]),
                    "similarity": pl.Series(ratios[kept], dtype=pl.Float32),
                    "method": pl.Series(method[kept], dtype=pl.String),
                }
            )
        )
    return pl.concat(found)


def hash_heads(words: pl.Series) -> NDArray[np.uint64]:
    """Hashes of how texts begin, equal in one process where `begins_alike` may hold; 0 for short ones: uint64 (n,)."""
    long = (words.str.len_chars() >= HEAD_CHARACTERS).to_numpy()
    return np.where(long, np.maximum(words.str.head(HEAD_CHARACTERS).hash().to_numpy(), 1), 0).astype(np.uint64)


def stem_of(words: pl.Expr) -> pl.Expr:
    """Folded words without what a page writes where it cuts a text off ("read more")."""
    return words.str.replace(r" (?:(?:read|show|see|continue) )?(?:more|reading)$", "")


def begins_alike(left: pl.Series, right: pl.Series) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether one of two folded texts is the beginning of the other, long enough to be no set phrase; and whether it
    seems to break off, within a word or with an invitation to read more: bool (n,) each."""
    pairs = pl.DataFrame([left.alias("left"), right.alias("right")])
    longer = pl.col("left").str.len_bytes() > pl.col("right").str.len_bytes()
    sides = pairs.select(
        stem=stem_of(pl.when(longer).then("right").otherwise("left")),
        whole=pl.when(longer).then("left").otherwise("right"),
        length=pl.when(longer).then("right").otherwise("left").str.len_bytes(),
    )
    follows = pl.col("whole").str.slice(pl.col("stem").str.len_chars(), 1)
    halved = pl.col("stem").str.contains(r"\p{N}$") & follows.str.contains(r"\p{N}")
    begins = pl.col("whole").str.starts_with(pl.col("stem")) & (pl.col("stem").str.len_chars() >= HEAD_CHARACTERS)
    broken = (pl.col("stem").str.len_bytes() < pl.col("length")) | ~follows.is_in(["", " "])
    found = sides.select(begins=begins & ~halved, broken=broken)
    return found["begins"].to_numpy().astype(np.bool_), found["broken"].to_numpy().astype(np.bool_)
