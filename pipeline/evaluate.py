"""Measuring: how many parents come out right when a corpus with known parents is shown as a poorer dump of it.

In: a corpus file and a lens. Out: accuracy, calibration error and two baselines, through the same code as a run.

>>> evaluate_links(Path("trees/reddit.parquet"), "page-text")["accuracy"]
0.66
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.pack import ModelPack, load_pack
from pipeline.reconstruct import Reconstruction, reconstruct_links
from pipeline.reconstruct.corpus import PLAIN_VIEW, View, hide, read_corpus
from pipeline.settings import Settings


def evaluate_links(
    corpus: Path,
    lens: str,
    pack: ModelPack | None = None,
    settings: Settings | None = None,
    split: str = "dev",
    fewest: int = 2,
    most: int = 1_000_000,
    view: View = PLAIN_VIEW,
) -> dict[str, float]:
    """How well the parents of a corpus are found under a lens.

    Args:
        corpus: file of posts with parents; `pipeline.reconstruct.corpus` says which columns.
        lens: page-text, page-meta, time-text or time-meta. The first two need a corpus in page order.
        pack: models; the default pack if left out.
        settings: the default ones if left out.
        split: which rows of the corpus.
        fewest, most: posts of the threads that count.
        view: departures from the lens.

    Returns:
        posts (labelled, and not the first of their thread, which has no choice), accuracy (share of parents found),
        ece (expected calibration error of link_confidence, ten bins), all_previous and all_root (accuracy of calling
        every post an answer to the one just above, or to none), sure (share of posts with a confidence of 0.9 or more)
        and sure_accuracy (accuracy among them).

    Raises:
        ValueError: the lens needs page order and the corpus has none.
        OSError: the file is missing.
    """
    source = read_corpus(corpus, split)
    if lens.startswith("page") and not source.in_page_order:
        raise ValueError(f"{corpus.name} is not listed in page order, so it cannot be seen through {lens}")
    source = replace(source, posts=source.posts.filter(pl.len().over("thread_id").is_between(fewest, most)))
    lesson = hide(source, lens, view)
    found = reconstruct_links(lesson.posts, lesson.quotations, settings or Settings(), pack or load_pack())
    return _score(lesson.posts, lesson.gold, found)


def _score(posts: pl.DataFrame, gold: pl.DataFrame, found: Reconstruction) -> dict[str, float]:
    """Figures of `evaluate_links`."""
    heads = posts.filter("is_submission")["post_id"]
    listed = posts.filter(~pl.col("is_submission")).sort("discussion_id", "order")
    listed = listed.select(
        "post_id",
        pl.col("post_id").shift().over("discussion_id").alias("above"),
        (pl.int_range(pl.len()).over("discussion_id") == 0).alias("is_first"),
    )
    parent = pl.when(~pl.col("parent_id").is_in(heads.implode())).then("parent_id")
    links = found.posts.select("post_id", parent.alias("parent"), "link_confidence")
    table = listed.join(links, on="post_id").join(gold, on="post_id").filter(pl.col("labelled") & ~pl.col("is_first"))
    no_parent = pl.col("parents").list.len() == 0

    def answers(column: str) -> pl.Expr:
        return (
            pl.when(pl.col(column).is_null()).then(no_parent).otherwise(pl.col("parents").list.contains(pl.col(column)))
        )

    scored = table.select(
        answers("parent").fill_null(value=False).alias("right"),
        pl.col("parents").list.contains(pl.col("above")).fill_null(value=False).alias("previous"),
        no_parent.alias("root"),
        "link_confidence",
    )
    right = scored["right"].to_numpy()
    confidence = scored["link_confidence"].to_numpy().astype(np.float64)
    sure = confidence >= 0.9
    return {
        "posts": float(right.size),
        "accuracy": _share(right),
        "ece": calibration_error(confidence, right),
        "all_previous": _share(scored["previous"].to_numpy()),
        "all_root": _share(scored["root"].to_numpy()),
        "sure": _share(sure),
        "sure_accuracy": _share(right[sure]),
    }


def _share(found: NDArray[np.bool_]) -> float:
    return float(found.mean()) if found.size else 0.0


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and accuracy over equal bins, weighed by their posts."""
    if right.size == 0:
        return 0.0
    at = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(at, weights=confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / right.size)
