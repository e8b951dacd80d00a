"""Pages decoded as wholes: told links are kept, open ones get posteriors over all trees that page order allows.

In: scores of the open posts' candidates. Out: the posterior of each candidate, and which one the best tree has.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints
from pipeline.reconstruct.decoding import DECIMALS, settle_paths
from pipeline.reconstruct.fences import Fences, weigh_fenced
from pipeline.reconstruct.spans import choose_links, weigh_spans

UNTOLD = -2
TOLD_TOP = -1
FAINTEST = -60.0  # least score below a child's best that is still given weight
FAINT = 1e-7  # weight beside the best candidate's below which a link is left out of the sums


@njit(cache=True, nogil=True)
def decode_pages(
    scores: Floats, offsets: Ints, children: Ints, first: Ints, size: Ints, window: Ints, told: Ints, fences: Fences
) -> tuple[Floats, Ints]:
    """Posterior of every candidate, and the row of the candidate that the best tree has.

    Args:
        scores: float64[pairs]; rows of child c are offsets[c] … offsets[c + 1] - 1: none first, then nearest first.
        children: int64[C], entries of open posts, ascending.
        first, size: int64[N], where each post's page starts and how many posts it lists.
        window: int64[N], how many posts above are candidates; the same for all posts of a page.
        told: int64[N], place of the declared parent on the page, TOLD_TOP, or UNTOLD.
        fences: of the pages that several sort orders show. Where what is told contradicts them they are left out.

    Returns:
        float64[pairs], and int64[C]: the chosen rows.
    """
    shares = np.zeros(scores.size)
    chosen = np.zeros(children.size, dtype=np.int64)
    c = 0
    while c < children.size:
        start = first[children[c]]
        n = size[children[c]]
        end = c
        while end < children.size and children[end] < start + n:
            end += 1
        weights = weigh_page(scores, offsets, children, c, end, start, n, window[children[c]], told, FAINT)
        posterior = np.zeros(weights.shape)
        if fences.begins.size and fences.begins[start] >= 0:
            begin = fences.begins[start]
            whole = fences.whole[begin : begin + weights.size].reshape(weights.shape)
            posterior = weigh_fenced(weights, whole)
        if posterior[0, 0] == 0.0:
            posterior = weigh_spans(weights).links
        choice = choose_links(np.floor(posterior * 10.0**DECIMALS + 0.5))
        for child in range(c, end):
            post = children[child] - start
            for row in range(offsets[child], offsets[child + 1]):
                shares[row] = posterior[post, row - offsets[child]]
            chosen[child] = offsets[child] + choice[post]
        c = end
    return shares, chosen


@njit(cache=True, nogil=True)
def weigh_page(
    scores: Floats,
    offsets: Ints,
    children: Ints,
    begin: int,
    end: int,
    start: int,
    n: int,
    window: int,
    told: Ints,
    faint: float,
) -> Floats:
    """Weights of one page's links, as `weigh_trees` takes them: float64[n, span], each open post's best 1.

    Args:
        begin, end: the page's open posts are children begin … end - 1; its n posts start at entry `start`.
        faint: weights below this are left out, except where a post answers none or somebody told links of the page,
            so that some tree is always left.
    """
    span = min(window + 1, n)
    kept = settle_paths(told[start : start + n], span)
    # A post that is neither open nor on a path that page order allows may stand anywhere: it tells nothing.
    weights = np.ones((n, span))
    for post in range(n):
        if kept[post]:
            weights[post] = 0.0
            weights[post, 0 if told[start + post] == TOLD_TOP else post - told[start + post]] = 1.0
    if kept.any():
        faint = 0.0
    for child in range(begin, end):
        top = scores[offsets[child] : offsets[child + 1]].max()
        post = children[child] - start
        weights[post] = 0.0
        for row in range(offsets[child], offsets[child + 1]):
            weight = np.exp(max(scores[row] - top, FAINTEST))
            if weight >= faint or row == offsets[child]:
                weights[post, row - offsets[child]] = weight
    return weights
