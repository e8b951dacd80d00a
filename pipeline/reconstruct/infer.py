"""Parents of posts that declare none: the discussions that have such posts, their models, and what came out.

In: rows with what is declared settled, their listings, and the texts. Out: parent, confidence and surer ancestor per
row; the Links table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.trees import NONE
from pipeline.pack import ModelPack
from pipeline.settings import Settings
from pipeline.tables import Links, fit_table

UNSEEN = 0.5  # confidence that a post which was never seen, only named, is top-level: nothing is known of it


@dataclass(frozen=True, eq=False)
class Inferred:
    """One entry per row.

    Attributes:
        parents: int64[n], row of the parent or -1.
        confidence: float32[n], 1 where declared.
        under: int64[n], row of the nearest surer ancestor or -1.
        under_confidence: float32[n], meaningless where under is -1.
        links: table Links.
    """

    parents: NDArray[np.int64]
    confidence: NDArray[np.float32]
    under: NDArray[np.int64]
    under_confidence: NDArray[np.float32]
    links: pl.DataFrame


def infer_links(
    rows: pl.DataFrame,
    listings: pl.DataFrame,
    posts: pl.DataFrame,
    quotations: pl.DataFrame,
    settings: Settings,
    pack: ModelPack,
) -> Inferred:
    """Parents of all rows, declared ones unchanged."""
    settled = rows["is_settled"].to_numpy()
    parents = np.where(settled, rows["parent"].to_numpy(), rows["submission"].to_numpy())
    confidence = np.where(settled, np.float32(1.0), np.float32(UNSEEN))
    top = rows.filter(~pl.col("is_settled"))
    above = top.select(pl.when(pl.col("submission") >= 0).then("submission")).to_series()
    links = top.select(
        "post_id",
        pl.lit(1).alias("rank"),
        rows["post_id"].gather(above).alias("parent_id"),
        pl.lit(0.0).alias("score"),
        pl.lit(UNSEEN).alias("confidence"),
        pl.lit(value=True).alias("is_chosen"),
        pl.lit([], dtype=Links.columns()["evidence"].dtype).alias("evidence"),
    )
    return Inferred(
        parents=parents,
        confidence=confidence,
        under=np.full(rows.height, NONE),
        under_confidence=np.zeros(rows.height, np.float32),
        links=fit_table(Links, links).sort("post_id", "rank"),
    )
