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
def share_words(starts: Ints, words: Ints, weight: Floats, left: int, right: int) -> float:
    """Weight of the words that two entries share; both lists ascend."""
    i, j = starts[left], starts[right]
    total = 0.0
    while i < starts[left + 1] and j < starts[right + 1]:
        if words[i] < words[j]:
            i += 1
        elif words[i] > words[j]:
            j += 1
        else:
            total += weight[j]
            i += 1
            j += 1
    return total


@njit(cache=True, nogil=True)
def _compare(
    children: Ints, offsets: Ints, left: Ints, starts: Ints, words: Ints, bits: Floats, sharp: Floats, ends: Ints
) -> Table:
    out = np.zeros((left.size, 10), dtype=np.float32)
    own = np.zeros(starts.size - 1)
    for entry in range(starts.size - 1):
        for at in range(starts[entry], starts[entry + 1]):
            own[entry] += bits[at]
    for c in range(children.size):
        child = children[c]
        follower = child + 1 if child + 1 < ends[c] else -1
        most = 0.0
        follows = 0.0 if follower < 0 else share_words(starts, words, sharp, child, follower)
        for row in range(offsets[c], offsets[c + 1]):
            entry = left[row]
            if entry < 0:
                continue
            shared = share_words(starts, words, bits, entry, child)
            telling = share_words(starts, words, sharp, entry, child)
            out[row, 0] = np.log1p(shared / SCALE)
            out[row, 1] = np.log1p(telling / SCALE)
            out[row, 2] = shared / (own[child] + SCALE)
            out[row, 3] = shared / (own[entry] + SCALE)
            # Of the candidates only, the submission left out: it shares its topic with all.
            if row > offsets[c]:
                out[row, 6] = max(most - telling, 0.0) / SCALE
                most = max(most, telling)
            if follower >= 0:
                out[row, 7] = np.log1p(share_words(starts, words, sharp, entry, follower) / SCALE)
            out[row, 9] = own[entry] == 0
        for row in range(offsets[c], offsets[c + 1]):
            telling = SCALE * (np.exp(out[row, 1]) - 1)
            if row > offsets[c]:
                out[row, 4] = most > 0 and telling >= most - 1e-3
            out[row, 5] = np.log1p(max(most - telling, 0.0) / SCALE)
            out[row, 8] = np.log1p(follows / SCALE)
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
        context.bits[words.values],
        context.sharp,
        ends,
    )


SIGNAL = Signal("words", FEATURES, measure)
