"""What posteriors of a discussion in time order add up to, against sums written out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reconstruct.decoding import weigh_candidates
from pipeline.reconstruct.time_structure import FEATURES, KEPT, measure_time_structure


@given(st.integers(2, 9), st.randoms(use_true_random=False))
def test_sums_over_a_discussion(n: int, chance: object) -> None:
    draw = np.random.default_rng(chance.randint(0, 1 << 30))
    offsets = np.append(0, np.cumsum(np.arange(1, n + 1)))
    left = np.concatenate([np.append(-1, np.arange(post - 1, -1, -1)) for post in range(n)])
    scores = draw.normal(0, 4, left.size)
    author = draw.integers(-1, 3, n)
    shares = weigh_candidates(scores, offsets)
    first, size = np.zeros(n, np.int64), np.full(n, n)
    time = draw.integers(0, 9999, n).cumsum().astype(np.float64)
    kept, table = measure_time_structure(scores, shares, offsets, left, np.arange(n), first, size, author, time)
    child = np.repeat(np.arange(n), np.arange(1, n + 1))
    assert (kept == ((left < 0) | (shares >= KEPT))).all()
    assert not table[~kept].any()
    answers = np.array([shares[left == post].sum() for post in range(n)])
    for row in np.flatnonzero(kept & (left >= 0)):
        post, candidate = child[row], left[row]
        seen = dict(zip(FEATURES, table[row].tolist(), strict=True))
        of_own = (left == candidate) & (child < post) & (author[child] == author[post])
        np.testing.assert_allclose(seen["answers"], answers[candidate] - shares[row], atol=1e-5)
        np.testing.assert_allclose(
            seen["answers_before"], sum(s for s in shares[(left == candidate) & (child < post)] if s >= 1e-4), atol=1e-5
        )
        np.testing.assert_allclose(seen["child_answers"], answers[post], atol=1e-5)
        np.testing.assert_allclose(seen["is_top"], shares[offsets[candidate]], atol=1e-6)
        if author[post] >= 0:
            np.testing.assert_allclose(seen["answers_own"], shares[of_own].sum(), atol=1e-5)
            back = (left == post) & (author[child] == author[candidate]) & (author[candidate] >= 0)
            np.testing.assert_allclose(seen["returns"], shares[back].sum(), atol=1e-5)
