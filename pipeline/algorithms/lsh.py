"""Which texts are worth comparing: those whose signatures agree in at least one band of rows.

In: MinHash signatures. Out: candidate pairs, in time and number linear in the texts.

>>> bands, rows = choose_banding(0.4, 128)
>>> keys, ids = sort_members(np.array([7, 5, 7, 7], dtype=np.uint32), np.arange(4, dtype=np.uint64))
>>> bands, rows, bucket_pairs(keys, ids).tolist()
(32, 4, [[0, 2], [0, 3], [2, 3]])
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numba import njit, uint32, uint64
from numpy.typing import NDArray

from pipeline.algorithms.minhash import Hashes, as_minhash
from pipeline.errors import SettingError

if TYPE_CHECKING:
    from datasketch import MinHashLSH as MinHashLSH

Keys = NDArray[np.uint32]
Ids = NDArray[np.uint64]
Pairs = NDArray[np.uint64]

_Number = TypeVar("_Number", np.uint32, np.uint64)

NO_KEY = 0xFFFFFFFF  # where a text is in no bucket of a band

# Members of a bucket that each one is paired with, besides the first: those just before it. Buckets of up to six texts
# so give all their pairs, larger ones a few a member. One neighbour would be enough for a component of equal texts,
# but where verification drops edges the others keep its like together.
NEIGHBOURS = 4

# What datasketch's optimiser gives for the default settings: asking it imports scipy, half a second of every process.
_CHOSEN = {(0.4, 128): (32, 4)}


@cache
def choose_banding(similarity: float, permutations: int) -> tuple[int, int]:
    """Bands and rows a band for which pairs from ``similarity`` (Jaccard) on most probably become candidates.

    Chosen by datasketch's optimiser with its own weights: false positives and false negatives count the same.

    Raises:
        SettingError: so high a similarity would leave a single band.
    """
    if (known := _CHOSEN.get((similarity, permutations))) is not None:
        return known
    from datasketch import MinHashLSH  # here, because it imports scipy

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
    keys = np.empty((bands, signatures.shape[0]), dtype=np.uint32)
    for text in range(signatures.shape[0]):
        for band in range(bands):
            state = uint64(0)
            for row in range(band * rows, (band + 1) * rows):
                # One round of splitmix64 (Steele, Lea and Flood 2014) a value.
                state = (state ^ uint64(signatures[text, row])) + uint64(0x9E3779B97F4A7C15)
                state = (state ^ (state >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
                state = (state ^ (state >> uint64(27))) * uint64(0x94D049BB133111EB)
                state ^= state >> uint64(31)
            keys[band, text] = min(uint32(state >> uint64(32)), uint32(NO_KEY - 1))
    return keys


def band_keys(signatures: Hashes, bands: int, rows: int) -> Keys:
    """Keys of buckets: equal where two signatures agree in all rows of a band.

    Args:
        signatures: uint32 of shape (n, p) with p >= bands * rows; values beyond are not used.

    Returns:
        uint32 of shape (bands, n), never ``NO_KEY``. Only keys of one band are to be compared. Two different
        bands of rows meet in one key with a chance of 2**-32: among a million texts a hundred pairs a band, which
        verification throws out.

    Raises:
        ValueError: the signatures are too short.
    """
    if signatures.ndim != 2 or signatures.shape[1] < bands * rows:
        raise ValueError(f"{bands} bands of {rows} need signatures of {bands * rows} values, not {signatures.shape}")
    return np.asarray(_band_keys(signatures, bands, rows), dtype=np.uint32)


@njit(cache=True, nogil=True)
def _sort_members(keys: Keys, ids: Ids) -> tuple[Keys, Ids]:
    """Both sorted by key, then by id: radix sort in three passes of eleven bits, then each bucket's few ids."""
    n = keys.size
    from_keys, from_ids = keys.copy(), ids.copy()
    to_keys, to_ids = np.empty_like(keys), np.empty_like(ids)
    for shift in (0, 11, 22):
        places = np.zeros(2049, dtype=np.int64)
        for at in range(n):
            places[int((from_keys[at] >> uint32(shift)) & uint32(2047)) + 1] += 1
        if places.max() == n:
            continue
        for digit in range(2048):
            places[digit + 1] += places[digit]
        for at in range(n):
            digit = int((from_keys[at] >> uint32(shift)) & uint32(2047))
            place = places[digit]
            to_keys[place], to_ids[place] = from_keys[at], from_ids[at]
            places[digit] = place + 1
        from_keys, to_keys = to_keys, from_keys
        from_ids, to_ids = to_ids, from_ids
    start = 0
    for at in range(1, n + 1):
        if at == n or from_keys[at] != from_keys[start]:
            # Shell's sort (1959): buckets are small and nearly sorted, and numba takes a second to compile np.sort.
            gap = (at - start) // 2
            while gap > 0:
                for inner in range(start + gap, at):
                    held, place = from_ids[inner], inner
                    while place >= start + gap and from_ids[place - gap] > held:
                        from_ids[place] = from_ids[place - gap]
                        place -= gap
                    from_ids[place] = held
                gap //= 2
            start = at
    return from_keys, from_ids


