"""The scratch of a run: what one step wrote, the next one reads, in the order of names."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.errors import ContractError
from pipeline.store import work as work_module
from pipeline.store.work import WorkFolder, remove_work
from pipeline.tables import Aliases


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"n": values}, schema={"n": pl.Int64})


def test_a_part_comes_back_as_it_was_written_and_can_be_written_again(tmp_path):
    work = WorkFolder(tmp_path / "work" / "r1")
    work.write("pairs", numbers(3, 1, 2))
    assert work.read("pairs").equals(numbers(3, 1, 2))
    work.write("pairs", numbers(4).lazy())
    assert work.read("pairs").equals(numbers(4))


def test_a_folder_of_parts_is_read_in_the_order_of_names_whatever_the_order_of_writing(tmp_path):
    work = WorkFolder(tmp_path)
    for band in (10, 2, 0):
        work.write(f"near/band-{band:02d}", numbers(band))
    work.write("nearby", numbers(99))
    assert work.scan("near").collect()["n"].to_list() == [0, 2, 10]
    assert work.names("near") == ["near/band-00", "near/band-02", "near/band-10"]
    assert work.names() == ["near/band-00", "near/band-02", "near/band-10", "nearby"]
    assert work.exists("near")
    assert not work.exists("nea")


def test_no_parts_are_an_error_or_an_empty_table_when_its_schema_is_known(tmp_path):
    work = WorkFolder(tmp_path)
    with pytest.raises(ContractError, match="'near'"):
        work.scan("near")
    assert work.read("near", Aliases).schema == Aliases.create_empty().schema


def test_a_writing_that_fails_leaves_the_earlier_part_and_nothing_else(tmp_path):
    work = WorkFolder(tmp_path)
    work.write("pairs", numbers(1).lazy())
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        work.write("pairs", numbers(2).lazy().select("absent"))
    assert work.read("pairs").equals(numbers(1))
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.parquet"]


def test_facts_are_kept_as_json(tmp_path):
    work = WorkFolder(tmp_path)
    work.write_json("counts/ingest", {"records": 3, "captures": ["b", "a"]})
    assert work.read_json("counts/ingest") == {"records": 3, "captures": ["b", "a"]}
    assert work.names() == []
    with pytest.raises(ContractError, match="'counts/other'"):
        work.read_json("counts/other")


@pytest.mark.parametrize("name", ("", "/etc/x", "../x", "a/../b", "a//b", ".hidden", "a/", "a\nb"))
def test_a_name_cannot_lead_out_of_the_folder(name, tmp_path):
    with pytest.raises(ContractError, match="cannot be the name"):
        WorkFolder(tmp_path).write(name, numbers(1))


def test_small_frames_stay_in_memory_while_there_is_room(tmp_path, monkeypatch):
    monkeypatch.setattr(work_module, "_SMALL", 24)
    monkeypatch.setattr(work_module, "_MOST", 40)
    work = WorkFolder(tmp_path / "work" / "r1")
    parts = {"p/a": [1, 2, 3], "p/b": [4, 5, 6, 7], "p/c": [8], "p/d": [9, 10], "p/e": [11]}
    for name, values in parts.items():
        work.write(name, numbers(*values))
    assert sorted(file.name for file in tmp_path.rglob("*.parquet")) == ["b.parquet", "d.parquet"]
    assert work.names() == work.names("p") == sorted(parts)
    assert work.read("p")["n"].to_list() == list(range(1, 12))
    assert WorkFolder(tmp_path / "work" / "r1").read("p/a").equals(numbers(1, 2, 3))
    assert not WorkFolder(tmp_path / "work" / "r2").exists("p")


def test_a_part_moves_between_memory_and_disk_when_it_is_written_again(tmp_path, monkeypatch):
    monkeypatch.setattr(work_module, "_SMALL", 24)
    work = WorkFolder(tmp_path)
    for values in ([1], [1, 2, 3, 4], [5]):
        work.write("a", numbers(*values))
        assert work.names() == ["a"]
        assert work.read("a")["n"].to_list() == values
    work.write("a", numbers(6).lazy())
    assert work.read("a")["n"].to_list() == [6]


def test_nothing_is_left_of_what_was_removed(tmp_path):
    one, other = (WorkFolder(tmp_path / "work" / name) for name in ("r1", "r2"))
    for work in (one, other):
        work.write("a", numbers(1))
    one.remove()
    assert not one.exists("a")
    assert other.exists("a")
    remove_work(tmp_path / "work")
    assert not other.exists("a")
    assert not (tmp_path / "work").exists()
