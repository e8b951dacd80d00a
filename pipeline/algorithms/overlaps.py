"""Whether two listings show one page, weighed by what they share and by what only one of them has where they overlap.

In: the places of shared rows in both listings, and the bits of surprise in their words. Out: yes or no.

>>> show_one_page(np.array([5, 6]), np.array([0, 1]), np.array([40.0, 40.0]), 7, 9)       # pages 1 and 2 overlap
True

Evidence adds up as in record linkage (Fellegi & Sunter 1969): a shared row speaks for one page by its bits, a row
amiss against it; rows that say the same right beside a shared one, short ones too, speak a little. Listings in one
order overlap in a stretch, and what both have of their own on it is amiss; what only one has there, posted, deleted or
folded in between, counts little. In any other order all rows of the smaller listing should be shared.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.alignment import longest_increasing

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# In bits. Words are no proof beyond forty, and a quarter of theirs is what they prove: one text in a thousand is posted
# again on any given other page.
MOST_BITS, WORTH = 40.0, 0.25
AMISS, PROOF = 12.0, 20.0  # in one order: of a row amiss, and what proves one page: two rare texts and nothing amiss
LACKED = 1.5  # of a row between shared ones that only one listing has
AMISS_SHUFFLED, PROOF_SHUFFLED = 8.0, 30.0  # the same in any order
BESIDE = 4.0  # of a row right beside a shared one that says the same: one in sixteen would
FEW_BESIDE = 3  # of these with one shared row prove as much as two shared ones
PROOF_MANY, LEAST_SHARE = 55.0, 0.25  # in any order, however little of the rest is shared: six rare texts


@njit(cache=True, nogil=True)
def count_beside(left: Ints, right: Ints, said: Ints, said_right: Ints) -> int:
    """How many rows say the same right beside shared rows, or beside such rows: a run of k rows has k - 1.

    Args:
        left, right: int64[m], the places of the shared rows in each listing.
        said, said_right: codes of all rows of each listing, equal where they say the same.
    """
    partner = np.full(said.size, -1, dtype=np.int64)
    for k in range(left.size):
        partner[left[k]] = right[k]
    beside = 0
    for k in range(left.size):
        for step in (-1, 1):
            a, b, run = left[k] + step, right[k] + step, 0
            while 0 <= a < said.size and 0 <= b < said_right.size and said[a] == said_right[b] and partner[a] != b:
                a, b, run = a + step, b + step, run + 1
            meets = 0 <= a < said.size and partner[a] == b
            if step < 0:
                beside += run + meets
            elif not meets:  # else what lies between is counted from the other end
                beside += run
    return beside


def show_one_page(
    left: Ints, right: Ints, bits: Floats, n_left: int, n_right: int, many: float = PROOF_MANY, beside: int = 0
) -> bool:
    """Whether what two listings share proves that they show the same page.

    Args:
        left, right: int64[m], the places of the shared rows in each listing, sorted by left.
        bits: float64[m], bits of surprise in their words.
        n_left, n_right: how many rows each has.
        many: what the shared rows have to be worth where little of the rest is shared, in any order.
        beside: how many rows say the same right beside shared ones.

    Returns:
        True if it does; a single shared row never does by itself.
    """
    if left.size < 2 and (left.size == 0 or beside < FEW_BESIDE):
        return False
    worth = np.minimum(bits, MOST_BITS) * WORTH
    chain = longest_increasing(right)
    a, b = left[chain], right[chain]
    amiss = int(np.minimum(np.diff(a), np.diff(b)).sum()) - (chain.size - 1)
    amiss += int(min(a[0], b[0]) + min(n_left - 1 - a[-1], n_right - 1 - b[-1]))
    lacked = int(np.abs(np.diff(a) - np.diff(b)).sum())
    together = BESIDE * beside
    if round(float(worth[chain].sum()) + together, 6) >= PROOF + AMISS * amiss + LACKED * lacked and (
        chain.size >= 2 or beside >= FEW_BESIDE
    ):
        return True
    total, smaller = round(float(worth.sum()) + together, 6), min(n_left, n_right)
    if total >= many and left.size >= LEAST_SHARE * smaller:
        return True
    return total >= PROOF_SHUFFLED + AMISS_SHUFFLED * (smaller - left.size)
