"""Keys by which records can change one another: who shares none with others can be decided without them.

In: key columns of records. Out: hashes, 64 bits each. ``docs/decisions/0006-incremental-runs.md`` lists the keys and
says why they are enough.

>>> rows.select(expression.fill_null(0) for expression in list_keys()["id"])
"""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.listings import INFORMATIVE_BITS, UNIT
from pipeline.deduplicate.overlap import EXACT_TIMES, instant

# Keys that matter only where a listing that does not name its discussion has them as well.
OPEN_KEYS = ("said", "near")


def is_open() -> pl.Expr:
    """Whether a listing does not say, in words that mean the same elsewhere, which discussion it shows."""
    return pl.any_horizontal(pl.col("discussion_scope", "native_discussion").is_null())


def list_keys() -> dict[str, list[pl.Expr]]:
    """Expressions over key columns and near_key, by kind: UInt64, null where a row has none of that kind.

    Rows that share a hash of one kind belong together, whichever of its expressions gave it. Equal hashes of different
    keys only bring more together than need be.
    """
    scope = pl.coalesce("scope", pl.concat_str(pl.lit("capture:"), "capture_id")).alias("scope")
    named = pl.col("native_discussion").is_not_null()
    exact = pl.all_horizontal(pl.col("author_key", "posted_at").is_not_null()) & pl.col("posted_precision").is_in(
        EXACT_TIMES
    ).fill_null(value=False)
    return {
        "listing": [pl.struct(UNIT).hash()],
        "discussion": [_when(named, pl.struct("discussion_scope", "native_discussion").hash())],
        "id": [_known(name, pl.struct(scope, pl.col(name).alias("id"))) for name in ("native_id", "native_parent")],
        "page": [_known(name, pl.col(name)) for name in ("page_key", "next_page_key")],
        "said": [_when(exact, pl.struct("author_key", instant(), "words_key").hash())],
        "near": [_when(pl.col("information") >= INFORMATIVE_BITS, pl.col("near_key").hash())],
    }


def _known(column: str, key: pl.Expr) -> pl.Expr:
    return _when(pl.col(column).is_not_null(), key.hash())


def _when(holds: pl.Expr, key: pl.Expr) -> pl.Expr:
    return pl.when(holds).then(key)
