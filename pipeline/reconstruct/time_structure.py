"""What the first pass makes of a discussion in time order, told to the second: who else is answered, by whom, when.

In: scores of the first pass. Out: columns for every candidate worth a second look, from each post's posterior.

>>> kept, table = measure_time_structure(scores, offsets, left, children, first, size, author, time)

In time order any earlier post may be the parent, so posteriors are those of each post alone. What they add up to is
still news to a score of two posts: how many answers a candidate has drawn already and by whom, whether its author comes
back to answer the child, whether the child rather belongs to an exchange that is going on elsewhere.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table

KEPT = 0.003  # a candidate less probable than this gets no second look
FAINT = 1e-4  # a link less probable than this is passed over in sums

OWN = ("probability", "behind_best", "best", "rank", "doubt", "top", "above", "nearer")
CANDIDATE = (
    "is_top",
    "depth",
    "answers",
    "answers_before",
    "answers_after",
    "last_answer_gap",
    "answers_own",
    "answered_own",
    "candidate_author_between",
)
CHILD = ("child_answers", "returns", "own_elsewhere")
PAGE = ("page_top", "page_above", "page_depth", "page_doubt", "page_fit")
FEATURES = (*OWN, *CANDIDATE, *CHILD, *PAGE)

_CANDIDATE = len(OWN)
_CHILD = _CANDIDATE + len(CANDIDATE)
_PAGE = _CHILD + len(CHILD)


@njit(cache=True, nogil=True)
def measure_time_structure(
    scores: Floats,
    shares: Floats,
    offsets: Ints,
    left: Ints,
    children: Ints,
    first: Ints,
    size: Ints,
    author: Ints,
    time: Floats,
) -> tuple[Flags, Table]:
    """Which candidates get a second look, and the columns FEATURES of all (0 for those that do not).

    Args:
        scores, shares: float64[pairs], of the first pass; shares sum to 1 over each child's rows, which are
            offsets[c] … offsets[c + 1] - 1: none first, then nearest first.
        left: int64[pairs], candidates; children: int64[C], ascending.
        first, size, author, time: of every entry, as `Context` has them.

    Returns:
        bool[pairs] and float32[pairs, FEATURES].
    """
    kept = np.zeros(scores.size, dtype=np.bool_)
    table = np.zeros((scores.size, len(FEATURES)), dtype=np.float32)
    n = first.size
    answers, before, depth, top, doubt = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    latest = np.full(n, np.nan)  # time of the latest likely answer to each post, among the posts read so far
    c = 0
    while c < children.size:
        start = first[children[c]]
        end = c
        while end < children.size and children[end] < start + size[start]:
            end += 1
        whole = _survey(shares, offsets, left, children, c, end, answers, depth, top, doubt)
        for child in range(c, end):
            k = children[child]
            begin, stop = offsets[child], offsets[child + 1]
            _look_at_child(shares, scores, offsets, left, children, child, c, end, author, doubt, answers, table)
            for row in range(begin, stop):
                if row > begin and shares[row] < KEPT:
                    continue
                kept[row] = True
                table[row, _PAGE:] = whole
                i = left[row]
                if row > begin and i >= start:
                    out = table[row]
                    out[_CANDIDATE] = top[i]
                    out[_CANDIDATE + 1] = depth[i]
                    out[_CANDIDATE + 2] = answers[i] - shares[row]
                    out[_CANDIDATE + 3] = before[i]
                    out[_CANDIDATE + 4] = answers[i] - before[i] - shares[row]
                    if not np.isnan(latest[i]) and not np.isnan(time[k]):
                        out[_CANDIDATE + 5] = np.log1p(max(time[k] - latest[i], 0.0) / 60)
            for row in range(begin + 1, stop):
                if left[row] >= start and shares[row] >= FAINT:
                    before[left[row]] += shares[row]
                    if shares[row] >= 0.3:
                        latest[left[row]] = time[k]
        c = end
    return kept, table


@njit(cache=True, nogil=True)
def _survey(
    shares: Floats,
    offsets: Ints,
    left: Ints,
    children: Ints,
    c: int,
    end: int,
    answers: Floats,
    depth: Floats,
    top: Floats,
    doubt: Floats,
) -> Table:
    """Fills in what is expected of each post of children c … end - 1; returns the columns PAGE."""
    whole = np.zeros(len(PAGE), dtype=np.float32)
    for child in range(c, end):
        k, begin = children[child], offsets[child]
        top[k] = shares[begin]
        best = 0.0
        for row in range(begin, offsets[child + 1]):
            share = shares[row]
            best = max(best, share)
            if share > 1e-12:
                doubt[k] -= share * np.log(share)
            if row > begin and left[row] >= 0:
                answers[left[row]] += share
                depth[k] += share * (depth[left[row]] + 1)
        if child > c:
            whole[0] += shares[begin]
            whole[1] += shares[begin + 1]
            whole[2] += depth[k]
            whole[3] += doubt[k]
            whole[4] += np.log(best)
    whole /= max(end - c - 1, 1)
    return whole


@njit(cache=True, nogil=True)
def _look_at_child(
    shares: Floats,
    scores: Floats,
    offsets: Ints,
    left: Ints,
    children: Ints,
    child: int,
    c: int,
    end: int,
    author: Ints,
    doubt: Floats,
    answers: Floats,
    table: Table,
) -> None:
    """The columns OWN and CHILD and those about people, of all likely candidates of one child."""
    k, begin, stop = children[child], offsets[child], offsets[child + 1]
    highest, best = scores[begin:stop].max(), shares[begin:stop].max()
    who = author[k]
    nearer, own_elsewhere = 0.0, 0.0
    for row in range(begin + 1, stop):
        if who >= 0 and left[row] >= 0 and author[left[row]] == who:
            own_elsewhere += shares[row]
    for row in range(begin, stop):
        share = shares[row]
        i = left[row]
        if row == begin or share >= KEPT:
            out = table[row]
            out[0] = np.log(share + 1e-6)
            out[1] = max(scores[row] - highest, -30.0)
            out[2] = best
            out[3] = (shares[begin:stop] > share).sum()
            out[4] = doubt[k]
            out[5] = shares[begin]
            out[6] = shares[begin + 1] if stop > begin + 1 else 0.0
            out[7] = nearer
            out[_CHILD] = answers[k]
            out[_CHILD + 2] = own_elsewhere
            if who >= 0 and i >= 0:
                _look_at_people(shares, offsets, left, children, child, c, end, author, i, out)
        if row > begin:
            nearer += share


@njit(cache=True, nogil=True)
def _look_at_people(
    shares: Floats,
    offsets: Ints,
    left: Ints,
    children: Ints,
    child: int,
    c: int,
    end: int,
    author: Ints,
    candidate: int,
    out: Table,
) -> None:
    """Whether the child's author answered the candidate before, or is answered by the candidate's."""
    k = children[child]
    who, other = author[k], author[candidate]
    # A whole discussion is listed as children at run time; whoever was declared is not among them.
    for at in range(max(c, child - 100), min(end, child + 100)):
        post = children[at]
        if post == k:
            continue
        if author[post] == who and post > candidate and post < k:
            out[_CANDIDATE + 6] += _find_share(shares, offsets, left, at, post, candidate)
        if post == candidate:
            for row in range(offsets[at] + 1, offsets[at + 1]):
                if shares[row] >= FAINT and left[row] >= 0 and author[left[row]] == who:
                    out[_CANDIDATE + 7] += shares[row]
        if other >= 0 and author[post] == other:
            if post > candidate and post < k:
                out[_CANDIDATE + 8] += 1
            if post > k:
                out[_CHILD + 1] += _find_share(shares, offsets, left, at, post, k)


@njit(cache=True, nogil=True)
def _find_share(shares: Floats, offsets: Ints, left: Ints, child: int, post: int, candidate: int) -> float:
    """The share of a candidate among those just before a post, 0 where it stands farther off."""
    row = offsets[child] + post - candidate
    if row < offsets[child + 1] and left[row] == candidate:
        return float(shares[row])
    return 0.0
