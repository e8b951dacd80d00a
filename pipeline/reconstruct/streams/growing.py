"""Growing boosted trees under a listwise loss: the softmax over the candidates of each line tells its true parent.

In: columns of candidates, which of them are true. Out: a `Forest`.

>>> forest = fit_forest(table, truth, weight, offsets, skip, rounds=200)

The loss is that of ListNet and ListMLE's top one (Cao et al. 2007, Xia et al. 2008). One thread, fixed seeds: growing
twice gives the same trees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.algorithms.forests import Forest, read_lightgbm
from pipeline.reconstruct.arrays import Flags, Floats, Ints, Table

SEED = 20261124
PARAMETERS = {
    "num_leaves": 40,
    "learning_rate": 0.11,
    "max_bin": 63,
    "min_data_in_leaf": 30,
    "min_sum_hessian_in_leaf": 2.0,
    "lambda_l2": 2.0,
    "feature_fraction": 0.4,
    "num_threads": 1,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@njit(cache=True)
def _bend(
    scores: Floats, truth: Table, weight: Floats, offsets: Ints, skip: Flags, slope: Floats, curve: Floats
) -> None:
    """Gradient and curvature of the softmax loss; rows to skip and lines without truth have none."""
    for c in range(offsets.size - 1):
        begin, end = offsets[c], offsets[c + 1]
        top, known = -np.inf, 0.0
        for row in range(begin, end):
            if not skip[row]:
                top = max(top, scores[row])
                known += truth[row]
        total = 0.0
        for row in range(begin, end):
            if not skip[row]:
                total += np.exp(scores[row] - top)
        for row in range(begin, end):
            slope[row], curve[row] = 0.0, 1e-9
            if known > 0 and not skip[row]:
                share = np.exp(scores[row] - top) / total
                slope[row] = weight[c] * (share - truth[row] / known)
                curve[row] = weight[c] * max(share * (1.0 - share), 1e-6)


def fit_forest(
    table: Table,
    truth: Table,
    weight: Floats,
    offsets: Ints,
    skip: Flags,
    rounds: int,
    base: Floats | None = None,
    **changes: Any,
) -> Forest:
    """A forest whose softmax over the rows of each line tells its true parent.

    Args:
        table: float32[rows, columns]; truth: float32[rows]; skip: bool[rows], candidates that are out of the question.
        weight: float64[lines]; offsets: int64[lines + 1].
        rounds: how many trees.
        base: float64[rows], scores that the forest adds to; zeros if left out.
        changes: of PARAMETERS.
    """
    import lightgbm  # only here, and only for training

    def bend(scores: Floats, _: Any) -> tuple[Floats, Floats]:
        slope, curve = np.empty(scores.size), np.empty(scores.size)
        _bend(scores + start, truth, weight, offsets, skip, slope, curve)
        return slope, curve

    start = np.zeros(truth.size) if base is None else base
    parameters = {**PARAMETERS, **changes}
    data = lightgbm.Dataset(table, label=truth, params={key: parameters[key] for key in ("max_bin", "verbose")})
    grown = lightgbm.train({**parameters, "objective": bend}, data, num_boost_round=rounds)
    return read_lightgbm(grown.dump_model())
