"""Records that were forgotten: known again by digests, and emptied wherever they come from.

In: records of a capture, tombstones. Out: the records that stay, and a row of quarantine without words for each other.

>>> kept, rejected = drop_forgotten(records, tombstones)

A record is known again by the id of its discussion, by its author, by its own id, by words that are rare enough to be
nobody else's (of the same author, or of an unknown one), or, for common words, by these with author, time and, where
one of them is unknown, the words right above. Those who answer it keep a parent, under a name that says nothing.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline.ids import digest_columns
from pipeline.normalise.authors import fold_authors
from pipeline.tables import Quarantine, Tombstones, fit_table

RULE = "forgotten"
RARE_BITS = 30.0  # of information: rarer words than one in a billion are taken for one person's

_UNNAMED = "forgotten-"
_NOTHING = pl.lit(None, dtype=pl.String)


def mark_tombstones(records: pl.DataFrame, chosen: pl.Series, kinds: tuple[str, ...]) -> pl.DataFrame:
    """Tombstones of some records.

    Args:
        records: tables.Records of whole captures or batches of them, as they are read again.
        chosen: Boolean, which of them are forgotten.
        kinds: of ``tables.TOMBSTONE_KINDS``: what of them must not come back.

    Returns:
        tables.Tombstones, sorted.
    """
    keys = _digest_records(records, marking=True).filter(chosen)
    wanted = [name for name in keys.columns if name.split(":")[0] in kinds]
    rows = [keys.select(kind=pl.lit(name.split(":")[0]), digest=name).drop_nulls() for name in wanted]
    empty = Tombstones.create_empty()
    return pl.concat([empty, *(fit_table(Tombstones, row) for row in rows)]).unique("digest").sort("kind", "digest")


def mark_author(author_key: str, source: str | None) -> pl.DataFrame:
    """The tombstone of an author, of one source or (null) of all."""
    key = _digest(
        pl.DataFrame({"source": [source], "author": [author_key]}, schema={"source": pl.String, "author": pl.String}),
        "author",
    )
    return fit_table(Tombstones, pl.DataFrame({"kind": ["author"], "digest": key}))


def drop_forgotten(records: pl.DataFrame, tombstones: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is left of records.

    Args:
        records: n tables.Records of a capture, in their order.
        tombstones: tables.Tombstones.

    Returns:
        The records that stay, with forgotten parents unnamed and forgotten authors taken out of quotes and mentions;
        and a row of tables.Quarantine for each of the others, which says where it stood and nothing else.
    """
    if tombstones.is_empty() or records.is_empty():
        return records, Quarantine.create_empty()
    digests = tombstones["digest"]
    keys = _digest_records(records, marking=False)
    gone = keys.select(pl.any_horizontal(pl.all().is_in(digests.implode()).fill_null(value=False))).to_series()
    rejected = records.filter(gone).select(
        "capture_id", "ordinal", "location", stage=pl.lit("normalise"), rule=pl.lit(RULE), detail=pl.lit("forgotten"),
        raw=pl.lit(b""),
    )  # fmt: skip
    return _unname(records.filter(~gone), digests), fit_table(Quarantine, rejected)


