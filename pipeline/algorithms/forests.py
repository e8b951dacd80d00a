"""Boosted regression trees, evaluated: sums of tree outputs, and what each group of columns added to a sum.

In: a `Forest` and a float32 table whose missing values are NaN. Out: float64 sums.

>>> forest = grow_stump(feature=0, threshold=1.5, low=-1.0, high=2.0)
>>> run_forest(forest, np.array([[1.0], [3.0]], np.float32)).tolist()
[-1.0, 2.0]

Every sum runs over the trees in one order in one kernel, so a score depends on its row alone. Trees are trained
elsewhere (`read_lightgbm`) and kept as flat arrays, which a model pack stores.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Table = NDArray[np.float32]
Floats = NDArray[np.float64]
Nodes = NDArray[np.int32]
Places = NDArray[np.uint64]

LEAF = -1
_BLOCK = 64  # rows that go through one tree together, so that its nodes stay near


@dataclass(frozen=True, eq=False)
class Forest:
    """T trees of M nodes in all.

    Attributes:
        starts: int32[T + 1], node numbers of the roots, and M.
        feature: int32[M], the column that decides at a node, LEAF at leaves.
        threshold: float32[M]: a value not above it goes low.
        low, high: int32[M], the nodes that follow.
        lost_low: bool[M], whether a missing value goes low.
        value: float32[M], what a leaf adds, and what an inner node expects of the leaves below it.
    """

    starts: Nodes
    feature: Nodes
    threshold: Table
    low: Nodes
    high: Nodes
    lost_low: NDArray[np.bool_]
    value: Table


def grow_stump(feature: int, threshold: float, low: float, high: float) -> Forest:
    """A forest of one tree with two leaves; a missing value goes high."""
    return Forest(
        starts=np.array([0, 3], dtype=np.int32),
        feature=np.array([feature, LEAF, LEAF], dtype=np.int32),
        threshold=np.array([threshold, 0, 0], dtype=np.float32),
        low=np.array([1, LEAF, LEAF], dtype=np.int32),
        high=np.array([2, LEAF, LEAF], dtype=np.int32),
        lost_low=np.zeros(3, dtype=np.bool_),
        value=np.array([(low + high) / 2, low, high], dtype=np.float32),
    )


def join_forests(forests: list[Forest], shares: list[float]) -> Forest:
    """One forest whose sums are the sums of the forests, each times its share."""
    starts, nodes = [np.zeros(1, dtype=np.int32)], 0
    parts: dict[str, list[Any]] = {field.name: [] for field in fields(Forest) if field.name != "starts"}
    for forest, share in zip(forests, shares, strict=True):
        starts.append(forest.starts[1:] + np.int32(nodes))
        for name in ("feature", "threshold", "lost_low"):
            parts[name].append(getattr(forest, name))
        for name in ("low", "high"):
            ends = getattr(forest, name)
            parts[name].append(np.where(ends == LEAF, LEAF, ends + nodes).astype(np.int32))
        parts["value"].append((forest.value * share).astype(np.float32))
        nodes += forest.feature.size
    return Forest(
        np.concatenate(starts).astype(np.int32), **{name: np.concatenate(part) for name, part in parts.items()}
    )


def run_forest(forest: Forest, table: Table) -> Floats:
    """The sum of all trees for each row of a float32[n, columns] table: float64[n]."""
    has_gaps = bool(np.isnan(table.sum()))
    own, is_leaf = np.arange(forest.feature.size), forest.feature < 0
    found: Floats = _run(
        forest.starts.astype(np.uint64),
        _place_features(forest, table.shape[1] if has_gaps else 0),
        forest.threshold,
        np.where(is_leaf, own, forest.low).astype(np.uint64),
        np.where(is_leaf, own, forest.high).astype(np.uint64),
        forest.value,
        np.ascontiguousarray(table).ravel(),
        *table.shape,
        has_gaps,
    )
    return found


def _place_features(forest: Forest, width: int) -> Places:
    """Where nodes look in a row that holds its columns twice (`_part_gaps`): behind, where a gap goes high."""
    feature = np.maximum(forest.feature, 0)
    return np.where(forest.lost_low, feature, feature + width).astype(np.uint64)


@njit(cache=True, nogil=True)
def _part_gaps(table: Table, begin: int, n: int, width: int, rows: Table) -> None:
    """Copies n rows of a table twice side by side; a gap is below all thresholds in front and above all behind."""
    for row in range(n):
        for column in range(width):
            x = table[(begin + row) * width + column]
            rows[2 * row * width + column] = x if x == x else -np.inf
            rows[(2 * row + 1) * width + column] = x if x == x else np.inf


@njit(cache=True, nogil=True)
def _run(
    starts: Places, feature: Places, threshold: Table, low: Places, high: Places, value: Table, table: Table,
    n: int, width: int, has_gaps: bool,
) -> Floats:  # fmt: skip
    out = np.zeros(n + 4)
    if not has_gaps:
        for begin in range(0, n, _BLOCK):
            _run_block(starts, feature, threshold, low, high, value, table, begin, min(_BLOCK, n - begin), width,
                       out[begin:])  # fmt: skip
        return out[:n]
    rows = np.empty(2 * _BLOCK * width, dtype=np.float32)
    for begin in range(0, n, _BLOCK):
        count = min(_BLOCK, n - begin)
        _part_gaps(table, begin, count, width, rows)
        _run_block(starts, feature, threshold, low, high, value, rows, 0, count, 2 * width, out[begin:])
    return out[:n]


@njit(cache=True, nogil=True)
def _run_block(
    starts: Places, feature: Places, threshold: Table, low: Places, high: Places, value: Table, table: Table,
    first: int, n: int, width: int, out: Floats,
) -> None:  # fmt: skip
    """Adds all trees to out[:n] for n rows from the first. Leaves follow themselves; four rows descend side by side and
    step without a branch on what they hold, which no processor could foresee. Rows past the end are the last one again,
    and are forgotten."""
    for tree in range(starts.size - 1):
        for row in range(0, n, 4):
            p = q = r = s = starts[tree]
            row_p, row_q = np.uint64((first + row) * width), np.uint64((first + min(row + 1, n - 1)) * width)
            row_r = np.uint64((first + min(row + 2, n - 1)) * width)
            row_s = np.uint64((first + min(row + 3, n - 1)) * width)
            while True:
                next_p = low[p] if table[row_p + feature[p]] <= threshold[p] else high[p]
                next_q = low[q] if table[row_q + feature[q]] <= threshold[q] else high[q]
                next_r = low[r] if table[row_r + feature[r]] <= threshold[r] else high[r]
                next_s = low[s] if table[row_s + feature[s]] <= threshold[s] else high[s]
                if (next_p ^ p) | (next_q ^ q) | (next_r ^ r) | (next_s ^ s) == 0:
                    break
                p, q, r, s = next_p, next_q, next_r, next_s
            out[row] += np.float64(value[p])
            if row + 1 < n:
                out[row + 1] += np.float64(value[q])
            if row + 2 < n:
                out[row + 2] += np.float64(value[r])
            if row + 3 < n:
                out[row + 3] += np.float64(value[s])


def attribute_forest(forest: Forest, table: Table, groups: NDArray[np.int64], n_groups: int) -> Floats:
    """What each group of columns added to the sum of each row, along the paths that it takes (Saabas 2014).

    Args:
        table: float32[n, columns].
        groups: int64[columns], from 0 to n_groups - 1.

    Returns:
        float64[n, n_groups + 1]; the last column is the prior, what the roots expect. A row sums to what `run_forest`
        gives, but for the last bits.
    """
    own, is_leaf = np.arange(forest.feature.size), forest.feature < 0
    n, width = table.shape
    feature, whole = np.maximum(forest.feature, 0), table
    if np.isnan(table.sum()):
        whole = np.empty((n, 2 * width), dtype=np.float32)
        _part_gaps(np.ascontiguousarray(table).ravel(), 0, n, width, whole.ravel())
    low = np.where(is_leaf, own, forest.low).astype(np.uint64)
    high = np.where(is_leaf, own, forest.high).astype(np.uint64)
    value = forest.value.astype(np.float64)
    found: Floats = _attribute(
        forest.starts.astype(np.uint64),
        _place_features(forest, whole.shape[1] - width),
        forest.threshold,
        low,
        high,
        _add_paths(forest.starts, low, high, value, groups[feature], n_groups + 1),
        np.ascontiguousarray(whole).ravel(),
        *whole.shape,
    )
    return found


@njit(cache=True, nogil=True)
def _add_paths(
    starts: Nodes, low: Places, high: Places, value: Floats, group: NDArray[np.int64], n_groups: int
) -> Floats:
    """What each group added on the way from a root to each node, and what the root expects: float64[M, n_groups]."""
    paths = np.zeros((value.size, n_groups))
    for tree in range(starts.size - 1):
        paths[starts[tree], n_groups - 1] = value[starts[tree]]
        for node in range(starts[tree], starts[tree + 1]):  # nodes follow the one above them
            for after in (np.int64(low[node]), np.int64(high[node])):
                if after != node:
                    paths[after] = paths[node]
                    paths[after, group[node]] += value[after] - value[node]
    return paths


@njit(cache=True, nogil=True)
def _attribute(
    starts: Places, feature: Places, threshold: Table, low: Places, high: Places, paths: Floats, table: Table,
    n: int, width: int,
) -> Floats:  # fmt: skip
    """The paths of all trees, added up row by row; rows descend as in `_run_block`."""
    out = np.zeros((n, paths.shape[1]))
    for begin in range(0, n, _BLOCK):
        end = min(begin + _BLOCK, n)
        for tree in range(starts.size - 1):
            for row in range(begin, end, 4):
                p = q = r = s = starts[tree]
                row_p, row_q = np.uint64(row * width), np.uint64(min(row + 1, end - 1) * width)
                row_r, row_s = np.uint64(min(row + 2, end - 1) * width), np.uint64(min(row + 3, end - 1) * width)
                while True:
                    next_p = low[p] if table[row_p + feature[p]] <= threshold[p] else high[p]
                    next_q = low[q] if table[row_q + feature[q]] <= threshold[q] else high[q]
                    next_r = low[r] if table[row_r + feature[r]] <= threshold[r] else high[r]
                    next_s = low[s] if table[row_s + feature[s]] <= threshold[s] else high[s]
                    if (next_p ^ p) | (next_q ^ q) | (next_r ^ r) | (next_s ^ s) == 0:
                        break
                    p, q, r, s = next_p, next_q, next_r, next_s
                for at, leaf in enumerate((p, q, r, s)):
                    if row + at < end:
                        for group in range(paths.shape[1]):
                            out[row + at, group] += paths[leaf, group]
    return out


def read_lightgbm(model: dict[str, Any]) -> Forest:
    """The forest of LightGBM's `Booster.dump_model()`: numerical splits only.

    Thresholds are rounded down to float32, which decides the same for float32 values. Where a column had no missing
    value in training, LightGBM takes one for 0, and so does the forest.
    """
    starts: list[int] = [0]
    rows: list[Any] = []
    for tree in model["tree_info"]:
        base = len(rows)
        waiting = [(tree["tree_structure"], base)]
        rows.append(None)
        while waiting:  # nodes of a model, when it is made
            node, at = waiting.pop()
            if "leaf_value" in node and "split_feature" not in node:
                rows[at] = (LEAF, 0.0, LEAF, LEAF, False, node["leaf_value"])
                continue
            low, high = len(rows), len(rows) + 1
            rows += [None, None]
            threshold = _round_down(float(node["threshold"]))
            lost = bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0.0
            rows[at] = (int(node["split_feature"]), threshold, low, high, lost, node["internal_value"])
            waiting += [(node["left_child"], low), (node["right_child"], high)]
        starts.append(len(rows))
    columns = list(zip(*rows, strict=True))
    return Forest(
        starts=np.array(starts, dtype=np.int32),
        feature=np.array(columns[0], dtype=np.int32),
        threshold=np.array(columns[1], dtype=np.float32),
        low=np.array(columns[2], dtype=np.int32),
        high=np.array(columns[3], dtype=np.int32),
        lost_low=np.array(columns[4], dtype=np.bool_),
        value=np.array(columns[5], dtype=np.float32),
    )


def _round_down(value: float) -> float:
    """The largest float32 not above a float."""
    largest = float(np.finfo(np.float32).max)  # a threshold that only missing values pass is beyond it
    rounded = np.float32(min(max(value, -largest), largest))
    return float(rounded if float(rounded) <= value else np.nextafter(rounded, np.float32(-np.inf)))
