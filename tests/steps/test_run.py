"""Whole runs without Prefect: what goes in comes out once, whatever way it is cut up and in whatever order."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.archive import Archive, open_archive
from pipeline.audit import audit_archive
from pipeline.errors import ArchiveError, InputError
from pipeline.ids import digest_file
from pipeline.ingest import Capture, open_capture
from pipeline.settings import ReadSettings, RunParameters, load_settings
from pipeline.steps import RunPlan, RunSummary, begin_run, hold_archive, run_direct
from pipeline.store.snapshot import read_manifest
from tests.invented import invent_page

RAW = Path(__file__).parents[2] / "raw"


def run(out: Path, *raw: Path, **values: Any) -> tuple[Archive, RunSummary]:
    summary = run_direct(RunParameters(raw=list(raw), out=out, settings=load_settings(**values)))
    return open_archive(out), summary


def write_lines(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    return write_lines(path, [json.dumps(row) for row in rows])


def digests(archive: Path) -> dict[str, str]:
    return read_manifest((archive / "current").resolve()).digests()


def posts_of(archive: Archive) -> pl.DataFrame:
    return archive.posts.collect()


def invent_tree(n: int, seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    texts = invent_page(n, seed)
    return [
        {
            "id": f"p{i}",
            "discussion_id": "d1",
            "parent_id": None if i == 0 else f"p{rng.randrange(i)}",
            "author": rng.choice(["ada", "bo", "cy"]),
            "created_at": f"2026-03-01T10:{i // 60:02d}:{i % 60:02d}Z",
            "text": texts[i],
        }
        for i in range(n)
    ]


def test_samples_publish_an_archive_without_findings(tmp_path: Path) -> None:
    archive, summary = run(tmp_path / "out", RAW)
    assert audit_archive(tmp_path / "out") == []
    assert summary.failed_captures == []
    counts = {(c["step"], c["name"]): c["count"] for c in archive.runs.collect()["counts"][0]}
    assert counts["ingest", "records"] == summary.counts["sightings"]
    assert counts["ingest", "rejected"] == summary.counts["quarantine"]
    matches = dict(archive.sightings.collect()["match"].value_counts().iter_rows())
    assert matches["first"] == posts_of(archive).filter(~pl.col("is_placeholder")).height
    assert {"recapture", "edit", "quote"} <= set(matches)


def test_second_run_over_the_same_files_does_nothing(tmp_path: Path) -> None:
    _, first = run(tmp_path / "out", RAW)
    _, second = run(tmp_path / "out", RAW)
    assert (first.nothing_new, second.nothing_new) == (False, True)
    assert second.snapshot == first.snapshot
    _, third = run(tmp_path / "out", RAW, edit_similarity=0.9)
    assert not third.nothing_new, "another setting is another run"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n=st.integers(10, 40), seed=st.integers(0, 10_000))
def test_page_has_the_same_ids_twice_in_a_file_in_two_files_or_two_runs(
    tmp_path_factory: pytest.TempPathFactory, n: int, seed: int
) -> None:
    base = tmp_path_factory.mktemp("page")
    page = invent_page(n, seed)
    alone, _ = run(base / "one", write_lines(base / "a.txt", page))
    expected = posts_of(alone)["post_id"].to_list()
    twice, _ = run(base / "twice", write_lines(base / "b.txt", page + page))
    apart, _ = run(base / "apart", base / "a.txt", write_lines(base / "c.txt", [*page, ""]))
    run(base / "later", base / "a.txt")
    later, _ = run(base / "later", base / "c.txt")
    for archive in (twice, apart, later):
        assert posts_of(archive)["post_id"].to_list() == expected
    assert digests(base / "apart") == digests(base / "later")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), parts=st.integers(1, 30), omit=st.booleans())
def test_declared_parents_come_back_in_any_order_and_split(
    tmp_path_factory: pytest.TempPathFactory, seed: int, parts: int, omit: bool
) -> None:
    base = tmp_path_factory.mktemp("tree")
    rng = random.Random(seed)
    rows = invent_tree(30, seed)
    rng.shuffle(rows)
    sparse = [{key: value for key, value in row.items() if value is not None} for row in rows]
    for part in range(parts):
        write_jsonl(base / "raw" / f"{part}.jsonl", (sparse if omit else rows)[part::parts])
    archive, _ = run(base / "out", base / "raw")
    posts = posts_of(archive)
    native = dict(posts.select("post_id", "native_id").iter_rows())
    assert {row["native_id"]: native.get(row["parent_id"]) for row in posts.to_dicts()} == {
        row["id"]: row["parent_id"] for row in rows
    }
    assert posts["link_kind"].unique().to_list() == ["declared"]
    assert audit_archive(base / "out") == []


def test_order_of_files_and_their_names_do_not_matter(tmp_path: Path) -> None:
    pages = [invent_page(30, seed) for seed in (1, 2)]
    files = [
        pages[0],
        pages[0][5:25],
        pages[1],
        [*pages[1][:10], "A late remark about the harbour ledger and its keel."],
    ]
    for name, order in (("one", files), ("two", files[::-1])):
        for number, lines in enumerate(order):
            write_lines(tmp_path / name / f"{number}.txt", lines)
        run(tmp_path / f"{name}-out", tmp_path / name)
    assert digests(tmp_path / "one-out") == digests(tmp_path / "two-out")


def test_buckets_and_their_number_decide_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for buckets in (1, 5):
        monkeypatch.setattr("pipeline.steps.divide.LEAST_RECORDS", 1)
        out = tmp_path / str(buckets)
        run_direct(RunParameters(raw=[RAW], out=out, buckets=buckets))
    assert digests(tmp_path / "1") == digests(tmp_path / "5")


def test_unreadable_file_fails_alone(tmp_path: Path) -> None:
    page = write_lines(tmp_path / "raw" / "page.txt", invent_page(5))
    (tmp_path / "raw" / "noise.bin").write_bytes(bytes(range(256)) * 40)
    archive, summary = run(tmp_path / "out", tmp_path / "raw")
    assert len(summary.failed_captures) == 1
    assert "noise.bin" in summary.failed_captures[0]
    assert posts_of(archive).height == 5
    captures = {row["paths"][0]: row for row in archive.captures.collect().to_dicts()}
    assert captures[str(page)]["error"] is None
    assert captures[str(tmp_path / "raw" / "noise.bin")]["error"]
    assert audit_archive(tmp_path / "out") == []


def begin_two(tmp_path: Path) -> tuple[Path, Path, RunParameters]:
    keep = write_lines(tmp_path / "raw" / "keep.txt", invent_page(5, 1))
    lose = write_lines(tmp_path / "raw" / "lose.txt", invent_page(5, 2))
    return keep, lose, RunParameters(raw=[tmp_path / "raw"], out=tmp_path / "out")


@pytest.mark.parametrize("harm", ("gone", "grown", "folder"))
def test_file_that_changes_after_planning_fails_alone_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    keep, lose, parameters = begin_two(tmp_path)
    lines = lose.read_bytes()

    def begin_and_harm(parameters: RunParameters) -> RunPlan:
        plan = begin_run(parameters)
        lose.unlink()
        if harm == "grown":
            lose.write_bytes(lines + b"One more line that was not there.\n")
        elif harm == "folder":
            lose.mkdir()
        return plan

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.steps.begin_run", begin_and_harm)
        summary = run_direct(parameters)
    assert len(summary.failed_captures) == 1
    assert "lose.txt" in summary.failed_captures[0]
    archive = open_archive(tmp_path / "out")
    assert archive.captures.collect()["paths"].to_list() == [[str(keep)]]
    assert audit_archive(tmp_path / "out") == []
    if harm == "folder":
        lose.rmdir()
    lose.write_bytes(lines)
    archive, summary = run(tmp_path / "out", tmp_path / "raw")
    assert summary.failed_captures == []
    assert posts_of(archive).height == 10


def test_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, lose, parameters = begin_two(tmp_path)

    def read_and_grow(path: Path, settings: ReadSettings) -> Capture:
        if path == lose:
            lose.write_text("something else\n")
        return open_capture(path, settings)

    monkeypatch.setattr("pipeline.steps.ingest.open_capture", read_and_grow)
    summary = run_direct(parameters)
    assert ["lose.txt" in words and "changed" in words for words in summary.failed_captures] == [True]
    assert posts_of(open_archive(tmp_path / "out")).height == 5


def test_what_may_not_be_opened_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, lose, parameters = begin_two(tmp_path)

    def refuse(path: Path) -> str:
        if path == lose:
            raise PermissionError(13, "Permission denied", str(path))
        return digest_file(path)

    monkeypatch.setattr("pipeline.store.stamps.digest_file", refuse)
    for again in (False, True):
        summary = run_direct(parameters)
        assert summary.nothing_new is again
        assert summary.failed_captures == [
            f"{lose} cannot be read: Permission denied. Check that it is a file you may read."
        ]
    assert posts_of(open_archive(tmp_path / "out")).height == 5


def test_the_bytes_are_looked_for_where_this_run_found_them(tmp_path: Path) -> None:
    page = write_lines(tmp_path / "raw" / "a.txt", invent_page(5, 1))
    run(tmp_path / "out", tmp_path / "raw")
    lines = page.read_bytes()
    page.write_bytes(lines + b"A line that was added later.\n")
    (tmp_path / "raw" / "b.txt").write_bytes(lines)
    archive, _ = run(tmp_path / "out", tmp_path / "raw", record_bytes=1 << 20)
    sizes = archive.captures.filter(pl.col("paths").list.contains(str(tmp_path / "raw" / "b.txt"))).collect()
    assert sizes["n_records"].to_list() == [5]


def test_packed_and_plain_are_one_discussion(tmp_path: Path) -> None:
    lines = invent_page(12)
    plain = write_lines(tmp_path / "raw" / "page.txt", lines)
    (tmp_path / "raw" / "page.txt.gz").write_bytes(gzip.compress(plain.read_bytes()))
    archive, _ = run(tmp_path / "out", tmp_path / "raw")
    assert posts_of(archive)["n_sightings"].to_list() == [2] * 12
    assert archive.discussions.collect()["n_captures"].to_list() == [2]


def test_equal_bytes_are_one_capture_with_two_paths(tmp_path: Path) -> None:
    lines = invent_page(6)
    paths = [write_lines(tmp_path / "raw" / name, lines) for name in ("a.txt", "b.txt")]
    archive, _ = run(tmp_path / "out", tmp_path / "raw")
    assert archive.captures.collect()["paths"].to_list() == [[str(path) for path in paths]]
    assert posts_of(archive)["n_sightings"].to_list() == [1] * 6


def test_ids_without_scope_identify_nothing_across_files(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        rows = [{"id": i, "text": text} for i, text in enumerate(invent_page(6, seed, short=0))]
        write_jsonl(tmp_path / "raw" / f"{name}.jsonl", rows)
    apart, _ = run(tmp_path / "apart", tmp_path / "raw")
    assert posts_of(apart).height == 12
    named, _ = run(tmp_path / "named", tmp_path / "raw", source="forum")
    posts = posts_of(named)
    assert posts.height == 6
    assert posts["n_sightings"].to_list() == [2] * 6


def test_missing_parent_becomes_a_placeholder_and_cycles_lose_nobody(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "parent_id": "gone", "discussion_id": "d", "text": "An answer to what nobody saved."},
        {"id": "b", "parent_id": "c", "discussion_id": "d", "text": "One half of a circle of harbours."},
        {"id": "c", "parent_id": "b", "discussion_id": "d", "text": "The other half of the lantern circle."},
        {"id": "e", "parent_id": "e", "discussion_id": "d", "text": "A post that answers itself, proudly."},
    ]
    archive, _ = run(tmp_path / "out", write_jsonl(tmp_path / "t.jsonl", rows))
    posts = {row["native_id"]: row for row in posts_of(archive).to_dicts()}
    assert set(posts) == {"a", "b", "c", "e", "gone"}
    assert posts["gone"]["is_placeholder"]
    assert posts["a"]["parent_id"] == posts["gone"]["post_id"]
    assert posts["a"]["flags"] == ["parent_missing"]
    broken = [name for name, row in posts.items() if "cycle_broken" in row["flags"]]
    assert broken == ["b", "e"] or sorted(broken) == ["b", "e"]
    assert posts["c"]["parent_id"] == posts["b"]["post_id"]
    assert audit_archive(tmp_path / "out") == []


def test_edit_and_deletion_of_one_id(tmp_path: Path) -> None:
    post = {"id": "x", "discussion_id": "d", "parent_id": None, "author": "ada"}
    rows = [
        post | {"text": "The ferry leaves at nine.", "captured_at": "2026-01-01T00:00:00Z", "score": 1},
        post | {"text": "The ferry leaves at ten.", "captured_at": "2026-01-02T00:00:00Z", "score": 7},
        post | {"text": "[deleted]", "captured_at": "2026-01-03T00:00:00Z", "author": "[deleted]"},
    ]
    path = write_jsonl(tmp_path / "t.jsonl", rows)
    archive, _ = run(tmp_path / "out", path)
    (kept,) = posts_of(archive).to_dicts()
    assert kept["text"] == "The ferry leaves at ten."
    assert kept["author"] == "ada"
    assert kept["score"] == 7
    assert str(kept["deleted_at"].date()) == "2026-01-03"
    sightings = archive.sightings.collect().sort("ordinal")
    assert sightings["match"].to_list() == ["first", "edit", "recapture"]
    assert sightings["body_raw"].to_list() == ["The ferry leaves at nine.", None, "[deleted]"]
    assert archive.clean.collect().height == 0
    honoured, _ = run(tmp_path / "honoured", path, honour_deletions=True)
    assert posts_of(honoured)["text"].to_list() == [""]
    assert honoured.sightings.collect()["body_raw"].to_list() == [None] * 3


def test_standing_quotation_belongs_to_the_reply(tmp_path: Path) -> None:
    page = invent_page(20, seed=5, short=0)
    quoted = page[3][: page[3].index("?") + 1]  # all of it, so far below, would be its words posted again
    assert quoted != page[3]
    lines = [*page[:10], quoted, *page[10:]]
    archive, _ = run(tmp_path / "out", write_lines(tmp_path / "t.txt", lines))
    posts = posts_of(archive)
    assert posts["text"].to_list() == page
    (quote,) = archive.sightings.filter(pl.col("match") == "quote").collect().to_dicts()
    reply = posts.row(10, named=True)
    assert quote["post_id"] == reply["post_id"]
    assert reply["parent_id"] == posts["post_id"][3]
    link = archive.links.filter((pl.col("post_id") == reply["post_id"]) & pl.col("is_chosen")).collect()
    assert "quotation" in [item["signal"] for item in link["evidence"][0]]


def test_same_words_elsewhere_are_a_repost_and_short_ones_are_nothing(tmp_path: Path) -> None:
    long = "Every lantern in the harbour was lit by the ratchet keeper and his orchard of copper pulleys."
    rows = [
        {
            "id": str(i),
            "discussion_id": f"d{i}",
            "author": f"u{i}",
            "created_at": f"2026-01-0{i + 1}T00:00:00Z",
            "text": text,
        }
        for i, text in enumerate([long, long.upper(), "I agree.", "I agree."])
    ]
    archive, _ = run(tmp_path / "out", write_jsonl(tmp_path / "t.jsonl", rows))
    posts = {row["native_id"]: row["post_id"] for row in posts_of(archive).to_dicts()}
    assert len(posts) == 4
    (repeat,) = archive.repeats.collect().to_dicts()
    assert (repeat["post_id"], repeat["canonical_id"], repeat["kind"]) == (posts["1"], posts["0"], "repost")
    (edge,) = archive.duplicates.collect().to_dicts()
    assert (edge["kind"], edge["method"], edge["collapses"]) == ("repost", "exact", False)


def test_aliases_resolve_ids_published_before(tmp_path: Path) -> None:
    page = invent_page(30, seed=9)
    parts = [page[8:], page[:20], page]
    published: set[str] = set()
    for number, lines in enumerate(parts):
        archive, _ = run(tmp_path / "out", write_lines(tmp_path / f"{number}.txt", lines))
        published |= set(posts_of(archive)["post_id"])
    posts = set(posts_of(archive)["post_id"])
    assert len(posts) == 30
    assert {archive.resolve(known) for known in published} <= posts


def test_bad_paths_and_a_held_archive_stop_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        run(tmp_path / "out", tmp_path / "nowhere")
    parameters = RunParameters(raw=[RAW], out=tmp_path / "out")
    with hold_archive(parameters):
        begin_run(parameters)
        with pytest.raises(ArchiveError, match="Another run"):
            run_direct(parameters)


def test_a_run_that_finds_nothing_new_removes_what_dead_runs_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    raw = write_lines(tmp_path / "page.txt", invent_page(6))
    run(out, raw)
    left = [out / "snapshots" / "dead.gone.tmp", out / "captures" / "dead.tmp", out / "work" / "dead"]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "part.parquet").touch()
    capture = next(path for path in (out / "captures").iterdir() if path.name != "dead.tmp")
    left += [out / ".current.tmp", capture / ".facts.json.1-2.tmp"]
    left[-2].symlink_to("snapshots/nowhere")
    left[-1].touch()
    assert run(out, raw)[1].nothing_new
    assert [path for path in left if path.exists() or path.is_symlink()] == []
