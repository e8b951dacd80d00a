"""The index: segments are linked from snapshot to snapshot, pairs come back, and buckets are found."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.errors import ArchiveError
from pipeline.store.bags import WordBags
from pipeline.store.bands import BandFacts, read_buckets, write_segment
from pipeline.store.index import TextIndex, find_segments, find_words, keep_segment, read_near, write_index
from tests.sample_archive import an_id

NEAR = pl.DataFrame({"left_key": [an_id("a")], "right_key": [an_id("b")]})


def write_bands(folder, keys, first=0):
    keys = np.array(keys, dtype=np.uint32)
    path = folder / "new.arrow"
    write_segment(path, BandFacts(len(keys), {}), np.arange(first, first + keys.shape[1], dtype=np.uint64), keys)
    return keep_segment(path)


def test_what_was_written_comes_back_and_segments_are_linked(tmp_path):
    segment = write_bands(tmp_path, [[1, 2, 1]])
    with WordBags(tmp_path / "marks") as words:
        words.add(np.arange(3, dtype=np.uint64), pl.Series(["a b c", "d", ""]), np.zeros(3, dtype=np.uint64))
        bags = keep_segment(words.keep())
    parts = write_index(tmp_path / "one" / "index", TextIndex((segment,), NEAR, (bags,)))
    assert [(part.name, part.rows) for part in parts] == [
        (f"buckets/{segment.name}", 3), (f"words/{bags.name}", 3), ("near.parquet", 1),
    ]  # fmt: skip
    one = tmp_path / "one"
    write_index(tmp_path / "two" / "index", TextIndex(find_segments(one), NEAR, find_words(one)))
    assert [file.stat().st_ino for file in find_words(tmp_path / "two")] == [bags.stat().st_ino]
    (linked,) = find_segments(tmp_path / "two")
    assert linked.stat().st_ino == segment.stat().st_ino
    assert read_near(tmp_path / "two").equals(NEAR)
    assert read_near(tmp_path) is None
    assert find_segments(tmp_path) == ()


def test_the_members_of_one_bucket_a_band_are_found(tmp_path):
    segments = [write_bands(tmp_path, [[1, 2, 1], [7, 7, 8]]), write_bands(tmp_path, [[1, 3], [9, 8]], first=3)]
    assert [ids.tolist() for _, ids in read_buckets(segments, np.array([1, 8], dtype=np.uint32))] == [[0, 2, 3], [2, 4]]
    assert [sorted(ids.tolist()) for _, ids in read_buckets(segments)] == [list(range(5))] * 2
    assert list(read_buckets([])) == []
    (tmp_path / "no.arrow").write_bytes(b"PAR1")
    with pytest.raises(ArchiveError, match="no segment"):
        list(read_buckets([tmp_path / "no.arrow"]))
