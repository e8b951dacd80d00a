"""Kinds of repetition in a run: all are found, whatever the order of files and rows, and chains of edits are split."""

from __future__ import annotations

import json
import random
from pathlib import Path

import polars as pl
import pytest

from pipeline.algorithms.similarity import edit_ratio
from pipeline.archive import Archive, open_archive
from pipeline.deduplicate.repeats import LEAST_LIKE
from pipeline.settings import RunParameters, load_settings
from pipeline.steps import run_direct
from pipeline.store.digest import digest_archive
from tests.invented import invent_page

DISCUSSIONS = 7
NOTICE = (
    "This thread is watched by the lamp committee, {}, whose rules about gravel and herons apply to everybody here."
)
NAMES = ("Ada", "Bo", "Cy", "Di", "Eve", "Fay", "Gus")


def write_world(folder: Path) -> None:
    """Pages seen twice: in between a post is edited, one cut off; replies quote, one post is said again elsewhere."""
    pages = [invent_page(9, seed=70 + number, short=0) for number in range(DISCUSSIONS)]
    pages[1].insert(5, pages[0][4])
    for page, name in zip(pages, NAMES, strict=True):
        page[6] = f"> {page[2]}\n\n{page[6]}"
        page[7] = f"{page[3]} {page[7]}"
        page.append(NOTICE.format(name))
    folder.mkdir()
    for number, page in enumerate(pages):
        later = [*page[:1], f"{page[1]} Edited: one word.", page[2], page[3][:60] + "… read more", *page[4:]]
        for night, lines in enumerate((page, later)):
            rows = [{"discussion_id": f"page{number}", "text": line} for line in lines]
            dump = "\n".join(json.dumps(row) for row in rows) + "\n"
            (folder / f"{number}-{night}.jsonl").write_text(dump, encoding="utf-8")


def run(raw: list[Path], out: Path, workers: int = 1) -> Archive:
    run_direct(RunParameters(raw=raw, out=out, workers=workers, settings=load_settings(source="forum")))
    return open_archive(out)


def test_all_kinds_are_found_whatever_the_order_of_files(tmp_path: Path) -> None:
    write_world(tmp_path / "raw")
    archive = run([tmp_path / "raw"], tmp_path / "out")
    kinds = dict(archive.duplicates.group_by("kind").len().collect().iter_rows())
    assert kinds["recapture"] >= 7 * DISCUSSIONS
    assert (kinds["edit"], kinds["truncation"], kinds["repost"]) == (DISCUSSIONS, DISCUSSIONS, 1)
    assert (kinds["quote"], kinds["boilerplate"]) == (2 * DISCUSSIONS, DISCUSSIONS - 1)
    assert archive.posts.select(pl.len()).collect().item() == 10 * DISCUSSIONS + 1

    files = sorted((tmp_path / "raw").iterdir())
    random.Random(4).shuffle(files)
    named = [file.rename(tmp_path / f"{place}.jsonl") for place, file in enumerate(files)]
    run(named, tmp_path / "again", workers=8)
    digests = [digest_archive(tmp_path / name) for name in ("out", "again")]
    assert [{k: v for k, v in found.items() if k not in ("runs", "captures")} for found in digests] == [
        {k: v for k, v in digests[0].items() if k not in ("runs", "captures")}
    ] * 2


@pytest.mark.parametrize("seed", (1, 2))
def test_order_of_rows_changes_no_cluster(tmp_path: Path, seed: int) -> None:
    """Rows with ids and times may come in any order: the same posts, kinds and canonical posts."""
    texts = invent_page(8, seed=5, short=0)
    rows = [
        {
            "id": f"{number}-{place}",
            "discussion_id": f"page{number}",
            "created_at": f"2026-01-0{place + 1}T0{number}:00Z",
            "text": text if (place + number) % 3 else f"{text} So it is.",
        }
        for number in range(6)
        for place, text in enumerate(texts)
    ]
    found = []
    for turn in range(2):
        file = tmp_path / f"{turn}.jsonl"
        file.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
        archive = run([file], tmp_path / f"out{turn}")
        found.append(archive.repeats.sort("post_id").collect())
        random.Random(seed).shuffle(rows)
    assert found[0].height > 20
    assert found[0].equals(found[1])


def test_two_hundred_small_edits_make_no_one_cluster(tmp_path: Path) -> None:
    """Each text is near its neighbours; ends are unlike. Every repeat is like its canonical post, and none is lost."""
    rng = random.Random(8)
    words = " ".join(invent_page(3, seed=9, short=0)).split()
    chain = []
    for _ in range(200):
        words[rng.randrange(len(words))] = rng.choice(("gravel", "heron", "lamp", "quay", "tram")) + "s"
        chain.append(" ".join(words))
    rows = [{"id": str(place), "discussion_id": f"page{place}", "text": text} for place, text in enumerate(chain)]
    (tmp_path / "drift.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    archive = run([tmp_path / "drift.jsonl"], tmp_path / "out")
    posts = archive.posts.select("post_id", "text").collect()
    assert posts.height == 200, "nobody knows that one person edited one post"
    repeats = archive.repeats.collect()
    assert repeats["post_id"].n_unique() == repeats.height
    assert set(repeats["canonical_id"]).isdisjoint(repeats["post_id"])
    texts = dict(posts.iter_rows())
    left, right = (
        pl.Series([texts[name].lower() for name in repeats[column]]) for column in ("post_id", "canonical_id")
    )
    assert edit_ratio(left, right).min() >= LEAST_LIKE - 0.05
    assert 1 < repeats["canonical_id"].n_unique() < 100
