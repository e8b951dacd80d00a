"""What a look at one text tells of its part in a conversation: questions, agreement, thanks, laughter, length.

In: context and pairs. Out: float32 columns: facts of the child, of the candidate, and of the post after the child.
"""

from __future__ import annotations

import numpy as np

from pipeline.reconstruct.arrays import Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal
from pipeline.reconstruct.wording import POST_FACTS

# What is asked of a candidate and of the post after the child; the child itself is asked everything.
_OF_CANDIDATE = ("asking", "ends_asking", "has_link", "says_you", "thanks", "laughs")
_OF_NEXT = ("agrees", "objects", "thanks", "asks", "laughs", "says_you")
_CHILD = (
    "child_words",
    "next_words",
    "above_words",
    "child_short",
    "last",
    "above_asking",
    "answers_below",
    *(f"child_{fact}" for fact in POST_FACTS),
    *(f"next_{fact}" for fact in _OF_NEXT),
)
_CANDIDATE = ("candidate_words", "candidate_short", *(f"candidate_{fact}" for fact in _OF_CANDIDATE))
FEATURES = (*_CHILD, *_CANDIDATE, "answers")
SHORT = 8  # words


def measure(context: Context, pairs: Pairs) -> Table:
    """Lengths are logarithms of word counts; facts are 0 or 1."""
    asking = POST_FACTS.index("asking")
    left = pairs.left
    behind = _describe_candidates(context, left)
    table = np.empty((left.size, len(FEATURES)), dtype=np.float32)
    counts = np.diff(pairs.offsets)
    table[:, : len(_CHILD)] = np.repeat(_describe_children(context, pairs.children), counts, axis=0)
    table[:, len(_CHILD) : -1] = behind
    asked = behind[:, 2 + _OF_CANDIDATE.index("asking")]
    table[:, -1] = asked * (1 - context.facts[pairs.right, asking])
    return table


def _describe_children(context: Context, child: Ints) -> Table:
    """One row per child: itself and its neighbours in the listing."""
    facts = context.facts
    first, size = context.first[child], context.size[child]
    above, below = np.maximum(child - 1, first), np.minimum(child + 1, first + size - 1)
    has_above, has_below = child > first, child + 1 < first + size
    words = context.n_words
    asking = POST_FACTS.index("asking")
    columns = (
        np.log1p(words[child]),
        np.log1p(words[below]) * has_below,
        np.log1p(words[above]) * has_above,
        context.n_words[child] < SHORT,
        ~has_below,
        facts[above, asking] * has_above,
        facts[child, asking] * (1 - facts[below, asking]) * has_below,
        *facts[child].T,
        *(facts[below, POST_FACTS.index(fact)] * has_below for fact in _OF_NEXT),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _describe_candidates(context: Context, left: Ints) -> Table:
    """One row per pair; zeros for answering none."""
    entry = np.maximum(left, 0)
    words = context.n_words[entry]
    found = np.empty((left.size, len(_CANDIDATE)), dtype=np.float32)
    found[:, 0], found[:, 1] = np.log1p(words), words < SHORT
    found[:, 2:] = context.facts[entry][:, [POST_FACTS.index(fact) for fact in _OF_CANDIDATE]]
    found[left < 0] = 0
    return found


SIGNAL = Signal("cues", FEATURES, measure)
