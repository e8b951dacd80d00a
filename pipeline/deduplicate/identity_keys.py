"""Keys by which records can change one another: who shares none with others can be decided without them.

In: records. Out: hashes, 64 bits each, that a run keeps beside the records, so that no later one needs their columns.
``docs/decisions/0006-incremental-runs.md`` lists the keys and says why they are enough.

>>> hashes = hash_keys(records)              # uint64 of shape (len(COLUMNS), n)
>>> list_keys(hashes, near)["id"]            # two columns: the id of each record, and that of its parent
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.id_sets import find_places
from pipeline.deduplicate.listings import INFORMATIVE_BITS, UNIT
from pipeline.deduplicate.overlap import EXACT_TIMES, instant

Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]

# Of what hash_keys gives; kept hashes are made anew where this, or the version of polars that made them, differs.
VERSION = 1
COLUMNS = (
    "sighting", "listing", "discussion", "native_id", "native_parent", "page_key", "next_page_key", "said", "words",
    "traits",
)  # fmt: skip
NEEDED = (
    "sighting_id", "capture_id", "listing", "scope", "native_id", "discussion_scope", "native_discussion", "page_key",
    "next_page_key", "native_parent", "author_key", "posted_at", "posted_precision", "words_key", "information",
    "paragraphs",
)  # fmt: skip
# Keys that matter only where a listing that does not name its discussion has them as well.
OPEN_KEYS = ("said", "near")
# Rarer paragraphs, of which a flat text that holds a page twice has some again.
RARE_BITS = 15.0

_OPEN, _INFORMATIVE, _RARE = 1, 2, 4
_NO_KEY = np.uint64(0)


def is_open() -> pl.Expr:
    """Whether a listing does not say, in words that mean the same elsewhere, which discussion it shows."""
    return pl.any_horizontal(pl.col("discussion_scope", "native_discussion").is_null())


def hash_keys(records: pl.DataFrame) -> Hashes:
    """Hashes of keys, and what decides which of them count.

    Args:
        records: n rows, the columns NEEDED.

    Returns:
        uint64 of shape (len(COLUMNS), n): a row for each of COLUMNS, 0 where a record has no such key.
    """
    scope = pl.coalesce("scope", pl.concat_str(pl.lit("capture:"), "capture_id")).alias("scope")
    named = pl.col("native_discussion").is_not_null()
    exact = pl.all_horizontal(pl.col("author_key", "posted_at").is_not_null()) & pl.col("posted_precision").is_in(
        EXACT_TIMES
    ).fill_null(value=False)
    traits = {
        _OPEN: is_open(),
        _INFORMATIVE: pl.col("information") >= INFORMATIVE_BITS,
        _RARE: pl.col("paragraphs") & (pl.col("information") >= RARE_BITS),
    }
    keys = {
        "sighting": pl.col("sighting_id").hash(),
        "listing": pl.struct(UNIT).hash(),
        "discussion": pl.when(named).then(pl.struct("discussion_scope", "native_discussion").hash()),
        **{name: _known(name, pl.struct(scope, pl.col(name).alias("id"))) for name in ("native_id", "native_parent")},
        **{name: _known(name, pl.col(name)) for name in ("page_key", "next_page_key")},
        "said": pl.when(exact).then(pl.struct("author_key", instant(), "words_key").hash()),
        "words": pl.col("words_key").hash(),
        "traits": pl.sum_horizontal(pl.when(holds).then(bit).otherwise(0) for bit, holds in traits.items()),
    }
    found = records.select(keys[name].fill_null(0).cast(pl.UInt64).alias(name) for name in COLUMNS)
    return np.stack([column.to_numpy() for column in found]).reshape(len(COLUMNS), records.height)


def column_of(hashes: Hashes, name: str) -> Hashes:
    """One of COLUMNS: uint64 of shape (n,)."""
    return hashes[COLUMNS.index(name)]


def are_open(hashes: Hashes) -> Mask:
    """``is_open`` of every record."""
    return (column_of(hashes, "traits") & np.uint64(_OPEN)) != 0


def are_rare_paragraphs(hashes: Hashes) -> Mask:
    """Which records are paragraphs of a flat text, of at least RARE_BITS."""
    return (column_of(hashes, "traits") & np.uint64(_RARE)) != 0


class NearHashes:
    """What the hash of a text's words becomes, so that nearly equal ones have the same.

    Args:
        pairs: left_key, right_key: texts that say the same; not templates.
    """

    def __init__(self, pairs: pl.DataFrame) -> None:
        ends = [pairs[name].hash().to_numpy() for name in ("left_key", "right_key")]
        self._hashes, places = np.unique(np.concatenate(ends), return_inverse=True)
        self._classes = self._hashes[connected_components(self._hashes.size, *np.split(places, 2))]

    def near_keys(self, hashes: Hashes) -> Hashes:
        """near: for n records uint64 of shape (n,), 0 where their words are not informative."""
        words = column_of(hashes, "words")
        informative = (column_of(hashes, "traits") & np.uint64(_INFORMATIVE)) != 0
        if self._hashes.size:
            places = find_places(self._hashes, np.ascontiguousarray(words))
            words = np.where(places >= 0, self._classes[places], words)
        return np.where(informative, words, _NO_KEY)


def list_keys(hashes: Hashes, near: NearHashes | None) -> dict[str, list[Hashes]]:
    """Keys by kind, each uint64 of shape (n,), 0 where a record has none of that kind.

    Records that share a key of one kind belong together, whichever of its columns has it. Equal hashes of different
    keys only bring more together than need be.

    Args:
        hashes: what ``hash_keys`` gives.
        near: null where no record is open, here or elsewhere: then kinds that matter to these alone are left out.
    """
    kinds = {
        "listing": ("listing",),
        "discussion": ("discussion",),
        "id": ("native_id", "native_parent"),
        "page": ("page_key", "next_page_key"),
    }
    found = {kind: [column_of(hashes, name) for name in names] for kind, names in kinds.items()}
    if near is not None:
        found |= {"said": [column_of(hashes, "said")], "near": [near.near_keys(hashes)]}
    return found


def _known(column: str, key: pl.Expr) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null()).then(key.hash())
