"""Figures of a forest against the truth, beside what is counted by hand."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.calibration import brier_score, calibration_error, list_bins, trace_risk
from pipeline.evaluate.measures import NAMES, Replies, measure_forest
from pipeline.evaluate.plot import draw_reliability


def lay(parents: list[int], discussion: list[int] | None = None) -> Replies:
    """All posts labelled; the first of each discussion is not scored."""
    found = np.array(parents)
    of = np.array(discussion or [0] * len(parents))
    first = np.append(True, of[1:] != of[:-1])
    children = np.flatnonzero(found >= 0)
    return Replies(of, children, found[children], np.ones(found.size, dtype=np.bool_), ~first)


@given(st.integers(2, 12).flatmap(lambda n: st.tuples(*(st.integers(-1, post - 1) for post in range(n)))))
def test_the_truth_itself_is_perfect(parents: tuple[int, ...]) -> None:
    truth = lay(list(parents))
    found = measure_forest(truth, np.array(parents))
    assert tuple(found) == NAMES
    groups = np.unique([parent for parent in parents if parent >= 0]).size
    exact = 100.0 if groups else 0.0
    expected = dict.fromkeys(NAMES, 1.0) | {"variation": 100.0, "one_to_one": 100.0, "exact_f1": exact}
    if not groups:
        expected["ancestor_f1"] = 0.0  # nothing to find
    assert found == pytest.approx(expected)


def test_two_pages_by_hand() -> None:
    truth = lay([-1, 0, 1, 0, -1, -1], [0, 0, 0, 0, 1, 1])
    found = measure_forest(truth, np.array([-1, 0, 0, 0, -1, 4]))
    assert found["accuracy"] == pytest.approx(2 / 4)  # posts 1 and 3 of 1, 2, 3, 5
    assert found["link_f1"] == pytest.approx(4 / 6)
    # Found 1-0, 2-0, 3-0, 5-4; true 1-0, 2-1, 2-0, 3-0.
    assert found["ancestor_f1"] == pytest.approx(2 * 3 / 8)
    assert found["exact_f1"] == pytest.approx(100 * 2 * 1 / 3)  # the first page; the other is two posts too many
    assert found["kendall_tau"] == pytest.approx(1.0)


def test_one_of_several_true_parents_is_right() -> None:
    truth = Replies(
        np.zeros(3, int), np.array([2, 2]), np.array([0, 1]), np.ones(3, bool), np.array([False, True, True])
    )
    assert measure_forest(truth, np.array([-1, -1, 0]))["accuracy"] == 1.0
    assert measure_forest(truth, np.array([-1, -1, 1]))["link_recall"] == pytest.approx(3 / 4)
    assert measure_forest(truth, np.array([-1, -1, -1]))["accuracy"] == 0.5


def test_a_second_parent_counts_among_the_links() -> None:
    truth = Replies(
        np.zeros(3, int), np.array([1, 2, 2]), np.array([0, 0, 1]), np.ones(3, bool), np.array([False, True, True])
    )
    found = np.array([-1, 0, 1])
    one = measure_forest(truth, found)
    both = measure_forest(truth, found, (np.array([2]), np.array([0])))
    assert (one["link_recall"], both["link_recall"], both["link_precision"]) == (0.75, 1.0, 1.0)
    assert one | {"link_recall": 1.0, "link_f1": 1.0} == both


@given(st.lists(st.tuples(st.sampled_from([0.05, 0.5, 0.75, 0.95, 1.0]), st.booleans()), min_size=1, max_size=40))
def test_confidence_by_hand(links: list[tuple[float, bool]]) -> None:
    confidence, right = np.array([c for c, _ in links]), np.array([r for _, r in links])
    bins = list_bins(confidence, right)
    assert sum(found.posts for found in bins) == right.size
    error = sum(found.posts * abs(found.confidence - found.accuracy) for found in bins) / right.size
    assert calibration_error(confidence, right) == pytest.approx(error)
    assert brier_score(confidence, right) == pytest.approx(np.mean([(c - r) ** 2 for c, r in links]))
    risk = trace_risk(confidence, right)
    assert risk[-1] == (1.0, pytest.approx(1 - right.mean()))
    surest = right[confidence == confidence.max()]
    assert risk[0][1] == pytest.approx(1 - surest.mean()) or surest.size < 0.1 * right.size


def test_a_plot_is_one_well_formed_picture() -> None:
    bins = list_bins(np.array([0.2, 0.9, 0.9]), np.array([False, True, False]))
    drawn = ET.fromstring(draw_reliability("a <b> & c", bins, [(0.5, 0.0), (1.0, 0.67)]))
    assert len(drawn.findall(".//{*}circle")) == 2
    assert drawn.findall("{*}text")[0].text == "a <b> & c"
