"""One batch of streams of one family: laid out, passed over, and the forest that comes out of it.

In: rows of whole discussions, their texts, a model. Out: the decision on every open post, and its links.

>>> decided = decide_streams(model, "meta", rows, posts, quotations, settings, pack)
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import UNKNOWN, Flags, Ints
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.chosen import ChosenForest, Decided, find_denied, read_by_time
from pipeline.reconstruct.context import Context, lay_out
from pipeline.reconstruct.decoding import temper_shares
from pipeline.reconstruct.links import Reasons, list_links
from pipeline.reconstruct.streams.families import FAMILIES, lay_family
from pipeline.reconstruct.streams.model import StreamModel
from pipeline.reconstruct.streams.passes import explain_pass, run_passes
from pipeline.reconstruct.streams.signals import conversation
from pipeline.settings import Settings

PRIOR = "prior"  # what a score starts from before any signal has spoken


def decide_streams(
    model: StreamModel,
    kind: str,
    rows: pl.DataFrame,
    posts: pl.DataFrame,
    quotations: pl.DataFrame,
    settings: Settings,
    pack: ModelPack,
) -> Decided:
    """Parents of the open posts of whole streams.

    Args:
        model: of the streams' family.
        kind: of their lens, "meta" or "text".
        rows: all rows of the discussions, sorted by row, with their listing; the other arguments as `infer_links` has
            them.
    """
    context = lay_out(rows, posts, quotations, pack, reading=(read_by_time(),))
    numbers = rows["row"].to_numpy()
    at = np.searchsorted(numbers, context.rows[: context.n_posts])
    stream = lay_family(FAMILIES[model.family], context, posts[rows["source_row"].gather(at)], pack)
    children = np.flatnonzero(~rows["is_settled"].to_numpy()[at])
    passed = run_passes(
        model,
        stream,
        children,
        settings.stream_window,
        _find_declared(context, rows, at),
        settings.stream_passes,
        partial(_mark_denied, context, rows),
    )
    pairs = passed.sifted.pairs
    confidence = temper_shares(passed.shares, pairs.offsets, model.temperature[kind][passed.number - 1])
    forest = ChosenForest(rows, context, pairs)
    chosen = forest.choose(passed.chosen)
    under, under_confidence = forest.find_surer(confidence, chosen)
    reasons = Reasons(
        [*(signal.name for signal in model.signals), conversation.NAME, PRIOR],
        partial(explain_pass, model, stream, passed),
    )
    return Decided(
        rows=context.rows[children],
        parents=forest.parents(),
        confidence=confidence[chosen],
        under=under,
        under_confidence=under_confidence,
        links=list_links(rows, context, pairs, passed.scores, confidence, chosen, settings.runners_up, reasons),
    )


def _find_declared(context: Context, rows: pl.DataFrame, at: Ints) -> Ints:
    """int64[N]: entries of declared parents, -1 for none, and for one that stands below (clocks differ)."""
    numbers = rows["row"].to_numpy()
    entry = np.full(numbers.size, UNKNOWN)
    entry[at] = np.arange(context.n_posts)
    parent = np.where(rows["is_settled"].to_numpy(), rows["parent"].to_numpy(), UNKNOWN)[at]
    above = np.where(parent >= 0, entry[np.searchsorted(numbers, np.maximum(parent, 0))], UNKNOWN)
    return np.where(above < np.arange(context.n_posts), above, UNKNOWN)


def _mark_denied(context: Context, rows: pl.DataFrame, pairs: Pairs) -> Flags:
    """bool[pairs]: those that a person denied."""
    found = np.zeros(pairs.left.size, dtype=np.bool_)
    found[find_denied(context, pairs, rows)] = True
    return found
