"""The pack of an archive: pinned by its first run, kept whatever ships later, and moved only when somebody says so."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest

from pipeline import pack as packs
from pipeline.archive import open_archive
from pipeline.audit import audit_archive
from pipeline.audit.deep import audit_raw
from pipeline.errors import ArchiveError, SettingError
from pipeline.pack import list_files, load_pack
from pipeline.rebuild import rebuild
from pipeline.settings import RunParameters
from pipeline.steps import run_direct
from pipeline.store.layout import ArchiveLayout
from pipeline.store.pinned import read_pack

FORUM = """{"id": 1, "discussion_id": "crane", "author": "Ida", "text": "Who will save the old crane at the harbour?"}
{"id": 2, "discussion_id": "crane", "author": "Bo", "text": "@Ida the gulls that live in its cabin will."}
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "crane.jsonl").write_text(FORUM, encoding="utf-8")
    return folder


def make_pack(folder: Path, name: str, bits: float | None = None) -> str:
    """A copy of the shipped pack by another name; words that it does not list of another weight."""
    folder.mkdir()
    for file, data in list_files("default").items():
        facts = orjson.loads(data) | {"name": name} if file == "pack.json" else None
        if facts is not None and bits is not None:
            facts["unseen_bits"] = bits
        (folder / file).write_bytes(data if facts is None else orjson.dumps(facts))
    return str(folder)


def pack_of(out: Path) -> str:
    return str(open_archive(out).runs.select(pl.col("model_pack").last()).collect().item())


def test_an_archive_keeps_its_pack_whatever_ships_later(tmp_path: Path, raw: Path, monkeypatch) -> None:
    out = tmp_path / "archive"
    run_direct(RunParameters(raw=[raw], out=out))
    first = load_pack().name
    assert pack_of(out) == read_pack(ArchiveLayout(out)).name == first
    monkeypatch.setattr(packs, "DEFAULT_PACK", make_pack(tmp_path / "later", "later-1"))
    assert run_direct(RunParameters(raw=[raw], out=out)).nothing_new
    (raw / "more.jsonl").write_text(FORUM.replace("crane", "tug"), encoding="utf-8")
    run_direct(RunParameters(raw=[raw], out=out))
    assert pack_of(out) == first
    assert audit_archive(out) == audit_raw(out) == []


def test_a_new_archive_is_pinned_to_the_pack_it_is_given(tmp_path: Path, raw: Path) -> None:
    own = make_pack(tmp_path / "own", "own-1")
    out = tmp_path / "archive"
    run_direct(RunParameters(raw=[raw], out=out, pack=own))
    assert pack_of(out) == load_pack(own).name
    (tmp_path / "own" / "pack.json").unlink()
    assert run_direct(RunParameters(raw=[raw], out=out)).nothing_new
    with pytest.raises(SettingError, match="rebuild --pack default"):
        run_direct(RunParameters(raw=[raw], out=out, pack="default"))
    with pytest.raises(SettingError, match="no model pack"):
        run_direct(RunParameters(raw=[raw], out=tmp_path / "other", pack="nowhere"))


def test_moving_to_another_pack_is_as_if_it_had_been_there_from_the_start(tmp_path: Path, raw: Path) -> None:
    own = make_pack(tmp_path / "own", "own-1", bits=3.0)
    out, expected = tmp_path / "archive", tmp_path / "expected"
    run_direct(RunParameters(raw=[raw], out=out))
    run_direct(RunParameters(raw=[raw], out=expected, pack=own))
    before = open_archive(out).digest()
    rebuild(out, own)
    assert pack_of(out) == pack_of(expected)
    assert open_archive(out).digest() == open_archive(expected).digest() != before
    assert run_direct(RunParameters(raw=[raw], out=out)).nothing_new
    assert [entry.name for entry in (out / "packs").iterdir()] == [pack_of(out)]
    rebuild(out, "default")
    assert open_archive(out).digest() == before


def test_records_whose_raw_file_is_gone_move_too(tmp_path: Path, raw: Path) -> None:
    out = tmp_path / "archive"
    run_direct(RunParameters(raw=[raw], out=out))
    (raw / "crane.jsonl").write_text("not what was read", encoding="utf-8")
    summary = rebuild(out, make_pack(tmp_path / "own", "own-1", bits=3.0))
    assert any("crane.jsonl" in note for note in summary.notes)
    assert open_archive(out).posts.select(pl.len()).collect().item() == 2
    assert audit_archive(out) == []


def test_what_is_no_archive_has_no_pack_to_move(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive"):
        rebuild(tmp_path / "nothing", "default")
