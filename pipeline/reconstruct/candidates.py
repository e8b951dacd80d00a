"""Which posts may be the parent of a post: none (or the submission), the posts just before it, and a few told ones.

In: a `Context`, the posts whose parents are sought, how far back to look. Out: `Pairs`.

>>> pairs = list_candidates(context, children, np.full(children.size, 100), reach=False)
>>> pairs.left[pairs.offsets[0]]      # the first candidate is always "none" (-1) or the known submission

Rows of one child stand together: none first, then the posts before it from the nearest to the farthest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import UNKNOWN, Flags, Ints
from pipeline.reconstruct.context import Context

NAMED_POSTS = 2  # latest posts beyond the window by each author whom the child names
SUBJECT_POSTS = 3  # latest posts beyond the window under the child's own subject line


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a post and a candidate for its parent; P pairs of C children.

    Attributes:
        children: int64[C], entries, ascending.
        offsets: int64[C + 1], rows of child c are offsets[c] … offsets[c + 1] - 1.
        left: int64[P], the candidate's entry; -1 or a submission's entry in the first row of each child.
        right: int64[P], the child's entry.
    """

    children: Ints
    offsets: Ints
    left: Ints
    right: Ints

    @property
    def is_top(self) -> Flags:
        """bool[P]: whether the row stands for answering none of the listed posts."""
        top = np.zeros(self.left.size, dtype=np.bool_)
        top[self.offsets[:-1]] = True
        return top


def list_candidates(context: Context, children: Ints, window: Ints, reach: bool) -> Pairs:
    """Candidates of the children.

    Args:
        context: the discussions.
        children: int64[C], entries of posts, ascending.
        window: int64[C], how many posts before each child are candidates; with reach the same for all.
        reach: whether posts farther back are candidates too when the child quotes them, names their author or has
            their subject.
    """
    counts = 1 + np.minimum(context.place[children], window)
    more_child, more_left = _reach_back(context, children, window) if reach else (children[:0], children[:0])
    counts += np.bincount(more_child, minlength=children.size).astype(np.int64)
    offsets = np.append(0, np.cumsum(counts)).astype(np.int64)
    left = _fill(children, offsets, context.place, context.submission, window, more_child, more_left)
    return Pairs(children, offsets, left, np.repeat(children, counts))


@njit(cache=True, nogil=True)
def _fill(
    children: Ints, offsets: Ints, place: Ints, submission: Ints, window: Ints, more_child: Ints, more_left: Ints
) -> Ints:
    """Candidates of each child in their order; those beyond the window come sorted by child, nearest first."""
    left = np.empty(offsets[-1], dtype=np.int64)
    more = 0
    for c in range(children.size):
        child = children[c]
        row = offsets[c]
        left[row] = submission[child]
        for back in range(1, min(place[child], window[c]) + 1):
            row += 1
            left[row] = child - back
        while more < more_child.size and more_child[more] == c:
            row += 1
            left[row] = more_left[more]
            more += 1
    return left


def _reach_back(context: Context, children: Ints, window: Ints) -> tuple[Ints, Ints]:
    """Told candidates beyond the window: which child (its number) and which entry; by child, nearest first."""
    quoted = _listed_beyond(context.quoted.offsets, context.quoted.values, children, window, context.n_posts)
    named = _latest_beyond(
        context.author[: context.n_posts],
        context.mentions.offsets,
        context.mentions.values,
        children,
        context.first,
        window,
        NAMED_POSTS,
    )
    own = np.arange(context.n_posts + 1)
    same = _latest_beyond(
        context.subject[: context.n_posts],
        own,
        context.subject[: context.n_posts],
        children,
        context.first,
        window,
        SUBJECT_POSTS,
    )
    found = np.concatenate([quoted, named, same])
    if found.shape[0] == 0:
        return found[:, 0], found[:, 1]
    found = np.unique(np.stack([found[:, 0], -found[:, 1]], axis=1), axis=0)
    return found[:, 0].copy(), -found[:, 1]


@njit(cache=True, nogil=True)
def _listed_beyond(offsets: Ints, values: Ints, children: Ints, window: Ints, n_posts: int) -> Ints:
    """Pairs (child's number, entry) of the listed entries that stand more than a window before the child."""
    out = np.empty((max(values.size, 1), 2), dtype=np.int64)
    n = 0
    for c in range(children.size):
        child = children[c]
        for at in range(offsets[child], offsets[child + 1]):
            entry = values[at]
            if entry < n_posts and entry < child - window[c]:
                out[n, 0], out[n, 1] = c, entry
                n += 1
    return out[:n]


@njit(cache=True, nogil=True)
def _latest_beyond(
    key: Ints, offsets: Ints, values: Ints, children: Ints, first: Ints, window: Ints, most: int
) -> Ints:
    """Pairs (child's number, entry): the latest entries beyond the window whose key is among the child's values."""
    n_keys = 1
    for entry in range(key.size):
        n_keys = max(n_keys, key[entry] + 1)
    latest = np.full((n_keys, most), UNKNOWN, dtype=np.int64)
    total = 0
    for c in range(children.size):
        total += (offsets[children[c] + 1] - offsets[children[c]]) * most
    out = np.empty((max(total, 1), 2), dtype=np.int64)
    n = 0
    upto = 0
    for c in range(children.size):
        child = children[c]
        while upto < child - window[c]:
            k = key[upto]
            if k >= 0:
                for slot in range(most - 1, 0, -1):
                    latest[k, slot] = latest[k, slot - 1]
                latest[k, 0] = upto
            upto += 1
        for at in range(offsets[child], offsets[child + 1]):
            if values[at] < 0:
                continue
            for slot in range(most):
                entry = latest[values[at], slot]
                if entry >= first[child]:
                    out[n, 0], out[n, 1] = c, entry
                    n += 1
    return out[:n]
