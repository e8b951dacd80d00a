"""How long after the candidate the child was posted, and what was posted in between.

In: context and pairs. Out: float32 columns; all but the first 0 where either time is unknown.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal

FEATURES = (
    "time_unknown",
    "gap",
    "too_late",
    "within_minute",
    "within_hour",
    "beyond_day",
    "latest_before",
    "gap_rank",
    "later_between",
    "before_above",
    "next_earlier",
    "top_gap_above",
    "next_gap",
)


@njit(cache=True, nogil=True)
def _time(children: Ints, offsets: Ints, left: Ints, time: Floats, tick: Floats, first: Ints, size: Ints) -> Table:
    out = np.zeros((left.size, 13), dtype=np.float32)
    for c in range(children.size):
        child = children[c]
        t = time[child]
        start, end = first[child], first[child] + size[child]
        above = time[child - 1] if child > start else np.nan
        below = time[child + 1] if child + 1 < end else np.nan
        smallest = np.inf
        before, later = 0, 0
        for row in range(offsets[c] + 1, offsets[c + 1]):
            gap = t - time[left[row]]
            if gap >= 0:
                smallest = min(smallest, gap)
        for row in range(offsets[c], offsets[c + 1]):
            gap = np.nan if left[row] < 0 else t - time[left[row]]
            out[row, 9] = t < above
            out[row, 10] = below < t
            if not np.isnan(above) and not np.isnan(t):
                out[row, 11] = np.log1p(abs(t - above) / 60)
            if not np.isnan(below) and not np.isnan(t):
                out[row, 12] = np.log1p(abs(below - t) / 60)
            if np.isnan(gap):
                out[row, 0] = 1
                continue
            slack = max(tick[child], tick[left[row]], 1.0)
            out[row, 1] = np.log1p(max(gap, 0.0) / 60)
            out[row, 2] = gap < -slack
            out[row, 3] = 0 <= gap < 60
            out[row, 4] = 0 <= gap < 3600
            out[row, 5] = gap > 86400
            if row > offsets[c]:
                out[row, 6] = gap >= 0 and gap == smallest
                out[row, 7] = np.log1p(before)
                out[row, 8] = np.log1p(later)
                before += gap >= 0
                later += gap < 0
    return out


def measure(context: Context, pairs: Pairs) -> Table:
    """Gaps are logarithms of minutes; a candidate later than the child by more than times are exact to is too late."""
    return _time(pairs.children, pairs.offsets, pairs.left, context.time, context.tick, context.first, context.size)


SIGNAL = Signal("gap", FEATURES, measure, lenses=("meta",))
