"""All forests of a few posts and all ways to list them: the slow, obvious side of tests about orders."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations, product
from typing import Any

Parents = tuple[int, ...]  # of each post, -1: none


def children_of(parents: Parents) -> dict[int, list[int]]:
    below: dict[int, list[int]] = {post: [] for post in range(-1, len(parents))}
    for post, parent in enumerate(parents):
        below[parent].append(post)
    return below


def walk(below: dict[int, list[int]]) -> list[int]:
    """Posts depth first."""
    listed, stack = [], [-1]
    while stack:
        post = stack.pop()
        if post >= 0:
            listed.append(post)
        stack += reversed(below[post])
    return listed


def list_by(parents: Parents, key: Callable[[int], Any]) -> list[int]:
    """The page with siblings sorted by a key."""
    return walk({post: sorted(below, key=key) for post, below in children_of(parents).items()})


def list_all_ways(parents: Parents) -> Iterator[list[int]]:
    """The page with siblings in every order."""
    below = children_of(parents)
    for orders in product(*(permutations(posts) for posts in below.values())):
        yield walk({post: list(order) for post, order in zip(below, orders, strict=True)})


def invent_parents(n: int, chance: random.Random) -> Parents:
    """A tree of n posts numbered depth first."""
    parents: list[int] = []
    for post in range(n):
        path = [-1]
        at = post - 1
        while at >= 0:
            path.append(at)
            at = parents[at]
        parents.append(chance.choice(path))
    return tuple(parents)


def places_of(listed: Sequence[int], n: int) -> list[int]:
    """Place of each post, -1 where it is left out."""
    places = [-1] * n
    for place, post in enumerate(listed):
        places[post] = place
    return places
