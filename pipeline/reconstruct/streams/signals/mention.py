"""Who names whom: the child the candidate's author, the candidate the child's, and how they did before and after.

In: stream and pairs. Out: float32 columns; NaN where nobody is named or an author is unknown.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import AHEAD, Stream
from pipeline.reconstruct.streams.signals.signal import StreamSignal

FEATURES = (
    "names",
    "names_candidate",
    "candidate_names",
    "candidate_names_child",
    "name_same",
    "latest_of_named",
    "between_name_child",
    "between_name_candidate",
    "child_named_candidate",
    "candidate_named_child",
    "last_addressed",
    "last_addressed_by",
    "is_last_naming_child",
    "last_naming_back",
    "child_will_name_candidate",
    "candidate_will_name_child",
    "next_naming_child",
    "named_ahead",
    "names_candidates_addressee",
    "named_by_child_last",
)


@njit(cache=True, nogil=True)
def _strength(starts: Ints, values: Ints, strength: Floats, entry: int, author: int) -> float:
    found = 0.0
    for at in range(starts[entry], starts[entry + 1]):
        if values[at] == author:
            found = strength[at]
    return found


@njit(cache=True, nogil=True)
def _look_ahead(
    child: int, end: int, author: Ints, starts: Ints, named: Ints, named_by: Ints, will_name: Ints, sign: int
) -> int:
    """Counts (sign 1), or takes back (0), whom the child's author names and who names them in the lines ahead; returns
    the author of the first line that names them, or -1."""
    a = author[child]
    caller = -1
    for later in range(child + 1, min(child + AHEAD, end - 1) + 1):
        b = author[later]
        for at in range(starts[later], starts[later + 1]):
            if b == a:
                will_name[named[at]] = (will_name[named[at]] + 1) * sign
            elif named[at] == a and b >= 0:
                named_by[b] = (named_by[b] + 1) * sign
                if caller < 0:
                    caller = b
    return caller


@njit(cache=True, nogil=True)
def _measure(  # noqa: C901 -- one walk over a line's candidates, written out for the compiler
    children: Ints,
    offsets: Ints,
    left: Ints,
    author: Ints,
    starts: Ints,
    named: Ints,
    strength: Floats,
    named_last: Ints,
    addressed_last: Ints,
    last_own: Ints,
    first: Ints,
    size: Ints,
    n_authors: int,
) -> Table:
    out = np.full((left.size, 20), np.nan, dtype=np.float32)
    calls = np.zeros((4, n_authors + 1), dtype=np.int64)  # named by the child's author lately; naming them; and ahead
    heard = np.zeros(n_authors + 1, dtype=np.int64)  # lines between candidate and child that name each author
    for c in range(children.size):
        child = children[c]
        a = author[child]
        end = first[child] + size[child]
        n_named = starts[child + 1] - starts[child]
        caller = -1
        if a >= 0:
            caller = _look_ahead(child, end, author, starts, named, calls[2], calls[3], 1)
            for row in range(offsets[c] + 1, offsets[c + 1]):
                b = author[left[row]]
                for at in range(starts[left[row]], starts[left[row] + 1]):
                    if b == a:
                        calls[0, named[at]] += 1
                    elif named[at] == a and b >= 0:
                        calls[1, b] += 1
        latest = 0
        own = last_own[child] if a >= 0 else -1
        for row in range(offsets[c], offsets[c + 1]):
            out[row, 0] = n_named
            if a >= 0:
                out[row, 16] = caller >= 0
                if named_last[child] >= 0:
                    out[row, 13] = child - named_last[child]
            if row == offsets[c]:
                continue
            entry = left[row]
            b = author[entry]
            out[row, 2] = starts[entry + 1] - starts[entry]
            if b >= 0:
                said = _strength(starts, named, strength, child, b)
                out[row, 1] = said
                out[row, 5] = said > 0 and latest == 0
                latest += said > 0
                out[row, 7] = heard[b]
            together = 0.0
            for at in range(starts[child], starts[child + 1]):
                together = max(together, _strength(starts, named, strength, entry, named[at]))
            out[row, 4] = together
            if a >= 0:
                out[row, 3] = _strength(starts, named, strength, entry, a)
                out[row, 6] = heard[a]
                out[row, 12] = named_last[child] == entry
                if b >= 0 and b != a:
                    out[row, 8] = calls[0, b]
                    out[row, 9] = calls[1, b]
                    if addressed_last[child] >= 0:
                        out[row, 10] = addressed_last[child] == b
                    if named_last[child] >= 0:
                        out[row, 11] = author[named_last[child]] == b
                    out[row, 14] = calls[3, b]
                    out[row, 15] = calls[2, b]
                    out[row, 17] = caller == b
                if own >= 0 and b >= 0:
                    out[row, 19] = _strength(starts, named, strength, own, b)
            for at in range(starts[entry], starts[entry + 1]):
                if a >= 0:
                    out[row, 18] = max(0.0 if np.isnan(out[row, 18]) else out[row, 18], calls[0, named[at]])
                heard[named[at]] += 1
        for row in range(offsets[c] + 1, offsets[c + 1]):
            b = author[left[row]]
            for at in range(starts[left[row]], starts[left[row] + 1]):
                heard[named[at]] = 0
                calls[0, named[at]] = 0
            calls[1, max(b, 0)] = 0
        if a >= 0:
            _look_ahead(child, end, author, starts, named, calls[2], calls[3], 0)
    return out


def measure(stream: Stream, pairs: Pairs) -> Table:
    """Strengths are 2 for an address, 1 for a name; the rest are counts among the candidates' lines."""
    context = stream.context
    return _measure(
        pairs.children,
        pairs.offsets,
        pairs.left,
        context.author,
        stream.named.offsets,
        stream.named.values,
        stream.strength,
        stream.named_last,
        stream.addressed_last,
        stream.last_own,
        context.first,
        context.size,
        context.n_authors,
    )


SIGNAL = StreamSignal("mention", FEATURES, measure)
