"""What the child quotes of the candidate, whom and when its attribution line names, whom it greets.

In: a stream of letters and pairs. Out: float32 columns; NaN for answering none and where there is no such line.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Ragged, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.signals.signal import StreamSignal

FEATURES = (
    "held_part",
    "held",
    "quoted_part",
    "behind_most_held",
    "later_also_held",
    "most_held",
    "quotes_anything",
    "has_attribution",
    "attributed",
    "attributed_between",
    "told_gap",
    "told_exactly",
    "greeted",
    "candidate_quotes_same",
    "part",
    "candidate_part",
    "same_series",
)
_HALF_HOUR = 1800.0
_FARTHEST_ZONES = 26 * 3600.0


@njit(cache=True, nogil=True)
def _share(offsets: Ints, values: Ints, owner: int, marks: Ints, mark: int) -> float:
    """Share of an owner's values that are marked; NaN where it has none."""
    begin, end = offsets[owner], offsets[owner + 1]
    if begin == end:
        return np.nan
    found = 0
    for at in range(begin, end):
        found += marks[values[at]] == mark
    return found / (end - begin)


@njit(cache=True, nogil=True)
def _measure_quotes(
    out: Table, children: Ints, offsets: Ints, left: Ints, own_at: Ints, own: Ints, quoted_at: Ints, quoted: Ints,
    held_at: Ints, held: Ints, n_grams: int,
) -> None:  # fmt: skip
    in_held, in_quoted = np.full(n_grams, -1, dtype=np.int64), np.full(n_grams, -1, dtype=np.int64)
    for c in range(children.size):
        child = children[c]
        for at in range(held_at[child], held_at[child + 1]):
            in_held[held[at]] = child
        for at in range(quoted_at[child], quoted_at[child + 1]):
            in_quoted[quoted[at]] = child
        n_quoted = quoted_at[child + 1] - quoted_at[child]
        most, later = 0.0, 0.0
        for row in range(offsets[c] + 1, offsets[c + 1]):
            entry = left[row]
            part = _share(own_at, own, entry, in_held, child)
            n_own = own_at[entry + 1] - own_at[entry]
            out[row, 0] = part
            out[row, 1] = 0.0 if np.isnan(part) else np.log1p(part * n_own)
            if n_quoted > 0 and n_own > 0:
                out[row, 2] = _share(own_at, own, entry, in_quoted, child) * n_own / n_quoted
                out[row, 13] = _share(quoted_at, quoted, entry, in_quoted, child)
            out[row, 4] = later
            if not np.isnan(part):
                most, later = max(most, part), max(later, part)
        for row in range(offsets[c], offsets[c + 1]):
            out[row, 5] = most
            out[row, 6] = np.log1p(n_quoted)
            if row > offsets[c]:
                out[row, 3] = most - (0.0 if np.isnan(out[row, 0]) else out[row, 0])


@njit(cache=True, nogil=True)
def _measure_lines(
    out: Table, children: Ints, offsets: Ints, left: Ints, author: Ints, line_at: Ints, line: Ints, greet_at: Ints,
    greeting: Ints, name_at: Ints, name: Ints, n_words: int, told: Floats, time: Floats,
) -> None:  # fmt: skip
    in_line, in_greeting = np.full(n_words, -1, dtype=np.int64), np.full(n_words, -1, dtype=np.int64)
    for c in range(children.size):
        child = children[c]
        for at in range(line_at[child], line_at[child + 1]):
            in_line[line[at]] = child
        for at in range(greet_at[child], greet_at[child + 1]):
            in_greeting[greeting[at]] = child
        has_line = line_at[child + 1] > line_at[child]
        nearer = 0.0
        for row in range(offsets[c], offsets[c + 1]):
            out[row, 7] = has_line
            if row == offsets[c]:
                continue
            b = author[left[row]]
            if b >= 0:
                if has_line:
                    out[row, 8] = _share(name_at, name, b, in_line, child)
                    out[row, 9] = nearer
                    if out[row, 8] >= 0.5:
                        nearer += 1
                if author[child] != b:
                    out[row, 12] = _share(name_at, name, b, in_greeting, child)
            gap = told[child] - time[left[row]]
            if not np.isnan(gap):
                out[row, 10] = np.log1p(abs(gap) / 3600.0)
                over = (gap + _FARTHEST_ZONES * 60 + 60.0) % _HALF_HOUR
                out[row, 11] = abs(gap) <= _FARTHEST_ZONES / 1.7 and over <= 120.0


@njit(cache=True, nogil=True)
def _measure_parts(
    out: Table, left: Ints, right: Ints, top: int, author: Ints, part: Floats, parts: Floats
) -> None:  # fmt: skip
    for row in range(left.size):
        out[row, top] = part[right[row]]
        if left[row] >= 0 and left[row] < part.size:
            out[row, top + 1] = part[left[row]]
            out[row, top + 2] = parts[left[row]] == parts[right[row]] and author[left[row]] == author[right[row]]


def measure(stream: Stream, pairs: Pairs) -> Table:
    """Shares of four-word runs and of the words of names; gaps are logarithms of hours."""
    context, letters = stream.context, stream.letters
    out = np.full((pairs.left.size, len(FEATURES)), np.nan, dtype=np.float32)
    if letters is None:
        return out

    def flat(ragged: Ragged) -> tuple[Ints, Ints]:
        return ragged.offsets, ragged.values

    _measure_quotes(
        out, pairs.children, pairs.offsets, pairs.left, *flat(letters.own), *flat(letters.quoted),
        *flat(letters.held), letters.n_grams,
    )  # fmt: skip
    _measure_lines(
        out, pairs.children, pairs.offsets, pairs.left, context.author, *flat(letters.attribution),
        *flat(letters.greeting), *flat(letters.names), letters.n_words, letters.told_at, context.time,
    )  # fmt: skip
    _measure_parts(
        out, pairs.left, pairs.right, FEATURES.index("part"), context.author, letters.part, letters.parts
    )  # fmt: skip
    return out


SIGNAL = StreamSignal("quotation", FEATURES, measure)
