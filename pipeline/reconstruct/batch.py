"""One batch of discussions of one lens: candidates, scores, posteriors, and the forest they make.

In: rows of whole discussions, their texts, a model. Out: the decision on every open post, and its links.

>>> decided = decide_batch(model, rows, posts, quotations, settings, pack)
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import Ints, Table
from pipeline.reconstruct.candidates import list_candidates
from pipeline.reconstruct.chosen import IMPOSSIBLE, ChosenForest, Decided, find_denied, read_by_time
from pipeline.reconstruct.context import Context, lay_out
from pipeline.reconstruct.decoding import DECIMALS, choose_best, temper_shares, weigh_candidates
from pipeline.reconstruct.fences import UNFENCED
from pipeline.reconstruct.links import Reasons, list_links
from pipeline.reconstruct.nearfacts import lift_quotations
from pipeline.reconstruct.order_proofs import prove_links
from pipeline.reconstruct.pages import TOLD_TOP, UNTOLD, decode_pages
from pipeline.reconstruct.passes import Look, explain_links, look_again, name_reasons
from pipeline.reconstruct.scoring import LinkModel, score_pairs, weigh_words
from pipeline.settings import Settings

PAGE_PAIRS = 600_000  # pairs scored on a page too large for all of them: so far back is looked


def decide_batch(
    model: LinkModel,
    rows: pl.DataFrame,
    posts: pl.DataFrame,
    quotations: pl.DataFrame,
    settings: Settings,
    pack: ModelPack,
    shown: pl.DataFrame,
) -> Decided:
    """Parents of the open posts of whole discussions.

    Args:
        model: of the discussions' lens.
        rows: all rows of the discussions, sorted by row, with their listing; the other arguments as `infer_links` has
            them.
    """
    context = lay_out(rows, posts, quotations, pack, reading=() if model.lens.startswith("page") else (read_by_time(),))
    numbers = rows["row"].to_numpy()
    settled = rows["is_settled"].to_numpy()[np.searchsorted(numbers, context.rows[: context.n_posts])]
    children = np.flatnonzero(~settled)
    in_page_order = model.lens.startswith("page")
    window = _choose_window(context, settings, in_page_order)
    pairs = list_candidates(context, children, window[children], reach=not in_page_order)
    said = weigh_words(model, context)
    held: list[Table] = []
    scores = score_pairs(model, context, pairs, said, held)
    denied = find_denied(context, pairs, rows)
    scores[denied] = IMPOSSIBLE
    told = _find_told(context, rows)
    proofs = prove_links(context, pairs, rows, shown, window) if in_page_order else None
    if proofs is not None:
        scores += proofs.scores
    again = look_again(model, context, pairs, scores, said, Look(window, told, in_page_order), held)
    held.clear()
    lift = lift_quotations(context, pairs, again.scores, in_page_order)
    if proofs is not None:
        lift[proofs.disproved] = 0.0
        again = replace(again, orders=proofs.scores)
    again = replace(again, scores=again.scores + lift, lift=lift)
    scores = again.scores
    scores[denied] = IMPOSSIBLE
    if in_page_order:
        fences = UNFENCED if proofs is None else proofs.fences
        shares, chosen = decode_pages(
            scores, pairs.offsets, children, context.first, context.size, window, told, fences
        )
    else:
        shares = weigh_candidates(scores, pairs.offsets)
        chosen = choose_best(np.round(shares, DECIMALS), pairs.offsets)
    confidence = temper_shares(shares, pairs.offsets, model.temperature)
    if proofs is not None:
        confidence = np.minimum(confidence, proofs.surest)
    reasons = Reasons(name_reasons(model), partial(explain_links, model, context, pairs, again))
    forest = ChosenForest(rows, context, pairs)
    chosen = forest.choose(chosen)
    under, under_confidence = forest.find_surer(confidence, chosen)
    return Decided(
        rows=context.rows[children],
        parents=forest.parents(),
        confidence=confidence[chosen],
        under=under,
        under_confidence=under_confidence,
        links=list_links(rows, context, pairs, scores, confidence, chosen, settings.runners_up, reasons),
    )


def _choose_window(context: Context, settings: Settings, in_page_order: bool) -> Ints:
    """How many posts above each post are candidates, the same for all posts of a discussion."""
    if not in_page_order:
        return np.full(context.n_posts, settings.stream_window, dtype=np.int64)
    bounded = np.maximum(settings.exact_page_posts, PAGE_PAIRS // np.maximum(context.size, 1))
    return np.minimum(bounded, np.maximum(context.size - 1, 1))


def _find_told(context: Context, rows: pl.DataFrame) -> Ints:
    """Place on its page of each listed post's declared parent, TOLD_TOP where it answers none, UNTOLD where open."""
    numbers = rows["row"].to_numpy()
    at = np.searchsorted(numbers, context.rows[: context.n_posts])
    parent = rows["parent"].to_numpy()[at]
    entry = np.full(numbers.size, UNTOLD, dtype=np.int64)
    entry[at] = np.arange(context.n_posts)
    above = np.where(parent >= 0, entry[np.searchsorted(numbers, np.maximum(parent, 0))], UNTOLD)
    at_top = (parent < 0) | (parent == rows["submission"].to_numpy()[at])
    told = np.where(at_top, TOLD_TOP, np.where(above >= 0, context.place[np.maximum(above, 0)], UNTOLD))
    told = np.where(told >= context.place, UNTOLD, told)
    return np.where(rows["is_settled"].to_numpy()[at], told, UNTOLD)
