"""Measuring: how many repetitions are found in a table whose clusters are known.

In: a table of texts with the cluster that each belongs to. Out: pairwise and B³ precision, recall and F1, and pairs by
kind.

>>> evaluate_duplicates(pl.read_parquet("jfleg_edits.parquet").rename({"gold": "cluster"}))["pairs"]["f1"]
0.85
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import polars as pl

from pipeline.algorithms.clusterings import Agreement, agree, match_pairs, score_b_cubed
from pipeline.clusters import deduplicate
from pipeline.errors import SettingError
from pipeline.ids import digest_texts
from pipeline.normalise.words import fold_texts
from pipeline.settings import Settings

_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": pl.read_csv,
    ".jsonl": pl.read_ndjson,
    ".ndjson": pl.read_ndjson,
    ".parquet": pl.read_parquet,
}


def read_labelled(path: Path) -> pl.DataFrame:
    """A table of texts with known clusters: CSV, JSON lines or Parquet, by the ending of its name.

    Raises:
        SettingError: it is none of these, cannot be read, or lacks a column.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise SettingError(f"{path} ends in none of {', '.join(_READERS)}")
    try:
        frame = reader(path)
    except (pl.exceptions.PolarsError, FileNotFoundError) as error:
        raise SettingError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    if missing := sorted({"id", "text", "cluster"} - set(frame.columns)):
        raise SettingError(
            f"{path} lacks the column {', '.join(missing)}; it needs id, text and cluster, and may have author, "
            "created_at and discussion_id"
        )
    return frame


def evaluate_duplicates(labelled: pl.DataFrame, settings: Settings | None = None) -> dict[str, dict[str, float]]:
    """How well `pipeline.clusters.deduplicate` finds known clusters.

    Args:
        labelled: id, text, cluster; optional author, created_at, discussion_id. A null cluster is one of its own.
        settings: as `deduplicate` takes them.

    Returns:
        By name: rows, clusters (true ones of two rows or more) and found (such clusters found) under "counts"; under
        "pairs" and "b_cubed" precision, recall and f1; under "recapture", "edit" and "repost" the same for pairs of
        that kind, with the number of true ones. A pair of equal words by one known author in one discussion at one time
        is a recapture; one of other words by one known author in one discussion is an edit, be it cut off or changed;
        any other pair is a repost.

    Raises:
        SettingError: a column is missing, or an id stands twice.
    """
    found = deduplicate(labelled, settings).clusters["cluster_id"]
    own = pl.format("\x00{}", pl.int_range(pl.len()))  # a null is like nothing
    texts = labelled["text"].cast(pl.String).fill_null("")
    rows = labelled.select(
        true=pl.col("cluster").cast(pl.String).fill_null(own),
        **{
            name: pl.col(name).cast(pl.String) if name in labelled.columns else pl.lit(None, pl.String)
            for name in _FACTS
        },
    ).with_columns(
        found=found.cast(pl.String), words=digest_texts(fold_texts(texts)), author=pl.col("author").fill_null(own)
    )
    true, told = rows["true"].rank("dense").to_numpy(), rows["found"].rank("dense").to_numpy()
    figures: dict[str, dict[str, float]] = {
        "counts": {
            "rows": rows.height,
            "clusters": rows.group_by("true").len().filter(pl.col("len") > 1).height,
            "found": rows.group_by("found").len().filter(pl.col("len") > 1).height,
        },
        "pairs": asdict(match_pairs(told, true)),
        "b_cubed": asdict(score_b_cubed(told, true)),
    }
    kinds = zip(
        _count_kinds(rows, ["true", "found"]), _count_kinds(rows, ["found"]), _count_kinds(rows, ["true"]), strict=True
    )
    for kind, (right, said, there) in zip(("recapture", "edit", "repost"), kinds, strict=True):
        agreement: Agreement = agree(right, said, there)
        figures[kind] = {**asdict(agreement), "pairs": there}
    return figures


_FACTS = ("author", "created_at", "discussion_id")


def _count_kinds(rows: pl.DataFrame, together: list[str]) -> tuple[int, int, int]:
    """Recaptures, edits and reposts among the pairs of rows that agree in the columns given.

    They are counted by the sizes of groups and never listed: a million copies have half a billion thousand pairs.
    """

    def pairs(*more: str) -> int:
        sizes = rows.group_by(*together, *more).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    by_one = ("author", "discussion_id")
    recaptures = pairs(*by_one, "words", "created_at")
    edits = pairs(*by_one) - pairs(*by_one, "words")
    return recaptures, edits, pairs() - recaptures - edits
