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
from pipeline.ids import digest_columns
from pipeline.pack import ModelPack
from pipeline.reconstruct.corpus import FULL_VIEW, Corpus, View, draw, hide
from pipeline.reconstruct.decoding import temper_shares
from pipeline.reconstruct.fitting import fit_model
from pipeline.reconstruct.grounds import Ground, lay_ground, note_lessons, weigh_ground
from pipeline.reconstruct.growing import grow_forest
from pipeline.reconstruct.phrase_fitting import fit_phrases
from pipeline.reconstruct.scoring import LinkModel, load_model, save_model

WINDOW = {"page": 128, "time": 100}
MOST_POSTS_IN_THREAD = 1000  # the few longer ones would outweigh all others
# The part that threads go to, from the longest on: folds to fit to, and one to calibrate on. Parts come out of one size
# that way, and none without the long threads that decide what a corpus looks like.
DEALT = (0, 1, 2, 3, -1, 3, 2, 1, 0, 1, 0, 3, 2, -1, 2, 3, 0, 1)
KEPT_OUT = -1
FOLDS = 4
# With authors and times a page has more to tell once most of its tree is known: on threads kept out of training the
# second pass takes page-meta from .821 to .866, the third to .872 (2026-11-30, reddit_college).
LATER_PASSES = {"page-text": 2, "page-meta": 3, "time-text": 2, "time-meta": 2}
# Parts that the folds fall into; trees grown on the other parts describe the folds of one. Grown on fewer folds they
# describe worse than those that a later pass will meet, which then trusts them too little: confidences are too low.
# With authors and times that makes no difference (page-meta .882 with halves, .880 with quarters; 2026-12-01), and
# three passes take their time.
PARTS = {"page-text": 4, "page-meta": 2, "time-text": 4, "time-meta": 4}
USUAL_POSTS = 20_000  # a corpus of fewer posts counts for more per post,
EVEN = 0.65  # from 0, where every post counts the same, to 1, where every corpus does
PHRASED = ("page-text", "time-text")  # lenses whose later passes look at phrases too
MIXTURE = {
    "page": View(submission=0.75, no_authors=0.07, no_times=0.07, cut_quotes=0.5),
    "time": View(submission=0.75, no_authors=0.12, no_times=0.12, cut_quotes=0.5),
}
# Pages are often saved by time, oldest or newest first, and without times: a share of threads is shown so besides.
SORTED = View(
    submission=0.75, no_authors=0.07, no_times=0.7, cut_quotes=0.5, oldest_first=0.6, newest_first=0.4
)  # fmt: skip
RESORTED = {"page-meta": 0.3}  # lenses that are shown it, and of how many threads
TEMPERATURES = tuple(round(float(value), 4) for value in np.geomspace(0.6, 2.5, 160))
# How alike the surprises of two posts of a thread are: their intraclass correlation on threads kept out of fitting is
# .026 to .039 by lens (2026-12-01).
ALIKE = 0.03


@dataclass(frozen=True, eq=False)
class Grounds:
    """Grounds of one corpus: to fit (FOLDS parts of its threads; resorted: some of them as SORTED shows them), to
    calibrate on, to measure on."""

    fit: tuple[Ground, ...]
    resorted: tuple[Ground, ...]
    calibrate: Ground
    measure: Ground


def lay_grounds(lens: str, corpus: Corpus, held: Corpus, pack: ModelPack) -> Grounds:
    """The corpus laid out for a lens; `held` is its dev split and may have no posts."""
    order = lens.split("-")[0]

    # Small corpora stand for kinds of sites as much as large ones do: nearer to equal corpora than to equal posts.
    weight = (USUAL_POSTS / max(1, min(int(corpus.posts["labelled"].sum()), USUAL_POSTS))) ** EVEN

    def lay(source: Corpus, view: View) -> Ground:
        return lay_ground(lens, hide(source, lens, view), pack, WINDOW[order], weight)

    dealt = corpus.posts.select("thread_id").join(
        deal_threads(corpus), on="thread_id", how="left", maintain_order="left"
    )
    part, size = dealt["part"], dealt["size"]

    def take(number: int, most: int) -> Corpus:
        return replace(corpus, posts=corpus.posts.filter((part == number) & (size >= 2) & (size <= most)))

    folds = [take(fold, MOST_POSTS_IN_THREAD) for fold in range(FOLDS)]
    fit = tuple(lay(fold, MIXTURE[order]) for fold in folds if fold.posts.height)
    share = RESORTED.get(lens, 0.0)
    drawn = [replace(fold, posts=fold.posts.filter(draw("thread_id", "resorted", share))) for fold in folds]
    again = tuple(lay(fold, SORTED) for fold in drawn if fold.posts.height)
    calibrate = lay(take(KEPT_OUT, corpus.posts.height), FULL_VIEW)
    if held.posts.is_empty():
        return Grounds(fit, again, calibrate, calibrate)
    return Grounds(fit, again, calibrate, lay(held, FULL_VIEW))


