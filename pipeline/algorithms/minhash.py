"""MinHash signatures of texts, equal to those of datasketch bit for bit and some hundred times faster.

In: a column of folded texts. Out: one row of 32-bit values a text; the share of values that two rows have in common
estimates the share of shingles that their texts have in common (Broder 1997).

>>> signatures = sign_texts(pl.Series(["the tram is late today", "the tram is late again"]), 5, 128)
>>> signatures.shape, round(as_minhash(signatures[0]).jaccard(as_minhash(signatures[1])), 1)
((2, 128), 0.5)

A shingle is a run of ``size`` characters (code points). It is hashed once with MurmurHash3 (32 bit, seed 0); the scheme
"affine32" of datasketch mixes the hash once more and permutes it as ``a * h + b`` modulo 2**32 for every pair (a, b).
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numba import njit, uint32, uint64
from numpy.typing import NDArray

from pipeline.buffers import Bytes, Offsets, text_buffers


def _open_datasketch() -> None:
    """Makes datasketch's modules importable one by one. Its ``__init__`` imports scipy and redis, half a second that a
    process which signs texts has no use for; it runs as soon as anybody asks the package for a name (PEP 562)."""
    spec = find_spec("datasketch")
    if "datasketch" in sys.modules or spec is None or spec.loader is None:
        return
    package, loader = module_from_spec(spec), spec.loader

    def complete(name: str) -> Any:
        if package.__dict__.pop("__getattr__", None) is not None:
            loader.exec_module(package)
        try:
            return package.__dict__[name]
        except KeyError:
            raise AttributeError(f"module 'datasketch' has no attribute {name!r}") from None

    package.__dict__["__getattr__"] = complete
    sys.modules["datasketch"] = package


if TYPE_CHECKING:
    from datasketch import MinHash as MinHash
else:
    _open_datasketch()
    from datasketch.minhash import MinHash

SCHEME = "affine32"

Hashes = NDArray[np.uint32]

# Hashes of a text are permuted in blocks that stay in the processor's first cache, whatever the length of the text.
_BLOCK = 1024


@cache
def _draw(n: int) -> Hashes:
    """Both rows of permutations as datasketch keeps them: uint32 of shape (2, n), shared by all callers."""
    pair = np.ascontiguousarray(MinHash(num_perm=n, scheme=SCHEME).permutations, dtype=np.uint32)
    pair.setflags(write=False)
    return pair


def draw_permutations(n: int) -> tuple[Hashes, Hashes]:
    """The n permutations of datasketch's own affine32 scheme (its seed 1): a (odd) and b, uint32 of shape (n,)."""
    a, b = _draw(n)
    return a, b


@njit(cache=True, inline="always")
def _rotate(x: int, bits: int) -> int:
    return uint32(x << uint32(bits)) | uint32(x >> uint32(32 - bits))


@njit(cache=True, inline="always")
def _mix(h: int) -> int:
    """The finaliser of MurmurHash3."""
    h = uint32(uint32(h ^ (h >> uint32(16))) * uint32(0x85EBCA6B))
    h = uint32(uint32(h ^ (h >> uint32(13))) * uint32(0xC2B2AE35))
    return uint32(h ^ (h >> uint32(16)))


@njit(cache=True, inline="always")
def _scramble(k: int) -> int:
    return uint32(_rotate(uint32(k * uint32(0xCC9E2D51)), 15) * uint32(0x1B873593))


@njit(cache=True, nogil=True, inline="always")
def _murmur3_x86_32(values: Bytes, start: int, stop: int) -> int:
    """MurmurHash3_x86_32 with seed 0 of ``values[start:stop]`` (Appleby 2011, public domain)."""
    h = uint32(0)
    at, last = uint64(start), uint64(stop)  # unsigned: a signed index would be tested for counting from the end
    while at + uint64(4) <= last:
        k = uint32(
            uint32(values[at])
            | uint32(values[at + uint64(1)]) << uint32(8)
            | uint32(values[at + uint64(2)]) << uint32(16)
            | uint32(values[at + uint64(3)]) << uint32(24)
        )
        h = uint32(_rotate(uint32(h ^ _scramble(k)), 13) * uint32(5) + uint32(0xE6546B64))
        at += uint64(4)
    if at < last:
        k = uint32(values[at])
        if at + uint64(1) < last:
            k |= uint32(values[at + uint64(1)]) << uint32(8)
        if at + uint64(2) < last:
            k |= uint32(values[at + uint64(2)]) << uint32(16)
        h = uint32(h ^ _scramble(k))
    return _mix(uint32(h ^ uint32(stop - start)))


