"""Which parents go together: exact posteriors over all trees that page order allows, and the best tree under them.

In: for each post of a page a weight for answering none and for each of the posts before it. Out: the posterior of every
such link; the tree with the largest sum of posteriors.

>>> weigh_trees(np.ones((3, 3)))[0].round(2).tolist()      # columns: none, one above, two above
[[1.0, 0.0, 0.0], [0.4, 0.6, 0.0], [0.4, 0.4, 0.2]]

In page order (depth first) the parent of a post stands on the path from the root to the post just above, so links
never cross: the tree is projective, all arcs to the right (Eisner 1996). With C[i, j] the total weight of all trees
over posts i … j under post i, C[i, j] = sum over k of C[i, k - 1] · w(i, k) · C[k, j], k being the last child of i. It
is scaled so that all trees over the posts so far weigh 1, which keeps pages of any length within range. The subtree of
a top-level post has at most as many posts as there are columns, so a page of n posts costs n · columns².
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DECIMALS = 5  # of probabilities; what is closer is a tie


@njit(cache=True, nogil=True)
def weigh_trees(weights: Floats) -> tuple[Floats, float]:
    """Posterior of each link under all projective trees.

    Args:
        weights: float64[n, span], not negative; column 0 for answering none, column d for the post d above. Entries
            that would point before the first post are ignored.

    Returns:
        Posteriors, float64[n, span], each row summing to 1; and the logarithm of the weight of all trees, which is -inf
        (and the posteriors 0) where no tree has any weight.
    """
    n, span = weights.shape
    inside = np.zeros((n, span))
    scaled = weights.copy()
    log_total = _fill_inside(scaled, inside)
    posterior = np.zeros((n, span))
    if log_total > -np.inf:
        _fill_posterior(scaled, inside, posterior)
    return posterior, log_total


@njit(cache=True, nogil=True)
def _fill_inside(scaled: Floats, inside: Floats) -> float:
    """Fills inside[i, d] with the weight of all trees over posts i … i + d under post i, scaling the weights of each
    post so that all forests over the posts up to it weigh 1. Returns the logarithm of what was divided by."""
    n, span = scaled.shape
    log_total = 0.0
    for j in range(n):
        inside[j, 0] = 1.0
        lowest = max(0, j - span + 1)
        for i in range(j - 1, lowest - 1, -1):
            total = 0.0
            for k in range(i + 1, j + 1):
                total += inside[i, k - 1 - i] * scaled[k, k - i] * inside[k, j - k]
            inside[i, j - i] = total
        prefix = 0.0
        for k in range(lowest, j + 1):
            prefix += scaled[k, 0] * inside[k, j - k]
        if prefix <= 0.0:
            return -np.inf
        log_total += np.log(prefix)
        scaled[j] /= prefix
        for i in range(lowest, j):
            inside[i, j - i] /= prefix
    return log_total


@njit(cache=True, nogil=True)
def _fill_posterior(scaled: Floats, inside: Floats, posterior: Floats) -> None:
    """Fills in each link's share of all trees: derivatives of the total, from the last post back to the first."""
    n, span = scaled.shape
    outside = np.zeros((n, span))
    after = np.zeros(n + 1)  # after[j]: weight of all that follows once the posts before j are a complete forest
    after[n] = 1.0
    for j in range(n - 1, -1, -1):
        lowest = max(0, j - span + 1)
        rest = after[j + 1]
        for k in range(lowest, j + 1):
            outside[k, j - k] += rest * scaled[k, 0]
            link = rest * scaled[k, 0] * inside[k, j - k]
            after[k] += link
            posterior[k, 0] += link
        for i in range(lowest, j):
            here = outside[i, j - i]
            if here == 0.0:
                continue
            for k in range(i + 1, j + 1):
                left, right, weight = inside[i, k - 1 - i], inside[k, j - k], scaled[k, k - i]
                outside[i, k - 1 - i] += here * weight * right
                outside[k, j - k] += here * weight * left
                posterior[k, k - i] += here * left * weight * right


@njit(cache=True, nogil=True)
def follow_tree(top: Ints, last: Ints) -> Ints:
    """Reads the best tree out of its tables.

    Args:
        top: int64[n], which post without a parent the posts up to each one end with.
        last: int64[n, span], the last child of post i where its subtree ends d posts below it.

    Returns:
        int64[n], as `choose_tree` has it.
    """
    n = top.size
    chosen = np.zeros(n, dtype=np.int64)
    stack = np.empty((n + 1, 2), dtype=np.int64)
    j = n - 1
    while j >= 0:
        k = top[j]
        stack[0, 0], stack[0, 1] = k, j
        depth = 1
        while depth > 0:
            depth -= 1
            i, end = stack[depth, 0], stack[depth, 1]
            while end > i:
                child = last[i, end - i]
                chosen[child] = child - i
                stack[depth, 0], stack[depth, 1] = child, end
                depth += 1
                end = child - 1
        j = k - 1
    return chosen


