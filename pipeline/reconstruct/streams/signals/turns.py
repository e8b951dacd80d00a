"""Who speaks: the same author again, the two taking turns, others in between.

In: stream and pairs. Out: float32 columns; NaN where an author is unknown.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import AHEAD, Stream
from pipeline.reconstruct.streams.signals.signal import StreamSignal

FEATURES = (
    "same_author",
    "own_between",
    "candidates_between",
    "own_last",
    "beyond_own_last",
    "own_last_gap",
    "run",
    "next_is_own",
    "candidate_runs_on",
    "candidate_run",
    "child_follows_candidate",
    "turn",
    "candidate_turn",
    "authors_between",
    "others_between",
    "candidate_ahead",
    "own_ahead",
    "own_last_follows_candidate",
)


@njit(cache=True, nogil=True)
def _measure(  # noqa: C901 -- one walk over a line's candidates, written out for the compiler
    children: Ints,
    offsets: Ints,
    left: Ints,
    author: Ints,
    turn: Ints,
    last_own: Ints,
    run: Ints,
    time: Floats,
    first: Ints,
    size: Ints,
    n_authors: int,
) -> Table:
    out = np.full((left.size, 18), np.nan, dtype=np.float32)
    tally = np.zeros(n_authors + 1, dtype=np.int64)  # lines of each author between candidate and child
    ahead = np.full(n_authors + 1, -1, dtype=np.int64)  # how soon after the child each author speaks
    for c in range(children.size):
        child = children[c]
        a = author[child]
        if a < 0:
            continue
        end = first[child] + size[child]
        for later in range(min(child + AHEAD, end - 1), child, -1):
            if author[later] >= 0:
                ahead[author[later]] = later - child
        own, distinct, others = last_own[child], 0, 0
        for row in range(offsets[c], offsets[c + 1]):
            if own >= 0:
                out[row, 3] = child - own
                out[row, 5] = np.log1p(max(time[child] - time[own], 0.0))
            out[row, 6] = run[child]
            out[row, 7] = child + 1 < end and author[child + 1] == a
            out[row, 11] = min(turn[child], 30)
            if ahead[a] >= 0:
                out[row, 16] = ahead[a]
            entry = left[row]
            if row == offsets[c] or author[entry] < 0:
                continue
            b = author[entry]
            out[row, 0] = a == b
            out[row, 1] = tally[a]
            out[row, 2] = tally[b]
            if own >= 0:
                out[row, 4] = own - entry
                out[row, 17] = own > entry and last_own[own] < entry
            out[row, 8] = entry + 1 < child and author[entry + 1] == b
            out[row, 9] = run[entry]
            out[row, 10] = author[entry + 1] == a
            out[row, 12] = min(turn[entry], 30)
            out[row, 13] = distinct
            out[row, 14] = others
            if ahead[b] >= 0:
                out[row, 15] = ahead[b]
            distinct += tally[b] == 0
            others += a != b
            tally[b] += 1
        for row in range(offsets[c] + 1, offsets[c + 1]):
            tally[max(author[left[row]], 0)] = 0
        for later in range(child + 1, min(child + AHEAD, end - 1) + 1):
            ahead[max(author[later], 0)] = -1
    return out


def measure(stream: Stream, pairs: Pairs) -> Table:
    """Counts of lines; turns are counted to thirty."""
    context = stream.context
    return _measure(
        pairs.children,
        pairs.offsets,
        pairs.left,
        context.author,
        context.turn,
        stream.last_own,
        stream.run,
        context.time,
        context.first,
        context.size,
        context.n_authors,
    )


SIGNAL = StreamSignal("turns", FEATURES, measure)
