"""Posteriors over the trees of one page, and of the runs of posts that stand under one another.

In: weights of links as `decoding.weigh_trees` takes them, most of them 0. Out: posterior of each link, of each subtree,
and the inside weights from which the last child so far of any post follows.

>>> spans = weigh_spans(np.ones((3, 3)))
>>> spans.subtree[0].round(2).tolist()      # the first post's subtree is itself, one more post, two more
[0.4, 0.2, 0.4]

The same sums as `decoding.weigh_trees` makes, over links of some weight alone: candidates that a first pass all but
excludes cost nothing, and neither do posts that no later one can stand under any more: what stands under a post without
the last of these posts stands under it as well, so a post whose run ends once stays closed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints
from pipeline.reconstruct.decoding import follow_tree


class Spans(NamedTuple):
    """Trees of a page of n posts, no subtree longer than `span` posts.

    Attributes:
        weights: float64[n, span], the weights, each row scaled so that all forests over the posts up to it weigh 1.
        heads: int64[n + 1], kids: the posts that may answer post i are kids[heads[i]:heads[i + 1]], ascending.
        opens: int64[n + 1], above: the posts before post j under which it may stand are above[opens[j]:opens[j + 1]],
            ascending.
        arcs: float64[n, span], the same weights by parents: of post i + d as an answer to post i.
        inside: float64[n, span], weight of all trees over posts i … i + d under post i.
        ends: float64[n, span], the same by their last posts: over posts j - d … j under post j - d.
        links: float64[n, span], posterior of each link.
        subtree: float64[n, span], probability that the subtree of post i is exactly posts i … i + d.
        log_total: logarithm of the weight of all trees.
    """

    weights: Floats
    heads: Ints
    kids: Ints
    opens: Ints
    above: Ints
    arcs: Floats
    inside: Floats
    ends: Floats
    links: Floats
    subtree: Floats
    log_total: float


@njit(cache=True, nogil=True)
def weigh_spans(weights: Floats) -> Spans:
    """Posteriors of links and subtrees; all 0 and log_total -inf where no tree has any weight."""
    n, span = weights.shape
    scaled = weights.copy()
    heads, kids = list_kids(weights)
    # The inner loops walk along rows: what they read across is kept a second time the other way round.
    arcs, inside, ends = np.zeros((n, span)), np.zeros((n, span)), np.zeros((n, span))
    links, subtree = np.zeros((n, span)), np.zeros((n, span))
    opens, above = np.zeros(n + 1, dtype=np.int64), np.empty(4 * n, dtype=np.int64)
    log_total = 0.0
    for j in range(n):
        above = _open_posts(span, opens, above, j)
        inside[j, 0] = ends[j, 0] = 1.0
        begin, end = opens[j], opens[j + 1]
        for at in range(end - 1, begin - 1, -1):
            i = above[at]
            arcs[i, j - i] = scaled[j, j - i]
            total = 0.0
            for kid in range(heads[i], heads[i + 1]):
                k = kids[kid]
                if k > j:
                    break
                total += inside[i, k - 1 - i] * arcs[i, k - i] * ends[j, j - k]
            ends[j, j - i] = total
        prefix = scaled[j, 0]
        for at in range(begin, end):
            prefix += scaled[above[at], 0] * ends[j, j - above[at]]
        if prefix <= 0.0:
            return Spans(scaled, heads, kids, opens, above, arcs, inside, ends, links, subtree, -np.inf)
        log_total += np.log(prefix)
        scaled[j] /= prefix
        # Posts under which this one cannot stand, or so hardly that it is beyond numbers, are closed.
        still = begin
        for at in range(begin, end):
            i = above[at]
            arcs[i, j - i] /= prefix
            ends[j, j - i] /= prefix
            inside[i, j - i] = ends[j, j - i]
            if inside[i, j - i] > 0.0:
                above[still] = i
                still += 1
        opens[j + 1] = still
    spans = Spans(scaled, heads, kids, opens, above, arcs, inside, ends, links, subtree, log_total)
    _fill_posteriors(spans)
    return spans


@njit(cache=True, nogil=True)
def _open_posts(span: int, opens: Ints, above: Ints, j: int) -> Ints:
    """Lists the posts before post j that are open once it is read: those of the post before, less those too far above,
    and that post. Returns the list, longer where there was no room."""
    begin = opens[j]
    count = 0
    if j > 0:
        count = begin - opens[j - 1] + 1
    if begin + count > above.size:
        longer = np.empty(2 * (begin + count), dtype=np.int64)
        longer[:begin] = above[:begin]
        above = longer
    end = begin
    lowest = j - span + 1
    if j > 0:
        for at in range(opens[j - 1], begin):
            if above[at] >= lowest:
                above[end] = above[at]
                end += 1
        if j - 1 >= lowest:
            above[end] = j - 1
            end += 1
    opens[j + 1] = end
    return above


@njit(cache=True, nogil=True)
def list_kids(weights: Floats) -> tuple[Ints, Ints]:
    """Heads and kids of all links of some weight, as `Spans` has them."""
    n, span = weights.shape
    heads = np.zeros(n + 1, dtype=np.int64)
    for k in range(n):
        for d in range(1, min(span, k + 1)):
            heads[k - d + 1] += weights[k, d] > 0
    for i in range(n):
        heads[i + 1] += heads[i]
    kids = np.empty(heads[n], dtype=np.int64)
    free = heads.copy()
    for k in range(n):
        for d in range(1, min(span, k + 1)):
            if weights[k, d] > 0:
                kids[free[k - d]] = k
                free[k - d] += 1
    return heads, kids


@njit(cache=True, nogil=True)
def _fill_posteriors(spans: Spans) -> None:
    """Fills in links and subtree: derivatives of the total, from the last post back to the first."""
    scaled, arcs, inside, ends = spans.weights, spans.arcs, spans.inside, spans.ends
    heads, kids, opens, above = spans.heads, spans.kids, spans.opens, spans.above
    n, span = scaled.shape
    outside, outside_ends = np.zeros((n, span)), np.zeros((n, span))  # by first and by last post; the sum counts
    answers, runs = np.zeros((n, span)), np.zeros((n, span))  # links by parents, subtrees by last posts
    after = np.zeros(n + 1)  # after[j]: weight of all that follows once the posts before j are a complete forest
    after[n] = 1.0
    for j in range(n - 1, -1, -1):
        rest = after[j + 1]
        for at in range(opens[j], opens[j + 1] + 1):
            k = above[at] if at < opens[j + 1] else j
            outside_ends[j, j - k] += rest * scaled[k, 0]
            share = rest * scaled[k, 0] * ends[j, j - k]
            after[k] += share
            spans.links[k, 0] += share
            runs[j, j - k] += share
        for at in range(opens[j], opens[j + 1]):
            i = above[at]
            here = outside[i, j - i] + outside_ends[j, j - i]
            if here == 0.0:
                continue
            for kid in range(heads[i], heads[i + 1]):
                k = kids[kid]
                if k > j:
                    break
                left, right, weight = inside[i, k - 1 - i], ends[j, j - k], arcs[i, k - i]
                outside[i, k - 1 - i] += here * weight * right
                outside_ends[j, j - k] += here * weight * left
                share = here * left * weight * right
                answers[i, k - i] += share
                runs[j, j - k] += share
    for i in range(n):
        spans.subtree[i, 0] = runs[i, 0]
        for d in range(1, min(span, n - i)):
            spans.links[i + d, d] = answers[i, d]
            spans.subtree[i, d] = runs[i + d, d]


@njit(cache=True, nogil=True)
def choose_links(gains: Floats) -> Ints:
    """The projective tree with the largest sum of gains, as `decoding.choose_tree` finds it, among links of some gain
    and those to none.

    Args:
        gains: float64[n, span], not negative; column 0 for answering none, column d for the post d above.

    Returns:
        int64[n]: 0 where the post answers none, d where it answers the post d above. On a tie later posts stay nearer.
    """
    n, span = gains.shape
    heads, kids = list_kids(gains)
    best = np.full((n, span), -np.inf)
    last = np.zeros((n, span), dtype=np.int64)
    prefix = np.full(n + 1, -np.inf)
    prefix[0] = 0.0
    top = np.zeros(n, dtype=np.int64)
    for j in range(n):
        best[j, 0] = 0.0
        lowest = max(0, j - span + 1)
        for i in range(j - 1, lowest - 1, -1):
            for at in range(heads[i], heads[i + 1]):
                k = kids[at]
                if k > j:
                    break
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
def weigh_kept(scores: Floats, back: Ints, offsets: Ints, starts: Ints, span: int) -> Floats:
    """Posteriors of the rows of whole pages, of whose candidates some are left out.

    Args:
        scores: float64[rows]; back: int64[rows], how many posts above the child its candidate stands, 0 for none, which
            is never left out.
        offsets: int64[children + 1]; starts: int64[pages + 1], children at which pages start.
        span: most posts of a subtree.
    """
    out = np.empty(scores.size)
    for page in range(starts.size - 1):
        begin, end = starts[page], starts[page + 1]
        weights = np.zeros((end - begin, min(span, end - begin)))
        for c in range(begin, end):
            top = scores[offsets[c] : offsets[c + 1]].max()
            for row in range(offsets[c], offsets[c + 1]):
                weights[c - begin, back[row]] = np.exp(max(scores[row] - top, -60.0))
        links = weigh_spans(weights).links
        for c in range(begin, end):
            for row in range(offsets[c], offsets[c + 1]):
                out[row] = links[c - begin, back[row]]
    return out
