"""A small archive in memory, written by hand: one page of guesses, one stream of two threads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.tables import PUBLISHED, check_table, empty_table

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


def name(letter: str) -> str:
    """A well-formed id."""
    return letter * 16


PAGE, STREAM = name("p"), name("s")
ROOT, REPLY, DEEP, GONE, OTHER = (name(letter) for letter in "abcde")
HELLO, ANSWER, ELSEWHERE = (name(letter) for letter in "xyz")


def _post(post_id: str, position: int, text: str, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "post_id": post_id,
        "discussion_id": PAGE,
        "thread_id": PAGE,
        "depth": 0,
        "position": position,
        "text": text,
        "quotes": [],
        "mentions": [],
        "link_kind": "declared",
        "link_confidence": 1.0,
        "n_sightings": 1,
        "is_placeholder": False,
        "flags": [],
    }
    return row | values


def _link(post_id: str, rank: int, parent_id: str | None, confidence: float, evidence: Any = ()) -> dict[str, Any]:
    row = {"post_id": post_id, "rank": rank, "parent_id": parent_id, "score": 1.0, "confidence": confidence}
    return row | {"is_chosen": rank == 1, "evidence": list(evidence)}


def _thread(thread_id: str, discussion_id: str, root_id: str | None, n_posts: int, depth: int) -> dict[str, Any]:
    row = {"thread_id": thread_id, "discussion_id": discussion_id, "root_id": root_id}
    return row | {"n_posts": n_posts, "n_authors": 0, "depth": depth}


_POSTS = [
    _post(ROOT, 0, "Who waters the [bold]tram[/bold] garden?", author="ada", posted_at=NOON, posted_precision="minute"),
    _post(
        REPLY, 1, "The conductor does.", parent_id=ROOT, depth=1, author="\x1b[31mbo", n_sightings=2,
        link_kind="inferred", link_confidence=0.62, flags=["same_author_continues"],
    ),
    _post(
        DEEP, 2, "Which conductor?", parent_id=REPLY, depth=2, link_kind="inferred", link_confidence=0.95,
        under_id=ROOT, under_confidence=0.98, deleted_at=NOON,
    ),
    _post(GONE, 3, "", is_placeholder=True, n_sightings=0),
    _post(OTHER, 4, "The conductor does.", parent_id=GONE, depth=1),
    _post(HELLO, 0, "hello", discussion_id=STREAM, thread_id=HELLO),
    _post(ELSEWHERE, 1, "another matter", discussion_id=STREAM, thread_id=ELSEWHERE),
    _post(ANSWER, 2, "hello yourself", discussion_id=STREAM, thread_id=HELLO, parent_id=HELLO, depth=1),
]  # fmt: skip

_ROWS: dict[str, list[dict[str, Any]]] = {
    "posts": _POSTS,
    "discussions": [
        {
            "discussion_id": PAGE, "title": "Trams", "source": "paste", "shape": "page", "n_captures": 2, "n_posts": 5,
            "listing": "page", "listing_confidence": 0.9, "lens": "page-text", "expected_accuracy": 0.7,
        },
        {
            "discussion_id": STREAM, "shape": "stream", "n_captures": 1, "n_posts": 3, "listing": "time",
            "listing_confidence": 1.0, "lens": "explicit", "expected_accuracy": 1.0,
        },
    ],
    "threads": [
        _thread(PAGE, PAGE, None, 5, 2),
        _thread(HELLO, STREAM, HELLO, 2, 1),
        _thread(ELSEWHERE, STREAM, ELSEWHERE, 1, 0),
    ],
    "links": [
        _link(REPLY, 1, ROOT, 0.62, [{"signal": "words", "value": 0.4}]),
        _link(REPLY, 2, None, 0.38),
        _link(DEEP, 1, REPLY, 0.95),
        _link(DEEP, 2, ROOT, 0.004),
    ],
    "sightings": [
        {
            "sighting_id": name("m"), "capture_id": name("k"), "ordinal": 1, "listing": 0, "location": "line 2",
            "post_id": REPLY, "discussion_id": PAGE, "match": "first", "similarity": 1.0,
        },
        {
            "sighting_id": name("n"), "capture_id": name("l"), "ordinal": 1, "listing": 0, "location": "line 7",
            "post_id": REPLY, "discussion_id": PAGE, "match": "edit", "similarity": 0.9,
            "body_raw": "The conductor does, I think.",
        },
        {
            "sighting_id": name("o"), "capture_id": name("l"), "ordinal": 4, "listing": 0, "location": "line 9",
            "post_id": OTHER, "discussion_id": PAGE, "match": "first", "similarity": 1.0,
        },
    ],
    "duplicates": [
        {
            "left_id": name("m"), "right_id": name("n"), "kind": "edit", "left_post_id": REPLY, "right_post_id": REPLY,
            "similarity": 0.9, "method": "author-edit", "collapses": True,
            "evidence": [{"signal": "words", "value": 0.9}, {"signal": "author", "value": 1.0}],
        },
        {
            "left_id": name("m"), "right_id": name("o"), "kind": "repost", "left_post_id": REPLY,
            "right_post_id": OTHER, "similarity": 1.0, "method": "exact", "collapses": False, "evidence": [],
        },
    ],
    "repeats": [{"post_id": OTHER, "canonical_id": REPLY, "kind": "repost", "similarity": 1.0}],
    "captures": [
        {"capture_id": name(letter), "paths": [f"raw/{letter}.txt"], "bytes": 9, "n_records": 2, "n_rejected": 0}
        for letter in "kl"
    ],
    "aliases": [{"seed_id": name("q"), "id": REPLY, "table": "posts"}],
}  # fmt: skip


@dataclass
class SmallArchive:
    """The tables as lazy frames, as an open archive has them."""

    frames: dict[str, pl.LazyFrame]
    run_id: str = "20240501T120000-abcd"
    snapshot: Path = Path("nowhere")

    def __getattr__(self, table: str) -> pl.LazyFrame:
        return self.frames[table]

    def tables(self) -> dict[str, pl.LazyFrame]:
        return self.frames


def small_archive() -> Any:
    """All published tables, each proven to keep its contract."""
    frames = {}
    for table, schema in PUBLISHED.items():
        rows = _ROWS.get(table)
        if rows is None:
            frames[table] = empty_table(schema).lazy()
            continue
        dtypes = {column: dtype.dtype for column, dtype in schema.columns().items()}
        given = {key: dtypes[key] for key in dtypes if any(key in row for row in rows)}
        frame = pl.DataFrame([{key: row.get(key) for key in given} for row in rows], schema=given)
        frames[table] = check_table(schema, frame).lazy()
    return SmallArchive(frames)
