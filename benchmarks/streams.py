"""Prints how long the parents of one long chat take, and how much memory.

    python -m benchmarks.streams CORPUS.parquet [--messages 250000] [--passes 1]

The messages of a corpus of chats stand behind each other as one stream, from the beginning again where it has fewer.
Peak memory is of the process, so one number of passes is measured at a time.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipeline.pack import load_pack
from pipeline.reconstruct import reconstruct_links
from pipeline.reconstruct.corpus import Corpus, hide, read_corpus
from pipeline.settings import Settings


def join_chats(corpus: Corpus, messages: int) -> Corpus:
    """One stream of so many messages, no parent known."""
    posts = corpus.posts
    rounds = -(-messages // posts.height)
    whole = pl.concat([posts.with_columns(pl.lit(at).alias("round")) for at in range(rounds)]).head(messages)
    return replace(
        corpus,
        posts=whole.with_columns(
            id=pl.format("{} {} {}", "round", "thread_id", "id"),
            thread_id=pl.lit("one"),
            ordinal=pl.int_range(pl.len()),
            parent_id=pl.lit(None, dtype=pl.String),
            parent_ids=pl.lit([], dtype=pl.List(pl.String)),
        ).drop("round"),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--messages", type=int, default=250_000)
    parser.add_argument("--passes", type=int, default=1)
    asked = parser.parse_args()
    corpus = read_corpus(asked.corpus)
    settings = Settings(stream_passes=asked.passes)
    for messages in (300, asked.messages):  # kernels are compiled over the first few
        lesson = hide(join_chats(corpus, messages), "time-meta")
        wall, own = time.perf_counter(), time.process_time()
        reconstruct_links(lesson.posts, lesson.quotations, settings, load_pack())
        wall, own = time.perf_counter() - wall, time.process_time() - own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores")
    print(f"{asked.messages:,} messages, {asked.passes} passes: {wall:.0f} s, {own:.0f} s of processor, {peak:.0f} MB")


if __name__ == "__main__":
    main()
