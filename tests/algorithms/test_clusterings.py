from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from pipeline.algorithms.clusterings import adjust_rand, match_groups, score_variation, share_one_to_one

LABELLINGS = st.integers(1, 12).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 4), min_size=n, max_size=n) for _ in range(2)))
)


def _groups(labels):
    return [frozenset(i for i, label in enumerate(labels) if label == which) for which in sorted(set(labels))]


def _slow_one_to_one(found, true):
    a, b = sorted((_groups(found), _groups(true)), key=len)
    best = max(sum(len(x & y) for x, y in zip(a, chosen, strict=True)) for chosen in permutations(b, len(a)))
    return 100 * best / len(found)


def _slow_variation(found, true):
    n, total = len(found), 0.0
    if n < 2:
        return 100.0
    for a in _groups(found):
        for b in _groups(true):
            if a & b:
                r = len(a & b) / n
                total -= r * (np.log2(r / (len(a) / n)) + np.log2(r / (len(b) / n)))
    return 100 * (1 - total / np.log2(n))


@given(LABELLINGS)
def test_they_equal_their_definitions(labels):
    found, true = labels
    assert share_one_to_one(found, true) == pytest.approx(_slow_one_to_one(found, true))
    assert score_variation(found, true) == pytest.approx(_slow_variation(found, true))
    assert adjust_rand(found, true) == pytest.approx(adjusted_rand_score(true, found))
    a, b = ({g for g in _groups(side) if len(g) > 1} for side in (found, true))
    exact = match_groups(found, true)
    assert exact.precision == pytest.approx(len(a & b) / len(a) if a else 0)
    assert exact.recall == pytest.approx(len(a & b) / len(b) if b else 0)


@given(LABELLINGS)
def test_names_of_groups_and_the_order_of_arguments_do_not_matter(labels):
    found, true = (np.array(side) for side in labels)
    for measure in (share_one_to_one, score_variation, adjust_rand):
        assert measure(found, true) == pytest.approx(measure(true, 90 - 7 * found))


def test_equal_groups_are_perfect_and_single_items_are_no_exact_groups():
    labels = np.array([3, 3, 1, 2])
    assert (share_one_to_one(labels, labels), score_variation(labels, labels), adjust_rand(labels, labels)) == (
        100.0,
        100.0,
        1.0,
    )
    assert match_groups(labels, labels).f1 == 1.0
    assert match_groups(np.arange(4), np.arange(4)).f1 == 0.0


def test_no_items_and_unequal_lengths():
    assert share_one_to_one([], []) == 100.0
    assert score_variation([], []) == 100.0
    with pytest.raises(ValueError, match="one length"):
        match_groups([1], [1, 2])
