"""Sets of ids behave as Python's own."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.algorithms.id_sets import IdSet, find_places


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.integers(1, 2**64 - 1) | st.integers(1, 40).map(lambda n: n << 30), max_size=900)))
def test_an_id_is_new_once(batches: list[list[int]]) -> None:
    ids, seen = IdSet(), set()
    for batch in batches:
        expected = [number not in seen and not seen.add(number) for number in batch]
        assert ids.add(np.array(batch, dtype=np.uint64)).tolist() == expected
        assert len(ids) == len(seen)
        assert ids.holds(np.array([0, 1, 5, *batch[:3]], dtype=np.uint64)).tolist() == [
            number in seen for number in (0, 1, 5, *batch[:3])
        ]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=200, unique=True),
    st.lists(st.integers(0, 40), max_size=20),
)
def test_ids_are_found_where_they_stand(numbers: list[int], others: list[int]) -> None:
    ids = np.array(sorted(numbers), dtype=np.uint64)
    wanted = np.array([numbers + others], dtype=np.uint64)
    at = {number: place for place, number in enumerate(ids.tolist())}
    assert find_places(ids, wanted).tolist() == [[at.get(number, -1) for number in numbers + others]]
