"""What orders prove, against all forests of a few posts and all ways to list them."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.algorithms.sort_orders import (
    HARD,
    UNSEEN,
    Sorted,
    Sorts,
    allow_spans,
    compare_listings,
    follow_sorts,
    judge_sorts,
    weigh_against,
)
from tests.reconstruct.small_forests import Parents, invent_parents, list_all_ways, list_by, places_of
from tests.reconstruct.test_decoding import list_trees
from tests.reconstruct.test_spans import ends_at

SURE = 50.0


def unknown(n: int) -> NDArray[np.float64]:
    return np.full(n, np.nan)


def say_sorts(opposite: bool = False, newest: bool = False, oldest: bool = False) -> Sorts:
    """Two listings, of the first of which nothing is known; newest and oldest are about the second."""
    turned = np.array([[0.0, 1.0], [1.0, 0.0]]) * opposite * SURE
    return Sorts(turned, np.array([0.0, newest * SURE]), np.array([0.0, oldest * SURE]))


def allows(page: Sorted, parents: Parents) -> bool:
    """Whether every link and every subtree of a tree is allowed."""
    n = len(parents)
    spans = allow_spans(page.places, n)
    links = all(weigh_against(page, post, parent) < HARD for post, parent in enumerate(parents))
    return links and all(spans[post, ends_at(parents, post) - post] for post in range(n))


def unpin(parents: Parents, seen: list[int]) -> Parents:
    """The tree with the answers of a post that both listings show first beside it: it may have been pinned there."""
    return tuple(-1 if parent == 0 == seen[0] else parent for parent in parents)


def forests(n: int) -> list[Parents]:
    """All trees of n posts in page order, as parents."""
    return [tuple(parents) for parents in list_trees(n)]


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 6), seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.3]))
def test_trees_allowed_are_those_that_some_order_of_siblings_lists_so(n: int, seed: int, share: float) -> None:
    chance = random.Random(seed)
    truth = invent_parents(n, chance)
    ways = list(list_all_ways(truth))
    seen = [post for post in chance.choice(ways) if chance.random() >= share]
    places = np.array([list(range(n)), places_of(seen, n)])
    page = follow_sorts(places, say_sorts(), unknown(n), np.ones(n))
    shown = set(seen)
    for parents in forests(n):
        fits = any([post for post in way if post in shown] == seen for way in list_all_ways(parents))
        assert allows(page, parents) == fits, (parents, seen)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 7), seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.3]))
def test_opposite_listings_allow_every_tree_that_they_can_show(n: int, seed: int, share: float) -> None:
    chance = random.Random(seed)
    truth = invent_parents(n, chance)
    seen = [post for post in list_by(truth, lambda post: -post) if chance.random() >= share]
    places = np.array([list(range(n)), places_of(seen, n)])
    page = follow_sorts(places, say_sorts(opposite=True), unknown(n), np.ones(n))
    allowed = [parents for parents in forests(n) if allows(page, parents)]
    fitting = [
        parents
        for parents in forests(n)
        if [post for post in list_by(parents, lambda post: -post) if post in set(seen)] == seen
    ]
    assert set(fitting) <= set(allowed)
    if len(seen) == n:
        assert {unpin(parents, seen) for parents in allowed} == {unpin(truth, seen)}


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 7), seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.3]), newest=st.booleans())
def test_listings_by_time_allow_every_tree_that_they_can_show(n: int, seed: int, share: float, newest: bool) -> None:
    chance = random.Random(seed)
    truth = invent_parents(n, chance)
    # Answers are newer than what they answer; between siblings, and in the first listing, any order.
    times = np.zeros(n)
    for post, parent in enumerate(truth):
        times[post] = (times[parent] if parent >= 0 else 0.0) + chance.randint(1, 5)
    sign = -1 if newest else 1

    def list_by_time(parents: Parents) -> list[int]:
        return [post for post in list_by(parents, lambda post: (sign * times[post], post)) if post in shown]

    shown = {post for post in range(n) if chance.random() >= share}
    seen = list_by_time(truth)
    places = np.array([list(range(n)), places_of(seen, n)])
    page = follow_sorts(places, say_sorts(newest=newest, oldest=not newest), times, np.ones(n))
    for parents in forests(n):
        older = all(parent < 0 or times[parent] <= times[post] for post, parent in enumerate(parents))
        if older and list_by_time(parents) == seen:
            assert allows(page, parents), (parents, seen)
    if newest and len(seen) == n and len(set(times)) == n:
        assert {unpin(parents, seen) for parents in forests(n) if allows(page, parents)} == {unpin(truth, seen)}


def page_of(kinds: tuple[str, str], seed: int = 1, n: int = 60) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places of a page's posts in two listings, and its times."""
    chance = random.Random(seed)
    parents = invent_parents(n, chance)
    times = np.zeros(n)
    for post, parent in enumerate(parents):
        times[post] = (times[parent] if parent >= 0 else 0.0) + chance.randint(60, 6000)
    votes = [chance.random() for _ in range(n)]
    keys = {
        "old": lambda post: times[post],
        "new": lambda post: -times[post],
        "top": lambda post: votes[post],
        "worst": lambda post: -votes[post],
    }
    listed = [list_by(parents, keys[kind]) for kind in kinds]
    first = np.array(listed[0])
    rank = places_of(listed[1], n)
    return np.array([list(range(n)), [rank[post] for post in first]]), times[first]


