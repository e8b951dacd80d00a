"""What several sort orders of one page prove about its reply tree.

In: for each listing the place at which it shows each post, UNSEEN for posts that it leaves out; times where known.
Out: how surely two listings sort siblings the opposite way, or one shows the newest first, and what that speaks
against a link.

>>> old, new = np.array([0, 1, 2, 3, 4]), np.array([4, 3, 1, 2, 0])      # the fourth post answers the third
>>> judge_sorts(np.stack([old, new]), unknown, unknown).opposite[0, 1]      # one of 4! orders of siblings
3.178…

Sorting a page otherwise moves siblings with all that stands below them. So in every listing an ancestor stands before
its descendants, and a subtree is a run. Where one listing sorts siblings the opposite way of another (Old and New), two
posts that keep their order in both are ancestor and descendant: orders of dimension two (Dushnik & Miller 1941). Where
a listing shows the newest sibling first and times are known, the parent is the nearest post above that is older.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

UNSEEN = -1
NEVER = 1 << 60
STRAY = 0.01  # share of posts that may stand otherwise: times that tie, posts moved by hand
HARD = 6.0  # nats from which evidence is a proof
TIMED = 4.0  # nats that times add for a listing that they show to have the newest first, however few siblings it has
RARELY = 3.0  # nats against a post's being pinned
ASTRAY = 0.5  # share of siblings out of time for each post that one of two listings leaves out
FEWEST = 3  # siblings needed to say so
LOST = 0.3  # share of posts out of place for each that one of two listings leaves out
TURNED = (0.1, 0.9)  # share of siblings that change places where a listing sorts by something else than time


class Sorts(NamedTuple):
    """How m listings sort siblings, in nats of evidence; 0: not so.

    Attributes:
        opposite: float64[m, m], whether two listings sort them the opposite way.
        newest, oldest: float64[m], whether a listing shows the newest, the oldest first.
    """

    opposite: Floats
    newest: Floats
    oldest: Floats


class Sorted(NamedTuple):
    """What the sorts of m listings say about n posts.

    Attributes:
        places: int64[m, n], place of each post in each listing, UNSEEN where it is left out; posts in page order.
        sorts: how they sort.
        older: int64[m, n], the nearest post above in a listing with the newest first that is older; UNSEEN: none.
        covers: int64[m, m, n], the nearest post above each that is its ancestor by two opposite listings, or (on the
            diagonal) by times in a listing with the newest first; UNSEEN: none.
        first: int64[m, m], the post that both listings show first and above which no other stands; UNSEEN: none does.
        doubt: float64[m, m], nats to which it may speak against an answer's standing beside that post and not under it.
        reach: int64[m, n], last place in a listing of what proves to stand under the post; UNSEEN: nothing does.
        fall: int64[m, n], first place below the post of an older one in a listing with the oldest first; NEVER.
        time, tick: float64[n], seconds or NaN, and seconds that it is exact to.
    """

    places: Ints
    sorts: Sorts
    older: Ints
    covers: Ints
    first: Ints
    doubt: Floats
    reach: Ints
    fall: Ints
    time: Floats
    tick: Floats


@njit(cache=True, nogil=True)
def order_seen(place: Ints) -> Ints:
    """The posts that a listing shows, in its order."""
    seen = np.flatnonzero(place >= 0)
    return seen[np.argsort(place[seen])]


@njit(cache=True, nogil=True)
def keep_order(left: Ints, right: Ints) -> bool:
    """Whether all posts that both listings show stand in the same order."""
    last = UNSEEN
    for post in order_seen(left):
        if right[post] >= 0:
            if right[post] < last:
                return False
            last = right[post]
    return True


@njit(cache=True, nogil=True)
def weigh_opposite(left: Ints, right: Ints) -> float:
    """Nats of evidence that two listings sort siblings the opposite way; 0 where they do not.

    If they do, posts that come before a post in both are its ancestors, one under the other. That is asked of every
    post. Siblings in groups of m1, m2 … that all stand turned around do so by chance once in m1! · m2! · … times.
    """
    posts = order_seen(left)
    posts = posts[right[posts] >= 0]
    path = np.empty(posts.size, dtype=np.int64)
    answers = np.zeros(posts.size + 1)
    length, strays, surprise = 0, 0, 0.0
    least = right.size  # the first place in the right listing of a post that has left the path
    for at in range(posts.size):
        place = right[posts[at]]
        while length > 0 and right[posts[path[length - 1]]] > place:
            length -= 1
            least = min(least, right[posts[path[length]]])
        strays += least < place
        parent = path[length - 1] if length > 0 else posts.size
        answers[parent] += 1.0
        surprise += np.log(answers[parent])
        path[length] = at
        length += 1
    if surprise == 0.0 or strays > STRAY * posts.size:
        return 0.0
    # A post that were not under the last one before it would make the group above it larger by one.
    return surprise + np.log(1.0 + answers.max())


@njit(cache=True, nogil=True)
def is_older(post: int, other: int, time: Floats, tick: Floats) -> bool:
    """Whether a post is known to be older than another: by more than their times are exact to."""
    margin = max(tick[post], tick[other])
    if margin > 1.0:
        margin = tick[post] + tick[other]
    return time[post] + margin <= time[other] if margin > 0 else time[post] < time[other]


@njit(cache=True, nogil=True)
def find_older(place: Ints, time: Floats, tick: Floats) -> Ints:
    """For each post that a listing shows, the nearest one above it there that is known to be older; UNSEEN if none."""
    older = np.full(place.size, UNSEEN, dtype=np.int64)
    posts = order_seen(place)
    for at in range(posts.size):
        for above in range(at - 1, -1, -1):
            if is_older(posts[above], posts[at], time, tick):
                older[posts[at]] = posts[above]
                break
    return older


@njit(cache=True, nogil=True)
def weigh_newest(place: Ints, other: Ints, time: Floats, tick: Floats) -> float:
    """Nats of evidence that a listing shows the newest sibling first, from a listing that sorts otherwise; 0: none.

    If it does, the nearest older post above is the parent. The other listing must show that tree depth first, but for
    posts whose parent one of the two leaves out; and it must not turn (nearly) all siblings around or none: then it is
    sorted by time itself, and could just as well be the one that shows the newest first.
    """
    posts = order_seen(place)
    both = np.zeros(place.size, dtype=np.bool_)
    both[posts] = other[posts] >= 0
    older = find_older(place, time, tick)
    above = np.full(place.size + 1, UNSEEN, dtype=np.int64)  # the nearest such ancestor that both listings show
    last = np.full(place.size + 1, UNSEEN, dtype=np.int64)
    pairs, turned, n_both = 0, 0, 0
    if np.isnan(time[posts]).sum() > STRAY * posts.size:
        return 0.0
    for post in posts:
        parent = older[post]
        above[post] = parent if parent < 0 or both[parent] else above[parent]
        if not both[post]:
            continue
        n_both += 1
        before = last[above[post]]
        if before >= 0:
            pairs += 1
            turned += other[before] > other[post]
        last[above[post]] = post
    if pairs < FEWEST or not TURNED[0] * pairs <= turned <= TURNED[1] * pairs:
        return 0.0
    n_any = (np.maximum(place, other) >= 0).sum()
    limit = (STRAY + LOST * (1 - n_both / n_any)) * n_both
    path = np.empty(n_both, dtype=np.int64)
    length, strays = 0, 0
    for post in order_seen(other):
        if not both[post]:
            continue
        at = length
        while at > 0 and path[at - 1] != above[post]:
            at -= 1
        if at == 0 and above[post] >= 0:
            strays += 1
            at = length
        path[at] = post
        length = at + 1
    if strays > limit:
        return 0.0
    # Where some posts stand otherwise it may be another sort that follows time by and large: no proof.
    return TIMED + np.log(2.0) * (pairs - FEWEST) if strays <= STRAY * n_both else TIMED


@njit(cache=True, nogil=True)
def compare_listings(places: Ints, time: Floats, tick: Floats) -> Sorted:
    """How listings of a page sort siblings, and what follows for every post.

    Args:
        places, time, tick: as `Sorted` has them.
    """
    return follow_sorts(places, judge_sorts(places, time, tick), time, tick)


@njit(cache=True, nogil=True)
def judge_sorts(places: Ints, time: Floats, tick: Floats) -> Sorts:
    """How listings of a page sort siblings, as far as they and the times tell."""
    m = places.shape[0]
    opposite, newest, oldest = np.zeros((m, m)), np.zeros(m), np.zeros(m)
    for left in range(m):
        for right in range(m):
            if left != right:
                newest[left] = max(newest[left], weigh_newest(places[left], places[right], time, tick))
    for left in range(m):
        for right in range(left + 1, m):
            evidence = weigh_opposite(places[left], places[right])
            if evidence == 0.0:
                continue
            opposite[left, right] = opposite[right, left] = evidence
            rises, most = _tell_rising(places[left], places[right], time, tick)
            if rises != 0:
                first, last = (left, right) if rises > 0 else (right, left)
                oldest[first] = max(oldest[first], min(evidence, most))
                newest[last] = max(newest[last], min(evidence, most))
    return Sorts(opposite, newest, oldest)


@njit(cache=True, nogil=True)
def follow_sorts(places: Ints, sorts: Sorts, time: Floats, tick: Floats) -> Sorted:
    """What follows for every post once it is known how listings sort siblings."""
    m, n = places.shape
    older, reach = np.full((m, n), UNSEEN, dtype=np.int64), np.full((m, n), UNSEEN, dtype=np.int64)
    fall = np.full((m, n), NEVER, dtype=np.int64)
    covers = np.full((m, m, n), UNSEEN, dtype=np.int64)
    first, doubt = np.full((m, m), UNSEEN, dtype=np.int64), np.zeros((m, m))
    above = np.full(n, UNSEEN, dtype=np.int64)  # the nearest post above each that is proven to be its ancestor
    for left in range(m):
        if sorts.newest[left] > 0:
            older[left] = find_older(places[left], time, tick)
        for right in range(left, m):
            evidence = sorts.newest[left] if left == right else sorts.opposite[left, right]
            if evidence > 0:
                covers[left, right] = _find_covers(places[left], places[right], left == right, time, tick)
                other = right if left != right else (left + 1) % m
                first[left, right] = _find_first(places[left], places[other])
                answers = (covers[left, right] == first[left, right]).sum() + 1.0
                # Sites pin a post above all others, whatever they sort by: then all these stand beside it.
                doubt[left, right] = (RARELY + np.log(answers)) / answers
            if evidence >= HARD:
                for post in range(n):
                    if covers[left, right, post] != first[left, right]:
                        above[post] = max(above[post], covers[left, right, post])
    for left in range(m):
        _fill_reach(places[left], above, reach[left])
        if sorts.oldest[left] > 0:
            _fill_fall(places[left], time, tick, fall[left])
    return Sorted(places, sorts, older, covers, first, doubt, reach, fall, time, tick)


@njit(cache=True, nogil=True)
def go_by_time(place: Ints, time: Floats) -> int:
    """Whether times rise (1) or fall (-1) throughout a listing, or neither (0)."""
    posts = order_seen(place)
    rises, falls = 0, 0
    for at in range(1, posts.size):
        rises += time[posts[at]] > time[posts[at - 1]]
        falls += time[posts[at]] < time[posts[at - 1]]
    if rises + falls < 2 or min(rises, falls) > 0:
        return 0
    return 1 if rises > falls else -1


@njit(cache=True, nogil=True)
def _tell_rising(left: Ints, right: Ints, time: Floats, tick: Floats) -> tuple[int, float]:
    """Whether times of siblings rise in the left of two opposite listings (1), fall (-1), or neither (0); and the most
    nats that may say so."""
    covers = _find_covers(left, right, False, time, tick)
    last = np.full(left.size + 1, UNSEEN, dtype=np.int64)
    rises, falls = 0, 0
    for post in order_seen(left):
        if right[post] < 0:
            continue
        before = last[covers[post]]
        if before >= 0:
            rises += is_older(before, post, time, tick)
            falls += is_older(post, before, time, tick)
        last[covers[post]] = post
    n_any = (np.maximum(left, right) >= 0).sum()
    lost = n_any - ((left >= 0) & (right >= 0)).sum()
    strays = min(rises, falls) / max(rises + falls, 1)
    if rises + falls < FEWEST or strays > STRAY + ASTRAY * lost / n_any:
        return 0, 0.0
    # Answers to a post that one listing leaves out stand at its time, not at theirs, among its siblings. Where both
    # leave posts out the page itself is put together by guess: no proof.
    is_whole = (left >= 0).sum() == n_any or (right >= 0).sum() == n_any
    return 1 if rises > falls else -1, np.inf if is_whole or strays <= STRAY else TIMED


@njit(cache=True, nogil=True)
def _find_first(left: Ints, right: Ints) -> int:
    """The post that stands first in both listings, of those that both show; UNSEEN: another one in each."""
    first, other = UNSEEN, UNSEEN
    for post in range(left.size):
        if left[post] >= 0 and right[post] >= 0:
            if first < 0 or left[post] < left[first]:
                first = post
            if other < 0 or right[post] < right[other]:
                other = post
    return first if first == other else UNSEEN


@njit(cache=True, nogil=True)
def _fill_reach(place: Ints, above: Ints, reach: Ints) -> None:
    """Fills in the last place of the posts under each post; parents stand before their children."""
    for post in range(place.size - 1, -1, -1):
        if above[post] >= 0:
            reach[above[post]] = max(reach[above[post]], reach[post], place[post])


@njit(cache=True, nogil=True)
def _fill_fall(place: Ints, time: Floats, tick: Floats, fall: Ints) -> None:
    """Fills in the first place below each post at which an older one stands."""
    posts = order_seen(place)
    for at in range(posts.size):
        for below in range(at + 1, posts.size):
            if is_older(posts[below], posts[at], time, tick):
                fall[posts[at]] = place[posts[below]]
                break


@njit(cache=True, nogil=True)
def _find_covers(left: Ints, right: Ints, by_time: bool, time: Floats, tick: Floats) -> Ints:
    """The nearest post above each that stands before it in both listings and, by time, is older."""
    covers = np.full(left.size, UNSEEN, dtype=np.int64)
    for post in range(left.size):
        if left[post] < 0 or right[post] < 0:
            continue
        for above in range(post - 1, -1, -1):
            before = 0 <= left[above] < left[post] and 0 <= right[above] < right[post]
            if before and (not by_time or is_older(above, post, time, tick)):
                covers[post] = above
                break
    return covers


@njit(cache=True, nogil=True)
def weigh_against(page: Sorted, post: int, above: int) -> float:
    """Nats that the orders speak against a post's answering one above it (UNSEEN: none); HARD and more disproves it.

    A parent stands above its child in every listing and is not younger. It does not stand above a post that proves to
    be the child's ancestor: with the newest first, what stands between a parent and its child is under an earlier, so
    newer, answer; if it is older than the child, the parent stands below it. With the oldest first, whatever follows a
    child under the same parent is newer than the child.
    """
    against = 0.0
    places = page.places
    m = places.shape[0]
    for left in range(m):
        for right in range(left, m):
            strength = page.sorts.newest[left] if left == right else page.sorts.opposite[left, right]
            cover = page.covers[left, right, post]
            if cover >= 0 and cover == page.first[left, right]:
                strength = min(strength, page.doubt[left, right])
            if strength > against and above < cover:
                against = strength
        if places[left, post] < 0:
            continue
        if above >= 0 and places[left, above] > places[left, post]:
            return np.inf
        older, fall = page.older[left, post], page.fall[left, post]
        if older >= 0 and (above < 0 or 0 <= places[left, above] < places[left, older]):
            strength = page.sorts.newest[left]
            if older == page.first[left, left]:
                strength = min(strength, page.doubt[left, left])
            against = max(against, strength)
        if fall < NEVER and (above < 0 or fall <= page.reach[left, above]):
            against = max(against, page.sorts.oldest[left])
    if above >= 0 and is_older(post, above, page.time, page.tick):
        return np.inf
    return against


@njit(cache=True, nogil=True)
def allow_spans(places: Ints, span: int) -> Flags:
    """Which runs of posts in page order can be whole subtrees: bool[n, span], of post i and the d posts below it.

    Those that every listing shows in one run, what it leaves out aside, with post i first.
    """
    m, n = places.shape
    allowed = np.ones((n, span), dtype=np.bool_)
    rank = np.empty(n, dtype=np.int64)  # places without gaps among the posts at hand
    for listing in range(m):
        rank[:] = UNSEEN
        for at, post in enumerate(order_seen(places[listing])):
            rank[post] = at
        for i in range(n):
            lowest, highest, count = n, -1, 0
            for d in range(min(span, n - i)):
                place = rank[i + d]
                if place >= 0:
                    lowest, highest, count = min(lowest, place), max(highest, place), count + 1
                if count > 0 and (highest - lowest + 1 != count or (rank[i] >= 0 and lowest != rank[i])):
                    allowed[i, d] = False
    return allowed