@njit(cache=True, nogil=True)
def _pair_up(keys: Keys, ids: Ids, neighbours: int) -> Pairs:
    """Pairs within runs of equal keys; the members are sorted by key, then by id."""
    n_pairs = 0
    start = 0
    for at in range(keys.size):
        if keys[at] != keys[start]:
            start = at
        n_pairs += min(at - start, neighbours + 1)
    pairs = np.empty((n_pairs, 2), dtype=np.uint64)
    n_pairs = 0
    start = 0
    for at in range(keys.size):
        if keys[at] != keys[start]:
            start = at
        if at - start > neighbours:
            pairs[n_pairs, 0], pairs[n_pairs, 1] = ids[start], ids[at]
            n_pairs += 1
        for before in range(max(start, at - neighbours), at):
            pairs[n_pairs, 0], pairs[n_pairs, 1] = ids[before], ids[at]
            n_pairs += 1
    return pairs


@njit(cache=True, nogil=True)
def _rank_among(keys: Keys, ids: Ids, other_keys: Keys, other_ids: Ids) -> NDArray[np.int64]:
    """Each member's place in its bucket of the others, -1 where it is not there; both are sorted by key, then by id."""
    ranks = np.full(keys.size, -1, dtype=np.int64)
    first = other = 0
    for at in range(keys.size):
        if at == 0 or keys[at] != keys[at - 1]:
            while other < other_keys.size and other_keys[other] < keys[at]:
                other += 1
            first = other
        while other < other_keys.size and other_keys[other] == keys[at] and other_ids[other] < ids[at]:
            other += 1
        if other < other_keys.size and other_keys[other] == keys[at] and other_ids[other] == ids[at]:
            ranks[at] = other - first
    return ranks


@njit(cache=True, nogil=True)
def _pair_unlike(keys: Keys, ids: Ids, ranks: NDArray[np.int64], neighbours: int, pairs: Pairs) -> int:
    """As `_pair_up`, but for pairs that the others give as well; returns how many, of which those that fit are kept."""
    n_pairs = 0
    start = 0
    for at in range(keys.size):
        if keys[at] != keys[start]:
            start = at
        nearest = max(start, at - neighbours)
        for place in range(nearest - int(nearest > start), at):
            before = place if place >= nearest else start
            both = ranks[before] >= 0 and ranks[at] >= 0
            if both and (ranks[before] == 0 or ranks[at] - ranks[before] <= neighbours):
                continue
            if n_pairs < pairs.shape[0]:
                pairs[n_pairs, 0], pairs[n_pairs, 1] = ids[before], ids[at]
            n_pairs += 1
    return n_pairs


