"""One batch of discussions of one lens: candidates, scores, posteriors, and the forest they make.

In: rows of whole discussions, their texts, a model. Out: the decision on every open post, and its links.

>>> decided = decide_batch(model, rows, posts, quotations, settings, pack)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit

from pipeline.algorithms.trees import NONE, count_descendants, find_cycles, number_depth_first
from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import Floats, Ints
from pipeline.reconstruct.candidates import Pairs, list_candidates
from pipeline.reconstruct.context import Context, lay_out
from pipeline.reconstruct.decoding import DECIMALS, choose_best, temper_shares, weigh_candidates
from pipeline.reconstruct.links import list_links
from pipeline.reconstruct.pages import TOLD_TOP, UNTOLD, decode_pages
from pipeline.reconstruct.scoring import LinkModel, score_pairs
from pipeline.settings import Settings

IMPOSSIBLE = -1e6  # the score of a link that a person denied: its posterior is 0
PAGE_PAIRS = 600_000  # pairs scored on a page too large for all of them: so far back is looked


@dataclass(frozen=True, eq=False)
class Decided:
    """Decisions on the C open posts of a batch.

    Attributes:
        rows: int64[C], row numbers of the open posts.
        parents: int64[C], row numbers or -1.
        confidence: float64[C].
        under: int64[C], row numbers or -1.
        under_confidence: float64[C], 0 where under is -1.
        links: table Links.
    """

    rows: Ints
    parents: Ints
    confidence: Floats
    under: Ints
    under_confidence: Floats
    links: pl.DataFrame


def decide_batch(
    model: LinkModel,
    rows: pl.DataFrame,
    posts: pl.DataFrame,
    quotations: pl.DataFrame,
    settings: Settings,
    pack: ModelPack,
) -> Decided:
    """Parents of the open posts of whole discussions.

    Args:
        model: of the discussions' lens.
        rows: all rows of the discussions, sorted by row, with their listing; the other arguments as `infer_links` has
            them.
    """
    context = lay_out(rows, posts, quotations, pack, reading=() if model.lens.startswith("page") else (_flat_time(),))
    numbers = rows["row"].to_numpy()
    settled = rows["is_settled"].to_numpy()[np.searchsorted(numbers, context.rows[: context.n_posts])]
    children = np.flatnonzero(~settled)
    in_page_order = model.lens.startswith("page")
    window = _choose_window(context, settings, in_page_order)
    pairs = list_candidates(context, children, window[children], reach=not in_page_order)
    scores = score_pairs(model, context, pairs)
    scores[_find_denied(context, pairs, rows)] = IMPOSSIBLE
    if in_page_order:
        told = _find_told(context, rows)
        shares, chosen = decode_pages(scores, pairs.offsets, children, context.first, context.size, window, told)
    else:
        shares = weigh_candidates(scores, pairs.offsets)
        chosen = choose_best(np.round(shares, DECIMALS), pairs.offsets)
    confidence = temper_shares(shares, pairs.offsets, model.temperature)
    forest = _Forest(rows, context, pairs)
    chosen = forest.choose(chosen)
    under, under_confidence = forest.find_surer(confidence, chosen)
    return Decided(
        rows=context.rows[children],
        parents=forest.parents(),
        confidence=confidence[chosen],
        under=under,
        under_confidence=under_confidence,
        links=list_links(model, rows, context, pairs, scores, confidence, chosen, settings.runners_up),
    )


def _find_denied(context: Context, pairs: Pairs, rows: pl.DataFrame) -> Ints:
    """Rows of pairs that a person denied."""
    denied = rows.select("row", other="not_parents").drop_nulls().explode("other")
    if denied.is_empty():
        return np.empty(0, dtype=np.int64)
    denied = denied.join(rows.select(other="post_id", left="row"), on="other").select("row", "left")
    left = np.where(pairs.left >= 0, context.rows[np.maximum(pairs.left, 0)], NONE)
    listed = pl.DataFrame({"row": context.rows[pairs.right], "left": left}).with_row_index("pair")
    return listed.join(denied, on=["row", "left"])["pair"].to_numpy().astype(np.int64)


def _flat_time() -> pl.Expr:
    """Times by which a flat listing (perhaps newest first) is read; null where the listing is in time order itself."""
    time = pl.col("posted_at").forward_fill().over("discussion")
    return pl.when(pl.col("listing") == "flat").then(time)


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


class _Forest:
    """The declared links of a batch with the chosen ones among them, in row numbers local to the batch."""

    def __init__(self, rows: pl.DataFrame, context: Context, pairs: Pairs) -> None:
        self.numbers = rows["row"].to_numpy()
        self.pairs = pairs
        self.child = self._localise(context.rows[pairs.children])
        left = np.where(pairs.left >= 0, context.rows[np.maximum(pairs.left, 0)], NONE)
        self.left = self._localise(left)
        declared = np.where(rows["is_settled"].to_numpy(), rows["parent"].to_numpy(), rows["submission"].to_numpy())
        self.above = self._localise(declared)

    def _localise(self, numbers: Ints) -> Ints:
        return np.where(numbers >= 0, np.searchsorted(self.numbers, np.maximum(numbers, 0)), NONE)

    def choose(self, chosen: Ints) -> Ints:
        """Links the children to the chosen rows. Where a declared link to a later post closes a circle, the first open
        post in it answers none instead; returns the rows that were kept."""
        chosen = chosen.copy()
        while True:
            self.above[self.child] = self.left[chosen]
            cycle = find_cycles(self.above)[self.child]
            looped = np.flatnonzero(cycle != NONE)
            if looped.size == 0:
                return chosen
            # Children ascend in reading order, so the first found of each cycle is its first open post.
            first = looped[np.unique(cycle[looped], return_index=True)[1]]
            chosen[first] = self.pairs.offsets[first]

    def parents(self) -> Ints:
        """Row number of each child's parent, -1 where it has none."""
        above = self.above[self.child]
        return np.where(above >= 0, self.numbers[np.maximum(above, 0)], NONE)

    def find_surer(self, confidence: Floats, chosen: Ints) -> tuple[Ints, Floats]:
        """The nearest ancestor above the parent that the child stands under more surely than it answers the parent."""
        places = number_depth_first(self.above, np.arange(self.above.size))
        sizes = count_descendants(self.above, places)
        under, share = _climb(self.above, places, sizes, self.child, self.pairs.offsets, self.left, confidence, chosen)
        return np.where(under >= 0, self.numbers[np.maximum(under, 0)], NONE), share


@njit(cache=True, nogil=True)
def _climb(
    above: Ints, places: Ints, sizes: Ints, child: Ints, offsets: Ints, left: Ints, confidence: Floats, chosen: Ints
) -> tuple[Ints, Floats]:
    """Nearest ancestor above each child's parent such that the confidences of the candidates under it (itself included)
    sum to more than the chosen link's, and that sum."""
    under = np.full(child.size, -1, dtype=np.int64)
    share = np.zeros(child.size)
    for c in range(child.size):
        parent = left[chosen[c]]
        if parent < 0:
            continue
        ancestor = above[parent]
        while ancestor >= 0:
            total = 0.0
            for row in range(offsets[c], offsets[c + 1]):
                if left[row] >= 0:
                    inside = places[left[row]] - places[ancestor]
                    if 0 <= inside < sizes[ancestor]:
                        total += confidence[row]
            total = min(1.0, np.floor(total * 1e5 + 0.5) / 1e5)
            if total > confidence[chosen[c]]:
                under[c], share[c] = ancestor, total
                break
            ancestor = above[ancestor]
    return under, share
