"""Training: from corpora with known parents to the link models and word rarities of a model pack.

In: Parquet files of posts with parents (`pipeline.reconstruct.corpus` says which columns). Out: the files of a pack.

>>> train_links([Path("trees/reddit.parquet"), Path("chat/irc.parquet")], Path("pipeline/packs/default"))

Each lens is fitted on what a dump of its kind would show of the `train` split. A share of threads is kept out of the
fitting; on it posteriors are calibrated. The `dev` split (where a corpus has none: the threads kept out) only measures.
Nothing depends on the order of files or on chance, so training twice gives the same pack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from pipeline.algorithms.text import fold_words
from pipeline.evaluate import Evaluation, judge_links
from pipeline.pack import ModelPack
from pipeline.reconstruct.corpus import Corpus, read_corpus
from pipeline.reconstruct.fitting import EPOCHS
from pipeline.reconstruct.growing import ROUNDS
from pipeline.reconstruct.scoring import save_model
from pipeline.reconstruct.streams.families import FAMILIES
from pipeline.reconstruct.streams.model import save_stream_model
from pipeline.reconstruct.streams.training import belongs_to, train_streams
from pipeline.settings import Settings
from pipeline.train.card import STREAM_FIGURES, tell_accuracy, write_card
from pipeline.train.lenses import find_temperature, fit_passes, lay_grounds, measure_ground

LENSES = ("page-text", "page-meta", "time-text", "time-meta", *FAMILIES)
MIN_POSTS_WITH_WORD = 4
FIGURES = "figures.json"  # of all lenses of a pack, whenever they were trained: what its card tells


def count_words(corpora: Sequence[Corpus]) -> tuple[pl.DataFrame, float]:
    """Rarity of words over all posts: columns word, bits (sorted by word); and the bits of a word not listed."""
    texts = pl.concat([corpus.posts.select(fold_words(pl.col("text")).alias("word")) for corpus in corpora])
    texts = texts.filter(pl.col("word") != "")
    posts = texts.with_row_index("post").with_columns(pl.col("word").str.split(" ")).explode("word").unique()
    counted = posts.group_by("word").len("posts").filter(pl.col("posts") >= MIN_POSTS_WITH_WORD).sort("word")
    bits = (-(pl.col("posts") / texts.height).log(2)).round(3).cast(pl.Float32).alias("bits")
    return counted.select("word", bits), round(float(np.log2(texts.height)), 3)


def _keep_quiet(_: str) -> None:
    """Says nothing."""


def train_links(
    corpora: Sequence[Path],
    out_pack: Path,
    name: str,
    date: str,
    lenses: Sequence[str] = LENSES,
    epochs: int = EPOCHS,
    rounds: Sequence[int] | None = None,
    trees: int | None = None,
    say: Callable[[str], None] = _keep_quiet,
) -> dict[str, Any]:
    """Trains the models of the lenses and writes them as a pack.

    Args:
        corpora: files; those in page order teach all lenses, the others those of time order.
        out_pack: folder of the pack; its files are replaced, but for models of lenses that are not trained now, and
            where there are such for its words, which they were fitted to.
        name: of the pack, as runs record it.
        date: of training, for the card.
        lenses: which to train, the families of streams (chat, mail) among them; other discussions cannot be inferred
            with the pack.
        epochs: how often each discussion is looked at.
        rounds: trees of each pass over streams; what their family usually has if left out.
        trees: of the second pass over pages; ROUNDS if left out.
        say: told of each step as it ends.

    Returns:
        What the card tells: per lens and corpus the accuracy and two baselines on held-out posts.
    """
    read = [read_corpus(path, "train") for path in sorted(corpora, key=lambda path: path.stem)]
    held = {path.stem: read_corpus(path, "dev") for path in corpora}
    kept = _keep_words(out_pack) if set(lenses) < set(LENSES) else None
    words, unseen_bits = kept or count_words(read)
    pack = ModelPack(name, words, unseen_bits, {})
    out_pack.mkdir(parents=True, exist_ok=True)
    words.write_parquet(out_pack / "words.parquet", compression="zstd")
    say(f"{words.height} words")
    report: dict[str, Any] = {}
    for lens in lenses:
        if lens in FAMILIES:
            report |= train_family(lens, corpora, read, pack, out_pack, rounds, say)
            continue
        fit, calibrate, measure = [], [], {}
        for corpus in read:
            if corpus.is_stream or (lens.startswith("page") and not corpus.in_page_order):
                continue
            grounds = lay_grounds(lens, corpus, held[corpus.name], pack)
            fit += [grounds.fit, grounds.resorted]
            calibrate.append(grounds.calibrate)
            measure[corpus.name] = grounds.measure
        if not fit:
            continue
        say(f"{lens}: laid out")
        model = fit_passes(lens, fit, epochs, trees or ROUNDS, say)
        model = replace(model, temperature=find_temperature(model, calibrate))
        report[lens] = {name: measure_ground(model, ground) for name, ground in measure.items()}
        report[lens] = {name: found for name, found in report[lens].items() if found["posts"] > 0}
        accuracy = float(np.mean([found["accuracy"] for found in report[lens].values()]))
        model = replace(model, expected_accuracy=accuracy)
        (out_pack / f"{lens}.json").write_bytes(orjson.dumps(save_model(model), option=orjson.OPT_APPEND_NEWLINE))
        say(f"{lens}: temperature {model.temperature}, " + ", ".join(tell_accuracy(report[lens])))
    facts = {
        "name": name,
        "unseen_bits": unseen_bits,
        "links": {lens: f"{lens}.json" for lens in LENSES if _is_kept(out_pack, lens) and lens not in FAMILIES},
        "streams": [family for family in FAMILIES if _is_kept(out_pack, family)],
    }
    (out_pack / "pack.json").write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    figures = out_pack / FIGURES
    known = orjson.loads(figures.read_bytes()) if figures.is_file() else {}
    whole = dict(sorted((known | report).items()))
    figures.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    (out_pack / "card.md").write_text(write_card(name, date, read, words.height, whole), encoding="utf-8")
    return report


def _keep_words(out_pack: Path) -> tuple[pl.DataFrame, float] | None:
    """The words and unseen bits that the pack has, None where there is no pack."""
    if not (out_pack / "pack.json").is_file():
        return None
    facts = orjson.loads((out_pack / "pack.json").read_bytes())
    return pl.read_parquet(out_pack / "words.parquet"), float(facts["unseen_bits"])


def _is_kept(out_pack: Path, lens: str) -> bool:
    return (out_pack / f"{lens}.json").is_file()


def train_family(
    name: str,
    paths: Sequence[Path],
    corpora: Sequence[Corpus],
    pack: ModelPack,
    out_pack: Path,
    rounds: Sequence[int] | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Trains the model of a family of streams, writes it, and measures it as a run would use it.

    Returns:
        As `train_links`, per kind of lens; nothing where no corpus is of the family.
    """
    mine = [corpus for corpus in corpora if belongs_to(FAMILIES[name], corpus)]
    if not mine:
        return {}
    weights = save_stream_model(train_streams(FAMILIES[name], mine, pack, rounds, say))
    (out_pack / f"{name}.json").write_bytes(orjson.dumps(weights.facts, option=orjson.OPT_APPEND_NEWLINE))
    weights.nodes.write_parquet(out_pack / f"{name}.parquet", compression="zstd", compression_level=19)
    known = {corpus.name for corpus in mine}
    measured = sorted((path for path in paths if path.stem in known), key=lambda path: path.stem)
    return measure_family(name, measured, replace(pack, streams={name: weights}), say)


def measure_family(name: str, paths: Sequence[Path], pack: ModelPack, say: Callable[[str], None]) -> dict[str, Any]:
    """What the card tells of the model of a family, by how many passes are made and by lens."""
    report: dict[str, Any] = {}
    most = len(pack.streams[name].facts["accuracy"]["meta"])
    for lens in ("time-meta", "time-text"):
        for passes in range(1, most + 1):
            key = f"{name}, {lens}" + (f", pass {passes} of {most}" if most > 1 else "")
            report[key] = {
                path.stem: _tell_stream(judge_links(path, lens, pack, Settings(stream_passes=passes))) for path in paths
            }
            say(f"{key}: " + ", ".join(tell_accuracy(report[key])))
    return report


def _tell_stream(found: Evaluation) -> dict[str, float]:
    return {
        "posts": float(found.posts),
        "accuracy": found.found["accuracy"],
        "ece": found.confidence["ece"],
        "all_previous": found.all_previous["accuracy"],
        "all_root": found.all_root["accuracy"],
        **{name: round(found.found[name], 4) for name in STREAM_FIGURES},
    }
