"""Published parts: sorted, equal bytes for equal rows, readable by polars, DuckDB and pyarrow as they are."""

from __future__ import annotations

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ContractError
from pipeline.store import write
from pipeline.store.write import sorted_batches, write_table
from pipeline.tables import PUBLISHED
from tests.sample_archive import an_id, sample_tables


@pytest.fixture
def small_parts(monkeypatch):
    """Groups of two rows and parts of two groups, so that ten posts need three parts."""
    monkeypatch.setattr(write, "GROUP_ROWS", 2)
    monkeypatch.setattr(write, "PART_GROUPS", 2)


@pytest.mark.parametrize("name", tuple(PUBLISHED))
def test_every_table_comes_back_with_its_dtypes_and_rows(name, tmp_path):
    rows = sample_tables()[name]
    write_table(name, rows, tmp_path)
    back = pl.scan_parquet(tmp_path / "*.parquet").collect()
    assert back.schema == rows.schema
    assert back.equals(rows.sort(write.sort_columns(name)))


@pytest.mark.parametrize("name", tuple(PUBLISHED))
def test_a_table_without_rows_has_one_part_with_its_columns(name, tmp_path):
    parts = write_table(name, PUBLISHED[name].create_empty(), tmp_path)
    assert [(part.name, part.rows) for part in parts] == [("part-00000.parquet", 0)]
    assert pl.read_parquet(tmp_path / "*.parquet").schema == PUBLISHED[name].create_empty().schema


def test_rows_given_in_any_order_and_form_are_equal_bytes(tmp_path, small_parts):
    posts = sample_tables()["posts"]
    posts.head(7).write_parquet(tmp_path / "a.parquet")
    posts.tail(3).write_parquet(tmp_path / "b.parquet")
    forms = {
        "frame": posts,
        "shuffled": posts.sample(fraction=1, shuffle=True, seed=1),
        "lazy": posts.reverse().lazy(),
        "files": [tmp_path / "b.parquet", tmp_path / "a.parquet"],
        "chunks": pl.concat([posts.slice(4), posts.head(4)], rechunk=False),
    }
    written = {form: write_table("posts", rows, tmp_path / form) for form, rows in forms.items()}
    assert [part.rows for part in written["frame"]] == [4, 4, 2]
    for form, parts in written.items():
        assert parts == written["frame"], form
        for part in parts:
            assert (tmp_path / form / part.name).read_bytes() == (tmp_path / "frame" / part.name).read_bytes()


def test_parts_say_what_they_are_and_are_sorted_as_they_say(tmp_path, small_parts):
    write_table("posts", sample_tables()["posts"].reverse(), tmp_path)
    for path in sorted(tmp_path.glob("*.parquet")):
        file = pq.ParquetFile(path)
        group = file.metadata.row_group(0)
        keys = [group.column(column.column_index).path_in_schema for column in group.sorting_columns]
        assert keys == ["began_at", "discussion_id", "position", "post_id"]
        assert group.column(0).compression == "ZSTD"
        assert group.column(0).has_column_index
        # Read row by row through pyarrow: polars would trust what the file says.
        rows = list(zip(*(file.read(columns=keys).to_pydict()[key] for key in keys), strict=True))
        assert rows == sorted(rows)


def test_polars_sorts_the_other_way_round_over_several_parts(tmp_path, small_parts):
    write_table("posts", sample_tables()["posts"], tmp_path)
    scan = pl.scan_parquet(tmp_path / "*.parquet")
    ids = scan.sort("discussion_id", "position", descending=True).collect()["post_id"]
    assert ids.to_list() == scan.collect()["post_id"].reverse().to_list()


def test_batches_end_where_groups_end_whatever_comes_in(small_parts):
    posts = sample_tables()["posts"]
    heights = [batch.height for batch in sorted_batches("posts", posts.lazy())]
    assert heights == [2, 2, 2, 2, 2]


def test_duckdb_reads_them_as_they_are(tmp_path, small_parts):
    write_table("posts", sample_tables()["posts"], tmp_path)
    found = duckdb.sql(
        f"SELECT author, posted_at, quotes[1].end AS quoted FROM '{tmp_path}/*.parquet' "
        f"WHERE post_id = '{an_id('p3')}' AND list_contains(flags, 'none') = false"
    ).fetchall()
    assert [(author, quoted) for author, _, quoted in found] == [("Cy", 5)]


def test_a_row_without_what_its_table_needs_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(ContractError, match="post_id"):
        write_table("posts", sample_tables()["posts"].drop("post_id"), tmp_path)
    assert list(tmp_path.iterdir()) == []
