"""The runs that an archive is made of.

In: an open archive and the snapshots that are still kept. Out: one row per run.

>>> list_runs(open_archive("parquet"), kept_snapshots("parquet")).select("run_id", "posts").rows()
[('20260101T000000-ab12', 190)]
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import polars as pl

_COUNTED = ("posts", "discussions", "sightings", "quarantine")


class Recorded(Protocol):
    """An open archive: its record of runs."""

    @property
    def runs(self) -> pl.LazyFrame: ...


def list_runs(archive: Recorded, kept: Collection[str]) -> pl.DataFrame:
    """Every run that published, the newest last.

    Args:
        archive: the current snapshot, which records all runs before it.
        kept: run ids whose snapshots can still be opened.

    Returns:
        run_id (String), seconds (Float64, wall time), captures and new (Int64: captures the tables were made from, and
        how many of them no run before had), the rows published of posts, discussions, sightings and quarantine (Int64,
        null where the run did not count them), code_version, model_pack (String), kept (Boolean).
    """
    runs = archive.runs.collect().sort("run_id")
    published = (
        runs.select("run_id", "counts")
        .explode("counts")
        .unnest("counts")
        .filter(pl.col("step") == "publish", pl.col("name").is_in(_COUNTED))
    )
    rows = [published.filter(pl.col("name") == name).select("run_id", pl.col("count").alias(name)) for name in _COUNTED]
    inputs = runs.select("run_id", capture="inputs").explode("capture").drop_nulls()
    new = inputs.unique("capture", keep="first", maintain_order=True).group_by("run_id").len("new")
    found = runs.select(
        "run_id",
        seconds=(pl.col("ended_at") - pl.col("started_at")).dt.total_milliseconds() / 1000,
        captures=pl.col("inputs").list.len().cast(pl.Int64),
        said=pl.struct("code_version", "model_pack"),
        kept=pl.col("run_id").is_in(list(kept)),
    )
    for counted in (new, *rows):
        found = found.join(counted, on="run_id", how="left", maintain_order="left")
    return found.select(
        "run_id", "seconds", "captures", pl.col("new").fill_null(0).cast(pl.Int64), *_COUNTED,
        pl.col("said").struct.unnest(), "kept",
    )  # fmt: skip
