"""The index: signatures come back bit for bit, and exactly the posts that share a band are found."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.errors import ArchiveError, ContractError
from pipeline.store.index import (
    IndexFacts,
    SignatureIndex,
    decode_signatures,
    encode_signatures,
    find_candidates,
    load_index,
    scan_signatures,
    write_index,
)
from pipeline.tables import Signatures, check_table
from tests.sample_archive import an_id, sample_index


@given(hnp.arrays(np.uint32, st.tuples(st.integers(0, 6), st.just(16))))
def test_signatures_come_back_bit_for_bit(signatures):
    ids = pl.Series("post_id", [an_id(str(row)) for row in range(len(signatures))], pl.String)
    frame = encode_signatures(ids, signatures)
    check_table(Signatures, frame)
    assert np.array_equal(decode_signatures(frame["signature"], 16), signatures)
    assert np.array_equal(decode_signatures(frame["signature"].slice(1, 2), 16), signatures[1:3])


def test_they_are_little_endian_on_every_machine():
    frame = encode_signatures(pl.Series([an_id("a")]), np.array([[1, 0x01020304]], np.uint32))
    assert frame["signature"].item() == b"\x01\x00\x00\x00\x04\x03\x02\x01"


def test_a_signature_of_another_length_is_refused():
    with pytest.raises(ContractError, match="8 values"):
        decode_signatures(pl.Series([b"1234" * 8, b"1234" * 7]), 8)


def test_an_index_says_how_it_was_made_and_what_it_holds(tmp_path):
    parts = write_index(tmp_path / "index", sample_index())
    assert sorted(part.name for part in parts) == ["index.json", "signatures/part-00000.parquet"]
    assert load_index(tmp_path) == IndexFacts(permutations=16, shingle_size=5, bands=4, rows=4, scheme="affine32")
    ids = scan_signatures(tmp_path).collect()["post_id"].to_list()
    assert ids == sorted(an_id(name) for name in ("p0", "p1", "s2"))


def test_the_posts_that_share_a_band_are_found_and_no_others(tmp_path):
    rng = np.random.default_rng(5)
    stored = rng.integers(0, 3, (300, 8), dtype=np.uint32)
    query = rng.integers(0, 3, 8, dtype=np.uint32)
    ids = [an_id(str(row)) for row in range(300)]
    # Two bands of three: the last two values are in no band.
    facts = IndexFacts(permutations=8, shingle_size=5, bands=2, rows=3)
    write_index(tmp_path / "index", SignatureIndex(facts, encode_signatures(pl.Series(ids), stored)))
    expected = {
        post_id: row.tolist()
        for post_id, row in zip(ids, stored, strict=True)
        if (row[:3] == query[:3]).all() or (row[3:6] == query[3:6]).all()
    }
    found, signatures = find_candidates(tmp_path, query)
    assert 0 < len(expected) < 300
    assert dict(zip(found.to_list(), signatures.tolist(), strict=True)) == expected
    assert found.to_list() == sorted(found.to_list())


def test_nothing_is_found_in_an_empty_index(tmp_path):
    facts = IndexFacts(permutations=8, shingle_size=5, bands=2, rows=4)
    write_index(tmp_path / "index", SignatureIndex(facts, Signatures.create_empty()))
    found, signatures = find_candidates(tmp_path, np.zeros(8, np.uint32))
    assert found.to_list() == []
    assert signatures.shape == (0, 8)


def test_a_query_made_otherwise_or_a_missing_index_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="has no index"):
        load_index(tmp_path)
    write_index(tmp_path / "index", sample_index())
    with pytest.raises(ArchiveError, match="16 permutations"):
        find_candidates(tmp_path, np.zeros(8, np.uint32))
