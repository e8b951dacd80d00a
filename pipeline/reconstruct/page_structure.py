"""What the first pass makes of a page, told to the second: who stands under whom, whose last child was what.

In: scores of the first pass. Out: columns for every candidate worth a second look, from exact posteriors over trees.

>>> kept, table = measure_page_structure(...)

A first pass that looks at two posts at a time gives posteriors of whole trees. From them follow, exactly: the
probability that a candidate still stands on the path to the post just above, that a post's subtree ends here or there,
and, given that a candidate is the parent, who was its last child before (all posts between the two then stand under
it). These say what a score of two posts alone cannot see.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table
from pipeline.reconstruct.pages import weigh_page
from pipeline.reconstruct.spans import Spans, weigh_spans

KEPT = 0.002  # a candidate less probable than this as parent and as one on the path gets no second look
FAINT = 1e-4  # weight beside the best candidate's below which a link is left out of the sums
LIKELY = 1e-4  # a last child less probable than this is passed over

OWN = (
    "probability",
    "share_of_path",
    "on_path",
    "behind_best",
    "best",
    "rank",
    "doubt",
    "top",
    "above",
    "path_below",
)
CANDIDATE = ("depth", "answers", "answers_before", "answers_given", "is_top", "next_answers_it", "subtree")
CHILD = ("child_subtree", "child_answers", "next_answers_child", "next_with_child", "next_top")
LAST = (
    "first_answer",
    "last_back",
    "last_above",
    "last_later",
    "last_gap",
    "last_after",
    "last_own",
    "last_words",
    "last_shared",
    "last_most_shared",
)
PEOPLE = ("above_candidate_own", "own_on_path", "own_among_answers")
PAGE = (
    "page_top",
    "page_above",
    "page_depth",
    "page_doubt",
    "page_by_time",
    "page_timed",
    "page_top_by_time",
    "page_fit",
)
FEATURES = (*OWN, *CANDIDATE, *CHILD, *LAST, *PEOPLE, *PAGE)

_CANDIDATE = len(OWN)
_CHILD = _CANDIDATE + len(CANDIDATE)
_LAST = _CHILD + len(CHILD)
_PEOPLE = _LAST + len(LAST)
_PAGE = _PEOPLE + len(PEOPLE)
_N = len(FEATURES)
_BEHIND = OWN.index("behind_best")


@njit(cache=True, nogil=True)
def measure_page_structure(
    scores: Floats,
    shared: Table,
    offsets: Ints,
    children: Ints,
    first: Ints,
    size: Ints,
    window: Ints,
    told: Ints,
    author: Ints,
    time: Floats,
    n_words: Ints,
) -> tuple[Flags, Table]:
    """Which candidates get a second look, and the columns FEATURES of all (0 for those that do not).

    Args:
        scores: float64[pairs], of the first pass, as `pages.decode_pages` takes them; so are offsets, children, first,
            size, window and told.
        shared: float32[pairs], telling words that the child shares with the candidate.
        author, time, n_words: of every entry, as `Context` has them.

    Returns:
        bool[pairs] and float32[pairs, FEATURES].
    """
    kept = np.zeros(scores.size, dtype=np.bool_)
    table = np.zeros((scores.size, _N), dtype=np.float32)
    c = 0
    while c < children.size:
        start, n = first[children[c]], size[children[c]]
        end = c
        while end < children.size and children[end] < start + n:
            end += 1
        weights = weigh_page(scores, offsets, children, c, end, start, n, window[children[c]], told, FAINT)
        spans = weigh_spans(weights)
        if spans.log_total > -np.inf:
            page = _survey(spans, author[start : start + n], time[start : start + n], n_words[start : start + n])
            posts = children[c:end] - start
            _look_at_page(page, scores, shared, offsets[c : end + 1], posts, kept, table)
        for child in range(c, end):
            kept[offsets[child]] = True
        c = end
    return kept, table


class _Page(NamedTuple):
    """One page under the first pass; n posts.

    Attributes:
        spans: its trees.
        holds: float64[n, span], probability that the post d below post i stands under it (d = 0: 1).
        given: float64[n, span], answers expected of post i once posts i … i + d all stand under it.
        answers, depth, length, doubt: float64[n], answers, ancestors and posts under it that are expected, entropy of
            its parent.
        before: float64[n], answers expected among the posts listed so far.
        whole: float32[PAGE].
        author, time, n_words: of its posts.
    """

    spans: Spans
    holds: Floats
    given: Floats
    answers: Floats
    depth: Floats
    length: Floats
    doubt: Floats
    before: Floats
    whole: Table
    author: Ints
    time: Floats
    n_words: Ints


@njit(cache=True, nogil=True)
def _survey(spans: Spans, author: Ints, time: Floats, n_words: Ints) -> _Page:
    """The page of some trees and its posts' authors, times and lengths."""
    links = spans.links
    n, span = links.shape
    holds = _sum_subtrees(spans.subtree)
    answers, depth, length, doubt = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    for k in range(n):
        for d in range(span):
            length[k] += d * spans.subtree[k, d]
            if d <= k and links[k, d] > 1e-12:
                doubt[k] -= links[k, d] * np.log(links[k, d])
            if 0 < d <= k:
                answers[k - d] += links[k, d]
        for at in range(spans.opens[k + 1] - 1, spans.opens[k] - 1, -1):
            depth[k] += holds[spans.above[at], k - spans.above[at]]
    whole = _look_at_whole(spans, time, depth, doubt)
    given = _count_given(spans)
    return _Page(spans, holds, given, answers, depth, length, doubt, np.zeros(n), whole, author, time, n_words)


