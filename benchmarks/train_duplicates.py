"""Trains what the model pack knows of duplicates.

    python -m benchmarks.train_duplicates DATA --pack pipeline/packs/default

DATA holds `edits/`, `trees/`, `mail/` and `chat/` (`benchmarks.lessons` says which corpora). Training twice on the same
data gives the same files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from benchmarks.lessons import gather_lessons
from pipeline.algorithms.differences import count_differences
from pipeline.algorithms.forest_nodes import list_nodes
from pipeline.algorithms.forests import Forest
from pipeline.algorithms.hashed_words import split_texts
from pipeline.deduplicate.fitting import fit_forest, weigh_lessons
from pipeline.deduplicate.verification import LEAST_STAYED, MEASURES, load_words
from pipeline.pack import load_pack

# Real rewritings and permutations teach more than what a program made up.
PROBABILITY = 0.6
FAVOURS = {"rewritten": 6.0, "permuted": 2.0}


def count_pairs(left: pl.Series, right: pl.Series) -> NDArray[np.float32]:
    """What differs between folded texts, row by row."""
    n = left.len()
    rows = np.arange(n)
    texts = split_texts(pl.concat([left, right]))
    return count_differences(texts, np.stack([rows, rows + n], axis=1), load_words(load_pack()), LEAST_STAYED)


def train_verifier(lessons: pl.DataFrame, counts: NDArray[np.float32]) -> Forest:
    """The forest for pairs as `benchmarks.lessons` gives them; `counts` are theirs."""
    same = lessons["same"].to_numpy()
    return fit_forest(counts, same, weigh_lessons(lessons["kind"].to_numpy().astype(str), same, FAVOURS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pack", type=Path, default=Path("pipeline/packs/default"))
    asked = parser.parse_args()
    lessons = gather_lessons(asked.data)
    forest = train_verifier(lessons, count_pairs(lessons["left"], lessons["right"]))
    nodes = list_nodes(forest, decimals=4)
    nodes.write_parquet(asked.pack / "duplicates.parquet", compression="zstd")
    facts = {"columns": MEASURES, "probability": PROBABILITY}
    (asked.pack / "duplicates.json").write_bytes(
        orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
    print(f"{lessons.height:,} pairs, {nodes['tree'].n_unique()} trees, {nodes.height:,} nodes")


if __name__ == "__main__":
    main()
