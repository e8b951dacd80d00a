"""Prints how well edits are told from other texts by their words alone.

    python -m benchmarks.edits DATA

DATA holds `edits/`, `trees/`, `mail/` and `chat/`. What is said of a pair of rewritten sentences comes from a forest
that has seen no version of either sentence; permuted sentences likewise. Damaged posts are judged by the shipped pack:
those of a `dev` split and of corpora that it was not trained on.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.lessons import draw_posts, fold, gather_lessons, gather_rewritten
from benchmarks.train_duplicates import PROBABILITY, count_pairs, train_verifier
from pipeline.algorithms.forests import run_forest
from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.hashed_words import split_texts
from pipeline.clusters import deduplicate
from pipeline.deduplicate.slips import slipped
from pipeline.deduplicate.verification import (
    LEAST_STAYED,
    close_guards,
    judge_pairs,
    load_verifier,
    measure_pairs,
    share_stayed,
)
from pipeline.pack import load_pack

FOLDS = 8
CORPORA = (
    ("trees/hn_hnlog", "train"), ("trees/discourse_urho3d", "train"), ("trees/reddit_praw_cassettes", "train"),
    ("trees/reddit_college", "dev"),
)  # fmt: skip
POSTS = 3000
Flags = NDArray[np.bool_]


def swap(words: list[str], rng: random.Random) -> list[str] | None:
    """Two words of six letters or more change places."""
    places = [i for i, word in enumerate(words) if len(word) >= 6 and word.isalpha()]
    pairs = [(i, j) for i in places for j in places if i < j and words[i].lower() != words[j].lower()]
    if not pairs:
        return None
    i, j = rng.choice(pairs)
    return [words[j] if k == i else words[i] if k == j else word for k, word in enumerate(words)]


def deny(words: list[str], rng: random.Random) -> list[str] | None:
    place = rng.randrange(1, len(words) + 1)
    return [*words[:place], "not", *words[place:]]


def affirm(words: list[str], rng: random.Random) -> list[str] | None:
    places = [i for i, word in enumerate(words) if word.lower() in ("not", "never")]
    dropped = rng.choice(places) if places else -1
    return [word for i, word in enumerate(words) if i != dropped] if places else None


def count_on(words: list[str], rng: random.Random) -> list[str] | None:
    places = [i for i, word in enumerate(words) if re.search(r"\d", word)]
    if not places:
        return None
    place = rng.choice(places)
    digits = re.search(r"\d+", words[place])
    assert digits is not None
    other = str(int(digits.group()) + rng.randrange(1, 9))
    return [word.replace(digits.group(), other, 1) if i == place else word for i, word in enumerate(words)]


def rename(words: list[str], rng: random.Random) -> list[str] | None:
    places = [i for i, word in enumerate(words) if i and re.fullmatch(r"[A-Z][a-z]{3,}", word)]
    if not places:
        return None
    place = rng.choice(places)
    other = rng.choice([name for name in ("Obama", "Sweden", "Martha", "Google", "Texas") if name != words[place]])
    return [other if i == place else word for i, word in enumerate(words)]


DAMAGES: dict[str, Callable[[list[str], random.Random], list[str] | None]] = {
    "two words swapped": swap, "not added": deny, "not removed": affirm, "number changed": count_on,
    "name changed": rename,
}  # fmt: skip


def cross_fit(lessons: pl.DataFrame) -> Flags:
    """What is accepted of the lessons, each judged by a forest that has seen neither of its groups."""
    counts = count_pairs(lessons["left"], lessons["right"])
    scores = np.zeros(lessons.height)
    folds = [(lessons[name].hash(11) % FOLDS).cast(pl.Int64).to_numpy() for name in ("group", "other_group")]
    for i in range(FOLDS):
        for j in range(i, FOLDS):
            judged = ((folds[0] == i) & (folds[1] == j)) | ((folds[0] == j) & (folds[1] == i))
            taught = ~(np.isin(folds[0], (i, j)) | np.isin(folds[1], (i, j)))
            if judged.any():
                forest = train_verifier(lessons.filter(pl.Series(taught)), counts[taught])
                scores[judged] = run_forest(forest, measure_pairs(counts[judged]))
    open_pairs = (close_guards(counts) == 0) & (share_stayed(counts) >= LEAST_STAYED)
    accepted = open_pairs & (1 / (1 + np.exp(-scores)) >= PROBABILITY)
    return accepted | slipped(lessons["left"], lessons["right"], close_guards(counts))


def score_components(sentences: pl.DataFrame, pairs: NDArray[np.int64]) -> tuple[float, float, float]:
    """Pairwise precision, recall and F1 of the components over accepted pairs, against `gold`."""
    rows = sentences.select("gold", found=pl.Series(connected_components(sentences.height, pairs[:, 0], pairs[:, 1])))

    def count(*columns: str) -> int:
        sizes = rows.group_by(*columns).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    both, found, gold = count("gold", "found"), count("found"), count("gold")
    return both / max(1, found), both / max(1, gold), 2 * both / max(1, found + gold)


def judge_damage(path: Path, split: str) -> dict[str, str]:
    """Share of damaged posts that are accepted as the same, and of how many."""
    posts, rng, found = draw_posts(path, split, POSTS, seed=11), random.Random(13), {}
    verifier = load_verifier(load_pack())
    for name, damage in DAMAGES.items():
        pairs = [(post, " ".join(damaged)) for post in posts if (damaged := damage(post.split(), rng)) is not None]
        if not pairs:
            continue
        left, right = (fold(side) for side in zip(*pairs, strict=True))
        n = len(pairs)
        texts = split_texts(pl.concat([left, right]))
        judged = judge_pairs(texts, np.stack([np.arange(n), np.arange(n) + n], axis=1), verifier)
        accepted = judged.accepted | slipped(left, right, judged.guards)
        changed = (left != right).to_numpy()
        found[name] = f"{accepted[changed].mean():.3f} of {int(changed.sum())}"
    return found


def rejoin_versions(path: Path) -> str:
    """How versions of posts come together again: ids hidden, author and topic known, no times."""
    versions = pl.read_parquet(path).with_row_index("id").with_columns(discussion_id=pl.col("topic_id").cast(pl.String))
    versions = versions.filter(~pl.col("text").str.contains(r"^\s*\((?:post|topic) deleted by author\)\s*$"))
    found = deduplicate(versions.select("id", "text", "author", "discussion_id")).clusters
    versions = versions.join(found, on="id").filter(pl.len().over("post_id") > 1)
    together = (
        versions.group_by("post_id", "cluster_id").len().group_by("post_id").agg(pl.col("len").max())["len"].sum()
    )
    merged = versions.group_by("cluster_id").agg(pl.col("post_id").n_unique() - 1)["post_id"].sum()
    return (
        f"rejoined {together} of {versions.height} ({together / versions.height:.4f}), different posts merged {merged}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    print(f"{dt.date.today()} · {platform.machine()} {platform.processor()} · Python {platform.python_version()}")
    lessons = gather_lessons(data)
    accepted = cross_fit(lessons)
    sentences, _ = gather_rewritten(data)
    rewritten = lessons.filter(pl.Series(accepted) & (pl.col("kind") == "rewritten"))
    rows = [sentences["words"].search_sorted(rewritten[side]).to_numpy() for side in ("left", "right")]
    precision, recall, f1 = score_components(sentences, np.stack(rows, axis=1).astype(np.int64))
    print(f"jfleg_edits, folds not trained on: precision {precision:.4f} recall {recall:.4f} F1 {f1:.4f}")
    permuted = (lessons["kind"] == "permuted").to_numpy()
    print(f"paws_pairs, label 0, folds not trained on: accepted {accepted[permuted].mean():.3f} of {permuted.sum()}")
    print(f"discourse_delving_edits: {rejoin_versions(data / 'edits' / 'discourse_delving_edits.parquet')}", flush=True)
    for name, split in CORPORA:
        found = judge_damage(data / f"{name}.parquet", split)
        shares = ", ".join(f"{damage} {share}" for damage, share in found.items())
        print(f"damaged, {name} ({split}), accepted: {shares}", flush=True)


if __name__ == "__main__":
    main()
