"""Training of the verifier of words: a forest of small trees, grown on pairs that say the same or do not.

In: pairs with the truth. Out: a `Forest` over the columns of `verification.measure_pairs`.

>>> forest = fit_forest(counts, same, weights)

Growing is deterministic: one thread, no sampling. LightGBM is needed here alone, and comes with the extra `train`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.algorithms.forests import Forest, read_lightgbm
from pipeline.deduplicate.verification import LEAST_STAYED, MEASURES, close_guards, measure_pairs, share_stayed

ROUNDS = 200
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.07,
    "num_leaves": 12,
    "max_depth": 4,
    "min_data_in_leaf": 25,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbose": -1,
}


def weigh_lessons(kinds: NDArray[np.str_], same: NDArray[np.bool_], favours: dict[str, float]) -> NDArray[np.float64]:
    """Weights of n pairs: a kind counts by the root of its pairs, times its favour; both answers count alike."""
    weights = np.empty(kinds.size)
    for kind in np.unique(kinds):
        for answer in (False, True):
            chosen = (kinds == kind) & (same == answer)
            weights[chosen] = favours.get(str(kind), 1.0) / np.sqrt(max(1, chosen.sum()))
    for answer in (False, True):
        weights[same == answer] /= max(1e-9, weights[same == answer].mean())
    return weights


def fit_forest(
    counts: NDArray[np.float32], same: NDArray[np.bool_], weights: NDArray[np.float64], rounds: int = ROUNDS
) -> Forest:
    """Grows a forest whose sum is the log odds that two texts say the same.

    Args:
        counts: float32 of shape (n, len(DIFFERENCES)). Pairs that a guard rejects, or that have too few words in
            common, teach nothing.
        same: bool of shape (n,), the truth.
        weights: float64 of shape (n,).
        rounds: how many trees.
    """
    import lightgbm  # only here, and only for training

    open_pairs = np.flatnonzero((close_guards(counts) == 0) & (share_stayed(counts) >= LEAST_STAYED))
    table = lightgbm.Dataset(
        measure_pairs(counts[open_pairs]),
        label=same[open_pairs].astype(np.float64),
        weight=weights[open_pairs],
        feature_name=list(MEASURES),
        params={"max_bin": PARAMETERS["max_bin"], "verbose": -1},
    )
    grown = lightgbm.train(PARAMETERS, table, num_boost_round=rounds)
    return read_lightgbm(grown.dump_model())
