"""How far confidences may be believed: their error, bin by bin, and what is left right when the unsure are left out.

In: confidences and whether each link is right. Out: figures.

>>> calibration_error(np.array([0.9, 0.9]), np.array([True, False]))
0.4
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BINS = 10
SURE = 0.9
COVERS = tuple(step / 10 for step in range(1, 11))


class Bin(NamedTuple):
    """Links of about one confidence: how many, the mean of their confidence, the share of them that is right."""

    posts: int
    confidence: float
    accuracy: float


def calibration_error(confidence: Floats, right: Flags, bins: int = BINS) -> float:
    """Expected calibration error: mean distance of confidence and accuracy over equal bins, weighed by their posts
    (Naeini et al. 2015)."""
    if right.size == 0:
        return 0.0
    gap = np.bincount(_number_bins(confidence, bins), weights=confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / right.size)


def brier_score(confidence: Floats, right: Flags) -> float:
    """Mean square of confidence less truth (Brier 1950): 0 is best; a constant p, the base rate, scores p(1 − p)."""
    return float(np.square(confidence - right).mean()) if right.size else 0.0


def list_bins(confidence: Floats, right: Flags, bins: int = BINS) -> list[Bin]:
    """The reliability diagram: one Bin per equal part of [0, 1] that has any links, ascending."""
    at = _number_bins(confidence, bins)
    counts = np.bincount(at, minlength=bins)
    sums, rights = np.bincount(at, weights=confidence, minlength=bins), np.bincount(at, weights=right, minlength=bins)
    return [Bin(int(n), float(c / n), float(r / n)) for n, c, r in zip(counts, sums, rights, strict=True) if n]


def trace_risk(confidence: Floats, right: Flags) -> list[tuple[float, float]]:
    """The risk–coverage curve (El-Yaniv and Wiener 2010): for each of COVERS, what share of that surest part is wrong.

    Links of one confidence count as if they came mixed.
    """
    if right.size == 0:
        return []
    values, at = np.unique(-confidence, return_inverse=True)
    n, wrong = np.bincount(at, minlength=values.size), np.bincount(at, weights=~right, minlength=values.size)
    upto, lost = np.append(0, np.cumsum(n)), np.append(0.0, np.cumsum(wrong))
    return [(cover, float(np.interp(cover * right.size, upto, lost) / (cover * right.size))) for cover in COVERS]


def _number_bins(confidence: Floats, bins: int) -> NDArray[np.int64]:
    return np.minimum((confidence * bins).astype(np.int64), bins - 1)
