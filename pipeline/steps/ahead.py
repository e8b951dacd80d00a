"""Compiling ahead: the kernels of the last steps, in a process of their own while the first steps compile theirs.

In: nothing. Out: a warm cache. numba compiles a kernel when it is first called, one at a time in a process: where
Threadloom was just installed that is most of the first run, and the second core has nothing else to do.

>>> with compile_ahead():
...     run_direct(parameters)
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.algorithms.alignment import listing_rows, merge_listings
from pipeline.algorithms.text import fold_words
from pipeline.ids import digest_columns
from pipeline.pack import load_pack
from pipeline.reconstruct import reconstruct_links
from pipeline.reconstruct.page_structure import measure_page_structure
from pipeline.settings import Settings
from pipeline.tables import DraftPosts, Quotations, empty_table, fit_table

_TEXTS = (
    "Does the night ferry still run when the harbour is frozen over?",
    "It did last winter, but only until the middle of January.",
    "@ada who told you so? I waited an hour for it.",
    "Thanks, that helps.",
)
_AUTHORS = ("ada", "kit", "lou")


@contextmanager
def compile_ahead() -> Iterator[None]:
    """While the body runs, a second process compiles, where that was never done and there is a second core."""
    if (os.cpu_count() or 1) < 2 or _is_compiled():
        yield
        return
    quiet = subprocess.DEVNULL
    with subprocess.Popen([sys.executable, "-m", __name__], stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            yield
        finally:
            process.kill()


def _is_compiled() -> bool:
    folder = Path(measure_page_structure.stats.cache_path)
    return any(folder.glob("page_structure.measure_page_structure-*.nbi"))


def invent_posts() -> pl.DataFrame:
    """DraftPosts of a discussion in each of the ways in which dumps show one without parents."""
    ways = pl.DataFrame(
        {"order_known": ["page", "page", "time", "time"], "shape": ["page"] * 3 + ["stream"], "told": [1, 0, 0, 1]}
    )
    rows = pl.DataFrame({"order": range(12)}).with_columns(
        text=pl.col("order").replace_strict(range(12), _TEXTS * 3),
        author=pl.col("order").replace_strict(range(12), _AUTHORS * 4),
        minute=pl.col("order") * 7,
    )
    posts = ways.join(rows, how="cross").with_columns(
        post_id=digest_columns(ways.join(rows, how="cross"), "post"),
        discussion_id=digest_columns(ways.join(rows, how="cross").select("order_known", "shape", "told"), "discussion"),
        author=pl.when(pl.col("told") == 1).then("author"),
        posted_at=pl.when(pl.col("told") == 1).then(
            pl.datetime(2026, 1, 1, time_unit="us", time_zone="UTC") + pl.duration(minutes="minute")
        ),
    )
    filled = posts.with_columns(
        fold_words(pl.col("text")).alias("words"),
        author_key="author",
        posted_precision=pl.when(pl.col("told") == 1).then(pl.lit("second")),
        parent_known=pl.lit(value=False),
        is_submission=pl.lit(value=False),
        is_placeholder=pl.lit(value=False),
        n_sightings=pl.lit(1),
        quotes=pl.lit([], dtype=DraftPosts.columns()["quotes"].dtype),
        mentions=pl.lit([], dtype=DraftPosts.columns()["mentions"].dtype),
        flags=pl.lit([], dtype=pl.List(pl.String)),
    )
    return fit_table(DraftPosts, filled)


def _compile() -> None:
    """The last step first, for the run comes from the other end."""
    reconstruct_links(invent_posts(), empty_table(Quotations), Settings(), load_pack())
    merge_listings(listing_rows([0, 1, 2, 0, 2]), np.array([0, 3, 5]))


if __name__ == "__main__":
    _compile()
