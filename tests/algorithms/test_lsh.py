"""Candidate pairs against buckets made by a dictionary, and the index against datasketch."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.algorithms.lsh import (
    NEIGHBOURS,
    NO_KEY,
    band_keys,
    bucket_pairs,
    choose_banding,
    fill_lsh,
    sort_distinct,
    sort_members,
    unlike_pairs,
)
from pipeline.algorithms.minhash import as_minhash, hash_shingle, shingles_of, sign_texts
from pipeline.errors import SettingError


def buckets(keys: list[int]) -> list[list[int]]:
    rows = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return list(rows.values())


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.integers(0, 5) | st.just(2**32 - 2), max_size=60))
def test_pairs_are_each_member_with_the_first_and_those_just_before(keys: list[int]) -> None:
    expected = {
        (bucket[i], bucket[j])
        for bucket in buckets(keys)
        for j in range(len(bucket))
        for i in range(j)
        if i == 0 or j - i <= NEIGHBOURS
    }
    for seed in range(2):  # in any order of the members
        order = np.random.default_rng(seed).permutation(len(keys)).astype(np.uint64)
        members = sort_members(np.array(keys, dtype=np.uint32)[order], order)
        pairs = list(map(tuple, bucket_pairs(*members).tolist()))
        assert len(pairs) == len(set(pairs))
        assert set(pairs) == expected


@settings(deadline=None)
@given(*[st.dictionaries(st.integers(0, 60), st.integers(0, 3), max_size=60)] * 2)
def test_pairs_unlike_are_those_that_the_others_do_not_give(some: dict[int, int], others: dict[int, int]) -> None:
    members = [
        sort_members(np.array([*held.values()], dtype=np.uint32), np.array([*held], dtype=np.uint64))
        for held in (some, others)
    ]
    given_by_both = [set(map(tuple, bucket_pairs(*held).tolist())) for held in members]
    found = list(map(tuple, unlike_pairs(*members[0], *members[1]).tolist()))
    assert len(found) == len(set(found))
    assert set(found) == given_by_both[0] - given_by_both[1]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, NO_KEY) | st.just(NO_KEY) | st.integers(0, 9), st.integers(0, 2**64 - 1)), max_size=50
    )
)
def test_members_are_sorted_by_key_and_then_by_id(members: list[tuple[int, int]]) -> None:
    keys, ids = sort_members(
        np.array([key for key, _ in members], dtype=np.uint32), np.array([id for _, id in members], dtype=np.uint64)
    )
    assert list(zip(keys.tolist(), ids.tolist(), strict=True)) == sorted(it for it in members if it[0] != NO_KEY)


def test_ten_thousand_copies_give_a_linear_number_of_pairs() -> None:
    pairs = bucket_pairs(np.zeros(10_000, dtype=np.uint32), np.arange(10_000, dtype=np.uint64))
    assert len(pairs) < (NEIGHBOURS + 1) * 10_000
    assert set(pairs[:, 1].tolist()) == set(range(1, 10_000))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 1), min_size=8, max_size=8), max_size=20))
def test_keys_are_equal_where_a_band_is_and_nowhere_else(rows: list[list[int]]) -> None:
    keys = band_keys(np.array(rows, dtype=np.uint32).reshape(-1, 8), 3, 2)
    assert keys.shape == (3, len(rows))
    for band in range(3):
        bands = [tuple(row[2 * band : 2 * band + 2]) for row in rows]
        for i in range(len(rows)):
            assert [keys[band, i] == key for key in keys[band]] == [bands[i] == other for other in bands]


def test_the_place_of_a_value_in_its_band_matters() -> None:
    keys = band_keys(np.array([[1, 2], [2, 1], [0, 0], [3, 0], [0, 3]], dtype=np.uint32), 1, 2)
    assert len(set(keys[0].tolist())) == 5


def test_signatures_too_short_for_the_bands_are_refused() -> None:
    with pytest.raises(ValueError, match="3 bands of 2"):
        band_keys(np.zeros((1, 5), dtype=np.uint32), 3, 2)


def test_banding_is_that_of_datasketch() -> None:
    assert choose_banding(0.4, 128) == (32, 4)
    for similarity, permutations in ((0.6, 64), (0.15, 16), (0.85, 48), (0.5, 33)):
        lsh = MinHashLSH(threshold=similarity, num_perm=permutations)
        assert choose_banding(similarity, permutations) == (lsh.b, lsh.r)


def test_a_similarity_that_leaves_one_band_is_refused() -> None:
    with pytest.raises(SettingError, match="candidate_similarity"):
        choose_banding(0.999, 16)


TEXTS = {
    "tram": "the tram to the harbour was late again because of the snow on the old bridge",
    "tram again": "the tram to the harbour was late again because of the frost on the old bridge",
    "beans": "we grow beans and two kinds of squash on the flat roof of the bakery",
}


def index_texts() -> MinHashLSH:
    return fill_lsh(list(TEXTS), band_keys(sign_texts(pl.Series(list(TEXTS.values())), 5, 128), 32, 4), 128, 4)


def test_the_index_finds_what_shares_a_band() -> None:
    lsh = index_texts()
    asked = sign_texts(pl.Series([TEXTS["tram"], "the weather will be fine on sunday"]), 5, 128)
    assert sorted(lsh.query(as_minhash(asked[0]))) == ["tram", "tram again"]
    assert lsh.query(as_minhash(asked[1])) == []


def test_the_index_answers_and_takes_in_a_sketch_made_by_datasketch() -> None:
    lsh = index_texts()
    sketch = MinHash(num_perm=128, hashfunc=hash_shingle, scheme="affine32")
    sketch.update_batch(shingles_of(TEXTS["beans"], 5))
    assert lsh.query(sketch) == ["beans"]
    lsh.insert("more beans", sketch)
    lsh.remove("beans")
    assert lsh.query(sketch) == ["more beans"]


@given(st.lists(st.integers(0, 9) | st.integers(0, 2**64 - 1)))
def test_distinct_values_are_those_of_a_set(values: list[int]) -> None:
    assert sort_distinct(np.array(values, dtype=np.uint64)).tolist() == sorted(set(values))