def mark_rejected(rejected: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    """Tombstones (tables.Tombstones) of those rows of tables.Quarantine that are chosen (Boolean)."""
    marks = _digest_rejected(rejected.filter(chosen))
    return fit_table(Tombstones, pl.DataFrame({"digest": marks}).unique().with_columns(kind=pl.lit("rejected")))


def empty_rejected(rejected: pl.DataFrame, tombstones: pl.DataFrame) -> pl.DataFrame:
    """Rows of tables.Quarantine, as many and in their order; those forgotten say where they stood and nothing else."""
    if tombstones.is_empty() or rejected.is_empty():
        return rejected
    gone = pl.lit(_digest_rejected(rejected).is_in(tombstones["digest"].implode()))
    emptied = {"rule": pl.lit(RULE), "detail": pl.lit("forgotten"), "raw": pl.lit(b"")}
    return rejected.with_columns(
        pl.when(gone).then(value).otherwise(name).alias(name) for name, value in emptied.items()
    )


def _digest_rejected(rejected: pl.DataFrame) -> pl.Series:
    return _digest(rejected.select(pl.col("raw").bin.encode("hex")), "rejected")


def _digest(frame: pl.DataFrame, kind: str) -> pl.Series:
    """Digests that are no ids: who reads a tombstone learns no id of what it buries."""
    return digest_columns(frame, f"forgotten {kind}")


def _digest_records(records: pl.DataFrame, *, marking: bool) -> pl.DataFrame:
    """One column of digests per way to know a record again, null where it does not apply; ``kind`` or ``kind:variant``.

    Marking, rare words are forgotten of their author and of nobody in particular; a record is compared as it is.
    """
    rare = pl.col("information") >= RARE_BITS
    known = pl.col("author_key").is_not_null() & pl.col("posted_at").is_not_null()
    above = pl.when(~known).then(pl.col("words_key").shift(1)).alias("above")
    page = [pl.coalesce("discussion_scope", "scope").alias("discussion_scope"), "native_discussion"]
    has_author = pl.col("author_key").is_not_null()
    has_id = pl.col("scope").is_not_null() & pl.col("native_id").is_not_null()
    ways: dict[str, tuple[list[Any], pl.Expr]] = {
        "discussion": (page, pl.col("native_discussion").is_not_null()),
        "author": (["source", "author_key"], has_author),
        "post": (["scope", "native_id"], has_id),
        "words": (["words_key", "author_key"], rare),
        "said": (["words_key", "author_key", "posted_at", above], ~rare & (pl.col("n_words") > 0)),
    }
    if marking:
        ways["words:anyone"] = (["words_key", _NOTHING.alias("author_key")], rare)
    else:
        ways["author:anywhere"] = ([_NOTHING.alias("source"), "author_key"], has_author)
    digests = {
        name: _digest(records.select(fields), name.split(":")[0]).alias(name) for name, (fields, _) in ways.items()
    }
    applies = records.select(applies.alias(name) for name, (_, applies) in ways.items())
    return pl.DataFrame(digests).with_columns(pl.when(applies[name]).then(pl.col(name)).alias(name) for name in ways)


def _unname(records: pl.DataFrame, digests: pl.Series) -> pl.DataFrame:
    """Takes what was forgotten out of the records of others: parents' ids, authors in quotes and mentions."""
    parents = _digest(records.select("scope", "native_parent"), "post").alias("parent_digest")
    unnamed = pl.concat_str(pl.lit(_UNNAMED), pl.lit(_digest(records.select("scope", "native_parent"), "parent")))
    hidden = pl.col("native_parent").is_not_null() & pl.col("parent_digest").is_in(digests.implode())
    records = records.with_columns(parents).with_columns(
        native_parent=pl.when(hidden).then(unnamed).otherwise("native_parent")
    )
    records = records.drop("parent_digest")
    # A loop over two columns of spans; few records name a forgotten author.
    for column, field in (("quotes", "author"), ("mentions", "name")):
        names = records.select(pl.col(column).explode().struct.field(field).unique().drop_nulls()).to_series()
        if names.is_empty():
            continue
        keys = pl.DataFrame(
            {"source": [*records["source"].drop_nulls().unique().to_list(), None]}, schema={"source": pl.String}
        )
        pairs = pl.DataFrame({"name": names, "author_key": fold_authors(names)}).join(keys, how="cross")
        known = _digest(pairs.select("source", "author_key"), "author").is_in(digests)
        lost = pairs.filter(known)["name"].unique()
        if lost.is_empty():
            continue
        span = pl.element().struct
        if column == "mentions":
            kept = pl.element().filter(~span.field(field).is_in(lost.implode()))
        else:
            kept = pl.struct(
                span.field("start"), span.field("end"),
                pl.when(~span.field(field).is_in(lost.implode())).then(span.field(field)).alias(field),
            )  # fmt: skip
        records = records.with_columns(pl.col(column).list.eval(kept))
    return records
