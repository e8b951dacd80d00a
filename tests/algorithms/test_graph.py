"""Components against a slow search that everybody can check by eye."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.algorithms.graph import connected_components, constrained_components

Edges = list[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges, list[int]]:
    n = draw(st.integers(1, 12))
    node = st.integers(0, n - 1)
    edges = draw(st.lists(st.tuples(node, node), max_size=25))
    identity = draw(st.lists(st.integers(-2, 3), min_size=n, max_size=n))
    return n, edges, identity


def ends(edges: Edges) -> tuple[list[int], list[int]]:
    return [a for a, _ in edges], [b for _, b in edges]


def slow_components(n: int, edges: Edges) -> list[int]:
    labels = list(range(n))
    for start in range(n):
        seen, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            near = {b for a, b in edges if a == node} | {a for a, b in edges if b == node}
            waiting += sorted(near - seen)
            seen |= near
        labels[start] = min(seen)
    return labels


@settings(deadline=None)  # the first call compiles
@given(graphs())
def test_components_equal_those_of_a_slow_search(graph: tuple[int, Edges, list[int]]) -> None:
    n, edges, _ = graph
    assert connected_components(n, *ends(edges)).tolist() == slow_components(n, edges)


@settings(deadline=None)  # the first call compiles
@given(graphs())
def test_constrained_components_take_each_edge_that_unites_no_two_identities(
    graph: tuple[int, Edges, list[int]],
) -> None:
    n, edges, identity = graph
    taken: Edges = []
    expected = []
    for edge in edges:
        before, after = slow_components(n, taken), slow_components(n, [*taken, edge])
        group = [node for node in range(n) if after[node] == after[edge[0]]]
        sound = len({identity[node] for node in group if identity[node] >= 0}) <= 1
        expected.append(before != after and sound)
        taken += [edge] if expected[-1] else []
    labels, joined = constrained_components(n, *ends(edges), identity)
    assert joined.tolist() == expected
    assert labels.tolist() == slow_components(n, taken)


@settings(deadline=None)  # the first call compiles
@given(graphs())
def test_joined_edges_are_a_spanning_forest(graph: tuple[int, Edges, list[int]]) -> None:
    n, edges, _ = graph
    labels, joined = constrained_components(n, *ends(edges), [-1] * n)
    kept = [edge for edge, use in zip(edges, joined.tolist(), strict=True) if use]
    assert labels.tolist() == slow_components(n, kept) == slow_components(n, edges)
    assert len(kept) == n - len(set(labels.tolist()))


def test_the_earlier_of_two_conflicting_edges_wins() -> None:
    labels, joined = constrained_components(3, [1, 0], [2, 1], [7, -1, 8])
    assert labels.tolist() == [0, 1, 1]
    assert joined.tolist() == [True, False]


def test_the_identity_given_is_not_changed() -> None:
    identity = np.array([-1, 5], dtype=np.int64)
    constrained_components(2, [0], [1], identity)
    assert identity.tolist() == [-1, 5]


def test_a_chain_of_a_million_is_no_trouble_in_either_direction() -> None:
    n = 1_000_000
    forward = np.arange(n - 1)
    assert not connected_components(n, forward, forward + 1).any()
    assert not connected_components(n, forward[::-1], forward[::-1] + 1).any()


def test_no_edges_and_no_nodes() -> None:
    assert connected_components(2, [], []).tolist() == [0, 1]
    assert connected_components(0, [], []).tolist() == []


@pytest.mark.parametrize(
    ("n", "left", "right"),
    ((2, [0], [2]), (2, [-1], [0]), (2, [0, 1], [1]), (0, [0], [0])),
)
def test_edges_outside_the_graph_are_refused(n: int, left: list[int], right: list[int]) -> None:
    with pytest.raises(ValueError, match="Edges"):
        connected_components(n, left, right)


def test_identities_must_be_given_for_every_node() -> None:
    with pytest.raises(ValueError, match="Identities"):
        constrained_components(3, [0], [1], [1, 2])
