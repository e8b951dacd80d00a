"""What sort of discussion a post stands in, from what is seen of the whole of it, before anything is decided.

In: context and pairs. Out: float32 columns, one row per discussion.

>>> measure_surroundings(context, pairs, shared).shape == (discussions, len(FEATURES))
True

Sites differ in the shape of their replies more than in how a reply looks: on one nearly all answer the submission, on
another most answer the post above. Some of that shows without any parent: authors who take turns with each other, times
that turn back from one post to the next, names of those just above.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.wording import POST_FACTS

WORDS = ("posts", "words", "short", "asking", "says_you", "thanks", "begins_small")
SHARED = ("shared_above", "shared_farther")
PEOPLE = ("authors_known", "authors", "turns", "monologues", "poster", "naming", "naming_above", "naming_nobody")
TIMES = ("timed", "falls", "gap", "falls_far")
FEATURES = (*WORDS, *SHARED, *PEOPLE, *TIMES)
SHORT = 8  # words
_FACTS = np.array([POST_FACTS.index(name) for name in ("asking", "says_you", "thanks", "begins_small")])


def measure_surroundings(context: Context, pairs: Pairs, shared: Table) -> tuple[Table, Ints]:
    """The columns FEATURES of each discussion, and int64[N], which discussion each post stands in.

    Args:
        shared: float32[pairs], telling words that the child shares with the candidate.
    """
    starts = np.flatnonzero(context.place == 0)
    number = np.repeat(np.arange(starts.size), np.diff(np.append(starts, context.n_posts)))
    table = _measure(
        starts,
        context.size,
        context.n_words,
        context.facts[:, _FACTS],
        context.author,
        context.submission,
        context.time,
        context.mentions.offsets,
        context.mentions.values,
    )
    near, far = _share_words(pairs.children, pairs.offsets, shared, number, starts.size)
    column = len(WORDS)
    table[:, column], table[:, column + 1] = near, far
    return table, number


@njit(cache=True, nogil=True)
def _share_words(children: Ints, offsets: Ints, shared: Table, number: Ints, n: int) -> tuple[Floats, Floats]:
    """Means over each discussion of the words shared with the post above, and with the three farther up."""
    near, far = np.zeros(n), np.zeros(n)
    n_near, n_far = np.zeros(n), np.zeros(n)
    for c in range(children.size):
        at = number[children[c]]
        for row in range(offsets[c] + 1, min(offsets[c] + 5, offsets[c + 1])):
            if row == offsets[c] + 1:
                near[at] += shared[row]
                n_near[at] += 1
            else:
                far[at] += shared[row]
                n_far[at] += 1
    return near / np.maximum(n_near, 1), far / np.maximum(n_far, 1)


@njit(cache=True, nogil=True)
def _measure(
    starts: Ints,
    size: Ints,
    n_words: Ints,
    facts: Table,
    author: Ints,
    submission: Ints,
    time: Floats,
    heads: Ints,
    named: Ints,
) -> Table:
    out = np.zeros((starts.size, len(FEATURES)), dtype=np.float32)
    latest = np.full(author.max() + 1 if author.size else 0, -1)  # in which discussion each author was seen last
    for at in range(starts.size):
        start = starts[at]
        n = size[start]
        found = np.zeros(len(FEATURES))
        poster = -1 if submission[start] < 0 else author[submission[start]]
        known, distinct, timed, gaps = 0, 0, 0, 0
        for k in range(start, start + n):
            found[1] += np.log1p(n_words[k])
            found[2] += n_words[k] < SHORT
            found[3:7] += facts[k]
            known += author[k] >= 0
            if author[k] >= 0 and latest[author[k]] != at:
                latest[author[k]] = at
                distinct += 1
            found[13] += author[k] >= 0 and author[k] == poster
            above = author[k - 1] if k > start else -1
            names, names_above, names_nobody = False, False, heads[k + 1] > heads[k]
            for row in range(heads[k], heads[k + 1]):
                names |= named[row] >= 0
                names_nobody &= named[row] < 0
                names_above |= named[row] >= 0 and named[row] == above
            found[14] += names
            found[15] += names_above
            found[16] += names_nobody
            if author[k] >= 0 and k > start:
                found[12] += author[k] == above
                found[11] += k > start + 1 and author[k - 2] == author[k] and above != author[k]
            if not np.isnan(time[k]):
                timed += 1
                if k > start and not np.isnan(time[k - 1]):
                    gap = time[k] - time[k - 1]
                    gaps += 1
                    found[18] += gap < 0
                    found[19] += np.log1p(abs(gap) / 60)
                    found[20] += gap < -86400
        found /= n
        found[0] = np.log(n)
        found[9] = known / n
        found[10] = distinct / max(known, 1)
        found[17] = timed / n
        if gaps > 0:
            found[18:] *= n / gaps
        out[at] = found
    return out
