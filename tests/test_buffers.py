"""Rows come back from their buffers, however the column was cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.buffers import text_buffers, text_column

rows = st.lists(st.none() | st.text(max_size=20), max_size=8)


def read_back(texts: pl.Series) -> list[bytes]:
    values, offsets = text_buffers(texts)
    assert values.dtype == np.uint8
    assert offsets.dtype == np.int64
    assert offsets.size == texts.len() + 1
    assert values.size >= 1
    return [values[start:stop].tobytes() for start, stop in pairwise(offsets)]


def as_bytes(texts: list[str | None]) -> list[bytes]:
    return [(text or "").encode() for text in texts]


@given(rows)
def test_every_row_is_its_utf8_and_null_is_empty(texts: list[str | None]) -> None:
    assert read_back(pl.Series(texts, dtype=pl.String)) == as_bytes(texts)


@given(rows, st.integers(0, 8), st.integers(0, 8))
def test_a_slice_of_a_column_starts_at_its_own_first_row(texts: list[str | None], start: int, length: int) -> None:
    assert read_back(pl.Series(texts, dtype=pl.String)[start : start + length]) == as_bytes(
        texts[start : start + length]
    )


@given(rows, rows)
def test_a_column_in_pieces_is_read_as_one(first: list[str | None], second: list[str | None]) -> None:
    pieces = pl.Series(first, dtype=pl.String).append(pl.Series(second, dtype=pl.String))
    assert read_back(pieces) == as_bytes(first + second)


@given(st.lists(st.none() | st.binary(max_size=20), max_size=8))
def test_bytes_that_are_no_text_are_kept(octets: list[bytes | None]) -> None:
    assert read_back(pl.Series(octets, dtype=pl.Binary)) == [row or b"" for row in octets]


@given(rows, st.integers(0, 8))
def test_a_column_is_made_of_buffers(texts: list[str | None], start: int) -> None:
    column = pl.Series(texts, dtype=pl.String)[start:]
    made = text_column(*text_buffers(column))
    assert made.dtype == pl.String
    assert made.to_list() == column.fill_null("").to_list()
