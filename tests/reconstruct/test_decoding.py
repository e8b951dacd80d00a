"""The decoder against every tree there is."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.reconstruct.decoding import choose_tree, settle_paths, weigh_candidates, weigh_trees

Floats = NDArray[np.float64]


def on_path(parents: tuple[int, ...], post: int) -> bool:
    """Whether a post's parent is none or stands on the path to the post just above."""
    above, parent = post - 1, parents[post]
    while above not in (parent, -1):
        above = parents[above]
    return above == parent


def list_trees(n: int) -> list[tuple[int, ...]]:
    """Parents of every tree that page order allows."""
    every = itertools.product(*(range(-1, post) for post in range(n)))
    return [parents for parents in every if all(on_path(parents, post) for post in range(n))]


def total(table: Floats, parents: tuple[int, ...]) -> list[float]:
    return [float(table[post, 0 if parent < 0 else post - parent]) for post, parent in enumerate(parents)]


@st.composite
def tables(draw: st.DrawFn) -> Floats:
    n = draw(st.integers(1, 6))
    values = draw(st.lists(st.sampled_from([0.0, 1e-9, 0.3, 1.0, 2.5, 1e6]), min_size=n * n, max_size=n * n))
    return np.array(values).reshape(n, n)


def test_catalan_many_trees() -> None:
    assert [len(list_trees(n)) for n in range(1, 7)] == [1, 2, 5, 14, 42, 132]


@given(tables())
def test_posteriors_are_sums_over_all_trees(weights: Floats) -> None:
    n = weights.shape[0]
    expected = np.zeros_like(weights)
    everything = 0.0
    for parents in list_trees(n):
        weight = float(np.prod(total(weights, parents)))
        everything += weight
        for post, parent in enumerate(parents):
            expected[post, 0 if parent < 0 else post - parent] += weight
    posterior, log_total = weigh_trees(weights)
    if everything == 0:
        assert log_total == -np.inf
        assert not posterior.any()
        return
    np.testing.assert_allclose(log_total, np.log(everything), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(posterior, expected / everything, rtol=1e-7, atol=1e-12)


@given(tables())
def test_the_chosen_tree_is_the_best_of_all(gains: Floats) -> None:
    chosen = choose_tree(gains)
    parents = tuple(-1 if up == 0 else post - int(up) for post, up in enumerate(chosen))
    trees = list_trees(gains.shape[0])
    assert parents in trees
    assert sum(total(gains, parents)) == pytest.approx(max(sum(total(gains, tree)) for tree in trees))


@given(tables(), st.integers(1, 6))
def test_a_narrower_span_means_smaller_subtrees(weights: Floats, span: int) -> None:
    n = weights.shape[0]
    span = min(span, n)
    # No run of span posts below a top-level one: its subtree would have more posts than the table has columns.
    trees = [
        parents
        for parents in list_trees(n)
        if all(-1 in parents[start : start + span] for start in range(1, n - span + 1))
    ]
    everything = sum(float(np.prod(total(weights, parents))) for parents in trees)
    _, log_total = weigh_trees(np.ascontiguousarray(weights[:, :span]))
    if everything == 0:
        assert log_total == -np.inf
    else:
        np.testing.assert_allclose(log_total, np.log(everything), rtol=1e-9, atol=1e-9)


def test_five_thousand_posts_take_seconds_and_stay_in_range() -> None:
    chance = np.random.default_rng(7)
    weights = np.exp(chance.normal(0, 6, (5000, 96)))
    weigh_trees(weights[:10])
    start = time.perf_counter()
    posterior, log_total = weigh_trees(weights)
    assert time.perf_counter() - start < 20
    assert np.isfinite(log_total)
    np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-6)
    chosen = choose_tree(posterior)
    parents = np.where(chosen == 0, -1, np.arange(5000) - chosen)
    path: list[int] = []
    for post, parent in enumerate(parents):
        while path and path[-1] != parent:
            path.pop()
        assert parent == -1 or path
        path.append(post)


def test_told_links_that_cross_others_are_not_kept() -> None:
    # 3 answers 1 although 2 already answered 0 and left the path of 1.
    assert settle_paths(np.array([-1, 0, 0, 1, -2, 2]), 10).tolist() == [True, True, True, False, False, True]
    assert settle_paths(np.array([-1, -2, -2, 0]), 3).tolist() == [True, False, False, False]


def test_softmax_per_child() -> None:
    shares = weigh_candidates(np.array([0.0, np.log(3.0), 700.0, -700.0]), np.array([0, 2, 4]))
    np.testing.assert_allclose(shares, [0.25, 0.75, 1.0, 0.0], atol=1e-12)
