"""Records made comparable: the one pass from what a reader yields to what the later stages compare.

In: RawRecords of one capture. Out: Records, and the records that turned out to hold nothing.

>>> records, rejected = normalise_records(raw, "aaaaaaaaaaaaaaaa", facts, load_pack())
>>> records.select("text", "posted_at", "words").row(0)
('Rain, again.', datetime.datetime(2019, 4, 29, 10, 2, tzinfo=...), 'rain again')
"""

from __future__ import annotations

from typing import Protocol

import polars as pl

from pipeline.ids import digest_columns
from pipeline.normalise.authors import fold_authors
from pipeline.normalise.deletion import find_deletions
from pipeline.normalise.mentions import find_addressees, find_mentions
from pipeline.normalise.spans import collect_spans, drop_overlaps
from pipeline.normalise.text import read_texts, read_titles
from pipeline.normalise.times import coarsen_precision, read_times
from pipeline.normalise.words import read_words
from pipeline.pack import ModelPack
from pipeline.tables import Quarantine, Records, fit_table

NORMALISER_VERSION = 3

_RAW_BYTES = 1000
_REPAIRED = r'"text_repaired"\s*:\s*true'


class Facts(Protocol):
    """What is known of the capture as a whole."""

    @property
    def source(self) -> str | None:
        """Site or named source."""

    @property
    def shape(self) -> str | None:
        """page, stream, or null where the format does not say."""

    @property
    def order_known(self) -> str:
        """One of tables.LISTINGS."""

    @property
    def paragraphs(self) -> bool:
        """Whether records are paragraphs of a flat text."""


def normalise_records(
    raw: pl.DataFrame, capture_id: str, facts: Facts, pack: ModelPack
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Plain text with quotes and mentions, instants in UTC, folded words and their keys.

    No record is lost and no value refused: what cannot be read is null beside its raw form. What depends on other
    records (names that open a chat line, times that are all whole minutes) looks at the rows given, so these should
    be a whole capture, or the same batches of it each time.

    Args:
        raw: n RawRecords.
        capture_id: their capture.
        facts: what is known of the capture.
        pack: rarities of words.

    Returns:
        Records and Quarantine rows, n together, both in the order of `raw`. Rejected is what has neither id nor title
        nor words nor a notice of deletion (rule no_words_no_id).
    """
    texts = read_texts(raw.select("body", "markup"))
    notices = find_deletions(texts.text)
    text = pl.select(pl.when(notices.is_null()).then(texts.text).otherwise(pl.lit(""))).to_series().alias("text")
    author_key = fold_authors(raw["author"])
    captured_at = read_times(raw["captured_at_raw"])["at"]
    times = read_times(raw["posted_at_raw"], captured_at)
    mentions = _find_mentions(text, texts.mentions, author_key, facts, pack)
    known = raw.with_columns(
        digest_columns(raw.select(pl.lit(capture_id).alias("capture_id"), "ordinal"), "sighting").alias("sighting_id"),
        text,
        author_key,
        pl.coalesce("deletion", notices).alias("deletion"),
        read_titles(raw["title"], raw["markup"]).alias("title"),
        read_titles(raw["discussion_title"], raw["markup"]).alias("discussion_title"),
        collect_spans(texts.quotes, raw.height, "author").alias("quotes"),
        collect_spans(mentions, raw.height, "name").alias("mentions"),
        times["at"].alias("posted_at"),
        coarsen_precision(times).alias("posted_precision"),
        read_times(raw["edited_at_raw"], captured_at)["at"].alias("edited_at"),
        captured_at.alias("captured_at"),
        _list_flags(times["guessed"], raw["extra"]),
        *read_words(text, pack),
        capture_id=pl.lit(capture_id),
        source=pl.lit(facts.source, dtype=pl.String),
        shape=pl.lit(facts.shape, dtype=pl.String),
        order_known=pl.lit(facts.order_known),
        paragraphs=pl.lit(facts.paragraphs),
    )
    says_nothing = (
        (pl.col("text") == "") & pl.all_horizontal(pl.col("native_id", "title", "deletion").is_null())
    )  # fmt: skip
    return fit_table(Records, known.filter(~says_nothing)), _reject(known.filter(says_nothing))


def _find_mentions(
    text: pl.Series, declared: pl.DataFrame, author_key: pl.Series, facts: Facts, pack: ModelPack
) -> pl.DataFrame:
    authors = author_key.drop_nulls().unique(maintain_order=True)
    found = [declared, find_mentions(text, authors)]
    if facts.shape != "page" and len(authors):
        found.append(find_addressees(text, authors, pack.words))
    return drop_overlaps(pl.concat(found))


def _list_flags(guessed: pl.Series, extra: pl.Series) -> pl.Series:
    """A list of flags per row: one of four lists, picked by number."""
    lists = pl.Series(
        "flags", [[], ["time_guessed_zone"], ["text_repaired"], ["time_guessed_zone", "text_repaired"]],
        dtype=pl.List(pl.String),
    )  # fmt: skip
    repaired = extra.str.contains(_REPAIRED).fill_null(False)
    return lists.gather(guessed.cast(pl.UInt32) + 2 * repaired.cast(pl.UInt32))


def _reject(empty: pl.DataFrame) -> pl.DataFrame:
    rejected = empty.select(
        "capture_id",
        "ordinal",
        "location",
        stage=pl.lit("normalise"),
        rule=pl.lit("no_words_no_id"),
        detail=pl.lit("no id, and no visible character in its text"),
        raw=pl.col("body").fill_null("").cast(pl.Binary).bin.slice(0, _RAW_BYTES),
    )
    return fit_table(Quarantine, rejected)
