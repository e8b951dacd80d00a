"""The kernel against datasketch itself, fed with shingles cut by Python."""

from __future__ import annotations

import mmh3
import numpy as np
import polars as pl
import pytest
from datasketch import MinHash
from datasketch.hashfunc import sha1_hash32
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.algorithms.minhash import (
    as_minhash,
    draw_permutations,
    hash_shingle,
    shingles_of,
    sign_hashes,
    sign_texts,
)

# Characters of one to four bytes, some of which change places when bytes are cut in the wrong spot.
unicode_texts = st.text(max_size=40) | st.text(alphabet="ab é߿ࠀ不￿𐀀🙂\U0010ffff", max_size=40)
permutations = st.sampled_from((1, 7, 16, 128))


def reference(text: str, size: int, n: int) -> list[int]:
    sketch = MinHash(num_perm=n, hashfunc=hash_shingle, scheme="affine32")
    sketch.update_batch(shingles_of(text, size))
    return sketch.hashvalues.tolist()


@settings(deadline=None)  # the first call compiles
@given(st.lists(unicode_texts, max_size=5), st.integers(1, 9), permutations)
def test_signatures_equal_those_of_datasketch(texts: list[str], size: int, n: int) -> None:
    signatures = sign_texts(pl.Series(texts, dtype=pl.String), size, n)
    assert signatures.dtype == np.uint32
    assert signatures.shape == (len(texts), n)
    assert signatures.tolist() == [reference(text, size, n) for text in texts]


@pytest.mark.parametrize("length", (1023, 1024, 1027, 1028, 1029, 1030, 2052, 5000))
def test_texts_of_many_shingles_equal_those_of_datasketch(length: int) -> None:
    rng = np.random.default_rng(length)
    text = "".join(rng.choice(list("abcdefghij é不"), length))
    assert sign_texts(pl.Series([text]), 5, 16)[0].tolist() == reference(text, 5, 16)


@settings(deadline=None)
@given(st.lists(st.lists(st.binary(max_size=8), max_size=8), max_size=5), permutations)
def test_ready_hashes_give_the_signatures_of_stock_datasketch(sets: list[list[bytes]], n: int) -> None:
    hashes = np.array([sha1_hash32(member) for members in sets for member in members], dtype=np.uint32)
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    expected = []
    for members in sets:
        sketch = MinHash(num_perm=n, scheme="affine32")
        sketch.update_batch(members)
        expected.append(sketch.hashvalues.tolist())
    assert sign_hashes(hashes, offsets, n).tolist() == expected


def test_more_hashes_than_a_block_give_the_signature_of_stock_datasketch() -> None:
    members = [str(i).encode() for i in range(2050)]
    sketch = MinHash(num_perm=32, scheme="affine32")
    sketch.update_batch(members)
    hashes = np.array([sha1_hash32(member) for member in members], dtype=np.uint32)
    assert sign_hashes(hashes, np.array([0, 2050]), 32)[0].tolist() == sketch.hashvalues.tolist()


@pytest.mark.parametrize("offsets", ([], [0, 3], [-1, 2], [0, 2, 1]))
def test_offsets_outside_the_hashes_are_refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="Offsets"):
        sign_hashes(np.zeros(2, dtype=np.uint32), np.array(offsets, dtype=np.int64), 16)


@given(st.binary(max_size=40))
def test_the_hash_is_murmur3(shingle: bytes) -> None:
    assert hash_shingle(shingle) == mmh3.hash(shingle, signed=False)


def test_permutations_are_those_of_datasketch_and_odd() -> None:
    a, b = draw_permutations(128)
    assert [a.tolist(), b.tolist()] == MinHash(num_perm=128, scheme="affine32").permutations.tolist()
    assert (a % 2 == 1).all()


def test_shingles_are_cut_between_characters() -> None:
    assert shingles_of("añ不b", 3) == ["añ不".encode(), "ñ不b".encode()]
    assert shingles_of("añ", 3) == ["añ".encode()]
    assert shingles_of("", 3) == []


def test_a_text_without_characters_has_the_largest_values() -> None:
    assert (sign_texts(pl.Series(["", None], dtype=pl.String), 5, 16) == 2**32 - 1).all()


def test_signatures_do_not_depend_on_the_rows_around_them() -> None:
    texts = pl.Series(["the tram is late", "beans grow on the roof", "", "ж"])
    together = sign_texts(texts, 5, 64)
    assert [sign_texts(texts[i : i + 1], 5, 64)[0].tolist() for i in range(4)] == together.tolist()


def test_a_part_of_the_columns_is_that_part_of_the_whole() -> None:
    texts = pl.Series(["the tram is late", "beans grow on the roof"])
    part = sign_texts(texts, 5, 64, slice(8, 24))
    assert part.tolist() == sign_texts(texts, 5, 64)[:, 8:24].tolist()


def test_similarity_is_estimated() -> None:
    left = "the tram to the harbour was late again because of the snow on the old bridge"
    right = left.replace("snow", "frost")
    a, b = set(shingles_of(left, 5)), set(shingles_of(right, 5))
    signatures = sign_texts(pl.Series([left, right]), 5, 1024)
    estimate = as_minhash(signatures[0]).jaccard(as_minhash(signatures[1]))
    assert estimate == pytest.approx(len(a & b) / len(a | b), abs=0.06)
