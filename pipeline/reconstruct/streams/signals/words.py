"""Rare words that the child shares with the candidate, and with what the candidate's author said lately.

In: stream and pairs. Out: float32 columns; NaN for answering none and where a text has no words.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.signals.signal import StreamSignal

FEATURES = (
    "shared",
    "shared_sharp",
    "share_of_child",
    "share_of_candidate",
    "likeness",
    "behind_best",
    "rank",
    "authors_shared",
    "best_shared",
)
SCALE = 10.0  # bits; about one rare word


@njit(cache=True, nogil=True)
def _measure(  # noqa: C901 -- one walk over a line's candidates, written out for the compiler
    children: Ints,
    offsets: Ints,
    left: Ints,
    author: Ints,
    starts: Ints,
    words: Ints,
    bits: Floats,
    sharp: Floats,
    own: Floats,
    n_vocabulary: int,
    n_authors: int,
) -> Table:
    out = np.full((left.size, 9), np.nan, dtype=np.float32)
    marks = np.zeros((2, n_vocabulary))
    said = np.zeros(n_authors + 1)
    for c in range(children.size):
        child = children[c]
        if own[child] <= 0:
            continue
        for at in range(starts[child], starts[child + 1]):
            marks[0, words[at]], marks[1, words[at]] = bits[at], sharp[at]
        best = 0.0
        for row in range(offsets[c] + 1, offsets[c + 1]):
            entry = left[row]
            shared, telling = 0.0, 0.0
            for at in range(starts[entry], starts[entry + 1]):
                shared += marks[0, words[at]]
                telling += marks[1, words[at]]
            out[row, 0] = shared / SCALE
            out[row, 1] = telling / SCALE
            best = max(best, telling)
            if author[entry] >= 0:
                said[author[entry]] += telling
        better = 0
        for row in range(offsets[c], offsets[c + 1]):
            out[row, 8] = best / SCALE
            if row == offsets[c]:
                continue
            entry = left[row]
            shared = out[row, 0] * SCALE
            out[row, 2] = shared / own[child]
            if own[entry] > 0:
                out[row, 3] = shared / own[entry]
                out[row, 4] = shared / np.sqrt(own[child] * own[entry])
            out[row, 5] = best / SCALE - out[row, 1]
            out[row, 6] = better
            better += out[row, 1] > 0
            if author[entry] >= 0:
                out[row, 7] = said[author[entry]] / SCALE
        for row in range(offsets[c] + 1, offsets[c + 1]):
            said[max(author[left[row]], 0)] = 0.0
        for at in range(starts[child], starts[child + 1]):
            marks[0, words[at]], marks[1, words[at]] = 0.0, 0.0
    return out


def measure(stream: Stream, pairs: Pairs) -> Table:
    """Bits of surprise in units of one rare word, and shares of them."""
    context = stream.context
    words = context.words
    return _measure(
        pairs.children,
        pairs.offsets,
        pairs.left,
        context.author,
        words.offsets,
        words.values,
        context.bits,
        context.sharp,
        context.total_bits,
        context.vocabulary.len() + 1,
        context.n_authors,
    )


SIGNAL = StreamSignal("words", FEATURES, measure)
