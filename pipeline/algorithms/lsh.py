"""Which texts are worth comparing: those whose signatures agree in at least one band of rows.

In: MinHash signatures. Out: candidate pairs, in time and number linear in the texts.

>>> bands, rows = choose_banding(0.4, 128)
>>> bands, rows, bucket_pairs(np.array([7, 5, 7, 7], dtype=np.uint64)).tolist()
(32, 4, [[0, 2], [0, 3], [2, 3]])
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from datasketch import MinHashLSH
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.algorithms.minhash import Hashes, as_minhash
from pipeline.errors import SettingError

Keys = NDArray[np.uint64]
Pairs = NDArray[np.int64]

# Members of a bucket that each one is paired with, besides the first: those just before it. Buckets of up to six texts
# so give all their pairs, larger ones a few a member. One neighbour would be enough for a component of equal texts,
# but where verification drops edges the others keep its like together.
NEIGHBOURS = 4


@cache
def choose_banding(similarity: float, permutations: int) -> tuple[int, int]:
    """Bands and rows a band for which pairs from ``similarity`` (Jaccard) on most probably become candidates.

    Chosen by datasketch's optimiser with its own weights: false positives and false negatives count the same.

    Raises:
        SettingError: so high a similarity would leave a single band.
    """
    try:
        lsh = MinHashLSH(threshold=similarity, num_perm=permutations)
    except ValueError as error:
        raise SettingError(
            f"candidate_similarity {similarity} cannot be used with {permutations} permutations ({error}): "
            "lower it or take more permutations"
        ) from error
    return lsh.b, lsh.r


@njit(cache=True, nogil=True)
def _band_keys(signatures: Hashes, bands: int, rows: int) -> Keys:
    keys = np.empty((signatures.shape[0], bands), dtype=np.uint64)
    for text in range(signatures.shape[0]):
        for band in range(bands):
            state = uint64(0)
            for row in range(band * rows, (band + 1) * rows):
                # One round of splitmix64 (Steele, Lea and Flood 2014) a value.
                state = (state ^ uint64(signatures[text, row])) + uint64(0x9E3779B97F4A7C15)
                state = (state ^ (state >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
                state = (state ^ (state >> uint64(27))) * uint64(0x94D049BB133111EB)
                state ^= state >> uint64(31)
            keys[text, band] = state
    return keys


def band_keys(signatures: Hashes, bands: int, rows: int) -> Keys:
    """Keys of buckets: equal where two signatures agree in all rows of a band.

    Args:
        signatures: uint32 of shape (n, p) with p >= bands * rows; values beyond are not used.

    Returns:
        uint64 of shape (n, bands). Only keys of one band are to be compared. That two different bands of rows meet in
        one key has a chance of 2**-64, and verification would find out.

    Raises:
        ValueError: the signatures are too short.
    """
    if signatures.ndim != 2 or signatures.shape[1] < bands * rows:
        raise ValueError(f"{bands} bands of {rows} need signatures of {bands * rows} values, not {signatures.shape}")
    return np.asarray(_band_keys(signatures, bands, rows), dtype=np.uint64)


@njit(cache=True, nogil=True)
def _pair_up(order: Pairs, keys: Keys, neighbours: int) -> Pairs:
    """Pairs within runs of equal keys; ``order`` lists the rows by key, then by row."""
    n_pairs = 0
    start = 0
    for at in range(order.size):
        if keys[order[at]] != keys[order[start]]:
            start = at
        n_pairs += min(at - start, neighbours + 1)
    pairs = np.empty((n_pairs, 2), dtype=np.int64)
    n_pairs = 0
    start = 0
    for at in range(order.size):
        if keys[order[at]] != keys[order[start]]:
            start = at
        if at - start > neighbours:
            pairs[n_pairs, 0], pairs[n_pairs, 1] = order[start], order[at]
            n_pairs += 1
        for before in range(max(start, at - neighbours), at):
            pairs[n_pairs, 0], pairs[n_pairs, 1] = order[before], order[at]
            n_pairs += 1
    return pairs


def bucket_pairs(keys: Keys) -> Pairs:
    """Candidate pairs of one band: every member of a bucket with its first and with the few just before it.

    Args:
        keys: uint64 of shape (n,).

    Returns:
        int64 of shape (m, 2), the smaller row left; each pair once, at most ``NEIGHBOURS + 1`` a row, so that ten
        thousand copies give fifty thousand pairs. The rows of a bucket are connected by them.
    """
    return np.asarray(_pair_up(np.argsort(keys, kind="stable"), keys, NEIGHBOURS), dtype=np.int64)


def build_lsh(ids: Sequence[str], signatures: Hashes, bands: int, rows: int) -> MinHashLSH:
    """An index to ask for texts like a new one: datasketch's own, with the given bands.

    Args:
        ids: n distinct names. signatures: uint32 of shape (n, p).

    Raises:
        ValueError: an id stands there twice, or the bands need more values than p.
    """
    lsh = MinHashLSH(num_perm=signatures.shape[1], params=(bands, rows))
    # A Python loop over records: datasketch inserts one by one (40,000 a second). Only for an index held in memory.
    for name, signature in zip(ids, signatures, strict=True):
        lsh.insert(name, as_minhash(signature))
    return lsh


def query_lsh(lsh: MinHashLSH, signature: Hashes) -> list[str]:
    """Ids in the index that agree with the signature in at least one band, in their own order."""
    return sorted(lsh.query(as_minhash(signature)))
