"""Which texts are worth verifying as near duplicates.

In: distinct folded texts. Out: pairs of rows that share a bucket; or the texts' band keys, for an index.

>>> texts = pl.DataFrame({"words_key": ["a", "b"], "words": ["the tram was late again", "the trams was late again"]})
>>> candidate_pairs(long_enough(texts)["words"], Settings()).tolist()
[[0, 1]]

Signatures are made in chunks and only their band keys stay, as many bands at a time as fit in memory. A bucket gives a
few candidate pairs a member, never all, so that ten thousand versions of one text are linear work; other bands and
components find what one bucket leaves out.

Short texts have further bands over shorter shingles: two slips leave a short sentence few runs of five characters.
One more band looks at how texts begin, so that a text that was cut off meets the whole one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.lsh import NO_KEY, Keys, band_keys, bucket_pairs, choose_banding, sort_distinct, sort_members
from pipeline.algorithms.minhash import sign_texts
from pipeline.buffers import slice_texts, text_buffers, text_column
from pipeline.settings import Settings

Rows = NDArray[np.int64]

# Below this length words carry too little evidence: there author, time and neighbours decide, elsewhere.
MIN_CHARACTERS = 20

SHORT_CHARACTERS = 120  # up to here a text counts as short
SHORT_SHINGLE_SIZE = 3
SHORT_BANDS = 16
SHORT_ROWS = 4

# A text that breaks off ("… read more") shares few runs with the whole one, but its first characters.
HEAD_CHARACTERS = 48
HEAD_ROWS = 4

_ANY_LENGTH = (1 << 32) - 1
_KEY_BYTES = 512 << 20  # of band keys held at a time
_PENDING_PAIRS = 1 << 24  # candidates gathered before those found again are dropped


def long_enough(texts: pl.DataFrame) -> pl.DataFrame:
    """Texts worth signing in an order that does not depend on the rows given, and laid out in memory in that order."""
    found = texts.filter(pl.col("words").str.len_chars() >= MIN_CHARACTERS).sort("words_key")
    return found.with_columns(text_column(*text_buffers(found["words"])).alias("words"))


def _chunks(words: pl.Series) -> Iterator[tuple[int, pl.Series]]:
    """Slices of the texts, each with the row it starts at."""
    start = 0
    for texts in slice_texts(words):
        yield start, texts
        start += len(texts)


@dataclass(frozen=True)
class Bands:
    """Some bands that are made from one signature.

    Attributes:
        shingle_size, permutations: of the signature.
        first, last: bands of it, ``last`` not among them.
        rows: values in a band.
        longest: characters of the longest texts that are in these bands; null where all are.
        head: how many characters are looked at, and the least that a text in these bands has; null: all of them.
    """

    shingle_size: int
    permutations: int
    first: int
    last: int
    rows: int
    longest: int | None = None
    head: int | None = None


def choose_bands(settings: Settings) -> list[Bands]:
    """All bands that texts are put into: those of the settings, of short texts, of beginnings.

    Raises:
        SettingError: candidate_similarity and permutations give no banding.
    """
    bands, rows = choose_banding(settings.candidate_similarity, settings.permutations)
    return [
        Bands(settings.shingle_size, settings.permutations, 0, bands, rows),
        Bands(SHORT_SHINGLE_SIZE, SHORT_BANDS * SHORT_ROWS, 0, SHORT_BANDS, SHORT_ROWS, SHORT_CHARACTERS),
        Bands(settings.shingle_size, HEAD_ROWS, 0, 1, HEAD_ROWS, head=HEAD_CHARACTERS),
    ]


def describe_bands(settings: Settings) -> dict[str, int]:
    """Name and number of everything that decides the keys of a text: keys are compared only where all are equal."""
    plain, short, head = choose_bands(settings)
    return {
        "bands": plain.last,
        "rows": plain.rows,
        "permutations": plain.permutations,
        "shingle_size": plain.shingle_size,
        "shortest": MIN_CHARACTERS,
        "short_bands": short.last,
        "short_rows": short.rows,
        "short_permutations": short.permutations,
        "short_shingle_size": short.shingle_size,
        "short_longest": SHORT_CHARACTERS,
        "head_bands": head.last,
        "head_rows": head.rows,
        "head_characters": HEAD_CHARACTERS,
    }


def _key_bands(words: pl.Series, bands: Bands, keys: Keys) -> None:
    """Fill ``keys`` of shape (bands.last - bands.first, n)."""
    columns = slice(bands.first * bands.rows, bands.last * bands.rows)

    def fill(chunk: tuple[int, pl.Series]) -> None:
        start, texts = chunk
        found = keys[:, start : start + texts.len()]
        where: slice | NDArray[np.bool_] = slice(None)
        if bands.longest is not None or bands.head is not None:
            lengths = texts.str.len_chars()
            where = lengths.is_between(bands.head or 0, bands.longest or _ANY_LENGTH).to_numpy()
            texts = texts.filter(pl.Series(where))
            texts = texts if bands.head is None else texts.str.head(bands.head)
            found[:] = NO_KEY
        signatures = sign_texts(texts, bands.shingle_size, bands.permutations, columns)
        found[:, where] = band_keys(signatures, bands.last - bands.first, bands.rows)

    with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
        for _ in threads.map(fill, _chunks(words)):
            pass


def key_texts(words: pl.Series, settings: Settings) -> Keys:
    """Keys of the buckets that texts are in, one a band: what an index keeps of them.

    Args:
        words: n folded texts without nulls.
        settings: shingle_size, permutations, candidate_similarity.

    Returns:
        uint32 of shape (bands, n), ``lsh.NO_KEY`` where a text is too long for a band.

    Raises:
        SettingError: candidate_similarity and permutations give no banding.
    """
    families = choose_bands(settings)
    keys = np.empty((sum(bands.last for bands in families), words.len()), dtype=np.uint32)
    first = 0
    for bands in families:
        _key_bands(words, bands, keys[first : first + bands.last])
        first += bands.last
    return keys


def candidate_pairs(words: pl.Series, settings: Settings) -> Rows:
    """Pairs of texts that share a bucket.

    Args:
        words: n distinct folded texts, long enough; n is below 2**32.
        settings: shingle_size, permutations, candidate_similarity.

    Returns:
        Row numbers: int64 of shape (m, 2), left < right, sorted, each pair once.

    Raises:
        SettingError: candidate_similarity and permutations give no banding.
    """
    n = words.len()
    at_once = max(1, _KEY_BYTES // max(1, 4 * n))
    numbers = np.arange(n, dtype=np.uint64)

    def pair(keys: Keys) -> NDArray[np.uint64]:
        pairs = bucket_pairs(*sort_members(keys, numbers))
        return pairs[:, 0] << np.uint64(32) | pairs[:, 1]

    pieces = [
        replace(bands, first=first, last=min(first + at_once, bands.last))
        for bands in choose_bands(settings)
        for first in range(0, bands.last, at_once)
    ]

    def pair_bands() -> Iterator[NDArray[np.uint64]]:
        with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
            for bands in pieces:
                keys = np.empty((bands.last - bands.first, n), dtype=np.uint32)
                _key_bands(words, bands, keys)
                yield from threads.map(pair, keys)

    codes = _distinct(pair_bands())
    pairs = np.empty((codes.size, 2), dtype=np.int64)
    pairs[:, 0], pairs[:, 1] = codes >> np.uint64(32), codes & np.uint64(0xFFFFFFFF)
    return pairs


def _distinct(arrays: Iterable[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Distinct codes of all arrays, sorted."""
    found = [np.empty(0, dtype=np.uint64)]
    pending = 0
    for codes in arrays:
        found.append(codes)
        pending += codes.size
        if pending > _PENDING_PAIRS:
            found, pending = [sort_distinct(np.concatenate(found))], 0
    return sort_distinct(np.concatenate(found))
