from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from pipeline.algorithms.agreement import compare_ancestors, compare_links, rank_agreement, rank_reading

FORESTS = st.integers(1, 12).flatmap(lambda n: st.tuples(*(st.tuples(*(st.integers(-1, i - 1) for i in range(n)))
                                                           for _ in range(2))))  # fmt: skip


def _ancestors(parents):
    pairs = set()
    for node in range(len(parents)):
        above = parents[node]
        while above >= 0:
            pairs.add((node, above))
            above = parents[above]
    return pairs


@given(FORESTS)
def test_ancestors_are_those_found_by_walking_up(forests):
    found, true = forests
    a, b = _ancestors(found), _ancestors(true)
    got = compare_ancestors(np.array(found), np.array(true))
    assert got.precision == pytest.approx(len(a & b) / len(a) if a else 0)
    assert got.recall == pytest.approx(len(a & b) / len(b) if b else 0)


@given(FORESTS, st.booleans())
def test_links_are_compared_as_sets(forests, with_starts):
    sides = [
        {(post, post if parent < 0 else parent) for post, parent in enumerate(side) if parent >= 0 or with_starts}
        for side in forests
    ]
    posts = np.arange(len(forests[0]))
    got = compare_links((posts, forests[0]), (posts, forests[1]), with_starts=with_starts)
    a, b = sides
    assert got.precision == pytest.approx(len(a & b) / len(a) if a else 0)
    assert got.recall == pytest.approx(len(a & b) / len(b) if b else 0)
    assert got.f1 == pytest.approx(2 * len(a & b) / (len(a) + len(b)) if a or b else 0)


def test_each_of_several_true_parents_counts():
    got = compare_links(([0, 1, 2], [-1, 0, 1]), ([0, 1, 2, 2], [-1, 0, 0, 1]), with_starts=True)
    assert (got.precision, got.recall) == (1.0, 0.75)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=20))
def test_rank_agreement_is_kendalls_tau_b(items):
    left, right = np.array(items).T
    if len(set(left)) == 1 or len(set(right)) == 1:
        assert rank_agreement(left, right) == 1.0
    else:
        assert rank_agreement(left, right) == pytest.approx(kendalltau(left, right).statistic)


def test_a_page_read_in_the_right_order_agrees_with_itself():
    parents = np.array([-1, 0, 0, 1])
    assert rank_reading(parents).tolist() == [0, 1, 3, 2]
    assert rank_agreement(rank_reading(parents), rank_reading(parents)) == 1.0
