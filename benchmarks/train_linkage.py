"""Estimates what agreement is worth when records are linked, and writes it into a model pack.

    python -m benchmarks.train_linkage DATA --pack pipeline/packs/default

DATA holds `trees/` and `edits/`; their `train` parts are used. A weight is log2(m / u), in bits (Fellegi & Sunter
1969): how often a fact agrees of two sightings of one post (m), and of two other posts that might be taken for one (u).
What is not known of both has no weight. Every rate is given with the number of pairs that it rests on; of nothing that
was never seen it is said that it never happens (Laplace's rule). Training twice on the same data gives the same file.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from benchmarks.plant import CORPORA, write_world
from benchmarks.planted import fold

RARE_BITS = 30.0
SHAPE, THREADS, SEED = "jsonl-ids", 60, 3
# Who is known by a name that many share is not known.
NOBODY = ("[deleted]", "[removed]", "deleted", "anonymous", "guest")

Rate = tuple[int, int]  # pairs that agree, and all pairs


def read_posts(data: Path) -> pl.DataFrame:
    """thread, author, words of the posts to learn from."""
    frames = []
    for corpus in CORPORA:
        rows = pl.read_parquet(data / "trees" / f"{corpus}.parquet").filter(pl.col("text").fill_null("") != "")
        own = rows.filter(pl.col("split") == "train") if "train" in rows["split"].unique() else rows
        known = ~pl.col("author").str.to_lowercase().is_in(NOBODY)
        frames.append(
            own.sort("thread_id", "ordinal").select(
                pl.concat_str(pl.lit(f"{corpus} "), "thread_id").alias("thread"),
                author=pl.when(known).then("author"),
                words=fold("text"),
            )
        )
    return pl.concat(frames)


def rate_authors_on_a_page(posts: pl.DataFrame) -> Rate:
    """Pairs of posts of one page by known authors: how many have one author."""
    known = posts.drop_nulls("author")
    pages, voices = known.group_by("thread").len(), known.group_by("thread", "author").len()

    def pairs(sizes: pl.DataFrame) -> int:
        return int((sizes["len"].cast(pl.Int64) * (sizes["len"].cast(pl.Int64) - 1) // 2).sum())

    return pairs(voices), pairs(pages)


def rate_authors_elsewhere(posts: pl.DataFrame) -> Rate:
    """Texts that two pages show, by known authors: how many times by the same."""
    known = posts.drop_nulls("author").filter(pl.col("words").str.count_matches(" ") >= 7)
    known = known.unique(["thread", "author", "words"]).filter(pl.len().over("words").is_between(2, 50))
    both = known.join(known, on="words", suffix="_right").filter(pl.col("thread") < pl.col("thread_right"))
    return int((both["author"] == both["author_right"]).sum()), both.height


def rate_versions(data: Path) -> Rate:
    """Versions of one post that follow each other: how many have the same author."""
    rows = pl.read_parquet(data / "edits" / "discourse_delving_edits.parquet").sort("post_id", "version")
    same = (pl.col("author") == pl.col("author").shift(1)).over("post_id").drop_nulls()
    return int(rows.select(same.sum()).item()), int(rows.select(same.len()).item())


def rate_neighbours(data: Path) -> tuple[Rate, Rate]:
    """Of two sightings of one post in two captures that have a row before them, how many have the same; and of two
    posts of one page with equal words."""
    same, other = [0, 0], [0, 0]
    with tempfile.TemporaryDirectory() as folder:
        for corpus in CORPORA:
            write_world(data, Path(folder), corpus, SHAPE, THREADS, SEED)
            records = pl.read_parquet(Path(folder) / f"{corpus}-{SHAPE}" / "records.parquet")
            records = records.with_columns(words=fold("text")).sort("file", "ordinal")
            records = records.with_columns(before=pl.col("words").shift(1).over("file")).drop_nulls("before")
            side = records.select("thread", "file", "post", "words", "before")
            seen = side.join(side, on=["thread", "post"], suffix="_right").filter(pl.col("file") < pl.col("file_right"))
            equal = side.join(side, on=["thread", "words"], suffix="_right")
            equal = equal.filter(pl.col("post") < pl.col("post_right"), pl.col("words") != "")
            for found, pairs in ((same, seen), (other, equal)):
                found[0] += int((pairs["before"] == pairs["before_right"]).sum())
                found[1] += pairs.height
    return (same[0], same[1]), (other[0], other[1])


def weigh(m: Rate, u: Rate) -> dict[str, Any]:
    """Bits of agreement and of disagreement, and what they rest on."""
    shares = [(agree + 1) / (pairs + 2) for agree, pairs in (m, u)]
    return {
        "agree": round(math.log2(shares[0] / shares[1]), 2),
        "differ": round(math.log2((1 - shares[0]) / (1 - shares[1])), 2),
        "m": {"agree": m[0], "pairs": m[1]},
        "u": {"agree": u[0], "pairs": u[1]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pack", type=Path, default=Path("pipeline/packs/default"))
    asked = parser.parse_args()
    posts, kept = read_posts(asked.data), rate_versions(asked.data)
    weights = {
        "author": weigh(kept, rate_authors_on_a_page(posts)),
        "author_elsewhere": weigh(kept, rate_authors_elsewhere(posts)),
        "neighbour": weigh(*rate_neighbours(asked.data)),
    }
    (asked.pack / "linkage.json").write_bytes(
        orjson.dumps(weights, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
    for name, weight in weights.items():
        print(f"{name}: agreement {weight['agree']} bits, disagreement {weight['differ']} bits")


if __name__ == "__main__":
    main()
