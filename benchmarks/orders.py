"""Prints how many parents two captures of a page in different sort orders give away, by what else is known.

    python -m benchmarks.orders CORPUS.parquet ... [--split dev] [--seed 0] [--known times ...]

Each thread of 5 to 400 posts of a corpus in page order is listed twice: as it stands (Top), or with siblings by time
(Old) or the newest first (New), ties by id. Posts are left out of one listing or both by chance. Which posts are the
same is known; times, authors and words only as the column says (`orders`: nothing but the two orders; each with those
before it). The first post of a thread is not scored, nor posts whose parent is in neither listing. Proven are links
with `order` as evidence and a confidence of at least .999.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import random
import time
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipeline.pack import load_pack
from pipeline.reconstruct import reconstruct_links
from pipeline.reconstruct.corpus import Corpus, hide, read_corpus
from pipeline.settings import Settings
from pipeline.tables import Quotations, empty_table

Pair = tuple[str, str, float, float]  # two sorts, shares of posts that each leaves out
Truth = dict[str, str | None]

FEWEST, MOST = 5, 400
PROVEN = 0.999
PAIRS: tuple[Pair, ...] = (
    ("old", "new", 0.0, 0.0),
    ("old", "new", 0.0, 0.2),
    ("new", "old", 0.0, 0.2),
    ("old", "new", 0.2, 0.2),
    ("top", "new", 0.0, 0.2),
    ("new", "top", 0.0, 0.2),
)
SHOWN = ("orders", "times", "authors", "words")  # each with those before it


def list_posts(posts: pl.DataFrame, parents: Truth, sort: str) -> list[str]:
    """Ids of a thread's posts, depth first, siblings sorted."""
    ids, times = posts["post_id"].to_list(), dict(posts.select("post_id", "at").iter_rows())
    below: dict[str | None, list[str]] = {}
    for post in ids:
        below.setdefault(parents[post], []).append(post)
    if sort != "top":
        for siblings in below.values():
            siblings.sort(key=lambda post: (times[post], post), reverse=sort == "new")
    listed, stack = [], list(reversed(below[None]))
    while stack:
        listed.append(stack.pop())
        stack += reversed(below.get(listed[-1], []))
    return listed


def capture(
    corpus: Corpus, pair: tuple[str, str, float, float], seed: int
) -> tuple[pl.DataFrame, dict[str, str | None]]:
    """Places of posts in both listings of all threads, as a run keeps them, and true parents."""
    lesson = hide(corpus, "page-meta")
    posts = lesson.posts.filter(pl.len().over("discussion_id").is_between(FEWEST, MOST))
    truth = {post: (parents or [None])[0] for post, parents in lesson.gold.select("post_id", "parents").iter_rows()}
    chance, rows = random.Random(seed), []
    posts = posts.select("discussion_id", "post_id", pl.col("posted_at").alias("at"), "order")
    for (thread,), page in posts.sort("discussion_id", "order").group_by("discussion_id", maintain_order=True):
        for name, sort, share in zip("ab", pair[:2], pair[2:], strict=True):
            seen = [post for post in list_posts(page, truth, sort) if chance.random() >= share]
            rows += [(thread, name, 0, place, post) for place, post in enumerate(seen)]
    names = ("discussion_id", "capture_id", "listing", "place", "post_id")
    types = (pl.String, pl.String, pl.Int64, pl.UInt32, pl.String)
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row"), truth


def show(corpus: Corpus, orders: pl.DataFrame, shown: Iterable[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The posts of both listings as drafts with what is shown of them, and quotations among them."""
    lesson = hide(corpus, "page-meta" if {"times", "authors"} & set(shown) else "page-text")
    seen = orders.sort("capture_id", "place").unique("post_id", keep="first", maintain_order=True)
    at = seen.select("post_id", turned=pl.int_range(pl.len(), dtype=pl.Int64))
    posts = lesson.posts.join(at, on="post_id").with_columns(order="turned").drop("turned")
    if "authors" not in shown:
        posts = posts.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in ("author", "author_key"))
    if "words" in shown:
        return posts, lesson.quotations
    bare = posts.with_columns(text=pl.lit(""), words=pl.lit(""), mentions=pl.lit([], dtype=posts.schema["mentions"]))
    return bare, empty_table(Quotations)


def score(found: pl.DataFrame, links: pl.DataFrame, truth: Truth, first: set[str]) -> dict[str, float]:
    """Share of right parents, and of proven links that are right."""
    seen = set(found["post_id"])
    true = pl.col("post_id").replace_strict(truth, return_dtype=pl.String)
    fair = found.with_columns(true.alias("true")).filter(
        ~pl.col("post_id").is_in(list(first)) & (pl.col("true").is_null() | pl.col("true").is_in(list(seen)))
    )
    fair = fair.with_columns(right=pl.col("true").eq_missing(pl.col("parent_id")))
    by_order = pl.col("evidence").list.eval(pl.element().struct.field("signal") == "order").list.any()
    proven = links.filter("is_chosen", by_order, pl.col("confidence") >= PROVEN).select("post_id")
    told = fair.join(proven, on="post_id")
    return {"n": fair.height, "right": fair["right"].mean(), "proven": told.height, "so": told["right"].mean()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known", choices=SHOWN, action="append", help="what else is known; all in turn if left out")
    asked = parser.parse_args()
    today = dt.datetime.now(dt.UTC).date().isoformat()
    print(f"{today}, {platform.machine()}, {platform.python_version()}, split {asked.split}, seed {asked.seed}")
    heads = ("without", "right", "proven", "of them right", "cpu s")
    print(f"{'corpus':24}{'listings, left out':26}{'known':10}{'posts':>7}" + "".join(f"{head:>14}" for head in heads))
    settings, pack = Settings(), load_pack()
    for path in asked.corpora:
        corpus = read_corpus(path, asked.split)
        if not corpus.in_page_order:
            continue
        first = set(hide(corpus, "page-text").posts.sort("order").unique("discussion_id", keep="first")["post_id"])
        for pair in PAIRS:
            orders, truth = capture(corpus, pair, asked.seed)
            for known in range(1, len(SHOWN) + 1):
                if asked.known and SHOWN[known - 1] not in asked.known:
                    continue
                posts, quotations = show(corpus, orders, SHOWN[:known])
                alone = reconstruct_links(posts, quotations, settings, pack)
                begin = time.process_time()
                found = reconstruct_links(posts, quotations, settings, pack, orders)
                seconds = time.process_time() - begin
                before = score(alone.posts, alone.links, truth, first)
                got = score(found.posts, found.links, truth, first)
                name = f"{pair[0]} {pair[2]:.0%}, {pair[1]} {pair[3]:.0%}"
                figures = f"{got['n']:>7}{before['right']:>14.4f}{got['right']:>14.4f}{got['proven']:>14}"
                print(
                    f"{path.stem:24}{name:26}{SHOWN[known - 1]:10}{figures}{got['so'] or 0:>14.4f}{seconds:>14.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
