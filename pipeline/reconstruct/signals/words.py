"""Rare words that the child shares with the candidate, weighed by the pack and by their spread over the discussion.

In: context and pairs. Out: float32 columns; 0 where nothing is shared.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal

FEATURES = (
    "shared",
    "shared_sharp",
    "share_of_child",
    "share_of_candidate",
    "most_shared",
    "shared_behind",
    "shared_nearer",
    "next_with_candidate",
    "next_with_child",
    "wordless_candidate",
)
SCALE = 10.0  # bits; about one rare word


@njit(cache=True, nogil=True)
def _mark(marks: Floats, starts: Ints, words: Ints, weight: Floats, entry: int) -> None:
    """Writes the weights of an entry's words to where the words' numbers point."""
    for at in range(starts[entry], starts[entry + 1]):
        marks[words[at]] = weight[at]


@njit(cache=True, nogil=True)
def _unmark(marks: Floats, starts: Ints, words: Ints, entry: int) -> None:
    for at in range(starts[entry], starts[entry + 1]):
        marks[words[at]] = 0.0


@njit(cache=True, nogil=True)
def _compare(
    children: Ints,
    offsets: Ints,
    left: Ints,
    starts: Ints,
    words: Ints,
    bits: Floats,
    sharp: Floats,
    own: Floats,
    ends: Ints,
    n_vocabulary: int,
) -> Table:
    out = np.zeros((left.size, len(FEATURES)), dtype=np.float32)
    marks = np.zeros((3, n_vocabulary))  # bits and sharp bits of the child's words, sharp bits of the next post's
    for c in range(children.size):
        child = children[c]
        follower = child + 1 if child + 1 < ends[c] else -1
        _mark(marks[0], starts, words, bits, child)
        _mark(marks[1], starts, words, sharp, child)
        follows = 0.0
        if follower >= 0:
            _mark(marks[2], starts, words, sharp, follower)
            for at in range(starts[child], starts[child + 1]):
                follows += marks[2, words[at]]
        most = 0.0
        for row in range(offsets[c], offsets[c + 1]):
            entry = left[row]
            if entry < 0:
                continue
            shared, telling, ahead = 0.0, 0.0, 0.0
            for at in range(starts[entry], starts[entry + 1]):
                word = words[at]
                shared += marks[0, word]
                telling += marks[1, word]
                ahead += marks[2, word]
            out[row, 0] = np.log1p(shared / SCALE)
            out[row, 1] = telling
            out[row, 2] = shared / (own[child] + SCALE)
            out[row, 3] = shared / (own[entry] + SCALE)
            # Of the candidates only, the submission left out: it shares its topic with all.
            if row > offsets[c]:
                out[row, 6] = max(most - telling, 0.0) / SCALE
                most = max(most, telling)
            out[row, 7] = np.log1p(ahead / SCALE)
            out[row, 9] = own[entry] == 0
        for row in range(offsets[c], offsets[c + 1]):
            telling = out[row, 1]
            out[row, 1] = np.log1p(telling / SCALE)
            if row > offsets[c]:
                out[row, 4] = most > 0 and telling >= most - 1e-3
            out[row, 5] = np.log1p(max(most - telling, 0.0) / SCALE)
            out[row, 8] = np.log1p(follows / SCALE)
        _unmark(marks[0], starts, words, child)
        _unmark(marks[1], starts, words, child)
        if follower >= 0:
            _unmark(marks[2], starts, words, follower)
    return out


def measure(context: Context, pairs: Pairs) -> Table:
    """Bits of surprise on a logarithmic scale, and shares of them."""
    words = context.words
    ends = context.first[pairs.children] + context.size[pairs.children]
    return _compare(
        pairs.children,
        pairs.offsets,
        pairs.left,
        words.offsets,
        words.values,
        context.bits,
        context.sharp,
        context.total_bits,
        ends,
        context.vocabulary.len() + 1,
    )


SIGNAL = Signal("words", FEATURES, measure)
