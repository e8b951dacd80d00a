"""What the audit is made of: rules, the tables they ask, and what they find.

In: a function that turns tables into the rows that are wrong. Out: a rule, and for each table it breaks one finding.

>>> @rule("posts")
... def sighting_has_post(tables: Tables) -> pl.LazyFrame: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipeline.store.snapshot import Manifest

Wrong = pl.LazyFrame
"""Rows that break a rule: one String column, ``example``, which says in one line what is wrong."""


@dataclass(frozen=True)
class Finding:
    """A rule that does not hold.

    Attributes:
        rule: name of the rule.
        table: table in which the rows stand.
        count: how many rows (files, for rules about files) break it.
        example: one of them, in words.
    """

    rule: str
    table: str
    count: int
    example: str


@dataclass(frozen=True, eq=False)
class Tables:
    """The published tables of one snapshot as lazy frames, its manifest, and its index's ids where it has one."""

    manifest: Manifest
    posts: pl.LazyFrame
    discussions: pl.LazyFrame
    threads: pl.LazyFrame
    links: pl.LazyFrame
    sightings: pl.LazyFrame
    duplicates: pl.LazyFrame
    repeats: pl.LazyFrame
    captures: pl.LazyFrame
    quarantine: pl.LazyFrame
    aliases: pl.LazyFrame
    decisions: pl.LazyFrame
    runs: pl.LazyFrame


@dataclass(frozen=True)
class Rule:
    """A promise about one table, as a function to the rows that break it."""

    name: str
    table: str
    wrong: Callable[[Tables], Wrong]

    def ask(self, tables: Tables) -> Finding | None:
        """The finding, or null where the promise holds."""
        return count_wrong(self.name, self.table, self.wrong(tables))


def rule(table: str) -> Callable[[Callable[[Tables], Wrong]], Rule]:
    """Makes a rule of a function; its name is the function's."""
    return lambda wrong: Rule(wrong.__name__, table, wrong)


def count_wrong(name: str, table: str, wrong: Wrong) -> Finding | None:
    """The finding that these rows make, or null where there are none."""
    # The smallest example and not the first: joins keep no order.
    count, example = wrong.select(pl.len().alias("count"), pl.col("example").min()).collect().row(0)
    return Finding(name, table, int(count), str(example)) if count else None


def name_rows(frame: pl.LazyFrame, *columns: str) -> Wrong:
    """One line for each row: ``post_id=abc, depth=3``."""
    values = [
        pl.concat_str(pl.lit(f"{column}="), pl.col(column).cast(pl.String).fill_null("null")) for column in columns
    ]
    return frame.select(pl.concat_str(values, separator=", ").alias("example"))


def without_match(frame: pl.LazyFrame, column: str, known: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Rows whose column names something (is not null) that no row of ``known`` has as its key."""
    named = frame.filter(pl.col(column).is_not_null())
    return named.join(known.select(key), left_on=column, right_on=key, how="anti")
