"""Measuring: how many parents come out right when a corpus with known parents is shown as a poorer dump of it.

In: a corpus file and a lens. Out: figures beside those of two baselines, through the same code as a run.

>>> evaluate_links(Path("trees/reddit.parquet"), "page-text")["accuracy"]
0.66
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.evaluate.calibration import (
    SURE,
    Bin,
    brier_score,
    calibration_error,
    list_bins,
    trace_risk,
)
from pipeline.evaluate.measures import Replies, is_right, measure_forest
from pipeline.evaluate.plot import draw_reliability
from pipeline.pack import ModelPack, load_pack
from pipeline.reconstruct import Reconstruction, reconstruct_links
from pipeline.reconstruct.corpus import FULL_VIEW, View, hide, read_corpus
from pipeline.settings import Settings

__all__ = ["Evaluation", "calibration_error", "draw_reliability", "evaluate_links", "judge_links"]

Ints = NDArray[np.int64]

ALSO = 0.38  # confidence from which a runner-up is a second parent where several count: half of the F1 to expect


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well the parents of a corpus were found under a lens.

    Attributes:
        corpus, lens: which.
        posts: posts that are scored: labelled, and not the first of their page, which has no choice.
        found, all_previous, all_root: figures by name (`measures.NAMES`) of what was found, and of calling every post
            an answer to the one just above, or to none.
        confidence: ece, brier, base_brier (of a constant at the base rate), sure (share of posts with a confidence of
            0.9 or more), sure_accuracy (accuracy among them).
        bins: of confidence, ascending; risk: share kept, share wrong.
    """

    corpus: str
    lens: str
    posts: int
    found: dict[str, float]
    all_previous: dict[str, float]
    all_root: dict[str, float]
    confidence: dict[str, float]
    bins: list[Bin]
    risk: list[tuple[float, float]]


def evaluate_links(
    corpus: Path,
    lens: str,
    pack: ModelPack | None = None,
    settings: Settings | None = None,
    split: str = "dev",
    fewest: int = 2,
    most: int = 1_000_000,
    view: View = FULL_VIEW,
) -> dict[str, float]:
    """The chief figures of `judge_links`, which see: posts, accuracy, all_previous and all_root (their accuracy), and
    all of confidence."""
    found = judge_links(corpus, lens, pack, settings, split, fewest, most, view)
    return {
        "posts": float(found.posts),
        "accuracy": found.found["accuracy"],
        "all_previous": found.all_previous["accuracy"],
        "all_root": found.all_root["accuracy"],
        **found.confidence,
    }


def judge_links(
    corpus: Path,
    lens: str,
    pack: ModelPack | None = None,
    settings: Settings | None = None,
    split: str = "dev",
    fewest: int = 2,
    most: int = 1_000_000,
    view: View = FULL_VIEW,
) -> Evaluation:
    """How well the parents of a corpus are found under a lens.

    Args:
        corpus: file of posts with parents; `pipeline.reconstruct.corpus` says which columns.
        lens: one of `corpus.LENSES`; indent and those of page order need a corpus in page order.
        pack: models; the default pack if left out.
        settings: the default ones if left out.
        split: which rows of the corpus.
        fewest, most: posts of the threads that count.
        view: departures from the lens; by default what threads hang under is shown where it is known.

    Raises:
        ValueError: there is no such lens, or it needs page order and the corpus has none.
        OSError: the file is missing.
    """
    source = read_corpus(corpus, split)
    source = replace(source, posts=source.posts.filter(pl.len().over("thread_id").is_between(fewest, most)))
    lesson = hide(source, lens, view)
    found = reconstruct_links(lesson.posts, lesson.quotations, settings or Settings(), pack or load_pack())
    truth, listed = _lay_truth(lesson.posts, lesson.gold)
    parents, confidence = _read_parents(listed, found)
    several = bool((source.posts["parent_ids"].list.len() > 1).any())
    right = is_right(truth, parents)[truth.scored]
    sure = (believed := confidence[truth.scored]) >= SURE
    first = np.append(True, truth.discussion[1:] != truth.discussion[:-1])
    rows = np.arange(parents.size)
    rate = float(right.mean()) if right.size else 0.0
    return Evaluation(
        corpus=source.name,
        lens=lens,
        posts=int(truth.scored.sum()),
        found=measure_forest(truth, parents, _read_more(listed, found) if several else None),
        all_previous=measure_forest(truth, np.where(first, -1, rows - 1)),
        all_root=measure_forest(truth, np.full(parents.size, -1)),
        confidence={
            "ece": calibration_error(believed, right),
            "brier": brier_score(believed, right),
            "base_brier": rate * (1 - rate),
            "sure": float(sure.mean()) if sure.size else 0.0,
            "sure_accuracy": float(right[sure].mean()) if sure.any() else 0.0,
        },
        bins=list_bins(believed, right),
        risk=trace_risk(believed, right),
    )


def _lay_truth(posts: pl.DataFrame, gold: pl.DataFrame) -> tuple[Replies, pl.DataFrame]:
    """The true replies, and post_id and row of the posts in listing order."""
    listed = posts.filter(~pl.col("is_submission")).sort("discussion_id", "order")
    listed = listed.select("post_id", pl.col("discussion_id").rle_id().cast(pl.Int64).alias("discussion"))
    listed = listed.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    known = listed.join(gold, on="post_id", how="left", maintain_order="left")
    links = known.select("row", pl.col("parents").alias("post_id")).explode("post_id").drop_nulls("post_id")
    links = links.join(listed.select("post_id", pl.col("row").alias("parent")), on="post_id")
    labelled = known["labelled"].fill_null(value=False).to_numpy()
    discussion = listed["discussion"].to_numpy()
    first = np.append(True, discussion[1:] != discussion[:-1])[: discussion.size]
    return Replies(discussion, links["row"].to_numpy(), links["parent"].to_numpy(), labelled, labelled & ~first), listed


def _read_more(listed: pl.DataFrame, found: Reconstruction) -> tuple[Ints, Ints]:
    """Rows of posts, and of the runners-up for their parents that stand in the same thread and are sure enough.

    In a corpus that names several parents of a post, links count as a set (Kummerfeld et al. 2019): naming another one
    gains from half of the F1 on.
    """
    threads = found.posts.select("post_id", "thread_id")
    more = (
        found.links.filter(~pl.col("is_chosen") & (pl.col("confidence") >= ALSO))
        .select("post_id", "parent_id")
        .join(threads, on="post_id")
        .join(threads.rename({"post_id": "parent_id"}), on=["parent_id", "thread_id"])
        .join(listed.select("post_id", "row"), on="post_id")
        .join(listed.select(parent_id="post_id", parent="row"), on="parent_id")
        .sort("row", "parent")
    )
    return more["row"].to_numpy(), more["parent"].to_numpy()


def _read_parents(listed: pl.DataFrame, found: Reconstruction) -> tuple[Ints, NDArray[np.float64]]:
    """Row of each listed post's found parent, -1 for none or the submission; and the confidence of the link."""
    links = listed.select("post_id").join(
        found.posts.select("post_id", "parent_id", "link_confidence"), on="post_id", how="left", maintain_order="left"
    )
    above = links.select(pl.col("parent_id").alias("post_id")).join(
        listed.select("post_id", "row"), on="post_id", how="left", maintain_order="left"
    )
    confidence: NDArray[np.float64] = links["link_confidence"].cast(pl.Float64).to_numpy()
    return above["row"].fill_null(-1).to_numpy(), confidence
