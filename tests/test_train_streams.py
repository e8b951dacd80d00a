"""Training on invented chats and letters: it learns who answers whom, and comes out the same again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import polars as pl
import pytest

from pipeline.evaluate import evaluate_links
from pipeline.pack import ModelPack, StreamWeights, load_pack
from pipeline.reconstruct.corpus import read_corpus
from pipeline.settings import Settings
from pipeline.train import train_links
from tests.reconstruct.streams.chats import write_corpus

ROUNDS = (12, 8)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpora") / "chat" / "allotment.parquet", chats=8, lines=110)


def train(corpus: Path, folder: Path) -> Path:
    train_links([corpus], folder, "talk-1", "2026-11-24", lenses=("chat", "mail"), rounds=ROUNDS)
    return folder


@pytest.fixture(scope="module")
def trained(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(corpus, tmp_path_factory.mktemp("packs") / "talk")


def read_pack(folder: Path) -> ModelPack:
    facts = orjson.loads((folder / "pack.json").read_bytes())
    assert (facts["links"], facts["streams"]) == ({}, ["chat"])
    weights = StreamWeights(
        "chat", orjson.loads((folder / "chat.json").read_bytes()), pl.read_parquet(folder / "chat.parquet")
    )
    return replace(load_pack(), streams={"chat": weights})


def test_it_learns_who_answers_whom(corpus: Path, trained: Path) -> None:
    pack = read_pack(trained)
    found = evaluate_links(corpus, "time-meta", pack, Settings(stream_window=40))
    assert found["accuracy"] > 0.9
    assert max(found["all_root"], found["all_previous"]) < 0.7
    assert "chat, time-meta, pass 2 of 2 | allotment" in (trained / "card.md").read_text(encoding="utf-8")
    # Without authors and times the names in the lines are of nobody: the model says that it knows less.
    assert 0 < evaluate_links(corpus, "time-text", pack)["accuracy"] < found["accuracy"]


def test_training_again_gives_the_same_bytes(corpus: Path, trained: Path, tmp_path: Path) -> None:
    again = train(corpus, tmp_path / "again")
    assert sorted(file.name for file in again.iterdir()) == sorted(file.name for file in trained.iterdir())
    for file in trained.iterdir():
        assert (again / file.name).read_bytes() == file.read_bytes()


def test_without_a_split_of_its_own_the_last_posts_are_kept_out(tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "mail" / "allotment.parquet", chats=2, lines=50, subjects=True)
    pl.read_parquet(path).with_columns(pl.lit("train").alias("split")).write_parquet(path)
    early, late = read_corpus(path, "train").posts, read_corpus(path, "dev").posts
    assert early.height == 70
    assert late.height == 100
    assert late["labelled"].sum() == 30
    assert set(late.filter("labelled")["id"]).isdisjoint(early["id"])
    assert late.filter("labelled")["created_at"].min() >= early["created_at"].max()
