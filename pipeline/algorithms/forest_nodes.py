"""Forests as tables: one row per node, which a model pack keeps as Parquet.

In: a `Forest`. Out: its nodes; and back.

>>> nodes = list_nodes(grow_stump(feature=0, threshold=1.5, low=-1.0, high=2.0))
>>> nodes["value"].to_list(), read_nodes(nodes).high.tolist()
([0.5, -1.0, 2.0], [2, -1, -1])
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.algorithms.forests import LEAF, Forest


def list_nodes(forest: Forest, decimals: int = 6) -> pl.DataFrame:
    """One row per node, in the order of the forest.

    Args:
        forest: the first node of each tree is its root, and the two that follow a node stand together.
        decimals: what is kept of values.

    Returns:
        tree (UInt16), feature (Int16, -1 at leaves), threshold (Float32), low (Int16, the node of its tree that
        follows, the other stands behind it; -1 at leaves), lost_low (Boolean), value (Float32).
    """
    sizes = np.diff(forest.starts)
    base = np.repeat(forest.starts[:-1], sizes)
    inner = forest.feature != LEAF
    return pl.DataFrame(
        {
            "tree": np.repeat(np.arange(sizes.size, dtype=np.uint16), sizes),
            "feature": forest.feature.astype(np.int16),
            "threshold": forest.threshold,
            "low": np.where(inner, forest.low - base, LEAF).astype(np.int16),
            "lost_low": forest.lost_low,
            "value": np.round(forest.value.astype(np.float64), decimals).astype(np.float32),
        }
    )


def read_nodes(nodes: pl.DataFrame) -> Forest:
    """The forest that `list_nodes` listed, its values rounded."""
    tree = nodes["tree"].to_numpy()
    roots = np.flatnonzero(np.append(True, tree[1:] != tree[:-1]))
    starts = np.append(roots, tree.size).astype(np.int32)
    base = np.repeat(starts[:-1], np.diff(starts))
    feature = nodes["feature"].to_numpy().astype(np.int32)
    low = nodes["low"].to_numpy().astype(np.int32)
    inner = feature != LEAF
    return Forest(
        starts=starts,
        feature=feature,
        threshold=nodes["threshold"].to_numpy(),
        low=np.where(inner, low + base, LEAF).astype(np.int32),
        high=np.where(inner, low + base + 1, LEAF).astype(np.int32),
        lost_low=nodes["lost_low"].to_numpy(),
        value=nodes["value"].to_numpy(),
    )
