"""What an earlier pass built: who takes part in the candidate's conversation, when it last spoke, and of what.

In: stream, pairs, and the guesses of the pass before. Out: float32 columns; NaN for answering none where a column is
about a conversation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import AHEAD, Stream

WINDOW = 100  # lines above the child that are looked at
NAME = "conversation"
FEATURES = (
    "share",
    "none_share",
    "conversation_share",
    "better_conversations",
    "share_inside",
    "lines",
    "size",
    "silence",
    "is_last_line",
    "conversations_since",
    "own_lines",
    "own_part",
    "own_last_inside",
    "lines_naming_child",
    "named_inside",
    "candidates_lines",
    "authors",
    "shared",
    "shared_behind_best",
    "replies",
    "own_replies",
    "candidates_own_replies",
    "candidate_answers_child",
    "candidate_sure",
    "candidate_is_root",
    "age",
    "answered_by_candidate",
    "answers",
    "own_ahead_inside",
    "others_ahead_inside",
    "pause",
    "own_pause",
    "lines_behind",
    "root_is_own",
    "root_is_candidates",
    "names_root",
    "own_last_parent",
    "is_authors_last",
    "own_last_sure",
    "own_next_inside",
    "candidate_continues",
    "continued_behind",
    "own_last_answers_same",
    "candidate_follows_own",
    "lines_back",
    "same_author",
)
N_FEATURES = len(FEATURES)


@dataclass(frozen=True, eq=False)
class Guesses:
    """What a pass made of a stream of N lines.

    Attributes:
        parents: int64[N], -1 for none; roots: int64[N], what stands above each line under them.
        sure: float64[N], share of the chosen parent; 1 where it was declared.
        shares: float64[pairs], of all pairs that were scored.
    """

    parents: Ints
    roots: Ints
    sure: Floats
    shares: Floats


def measure(stream: Stream, pairs: Pairs, guesses: Guesses, shares: Floats) -> Table:
    """float32[pairs, FEATURES]; sizes and silences are logarithms.

    Args:
        pairs: all scored pairs of some lines; shares: float64[pairs], theirs.
    """
    context = stream.context
    n = context.n_posts
    out = np.full((pairs.left.size, N_FEATURES), np.nan, dtype=np.float32)
    roots = guesses.roots
    _look_back(
        out, pairs.children, pairs.offsets, pairs.left, context.author, context.first, stream.named.offsets,
        stream.named.values, roots, guesses.parents, guesses.sure, shares, _count_before(roots), context.time, n,
        context.n_authors,
    )  # fmt: skip
    words = context.words
    _share_words(
        out, pairs.children, pairs.offsets, pairs.left, context.first, words.offsets, words.values, context.sharp,
        roots, context.vocabulary.len() + 1, n,
    )  # fmt: skip
    _look_ahead(
        out, pairs.children, pairs.offsets, pairs.left, context.author, context.first, context.size, roots,
        guesses.parents,
    )  # fmt: skip
    return out


@njit(cache=True, nogil=True)
def _count_before(roots: Ints) -> Ints:
    """How many lines of its conversation stand before each line."""
    count = np.zeros(roots.size, dtype=np.int64)
    seen = np.zeros(roots.size, dtype=np.int64)
    for line in range(roots.size):
        count[line] = seen[roots[line]]
        seen[roots[line]] += 1
    return count


@njit(cache=True, nogil=True)
def _look_back(  # noqa: C901 -- one walk over a line's candidates, written out for the compiler
    out: Table, children: Ints, offsets: Ints, left: Ints, author: Ints, first: Ints, starts: Ints, named: Ints,
    roots: Ints, parents: Ints, sure: Floats, shares: Floats, before: Ints, time: Floats, n: int,
    n_authors: int,
) -> None:  # fmt: skip
    lines, own, naming = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    hits, people = np.zeros(n, np.int64), np.zeros(n, np.int64)
    last, since = np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int64)
    own_inside = np.full(n, -1, dtype=np.int64)
    replies, own_replies, self_replies = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    total, best = np.zeros(n), np.zeros(n)
    met = np.full(n_authors + 1, -1, dtype=np.int64)
    for c in range(children.size):
        child = children[c]
        a = author[child]
        lowest = max(first[child], child - WINDOW)
        n_own, n_since, own_last = 0, 0, -1
        for line in range(child - 1, lowest - 1, -1):
            root, b = roots[line], author[line]
            if last[root] < 0:
                last[root], since[root] = line, n_since
                n_since += 1
            lines[root] += 1
            if b >= 0 and b == a:
                own[root] += 1
                n_own += 1
                if own_inside[root] < 0:
                    own_inside[root] = line
                if own_last < 0:
                    own_last = line
            for at in range(starts[line], starts[line + 1]):
                naming[root] += a >= 0 and named[at] == a
            if b >= 0:
                for at in range(starts[child], starts[child + 1]):
                    hits[root] += named[at] == b
                if met[b] != root * 2 + 1:
                    people[root] += 1  # an author who changes between conversations counts at every change
                    met[b] = root * 2 + 1
            if parents[line] >= 0:
                replies[parents[line]] += 1
                own_replies[parents[line]] += b >= 0 and b == a
                self_replies[parents[line]] += b >= 0 and b == author[parents[line]]
        begin, end = offsets[c], offsets[c + 1]
        for row in range(begin + 1, end):
            root = roots[left[row]]
            total[root] += shares[row]
            best[root] = max(best[root], shares[row])
        for row in range(begin, end):
            out[row, 0] = np.log(max(shares[row], 1e-6))
            out[row, 1] = shares[begin]
            if row == begin:
                continue
            entry = left[row]
            root, b = roots[entry], author[entry]
            better = 0
            counted = root
            for other in range(begin + 1, end):
                rival = roots[left[other]]
                if rival != counted and total[rival] > total[root]:
                    better += 1
                    counted = rival
            out[row, 2] = np.log(max(total[root], 1e-6))
            out[row, 3] = better
            out[row, 4] = shares[row] / max(best[root], 1e-9)
            out[row, 5] = lines[root]
            if last[root] >= 0:
                out[row, 6] = np.log1p(before[last[root]])
                out[row, 7] = np.log1p(child - last[root])
                out[row, 9] = since[root]
                out[row, 30] = np.log1p(max(time[child] - time[last[root]], 0.0))
                out[row, 32] = before[last[root]] - before[entry]
            if own_inside[root] >= 0:
                out[row, 31] = np.log1p(max(time[child] - time[own_inside[root]], 0.0))
            out[row, 8] = last[root] == entry
            out[row, 10] = own[root]
            if n_own > 0:
                out[row, 11] = own[root] / n_own
                out[row, 12] = roots[own_last] == root
                out[row, 36] = parents[own_last] == entry
                out[row, 38] = sure[own_last]
            out[row, 13] = naming[root]
            if starts[child + 1] > starts[child]:
                out[row, 14] = hits[root]
                out[row, 35] = 0.0
                for at in range(starts[child], starts[child + 1]):
                    if named[at] == author[root]:
                        out[row, 35] = 1.0
            if author[root] >= 0:
                out[row, 33] = author[root] == a
                out[row, 34] = author[root] == b
            out[row, 16] = people[root]
            out[row, 19] = replies[entry]
            out[row, 20] = own_replies[entry]
            out[row, 21] = self_replies[entry]
            if parents[entry] >= 0 and a >= 0:
                out[row, 22] = author[parents[entry]] == a
            if parents[entry] >= 0 and b >= 0:
                out[row, 40] = author[parents[entry]] == b
            out[row, 41] = self_replies[entry] > 0
            if own_last >= 0:
                out[row, 42] = parents[own_last] >= 0 and author[parents[own_last]] == b and b >= 0
                out[row, 43] = entry > own_last
            out[row, 44] = child - entry
            out[row, 45] = b >= 0 and a == b
            out[row, 23] = sure[entry]
            out[row, 24] = parents[entry] < 0
            out[row, 25] = np.log1p(child - root)
            inside, behind = 0, 0
            for line in range(lowest, child):
                same = roots[line] == root and author[line] == b
                inside += same
                behind += same and line > entry
            out[row, 15] = inside
            out[row, 37] = behind == 0
        for line in range(lowest, child):
            root = roots[line]
            lines[root], own[root], naming[root], hits[root], people[root], last[root] = 0, 0, 0, 0, 0, -1
            own_inside[root] = -1
            met[max(author[line], 0)] = -1
            if parents[line] >= 0:
                replies[parents[line]], own_replies[parents[line]], self_replies[parents[line]] = 0, 0, 0
        for row in range(begin + 1, end):
            total[roots[left[row]]], best[roots[left[row]]] = 0.0, 0.0


@njit(cache=True, nogil=True)
def _share_words(
    out: Table, children: Ints, offsets: Ints, left: Ints, first: Ints, starts: Ints, words: Ints, sharp: Floats,
    roots: Ints, n_vocabulary: int, n: int,
) -> None:  # fmt: skip
    marks, shared = np.zeros(n_vocabulary), np.zeros(n)
    for c in range(children.size):
        child = children[c]
        lowest = max(first[child], child - WINDOW)
        for at in range(starts[child], starts[child + 1]):
            marks[words[at]] = sharp[at]
        most = 0.0
        for line in range(child - 1, lowest - 1, -1):
            for at in range(starts[line], starts[line + 1]):
                shared[roots[line]] += marks[words[at]]
            most = max(most, shared[roots[line]])
        for row in range(offsets[c] + 1, offsets[c + 1]):
            out[row, 17] = np.log1p(shared[roots[left[row]]] / 10.0)
            out[row, 18] = np.log1p((most - shared[roots[left[row]]]) / 10.0)
        for line in range(lowest, child):
            shared[roots[line]] = 0.0
        for at in range(starts[child], starts[child + 1]):
            marks[words[at]] = 0.0


@njit(cache=True, nogil=True)
def _look_ahead(
    out: Table, children: Ints, offsets: Ints, left: Ints, author: Ints, first: Ints, size: Ints, roots: Ints,
    parents: Ints,
) -> None:  # fmt: skip
    """Lines below the child: who answers it, and which conversations go on without it."""
    for c in range(children.size):
        child = children[c]
        a = author[child]
        end = min(first[child] + size[child], child + AHEAD + 1)
        for row in range(offsets[c], offsets[c + 1]):
            answers, by_candidate, own, others = 0, 0, 0, 0
            b = author[left[row]] if row > offsets[c] else -1
            following = -1  # the next line of the child's author that does not answer the child or what comes after
            for line in range(child + 1, end):
                if parents[line] == child:
                    answers += 1
                    by_candidate += b >= 0 and author[line] == b
                elif row > offsets[c] and 0 <= parents[line] < child and roots[line] == roots[left[row]]:
                    own += a >= 0 and author[line] == a
                    others += author[line] != a
                if following < 0 and a >= 0 and author[line] == a and roots[line] < child:
                    following = line
            out[row, 27] = answers
            if row > offsets[c]:
                out[row, 26], out[row, 28], out[row, 29] = by_candidate, own, others
                if following >= 0:
                    out[row, 39] = roots[following] == roots[left[row]]
