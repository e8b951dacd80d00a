"""Figures of a forest of replies against the true one: links, ancestors, conversations, reading order.

In: parents as row numbers. Out: figures by name.

>>> measure_forest(Replies(...), parents)["accuracy"]
0.66
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.algorithms.agreement import compare_ancestors, compare_links, rank_agreement
from pipeline.algorithms.clusterings import adjust_rand, match_groups, score_variation, share_one_to_one
from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.trees import number_depth_first

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NAMES = (
    "accuracy",
    "link_precision",
    "link_recall",
    "link_f1",
    "ancestor_f1",
    "variation",
    "one_to_one",
    "adjusted_rand",
    "exact_f1",
    "kendall_tau",
)


@dataclass(frozen=True, eq=False)
class Replies:
    """The truth about n posts that stand in listing order, discussion by discussion.

    Attributes:
        discussion: int64[n].
        children, parents: int64[m], the true links, rows; a post may have several parents.
        labelled: bool[n], whose parents are known.
        scored: bool[n], labelled ones that had a choice.
    """

    discussion: Ints
    children: Ints
    parents: Ints
    labelled: Flags
    scored: Flags


def measure_forest(truth: Replies, found: Ints, more: tuple[Ints, Ints] | None = None) -> dict[str, float]:
    """The figures NAMES of found parents.

    Args:
        found: int64[n], rows or -1 for none; without cycles.
        more: further links (children, parents) within the found conversations; they count among the links alone.

    Returns:
        accuracy: share of scored posts whose found parent (or none) is a true one. link_…: agreement of the links of
        labelled posts, a post without parent counting as a link to itself (Kummerfeld et al. 2019). ancestor_f1: of
        pairs of post and ancestor. Of conversations, that is what links join, over labelled posts: variation
        (100 · (1 − VI / log₂ n)), one_to_one (%), adjusted_rand, exact_f1 (those of two or more posts, %).
        kendall_tau: of the reading order that the parents make, mean over discussions by their posts.
    """
    rows = np.arange(found.size)
    right = is_right(truth, found)
    answers = np.zeros(found.size, dtype=np.bool_)
    answers[truth.children] = True
    alone = rows[truth.labelled & ~answers]
    of_labelled = truth.labelled[truth.children]
    true_links = (
        np.append(truth.children[of_labelled], alone),
        np.append(truth.parents[of_labelled], np.full(alone.size, -1)),
    )
    child, parent = (rows[:0], rows[:0]) if more is None else more
    of_labelled = truth.labelled[child]
    found_links = (
        np.append(rows[truth.labelled], child[of_labelled]),
        np.append(found[truth.labelled], parent[of_labelled]),
    )
    links = compare_links(found_links, true_links, with_starts=True)
    single = np.full(found.size, -1, dtype=np.int64)
    np.maximum.at(single, truth.children, truth.parents)
    single[~truth.labelled] = -1
    known = np.where(truth.labelled, found, -1)
    ours = connected_components(found.size, rows[known >= 0], known[known >= 0])[truth.labelled]
    of_labelled = truth.labelled[truth.children]
    theirs = connected_components(found.size, truth.children[of_labelled], truth.parents[of_labelled])[truth.labelled]
    return {
        "accuracy": float(right[truth.scored].mean()) if truth.scored.any() else 0.0,
        "link_precision": links.precision,
        "link_recall": links.recall,
        "link_f1": links.f1,
        "ancestor_f1": compare_ancestors(known, single).f1,
        "variation": score_variation(ours, theirs),
        "one_to_one": share_one_to_one(ours, theirs),
        "adjusted_rand": adjust_rand(ours, theirs),
        "exact_f1": 100 * match_groups(ours, theirs).f1,
        "kendall_tau": _compare_order(truth.discussion, known, single),
    }


def is_right(truth: Replies, found: Ints) -> Flags:
    """bool[n]: whether the found parent (or none) of each post is a true one."""
    right = found < 0
    right[truth.children] = False
    hit = found[truth.children] == truth.parents
    right[truth.children[hit]] = True
    return right


def _compare_order(discussion: Ints, found: Ints, true: Ints) -> float:
    rows = np.arange(found.size)
    ours, theirs = number_depth_first(found, rows), number_depth_first(true, rows)
    starts = np.flatnonzero(np.append(True, discussion[1:] != discussion[:-1]))
    ends = np.append(starts[1:], found.size)
    total = 0.0
    for begin, end in zip(starts, ends, strict=True):  # once a discussion, not once a post
        total += (end - begin) * rank_agreement(ours[begin:end], theirs[begin:end])
    return total / max(found.size, 1)