@njit(cache=True, nogil=True)
def choose_tree(gains: Floats) -> Ints:
    """The projective tree with the largest sum of gains (minimum Bayes risk where gains are posteriors).

    Args:
        gains: float64[n, span], as `weigh_trees` returns posteriors; -inf forbids.

    Returns:
        int64[n]: 0 where the post answers none, d where it answers the post d above. On a tie later posts stay nearer.
    """
    n, span = gains.shape
    best = np.full((n, span), -np.inf)
    last = np.zeros((n, span), dtype=np.int64)
    prefix = np.full(n + 1, -np.inf)
    prefix[0] = 0.0
    top = np.zeros(n, dtype=np.int64)
    for j in range(n):
        best[j, 0] = 0.0
        lowest = max(0, j - span + 1)
        for i in range(j - 1, lowest - 1, -1):
            for k in range(i + 1, j + 1):
                total = best[i, k - 1 - i] + gains[k, k - i] + best[k, j - k]
                if total > best[i, j - i]:
                    best[i, j - i] = total
                    last[i, j - i] = k
        for k in range(lowest, j + 1):
            total = prefix[k] + gains[k, 0] + best[k, j - k]
            if total > prefix[j + 1]:
                prefix[j + 1] = total
                top[j] = k
    return follow_tree(top, last)


@njit(cache=True, nogil=True)
def settle_paths(told: Ints, span: int) -> NDArray[np.bool_]:
    """Which told links page order allows beside each other.

    Args:
        told: int64[n]: place of the told parent, -1: told to answer none, -2: not told.
        span: columns of the weights: a parent farther above is beyond them.

    Returns:
        bool[n]: the links that stand on the path left open by the told links before them, and near enough to the
        topmost post that they hang under.
    """
    n = told.size
    kept = np.zeros(n, dtype=np.bool_)
    topmost = np.arange(n)
    path = np.empty(n, dtype=np.int64)
    length = 0
    for j in range(n):
        if told[j] == -1:
            kept[j] = True
            length = 0
        elif told[j] >= 0 and j - topmost[told[j]] < span:
            at = length - 1
            while at >= 0 and path[at] > told[j]:
                at -= 1
            if at >= 0 and path[at] == told[j]:
                kept[j] = True
                topmost[j] = topmost[told[j]]
                length = at + 1
        path[length] = j
        length += 1
    return kept


@njit(cache=True, nogil=True)
def weigh_candidates(scores: Floats, offsets: Ints) -> Floats:
    """Softmax of scores within each child's rows: in time order every earlier post may be the parent, so the best
    parent of each post is the best forest."""
    out = np.empty(scores.size)
    for c in range(offsets.size - 1):
        begin, end = offsets[c], offsets[c + 1]
        top = -np.inf
        for row in range(begin, end):
            top = max(top, scores[row])
        total = 0.0
        for row in range(begin, end):
            out[row] = np.exp(scores[row] - top)
            total += out[row]
        for row in range(begin, end):
            out[row] /= total
    return out


@njit(cache=True, nogil=True)
def choose_best(shares: Floats, offsets: Ints) -> Ints:
    """Row of each child's largest share; of equal ones the nearest post, answering none last."""
    chosen = np.empty(offsets.size - 1, dtype=np.int64)
    for c in range(offsets.size - 1):
        best = offsets[c]
        for row in range(offsets[c] + 1, offsets[c + 1]):
            if shares[row] > shares[best] or (best == offsets[c] and shares[row] == shares[best]):
                best = row
        chosen[c] = best
    return chosen


@njit(cache=True, nogil=True)
def temper_shares(shares: Floats, offsets: Ints, temperature: float) -> Floats:
    """Shares to the power of 1 / temperature, made to sum to 1 within each child again, rounded down to DECIMALS."""
    out = np.empty(shares.size)
    scale = 10.0**DECIMALS
    for c in range(offsets.size - 1):
        total = 0.0
        for row in range(offsets[c], offsets[c + 1]):
            out[row] = max(shares[row], 0.0) ** (1.0 / temperature)
            total += out[row]
        for row in range(offsets[c], offsets[c + 1]):
            out[row] = min(1.0, np.floor(out[row] / total * scale + 0.5) / scale)
    return out