@njit(cache=True, nogil=True)
def _look_at_page(
    page: _Page, scores: Floats, shared: Table, offsets: Ints, posts: Ints, kept: Flags, table: Table
) -> None:
    """Fills in kept and the table for the open posts of a page, whose rows are offsets[at] … offsets[at + 1] - 1."""
    links = page.spans.links
    span = links.shape[1]
    listed = 0
    for at in range(posts.size):
        k = posts[at]
        while listed < k:
            for d in range(1, min(span, listed + 1)):
                page.before[listed - d] += links[listed, d]
            listed += 1
        first, stop = offsets[at], offsets[at + 1]
        top = scores[first:stop].max()
        path = _list_path(page.spans, k)
        child = _look_at_child(page, k, path)
        below = 0.0
        for d in path:
            row = first + d
            if row >= stop:
                break
            on_path = 1.0 if d == 0 else page.holds[k - d, d - 1]
            if d == 0 or on_path >= KEPT or links[k, d] >= KEPT:
                kept[row] = True
                out = table[row]
                out[:] = child
                _look_at_link(page, k, d, path, on_path, below, out)
                out[_BEHIND] = max(scores[row] - top, -30.0)
                _look_at_candidate(page, k, d, out)
                _look_at_last(page, k, d, shared[first:stop], out)
            if d > 0:
                below += on_path


@njit(cache=True, nogil=True)
def _list_path(spans: Spans, k: int) -> Ints:
    """0, and how far above post k the posts stand that may be on the path to the post just above it, ascending."""
    if k == 0:
        return np.zeros(1, dtype=np.int64)
    begin, end = spans.opens[k - 1], spans.opens[k]
    span = spans.links.shape[1]
    back = np.zeros(end - begin + 2, dtype=np.int64)
    found = 1
    for at in range(end, begin - 1, -1):
        d = 1 if at == end else k - spans.above[at]
        if d < span:
            back[found] = d
            found += 1
    return back[:found]


