"""Chosen links made into a forest with the declared ones, and what may not be chosen.

In: rows of a batch, its candidate pairs, which of them were chosen. Out: parents without circles, and the nearest
ancestor that is surer than the parent.

>>> forest = ChosenForest(rows, context, pairs)
>>> chosen = forest.choose(chosen)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit

from pipeline.algorithms.trees import NONE, count_descendants, find_cycles, number_depth_first
from pipeline.reconstruct.arrays import Floats, Ints
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context

IMPOSSIBLE = -1e6  # the score of a link that a person denied: its posterior is 0


@dataclass(frozen=True, eq=False)
class Decided:
    """Decisions on the C open posts of a batch.

    Attributes:
        rows: int64[C], row numbers of the open posts.
        parents: int64[C], row numbers or -1.
        confidence: float64[C].
        under: int64[C], row numbers or -1.
        under_confidence: float64[C], 0 where under is -1.
        links: table Links.
    """

    rows: Ints
    parents: Ints
    confidence: Floats
    under: Ints
    under_confidence: Floats
    links: pl.DataFrame


def find_denied(context: Context, pairs: Pairs, rows: pl.DataFrame) -> Ints:
    """Rows of pairs that a person denied."""
    denied = rows.select("row", other="not_parents").drop_nulls().explode("other")
    if denied.is_empty():
        return np.empty(0, dtype=np.int64)
    denied = denied.join(rows.select(other="post_id", left="row"), on="other").select("row", "left")
    left = np.where(pairs.left >= 0, context.rows[np.maximum(pairs.left, 0)], NONE)
    listed = pl.DataFrame({"row": context.rows[pairs.right], "left": left}).with_row_index("pair")
    return listed.join(denied, on=["row", "left"])["pair"].to_numpy().astype(np.int64)


def read_by_time() -> pl.Expr:
    """Times by which a flat listing (perhaps newest first) is read; null where the listing is in time order itself."""
    time = pl.col("posted_at").forward_fill().over("discussion")
    return pl.when(pl.col("listing") == "flat").then(time)


class ChosenForest:
    """The declared links of a batch with the chosen ones among them, in row numbers local to the batch."""

    def __init__(self, rows: pl.DataFrame, context: Context, pairs: Pairs) -> None:
        self.numbers = rows["row"].to_numpy()
        self.pairs = pairs
        self.child = self._localise(context.rows[pairs.children])
        left = np.where(pairs.left >= 0, context.rows[np.maximum(pairs.left, 0)], NONE)
        self.left = self._localise(left)
        declared = np.where(rows["is_settled"].to_numpy(), rows["parent"].to_numpy(), rows["submission"].to_numpy())
        self.above = self._localise(declared)

    def _localise(self, numbers: Ints) -> Ints:
        return np.where(numbers >= 0, np.searchsorted(self.numbers, np.maximum(numbers, 0)), NONE)

    def choose(self, chosen: Ints) -> Ints:
        """Links the children to the chosen rows. Where a declared link to a later post closes a circle, the first open
        post in it answers none instead; returns the rows that were kept."""
        chosen = chosen.copy()
        while True:
            self.above[self.child] = self.left[chosen]
            cycle = find_cycles(self.above)[self.child]
            looped = np.flatnonzero(cycle != NONE)
            if looped.size == 0:
                return chosen
            # Children ascend in reading order, so the first found of each cycle is its first open post.
            first = looped[np.unique(cycle[looped], return_index=True)[1]]
            chosen[first] = self.pairs.offsets[first]

    def parents(self) -> Ints:
        """Row number of each child's parent, -1 where it has none."""
        above = self.above[self.child]
        return np.where(above >= 0, self.numbers[np.maximum(above, 0)], NONE)

    def find_surer(self, confidence: Floats, chosen: Ints) -> tuple[Ints, Floats]:
        """The nearest ancestor above the parent that the child stands under more surely than it answers the parent."""
        places = number_depth_first(self.above, np.arange(self.above.size))
        sizes = count_descendants(self.above, places)
        under, share = _climb(self.above, places, sizes, self.child, self.pairs.offsets, self.left, confidence, chosen)
        return np.where(under >= 0, self.numbers[np.maximum(under, 0)], NONE), share


@njit(cache=True, nogil=True)
def _climb(
    above: Ints, places: Ints, sizes: Ints, child: Ints, offsets: Ints, left: Ints, confidence: Floats, chosen: Ints
) -> tuple[Ints, Floats]:
    """Nearest ancestor above each child's parent such that the confidences of the candidates under it (itself included)
    sum to more than the chosen link's, and that sum."""
    under = np.full(child.size, -1, dtype=np.int64)
    share = np.zeros(child.size)
    for c in range(child.size):
        parent = left[chosen[c]]
        if parent < 0:
            continue
        ancestor = above[parent]
        while ancestor >= 0:
            total = 0.0
            for row in range(offsets[c], offsets[c + 1]):
                if left[row] >= 0:
                    inside = places[left[row]] - places[ancestor]
                    if 0 <= inside < sizes[ancestor]:
                        total += confidence[row]
            total = min(1.0, np.floor(total * 1e5 + 0.5) / 1e5)
            if total > confidence[chosen[c]]:
                under[c], share[c] = ancestor, total
                break
            ancestor = above[ancestor]
    return under, share
