"""Matching: the same pairs in whatever nights texts come, within whatever memory, and nothing of what was forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline import __version__
from pipeline.deduplicate.near import near_duplicates
from pipeline.ids import digest_texts, number_ids
from pipeline.pack import load_pack
from pipeline.settings import RunParameters, Settings
from pipeline.steps import match, match_duplicates
from pipeline.steps.base import CAPTURES, digest_captures
from pipeline.steps.plan import RawFile, RunPlan
from pipeline.store.bands import read_ids
from pipeline.store.captures import drop_capture, keep_capture, kept_captures
from pipeline.store.index import TextIndex, find_segments
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import Quarantine
from tests.invented import invent_page
from tests.sample_archive import an_id, publish_unchecked, sample_records, sample_tables

PAIR = ["left_key", "right_key"]


def some_words(n: int, seed: int) -> list[str]:
    """Invented posts, each with two versions that differ by a slip; some of all are too short to be signed."""
    posts = [words.lower() for words in invent_page(n, seed)]
    return [version for words in posts for version in (words, words.replace("e", "", 1), f"well {words}")]


def keep(layout: ArchiveLayout, name: str, words: Sequence[str]) -> None:
    records = sample_records(name, len(words)).with_columns(pl.Series("words", words))
    records = records.with_columns(words_key=digest_texts(records["words"]))
    keep_capture(layout, an_id(name), records, Quarantine.create_empty(), {"read": {}})


class Nights:
    """An archive whose runs do nothing but match."""

    def __init__(self, folder: Path) -> None:
        self.layout = ArchiveLayout(folder)
        self.runs = 0

    def match(self, new: Sequence[str] = (), **values: Any) -> RunPlan:
        self.runs += 1
        parameters = RunParameters(raw=[Path("raw")], out=self.layout.root, **values)
        files = tuple(RawFile(an_id(name), (), ()) for name in new)
        plan = RunPlan(f"run-{self.runs:03d}", datetime.now(UTC), parameters, files, (), (), nothing_new=False)
        match_duplicates(plan)
        return plan

    def night(self, name: str, words: Sequence[str], **values: Any) -> RunPlan:
        keep(self.layout, name, words)
        plan = self.match([name], **values)
        self.publish(plan)
        return plan

    def publish(self, plan: RunPlan) -> Path:
        tables = sample_tables()
        said = {
            "inputs": [plan.capture_ids()], "fingerprint": [plan.parameters.settings.fingerprint()],
            "code_version": [__version__], "model_pack": [load_pack().name],
        }  # fmt: skip
        tables["runs"] = tables["runs"].with_columns(**{name: pl.Series(value) for name, value in said.items()})
        segments, words = (tuple(map(Path, plan.work.read_json(name))) for name in ("segments", "words"))
        index = TextIndex(segments, plan.work.read("near"), words)
        kept = {CAPTURES: digest_captures(kept_captures(self.layout))}
        return publish_unchecked(self.layout.root, tables, index, plan.run_id, kept)


def near_of(plan: RunPlan) -> pl.DataFrame:
    """Pairs that say the same; forms filled in otherwise are kept beside them."""
    return plan.work.read("near").filter(pl.col("method") != "template").sort("left_key", "right_key")


def expected(words: Sequence[str]) -> pl.DataFrame:
    """The same without an index, without captures, all at once."""
    texts = pl.DataFrame({"words": words}).with_columns(pl.col("words").map_batches(digest_texts).alias("words_key"))
    return near_duplicates(texts.unique("words_key"), Settings()).sort("left_key", "right_key")


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


@pytest.mark.parametrize("text_bytes", (match._TEXT_BYTES, 2000))
def test_memory_changes_nothing(nights: Nights, monkeypatch: pytest.MonkeyPatch, text_bytes: int) -> None:
    words = some_words(60, 3)
    keep(nights.layout, "a", words[:100])
    keep(nights.layout, "b", words[50:])
    near = near_of(nights.match())
    assert near.select("left_key", "right_key", "similarity", "method").equals(expected(words))
    assert near.height > 50
    monkeypatch.setattr(match, "_TEXT_BYTES", text_bytes)
    monkeypatch.setattr(match, "_SHARE", 1 << 16)  # room for a text or two
    tight = nights.match(memory=1)
    assert near_of(tight).equals(near)
    assert len(tight.work.read_json("segments")) > 5


def test_nights_find_what_one_run_finds(nights: Nights, tmp_path_factory: pytest.TempPathFactory) -> None:
    words = some_words(50, 8)
    # Every night brings a version of many posts that earlier nights brought, and some of their own words again.
    parts = [words[at::11] + words[:at] for at in range(11)]
    for number, part in enumerate(parts):
        plan = nights.night(str(number), part)
    scratch = Nights(tmp_path_factory.mktemp("scratch"))
    for number, part in enumerate(parts):
        keep(scratch.layout, str(number), part)
    assert near_of(plan).equals(near_of(scratch.match()))
    segments = find_segments(nights.layout.current.resolve())
    assert len(segments) <= match._MOST_SEGMENTS
    assert segments[0].stat().st_nlink > 1, "what did not change is linked"


def test_only_new_captures_are_read(nights: Nights) -> None:
    words = some_words(20, 5)
    nights.night("a", words[:30])
    keep(nights.layout, "b", words[20:])
    report = match_duplicates(nights.match(["b"]))
    unsigned = {text for text in words[30:] if len(text) >= 20} - set(words[:30])
    assert report.counts["new_texts"] == len(unsigned)


@pytest.mark.parametrize("reason", ("forgetting", "settings", "reread", "gone"))
def test_what_does_not_hold_any_more_is_made_anew(nights: Nights, reason: str) -> None:
    words = some_words(20, 5)
    nights.night("a", words)
    nights.night("b", invent_page(20, 6))
    new: list[str] = []
    values: dict[str, Any] = {}
    if reason == "settings":
        values["settings"] = Settings(edit_similarity=0.6)
    elif reason == "gone":
        drop_capture(nights.layout, an_id("b"))
    else:
        keep(nights.layout, "b", some_words(5, 7))
        new = ["b"] if reason == "reread" else []
        if reason == "forgetting":
            nights.layout.forgetting.touch()
    plan = nights.match(new, **values)
    kept = [] if reason == "gone" else invent_page(20, 6) if reason == "settings" else some_words(5, 7)
    signed = pl.Series([text for text in {*words, *kept} if len(text) >= 20])
    segments = [Path(path) for path in plan.work.read_json("segments")]
    assert sorted(read_ids(segments).tolist()) == sorted(number_ids(digest_texts(signed)).tolist())
    if reason != "settings":
        assert (
            near_of(plan)
            .select("left_key", "right_key")
            .equals(expected([*words, *kept]).select("left_key", "right_key"))
        )


def test_nothing_at_all(nights: Nights) -> None:
    assert near_of(nights.match()).is_empty()


def test_copies_are_one_text(nights: Nights) -> None:
    keep(nights.layout, "a", ["the same words over and over again"] * 5000)
    keep(nights.layout, "b", ["[deleted]"] * 5000)
    assert match_duplicates(nights.match()).counts == {"new_texts": 1, "near_pairs": 0}


def test_supports_count_bands(nights: Nights) -> None:
    keep(nights.layout, "a", some_words(20, 9))
    support = near_of(nights.match())["support"].to_numpy()
    assert support.min() >= 1
    assert np.max(support) <= 48