@njit(cache=True, nogil=True)
def _look_at_child(page: _Page, k: int, path: Ints) -> Table:
    """What is the same for all candidates of post k."""
    links = page.spans.links
    n, span = links.shape
    out = np.zeros(_N, dtype=np.float32)
    out[4] = links[k, : min(span, k + 1)].max()
    out[6] = page.doubt[k]
    out[7] = links[k, 0]
    out[8] = links[k, 1] if k > 0 and span > 1 else 0.0
    out[_CHILD] = np.log1p(page.length[k])
    out[_CHILD + 1] = page.answers[k]
    if k + 1 < n and span > 1:
        out[_CHILD + 2] = links[k + 1, 1]
        out[_CHILD + 4] = links[k + 1, 0]
    if page.author[k] >= 0:
        for d in path[1:]:
            if page.author[k - d] == page.author[k]:
                out[_PEOPLE + 1] += page.holds[k - d, d - 1]
    out[_PAGE:] = page.whole
    return out


@njit(cache=True, nogil=True)
def _look_at_link(page: _Page, k: int, d: int, path: Ints, on_path: float, below: float, out: Table) -> None:
    """How probable the candidate d above post k is, among all and among those on the path; `below` of the path's posts
    are expected to be nearer."""
    links = page.spans.links
    p = links[k, d]
    share = min(p / max(on_path, 1e-9), 1.0)
    out[0] = np.log(p + 1e-6)
    out[1] = np.log((share + 1e-5) / (1 - share + 1e-5))
    out[2] = np.log((on_path + 1e-5) / (1 - on_path + 1e-5))
    for back in path:
        out[5] += links[k, back] > p
    out[9] = below
    if d == 0 and k > 0:
        out[9] = page.depth[k - 1] + 1


@njit(cache=True, nogil=True)
def _look_at_candidate(page: _Page, k: int, d: int, out: Table) -> None:
    """The candidate d above post k in the tree: its depth, its answers, who they are of, is the next post one."""
    links, spans = page.spans.links, page.spans
    n, span = links.shape
    i = k - d
    if k + 1 < n and span > 1:
        up = d + 1 if d > 0 else 0
        out[_CHILD + 3] = links[k + 1, up] if up < span else 0.0
    if d == 0:
        out[_CANDIDATE + 1] = links[:, 0].sum()
        out[_CANDIDATE + 2] = links[:k, 0].sum()
        return
    out[_CANDIDATE] = page.depth[i]
    out[_CANDIDATE + 1] = page.answers[i]
    out[_CANDIDATE + 2] = page.before[i]
    out[_CANDIDATE + 3] = page.given[i, d - 1]
    out[_CANDIDATE + 4] = links[i, 0]
    out[_CANDIDATE + 5] = links[i + 1, 1]
    out[_CANDIDATE + 6] = np.log1p(page.length[i])
    who = page.author[k]
    if who < 0:
        return
    for up in _list_path(spans, i)[1:]:
        if page.author[i - up] == who:
            out[_PEOPLE] += links[i, up]
    for at in range(spans.heads[i], spans.heads[i + 1]):
        j = spans.kids[at]
        if j < k and page.author[j] == who:
            out[_PEOPLE + 2] += links[j, j - i]


@njit(cache=True, nogil=True)
def _sum_subtrees(subtree: Floats) -> Floats:
    """holds[i, d]: probability that the post d below post i stands under it (d = 0: 1)."""
    n, span = subtree.shape
    holds = np.zeros((n, span))
    for i in range(n):
        total = 0.0
        for d in range(span - 1, -1, -1):
            total += subtree[i, d]
            holds[i, d] = min(total, 1.0)
    return holds


@njit(cache=True, nogil=True)
def _count_given(spans: Spans) -> Floats:
    """given[i, d]: how many answers post i is expected to have once posts i … i + d all stand under it."""
    n, span = spans.links.shape
    given = np.zeros((n, span))
    for j in range(n):
        for at in range(spans.opens[j], spans.opens[j + 1]):
            i = spans.above[at]
            total = 0.0
            for kid in range(spans.heads[i], spans.heads[i + 1]):
                k = spans.kids[kid]
                if k > j:
                    break
                share = spans.inside[i, k - 1 - i] * spans.arcs[i, k - i] * spans.ends[j, j - k]
                total += share * (given[i, k - 1 - i] + 1)
            given[i, j - i] = total / spans.ends[j, j - i]  # open: more than 0
    return given


