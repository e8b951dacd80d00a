"""Components of a graph of duplicates: who belongs together, when edges are certain and when identities forbid.

In: the number of nodes and edges as two index arrays. Out: one label per node.

>>> connected_components(5, np.array([3, 1]), np.array([1, 4])).tolist()
[0, 1, 2, 1, 1]
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Indices = NDArray[np.int64]
NO_IDENTITY = -1


@njit(cache=True, nogil=True)
def _find_root(parent: Indices, node: int) -> int:
    """The root above a node; halves the path on the way (Tarjan and van Leeuwen 1984), so chains stay cheap."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)
def _join(left: Indices, right: Indices, identity: Indices) -> tuple[Indices, NDArray[np.bool_]]:
    """Union-find over edges in their order. ``identity`` is overwritten with what each root carries."""
    n = identity.size
    parent = np.arange(n)
    joined = np.zeros(left.size, dtype=np.bool_)
    for edge in range(left.size):
        a = _find_root(parent, left[edge])
        b = _find_root(parent, right[edge])
        if a == b or (identity[a] >= 0 and identity[b] >= 0 and identity[a] != identity[b]):
            continue
        # The smaller root stays, so that at the end every root is the smallest member of its component.
        low, high = min(a, b), max(a, b)
        parent[high] = low
        identity[low] = max(identity[low], identity[high])
        joined[edge] = True
    for node in range(n):
        parent[node] = _find_root(parent, node)
    return parent, joined


def _check_edges(n: int, left: ArrayLike, right: ArrayLike) -> tuple[Indices, Indices]:
    """Edges as int64, proven to lie inside the graph: a kernel does not look."""
    ends = [np.ascontiguousarray(end, dtype=np.int64) for end in (left, right)]
    if ends[0].ndim != 1 or ends[0].shape != ends[1].shape:
        raise ValueError(f"Edges need two arrays of one length, not shapes {ends[0].shape} and {ends[1].shape}")
    for end in ends:
        if end.size and (end.min() < 0 or end.max() >= n):
            raise ValueError(f"Edges must join nodes 0 to {n - 1}, not {end.min()} to {end.max()}")
    return ends[0], ends[1]


def connected_components(n: int, left: ArrayLike, right: ArrayLike) -> Indices:
    """Labels of the connected components.

    Args:
        n: number of nodes.
        left, right: the ends of m edges, integers from 0 to n - 1; order, direction and repetition do not matter.

    Returns:
        int64 of shape (n,): the smallest node of each node's component.

    Raises:
        ValueError: the arrays differ in length or name a node that is not there.
    """
    edges = _check_edges(n, left, right)
    return _join(*edges, np.full(n, NO_IDENTITY, dtype=np.int64))[0]


def constrained_components(
    n: int, left: ArrayLike, right: ArrayLike, identity: ArrayLike
) -> tuple[Indices, NDArray[np.bool_]]:
    """Components that never hold two different identities: edges are taken in their order, the surest first.

    A component carries the identity of its members, if any has one. An edge between two components that carry
    different ones is dropped. Without identities the joined edges are a spanning forest of the graph.

    Args:
        n: number of nodes.
        left, right: the ends of m edges, integers from 0 to n - 1; of two that conflict the earlier one wins.
        identity: n integers; nodes of equal identity >= 0 may meet (only edges join them), negative means none known.

    Returns:
        labels: int64 of shape (n,), the smallest node of each node's component.
        joined: bool of shape (m,), whether the edge joined two components; these edges are a spanning forest.

    Raises:
        ValueError: the arrays differ in length or name a node that is not there.
    """
    edges = _check_edges(n, left, right)
    known = np.array(identity, dtype=np.int64)
    if known.shape != (n,):
        raise ValueError(f"Identities of {n} nodes need shape ({n},), not {known.shape}")
    # One negative value, or the larger of two would be taken for what a component knows.
    known[known < 0] = NO_IDENTITY
    return _join(*edges, known)
