"""Runs night by night: whatever the batches and their order, the archive is the one that a single run makes."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.archive import open_archive
from pipeline.audit import audit_archive
from pipeline.ids import digest_columns
from pipeline.settings import RunParameters, load_settings
from pipeline.steps import run_direct, touched
from pipeline.store import write
from pipeline.store.decisions import keep_decisions, read_decisions
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import Decisions, fit_table
from tests.invented import invent_page

NOTICE = "This thread is watched by the lamp committee, whose {} rules about gravel and herons apply to everybody here."


class World:
    """Discussions that several sites show, and dumps of what was there at different times."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.pages = [self._invent_discussion(number) for number in range(self.rng.randint(3, 6))]

    def _invent_discussion(self, number: int) -> list[dict[str, Any]]:
        rng = self.rng
        rows: list[dict[str, Any]] = []
        for place, text in enumerate(invent_page(rng.randint(3, 14), rng.randrange(1 << 30), short=0.3)):
            words = NOTICE.format(rng.choice(["odd", "old", "own"])) if rng.random() < 0.1 else text
            rows.append(
                {
                    "id": f"{number}-{place}",
                    "discussion_id": f"page{number}",
                    "parent_id": f"{number}-{rng.randrange(place)}" if place else None,
                    "author": rng.choice(["Ida", "Bo", "Cy", None]),
                    "created_at": f"2026-03-{number + 1:02}T12:{place:02}:{rng.randrange(60):02}Z",
                    "text": words,
                }
            )
        return rows

    def write_dump(self, folder: Path, number: int) -> None:
        """One raw file: some of one or more discussions, in one of the shapes that dumps have."""
        rng = self.rng
        shape = rng.choice(["table", "table", "nameless", "roaming", "timed", "flat", "flat", "twice"])
        page = rng.choice(self.pages)
        first = rng.randrange(len(page)) if rng.random() < 0.5 else 0
        rows = [self._edit(row) for row in page[first : first + rng.randint(2, 14)]]
        if shape == "table" and rng.random() < 0.5:
            rows += [self._edit(row) for row in rng.choice(self.pages) if rng.random() < 0.7]
        drops = {
            "table": (), "nameless": ("id", "parent_id"), "roaming": ("discussion_id",),
            "timed": ("id", "parent_id", "discussion_id"),
        }  # fmt: skip
        if shape in drops:
            kept = {row["id"]: {key: row[key] for key in row if key not in drops[shape]} for row in rows}
            (folder / f"{number}.jsonl").write_text("\n".join(json.dumps(row) for row in kept.values()) + "\n")
            return
        lines = [row["text"] for row in rows]
        if shape == "twice":
            lines += [self._edit(row)["text"] for row in rows]
        if rng.random() < 0.3:
            lines.insert(rng.randrange(len(lines) + 1), NOTICE.format(rng.choice(["odd", "old", "own"])))
        (folder / f"{number}.txt").write_text("\n".join(lines) + "\n")

    def _edit(self, row: dict[str, Any]) -> dict[str, Any]:
        chance, words = self.rng.random(), row["text"].split(" ")
        if chance < 0.05:  # as only the author can be believed to have rewritten it
            return row | {"text": " ".join([*words[: len(words) * 2 // 3], "and", "no", "more", "of", "this"])}
        return row | {"text": row["text"] + " Edit: a word."} if chance < 0.15 else row

    def decide(self, out: Path) -> None:
        """What a person says of two posts that are there now."""
        shown = open_archive(out).posts.select("post_id").collect()["post_id"].sort().to_list()
        pair = self.rng.sample(shown, 2)
        kind = self.rng.choice(["same_as", "not_same_as", "parent_is", "parent_is_not"])
        layout = ArchiveLayout(out)
        row = pl.DataFrame({"post_id": pair[:1], "other_id": pair[1:], "kind": [kind], "author": ["Ida"]})
        before = read_decisions(layout)
        time = pl.datetime(2026, 5, 1, before.height % 24, time_zone="UTC", time_unit="us").alias("decided_at")
        made = row.with_columns(time, pl.lit(None, dtype=pl.String).alias("note"))
        made = made.with_columns(decision_id=digest_columns(made, "decision"))
        keep_decisions(layout, pl.concat([before, fit_table(Decisions, made)]))


def run(out: Path, *raw: Path) -> None:
    run_direct(RunParameters(raw=list(raw), out=out, settings=load_settings(source="forum")))


def ids_of(out: Path) -> set[str]:
    archive = open_archive(out)
    names = archive.posts.select(pl.concat([pl.col("post_id"), pl.col("discussion_id")])).collect()
    return set(names.to_series())


def check_batches(seed: int, folder: Path) -> None:
    """Makes up a world and its dumps, runs them in batches and at once, and compares."""
    world = World(seed)
    nights, raw = folder / "nights", folder / "raw"
    raw.mkdir(parents=True)
    published: set[str] = set()
    for number in range(world.rng.randint(2, 5)):
        for dump in range(world.rng.randint(1, 3)):
            world.write_dump(raw, 10 * number + dump)
        run(nights, raw)
        published |= ids_of(nights)
        if world.rng.random() < 0.3:
            world.decide(nights)
            run(nights, raw)
            published |= ids_of(nights)
    once = folder / "once"
    once.mkdir()
    if ArchiveLayout(nights).decisions.is_file():
        (once / "decisions.parquet").write_bytes(ArchiveLayout(nights).decisions.read_bytes())
    run(once, *sorted(raw.iterdir(), reverse=True))
    expected = open_archive(once)
    found = open_archive(nights)
    for name in (
        "posts",
        "discussions",
        "sightings",
        "duplicates",
        "repeats",
        "aliases",
        "links",
        "threads",
        "captures",
    ):
        left, right = (archive.tables()[name].drop("paths", strict=False).collect() for archive in (found, expected))
        assert left.equals(right), f"{name} of nights differ from those of one run"
    assert found.digest() == expected.digest()
    assert audit_archive(nights) == []
    assert [name for name in sorted(published) if found.resolve(name) is None] == []


@pytest.fixture
def always_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of a small archive is touched, the run goes on from the snapshot before."""
    monkeypatch.setattr(touched, "LARGEST_SHARE", 1.0)
    monkeypatch.setattr(write, "GROUP_ROWS", 16)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate])
@given(seed=st.integers(0, 1 << 30))
def test_nights_in_any_order_are_one_run(seed: int, tmp_path_factory: pytest.TempPathFactory, always_on: None) -> None:
    check_batches(seed, tmp_path_factory.mktemp("world"))
