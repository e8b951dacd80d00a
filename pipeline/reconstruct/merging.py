"""One page order for listings that leave out different posts.

In: where each listing shows each post, and times. Out: the place of every post in one page order.

>>> place_posts(places, time, tick)

The first listing gives the order. What another shows beyond it is put where that listing's own tree, as far as orders
tell it, has it: before the first post under it, else beside the siblings next to it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.algorithms.sort_orders import HARD, UNSEEN, allow_spans, compare_listings, order_seen, weigh_against
from pipeline.reconstruct.arrays import Flags, Floats, Ints
from pipeline.reconstruct.fences import weigh_fenced
from pipeline.reconstruct.spans import choose_links

# Weights of links of which nothing is known but orders: of none, of the post just above, of each farther one.
NONE, ABOVE, FARTHER = 0.4, 0.4, 0.1
DISPROVED = 1e-9
WIDEST = 600_000  # weights of one page: so far back is looked
NARROWEST = 100


@njit(cache=True, nogil=True)
def place_posts(places: Ints, time: Floats, tick: Floats) -> Ints:
    """Place of each post in one page order.

    Args:
        places: int64[m, n], place of each post in each listing, UNSEEN where it is left out; posts of the first listing
            come first, in its order.
        time, tick: float64[n], seconds or NaN; seconds that it is exact to.

    Returns:
        int64[n], a permutation.
    """
    m, n = places.shape
    order = np.full(n, UNSEEN, dtype=np.int64)
    filled = (places[0] >= 0).sum()
    order[:filled] = order_seen(places[0])
    rank = np.full(n, UNSEEN, dtype=np.int64)
    for at in range(filled):
        rank[order[at]] = at
    ground = np.full(n, UNSEEN, dtype=np.int64)  # parents as the first listing has them
    for listing in range(1, m):
        posts = order_seen(places[listing])
        if (rank[posts] >= 0).all():
            continue
        if filled == (places[0] >= 0).sum():
            ground[order[:filled]] = solve_listing(places, order[:filled], time, tick)[0]
        parents, against_first = solve_listing(places, posts, time, tick)
        turned = against_first[0] > 0
        for at in range(posts.size):
            if rank[posts[at]] < 0:
                spot = _find_spot(at, posts, parents, rank, ground, turned, filled)
                for post in range(n):
                    if rank[post] >= spot:
                        rank[post] += 1
                rank[posts[at]] = spot
                filled += 1
    return rank


@njit(cache=True, nogil=True)
def solve_listing(places: Ints, posts: Ints, time: Floats, tick: Floats) -> tuple[Ints, Floats]:
    """Parents by orders alone.

    Args:
        posts: int64[k], the posts that a listing shows, in its order; the other arguments as `place_posts` has them.

    Returns:
        int64[k], numbers within `posts`, UNSEEN: none; and for each listing the nats of evidence that the first sorts
        siblings the opposite way.
    """
    n = posts.size
    some = np.empty((places.shape[0], n), dtype=np.int64)
    for listing in range(places.shape[0]):
        some[listing] = places[listing][posts]
    page = compare_listings(some, time[posts], tick[posts])
    span = min(n, max(NARROWEST, WIDEST // n))
    weights = np.zeros((n, span))
    for post in range(n):
        for back in range(min(span, post + 1)):
            against = weigh_against(page, post, post - back if back > 0 else UNSEEN)
            weight = NONE if back == 0 else ABOVE if back == 1 else FARTHER
            weights[post, back] = weight * (DISPROVED if against >= HARD else np.exp(-against))
    links = weigh_fenced(weights, allow_spans(some, span))
    back = choose_links(np.floor(links * 1e5 + 0.5))
    return np.where(back > 0, np.arange(n) - back, UNSEEN), page.sorts.opposite[0]


@njit(cache=True, nogil=True)
def _find_spot(at: int, posts: Ints, parents: Ints, rank: Ints, ground: Ints, turned: bool, filled: int) -> int:
    """The place before which a post goes.

    Args:
        at: its number in a listing that shows `posts` under `parents`.
        rank: int64[n], places so far, UNSEEN of those to come; filled: how many there are.
        ground: int64[n], the parents that the first listing shows, of posts that it does.
        turned: whether the listing sorts siblings the opposite way.
    """
    first = filled
    for below in range(at + 1, posts.size):
        if parents[below] < at:
            break
        if rank[posts[below]] >= 0:
            first = min(first, rank[posts[below]])
    if first < filled:
        return first
    sibling = at - 1
    while sibling > parents[at] and parents[sibling] != parents[at]:
        sibling -= 1
    seen = np.zeros(rank.size, dtype=np.bool_)
    seen[posts] = True
    if sibling == parents[at]:
        # The first answer here: first of all there too or, in the opposite order, last.
        if not turned:
            return rank[posts[sibling]] + 1 if sibling >= 0 else 0
        return _find_end(sibling, posts, parents, rank, ground, seen, filled)
    if not turned:
        return _find_end(sibling, posts, parents, rank, ground, seen, filled)
    # Before the sibling, and before what stands above it and is not shown here.
    top = posts[sibling]
    while ground[top] >= 0 and not seen[ground[top]]:
        top = ground[top]
    return rank[top]


@njit(cache=True, nogil=True)
def _find_end(owner: int, posts: Ints, parents: Ints, rank: Ints, ground: Ints, seen: Flags, filled: int) -> int:
    """The place after the subtree of a post (UNSEEN: after all), what the listing does not show of it included."""
    if owner < 0:
        return filled
    begin = end = rank[posts[owner]]
    for below in range(owner + 1, posts.size):
        if parents[below] < owner:
            break
        end = max(end, rank[posts[below]])
    by_rank = np.empty(filled, dtype=np.int64)
    for post in range(rank.size):
        if rank[post] >= 0:
            by_rank[rank[post]] = post
    while end + 1 < filled:
        after = by_rank[end + 1]
        if seen[after] or ground[after] < 0 or rank[ground[after]] < begin:
            break
        end += 1
    return end + 1
