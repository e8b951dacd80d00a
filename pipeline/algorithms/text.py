"""Text folded for comparison: what is left when case, punctuation, widths and spacing no longer matter.

In: polars expressions over String columns. Out: expressions.

>>> pl.select(fold_words(pl.lit("It’s  NOT “fair”, 不公平!"))).item()
'its not fair 不 公 平'
"""

from __future__ import annotations

import polars as pl

# Scripts written without spaces: each character stands as a word of its own, or no two posts would share a word.
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
APOSTROPHES = "['’ʼ`´]"
_NO_WORD = r"[^\p{L}\p{N}\p{M}]+"


def fold_words(text: pl.Expr) -> pl.Expr:
    """Words of a text: NFKC, lower case, letters, digits and marks alone, one space between words, null kept.

    Apostrophes vanish ("it's" and "it’s" are both "its"); characters of scripts written without spaces become words.
    """
    folded = text.str.normalize("NFKC").str.to_lowercase().str.replace_all(APOSTROPHES, "")
    return (
        folded.str.replace_all(_NO_WORD, " ").str.replace_all(f"({UNSPACED})", " $1 ").str.replace_all(" +", " ")
    ).str.strip_chars(" ")


def count_words(words: pl.Expr) -> pl.Expr:
    """How many words a folded text has, as UInt32; the empty text has none."""
    return pl.when(words == "").then(0).otherwise(words.str.count_matches(" ", literal=True) + 1).cast(pl.UInt32)
