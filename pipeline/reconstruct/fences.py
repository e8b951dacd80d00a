"""Posteriors over the trees of a page of which is known what may be a whole subtree.

In: weights of links as `decoding.weigh_trees` takes them, and which runs of posts may be subtrees. Out: posterior of
each link.

>>> one_answer_is_too_few = np.array([[True, False], [True, False]])
>>> weigh_fenced(np.ones((2, 2)), one_answer_is_too_few).tolist()
[[1.0, 0.0], [1.0, 0.0]]

The sums of `spans.weigh_spans`, in logarithms: where the first posts of a page cannot be a forest by themselves there
is nothing to scale by.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Flags, Floats, Ints
from pipeline.reconstruct.spans import list_kids


class Fences(NamedTuple):
    """Which runs of posts may be whole subtrees, on pages where something is known of that.

    Attributes:
        whole: bool[…], page after page and post after post: whether the posts up to d below it may be its subtree, d
            from 0 to as far as the page's candidates reach.
        begins: int64[N], where that starts for the page of each listed post, -1 where all may; or of no size: all may.
    """

    whole: Flags
    begins: Ints


UNFENCED = Fences(np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64))


@njit(cache=True, nogil=True)
def weigh_fenced(weights: Floats, whole: Flags) -> Floats:
    """Posterior of each link under all trees whose every subtree is allowed: float64[n, span], all 0 if there is none.

    Args:
        weights: float64[n, span], not negative; column 0 for answering none, column d for the post d above.
        whole: bool[n, span], whether posts i … i + d may be the whole subtree of post i.
    """
    n, span = weights.shape
    heads, kids = list_kids(weights)
    with_weight = np.where(weights > 0, weights, 1.0)
    logs = np.where(weights > 0, np.log(with_weight), -np.inf)
    inside, closed = np.full((n, span), -np.inf), np.full((n, span), -np.inf)
    before = np.full(n + 1, -np.inf)  # all forests over the posts before
    before[0] = 0.0
    for j in range(n):
        inside[j, 0] = 0.0
        if whole[j, 0]:
            closed[j, 0] = 0.0
        lowest = max(0, j - span + 1)
        for i in range(j - 1, lowest - 1, -1):
            top, total = -np.inf, 0.0
            for at in range(heads[i], heads[i + 1]):
                k = kids[at]
                if k > j:
                    break
                top, total = _add(top, total, inside[i, k - 1 - i] + logs[k, k - i] + closed[k, j - k])
            if total > 0.0:
                inside[i, j - i] = top + np.log(total)
                if whole[i, j - i]:
                    closed[i, j - i] = inside[i, j - i]
        top, total = -np.inf, 0.0
        for k in range(lowest, j + 1):
            top, total = _add(top, total, before[k] + logs[k, 0] + closed[k, j - k])
        if total > 0.0:
            before[j + 1] = top + np.log(total)
    links = np.zeros((n, span))
    if before[n] > -np.inf:
        _share_out(logs, heads, kids, inside, closed, before, links)
    return links


@njit(cache=True, nogil=True)
def _add(top: float, total: float, value: float) -> tuple[float, float]:
    """The sum exp(top) · total with exp(value) added to it, top being the largest logarithm so far."""
    if value <= top:
        return (top, total + np.exp(value - top)) if value > -np.inf else (top, total)
    return value, total * np.exp(top - value) + 1.0


@njit(cache=True, nogil=True)
def _share_out(
    logs: Floats, heads: Ints, kids: Ints, inside: Floats, closed: Floats, before: Floats, links: Floats
) -> None:
    """Fills in each link's share of all trees: every sum's share is divided among what it was made of."""
    n, span = logs.shape
    opened, whole = np.zeros((n, span)), np.zeros((n, span))
    after = np.zeros(n + 1)
    after[n] = 1.0
    for j in range(n - 1, -1, -1):
        lowest = max(0, j - span + 1)
        if after[j + 1] > 0.0:
            for k in range(lowest, j + 1):
                share = after[j + 1] * np.exp(before[k] + logs[k, 0] + closed[k, j - k] - before[j + 1])
                whole[k, j - k] += share
                after[k] += share
                links[k, 0] += share
        for i in range(lowest, j):
            here = opened[i, j - i] + whole[i, j - i]
            if here == 0.0:
                continue
            for at in range(heads[i], heads[i + 1]):
                k = kids[at]
                if k > j:
                    break
                parts = inside[i, k - 1 - i] + logs[k, k - i] + closed[k, j - k]
                share = here * np.exp(parts - inside[i, j - i])
                opened[i, k - 1 - i] += share
                whole[k, j - k] += share
                links[k, k - i] += share
