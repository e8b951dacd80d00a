"""Fitting the model of one lens of pages: grounds to fit, calibrate and measure on; both passes; the temperature.

In: corpora with known parents. Out: a `LinkModel`, and figures.

>>> model = fit_passes("page-text", [grounds.fit for grounds in laid], EPOCHS, ROUNDS, print)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.evaluate import calibration_error
from pipeline.pack import ModelPack
from pipeline.reconstruct.corpus import PLAIN_VIEW, Corpus, View, draw, hide
from pipeline.reconstruct.decoding import temper_shares
from pipeline.reconstruct.fitting import fit_model
from pipeline.reconstruct.grounds import Ground, lay_ground, note_lessons, weigh_ground
from pipeline.reconstruct.growing import grow_forest
from pipeline.reconstruct.scoring import LinkModel, load_model, save_model

WINDOW = {"page": 128, "time": 100}
MOST_POSTS_IN_THREAD = 2000  # of a page; the few longer ones would outweigh all others
KEPT_OUT = 0.12
LATER_PASSES = 2
USUAL_POSTS = 20_000  # a corpus of fewer posts counts for more per post
MIXTURE = View(submission=0.5, no_authors=0.12, no_times=0.12, cut_quotes=0.5)
TEMPERATURES = tuple(round(float(value), 4) for value in np.geomspace(0.6, 2.5, 40))


@dataclass(frozen=True, eq=False)
class Grounds:
    """Grounds of one corpus: to fit (two halves of its threads), to calibrate on, to measure on."""

    fit: tuple[Ground, ...]
    calibrate: Ground
    measure: Ground


def lay_grounds(lens: str, corpus: Corpus, held: Corpus, pack: ModelPack) -> Grounds:
    """The corpus laid out for a lens; `held` is its dev split and may have no posts."""
    order = lens.split("-")[0]
    size = pl.len().over("thread_id")

    # Small corpora stand for kinds of sites as much as large ones do: half-way between equal posts and equal corpora.
    weight = (USUAL_POSTS / max(1, min(int(corpus.posts["labelled"].sum()), USUAL_POSTS))) ** 0.5

    def lay(source: Corpus, view: View) -> Ground:
        return lay_ground(lens, hide(source, lens, view), pack, WINDOW[order], weight)

    def part(where: pl.Expr) -> Corpus:
        return replace(corpus, posts=corpus.posts.filter(where))

    out, fits = draw("thread_id", "kept out", KEPT_OUT), size.is_between(2, MOST_POSTS_IN_THREAD)
    second = draw("thread_id", "half", 0.5)
    halves = [part(~out & fits & half) for half in (~second, second)]
    fit = tuple(lay(half, MIXTURE) for half in halves if half.posts.height)
    calibrate = lay(part(out & (size >= 2)), PLAIN_VIEW)
    if held.posts.is_empty():
        return Grounds(fit, calibrate, calibrate)
    return Grounds(fit, calibrate, lay(held, PLAIN_VIEW))


def fit_passes(
    lens: str, grounds: Sequence[Sequence[Ground]], epochs: int, trees: int, say: Callable[[str], None]
) -> LinkModel:
    """The model of a lens, not yet calibrated, as it comes back from a pack.

    Later passes learn from what earlier ones say of discussions that they were not fitted to: each half of a corpus is
    described by a model of the other halves.

    Args:
        grounds: the halves of each corpus.
    """
    model = fit_model(lens, [ground for parts in grounds for ground in parts], epochs)
    say(f"{lens}: first pass fitted")
    halved = [parts for parts in grounds if len(parts) == 2]
    others = [fit_model(lens, [parts[1 - half] for parts in halved], epochs) for half in range(2)]
    for number in range(LATER_PASSES):
        lessons = [[note_lessons(others[half], parts[half]) for parts in halved] for half in range(2)]
        forest = grow_forest(lessons[0] + lessons[1], lens.startswith("page"), trees)
        model = replace(model, forests=(*model.forests, forest))
        looked_at = sum(lesson.truth.size for lesson in lessons[0] + lessons[1])
        say(f"{lens}: pass {number + 2} fitted to {looked_at} candidates")
        if number + 1 < LATER_PASSES:
            others = [
                replace(other, forests=(*other.forests, grow_forest(lessons[1 - half], lens.startswith("page"), trees)))
                for half, other in enumerate(others)
            ]
    return load_model(lens, save_model(model))


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
