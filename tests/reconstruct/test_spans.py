"""Posteriors of subtrees and of last answers against every tree there is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.reconstruct.decoding import choose_tree, weigh_trees
from pipeline.reconstruct.page_structure import FEATURES, measure_page_structure
from pipeline.reconstruct.pages import UNTOLD
from pipeline.reconstruct.spans import choose_links, weigh_kept, weigh_spans
from tests.reconstruct.test_decoding import list_trees, tables, total

Floats = NDArray[np.float64]


def ends_at(parents: tuple[int, ...], post: int) -> int:
    """The last post that stands under a post."""
    under = {post}
    for other in range(post + 1, len(parents)):
        if parents[other] in under:
            under.add(other)
    return max(under)


@given(tables())
def test_links_are_those_of_the_dense_decoder(weights: Floats) -> None:
    posterior, log_total = weigh_trees(weights)
    spans = weigh_spans(weights)
    np.testing.assert_allclose(spans.links, posterior, atol=1e-12)
    np.testing.assert_allclose(spans.log_total, log_total)


@given(tables())
def test_the_best_tree_is_that_of_the_dense_decoder(weights: Floats) -> None:
    gains = np.floor(weigh_trees(weights)[0] * 1e5 + 0.5)
    rows = np.arange(weights.shape[0])
    assert gains[rows, choose_links(gains)].sum() == gains[rows, choose_tree(gains)].sum()


@given(tables())
def test_subtrees_are_sums_over_all_trees(weights: Floats) -> None:
    n = weights.shape[0]
    expected, everything = np.zeros((n, n)), 0.0
    for parents in list_trees(n):
        weight = float(np.prod(total(weights, parents)))
        everything += weight
        for post in range(n):
            expected[post, ends_at(parents, post) - post] += weight
    if everything > 0:
        np.testing.assert_allclose(weigh_spans(weights).subtree, expected / everything, rtol=1e-7, atol=1e-12)


def test_what_is_open_weighs_something() -> None:
    weights = np.array([[1e10, 0.0, 0.0], [1e10, 1e-315, 0.0], [1e10, 0.5, 1e-315]])
    spans = weigh_spans(weights)
    for post in range(3):
        for above in spans.above[spans.opens[post] : spans.opens[post + 1]]:
            assert spans.ends[post, post - above] > 0
    np.testing.assert_allclose(spans.links[:, 0], 1.0)


@given(tables(), st.randoms(use_true_random=False))
def test_what_is_left_out_weighs_nothing(weights: Floats, chance: object) -> None:
    n = weights.shape[0]
    weights = np.where(weights == 0, 0.5, weights)
    offsets = np.append(0, np.cumsum(np.arange(1, n + 1)))
    back = np.concatenate([np.arange(post + 1) for post in range(n)])
    post = np.repeat(np.arange(n), np.arange(1, n + 1))
    keep = (back == 0) | (weights[post, back] > 0.4)
    scores = np.log(weights[post, back])
    thinned = np.zeros((n, n))
    thinned[post[keep], back[keep]] = weights[post[keep], back[keep]]
    kept_offsets = np.append(0, np.cumsum(np.bincount(post[keep], minlength=n)))
    shares = weigh_kept(scores[keep], back[keep], kept_offsets, np.array([0, n]), 129)
    np.testing.assert_allclose(shares, weigh_trees(thinned)[0][post[keep], back[keep]], atol=1e-9)
    assert offsets[-1] == back.size


def measure(scores: Floats, n: int, time: Floats, author: NDArray[np.int64]) -> dict[str, Floats]:
    """Columns of structure on one page of n posts, all of them open and all earlier posts candidates."""
    offsets = np.append(0, np.cumsum(np.arange(1, n + 1)))
    _, table = measure_page_structure(
        scores,
        np.zeros(scores.size, np.float32),
        offsets,
        np.arange(n),
        np.zeros(n, np.int64),
        np.full(n, n),
        np.full(n, n),
        np.full(n, UNTOLD),
        author,
        time,
        np.full(n, 5),
    )
    return dict(zip(FEATURES, table.T.astype(np.float64), strict=True))


@given(st.lists(st.floats(-2, 2), min_size=10, max_size=10))
def test_last_answers_are_sums_over_all_trees(drawn: list[float]) -> None:
    n = 4
    scores = np.array(drawn)
    weights = np.zeros((n, n))
    post, back = np.repeat(np.arange(n), np.arange(1, n + 1)), np.concatenate([np.arange(at + 1) for at in range(n)])
    weights[post, back] = np.exp(scores)
    found = measure(scores, n, np.array([0.0, 60.0, 30.0, 45.0]), np.array([0, 1, 0, 1]))
    # The last post under the first: how many answers has it, and is the post above it one of them?
    row = int(np.flatnonzero((post == 3) & (back == 3))[0])
    answers, above, later, everything = 0.0, 0.0, 0.0, 0.0
    for parents in list_trees(n):
        if parents[3] != 0:
            continue
        weight = float(np.prod(total(weights, parents)))
        everything += weight
        earlier = [other for other in (1, 2) if parents[other] == 0]
        answers += weight * len(earlier)
        above += weight * (parents[2] == 0)
        later += weight * (earlier[-1] == 1)
    np.testing.assert_allclose(found["answers_given"][row], answers / everything, rtol=1e-4)
    np.testing.assert_allclose(found["last_above"][row], above / everything, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["last_later"][row], later / everything, rtol=1e-4, atol=2e-4)
    np.testing.assert_allclose(found["last_own"][row], later / everything, rtol=1e-4, atol=2e-4)