@pytest.mark.parametrize("timed", [True, False])
def test_old_and_new_are_told_to_be_opposite(timed: bool) -> None:
    places, times = page_of(("old", "new"))
    sorts = judge_sorts(places, times if timed else unknown(60), np.ones(60))
    assert sorts.opposite[0, 1] >= HARD
    assert (sorts.newest > 0).tolist() == [False, timed]
    assert (sorts.oldest > 0).tolist() == [timed, False]


@pytest.mark.parametrize("seed", range(3))
def test_by_time_is_told_where_one_of_two_opposite_listings_leaves_posts_out(seed: int) -> None:
    """Answers to a post that is left out stand at its time among its siblings; by votes they stand at any."""
    left_out = np.random.default_rng(seed).random(60) < 0.2
    for kinds, told in ((("old", "new"), True), (("top", "worst"), False)):
        places, times = page_of(kinds, seed)
        places[1, left_out] = UNSEEN
        sorts = judge_sorts(places, times, np.ones(60))
        assert sorts.opposite[0, 1] >= HARD
        assert (sorts.newest > 0).tolist() == [False, told]
        assert (sorts.oldest > 0).tolist() == [told, False]


def test_the_newest_first_is_told_from_times_and_another_listing() -> None:
    places, times = page_of(("top", "new"))
    sorts = judge_sorts(places, times, np.ones(60))
    assert sorts.opposite.max() == 0
    assert sorts.newest[0] == 0
    assert sorts.newest[1] >= HARD
    page = compare_listings(places, times, np.ones(60))
    links = [[above for above in range(UNSEEN, post) if weigh_against(page, post, above) < HARD] for post in range(60)]
    assert all(len(left) == 1 for left in links)


@pytest.mark.parametrize("kinds", [("top", "old"), ("top", "top"), ("new", "new")])
def test_nothing_is_said_of_listings_that_show_no_sort(kinds: tuple[str, str]) -> None:
    places, times = page_of(kinds)
    sorts = judge_sorts(places, times, np.ones(60))
    assert sorts.opposite.max() == 0
    assert sorts.newest.max() == 0


def test_times_that_are_not_exact_prove_nothing_within_what_they_are_exact_to() -> None:
    page = follow_sorts(
        np.array([[0, 1]]), Sorts(np.zeros((1, 1)), np.zeros(1), np.zeros(1)), np.array([0.0, -50.0]), np.full(2, 60.0)
    )
    assert weigh_against(page, 1, 0) == 0
    exact = page._replace(tick=np.ones(2))
    assert weigh_against(exact, 1, 0) == np.inf


def test_a_post_pinned_above_all_is_not_taken_for_their_parent() -> None:
    """Old and New of nine top-level posts, the first of which a moderator pinned."""
    places = np.array([list(range(9)), [0, *range(8, 0, -1)]])
    page = compare_listings(places, unknown(9), np.ones(9))
    assert page.sorts.opposite[0, 1] >= HARD
    assert all(weigh_against(page, post, UNSEEN) < HARD for post in range(9))
