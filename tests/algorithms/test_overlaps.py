"""Overlaps: what proves that two listings show one page, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.algorithms.overlaps import count_beside, show_one_page


def shows(left: list[int], right: list[int], bits: float = 40.0) -> bool:
    """Two listings as rows of texts; -1 is a text that stands nowhere else."""
    shared = [(at, right.index(text)) for at, text in enumerate(left) if text >= 0 and text in right]
    a, b = (np.array([pair[side] for pair in shared], dtype=np.int64) for side in (0, 1))
    return show_one_page(a, b, np.full(len(shared), bits), len(left), len(right))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    (
        ([-1, -1, 1, 2], [1, 2, -1, -1], True),  # pages 1 and 2
        ([1, 2], [-1, -1, 1, 2, -1], True),  # one within the other
        ([-1, -1, 1], [1, -1, -1], False),  # one text said again
        ([1, 2, -1, -1, -1], [1, 2, -1, -1, -1], False),  # two notices above different pages
        ([1, -1, -1, 2], [1, 2], False),  # two notices, and what one page has between
        ([-1, 1, -1, 2, -1, 3, -1], [1, -1, -1, 2, -1, -1, 3], False),  # three notices here and there
        ([1, 2, 3, 4, 5], [3, 5, 1, 2, 4], True),  # sorted otherwise
        ([1, 2, 3, 4, -1, 5, 6], [1, 2, 3, 4, -1, 5, 6], True),  # a row was rewritten
    ),
)
def test_what_proves_one_page(left: list[int], right: list[int], expected: bool) -> None:
    assert shows(left, right) is expected
    assert shows(right, left) is expected


def test_common_words_need_more_rows() -> None:
    page = list(range(8))
    assert not shows(page[:3], page[:3], bits=12.0)
    assert shows(page, page, bits=12.0)


@given(st.integers(2, 30), st.data())
def test_windows_of_one_page_overlap(n: int, data: st.DataObject) -> None:
    start, stop = data.draw(st.integers(0, n - 2)), data.draw(st.integers(2, n))
    assume(stop - start >= 2)
    assert shows(list(range(stop)), list(range(start, n)))


@given(st.lists(st.integers(0, 5), unique=True, min_size=2), st.integers(4, 20))
def test_more_rows_of_their_own_prove_nothing(shared: list[int], own: int) -> None:
    """Notices that stand on two pages with many rows of their own on either side of them."""
    assume(len(shared) <= 3)
    rows = [-1] * own
    assert not shows([*rows, *shared, *rows], [*rows, *shared, *rows])


def test_rows_beside_shared_ones_are_counted_once() -> None:
    said, other = np.array([7, 1, 7, 2, 9, 3]), np.array([5, 7, 1, 7, 2, 8, 3])
    # A run of four that holds the shared rows 1 and 3, and the shared row 5 by itself.
    assert count_beside(np.array([1, 3, 5]), np.array([2, 4, 6]), said, other) == 3


def test_short_rows_around_one_rare_text_prove_one_page() -> None:
    alone = (np.array([1]), np.array([6]), np.array([40.0]), 1, 1)
    assert not show_one_page(*alone)
    assert show_one_page(*alone, beside=3)
