"""Whom the lines of a stream name, signs or none: "ada: look", "@ada", "as Ada said".

In: a `Context`, texts and authors. Out: for each post the authors of its discussion that it names, and how clearly.

>>> named, strength = find_named(context, pl.Series(["anyone?", "ada: yes"]), pl.Series(["ada", "bo"]), pack)
>>> named.values.tolist(), strength.tolist()
([0], [2.0])

In chats nearly every clear sign of who is answered is a name, and half of the names stand without any mark.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.algorithms.text import fold_words
from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import Floats, Ragged, make_ragged
from pipeline.reconstruct.context import Context

RARE_BITS = 9.5  # a name that is a commoner word counts only where it is marked
FEWEST_LETTERS = 3
ADDRESSED, NAMED = 2.0, 1.0
_BEFORE = r"^[@(<\[\"'*]+"
_AFTER = r"[:,;.!?)>\]\"'*…]+$"


def find_named(context: Context, texts: pl.Series, authors: pl.Series, pack: ModelPack) -> tuple[Ragged, Floats]:
    """Authors whom each post names (not its own), ascending, and the strength of each: ADDRESSED or NAMED.

    Args:
        context: N posts; its mentions count as addresses.
        texts: String[N]; authors: String[N], folded, nulls allowed.
        pack: word rarities.
    """
    n = context.n_posts
    own = pl.DataFrame(
        {"entry": np.arange(n), "author": context.author[:n], "discussion": context.first, "key": authors}
    )
    people = own.drop_nulls("key").filter(pl.col("author") >= 0).select("discussion", "key", "author").unique()
    people = people.filter(~pl.col("key").str.contains(" ", literal=True))
    people = people.with_columns(_rarity(people, pack))
    tokens = (
        pl.DataFrame({"entry": np.arange(n), "discussion": context.first, "token": texts})
        .with_columns(pl.col("token").str.normalize("NFKC").str.to_lowercase().str.strip_chars().str.split(" "))
        .explode("token", empty_as_null=True)
        .with_columns(pl.int_range(pl.len()).over("entry").alias("at"))
        .with_columns(pl.col("token").str.replace(_BEFORE, "").alias("bare"))
    )
    found = pl.concat(
        [
            tokens.select("entry", "discussion", "at", "token", pl.col("bare").alias("key")),
            tokens.select("entry", "discussion", "at", "token", pl.col("bare").str.replace(_AFTER, "").alias("key")),
        ]
    ).join(people, on=["discussion", "key"])
    marked = pl.col("token").str.contains(r"^@|[:]$") | ((pl.col("at") == 0) & pl.col("token").str.ends_with(","))
    rare = (pl.col("bits") >= RARE_BITS) & (pl.col("key").str.len_chars() >= FEWEST_LETTERS)
    weak = found.filter(rare | ((pl.col("at") == 0) & marked)).select(
        "entry",
        "author",
        pl.when((pl.col("at") == 0) | pl.col("token").str.starts_with("@"))
        .then(ADDRESSED)
        .otherwise(NAMED)
        .alias("strength"),
    )
    listed = context.mentions
    told = pl.DataFrame(
        {
            "entry": np.repeat(np.arange(listed.offsets.size - 1), np.diff(listed.offsets)),
            "author": listed.values,
        }
    ).filter((pl.col("author") >= 0) & (pl.col("entry") < n))
    both = (
        pl.concat([weak, told.with_columns(pl.lit(ADDRESSED).alias("strength"))])
        .join(own.select("entry", pl.col("author").alias("self")), on="entry")
        .filter(pl.col("author") != pl.col("self"))
        .group_by("entry", "author")
        .agg(pl.col("strength").max())
        .sort("entry", "author")
    )
    return make_ragged(both["entry"].to_numpy(), both["author"].to_numpy(), n), both["strength"].to_numpy()


def _rarity(people: pl.DataFrame, pack: ModelPack) -> pl.Series:
    """Bits of each name as a word; a name that no text has, or of several words, is as rare as can be."""
    words = people.select(fold_words(pl.col("key")).alias("word"))
    return (
        words.join(pack.words, on="word", how="left", maintain_order="left")["bits"]
        .fill_null(pack.unseen_bits)
        .cast(pl.Float64)
        .alias("bits")
    )
