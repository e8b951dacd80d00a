"""Training: from corpora with known parents to the link models and word rarities of a model pack.

In: Parquet files of posts with parents (`pipeline.reconstruct.corpus` says which columns). Out: the files of a pack.

>>> train_links([Path("trees/reddit.parquet"), Path("chat/irc.parquet")], Path("pipeline/packs/default"))

Each lens is fitted on what a dump of its kind would show of the `train` split. A share of threads is kept out of the
fitting; on it posteriors are calibrated. The `dev` split (where a corpus has none: the threads kept out) only measures.
Nothing depends on the order of files or on chance, so training twice gives the same pack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.text import fold_words
from pipeline.evaluate import calibration_error, evaluate_links
from pipeline.pack import ModelPack
from pipeline.reconstruct.corpus import PLAIN_VIEW, Corpus, View, draw, hide, read_corpus
from pipeline.reconstruct.decoding import temper_shares
from pipeline.reconstruct.fitting import EPOCHS, fit_model
from pipeline.reconstruct.grounds import Ground, lay_ground, note_lessons, weigh_ground
from pipeline.reconstruct.growing import ROUNDS, grow_forest
from pipeline.reconstruct.scoring import LinkModel, load_model, save_model
from pipeline.reconstruct.streams.families import FAMILIES
from pipeline.reconstruct.streams.model import save_stream_model
from pipeline.reconstruct.streams.training import belongs_to, train_streams

LENSES = ("page-text", "page-meta", "time-text", "time-meta", *FAMILIES)
MIN_POSTS_WITH_WORD = 4
WINDOW = {"page": 128, "time": 100}
MOST_POSTS_IN_THREAD = 2000  # of a page; the few longer ones would outweigh all others
MOST_CHILDREN = 5000  # per corpus in time order, drawn from those labelled
KEPT_OUT = 0.12
USUAL_POSTS = 20_000  # a corpus of fewer posts counts for more per post
MIXTURE = View(submission=0.25, no_authors=0.12, no_times=0.12, cut_quotes=0.5)
TEMPERATURES = tuple(round(float(value), 4) for value in np.geomspace(0.6, 2.5, 40))


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
    trees: int = ROUNDS,
    say: Callable[[str], None] = _keep_quiet,
) -> dict[str, Any]:
    """Trains the models of the lenses and writes them as a pack.

    Args:
        corpora: files; those in page order teach all lenses, the others those of time order.
        out_pack: folder of the pack; its files are replaced.
        name: of the pack, as runs record it.
        date: of training, for the card.
        lenses: which to train, the families of streams (chat, mail) among them; other discussions cannot be inferred
            with the pack.
        epochs: how often each discussion is looked at.
        rounds: trees of each pass over streams; what their family usually has if left out.
        trees: of the second pass over pages.
        say: told of each step as it ends.

    Returns:
        What the card tells: per lens and corpus the accuracy and two baselines on held-out posts.
    """
    read = [read_corpus(path, "train") for path in sorted(corpora, key=lambda path: path.stem)]
    held = {path.stem: read_corpus(path, "dev") for path in corpora}
    words, unseen_bits = count_words(read)
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
            if lens.startswith("page") and not corpus.in_page_order:
                continue
            grounds = lay_grounds(lens, corpus, held[corpus.name], pack)
            fit.append(grounds.fit)
            calibrate.append(grounds.calibrate)
            measure[corpus.name] = grounds.measure
        say(f"{lens}: laid out")
        model = fit_passes(lens, fit, epochs, trees, say)
        model = replace(model, temperature=find_temperature(model, calibrate))
        report[lens] = {name: measure_ground(model, ground) for name, ground in measure.items()}
        report[lens] = {name: found for name, found in report[lens].items() if found["posts"] > 0}
        accuracy = float(np.mean([found["accuracy"] for found in report[lens].values()]))
        model = replace(model, expected_accuracy=accuracy)
        (out_pack / f"{lens}.json").write_bytes(orjson.dumps(save_model(model), option=orjson.OPT_APPEND_NEWLINE))
        say(f"{lens}: temperature {model.temperature}, " + ", ".join(_tell(report[lens])))
    facts = {
        "name": name,
        "unseen_bits": unseen_bits,
        "links": {lens: f"{lens}.json" for lens in LENSES if _is_kept(out_pack, lens) and lens not in FAMILIES},
        "streams": [family for family in FAMILIES if _is_kept(out_pack, family)],
    }
    (out_pack / "pack.json").write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    (out_pack / "card.md").write_text(write_card(name, date, read, words.height, report), encoding="utf-8")
    return report


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
    trained = replace(pack, streams={name: weights})
    report: dict[str, Any] = {}
    for lens in ("time-meta", "time-text"):
        of_lens = {}
        for path in sorted(paths, key=lambda path: path.stem):
            if any(corpus.name == path.stem for corpus in mine):
                of_lens[path.stem] = evaluate_links(path, lens, trained)
        report[f"{name}, {lens}"] = of_lens
        say(f"{name}, {lens}: " + ", ".join(_tell(of_lens)))
    return report


def fit_passes(
    lens: str, grounds: Sequence[Sequence[Ground]], epochs: int, trees: int, say: Callable[[str], None]
) -> LinkModel:
    """The model of a lens, not yet calibrated, as it comes back from a pack.

    The second pass learns from what a first pass says of discussions that it was not fitted to: each half of a corpus
    is described by a model of the other halves.

    Args:
        grounds: the parts of each corpus; in page order two halves.
    """
    model = fit_model(lens, [ground for parts in grounds for ground in parts], epochs)
    say(f"{lens}: first pass fitted")
    lessons = []
    for half in range(2):
        other = fit_model(lens, [parts[1 - half] for parts in grounds if len(parts) == 2], epochs)
        lessons += [note_lessons(other, parts[half]) for parts in grounds if len(parts) == 2]
    say(f"{lens}: {sum(lesson.truth.size for lesson in lessons)} candidates looked at again")
    model = replace(model, forest=grow_forest(lessons, lens.startswith("page"), trees))
    return load_model(lens, save_model(model))


def write_card(name: str, date: str, corpora: Sequence[Corpus], n_words: int, report: dict[str, Any]) -> str:
    """The pack's card, in Markdown: what it was trained on and how well it does."""
    lines = [
        f"# Model pack {name}",
        "",
        f"Trained on {date} by `pipeline.train`. It holds {n_words:,} word rarities and one link model per lens.",
        "",
        "Trained on the `train` split of:",
        "",
        "| corpus | posts | labelled | listed by |",
        "| --- | ---: | ---: | --- |",
        *(
            f"| {corpus.name} | {corpus.posts.height:,} | {int(corpus.posts['labelled'].sum()):,} "
            f"| {'page' if corpus.in_page_order else 'time'} |"
            for corpus in corpora
        ),
        "",
        "Measured on the `dev` split, or, where a corpus has none, on posts kept out of training. The first post of a",
        "discussion, which has no choice, does not count. *ece* is the expected calibration error of the confidence;",
        "*previous* and *root* are the accuracy of calling every post an answer to the one just above, or to none.",
        "",
        "| lens | corpus | posts | accuracy | ece | previous | root |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for lens, measured in report.items():
        lines += [
            f"| {lens} | {corpus} | {int(found['posts']):,} | {found['accuracy']:.3f} | {found['ece']:.3f} "
            f"| {found['all_previous']:.3f} | {found['all_root']:.3f} |"
            for corpus, found in measured.items()
        ]
    lines += [
        "",
        "What it does not know: reply habits differ between sites more than replies do, so on a site unlike these the",
        "share of top-level posts is the first thing to be wrong. Texts are mostly English. No text of the corpora is",
        "in the pack but single words that at least four (in the link models: twelve) posts share.",
        "",
    ]
    return "\n".join(lines)


def _tell(report: dict[str, dict[str, float]]) -> list[str]:
    return [f"{name} {found['accuracy']:.3f} (ece {found['ece']:.3f})" for name, found in report.items()]


@dataclass(frozen=True, eq=False)
class Grounds:
    """Grounds of one corpus: to fit (in page order two halves of its threads), to calibrate on, to measure on."""

    fit: tuple[Ground, ...]
    calibrate: Ground
    measure: Ground


def lay_grounds(lens: str, corpus: Corpus, held: Corpus, pack: ModelPack) -> Grounds:
    """The corpus laid out for a lens; `held` is its dev split and may have no posts."""
    order = lens.split("-")[0]
    size = pl.len().over("thread_id")

    # Small corpora stand for kinds of sites as much as large ones do: half-way between equal posts and equal corpora.
    weight = (USUAL_POSTS / max(1, min(int(corpus.posts["labelled"].sum()), USUAL_POSTS))) ** 0.5

    def lay(source: Corpus, view: View, children: pl.Expr | None = None) -> Ground:
        return lay_ground(lens, hide(source, lens, view), pack, WINDOW[order], weight, children)

    def part(where: pl.Expr) -> Corpus:
        return replace(corpus, posts=corpus.posts.filter(where))

    fit: tuple[Ground, ...]
    if corpus.is_stream:
        # Few and long lists: posts are kept out, not threads.
        share = MOST_CHILDREN / max(1, int(corpus.posts["labelled"].sum()))
        drawn, out = draw("post_id", "drawn", share), draw("post_id", "kept out", KEPT_OUT)
        fit, calibrate = (lay(corpus, MIXTURE, drawn & ~out),), lay(corpus, PLAIN_VIEW, drawn & out)
    else:
        out, fits = draw("thread_id", "kept out", KEPT_OUT), size.is_between(2, MOST_POSTS_IN_THREAD)
        children = None
        if order == "time":
            children = draw("post_id", "drawn", MOST_CHILDREN / max(1, corpus.posts.height))
        second = draw("thread_id", "half", 0.5)
        halves = [part(~out & fits & half) for half in (~second, second)] if order == "page" else [part(~out & fits)]
        fit = tuple(lay(half, MIXTURE, children) for half in halves if half.posts.height)
        calibrate = lay(part(out & (size >= 2)), PLAIN_VIEW)
    if held.posts.is_empty():
        return Grounds(fit, calibrate, calibrate)
    return Grounds(fit, calibrate, lay(held, PLAIN_VIEW))


def find_temperature(model: LinkModel, grounds: Sequence[Ground]) -> float:
    """The temperature under which the confidences of chosen links surprise least on posts kept out of fitting.

    Larger corpora count for more, by the square root of their posts. Surprise is the logarithmic loss of a confidence
    against whether the link is right: what readers of `link_confidence` go by.
    """
    found = []
    for ground in grounds:
        scored = is_scored(ground)
        if scored.any():
            shares, chosen = weigh_ground(model, ground)
            found.append((shares, ground.pairs.offsets, chosen, scored, (ground.truth[chosen] > 0)[scored]))

    def surprise(temperature: float) -> float:
        total = 0.0
        for shares, offsets, chosen, scored, right in found:
            confidence = np.clip(temper_shares(shares, offsets, temperature)[chosen][scored], 1e-4, 1 - 1e-4)
            loss = -np.log(np.where(right, confidence, 1 - confidence))
            total += float(loss.mean() * np.sqrt(right.size))
        return total

    return min(TEMPERATURES, key=surprise)


def is_scored(ground: Ground) -> NDArray[np.bool_]:
    """Which children count when a model is measured: labelled ones that have more than one candidate."""
    return (ground.weight > 0) & (np.diff(ground.pairs.offsets) > 1)


def measure_ground(model: LinkModel, ground: Ground) -> dict[str, float]:
    """Accuracy of parents, calibration error and the two baselines on one ground."""
    scored = is_scored(ground)
    if not scored.any():
        return {"posts": 0}
    shares, chosen = weigh_ground(model, ground)
    offsets = ground.pairs.offsets
    confidence = temper_shares(shares, offsets, model.temperature)[chosen][scored]
    right = (ground.truth[chosen] > 0)[scored]
    return {
        "posts": int(scored.sum()),
        "accuracy": float(right.mean()),
        "ece": calibration_error(confidence, right),
        "all_previous": float((ground.truth[offsets[:-1][scored] + 1] > 0).mean()),
        "all_root": float((ground.truth[offsets[:-1][scored]] > 0).mean()),
    }
