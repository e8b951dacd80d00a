"""The Links table: the few best candidates of each open post, with what spoke for each.

In: pairs with scores and confidences, and which were chosen. Out: rows of Links.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit

from pipeline.reconstruct.arrays import Floats, Ints
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.tables import Links, fit_table


@dataclass(frozen=True)
class Reasons:
    """What scores are made of.

    Attributes:
        names: what links.evidence calls the parts of a score.
        explain: (rows of pairs, ascending) to float64[rows, names], the parts of their scores.
    """

    names: Sequence[str]
    explain: Callable[[Ints], Floats]


@njit(cache=True, nogil=True)
def rank_best(confidence: Floats, offsets: Ints, chosen: Ints, most: int) -> tuple[Ints, Ints]:
    """The `most` surest rows of each child, the chosen one among them in any case; and the rank of each, from 1.

    Equal confidences: the nearest candidate first, answering none last.
    """
    rows = np.empty((offsets.size - 1) * most, dtype=np.int64)
    ranks = np.empty(rows.size, dtype=np.int64)
    n = 0
    for c in range(offsets.size - 1):
        begin, end = offsets[c], offsets[c + 1]
        count = min(most, end - begin)
        # Read from the nearest to the farthest with none at the end; a stable insertion keeps that order among equals.
        best = np.full(count, -1, dtype=np.int64)
        for step in range(begin + 1, end + 1):
            row = step if step < end else begin
            at = count
            while at > 0 and (best[at - 1] < 0 or confidence[row] > confidence[best[at - 1]]):
                at -= 1
            if at < count:
                for move in range(count - 1, at, -1):
                    best[move] = best[move - 1]
                best[at] = row
        if not (best == chosen[c]).any():
            best[count - 1] = chosen[c]
        for rank in range(count):
            rows[n], ranks[n] = best[rank], rank + 1
            n += 1
    return rows[:n], ranks[:n]


def list_links(
    rows: pl.DataFrame,
    context: Context,
    pairs: Pairs,
    scores: Floats,
    confidence: Floats,
    chosen: Ints,
    runners_up: int,
    reasons: Reasons,
) -> pl.DataFrame:
    """Rows of Links for all children, sorted by child and rank.

    Args:
        rows: of the batch, sorted by row, with post_id.
        scores, confidence: float64[pairs].
        chosen: int64[children], rows of pairs.
        runners_up: candidates kept beside the best.
        reasons: what the scores are made of.
    """
    best, ranks = rank_best(confidence, pairs.offsets, chosen, runners_up + 1)
    ids = rows["post_id"]
    numbers = rows["row"].to_numpy()
    left = pairs.left[best]
    known = left >= 0
    at = pl.Series(np.searchsorted(numbers, context.rows[np.maximum(left, 0)]))
    links = pl.DataFrame(
        {
            "post_id": ids.gather(np.searchsorted(numbers, context.rows[pairs.right[best]])),
            "rank": ranks,
            "parent_id": ids.gather(at.set(pl.Series(~known), None)),
            "score": scores[best],
            "confidence": confidence[best],
            "is_chosen": np.isin(best, chosen),
        }
    )
    return fit_table(Links, links.with_columns(_list_evidence(reasons, best)))


def _list_evidence(reasons: Reasons, best: Ints) -> pl.Series:
    """What each reason added to the score of each row, the strongest first, those that added nothing left out."""
    order = np.argsort(best, kind="stable")
    n = len(reasons.names)
    values = np.empty((best.size, n))
    values[order] = reasons.explain(best[order])
    table = pl.DataFrame(
        {
            "link": np.repeat(np.arange(best.size), n),
            "signal": pl.Series(list(reasons.names), dtype=pl.String).gather(np.tile(np.arange(n), best.size)),
            "value": values.ravel().astype(np.float32),
        }
    )
    told = (
        table.filter(pl.col("value") != 0)
        .sort("link", pl.col("value").abs(), descending=[False, True], maintain_order=True)
        .group_by("link", maintain_order=True)
        .agg(pl.struct("signal", "value").alias("evidence"))
    )
    links = pl.DataFrame({"link": np.arange(best.size)})
    found = links.join(told, on="link", how="left", maintain_order="left")
    return found.select(pl.col("evidence").cast(Links.columns()["evidence"].dtype).fill_null([]))["evidence"]
