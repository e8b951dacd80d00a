"""One small valid set of published tables, made by hand: what tests of the store, the archive and the audit start from.

A page ``tram`` that was captured twice, a stream ``dock`` with two conversations and one placeholder, one record in
quarantine, one capture that failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.ids import digest_texts
from pipeline.store.digest import digest_table
from pipeline.store.index import TextIndex, write_index
from pipeline.store.layout import ArchiveLayout
from pipeline.store.snapshot import Manifest, TableFacts, keep_frame, switch_current, write_manifest
from pipeline.store.write import write_table
from pipeline.tables import PUBLISHED, TABLE_VERSION, Records, fit_table

RUN = "20260301T120000-sample"


def an_id(name: str) -> str:
    """The id that stands for a name in these tables."""
    return str(digest_texts(pl.Series([name])).item())


def at(minute: int) -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=minute)


def _post(name: str, discussion: str, position: int, **values: Any) -> dict[str, Any]:
    parent = values.pop("parent", None)
    thread = values.pop("thread", discussion)
    under = values.pop("under", None)
    row = {
        "post_id": an_id(name),
        "discussion_id": an_id(discussion),
        "thread_id": an_id(thread),
        "parent_id": None if parent is None else an_id(parent),
        "depth": 0,
        "position": position,
        "author": None,
        "posted_at": at(position),
        "posted_precision": "minute",
        "text": f"words of {name}",
        "quotes": [],
        "mentions": [],
        "link_kind": "declared",
        "link_confidence": 1.0,
        "under_id": None if under is None else an_id(under),
        "n_sightings": 1,
        "began_at": at(0),
        "is_placeholder": False,
        "flags": [],
    }
    return row | values


def _posts() -> list[dict[str, Any]]:
    quote = [{"start": 0, "end": 5, "author": None}]
    inferred = {"link_kind": "inferred"}
    unseen = {"is_placeholder": True, "n_sightings": 0, "text": "", "posted_at": None, "posted_precision": None}
    return [
        _post("p0", "tram", 0, author="Ada", n_sightings=2, title="A garden on the tram", score=12),
        _post("p1", "tram", 1, author="Bo", parent="p0", depth=1, n_sightings=2, link_confidence=0.9, **inferred),
        _post(
            "p2", "tram", 2, author="Ada", parent="p1", depth=2, link_confidence=0.6, under="p0", under_confidence=0.95,
            **inferred,
        ),
        _post("p3", "tram", 3, author="Cy", parent="p0", depth=1, n_sightings=3, quotes=quote),
        _post("p4", "tram", 4, parent="p0", depth=1, deleted_at=at(30), flags=["words_lost"], text=""),
        _post("s0", "dock", 0, thread="s0", author="Dee", mentions=[{"start": 0, "end": 5, "name": "Eli"}]),
        _post("s1", "dock", 1, thread="s0", author="Eli", parent="s0", depth=1, link_confidence=0.7, **inferred),
        _post("s2", "dock", 2, thread="s2", author="Fay", link_confidence=0.8, text="words of p1", **inferred),
        _post("s3", "dock", 3, thread="s3", **unseen),
        _post("s4", "dock", 4, thread="s3", author="Dee", parent="s3", depth=1, flags=["parent_missing"]),
    ]  # fmt: skip


def _discussions() -> list[dict[str, Any]]:
    return [
        {
            "discussion_id": an_id("tram"), "title": "A garden on the tram", "shape": "page", "n_captures": 2,
            "n_posts": 5, "began_at": at(0),
            "listing": "page", "listing_confidence": 0.9, "lens": "page-meta", "expected_accuracy": 0.7,
        },
        {
            "discussion_id": an_id("dock"), "shape": "stream", "n_captures": 1, "n_posts": 5,
            "began_at": at(0), "listing": "time", "listing_confidence": 1.0, "lens": "time-meta",
            "expected_accuracy": 0.6,
        },
    ]  # fmt: skip


def _threads() -> list[dict[str, Any]]:
    def thread(name: str, discussion: str, root: str, n: int, authors: int, depth: int, times: tuple[int, int]) -> Any:
        return {
            "thread_id": an_id(name), "discussion_id": an_id(discussion), "root_id": an_id(root), "n_posts": n,
            "n_authors": authors, "depth": depth, "started_at": at(times[0]), "ended_at": at(times[1]),
        }  # fmt: skip

    return [
        thread("tram", "tram", "p0", 5, 3, 2, (0, 4)) | {"confidence_mean": 0.75, "confidence_min": 0.6},
        thread("s0", "dock", "s0", 2, 2, 1, (0, 1)) | {"confidence_mean": 0.7, "confidence_min": 0.7},
        thread("s2", "dock", "s2", 1, 1, 0, (2, 2)) | {"confidence_mean": 0.8, "confidence_min": 0.8},
        thread("s3", "dock", "s3", 2, 1, 1, (4, 4)),
    ]


def _links() -> list[dict[str, Any]]:
    def link(post: str, rank: int, parent: str | None, confidence: float) -> dict[str, Any]:
        return {
            "post_id": an_id(post), "rank": rank, "parent_id": None if parent is None else an_id(parent),
            "score": -rank, "confidence": confidence, "is_chosen": rank == 1,
            "evidence": [{"signal": "quotation", "value": 0.5}],
        }  # fmt: skip

    return [
        link("p1", 1, "p0", 0.9),
        link("p1", 2, None, 0.05),
        link("p2", 1, "p1", 0.6),
        link("p2", 2, "p0", 0.35),
        link("s1", 1, "s0", 0.7),
        link("s2", 1, None, 0.8),
    ]


def _sightings() -> list[dict[str, Any]]:
    shown = {
        "c1": ["p0 first", "p1 first", "p3 first"],
        "c2": ["p0 recapture", "p1 edit", "p2 first", "p3 quote", "p3 recapture", "p4 first"],
        "c3": ["s0 first", "s1 first", "s2 first", "s4 first"],
    }
    return [
        {
            "sighting_id": an_id(f"{capture}.{ordinal}"), "capture_id": an_id(capture), "ordinal": ordinal,
            "listing": 0, "location": f"line {ordinal + 1}", "post_id": an_id(shows.split()[0]),
            "discussion_id": an_id("dock" if capture == "c3" else "tram"), "match": shows.split()[1], "similarity": 1.0,
        }
        for capture, rows in shown.items()
        for ordinal, shows in enumerate(rows)
    ]  # fmt: skip


def _duplicates() -> list[dict[str, Any]]:
    def pair(left: str, right: str, kind: str, posts: tuple[str, str], method: str) -> dict[str, Any]:
        return {
            "left_id": an_id(left), "right_id": an_id(right), "kind": kind, "left_post_id": an_id(posts[0]),
            "right_post_id": an_id(posts[1]), "similarity": 0.9, "method": method, "collapses": posts[0] == posts[1],
            "evidence": [{"signal": "edit_ratio", "value": 0.9}],
        }  # fmt: skip

    return [
        pair("c1.0", "c2.0", "recapture", ("p0", "p0"), "alignment"),
        pair("c1.1", "c2.1", "edit", ("p1", "p1"), "author-edit"),
        pair("c1.2", "c2.4", "recapture", ("p3", "p3"), "alignment"),
        pair("c1.0", "c2.3", "quote", ("p0", "p3"), "contained"),
        pair("c1.1", "c3.2", "repost", ("p1", "s2"), "exact"),
    ]


def _captures() -> list[dict[str, Any]]:
    def capture(name: str, discussion: str | None, n: int, rejected: int, **values: Any) -> dict[str, Any]:
        row = {
            "capture_id": an_id(name), "paths": [f"raw/{name}.txt"], "bytes": 100 * n, "format": "text",
            "reader_version": 1, "n_records": n, "n_rejected": rejected,
            "discussion_id": None if discussion is None else an_id(discussion),
        }  # fmt: skip
        return row | values

    return [
        capture("c1", "tram", 3, 0),
        capture("c2", "tram", 6, 0, captured_at=at(60)),
        capture("c3", "dock", 5, 1),
        capture("c4", None, 0, 0, format=None, reader_version=None, error="no reader knows this file"),
    ]


def _quarantine() -> list[dict[str, Any]]:
    return [
        {
            "capture_id": an_id("c3"), "ordinal": 4, "location": "line 5", "stage": "read", "rule": "bad_json",
            "detail": "the line ends inside a string", "raw": b'{"text": "half a \xff',
        }
    ]  # fmt: skip


def _runs() -> list[dict[str, Any]]:
    return [
        {
            "run_id": RUN, "started_at": at(120), "ended_at": at(121), "code_version": "0.1.0",
            "table_version": TABLE_VERSION, "settings": "{}", "fingerprint": "0" * 16, "model_pack": "default",
            "inputs": sorted(an_id(name) for name in ("c1", "c2", "c3", "c4")),
            "counts": [{"step": "ingest", "name": "records", "count": 14}],
            "seconds": [{"step": "ingest", "seconds": 0.5}], "peak_memory_bytes": 1 << 28,
        }
    ]  # fmt: skip


def _decisions() -> list[dict[str, Any]]:
    return [
        {
            "decision_id": an_id("decision"), "post_id": an_id("p3"), "kind": "parent_is_not", "other_id": an_id("p1"),
            "author": "Ada", "note": "I asked her", "decided_at": at(90),
        }
    ]  # fmt: skip


def sample_tables() -> dict[str, pl.DataFrame]:
    """All published tables; every rule of the audit holds."""
    rows: dict[str, list[dict[str, Any]]] = {
        "posts": _posts(),
        "discussions": _discussions(),
        "threads": _threads(),
        "links": _links(),
        "sightings": _sightings(),
        "duplicates": _duplicates(),
        "repeats": [{"post_id": an_id("s2"), "canonical_id": an_id("p1"), "kind": "repost", "similarity": 1.0}],
        "captures": _captures(),
        "quarantine": _quarantine(),
        "aliases": [
            {"seed_id": an_id("p1 as first seen"), "id": an_id("p1"), "table": "posts"},
            {"seed_id": an_id("tram as first seen"), "id": an_id("tram"), "table": "discussions"},
        ],
        "decisions": _decisions(),
        "runs": _runs(),
    }
    return {
        name: fit_table(schema, pl.from_dicts(rows[name], infer_schema_length=None))
        for name, schema in PUBLISHED.items()
    }


def sample_index() -> TextIndex:
    """An index of no texts at all."""
    return TextIndex((), pl.DataFrame(schema={"left_key": pl.String, "right_key": pl.String}))


def publish_unchecked(
    root: Path,
    tables: Mapping[str, pl.DataFrame],
    index: TextIndex | None = None,
    run_id: str = RUN,
    kept: Mapping[str, pl.DataFrame] | None = None,
) -> Path:
    """Publish tables whose rules may be broken, with a manifest that is true of them."""
    layout = ArchiveLayout(root)
    folder = layout.snapshot(run_id)
    facts = {}
    for name, frame in tables.items():
        parts = tuple(write_table(name, frame, folder / name))
        written = pl.scan_parquet(folder / name / "part-*.parquet")
        facts[name] = TableFacts(frame.height, digest_table(name, written), parts)
    indexed = tuple(write_index(folder / "index", index)) if index else ()
    files = tuple(keep_frame(name, frame, folder) for name, frame in (kept or {}).items())
    write_manifest(folder, Manifest(run_id, TABLE_VERSION, facts, indexed, files))
    switch_current(layout, run_id)
    return folder


def sample_records(capture: str, n: int, start: int = 0) -> pl.DataFrame:
    """Rows of ``tables.Records`` of a capture, with ordinals from start."""
    ordinals = range(start, start + n)
    rows = [
        {
            "ordinal": i, "location": f"line {i + 1}", "listing": 0, "parent_known": False, "body": f"words {i}",
            "markup": "plain", "sighting_id": an_id(f"{capture}.{i}"), "capture_id": an_id(capture),
            "order_known": "page", "paragraphs": True, "text": f"words {i}", "quotes": [], "mentions": [],
            "words": f"words {i}", "words_key": an_id(f"words {i}"), "n_words": 2, "information": 3.5, "flags": [],
        }
        for i in ordinals
    ]  # fmt: skip
    return fit_table(Records, pl.from_dicts(rows))
