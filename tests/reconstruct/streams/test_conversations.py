"""Lines go to the conversation that has most of their probability, as a slow reading of the rule says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.conversations import UNITS, choose_by_conversation, find_conversations


def choose_slowly(shares: list[list[int]], lefts: list[list[int]]) -> list[int]:
    """Candidate chosen by each line in turn, -1 for none."""
    roots: list[int] = []
    chosen = []
    for line, (weights, candidates) in enumerate(zip(shares, lefts, strict=True)):
        totals = {-1: weights[0]}
        for weight, candidate in zip(weights[1:], candidates, strict=True):
            totals[roots[candidate]] = totals.get(roots[candidate], 0) + weight
        rivals = [
            (totals[roots[candidate]], weight, candidate)
            for weight, candidate in zip(weights[1:], candidates, strict=True)
        ]
        most = max([total for total, _, _ in rivals], default=-1)
        if not rivals or weights[0] > most:
            choice = -1
        else:
            # The conversation with the largest sum; in it (or in equals of it) the largest share, then the later line.
            choice = max((weight, candidate) for total, weight, candidate in rivals if total == most)[1]
        chosen.append(choice)
        roots.append(line if choice < 0 else roots[choice])
    return chosen


@st.composite
def streams(draw) -> tuple[list[list[int]], list[list[int]]]:
    """Whole shares of each line (none first), and its candidates from the nearest back."""
    shares, lefts = [], []
    for line in range(draw(st.integers(1, 9))):
        picked = sorted(draw(st.sets(st.integers(0, line - 1), max_size=5)) if line else set(), reverse=True)
        lefts.append(picked)
        shares.append(draw(st.lists(st.integers(0, 6), min_size=len(picked) + 1, max_size=len(picked) + 1)))
    return shares, lefts


@given(streams())
def test_choices_are_those_of_the_rule(stream) -> None:
    shares, lefts = stream
    n = len(shares)
    offsets = np.append(0, np.cumsum([len(weights) for weights in shares])).astype(np.int64)
    left = np.concatenate([[-1, *candidates] for candidates in lefts]).astype(np.int64)
    pairs = Pairs(np.arange(n), offsets, left, np.repeat(np.arange(n), np.diff(offsets)))
    rows = choose_by_conversation(np.concatenate(shares) / UNITS, pairs, n)
    assert pairs.left[rows].tolist() == choose_slowly(shares, lefts)


def test_ten_weak_voices_outweigh_one_of_two() -> None:
    # Lines 0 to 3 are one conversation, 4 is another; line 5 likes 4 best of all single lines.
    shares = [[1], [0, 1], [0, 1], [0, 1], [1], [0, 0.4, 0.15, 0.15, 0.15, 0.15]]
    lefts = [[], [0], [1], [2], [], [4, 3, 2, 1, 0]]
    offsets = np.append(0, np.cumsum([len(weights) for weights in shares])).astype(np.int64)
    left = np.concatenate([[-1, *candidates] for candidates in lefts]).astype(np.int64)
    pairs = Pairs(np.arange(6), offsets, left, np.repeat(np.arange(6), np.diff(offsets)))
    rows = choose_by_conversation(np.concatenate(shares), pairs, 6)
    assert pairs.left[rows][5] == 3


def test_conversations_are_named_for_their_first_line() -> None:
    assert find_conversations(np.array([-1, 0, -1, 1, 2])).tolist() == [0, 0, 2, 0, 2]
