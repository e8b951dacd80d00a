from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.algorithms.forests import attribute_forest, grow_stump, join_forests, read_lightgbm, run_forest

VALUES = st.sampled_from([-1.5, -1.0, 0.0, 0.5, 1.0, 2.0])


@st.composite
def trees(draw, depth=3):
    """A tree as LightGBM dumps it."""
    value = draw(VALUES)
    if depth == 0 or draw(st.booleans()):
        return {"leaf_value": value}
    return {
        "split_feature": draw(st.integers(0, 2)),
        "threshold": draw(VALUES),
        "default_left": draw(st.booleans()),
        "missing_type": draw(st.sampled_from(["NaN", "None"])),
        "internal_value": value,
        "left_child": draw(trees(depth - 1)),
        "right_child": draw(trees(depth - 1)),
    }


def _walk(tree, row):
    while "split_feature" in tree:
        x = row[tree["split_feature"]]
        if np.isnan(x) and tree["missing_type"] == "NaN":
            low = tree["default_left"]
        else:
            low = np.nan_to_num(x, nan=0.0) <= tree["threshold"]
        tree = tree["left_child"] if low else tree["right_child"]
    return tree["leaf_value"]


ROWS = st.lists(st.lists(st.one_of(VALUES, st.just(float("nan"))), min_size=3, max_size=3), min_size=1, max_size=70)


@given(st.lists(trees(), min_size=1, max_size=4), ROWS)
def test_a_forest_is_the_sum_of_its_trees(grown, rows):
    forest = read_lightgbm({"tree_info": [{"tree_structure": tree} for tree in grown]})
    table = np.array(rows, dtype=np.float32)
    expected = [sum(_walk(tree, row) for tree in grown) for row in rows]
    assert run_forest(forest, table) == pytest.approx(expected)
    parts = attribute_forest(forest, table, np.array([0, 1, 1]), 2)
    assert parts.shape == (len(rows), 3)
    assert parts.sum(axis=1) == pytest.approx(expected)
    both = join_forests([forest, forest], [0.25, 0.5])
    assert run_forest(both, table) == pytest.approx(0.75 * np.array(expected))


WHOLE_ROWS = st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=70)


@given(st.lists(trees(), min_size=1, max_size=4), WHOLE_ROWS)
def test_rows_without_gaps_fare_like_the_same_rows_beside_one_with_gaps(grown, rows):
    forest = read_lightgbm({"tree_info": [{"tree_structure": tree} for tree in grown]})
    whole, groups = np.array(rows, dtype=np.float32), np.array([0, 1, 1])
    gappy = np.concatenate([whole, np.full((1, 3), np.nan, np.float32)])
    assert run_forest(forest, whole).tolist() == run_forest(forest, gappy)[:-1].tolist()
    parts = attribute_forest(forest, whole, groups, 2)
    assert parts == pytest.approx(attribute_forest(forest, gappy, groups, 2)[:-1])


def test_what_a_column_never_looked_at_adds_is_nothing():
    forest = grow_stump(feature=0, threshold=1.5, low=-1.0, high=2.0)
    parts = attribute_forest(forest, np.array([[1.0, 9.0]], np.float32), np.array([0, 1]), 2)
    assert parts.tolist() == [[-1.5, 0.0, 0.5]]


def test_thresholds_beyond_float32_decide_as_they_did():
    just_below_one = 1.0 - 1e-12
    tree = {"split_feature": 0, "threshold": just_below_one, "default_left": True, "missing_type": "None",
            "internal_value": 0.0, "left_child": {"leaf_value": 1.0}, "right_child": {"leaf_value": 2.0}}  # fmt: skip
    forest = read_lightgbm({"tree_info": [{"tree_structure": tree}]})
    assert run_forest(forest, np.array([[1.0], [0.5]], np.float32)).tolist() == [2.0, 1.0]


def test_a_threshold_that_only_missing_values_pass():
    tree = {"split_feature": 0, "threshold": 1.7976931348623157e308, "default_left": False, "missing_type": "NaN",
            "internal_value": 0.0, "left_child": {"leaf_value": 1.0}, "right_child": {"leaf_value": 2.0}}  # fmt: skip
    forest = read_lightgbm({"tree_info": [{"tree_structure": tree}]})
    assert run_forest(forest, np.array([[3e38], [np.nan]], np.float32)).tolist() == [1.0, 2.0]