@njit(cache=True, nogil=True)
def _hash_bytes(values: Bytes) -> int:
    return _murmur3_x86_32(values, 0, values.size)


def hash_shingle(shingle: bytes) -> int:
    """MurmurHash3_x86_32 with seed 0, unsigned: the hash function to hand to ``datasketch.MinHash``."""
    return int(_hash_bytes(np.frombuffer(shingle, dtype=np.uint8)))


def shingles_of(text: str, size: int) -> list[bytes]:
    """The shingles of one text as UTF-8, the slow and obvious way: what ``sign_texts`` hashes.

    A text shorter than a shingle is its own only shingle; the empty text has none.
    """
    if not text:
        return []
    return [text[at : at + size].encode() for at in range(max(1, len(text) - size + 1))]


@njit(cache=True, nogil=True)
def _lower(row: Hashes, hashes: Hashes, count: int, a: Hashes, b: Hashes) -> None:
    """Lower a signature to the least of its values and those of ``hashes[:count]``, mixed already."""
    # Four hashes at a time: the inner loop reads row, a and b once for four multiplications, in vector registers.
    at = 0
    while at + 4 <= count:
        h0, h1, h2, h3 = hashes[at], hashes[at + 1], hashes[at + 2], hashes[at + 3]
        for p in range(row.size):
            x, y = a[p], b[p]
            v0 = min(uint32(x * h0 + y), uint32(x * h1 + y))
            v1 = min(uint32(x * h2 + y), uint32(x * h3 + y))
            row[p] = min(row[p], v0, v1)
        at += 4
    while at < count:
        h0 = hashes[at]
        for p in range(row.size):
            row[p] = min(row[p], uint32(a[p] * h0 + b[p]))
        at += 1


@njit(cache=True, nogil=True)
def _hash_ascii(values: Bytes, start: int, hashes: Hashes, size: int) -> None:
    """Fill ``hashes`` with those of the shingles that start at ``start`` and on, of ASCII characters, mixed.

    As ``_murmur3_x86_32`` and ``_mix``, one step of it for all shingles after another: so they run in vector registers.
    """
    n = hashes.size
    hashes[:] = 0
    for begin in range(start, start + size - 3, 4):
        text = values[begin : begin + n + 3]
        for at in range(n):
            k = uint32(text[at]) | uint32(text[at + 1]) << uint32(8) | uint32(text[at + 2]) << uint32(16)
            k = _scramble(uint32(k | uint32(text[at + 3]) << uint32(24)))
            hashes[at] = uint32(_rotate(uint32(hashes[at] ^ k), 13) * uint32(5) + uint32(0xE6546B64))
    rest = size % 4
    if rest:
        text = values[start + size - rest : start + size - 1 + n]
        for at in range(n):
            k = uint32(text[at])
            if rest > 1:
                k |= uint32(text[at + 1]) << uint32(8)
            if rest > 2:
                k |= uint32(text[at + 2]) << uint32(16)
            hashes[at] ^= _scramble(k)
    for at in range(n):
        hashes[at] = _mix(_mix(uint32(hashes[at] ^ uint32(size))))


@njit(cache=True, nogil=True)
def _is_ascii(values: Bytes) -> bool:
    bits = uint32(0)
    for byte in values:
        bits |= uint32(byte)
    return bits < 128


