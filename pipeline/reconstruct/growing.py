"""Growing the second pass's forest: boosted trees whose gradients come from posteriors of whole trees.

In: candidates kept by the first pass, described, with its scores and the true parents. Out: a `Forest`.

>>> forest = grow_forest([lessons], rounds=150)

Gradient boosting (Friedman 2001) by LightGBM (Ke et al. 2017), an extra of the package, with the objective of
`fitting`: at every round, inside–outside over each page gives the posterior of every link under the scores so far, and
posterior less truth is the gradient. One thread and a fixed seed: the same forest again on the same kind of machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.algorithms.forests import Forest, read_lightgbm
from pipeline.errors import SettingError
from pipeline.reconstruct.arrays import Floats, Ints, Table
from pipeline.reconstruct.decoding import weigh_candidates
from pipeline.reconstruct.spans import weigh_kept

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 140
SPAN = 129
LEAST_CURVATURE = 1e-3
GROWTH = {
    "objective": "none",
    "num_leaves": 63,
    "learning_rate": 0.06,
    "min_data_in_leaf": 80,
    "lambda_l2": 10.0,
    "feature_fraction": 0.3,
    "max_bin": 63,
    # A round looks at the rows that pull hardest and at a sample of the others (Ke et al. 2017).
    "data_sample_strategy": "goss",
    "top_rate": 0.2,
    "other_rate": 0.15,
    "use_missing": False,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 20261123,
    "verbosity": -1,
}


@dataclass(frozen=True, eq=False)
class Lessons:
    """Candidates of whole discussions to learn from.

    Attributes:
        table: float32[rows, columns]; truth: float32[rows]; scores: float64[rows], of the first pass.
        back: int64[rows], how many posts above the child the candidate stands, 0 for none.
        offsets: int64[children + 1]; weight: float64[children].
        starts: int64[discussions + 1], children at which discussions start.
    """

    table: Table
    truth: Table
    scores: Floats
    back: Ints
    offsets: Ints
    weight: Floats
    starts: Ints


def join_lessons(parts: Sequence[Lessons]) -> Lessons:
    """All lessons as one."""

    def follow(bounds: list[Ints]) -> Ints:
        return np.append(0, np.cumsum(np.concatenate([np.diff(each) for each in bounds]))).astype(np.int64)

    return Lessons(
        table=np.concatenate([part.table for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        back=np.concatenate([part.back for part in parts]),
        offsets=follow([part.offsets for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        starts=follow([part.starts for part in parts]),
    )


def grow_forest(parts: Sequence[Lessons], in_page_order: bool, rounds: int = ROUNDS) -> Forest:
    """The forest that, added to the first pass's scores, makes true trees (page order) or parents likeliest.

    Raises:
        SettingError: LightGBM is not installed.
    """
    try:
        import lightgbm
    except ImportError as missing:
        raise SettingError('Training needs LightGBM: pip install "threadloom[train]"') from missing
    whole = join_lessons(parts)
    weight = np.repeat(whole.weight, np.diff(whole.offsets))
    data = lightgbm.Dataset(whole.table, label=whole.truth, init_score=whole.scores)
    booster = lightgbm.Booster({**GROWTH}, data)

    def pull(scores: Floats, _: Any) -> tuple[Floats, Floats]:
        if in_page_order:
            shares = weigh_kept(scores, whole.back, whole.offsets, whole.starts, SPAN)
        else:
            shares = weigh_candidates(scores, whole.offsets)
        return (shares - whole.truth) * weight, np.maximum(shares * (1 - shares), LEAST_CURVATURE) * weight

    for _ in range(rounds):
        if booster.update(fobj=pull):
            break
    return read_lightgbm(booster.dump_model())
