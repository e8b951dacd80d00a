"""The published index, as datasketch's own."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from datasketch import MinHash, MinHashLSH

import pipeline
from pipeline.algorithms.minhash import hash_shingle, shingles_of
from pipeline.errors import ArchiveError
from pipeline.settings import RunParameters
from pipeline.steps import run_direct

POSTS = [
    "The ferry to the island leaves at nine, and the last one back leaves at five in the afternoon.",
    "I agree.",
    "Whoever painted the lighthouse green should be asked what colour he thinks the sea is.",
    "There are no tickets on board, you have to buy them at the kiosk by the harbour wall.",
]
ASKED = "the ferry to the island leaves at nine, and the last one back leaves at six in the afternoon!"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("lsh")
    (base / "page.txt").write_text("\n".join(POSTS), encoding="utf-8")
    run_direct(RunParameters(raw=[base / "page.txt"], out=base / "out"))
    return base / "out"


def texts_of(out: Path, ids: list[str]) -> list[str]:
    found = pipeline.open_archive(out).posts.filter(pl.col("post_id").is_in(ids)).select("text").collect()
    return found["text"].to_list()


def test_a_near_duplicate_is_found(out: Path) -> None:
    lsh = pipeline.load_lsh(out)
    assert isinstance(lsh, MinHashLSH)
    assert texts_of(out, lsh.query(pipeline.sign_text(ASKED))) == POSTS[:1]
    assert lsh.query(pipeline.sign_text("Nothing of this was ever said on that page, by anybody.")) == []
    assert sorted(texts_of(out, list(lsh.keys))) == sorted(text for text in POSTS if len(text) > 20)


def test_it_takes_what_datasketch_signs_itself(out: Path) -> None:
    lsh = pipeline.load_lsh(out)
    words = "whoever painted the lighthouse green should be asked what colour he thinks the sea is"
    query = MinHash(num_perm=128, hashfunc=hash_shingle, scheme="affine32")
    query.update_batch(shingles_of(words, 5))
    assert texts_of(out, lsh.query(query)) == [POSTS[2]]
    lsh.insert("mine", query)
    assert "mine" in lsh.query(query)
    lsh.remove("mine")
    assert "mine" not in lsh.query(query)


def test_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive"):
        pipeline.load_lsh(tmp_path)
