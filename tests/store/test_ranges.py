"""Ranges: a table that is sorted range by range is the table sorted at once."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.store import ranges

VALUES = st.one_of(st.none(), st.integers(0, 3))


@given(st.lists(st.tuples(VALUES, st.sampled_from(["a", "b", None]), VALUES), max_size=40), st.integers(1, 7))
def test_ranges_in_a_row_are_the_sorted_table(rows: list[tuple[int | None, str | None, int | None]], most: int) -> None:
    table = pl.DataFrame(rows, schema={"x": pl.Int64, "y": pl.String, "z": pl.Int8}, orient="row")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "RANGE_ROWS", most)
        found = list(ranges.sort_ranges(table.lazy(), ["x", "y", "z"]))
    assert pl.concat([table.clear(), *found]).equals(table.sort("x", "y", "z"))


def test_rows_that_differ_in_the_last_column_alone_are_cut_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pl.DataFrame({"x": [1] * 100, "y": ["a"] * 100, "z": range(100, 0, -1)})
    monkeypatch.setattr(ranges, "RANGE_ROWS", 10)
    found = list(ranges.sort_ranges(table.lazy(), ["x", "y", "z"]))
    assert max(frame.height for frame in found) <= 10
    assert pl.concat(found)["z"].to_list() == list(range(1, 101))
