"""How alike two ways of grouping the same items are: variation of information, one-to-one, exact groups, adjusted Rand.

In: two int64 arrays of labels, one label per item each. Out: one number.

>>> found, true = np.array([0, 0, 1, 1]), np.array([5, 5, 5, 7])
>>> share_one_to_one(found, true), match_groups(found, true).f1
(75.0, 0.0)

Definitions and scales are those of Kummerfeld et al., "A Large-Scale Corpus for Conversation Disentanglement" (ACL
2019, section 5): the first two are percentages, and exact groups leave out those of one item. Items of several files
are scored together: give their groups labels that differ from file to file.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from pipeline.algorithms.graph import connected_components

Labels = NDArray[np.int64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Precision, recall and their harmonic mean, each in [0, 1]; 0 where there is nothing to divide by."""

    precision: float
    recall: float
    f1: float


def agree(n_right: int, n_found: int, n_true: int) -> Agreement:
    """The agreement of n_found things with n_true, of which n_right are the same."""
    precision = n_right / n_found if n_found else 0.0
    recall = n_right / n_true if n_true else 0.0
    return Agreement(precision, recall, 2 * n_right / (n_found + n_true) if n_found + n_true else 0.0)


@dataclass(frozen=True, eq=False)
class Contingency:
    """How many items each pair of groups shares; only pairs that share one, sorted by left and right.

    Attributes:
        left, right: int64[m], numbers of groups from 0; shared: int64[m].
        left_sizes, right_sizes: int64, items of each group.
    """

    left: Labels
    right: Labels
    shared: Counts
    left_sizes: Counts
    right_sizes: Counts


