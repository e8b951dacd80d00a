"""How alike two reconstructions of the same replies are: links, ancestors, and the order in which posts are read.

In: links as pairs of ints, or forests as parent arrays. Out: one number, or precision, recall and F1.

>>> compare_ancestors(np.array([-1, 0, 1]), np.array([-1, 0, 0])).recall
1.0
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from pipeline.algorithms.clusterings import Agreement, agree
from pipeline.algorithms.trees import count_descendants, measure_depths, number_depth_first

Nodes = NDArray[np.int64]


def compare_links(
    found: tuple[ArrayLike, ArrayLike], true: tuple[ArrayLike, ArrayLike], *, with_starts: bool
) -> Agreement:
    """How many links (post, parent) are the same.

    Args:
        found, true: posts and their parents, two int64[m] each; a post may have several parents, -1 stands for none.
        with_starts: whether a post without parent counts as a link to itself, as the graph scores of Kummerfeld et al.
            (2019) have it; else only links between two posts count.
    """
    left, right = (_name_links(posts, parents, with_starts) for posts, parents in (found, true))
    return agree(np.intersect1d(left, right, assume_unique=True).size, left.size, right.size)


def _name_links(posts: ArrayLike, parents: ArrayLike, with_starts: bool) -> NDArray[np.void]:
    """Every link once, comparable as a whole."""
    child, parent = np.asarray(posts, dtype=np.int64), np.asarray(parents, dtype=np.int64)
    kept = np.ones(child.size, dtype=np.bool_) if with_starts else parent >= 0
    both = np.stack([child[kept], np.where(parent[kept] >= 0, parent[kept], child[kept])], axis=1)
    named: NDArray[np.void] = np.unique(both, axis=0).view([("child", np.int64), ("parent", np.int64)]).ravel()
    return named


def compare_ancestors(found: Nodes, true: Nodes) -> Agreement:
    """How many pairs of a post and one of its ancestors are the same in two forests.

    Args:
        found, true: int64[n], parents or -1, without cycles.
    """
    places = number_depth_first(true, np.arange(true.size))
    n_right = _count_common(found, places, count_descendants(true, places))
    return agree(n_right, int(measure_depths(found).sum()), int(measure_depths(true).sum()))


@njit(cache=True, nogil=True)
def _count_common(found: Nodes, places: Nodes, sizes: Nodes) -> int:
    """Pairs of node and found ancestor such that the node stands in the ancestor's true subtree."""
    common = 0
    for node in range(found.size):
        above = found[node]
        while above >= 0:
            inside = places[node] - places[above]
            common += 0 < inside < sizes[above]
            above = found[above]
    return common


def rank_agreement(left: ArrayLike, right: ArrayLike) -> float:
    """Kendall's τ-b between two rankings of n items (Kendall 1945), by Knight's O(n log n) count of inversions (1966).

    Returns:
        From -1 to 1; 1 where fewer than two items or a ranking of nothing but ties leave nothing to disagree on.
    """
    a = np.unique(np.asarray(left), return_inverse=True)[1].astype(np.int64)
    b = np.unique(np.asarray(right), return_inverse=True)[1].astype(np.int64)
    n = a.size

    def pairs(counts: NDArray[np.int64]) -> int:
        return int((counts * (counts - 1) // 2).sum())

    ties_a, ties_b = pairs(np.bincount(a)), pairs(np.bincount(b))
    ties_both = pairs(np.unique(np.stack([a, b], axis=1), axis=0, return_counts=True)[1]) if n else 0
    total = n * (n - 1) // 2
    swapped = int(_count_inversions(b[np.lexsort((b, a))]))
    if total in (ties_a, ties_b):
        return 1.0
    agreeing = total - ties_a - ties_b + ties_both - 2 * swapped
    return agreeing / math.sqrt((total - ties_a) * (total - ties_b))


@njit(cache=True, nogil=True)
def _count_inversions(values: Nodes) -> int:
    """Pairs that stand in falling order; merge sort from below, values is overwritten."""
    n = values.size
    merged = np.empty_like(values)
    inversions = 0
    width = 1
    while width < n:
        for begin in range(0, n, 2 * width):
            middle, end = min(begin + width, n), min(begin + 2 * width, n)
            i, j = begin, middle
            for at in range(begin, end):
                if j >= end or (i < middle and values[i] <= values[j]):
                    merged[at] = values[i]
                    i += 1
                else:
                    merged[at] = values[j]
                    inversions += middle - i
                    j += 1
            for at in range(begin, end):
                values[at] = merged[at]
        width *= 2
    return inversions


def rank_reading(parents: Nodes) -> Nodes:
    """Place of each post when a forest is read depth first, siblings as numbered: what `rank_agreement` compares."""
    return number_depth_first(parents, np.arange(parents.size))
