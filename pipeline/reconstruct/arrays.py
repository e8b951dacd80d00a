"""Kinds of arrays that the rooms of reconstruction hand to each other.

In and out: nothing; these are names.

>>> Ragged(np.array([0, 2, 2]), np.array([7, 9]))      # two lists: [7, 9] and []
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Table = NDArray[np.float32]

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Ragged:
    """Lists of unequal length one after another: list k is ``values[offsets[k]:offsets[k + 1]]``."""

    offsets: Ints
    values: Ints


def make_ragged(owners: Ints, values: Ints, n: int) -> Ragged:
    """Lists of n owners from pairs sorted by owner."""
    lengths = np.bincount(owners, minlength=n)
    return Ragged(np.append(0, np.cumsum(lengths)).astype(np.int64), values)