def sort_members(keys: Keys, ids: Ids) -> tuple[Keys, Ids]:
    """The members of one band's buckets together: both arrays sorted by key and, within a bucket, by id.

    Args:
        keys: uint32 of shape (n,). ids: uint64 of shape (n,), distinct.

    Returns:
        Both, without the members that have ``NO_KEY``.
    """
    if (missing := keys == np.uint32(NO_KEY)).any():
        keys, ids = keys[~missing], ids[~missing]
    by_key, by_id = _sort_members(keys, ids)
    return np.asarray(by_key, dtype=np.uint32), np.asarray(by_id, dtype=np.uint64)


def bucket_pairs(keys: Keys, ids: Ids) -> Pairs:
    """Candidate pairs of one band: every member of a bucket with its first and with the few just before it.

    What a bucket gives depends on who is in it and on nothing else: not on the order in which they came.

    Args:
        keys, ids: of n members, as ``sort_members`` gives them.

    Returns:
        uint64 of shape (m, 2), ids, the smaller one left; each pair once, at most ``NEIGHBOURS + 1`` a member, so that
        ten thousand copies give fifty thousand pairs. The members of a bucket are connected by them.
    """
    return np.asarray(_pair_up(keys, ids, NEIGHBOURS), dtype=np.uint64)


def unlike_pairs(keys: Keys, ids: Ids, other_keys: Keys, other_ids: Ids) -> Pairs:
    """The pairs that `bucket_pairs` gives of some members and does not give of others of the same band.

    Args:
        keys, ids: of n members, as ``sort_members`` gives them.
        other_keys, other_ids: of the others, likewise.

    Returns:
        As `bucket_pairs`.
    """
    ranks = _rank_among(keys, ids, other_keys, other_ids)
    pairs = np.empty(
        (_pair_unlike(keys, ids, ranks, NEIGHBOURS, np.empty((0, 2), dtype=np.uint64)), 2), dtype=np.uint64
    )
    _pair_unlike(keys, ids, ranks, NEIGHBOURS, pairs)
    return pairs


def sort_distinct(values: NDArray[_Number]) -> NDArray[_Number]:
    """The distinct values of an array, sorted; the array is sorted too.

    ``numpy.unique`` hashes them, which takes some twenty-five times as long where millions are mostly distinct.
    """
    values.sort()
    return values[np.append(True, values[1:] != values[:-1])] if values.size else values


def hash_band(values: bytes) -> bytes:
    """A band's key from what ``datasketch.MinHashLSH`` hands to its hashfunc: the values of the band, big-endian."""
    row = np.frombuffer(values, dtype=">u4").astype(np.uint32)
    return band_keys(row[None], 1, row.size).astype("<u4").tobytes()


def fill_lsh(names: Sequence[str], keys: Keys, permutations: int, rows: int) -> MinHashLSH:
    """datasketch's own index from band keys alone, without the signatures that they were made from.

    Args:
        names: n distinct names.
        keys: uint32 of shape (bands, n), as ``band_keys`` gives them.
        permutations: values in the signatures to be asked for. rows: values in a band.

    Returns:
        An index that takes further signatures and is asked for any, all made as `as_minhash` makes them.
    """
    from datasketch import MinHashLSH  # here, because it imports scipy

    lsh = MinHashLSH(num_perm=permutations, params=(len(keys), rows), hashfunc=hash_band)
    # From its first signature an index learns the scheme of all; this one, of the empty text, does not stay in it.
    lsh.insert("", as_minhash(np.full(permutations, 0xFFFFFFFF, dtype=np.uint32)))
    lsh.remove("")
    stored = [[key.tobytes() for key in band.astype("<u4")] for band in keys]
    # A Python loop over records: datasketch keeps its index in dicts of Python.
    for name, *bands in zip(names, *stored, strict=True):
        lsh.keys.insert(name, *bands)
        for table, key in zip(lsh.hashtables, bands, strict=True):
            table.insert(key, name)
    return lsh
