"""Forests kept as parent arrays: depths, roots, depth-first order, cycles; all in linear time, none recursive.

In: for n nodes an int64 array of parents (an index, or -1 for a root). Out: arrays of n.

>>> measure_depths(np.array([-1, 0, 1, 0])).tolist()
[0, 1, 2, 1]

A chain of 50,000 nodes costs what 50,000 single nodes cost: nothing here calls itself.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Nodes = NDArray[np.int64]

NONE = -1


@njit(cache=True, nogil=True)
def find_cycles(parents: Nodes) -> Nodes:
    """For every node on a cycle the smallest node of that cycle, -1 for all others (self-references are cycles)."""
    n = parents.size
    found = np.full(n, NONE, dtype=np.int64)
    walk = np.full(n, NONE, dtype=np.int64)
    for start in range(n):
        node = start
        while node != NONE and walk[node] == NONE:
            walk[node] = start
            node = parents[node]
        if node == NONE or walk[node] != start:
            continue
        smallest, member = node, parents[node]
        while member != node:
            smallest = min(smallest, member)
            member = parents[member]
        found[node] = smallest
        member = parents[node]
        while member != node:
            found[member] = smallest
            member = parents[member]
    return found


def break_cycles(parents: Nodes, rank: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
    """Cuts every cycle once: its member of smallest rank loses its parent.

    Args:
        parents: int64[n].
        rank: int64[n], distinct within each cycle.

    Returns:
        The parents of a forest, and bool[n]: who lost a parent.
    """
    cycle = find_cycles(parents)
    cut = np.zeros(parents.size, dtype=np.bool_)
    members = np.flatnonzero(cycle != NONE)
    by_rank = members[np.lexsort((rank[members], cycle[members]))]
    first = np.ones(by_rank.size, dtype=np.bool_)
    first[1:] = cycle[by_rank[1:]] != cycle[by_rank[:-1]]
    cut[by_rank[first]] = True
    return np.where(cut, NONE, parents), cut


@njit(cache=True, nogil=True)
def measure_depths(parents: Nodes) -> Nodes:
    """Number of ancestors of each node of a forest (which must have no cycles)."""
    n = parents.size
    depths = np.full(n, NONE, dtype=np.int64)
    path = np.empty(n, dtype=np.int64)
    for start in range(n):
        node, length = start, 0
        while node != NONE and depths[node] == NONE:
            path[length] = node
            length += 1
            node = parents[node]
        depth = NONE if node == NONE else depths[node]
        for step in range(length - 1, -1, -1):
            depth += 1
            depths[path[step]] = depth
    return depths


@njit(cache=True, nogil=True)
def find_roots(parents: Nodes) -> Nodes:
    """The root above each node of a forest; a root's is itself."""
    n = parents.size
    roots = np.full(n, NONE, dtype=np.int64)
    path = np.empty(n, dtype=np.int64)
    for start in range(n):
        node, length = start, 0
        while roots[node] == NONE and parents[node] != NONE:
            path[length] = node
            length += 1
            node = parents[node]
        root = node if roots[node] == NONE else roots[node]
        roots[node] = root
        for step in range(length):
            roots[path[step]] = root
    return roots


@njit(cache=True, nogil=True)
def number_depth_first(parents: Nodes, order: Nodes) -> Nodes:
    """Place of each node when the forest is read depth first (preorder), from 0.

    Args:
        parents: int64[n], a forest.
        order: int64[n], all nodes in the order in which siblings (and roots) are read.
    """
    n = parents.size
    first_child = np.full(n + 1, NONE, dtype=np.int64)
    next_sibling = np.full(n, NONE, dtype=np.int64)
    for at in range(n - 1, -1, -1):
        node = order[at]
        parent = parents[node] if parents[node] != NONE else n
        next_sibling[node] = first_child[parent]
        first_child[parent] = node
    places = np.full(n, NONE, dtype=np.int64)
    place = 0
    node = first_child[n]
    while node != NONE:
        places[node] = place
        place += 1
        if first_child[node] != NONE:
            node = first_child[node]
            continue
        while node != NONE and next_sibling[node] == NONE:
            node = parents[node]
        if node != NONE:
            node = next_sibling[node]
    return places


@njit(cache=True, nogil=True)
def count_descendants(parents: Nodes, places: Nodes) -> Nodes:
    """Nodes in the subtree of each node, itself included; places as `number_depth_first` gives them."""
    n = parents.size
    at = np.empty(n, dtype=np.int64)
    for node in range(n):
        at[places[node]] = node
    sizes = np.ones(n, dtype=np.int64)
    for place in range(n - 1, -1, -1):
        node = at[place]
        if parents[node] != NONE:
            sizes[parents[node]] += sizes[node]
    return sizes
