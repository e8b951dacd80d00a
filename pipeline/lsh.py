"""The archive's band index as datasketch's own: who says nearly what a text says, asked from any Python.

In: the folder that a run published into. Out: a ``datasketch.MinHashLSH`` of its posts, and signatures to ask it for.

>>> lsh = load_lsh("parquet")
>>> lsh.query(sign_text("There is no need to pay for training data"))
['2qk3…', …]

What it gives are candidates, as MinHash gives them: `threadloom find` also compares the words.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline.algorithms.lsh import fill_lsh
from pipeline.algorithms.minhash import as_minhash, sign_texts
from pipeline.algorithms.text import fold_words
from pipeline.archive import open_archive
from pipeline.deduplicate.candidates import long_enough
from pipeline.errors import ArchiveError
from pipeline.ids import digest_texts, number_ids
from pipeline.settings import Settings
from pipeline.store.bands import read_facts, read_keys
from pipeline.store.index import find_segments

if TYPE_CHECKING:
    from pipeline.algorithms.lsh import MinHashLSH
    from pipeline.algorithms.minhash import MinHash


def load_lsh(path: str | PathLike[str] = "parquet") -> MinHashLSH:
    """The posts of an archive, as an index to ask for posts like a text.

    It is made from the stored band keys; no text is signed again. Posts of less than ``candidates.MIN_CHARACTERS``
    characters are not in it. It takes some ten kilobytes of memory a post.

    Args:
        path: the folder of an archive.

    Returns:
        An index whose names are post_ids. It takes signatures that `sign_text` makes with the archive's settings.

    Raises:
        ArchiveError: nothing was published there, or without a band index.
    """
    archive = open_archive(Path(path))
    segments = find_segments(archive.snapshot)
    if not segments:
        raise ArchiveError(f"{path} has no band index: no post in it is long enough, or it must be published again")
    made = read_facts(segments[0]).made
    posts = archive.posts.select(words_key="post_id", words=fold_words(pl.col("text"))).collect()
    signed = long_enough(posts)
    known, keys = read_keys(segments, number_ids(digest_texts(signed["words"])), made["bands"])
    names = signed["words_key"].filter(pl.Series(known))
    return fill_lsh(names.to_list(), keys, made["permutations"], made["rows"])


def sign_text(text: str, settings: Settings | None = None) -> MinHash:
    """The signature of a text, to ask an index of `load_lsh` for.

    Args:
        text: as a person writes it.
        settings: those of the archive: shingle_size and permutations; the default ones if left out.
    """
    chosen = settings or Settings()
    words = pl.select(fold_words(pl.lit(text))).to_series()
    return as_minhash(sign_texts(words, chosen.shingle_size, chosen.permutations)[0])
