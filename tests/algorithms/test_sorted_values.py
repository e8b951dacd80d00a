"""Common values of two sorted arrays, against looking for each one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.algorithms.sorted_values import find_common

numbers = st.lists(st.integers(0, 30) | st.integers(0, 2**32 - 1), max_size=60).map(sorted)


@given(numbers, numbers, st.sampled_from([np.uint32, np.uint64]))
def test_rows_are_those_whose_value_is_wanted(values, wanted, kind):
    expected = [row for row, value in enumerate(values) if value in wanted]
    assert find_common(np.array(values, dtype=kind), np.array(wanted, dtype=kind)).tolist() == expected


@pytest.mark.parametrize("wanted", [[7], [7, 7], [0, 7, 999], [1000]])
def test_few_wanted_among_many(wanted):
    values = np.sort(np.arange(1000, dtype=np.uint32) // 3)
    found = find_common(values, np.array(wanted, dtype=np.uint32))
    assert found.tolist() == np.flatnonzero(np.isin(values, wanted)).tolist()