@njit(cache=True, nogil=True)
def _look_at_whole(spans: Spans, time: Floats, depth: Floats, doubt: Floats) -> Table:
    """The columns PAGE: how this page is built, as far as the first pass can tell."""
    links = spans.links
    n, span = links.shape
    out = np.zeros(len(PAGE), dtype=np.float32)
    if n < 2:
        return out
    out[0] = links[1:, 0].mean()
    out[1] = links[1:, 1].mean() if span > 1 else 0.0
    out[2] = depth[1:].mean()
    out[3] = doubt[1:].mean()
    out[7] = spans.log_total / (n - 1)
    rising, falling, top_rising, top_falling = 0, 0, 0, 0
    last = np.full(n + 1, -1, dtype=np.int64)  # latest child of each post and, at n, latest top-level post
    for k in range(n):
        back = links[k, : min(span, k + 1)].argmax()
        parent = n if back == 0 else k - back
        j = last[parent]
        if j >= 0 and not np.isnan(time[k]) and not np.isnan(time[j]):
            rises = time[k] >= time[j]
            rising += rises
            falling += not rises
            if parent == n:
                top_rising += rises
                top_falling += not rises
        last[parent] = k
    out[4] = (rising + 1) / (rising + falling + 2)
    out[5] = np.log1p(rising + falling)
    out[6] = (top_rising + 1) / (top_rising + top_falling + 2)
    return out


@njit(cache=True, nogil=True)
def _look_at_last(page: _Page, k: int, d: int, shared: Table, out: Table) -> None:
    """The columns LAST of the candidate d above post k (0: none): its last answer before k, given that k answers it.

    `shared` is of post k's candidates.
    """
    spans = page.spans
    i = k - d
    whole = 1.0 if d == 0 else spans.inside[i, d - 1]
    if d == 1 or k == 0 or whole <= 0.0:
        out[_LAST] = 1.0
        return
    # Posts that may be the last answer: of a post its kids before k, of none any post whose tree may end just above k.
    listed = spans.kids[spans.heads[i] : spans.heads[i + 1]]
    if d == 0:
        listed = np.append(spans.above[spans.opens[k - 1] : spans.opens[k]], k - 1)
    for j in listed:
        if j >= k:
            break
        share = spans.ends[k - 1, k - 1 - j]
        share *= spans.weights[j, 0] if d == 0 else spans.inside[i, j - 1 - i] * spans.arcs[i, j - i] / whole
        if share >= LIKELY:
            _compare_with_last(page, k, j, share, shared, out)


@njit(cache=True, nogil=True)
def _compare_with_last(page: _Page, k: int, j: int, share: float, shared: Table, out: Table) -> None:
    """Adds what post j says if it is, with a probability of `share`, the last answer before post k."""
    out[_LAST + 1] += share * np.log(k - j)
    if j == k - 1:
        out[_LAST + 2] = share
    gap = page.time[k] - page.time[j]
    if not np.isnan(gap):
        size = np.log1p(abs(gap) / 60)
        out[_LAST + 3] += share * (gap < 0)
        out[_LAST + 4] += share * size
        out[_LAST + 5] += share * size * np.sign(gap)
    if page.author[k] >= 0:
        out[_LAST + 6] += share * (page.author[j] == page.author[k])
    out[_LAST + 7] += share * np.log1p(page.n_words[j])
    if k - j < shared.size:
        words = share * shared[k - j]
        out[_LAST + 8] += words
        out[_LAST + 9] = max(out[_LAST + 9], words)
