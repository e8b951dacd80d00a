"""Posts whose words are nearly those of a given text.

In: a published archive and a text. Out: the posts, the most alike first.

>>> find_posts(open_archive("parquet"), "There is no need to pay for training data", at_least=0.5)
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from pipeline.algorithms.similarity import edit_ratio
from pipeline.algorithms.text import fold_words
from pipeline.deduplicate.candidates import key_texts
from pipeline.errors import SettingError
from pipeline.ids import digest_texts, number_ids
from pipeline.settings import Settings
from pipeline.store.bands import read_buckets
from pipeline.store.index import find_segments


class Indexed(Protocol):
    """What is needed of an archive: its posts, its runs, and the folder of the snapshot whose index is asked."""

    @property
    def posts(self) -> pl.LazyFrame: ...
    @property
    def runs(self) -> pl.LazyFrame: ...
    @property
    def snapshot(self) -> Path: ...


def find_posts(archive: Indexed, text: str, *, at_least: float) -> pl.DataFrame:
    """Posts that say nearly what a text says.

    Candidates share a band of their MinHash signature with the text, as the stored bands say (``pipeline.load_lsh``
    gives these as a ``datasketch.MinHashLSH``), or have its very words (posts too short to be in the index are found by
    these alone). All are then compared character by character.

    Args:
        archive: what ``pipeline.open_archive`` gives.
        text: any text, as a person writes it.
        at_least: least edit ratio of the folded words, from 0 to 1.

    Returns:
        similarity (Float32), post_id, discussion_id, author, posted_at, posted_precision, title, text; the most alike
        first, then in the order of ids.

    Raises:
        ArchiveError: the snapshot's index is not whole.
        SettingError: the text has no words.
    """
    words = pl.select(fold_words(pl.lit(text))).item()
    if not words:
        raise SettingError("There is no letter or digit in the text to find")
    folded = fold_words(pl.col("text"))
    near = _share_band(archive, words).implode()
    numbers = folded.map_batches(lambda texts: pl.Series(number_ids(digest_texts(texts))), return_dtype=pl.UInt64)
    alike = numbers.is_in(near) | (folded == words)
    columns = ["post_id", "discussion_id", "author", "posted_at", "posted_precision", "title", "text"]
    found = archive.posts.filter(alike).select(folded.alias("words"), *columns).collect()
    ratios = edit_ratio(found["words"], pl.repeat(words, found.height, dtype=pl.String, eager=True))
    return (
        found.select(pl.Series("similarity", ratios, dtype=pl.Float32), *columns)
        .filter(pl.col("similarity") >= at_least)
        .sort("similarity", "post_id", descending=[True, False])
    )


def _share_band(archive: Indexed, words: str) -> pl.Series:
    """Ids of the texts that are in a bucket of this one."""
    said = archive.runs.select("settings").tail(1).collect()["settings"].item()
    keys = key_texts(pl.Series([words]), Settings.model_validate_json(said))
    found = [ids for _, ids in read_buckets(find_segments(archive.snapshot), keys[:, 0])]
    return pl.Series(np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *found])))
