"""Restarts: where a file holds a second capture, and where it only quotes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.algorithms.restarts import find_restarts


def previous_of(codes: list[int]) -> np.ndarray:
    last: dict[int, int] = {}
    out = []
    for row, code in enumerate(codes):
        out.append(last.get(code, -1))
        last[code] = row
    return np.array(out, dtype=np.int64)


def restarts_of(codes: list[int], bits: float = 40.0) -> list[int]:
    return find_restarts(previous_of(codes), np.full(len(codes), bits)).tolist()


@given(st.integers(3, 40), st.integers(1, 4))
def test_every_further_copy_starts_anew(size: int, copies: int) -> None:
    assert restarts_of(list(range(size)) * copies) == [size * k for k in range(1, copies)]


@given(st.data())
def test_overlapping_windows_of_one_page(data: st.DataObject) -> None:
    n = data.draw(st.integers(10, 60))
    middle = data.draw(st.integers(3, n - 3))
    overlap = data.draw(st.integers(3, middle))
    first, second = list(range(middle)), list(range(middle - overlap, n))
    assert restarts_of(first + second) == [middle]


@given(st.integers(5, 40), st.data())
def test_partial_capture_before_the_whole_page(n: int, data: st.DataObject) -> None:
    chosen = sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=4)))
    assume(chosen[0] <= 2 * len(chosen))  # a few rows far down the page may as well be a quotation
    assume(max(np.diff(chosen)) <= 10)
    # The whole page comes second. Its head might be the first capture's tail, unless much of the page goes on below:
    # captures mostly begin alike, and a few posts come and go.
    (start,) = restarts_of(chosen + list(range(n)))
    if min(chosen[0], n - 1 - chosen[-1]) > 3:
        assert start == len(chosen)
    else:
        assert start in (len(chosen), len(chosen) + chosen[0])


def test_quotation_in_the_first_copy_does_not_mislead_the_second() -> None:
    page = [1, 2, *range(3, 20), 3, *range(20, 40)]
    short = [bits if code > 2 else 5.0 for code, bits in zip(page * 2, [40.0] * 2 * len(page), strict=True)]
    assert find_restarts(previous_of(page * 2), np.array(short)).tolist() == [len(page)]


def test_short_rows_at_the_seam_go_where_they_stand_elsewhere() -> None:
    # "volunteer" (0) opens every capture, "same here" (7) ends it; neither is rare.
    page = [0, 1, 2, 3, 4, 7, 7]
    bits = np.array([5.0 if code in (0, 7) else 40.0 for code in page * 3])
    assert find_restarts(previous_of(page * 3), bits).tolist() == [7, 14]


def test_a_small_part_that_begins_as_the_file_does_is_a_capture() -> None:
    page = list(range(8))
    assert restarts_of([*page, 0, 1]) == [8]
    assert restarts_of([*page, 4, 5]) == []  # but two rows quoted at the end are none


def test_pages_in_the_wrong_order_are_captures_each() -> None:
    page = list(range(12))
    assert restarts_of([*page, *page[7:], *page[:7]]) == [12, 17]
    # Of two alone nobody knows which of them is turned.
    assert restarts_of([*page[7:], *page[:7], *page]) in ([5, 12], [12, 19])


@pytest.mark.parametrize("length", (1, 2, 3, 6))
def test_quoted_stretch_is_no_restart(length: int) -> None:
    page = list(range(30))
    assert restarts_of(page[:20] + page[5 : 5 + length] + page[20:]) == []


def test_common_words_prove_nothing() -> None:
    assert restarts_of([1, 2, 3, 4, 1, 2, 3, 4], bits=5.0) == []


def test_no_rows() -> None:
    assert restarts_of([]) == []
