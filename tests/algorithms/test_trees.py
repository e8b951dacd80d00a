"""Forest arithmetic against the slow and obvious way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.algorithms.trees import (
    NONE,
    break_cycles,
    count_descendants,
    find_cycles,
    find_roots,
    measure_depths,
    number_depth_first,
)

Nodes = NDArray[np.int64]
LONG = 50_000


@st.composite
def forests(draw: st.DrawFn) -> tuple[Nodes, Nodes]:
    """A forest of up to 12 nodes whose parents stand anywhere, and an order of its nodes."""
    n = draw(st.integers(1, 12))
    names = draw(st.permutations(range(n)))
    parents = np.full(n, NONE, dtype=np.int64)
    for at in range(1, n):
        above = draw(st.integers(-1, at - 1))
        parents[names[at]] = NONE if above == -1 else names[above]
    return parents, np.array(draw(st.permutations(range(n))), dtype=np.int64)


def ancestors(parents: Nodes, node: int) -> list[int]:
    found = []
    while parents[node] != NONE:
        node = int(parents[node])
        found.append(node)
    return found


def read_depth_first(parents: Nodes, order: Nodes) -> list[int]:
    def below(parent: int) -> list[int]:
        return [place for child in order if parents[child] == parent for place in [int(child), *below(int(child))]]

    return below(NONE)


@given(forests())
def test_depths_roots_and_sizes_follow_from_ancestors(case: tuple[Nodes, Nodes]) -> None:
    parents, order = case
    above = [ancestors(parents, node) for node in range(parents.size)]
    assert measure_depths(parents).tolist() == [len(path) for path in above]
    assert find_roots(parents).tolist() == [path[-1] if path else node for node, path in enumerate(above)]
    sizes = count_descendants(parents, number_depth_first(parents, order))
    assert sizes.tolist() == [1 + sum(node in path for path in above) for node in range(parents.size)]


@given(forests())
def test_depth_first_order_is_the_recursive_one(case: tuple[Nodes, Nodes]) -> None:
    parents, order = case
    assert np.argsort(number_depth_first(parents, order)).tolist() == read_depth_first(parents, order)


@given(st.lists(st.integers(-1, 9), min_size=10, max_size=10), st.permutations(range(10)))
def test_every_cycle_loses_exactly_its_first_link(pointers: list[int], ranks: list[int]) -> None:
    parents, rank = np.array(pointers, dtype=np.int64), np.array(ranks, dtype=np.int64)
    on_cycle: dict[int, list[int]] = {}
    for node in range(10):
        path = [node]
        while pointers[path[-1]] not in (NONE, *path):
            path.append(pointers[path[-1]])
        if pointers[path[-1]] == node:
            on_cycle[node] = path
    assert find_cycles(parents).tolist() == [min(on_cycle[node]) if node in on_cycle else NONE for node in range(10)]
    forest, cut = break_cycles(parents, rank)
    assert set(np.flatnonzero(cut)) == {min(path, key=lambda member: ranks[member]) for path in on_cycle.values()}
    assert (forest == np.where(cut, NONE, parents)).all()
    assert (find_cycles(forest) == NONE).all()


@settings(max_examples=5, deadline=None)
@given(st.booleans())
def test_a_long_chain_costs_no_recursion(forwards: bool) -> None:
    chain = np.arange(-1, LONG - 1) if forwards else np.append(np.arange(1, LONG), NONE)
    depths = measure_depths(chain)
    assert depths.max() == LONG - 1
    assert (number_depth_first(chain, np.arange(LONG)) == depths).all()
    assert set(find_roots(chain)) == {0 if forwards else LONG - 1}


@pytest.mark.parametrize("size", (1, 2, 3, LONG))
def test_a_ring_of_any_length_is_opened_once(size: int) -> None:
    ring = np.roll(np.arange(size), 1)
    forest, cut = break_cycles(ring, np.arange(size)[::-1].copy())
    assert np.flatnonzero(cut).tolist() == [size - 1]
    assert measure_depths(forest).max() == size - 1
