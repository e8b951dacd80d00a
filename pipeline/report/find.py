"""Posts whose words are nearly those of a given text.

In: a published archive and a text. Out: the posts, the most alike first.

>>> find_posts(open_archive("parquet"), "There is no need to pay for training data", at_least=0.5)
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import polars as pl

from pipeline.algorithms.lsh import build_lsh, query_lsh
from pipeline.algorithms.minhash import sign_texts
from pipeline.algorithms.similarity import edit_ratio
from pipeline.algorithms.text import fold_words
from pipeline.errors import SettingError
from pipeline.store.index import find_candidates, load_index


class Indexed(Protocol):
    """What is needed of an archive: its posts, and the folder of the snapshot whose index is asked."""

    @property
    def posts(self) -> pl.LazyFrame: ...
    @property
    def snapshot(self) -> Path: ...


def find_posts(archive: Indexed, text: str, *, at_least: float) -> pl.DataFrame:
    """Posts that say nearly what a text says.

    Candidates share a band of their MinHash signature with the text, in a ``datasketch.MinHashLSH`` filled from the
    stored signatures, or have its very words (posts too short to be in the index are found by these alone). All are
    then compared character by character.

    Args:
        archive: what ``pipeline.open_archive`` gives.
        text: any text, as a person writes it.
        at_least: least edit ratio of the folded words, from 0 to 1.

    Returns:
        similarity (Float32), post_id, discussion_id, author, posted_at, posted_precision, title, text; the most alike
        first, then in the order of ids.

    Raises:
        ArchiveError: the snapshot has no index.
        SettingError: the text has no words.
    """
    words = pl.select(fold_words(pl.lit(text))).item()
    if not words:
        raise SettingError("There is no letter or digit in the text to find")
    folded = fold_words(pl.col("text"))
    alike = pl.col("post_id").is_in(_share_band(archive.snapshot, words)) | (folded == words)
    columns = ["post_id", "discussion_id", "author", "posted_at", "posted_precision", "title", "text"]
    found = archive.posts.filter(alike).select(folded.alias("words"), *columns).collect()
    ratios = edit_ratio(found["words"], pl.repeat(words, found.height, dtype=pl.String, eager=True))
    return (
        found.select(pl.Series("similarity", ratios, dtype=pl.Float32), *columns)
        .filter(pl.col("similarity") >= at_least)
        .sort("similarity", "post_id", descending=[True, False])
    )


def _share_band(snapshot: Path, words: str) -> list[str]:
    facts = load_index(snapshot)
    query = sign_texts(pl.Series([words]), facts.shingle_size, facts.permutations)[0]
    ids, signatures = find_candidates(snapshot, query)
    return query_lsh(build_lsh(ids.to_list(), signatures, facts.bands, facts.rows), query)
