"""Fitting what phrases say: one logistic regression a role, over hashed words and pairs of words.

In: grounds. Out: `Phrases`.

>>> phrases = fit_phrases([ground])

The first post of a discussion answers none, and the last is answered by nobody, whatever they say: they teach nothing
of these roles. scikit-learn, an extra of the package, does the fitting.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.errors import SettingError
from pipeline.reconstruct.arrays import Flags, Floats
from pipeline.reconstruct.grounds import Ground
from pipeline.reconstruct.phrases import BUCKETS, Phrases, cut_phrases
from pipeline.reconstruct.scoring import ROLES

MIN_POSTS_WITH_PHRASE = 3
STRENGTH = 0.5  # inverse of the regularisation
STEPS = 60


def fit_phrases(grounds: Sequence[Ground]) -> Phrases:
    """What phrases say of each role, learnt from posts whose parents are known.

    Raises:
        SettingError: scikit-learn is not installed.
    """
    try:
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import LogisticRegression
    except ImportError as missing:
        raise SettingError('Training needs scikit-learn: pip install "threadloom[train]"') from missing
    cut = cut_phrases(pl.concat([ground.context.folded.head(ground.context.n_posts) for ground in grounds]))
    n = cut.offsets.size - 1
    posts = np.bincount(cut.values, minlength=BUCKETS)
    rarity = np.where(posts >= MIN_POSTS_WITH_PHRASE, np.log((n + 1) / (posts + 1)) + 1, 0.0)
    value = rarity[cut.values]
    length = np.sqrt(np.bincount(np.repeat(np.arange(n), np.diff(cut.offsets)), value * value, minlength=n))
    value /= np.repeat(np.maximum(length, 1e-9), np.diff(cut.offsets))
    table = csr_matrix((value, cut.values, cut.offsets), shape=(n, BUCKETS))
    roles = [_tell_roles(ground) for ground in grounds]
    truth = np.concatenate([each[0] for each in roles], axis=1)
    weight = np.concatenate([each[1] for each in roles], axis=1)
    weights, bias = np.zeros((BUCKETS, len(ROLES)), np.float32), np.zeros(len(ROLES), np.float32)
    for role in range(len(ROLES)):
        taught = np.flatnonzero(weight[role] > 0)
        if np.unique(truth[role, taught]).size < 2:
            continue
        fitted = LogisticRegression(C=STRENGTH, max_iter=STEPS, tol=1e-3)
        fitted.fit(table[taught], truth[role, taught], sample_weight=weight[role, taught])
        weights[:, role], bias[role] = fitted.coef_[0], fitted.intercept_[0]
    return Phrases(rarity.astype(np.float32), weights, bias)


def _tell_roles(ground: Ground) -> tuple[Flags, Floats]:
    """bool[roles, posts], whether each post has each role; float64[roles, posts], what it counts."""
    pairs, context = ground.pairs, ground.context
    n = context.n_posts
    is_true = ground.truth > 0
    above = ~pairs.is_top & (pairs.left == pairs.right - 1)
    has = np.zeros((len(ROLES), n), dtype=np.bool_)
    has[0, pairs.right[is_true & pairs.is_top]] = True
    has[1, pairs.right[is_true & above]] = True
    has[2, pairs.left[is_true & ~pairs.is_top]] = True
    has[3, pairs.left[is_true & above]] = True
    own = np.zeros(n)
    own[pairs.children] = ground.weight
    asks, asked = own * (context.place > 0), own * (context.place + 1 < context.size)
    return has, np.stack([asks, asks, asked, asked])
