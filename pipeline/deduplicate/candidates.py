"""Which texts are worth verifying as near duplicates.

In: distinct folded texts. Out: pairs of rows that share a bucket, and signatures for the index.

>>> texts = pl.DataFrame({"words_key": ["a", "b"], "words": ["the tram was late again", "the trams was late again"]})
>>> candidate_pairs(long_enough(texts)["words"], Settings()).tolist()
[[0, 1]]

Signatures are made in chunks and only their band keys stay, as many bands at a time as fit in memory. A bucket gives a
few candidate pairs a member, never all, so that ten thousand versions of one text are linear work; other bands and
components find what one bucket leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.lsh import Pairs, band_keys, bucket_pairs, choose_banding
from pipeline.algorithms.minhash import Hashes, pack_signatures, sign_texts
from pipeline.settings import Settings

# Below this length words carry too little evidence: there author, time and neighbours decide, elsewhere.
MIN_CHARACTERS = 20

_CHUNK_TEXTS = 1 << 16  # signed at a time: 32 MiB of signatures
_KEY_BYTES = 512 << 20  # of band keys held at a time
_PENDING_PAIRS = 1 << 24  # candidates gathered before those found again are dropped


def long_enough(texts: pl.DataFrame) -> pl.DataFrame:
    """Texts worth signing in an order that does not depend on the rows given."""
    return texts.filter(pl.col("words").str.len_chars() >= MIN_CHARACTERS).sort("words_key")


def _sign_chunks(words: pl.Series, settings: Settings, columns: slice = slice(None)) -> Iterator[tuple[int, Hashes]]:
    """Signatures of ``_CHUNK_TEXTS`` texts at a time, each with the row it starts at."""
    for start in range(0, words.len(), _CHUNK_TEXTS):
        chunk = words.slice(start, _CHUNK_TEXTS)
        yield start, sign_texts(chunk, settings.shingle_size, settings.permutations, columns)


def candidate_pairs(words: pl.Series, settings: Settings) -> Pairs:
    """Pairs of texts that share a bucket.

    Args:
        words: n distinct folded texts, long enough.
        settings: shingle_size, permutations, candidate_similarity.

    Returns:
        Row numbers: int64 of shape (m, 2), left < right, sorted, each pair once.

    Raises:
        SettingError: candidate_similarity and permutations give no banding.
    """
    n = words.len()
    bands, rows = choose_banding(settings.candidate_similarity, settings.permutations)
    bands_at_once = max(1, min(bands, _KEY_BYTES // max(1, 8 * n)))
    found: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    pending = 0
    for first in range(0, bands, bands_at_once):
        last = min(first + bands_at_once, bands)
        keys = np.empty((last - first, n), dtype=np.uint64)
        for start, signatures in _sign_chunks(words, settings, slice(first * rows, last * rows)):
            keys[:, start : start + len(signatures)] = band_keys(signatures, last - first, rows).T
        for band in keys:
            pairs = bucket_pairs(band)
            found.append(pairs[:, 0] * n + pairs[:, 1])  # one number a pair; n is far below the root of 2**63
            pending += len(pairs)
            if pending > _PENDING_PAIRS:
                found, pending = [np.unique(np.concatenate(found))], 0
    codes = np.unique(np.concatenate(found))
    return np.stack([codes // max(1, n), codes % max(1, n)], axis=1)


def sign_distinct(texts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Signatures of the texts that are long enough, to be kept in an index.

    Args:
        texts: words_key (String, distinct), words (String, folded).
        settings: shingle_size, permutations.

    Returns:
        words_key (String), signature (Binary: ``permutations`` little-endian uint32), sorted by words_key.
    """
    signed = long_enough(texts)
    packed = [pl.Series("signature", [], dtype=pl.Binary)]
    packed += [pack_signatures(signatures) for _, signatures in _sign_chunks(signed["words"], settings)]
    return signed.select("words_key").with_columns(pl.concat(packed).alias("signature"))