@njit(cache=True, nogil=True)
def _sign_any(
    values: Bytes, start: int, stop: int, size: int, hashes: Hashes, a: Hashes, b: Hashes, row: Hashes
) -> None:
    """Lower the signature ``row`` to that of one text in any script; ``hashes`` is a block to work in."""
    # The end of the first shingle: ``size`` characters on, or the end of the text.
    end = start
    for _ in range(size):
        if end < stop:
            end += 1
            while end < stop and values[end] & 0xC0 == 0x80:
                end += 1
    count = 0
    while start < stop:
        hashes[count] = _mix(_murmur3_x86_32(values, start, end))
        count += 1
        if count == hashes.size:
            _lower(row, hashes, count, a, b)
            count = 0
        if end == stop:
            break
        # Both ends one character on: past the bytes 10xxxxxx, which continue one in UTF-8.
        start += 1
        while values[start] & 0xC0 == 0x80:
            start += 1
        end += 1
        while end < stop and values[end] & 0xC0 == 0x80:
            end += 1
    _lower(row, hashes, count, a, b)


@njit(cache=True, nogil=True)
def _sign_texts(values: Bytes, offsets: Offsets, size: int, a: Hashes, b: Hashes) -> Hashes:
    n = offsets.size - 1
    signatures = np.full((n, a.size), uint32(0xFFFFFFFF), dtype=np.uint32)
    hashes = np.empty(_BLOCK, dtype=np.uint32)
    for row in range(n):
        start, stop = offsets[row], offsets[row + 1]
        if stop - start >= size and _is_ascii(values[start:stop]):
            for at in range(start, stop - size + 1, _BLOCK):
                count = min(_BLOCK, stop - size + 1 - at)
                _hash_ascii(values, at, hashes[:count], size)
                _lower(signatures[row], hashes, count, a, b)
        else:
            _sign_any(values, start, stop, size, hashes, a, b, signatures[row])
    return signatures


@njit(cache=True, nogil=True)
def _sign_hashes(hashes: Hashes, offsets: Offsets, a: Hashes, b: Hashes) -> Hashes:
    n = offsets.size - 1
    signatures = np.full((n, a.size), uint32(0xFFFFFFFF), dtype=np.uint32)
    mixed = np.empty(_BLOCK, dtype=np.uint32)
    for row in range(n):
        count = 0
        for at in range(offsets[row], offsets[row + 1]):
            mixed[count] = _mix(hashes[at])
            count += 1
            if count == _BLOCK:
                _lower(signatures[row], mixed, count, a, b)
                count = 0
        _lower(signatures[row], mixed, count, a, b)
    return signatures


def sign_texts(texts: pl.Series, shingle_size: int, permutations: int, columns: slice = slice(None)) -> Hashes:
    """MinHash signatures of texts over their character shingles.

    Args:
        texts: n folded texts; a null counts as empty. A text shorter than a shingle is its own only shingle.
        shingle_size: characters in a shingle, at least 1.
        permutations: values in a whole signature, p.
        columns: which of the p values to compute; all by default.

    Returns:
        uint32 of shape (n, p): row i equals ``datasketch.MinHash(p, hashfunc=hash_shingle, scheme="affine32")`` updated
        with ``shingles_of(texts[i], shingle_size)``; an empty text has the largest value everywhere.
    """
    a, b = draw_permutations(permutations)
    return np.asarray(_sign_texts(*text_buffers(texts), shingle_size, a[columns], b[columns]), dtype=np.uint32)


def sign_hashes(hashes: Hashes, offsets: Offsets, permutations: int) -> Hashes:
    """MinHash signatures of sets whose members are hashed already.

    Args:
        hashes: uint32, the members' hashes, one set after another.
        offsets: int64, n + 1 entries, never falling; set i is ``hashes[offsets[i]:offsets[i + 1]]``.
        permutations: values in a signature, p.

    Returns:
        uint32 of shape (n, p), as datasketch computes them in its affine32 scheme.

    Raises:
        ValueError: the offsets do not lie in order inside the hashes.
    """
    if offsets.size == 0 or offsets[0] < 0 or offsets[-1] > hashes.size or (np.diff(offsets) < 0).any():
        raise ValueError(f"Offsets must rise from 0 to {hashes.size}")
    return np.asarray(_sign_hashes(hashes, offsets, *draw_permutations(permutations)), dtype=np.uint32)


def as_minhash(signature: Hashes) -> MinHash:
    """One signature as datasketch's own object, which can be updated further, compared and asked for in an index."""
    return MinHash(hashvalues=signature, permutations=_draw(signature.size), hashfunc=hash_shingle, scheme=SCHEME)
