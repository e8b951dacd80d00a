"""Tables that are not part of a run, made from what it published: ``threadloom enrich language``.

In: an archive. Out: ``enriched/<run_id>/<table>/part-*.parquet``, which goes when the snapshot of that run goes.

>>> enrich_language("parquet")
>>> open_archive("parquet").enriched("languages").group_by("language").len().collect()
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import polars as pl

from pipeline.algorithms.languages import MODEL, identify_languages
from pipeline.archive import open_archive
from pipeline.store.enriched import write_enriched
from pipeline.tables import Languages, check_table

_POSTS = 50_000


def enrich_language(path: str | PathLike[str], confidence: float = 0.5) -> pl.DataFrame:
    """Identifies the language of every post of the newest snapshot that has words, and writes the table ``languages``.

    Quotations and links are left out: they are in the language of others. A second call replaces the table.

    Args:
        path: the folder of the archive.
        confidence: a language that is less sure than this is null; its confidence is kept.

    Returns:
        How many posts are in each language: language (String, null: unknown), posts (UInt32), the most frequent first.

    Raises:
        ArchiveError: nothing was published there.
    """
    archive = open_archive(path)
    posts = archive.posts.filter(~pl.col("is_placeholder"), pl.col("text") != "").select("post_id", "text", "quotes")
    rows = [_identify(batch, confidence) for batch in posts.collect_batches(chunk_size=_POSTS, maintain_order=True)]
    languages = check_table(Languages, pl.concat([Languages.create_empty(), *rows]).sort("post_id"))
    write_enriched(Path(path), archive.run_id, "languages", languages)
    return languages.group_by("language").agg(posts=pl.len()).sort(["posts", "language"], descending=[True, False])


def _identify(posts: pl.DataFrame, confidence: float) -> pl.DataFrame:
    found = identify_languages(_own_words(posts))
    sure = pl.col("confidence") >= confidence
    return posts.select("post_id").hstack(found).with_columns(
        language=pl.when(sure).then("language"), model=pl.lit(MODEL)
    )  # fmt: skip


def _own_words(posts: pl.DataFrame) -> pl.Series:
    """Texts without what they quote; the whole text where nothing else is in it."""
    quoting = posts["quotes"].list.len() > 0
    # A Python loop over the posts that quote, and no others: the parts between spans are no column expression.
    own = [_between(*row) for row in posts.filter(quoting).select("text", "quotes").iter_rows()]
    return posts["text"].scatter(quoting.arg_true(), own) if own else posts["text"]


def _between(text: str, quotes: list[dict[str, int]]) -> str:
    ends = [0, *(quote["end"] for quote in quotes)]
    starts = [*(quote["start"] for quote in quotes), len(text)]
    own = " ".join(text[end:start] for end, start in zip(ends, starts, strict=True))
    return own if own.strip() else text
