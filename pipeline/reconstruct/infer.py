"""Parents of posts that declare none: which discussions need it, under which lens, and what came out of it.

In: rows with what is declared settled, what is listed by what, and the texts. Out: parent, confidence and surer
ancestor of every row; the Links table.

>>> inferred = infer_links(rows, listings, posts, quotations, settings, pack)

Discussions in which everything is declared pass through in columns. The others are looked into in batches of whole
discussions of one lens, so that memory is bounded by the batch (or by the largest discussion).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.trees import NONE
from pipeline.errors import SettingError
from pipeline.pack import ModelPack
from pipeline.reconstruct.batch import decide_batch
from pipeline.reconstruct.chosen import Decided
from pipeline.reconstruct.order_proofs import SHOWN
from pipeline.reconstruct.scoring import load_model
from pipeline.reconstruct.streams.deciding import decide_streams
from pipeline.reconstruct.streams.model import load_stream_model
from pipeline.settings import Settings
from pipeline.tables import Links, empty_table, fit_table

UNSEEN = 0.5  # confidence that a post which was only named, never seen, is top-level: nothing is known of it
Decide = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame, Settings, ModelPack], Decided]
BATCH_POSTS = 2_000
THREADS = 2  # batches of pages at once: kernels leave the interpreter alone; streams see to that themselves


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
    shown: pl.DataFrame | None = None,
) -> Inferred:
    """Parents of all rows, declared ones unchanged.

    Args:
        rows: what `settle_declared` returns.
        listings: what `judge_listings` returns.
        posts: DraftPosts that rows count in source_row.
        quotations: Quotations among them.
        settings: exact_page_posts, stream_window, stream_passes, runners_up.
        pack: one link model per lens.
        shown: order_proofs.SHOWN: pages that several listings show in different orders; None: no page.

    Raises:
        SettingError: the pack has no model for a lens that is needed.
    """
    settled = rows["is_settled"].to_numpy()
    found = Inferred(
        parents=np.where(settled, rows["parent"].to_numpy(), rows["submission"].to_numpy()),
        confidence=np.where(settled, np.float32(1.0), np.float32(UNSEEN)),
        under=np.full(rows.height, NONE),
        under_confidence=np.zeros(rows.height, np.float32),
        links=_link_unseen(rows),
    )
    if settled.all():
        return found
    is_open = ~pl.col("is_settled") & ~pl.col("is_placeholder")
    sizes = (
        rows.group_by("discussion", maintain_order=True)
        .agg(pl.len().alias("n"), is_open.any().alias("is_open"))
        .filter("is_open")
        .join(
            listings.select("discussion", "family", "lens", "listing"),
            on="discussion",
            how="left",
            maintain_order="left",
        )
    )
    links = [found.links]
    # A loop over batches of discussions, not over posts.
    for (family, lens), same in sizes.group_by("family", "lens", maintain_order=True):
        decide = _choose_decider(str(family), str(lens), pack, pl.DataFrame(schema=SHOWN) if shown is None else shown)
        batch_number = (same["n"].cum_sum() - 1) // BATCH_POSTS
        parts = same.with_columns(batch_number.alias("batch")).partition_by("batch", maintain_order=True)

        def decide_part(part: pl.DataFrame, decide: Decide = decide) -> Decided:
            here = rows.join(part.select("discussion", "listing"), on="discussion", maintain_order="left")
            return decide(here, posts, quotations, settings, pack)

        with ThreadPoolExecutor(1 if family in pack.streams else THREADS) as threads:
            for decided in threads.map(decide_part, parts):
                at = decided.rows
                found.parents[at], found.confidence[at] = decided.parents, decided.confidence.astype(np.float32)
                found.under[at] = decided.under
                found.under_confidence[at] = decided.under_confidence.astype(np.float32)
                links.append(decided.links)
    return Inferred(
        found.parents,
        found.confidence,
        found.under,
        found.under_confidence,
        pl.concat(links).sort("post_id", "rank"),
    )


def _choose_decider(family: str, lens: str, pack: ModelPack, shown: pl.DataFrame) -> Decide:
    """What decides on batches of a family of discussions under a lens."""
    if family in pack.streams and lens.startswith("time"):
        return partial(decide_streams, load_stream_model(pack.streams[family]), lens.split("-")[1])
    if lens in pack.links:
        return partial(decide_batch, load_model(lens, pack.links[lens]), shown=shown)
    raise SettingError(
        f"The model pack {pack.name} has no link model for {family} seen through {lens}; choose another or train one"
    )


def _link_unseen(rows: pl.DataFrame) -> pl.DataFrame:
    """Links of placeholders: top-level, as nothing else can be said."""
    unseen = rows.filter(~pl.col("is_settled") & pl.col("is_placeholder"))
    if unseen.is_empty():
        return empty_table(Links)
    above = unseen.select(pl.when(pl.col("submission") >= 0).then("submission")).to_series()
    links = unseen.select(
        "post_id",
        pl.lit(1).alias("rank"),
        rows["post_id"].gather(above).alias("parent_id"),
        pl.lit(0.0).alias("score"),
        pl.lit(UNSEEN).alias("confidence"),
        pl.lit(value=True).alias("is_chosen"),
        pl.lit([], dtype=Links.columns()["evidence"].dtype).alias("evidence"),
    )
    return fit_table(Links, links).sort("post_id", "rank")
