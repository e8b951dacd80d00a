"""One page saved twice, sorted by Old and by New: the two orders give the replies away."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.archive import Archive, open_archive
from pipeline.report.why import why_lines
from pipeline.settings import RunParameters, load_settings
from pipeline.steps import run_direct
from tests.invented import invent_page
from tests.reconstruct.small_forests import Parents, invent_parents, list_by

START = datetime(2026, 3, 1, tzinfo=UTC)
N = 40


def invent_discussion(seed: int) -> tuple[Parents, list[dict[str, Any]]]:
    """Posts that declare no parent, and who answers whom."""
    chance = random.Random(seed)
    parents = invent_parents(N, chance)
    minutes: list[int] = []
    for parent in parents:
        minutes.append((minutes[parent] if parent >= 0 else 0) + chance.randint(2, 400))
    posts = [
        {
            "id": f"c{post}",
            "discussion_id": "page",
            "author": chance.choice(["ada", "bo", "cy", "dee", "eli"]),
            "created_at": (START + timedelta(minutes=minutes[post], seconds=post)).isoformat(),
            "text": text,
        }
        for post, text in enumerate(invent_page(N, seed, short=0.1))
    ]
    return parents, posts


def save(folder: Path, name: str, posts: list[dict[str, Any]], listed: list[int]) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(json.dumps(posts[post]) for post in listed) + "\n", encoding="utf-8")
    return path


def run(out: Path, *raw: Path) -> Archive:
    run_direct(RunParameters(raw=list(raw), out=out, settings=load_settings(listing="page")))
    return open_archive(out)


def right(archive: Archive, parents: Parents) -> pl.DataFrame:
    """Posts, and whether each has its true parent."""
    posts = archive.posts.collect()
    ids = dict(posts.select("native_id", "post_id").iter_rows())
    truth = {f"c{post}": ids[f"c{parent}"] if parent >= 0 else None for post, parent in enumerate(parents)}
    true = pl.col("native_id").replace_strict(truth, return_dtype=pl.String)
    return posts.with_columns(right=true.eq_missing(pl.col("parent_id")))


@pytest.mark.parametrize("timed", [True, False])
def test_old_and_new_together_prove_every_parent(tmp_path: Path, timed: bool) -> None:
    parents, posts = invent_discussion(seed=5)
    old = list_by(parents, lambda post: posts[post]["created_at"])
    new = list_by(parents, lambda post: -datetime.fromisoformat(posts[post]["created_at"]).timestamp())
    if not timed:
        posts = [{key: value for key, value in post.items() if key != "created_at"} for post in posts]
    saved = [save(tmp_path, "old", posts, old), save(tmp_path, "new", posts, new)]
    archive = run(tmp_path / "out", *saved)
    found = right(archive, parents)
    assert found["right"].all()
    assert set(found["link_kind"]) == {"inferred"}
    chosen = archive.links.filter("is_chosen").collect()
    told = chosen.filter(pl.col("evidence").list.eval(pl.element().struct.field("signal") == "order").list.any())
    # The first post has no other candidate, so orders say nothing about it.
    assert told.height == N - 1
    assert float(told["confidence"].min()) > 0.99
    words = "\n".join(line.plain for line in why_lines(archive, told["post_id"][0]))
    assert "they leave it no other parent" in words

    both = archive.posts.collect()
    again = run(tmp_path / "turned", *reversed(saved))
    assert (
        again.posts.collect().drop("first_seen_at", "last_seen_at").equals(both.drop("first_seen_at", "last_seen_at"))
    )


def test_night_after_night_is_as_all_at_once(tmp_path: Path) -> None:
    parents, posts = invent_discussion(seed=8)
    chance = random.Random(2)
    kinds = {
        "old": list_by(parents, lambda post: posts[post]["created_at"]),
        "new": list_by(parents, lambda post: -datetime.fromisoformat(posts[post]["created_at"]).timestamp()),
        "top": list_by(parents, lambda post: (post * 7919) % 101),
    }
    saved = [
        save(tmp_path, name, posts, [post for post in listed if chance.random() > 0.2])
        for name, listed in kinds.items()
    ]
    for last in range(1, len(saved) + 1):
        nightly = run(tmp_path / "nightly", *saved[:last])
    once = run(tmp_path / "once", *saved)
    for name in ("posts", "links", "threads", "discussions"):
        assert nightly.tables()[name].collect().equals(once.tables()[name].collect()), name
