"""Prints how a pack that never saw a site finds its parents, and how once it is adapted to twenty threads of it.

    python -m benchmarks.adaptation CORPUS.parquet ... [--threads 20] [--lens page-meta] [--left-out NAME ...]

For each corpus in page order a pack is trained on all the others, then adapted to the first threads of two posts or
more (by a digest of their names) of the corpus' own train split; both are measured on its dev split, threads of 5 to
400 posts.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import tempfile
from pathlib import Path

import polars as pl

from pipeline.evaluate import evaluate_links
from pipeline.ids import digest_columns
from pipeline.pack import load_pack
from pipeline.reconstruct.corpus import read_corpus
from pipeline.train import train_links
from pipeline.train.adapting import adapt_links

COLUMNS = ("posts", "all_previous", "all_root", "accuracy", "ece", "sure", "sure_accuracy")


def take_threads(corpus: Path, threads: int, folder: Path) -> Path:
    """A corpus file of a few threads of the train split."""
    posts = pl.read_parquet(corpus).filter(pl.col("split") == "train")
    sizes = posts.group_by("thread_id").len().filter(pl.col("len") >= 2)
    drawn = sizes.with_columns(digest_columns(sizes.select("thread_id"), "adapt").alias("digest")).sort("digest")
    few = folder / corpus.name
    posts.filter(pl.col("thread_id").is_in(drawn["thread_id"].head(threads).implode())).write_parquet(few)
    heads = corpus.with_name(corpus.stem + ".threads.parquet")
    if heads.exists():
        (folder / heads.name).write_bytes(heads.read_bytes())
    return few


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, default=20)
    parser.add_argument("--lens", default="page-meta")
    parser.add_argument("--trees", type=int)
    parser.add_argument("--left-out", action="append")
    asked = parser.parse_args()
    today = dt.datetime.now(dt.UTC).date().isoformat()
    print(f"{today}, {platform.machine()}, {platform.python_version()}: {asked.lens}, {asked.threads} threads")
    print(f"{'corpus':28}{'pack':10}" + "".join(f"{name:>15}" for name in COLUMNS))
    paged = [corpus for corpus in asked.corpora if read_corpus(corpus, "train").in_page_order]
    for corpus in paged:
        if asked.left_out and corpus.stem not in asked.left_out:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            others, own = Path(scratch) / "others", Path(scratch) / "own"
            rest = [other for other in asked.corpora if other != corpus]
            train_links(rest, others, "others", today, (asked.lens,), trees=asked.trees)
            adapt_links([take_threads(corpus, asked.threads, Path(scratch))], own, "own", today, base=str(others))
            for name, folder in (("others", others), ("adapted", own)):
                found = evaluate_links(corpus, asked.lens, load_pack(str(folder)), fewest=5, most=400)
                figures = "".join(
                    f"{found[key]:>15.0f}" if key == "posts" else f"{found[key]:>15.3f}" for key in COLUMNS
                )
                print(f"{corpus.stem:28}{name:10}{figures}", flush=True)


if __name__ == "__main__":
    main()
