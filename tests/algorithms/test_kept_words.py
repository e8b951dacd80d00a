"""How many words two lists have in common in one order, against the slow and obvious way."""

import numpy as np
import pytest

from pipeline.algorithms.kept_words import Scratch, align_words, count_kept, make_scratch


def count_slowly(a: list[int], b: list[int]) -> int:
    row = [0] * (len(b) + 1)
    for word in a:
        before = row
        row = [0]
        for j, other in enumerate(b):
            row.append(before[j] + 1 if word == other else max(before[j + 1], row[j]))
    return row[-1]


@pytest.fixture(scope="module")
def scratch() -> Scratch:
    return make_scratch(400)


@pytest.mark.parametrize(("n", "m", "words"), [(1, 1, 1), (63, 64, 5), (64, 65, 40), (130, 200, 12), (400, 333, 300)])
def test_words_kept_in_one_order_are_counted(scratch: Scratch, n: int, m: int, words: int) -> None:
    rng = np.random.default_rng(n)
    for stamp in range(5):
        a, b = (rng.integers(1, words + 1, size).astype(np.uint64) for size in (n, m))
        kept = count_kept(a, b, scratch, 1000 * n + stamp)
        assert kept == count_slowly(a.tolist(), b.tolist())
        # What alignment finds: just so few words taken out of both make them equal.
        steps = n + m - 2 * kept
        assert align_words(a, b, steps, scratch.left, scratch.right)
        assert not steps or not align_words(a, b, steps - 1, scratch.left, scratch.right)


def test_an_empty_list_has_nothing_in_common(scratch: Scratch) -> None:
    nothing, some = np.empty(0, dtype=np.uint64), np.arange(1, 4, dtype=np.uint64)
    assert count_kept(nothing, some, scratch, 1) == count_kept(some, nothing, scratch, 2) == 0
