"""What a look at one text tells of its part in a conversation: questions, agreement, thanks, laughter, length.

In: context and pairs. Out: float32 columns: facts of the child, of the candidate, and of the post after the child.
"""

from __future__ import annotations

import numpy as np

from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal
from pipeline.reconstruct.wording import POST_FACTS

# Facts that say who follows; the rest is said by the child.
_OF_CANDIDATE = ("asking", "ends_asking", "has_link", "says_you", "thanks", "laughs")
_OF_NEXT = ("agrees", "objects", "thanks", "asks", "laughs", "says_you")
FEATURES = (
    "child_words",
    "candidate_words",
    "next_words",
    "above_words",
    "child_short",
    "candidate_short",
    "last",
    *(f"child_{fact}" for fact in POST_FACTS),
    *(f"candidate_{fact}" for fact in _OF_CANDIDATE),
    *(f"next_{fact}" for fact in _OF_NEXT),
    "above_asking",
    "answers_above",
    "answers_below",
)
SHORT = 8  # words


def measure(context: Context, pairs: Pairs) -> Table:
    """Lengths are logarithms of word counts; facts are 0 or 1."""
    names = list(POST_FACTS)
    child, left = pairs.right, pairs.left
    known = left >= 0
    first, size = context.first[child], context.size[child]
    above = np.maximum(child - 1, first)
    has_above = (child > first).astype(np.float32)
    below = np.minimum(child + 1, first + size - 1)
    has_below = (child + 1 < first + size).astype(np.float32)
    words = np.log1p(context.n_words).astype(np.float32)
    facts = context.facts
    behind = np.maximum(left, 0)

    def of_candidate(values: Table) -> Table:
        return np.where(known, values[behind], np.float32(0))

    columns = [
        words[child],
        of_candidate(words),
        words[below] * has_below,
        words[above] * has_above,
        context.n_words[child] < SHORT,
        known & (context.n_words[behind] < SHORT),
        1 - has_below,
        *(facts[child, at] for at in range(len(names))),
        *(of_candidate(facts[:, names.index(fact)]) for fact in _OF_CANDIDATE),
        *(facts[below, names.index(fact)] * has_below for fact in _OF_NEXT),
        facts[above, names.index("asking")] * has_above,
        of_candidate(facts[:, names.index("asking")]) * (1 - facts[child, names.index("asking")]),
        facts[child, names.index("asking")] * (1 - facts[below, names.index("asking")]) * has_below,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


SIGNAL = Signal("cues", FEATURES, measure)