def deal_threads(corpus: Corpus) -> pl.DataFrame:
    """Which part each thread goes to: thread_id, size, part (a fold, or KEPT_OUT)."""
    sizes = corpus.posts.group_by("thread_id").len("size")
    drawn = sizes.with_columns(digest_columns(sizes.select("thread_id"), "dealt").alias("drawn"))
    listed = drawn.sort("size", "drawn", descending=[True, False]).drop("drawn")
    return listed.with_columns(pl.Series("part", np.resize(np.array(DEALT, dtype=np.int64), listed.height)))


def fit_passes(
    lens: str, grounds: Sequence[Sequence[Ground]], epochs: int, trees: int, say: Callable[[str], None]
) -> LinkModel:
    """The model of a lens, not yet calibrated, as it comes back from a pack.

    Later passes learn from what earlier ones say of discussions that they were not fitted to: a fold is described by a
    network fitted to all other folds, and by trees grown on those that are not in its part (PARTS).

    Args:
        grounds: the folds of each corpus.
    """
    in_page_order = lens.startswith("page")
    model = _fit_first(lens, [ground for parts in grounds for ground in parts], epochs)
    say(f"{lens}: first pass fitted")
    folded = [parts for parts in grounds if len(parts) == FOLDS]
    others = [
        _fit_first(lens, [part for parts in folded for at, part in enumerate(parts) if at != fold], epochs)
        for fold in range(FOLDS)
    ]
    say(f"{lens}: first pass fitted to all but each fold")
    for number in range(LATER_PASSES[lens]):
        lessons = [[note_lessons(others[fold], parts[fold]) for parts in folded] for fold in range(FOLDS)]
        forest = grow_forest([lesson for fold in lessons for lesson in fold], in_page_order, trees)
        model = replace(model, forests=(*model.forests, forest))
        looked_at = sum(lesson.truth.size for fold in lessons for lesson in fold)
        say(f"{lens}: pass {number + 2} fitted to {looked_at} candidates")
        if number + 1 < LATER_PASSES[lens]:
            parts = PARTS[lens]
            for part in range(parts):
                rest = [lesson for fold, found in enumerate(lessons) if fold % parts != part for lesson in found]
                grown = grow_forest(rest, in_page_order, trees)
                for fold in range(part, FOLDS, parts):
                    others[fold] = replace(others[fold], forests=(*others[fold].forests, grown))
            say(f"{lens}: pass {number + 2} fitted to all but each of {parts} parts")
    return load_model(lens, save_model(model))


def _fit_first(lens: str, grounds: list[Ground], epochs: int) -> LinkModel:
    """The network, and the phrases that later passes look at."""
    model = fit_model(lens, grounds, epochs)
    return replace(model, phrases=fit_phrases(grounds)) if lens in PHRASED else model


def find_temperature(model: LinkModel, grounds: Sequence[Ground]) -> float:
    """The temperature under which the confidences of chosen links surprise least on posts kept out of fitting.

    What a confidence is worth is asked of posts, not of corpora; but posts of one thread tell less than as many of
    several, so each counts what its thread's design effect leaves of it (Kish 1965): else the one long thread of a
    corpus decides. Surprise is the logarithmic loss of a confidence against whether the link is right: what readers of
    `link_confidence` go by.
    """
    found = []
    for ground in grounds:
        scored = is_scored(ground)
        if scored.any():
            shares, chosen = weigh_ground(model, ground)
            thread = np.searchsorted(ground.starts, ground.pairs.children[scored], side="right")
            counts = 1 / (1 + (np.bincount(thread)[thread] - 1) * ALIKE)
            found.append((shares, ground.pairs.offsets, chosen, scored, (ground.truth[chosen] > 0)[scored], counts))

    def surprise(temperature: float) -> float:
        total = 0.0
        for shares, offsets, chosen, scored, right, counts in found:
            confidence = np.clip(temper_shares(shares, offsets, temperature)[chosen][scored], 1e-4, 1 - 1e-4)
            loss = -np.log(np.where(right, confidence, 1 - confidence))
            total += float((loss * counts).sum())
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
