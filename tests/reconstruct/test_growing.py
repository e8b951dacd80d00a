"""Growing a forest on candidates: it learns which is right, comes out the same again, survives being written down."""

from __future__ import annotations

import numpy as np

from pipeline.algorithms.forests import run_forest
from pipeline.reconstruct.boosting import load_forest, save_forest
from pipeline.reconstruct.growing import Lessons, grow_forest

COLUMNS = 3


def make_lessons(children: int, seed: int) -> Lessons:
    """Children of three candidates each; the right one has the largest second column."""
    chance = np.random.default_rng(seed)
    table = chance.normal(size=(3 * children, COLUMNS)).astype(np.float32)
    right = table[:, 1].reshape(-1, 3).argmax(axis=1)
    truth = np.zeros((children, 3), dtype=np.float32)
    truth[np.arange(children), right] = 1
    return Lessons(
        table=table,
        truth=truth.ravel(),
        scores=np.zeros(3 * children),
        back=np.tile([0, 1, 2], children),
        offsets=np.arange(children + 1) * 3,
        weight=np.ones(children),
        starts=np.array([0, children]),
    )


def test_a_forest_learns_which_candidate_is_right() -> None:
    lessons = make_lessons(1500, seed=1)
    forest = grow_forest([lessons], in_page_order=False, rounds=30)
    other = make_lessons(200, seed=2)
    scores = run_forest(forest, other.table).reshape(-1, 3)
    assert (scores.argmax(axis=1) == other.truth.reshape(-1, 3).argmax(axis=1)).mean() > 0.8
    again = grow_forest([lessons], in_page_order=False, rounds=30)
    assert save_forest(again) == save_forest(forest)


def test_a_forest_comes_back_as_it_was_saved() -> None:
    lessons = make_lessons(100, seed=5)
    forest = grow_forest([lessons], in_page_order=True, rounds=5)
    saved = save_forest(forest)
    back = load_forest(saved)
    assert save_forest(back) == saved
    np.testing.assert_allclose(run_forest(back, lessons.table), run_forest(forest, lessons.table), atol=1e-4)
