"""The deep audit: silent over a sound archive, and it finds whatever was changed behind its back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.audit.deep import audit_raw
from pipeline.ingest import Part
from pipeline.settings import RunParameters, load_settings
from pipeline.steps import run_direct
from pipeline.steps.ingest import read_part
from tests.ingest.archives import make_zip

RAW = Path(__file__).parents[1] / "raw"
POSTS = (
    b'{"id": 1, "text": "Soup &amp; stew?"}\n\n{"id": 2, "parent_id": 1, "text": "[deleted]"}\n'
    b'no json\n{"id": 3, "text": "  "}\n'
)


def publish(folder: Path, **settings: Any) -> Path:
    raw = folder / "raw"
    shutil.copytree(RAW, raw, ignore=shutil.ignore_patterns("README*"))
    (raw / "posts.jsonl").write_bytes(POSTS)
    (raw / "two.zip").write_bytes(
        make_zip({"a.txt": b"One.\n\nTwo.\n", "b.jsonl": POSTS, "c.png": b"\x89PNG\r\n\x1a\n\0"})
    )
    (raw / "unknown.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    run_direct(RunParameters(raw=[raw], out=folder / "out", settings=load_settings(**settings)))
    return folder / "out"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("deep"))


def test_a_sound_archive_has_no_findings(archive: Path) -> None:
    notes: list[str] = []
    assert audit_raw(archive, note=notes.append) == []
    assert notes == []


def test_settings_are_those_of_the_run(tmp_path: Path) -> None:
    assert audit_raw(publish(tmp_path, source="kitchen", listing="time", honour_deletions=True)) == []


def test_a_file_that_changed_is_noted(archive: Path, tmp_path: Path) -> None:
    whole = shutil.copytree(archive.parent, tmp_path / "copy", symlinks=True)
    gone = archive.parent / "raw" / "two.zip"
    kept = gone.read_bytes()
    gone.write_bytes(kept + b"\0")
    try:
        notes: list[str] = []
        assert audit_raw(whole / "out", note=notes.append) == []
        (text,) = notes
        assert "two.zip" in text
    finally:
        gone.write_bytes(kept)


def change(archive: Path, table: str, alter: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    (part,) = (archive / "current" / table).glob("*.parquet")
    alter(pl.read_parquet(part)).write_parquet(part)


@pytest.mark.parametrize(
    ("table", "alter", "rules"),
    [
        ("sightings", lambda rows: rows.slice(1), {"record_is_sighting"}),
        (
            "sightings",
            lambda rows: rows.with_columns(
                pl.when(pl.int_range(pl.len()) == 3).then(999).otherwise("ordinal").alias("ordinal")
            ),
            {"record_is_sighting"},
        ),
        ("sightings", lambda rows: rows.with_columns(author_raw=pl.lit("mallory")), {"author_raw_is_as_scraped"}),
        ("sightings", lambda rows: rows.with_columns(body_raw=pl.lit("Other words.")), {"body_is_as_scraped"}),
        ("sightings", lambda rows: rows.with_columns(votes=pl.col("votes") + 1), {"votes_is_as_scraped"}),
        ("posts", lambda rows: rows.with_columns(text=pl.col("text") + "!"), {"body_is_as_scraped"}),
        ("quarantine", lambda rows: rows.slice(1), {"rejected_is_quarantined"}),
        (
            "quarantine",
            lambda rows: rows.with_columns(rule=pl.lit("other")),
            {"rejected_is_quarantined", "quarantined_is_rejected"},
        ),
        ("captures", lambda rows: rows.with_columns(n_records=pl.col("n_records") + 1), {"counts_hold"}),
        ("captures", lambda rows: rows.with_columns(error=pl.lit("broken")), {"file_is_unreadable"}),
        ("captures", lambda rows: rows.with_columns(error=pl.lit(None, dtype=pl.String)), {"file_is_readable"}),
    ],
)
def test_what_was_changed_is_found(
    archive: Path, tmp_path: Path, table: str, alter: Callable[[pl.DataFrame], pl.DataFrame], rules: set[str]
) -> None:
    broken = shutil.copytree(archive, tmp_path / "out", symlinks=True)
    change(broken, table, alter)
    assert rules <= {finding.rule for finding in audit_raw(broken)}


def test_a_line_that_its_reader_swallowed_is_found(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pipeline.ingest.readers.flat_text.EDGES", " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.?"
    )
    assert "lines_are_accounted" in {finding.rule for finding in audit_raw(archive)}


CASES = Path(__file__).parent / "cases" / "readers"
FAMILIES = ("irc", "whatsapp", "mbox", "csv_glued_from_two_exports", "discord", "hackernews", "wordpress", "phpbb")


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("families")
    raw = [dump for name in FAMILIES for dump in (CASES / name).glob("dump.*")]
    run_direct(RunParameters(raw=raw, out=folder / "out", settings=load_settings()))
    return folder / "out"


def test_files_of_every_kind_are_accounted_for(families: Path) -> None:
    assert audit_raw(families) == []


@pytest.mark.parametrize(
    ("format_name", "rule"),
    [
        ("irc", "lines_are_accounted"),
        ("whatsapp", "lines_are_accounted"),
        ("mbox", "lines_are_accounted"),
        ("csv", "lines_are_accounted"),
        ("discord", "words_are_kept"),
        ("hackernews", "words_are_kept"),
        ("wordpress", "words_are_kept"),
        ("phpbb", "words_are_kept"),
    ],
)
def test_a_record_that_its_reader_swallowed_is_found(
    families: Path, monkeypatch: pytest.MonkeyPatch, format_name: str, rule: str
) -> None:
    """Records are lost on reading: what is published does not tell, for the reader says the same again."""

    def read_less(part: Part, *others: Any) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        for records, rejected in read_part(part, *others):
            is_asked = part.format == format_name
            yield records.filter(pl.col("deletion").is_not_null()) if is_asked else records, rejected

    monkeypatch.setattr("pipeline.audit.deep.read_part", read_less)
    found = {(finding.rule, Path(finding.example.split(" (")[0]).parent.name) for finding in audit_raw(families)}
    folder = "csv_glued_from_two_exports" if format_name == "csv" else format_name
    assert (rule, folder) in found
    assert all(name == folder for _, name in found)
