"""Conversations: which lines belong together under chosen parents, and which conversation a line goes on with.

In: shares of all candidates. Out: chosen rows; the root of each line.

>>> chosen = choose_by_conversation(shares, pairs)

A line is put into the conversation whose lines have the largest share together, then under the best of these lines: ten
lines with a tenth each say more than one with two tenths. Starting one's own conversation counts as a conversation.
Shares are whole numbers here, so that sums do not depend on their order. On a tie the later candidate wins.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints
from pipeline.reconstruct.candidates import Pairs

UNITS = 100_000  # a share of 1


@njit(cache=True, nogil=True)
def find_conversations(parents: Ints) -> Ints:
    """int64[N], the root above each line; parents stand before their children, -1 for none."""
    roots = np.empty(parents.size, dtype=np.int64)
    for line in range(parents.size):
        roots[line] = line if parents[line] < 0 else roots[parents[line]]
    return roots


def choose_by_conversation(shares: Floats, pairs: Pairs, n_lines: int) -> Ints:
    """int64[children], rows of pairs.

    Args:
        shares: float64[pairs], summing to 1 for each child.
        pairs: candidates of children in time order; lines that are no children start conversations.
        n_lines: lines of the stream.
    """
    units = np.floor(shares * UNITS + 0.5).astype(np.int64)
    chosen: Ints = _choose(units, pairs.children, pairs.offsets, pairs.left, n_lines)
    return chosen


@njit(cache=True, nogil=True)
def _choose(units: Ints, children: Ints, offsets: Ints, left: Ints, n_lines: int) -> Ints:
    chosen = np.empty(children.size, dtype=np.int64)
    roots = np.arange(n_lines)
    total = np.zeros(n_lines, dtype=np.int64)
    for c in range(children.size):
        begin, end = offsets[c], offsets[c + 1]
        for row in range(begin + 1, end):
            total[roots[left[row]]] += units[row]
        # Answering none stands first among the rows and comes last among equals.
        best, most, share = begin, units[begin], units[begin]
        for row in range(begin + 1, end):
            here = total[roots[left[row]]]
            if here > most or (here == most and (best == begin or units[row] > share)):
                best, most, share = row, here, units[row]
            elif here == most and units[row] == share and left[row] > left[best]:
                best = row
        chosen[c] = best
        if best > begin:
            roots[children[c]] = roots[left[best]]
        for row in range(begin + 1, end):
            total[roots[left[row]]] = 0
    return chosen
