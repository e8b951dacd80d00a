"""Bags of words on disk against those in memory; pairs of unknown texts stay."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.algorithms.word_bags import may_share
from pipeline.ids import digest_texts
from pipeline.store import bags
from pipeline.store.bags import WordBags, fetch_words, merge_words


@pytest.mark.parametrize("chunk", (3, 1 << 22))
@pytest.mark.parametrize("nights", (1, 2, 4))
def test_pairs_stay_that_share_words_or_begin_alike_or_are_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, nights: int
) -> None:
    monkeypatch.setattr(bags, "_CHUNK_PAIRS", chunk)
    rng = np.random.default_rng(1)
    texts = pl.Series([" ".join(rng.choice(list("abcdefghij"), rng.integers(3, 20))) for _ in range(30)])
    ids = rng.permutation(np.arange(7, 37)).astype(np.uint64)
    heads = np.where(np.arange(30) % 7 == 0, 5, np.arange(30) % 2 * (100 + np.arange(30))).astype(np.uint64)
    rows = np.array(list(combinations(range(30), 2)))
    files: list[Path] = []
    for night in np.array_split(np.arange(30), nights):
        if len(files) == 3:
            merge_words(tmp_path / "merged.arrow", files)
            files = [tmp_path / "merged.arrow"]
        with WordBags(tmp_path / "scratch" / "marks", files) as kept:
            for half in np.array_split(night, 2):
                kept.add(ids[half], texts[half.tolist()], heads[half])
            found = kept.may_match(ids[rows[:, 0]], ids[rows[:, 1]], 0.6)
            unknown = kept.may_match(ids[:3], np.array([1, 2, 99], dtype=np.uint64), 0.6)
            asked = kept.fetch(np.append(ids[::3], np.uint64(99)))
            files.append(kept.keep().rename(tmp_path / f"{night[0]}.arrow"))
            written = files[-1].read_bytes()
        assert files[-1].read_bytes() == written, "a file that was given away stays as it is"
    wanted = digest_texts(texts[::3]).sort()
    assert asked["words_key"].to_list() == wanted.to_list()
    assert fetch_words(files, ids[::3]).equals(asked)
    assert dict(asked.select("id", "words").iter_rows()) == dict(zip(ids[::3].tolist(), texts[::3], strict=True))
    same = (heads[rows[:, 0]] == heads[rows[:, 1]]) & (heads[rows[:, 0]] != 0)
    assert found.tolist() == (may_share(texts, rows, 0.6) | same).tolist()
    assert 0 < found.sum() < len(found)
    assert unknown.all()
    assert not list((tmp_path / "scratch").iterdir())


def test_texts_without_words_and_no_texts_at_all(tmp_path: Path) -> None:
    pair = np.array([3, 4], dtype=np.uint64)
    with WordBags(tmp_path / "bags") as kept:
        assert kept.may_match(pair[:1], pair[1:], 0.4).tolist() == [True]
        assert kept.fetch(pair).is_empty()
        assert kept.keep() is None
    with WordBags(tmp_path / "bags") as kept:
        kept.add(pair, pl.Series(["", ""]), np.zeros(2, dtype=np.uint64))
        assert kept.may_match(pair[:1], pair[1:], 0.4).tolist() == [True]
        assert kept.may_match(pair[:0], pair[1:1], 0.4).tolist() == []
