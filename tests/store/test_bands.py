"""The band index: what it says must be the same in whatever batches texts came, and after some were forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.algorithms.lsh import NEIGHBOURS, NO_KEY
from pipeline.errors import ArchiveError, ContractError
from pipeline.store.bands import (
    BandFacts,
    changed_pairs,
    merge_segments,
    read_facts,
    read_ids,
    read_keys,
    write_segment,
)

FACTS = BandFacts(bands=3, made={"normaliser": 1, "shingle_size": 5})
MEMORY = 1 << 28

Text = tuple[int, tuple[int, int, int]]  # its id and its key in each band


def segment(folder: Path, texts: Sequence[Text], name: str) -> Path:
    ids = np.array([id for id, _ in texts], dtype=np.uint64)
    keys = np.array([keys for _, keys in texts], dtype=np.uint32).reshape(-1, 3).T
    write_segment(folder / f"{name}.arrow", FACTS, ids, keys)
    return folder / f"{name}.arrow"


def changes(before: list[Path], after: list[Path], folder: Path, memory: int = MEMORY) -> Counter[tuple[int, int]]:
    frames = list(changed_pairs(before, after, FACTS, folder / "scratch", memory))
    rows = [row for frame in frames for row in frame.iter_rows()]
    assert [row[:2] for row in rows] == sorted({row[:2] for row in rows})
    assert all(left < right and change for left, right, change in rows)
    assert not (folder / "scratch" / "pairs").exists()
    return Counter({(left, right): change for left, right, change in rows})


def all_pairs(texts: Sequence[Text]) -> Counter[tuple[int, int]]:
    """The rule, the slow way: how many bands make each pair a candidate."""
    found = defaultdict(list)
    for id, keys in sorted(texts):
        for band, key in enumerate(keys):
            if key != NO_KEY:
                found[band, key].append(id)
    return Counter(
        (bucket[i], bucket[j])
        for bucket in found.values()
        for j in range(len(bucket))
        for i in range(j)
        if i == 0 or j - i <= NEIGHBOURS
    )


buckets = st.integers(0, 3) | st.sampled_from((2**31, 2**32 - 2))
keys = st.tuples(buckets, buckets | st.just(NO_KEY), buckets | st.just(NO_KEY))
some_texts = st.dictionaries(st.integers(0, 2**64 - 1), keys, max_size=40).map(lambda found: list(found.items()))


@settings(deadline=None, max_examples=25)
@given(some_texts, st.data(), st.sampled_from((1 << 12, MEMORY)))
def test_any_batches_give_the_pairs_of_one(texts: list[Text], data: st.DataObject, memory: int) -> None:
    numbers = data.draw(st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts)))
    with TemporaryDirectory() as name:
        folder = Path(name)
        total: Counter[tuple[int, int]] = Counter()
        paths: list[Path] = []
        for number in data.draw(st.permutations(range(4))):
            batch = [text for text, other in zip(texts, numbers, strict=True) if number == other]
            grown = [*paths, segment(folder, batch, f"s{number}")]
            found = changes(paths, grown, folder, memory)
            new = {id for id, _ in batch}
            assert all((change > 0) == bool(new & set(pair)) for pair, change in found.items())
            total.update(found)
            paths = grown
        assert {pair: n for pair, n in total.items() if n} == all_pairs(texts)
        assert sorted(read_ids(paths).tolist()) == sorted(id for id, _ in texts)
        # A few are forgotten, and what is left is merged.
        gone = np.array(data.draw(st.lists(st.sampled_from(texts), max_size=5)) if texts else [], dtype=object)
        ids = np.array([id for id, _ in gone], dtype=np.uint64)
        merge_segments(folder / "merged.arrow", paths, without=ids)
        total.update(changes(paths, [folder / "merged.arrow"], folder, memory))
        kept = [text for text in texts if text[0] not in set(ids.tolist())]
        assert {pair: n for pair, n in total.items() if n} == all_pairs(kept)
        assert sorted(read_ids([folder / "merged.arrow"]).tolist()) == sorted(id for id, _ in kept)


def test_segments_merged_say_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    texts = [(int(id), tuple(rng.integers(0, 20, 3).tolist())) for id in rng.integers(0, 2**63, 200)]
    parts = [segment(tmp_path, texts[:80], "a"), segment(tmp_path, texts[80:], "b")]
    merge_segments(tmp_path / "c.arrow", parts)
    assert read_facts(tmp_path / "c.arrow") == FACTS
    assert changes(parts, [tmp_path / "c.arrow"], tmp_path) == Counter()
    assert changes([], [tmp_path / "c.arrow"], tmp_path) == all_pairs(texts)


def test_nothing_new_changes_nothing(tmp_path: Path) -> None:
    paths = [segment(tmp_path, [(1, (0, 0, 0)), (2, (0, 0, 0))], "a")]
    assert changes(paths, paths, tmp_path) == Counter()
    assert changes([], [segment(tmp_path, [], "none")], tmp_path) == Counter()


def test_what_was_made_in_another_way_is_refused(tmp_path: Path) -> None:
    paths = [segment(tmp_path, [(1, (0, 0, 0))], "a")]
    for other in ({"made": {"normaliser": 2, "shingle_size": 5}}, {"seed": 2}, {"scheme": "legacy"}):
        with pytest.raises(ArchiveError, match="another way"):
            list(changed_pairs([], paths, replace(FACTS, **other), tmp_path, MEMORY))
    with pytest.raises(ContractError, match="3 bands"):
        write_segment(tmp_path / "b.arrow", FACTS, np.zeros(2, np.uint64), np.zeros((3, 1), np.uint32))


def test_what_is_no_segment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="missing"):
        read_facts(tmp_path / "a.arrow")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.arrow")
    with pytest.raises(ArchiveError, match="no segment"):
        read_facts(tmp_path / "a.arrow")


def test_keys_of_texts_are_read_back_from_whatever_segment_holds_them(tmp_path: Path) -> None:
    texts = [(7, (1, 2, 3)), (3, (4, 5, 6)), (9, (1, 5, NO_KEY))]
    paths = [segment(tmp_path, texts[:1], "a"), segment(tmp_path, texts[1:], "b")]
    known, keys = read_keys(paths, np.array([9, 8, 7, 9], dtype=np.uint64), 2)
    assert known.tolist() == [True, False, True, True]
    assert keys.tolist() == [[1, 1, 1], [5, 2, 5]]
    assert read_keys([], np.array([9], dtype=np.uint64), 2)[0].tolist() == [False]
