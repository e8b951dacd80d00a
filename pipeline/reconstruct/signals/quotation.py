"""Whose words the child quotes, in a marked quotation or in runs of four words that the candidate wrote first.

In: context and pairs. Out: float32 columns; all 0 where the child quotes nobody.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal

FEATURES = ("quoted", "quotes_other", "held", "held_share", "held_most", "held_other")
CLEAR = 0.5  # share of a quotation that has to stand in the post for it to be called quoted


@njit(cache=True, nogil=True)
def _look_up(
    children: Ints, offsets: Ints, left: Ints, starts: Ints, owners: Ints, share: Floats, held: Floats, clear: float
) -> Table:
    out = np.zeros((left.size, 6), dtype=np.float32)
    for c in range(children.size):
        begin, end = starts[children[c]], starts[children[c] + 1]
        if begin == end:
            continue
        clear_all, most = 0, 0.0
        for at in range(begin, end):
            clear_all += share[at] >= clear
            most = max(most, held[at])
        for row in range(offsets[c], offsets[c + 1]):
            found = -1
            if left[row] >= 0:
                at = begin + np.searchsorted(owners[begin:end], left[row])
                if at < end and owners[at] == left[row]:
                    found = at
            mine, own = 0.0, 0.0
            if found >= 0:
                mine, own = share[found], held[found]
            out[row, 0] = mine if mine >= clear else 0.0
            out[row, 1] = clear_all > 0 and mine < clear
            out[row, 2] = own > 0
            out[row, 3] = own
            out[row, 4] = own > 0 and own == most
            out[row, 5] = most - own
    return out


def measure(context: Context, pairs: Pairs) -> Table:
    """Shares are of the quotation (quoted) and of the candidate's own four-word runs (held)."""
    quoted = context.quoted
    return _look_up(
        pairs.children,
        pairs.offsets,
        pairs.left,
        quoted.offsets,
        quoted.values,
        context.quoted_share,
        context.quoted_own,
        CLEAR,
    )


SIGNAL = Signal("quotation", FEATURES, measure)
