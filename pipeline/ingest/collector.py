"""Reading with the garbage collector at rest: a parsed document is a million objects, and none of them is a circle.

In: an iterator. Out: the same items; while one is made, Python does not look for circles of objects, which would cost
as much as the parsing. Memory that is not in a circle is given back all the same.

>>> list(undisturbed(iter([1, 2])))
[1, 2]
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def resting_collector() -> Iterator[None]:
    """The collector rests inside; threads may overlap: whoever found it at work sets it to work again.

    What was made inside counts as old then, or the first look for circles would go through all of it.
    """
    worked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if worked:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def undisturbed(items: Iterator[T]) -> Iterator[T]:
    """The items, each made while the collector rests."""
    while True:
        with resting_collector():
            found = list(islice(items, 1))
        if not found:
            return
        yield found[0]