def count_shared(found: ArrayLike, true: ArrayLike) -> Contingency:
    """The contingency of two labellings of n items. Raises ValueError where their lengths differ."""
    first, second = np.asarray(found), np.asarray(true)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(
            f"Two labellings of the same items have one length, not shapes {first.shape} and {second.shape}"
        )
    left = np.unique(first, return_inverse=True)[1].astype(np.int64)
    right = np.unique(second, return_inverse=True)[1].astype(np.int64)
    width = int(right.max(initial=0)) + 1
    cells, shared = np.unique(left * width + right, return_counts=True)
    return Contingency(cells // width, cells % width, shared.astype(np.int64), np.bincount(left), np.bincount(right))


def score_variation(found: ArrayLike, true: ArrayLike) -> float:
    """100 · (1 − VI / log₂ n), VI being the variation of information (Meilă 2007): 100 where the groups are the same.

    Of fewer than two items there is but one grouping: 100.
    """
    table = count_shared(found, true)
    n = int(table.shared.sum())
    if n < 2:
        return 100.0
    share = table.shared / n
    left, right = table.left_sizes[table.left] / n, table.right_sizes[table.right] / n
    variation = -float((share * (np.log2(share / left) + np.log2(share / right))).sum())
    return 100.0 * (1.0 - variation / float(np.log2(n)))


def match_groups(found: ArrayLike, true: ArrayLike) -> Agreement:
    """How many groups of two or more items come out exactly."""
    table = count_shared(found, true)
    whole = (table.shared == table.left_sizes[table.left]) & (table.shared == table.right_sizes[table.right])
    n_right = int((whole & (table.shared > 1)).sum())
    return agree(n_right, int((table.left_sizes > 1).sum()), int((table.right_sizes > 1).sum()))


def match_pairs(found: ArrayLike, true: ArrayLike) -> Agreement:
    """How many pairs of items that stand in one group do so in both."""
    table = count_shared(found, true)
    return agree(
        *(int((counts * (counts - 1) // 2).sum()) for counts in (table.shared, table.left_sizes, table.right_sizes))
    )


def score_b_cubed(found: ArrayLike, true: ArrayLike) -> Agreement:
    """B³ (Bagga and Baldwin 1998): the share of an item's group that belongs there, averaged over all items."""
    table = count_shared(found, true)
    n = int(table.shared.sum())
    if not n:
        return Agreement(0.0, 0.0, 0.0)
    squares = table.shared.astype(np.float64) ** 2
    precision = float((squares / table.left_sizes[table.left]).sum()) / n
    recall = float((squares / table.right_sizes[table.right]).sum()) / n
    return Agreement(precision, recall, 2 * precision * recall / (precision + recall))


def adjust_rand(found: ArrayLike, true: ArrayLike) -> float:
    """The adjusted Rand index (Hubert and Arabie 1985): 1 for the same groups, about 0 for groups by chance."""
    table = count_shared(found, true)

    def pairs(counts: Counts) -> float:
        return float((counts.astype(np.float64) * (counts - 1) / 2).sum())

    both, left, right = pairs(table.shared), pairs(table.left_sizes), pairs(table.right_sizes)
    n = float(table.shared.sum())
    expected = left * right / (n * (n - 1) / 2) if n > 1 else 0.0
    most = (left + right) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def share_one_to_one(found: ArrayLike, true: ArrayLike) -> float:
    """Percentage of items that groups paired one to one share, paired so that they share the most."""
    table = count_shared(found, true)
    n = int(table.shared.sum())
    if n == 0:
        return 100.0
    # Groups that share no item, even through others, are paired apart from each other: an assignment costs the cube of
    # its size.
    n_left = table.left_sizes.size
    parts = connected_components(n_left + table.right_sizes.size, table.left, table.right + n_left)[table.left]
    order = np.argsort(parts, kind="stable")
    starts = np.append(np.flatnonzero(np.diff(parts[order], prepend=-1)), order.size)
    total = 0
    for begin, end in pairwise(starts):  # once a part, not once an item
        rows = order[begin:end]
        left, right = (np.unique(side[rows], return_inverse=True)[1] for side in (table.left, table.right))
        gains = np.zeros((int(left.max()) + 1, int(right.max()) + 1), dtype=np.int64)
        gains[left, right] = table.shared[rows]
        total += int(_assign(gains if gains.shape[0] <= gains.shape[1] else np.ascontiguousarray(gains.T)))
    return 100.0 * total / n


@njit(cache=True, nogil=True)
def _assign(gains: Counts) -> int:
    """Largest sum of gains with each row and each column used at most once; no more rows than columns.

    Shortest augmenting paths with potentials (Kuhn 1955; Jonker and Volgenant 1987), O(rows² · columns).
    """
    n, m = gains.shape
    far = np.int64(1) << 60
    row_price, column_price = np.zeros(n + 1, dtype=np.int64), np.zeros(m + 1, dtype=np.int64)
    owner, way = np.zeros(m + 1, dtype=np.int64), np.zeros(m + 1, dtype=np.int64)
    for row in range(1, n + 1):
        owner[0] = row
        column = 0
        nearest = np.full(m + 1, far)
        done = np.zeros(m + 1, dtype=np.bool_)
        while True:
            done[column] = True
            following = _relax(gains, owner[column] - 1, column, row_price, column_price, nearest, way, done)
            delta = nearest[following]
            for j in range(m + 1):
                if done[j]:
                    row_price[owner[j]] += delta
                    column_price[j] -= delta
                else:
                    nearest[j] -= delta
            column = following
            if owner[column] == 0:
                break
        while column != 0:
            owner[column] = owner[way[column]]
            column = way[column]
    total = 0
    for j in range(1, m + 1):
        if owner[j] > 0:
            total += gains[owner[j] - 1, j - 1]
    return total


@njit(cache=True, nogil=True)
def _relax(
    gains: Counts,
    row: int,
    column: int,
    row_price: Counts,
    column_price: Counts,
    nearest: Counts,
    way: Counts,
    done: Flags,
) -> int:
    """Shortens the paths to the columns not done by going through a row; returns the nearest of them."""
    following = 0
    for j in range(1, nearest.size):
        if done[j]:
            continue
        cost = -gains[row, j - 1] - row_price[row + 1] - column_price[j]
        if cost < nearest[j]:
            nearest[j], way[j] = cost, column
        if following == 0 or nearest[j] < nearest[following]:
            following = j
    return following
