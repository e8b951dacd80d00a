"""Order proofs: what the sort orders in which a page was captured say about who answers whom.

In: drafts of posts, and the place of each in every listing of its discussion. Out: drafts in one page order for all
listings; for each batch of pages what speaks against each candidate, and which runs of posts may be whole subtrees.

>>> posts, shown = order_pages(posts, orders)
>>> proofs = prove_links(context, pairs, rows, shown)

Only pages that at least two listings show in different orders are looked at; all others pass as they are. The longest
listing gives the page order; posts that it leaves out are put where the tree that the other listing allows has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit

from pipeline.algorithms.sort_orders import (
    HARD,
    UNSEEN,
    Sorted,
    allow_spans,
    compare_listings,
    go_by_time,
    keep_order,
    weigh_against,
    weigh_opposite,
)
from pipeline.reconstruct.arrays import Flags, Floats, Ints
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import LONG_TICK, TICKS, Context
from pipeline.reconstruct.fences import Fences
from pipeline.reconstruct.merging import place_posts

MOST_LISTINGS = 8  # of one page that are compared, the longest ones
# Most confidence where a page was put together from listings that each leave posts out: of the links that would be
# surer .97 were right (Old and New of Reddit threads, a fifth missing from each; benchmarks/orders.py).
SUREST_MERGED = 0.97
# Most confidence where one listing rises by time and the other falls: nobody may be answered on the page, and both may
# be flat listings of any page.
SUREST_BY_TIME = 0.97
OUT_OF_THE_QUESTION = 60.0  # nats put against a link that is disproved

_LISTING = ("discussion_id", "capture_id", "listing")
SHOWN = {"post_id": pl.String, "listing": pl.Int64, "place": pl.Int64}


@dataclass(frozen=True, eq=False)
class Proofs:
    """What orders say about the pairs of a batch.

    Attributes:
        scores: float64[pairs], what is added to the score: the logarithm of how many candidates there are for each that
            is left, less what speaks against this one.
        disproved: bool[pairs].
        surest: float64[pairs], the most confidence that a link may be given.
        fences: of the batch's pages.
    """

    scores: Floats
    disproved: Flags
    surest: Floats
    fences: Fences


def order_pages(posts: pl.DataFrame, orders: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One page order for pages that listings show in different orders.

    Args:
        posts: DraftPosts.
        orders: discussion_id, capture_id, listing, place, post_id, as `list_orders` gives them.

    Returns:
        The drafts, order and order_known changed on such pages; and SHOWN: the place of each post in each listing
        (numbered within the discussion), of such pages only.
    """
    pages = posts.filter(
        (pl.col("shape") == "page") & pl.col("order_known").is_in(["page", "unknown"]) & ~pl.col("is_submission")
    ).select("post_id", "order", "posted_at", "posted_precision")
    listed = orders.join(pages, on="post_id").sort(*_LISTING, "place")
    step = pl.col("posted_at").diff()
    rises, falls = (step > pl.duration()).sum(), (step < pl.duration()).sum()
    # By time alone, oldest or newest first, is no page order.
    is_flat = ((rises == 0) & (falls > 1)) | ((falls == 0) & (rises > 1))
    lengths = (
        listed.group_by(_LISTING)
        .agg(pl.len().alias("n"), is_flat.alias("is_flat"))
        .filter(pl.col("n") > 1)
        .sort("discussion_id", "n", "capture_id", "listing", descending=[False, True, False, False])
        .with_columns(pl.int_range(pl.len(), dtype=pl.Int64).over("discussion_id").alias("number"))
        .filter((pl.col("number") < MOST_LISTINGS) & (pl.len().over("discussion_id") > 1))
    )
    listed = listed.join(lengths.select(*_LISTING, "number", "is_flat"), on=_LISTING)
    listed = _drop_flat(listed.sort("discussion_id", "number", "place"))
    turned = [pl.DataFrame(schema={"post_id": pl.String, "turned": pl.Int64})]
    shown = [pl.DataFrame(schema=SHOWN)]
    # One page that several listings show after another; its posts are the kernels'.
    for page in listed.partition_by("discussion_id", maintain_order=True):
        merged = _merge_page(page)
        if merged is not None:
            turned.append(merged)
            shown.append(page.select("post_id", listing="number", place=pl.col("place").cast(pl.Int64)))
    if len(shown) == 1:
        return posts, shown[0]
    known = posts.join(pl.concat(turned), on="post_id", how="left", maintain_order="left")
    here = pl.col("turned").is_not_null().any().over("discussion_id")
    known = known.with_columns(
        order=pl.coalesce("turned", "order"),
        order_known=pl.when(here).then(pl.lit("page")).otherwise("order_known"),
    )
    return known.select(posts.columns), pl.concat(shown)


def _drop_flat(listed: pl.DataFrame) -> pl.DataFrame:
    """The listings without those that show replies by time alone.

    A page sorted by Old may rise all the same where nobody answered late, and one sorted by New may fall where nobody
    answered at all: then another listing sorts siblings the opposite way.
    """
    flat = pl.col("is_flat").any().over("discussion_id")
    kept = [listed.filter(~flat)]
    # One page with such a listing after another; its posts are the kernels'.
    for page in listed.filter(flat).partition_by("discussion_id", maintain_order=True):
        places, _ = _lay_out(page)
        is_flat = page.group_by("number").agg(pl.col("is_flat").first()).sort("number")
        numbers, by_time = is_flat["number"].to_numpy(), is_flat["is_flat"].to_numpy()
        stays = [
            not by_time[at] or any(weigh_opposite(places[one], places[two]) > 0 for two in numbers if one != two)
            for at, one in enumerate(numbers)
        ]
        kept.append(page.filter(pl.col("number").is_in(numbers[stays])))
    several = pl.col("number").n_unique().over("discussion_id") > 1
    return pl.concat(kept).filter(several).sort("discussion_id", "number", "place")


def _lay_out(page: pl.DataFrame) -> tuple[Ints, pl.DataFrame]:
    """Place of each post in each listing (int64[listings, posts], UNSEEN), and the posts, those of the first first."""
    posts = page.unique("post_id", keep="first", maintain_order=True)
    numbered = posts.select("post_id", at=pl.int_range(pl.len(), dtype=pl.Int64))
    at = page.join(numbered, on="post_id", how="left", maintain_order="left")["at"].to_numpy()
    numbers = page["number"].to_numpy()
    places = np.full((int(numbers.max()) + 1, posts.height), UNSEEN, dtype=np.int64)
    places[numbers, at] = page["place"].to_numpy()
    return places, posts


def _merge_page(page: pl.DataFrame) -> pl.DataFrame | None:
    """Posts of a page with their new order (turned), or None where all listings keep one order."""
    places, posts = _lay_out(page)
    places = places[(places >= 0).any(axis=1)]
    if all(keep_order(places[0], other) for other in places[1:]):
        return None
    time = posts["posted_at"].dt.timestamp("us").cast(pl.Float64).fill_null(np.nan).to_numpy() / 1e6
    tick = posts["posted_precision"].replace_strict(TICKS, default=LONG_TICK, return_dtype=pl.Float64).to_numpy()
    rank = place_posts(places, time, tick)
    return posts.select("post_id", turned=pl.col("order").sort().gather(pl.Series(rank)))


def prove_links(context: Context, pairs: Pairs, rows: pl.DataFrame, shown: pl.DataFrame, window: Ints) -> Proofs | None:
    """What orders say about the pairs of a batch; None where they say nothing.

    Args:
        rows: of the batch, with row and post_id.
        shown: SHOWN, of this batch and others.
        window: int64[N], how far above candidates of each listed post stand.
    """
    entries = pl.DataFrame({"row": context.rows[: context.n_posts]}).with_row_index("entry")
    entries = entries.join(rows.select("row", "post_id"), on="row", how="left", maintain_order="left")
    here = shown.join(entries.select("post_id", "entry"), on="post_id")
    if here.is_empty():
        return None
    entry, listing = here["entry"].cast(pl.Int64).to_numpy(), here["listing"].to_numpy()
    places = np.full((MOST_LISTINGS, context.n_posts), UNSEEN, dtype=np.int64)
    places[listing, entry] = here["place"].to_numpy()
    pages = np.unique(context.first[entry])
    scores, disproved = np.zeros(pairs.left.size), np.zeros(pairs.left.size, dtype=np.bool_)
    surest = np.ones(pairs.left.size)
    begins = np.full(context.n_posts, UNSEEN, dtype=np.int64)
    whole, filled = [np.zeros(0, dtype=np.bool_)], 0
    # One page that several listings show after another; its posts are the kernels'.
    for start in pages:
        n = int(context.size[start])
        seen = places[:, start : start + n]
        seen = np.ascontiguousarray(seen[(seen >= 0).any(axis=1)])
        page = compare_listings(seen, context.time[start : start + n], context.tick[start : start + n])
        begin, end = np.searchsorted(pairs.children, (start, start + n))
        _weigh_page(
            page, start, pairs.children[begin:end], pairs.offsets[begin : end + 1], pairs.left, scores, disproved
        )
        if (seen < 0).any(axis=1).all():
            surest[pairs.offsets[begin] : pairs.offsets[end]] = SUREST_MERGED
        along = {go_by_time(place, context.time[start : start + n]) for place in seen}
        if along == {-1, 1}:
            surest[pairs.offsets[begin] : pairs.offsets[end]] = SUREST_BY_TIME
        begins[start : start + n] = filled
        span = min(int(window[start]) + 1, n)
        whole.append(allow_spans(seen, span).ravel())
        filled += n * span
    return Proofs(scores, disproved, surest, Fences(np.concatenate(whole), begins))


@njit(cache=True, nogil=True)
def _weigh_page(
    page: Sorted, start: int, children: Ints, offsets: Ints, left: Ints, scores: Floats, disproved: Flags
) -> None:
    """Fills in scores and disproved for the candidates of a page's open posts."""
    for c in range(children.size):
        begin, end = offsets[c], offsets[c + 1]
        remaining = 0
        for row in range(begin, end):
            above = UNSEEN if row == begin else left[row] - start
            against = weigh_against(page, children[c] - start, above)
            disproved[row] = against >= HARD
            scores[row] = -OUT_OF_THE_QUESTION if disproved[row] else -against
            remaining += not disproved[row]
        if remaining == 0:
            # The listings contradict each other here: they say nothing.
            scores[begin:end] = 0.0
            disproved[begin:end] = False
        elif remaining < end - begin:
            scores[begin:end] += np.log((end - begin) / remaining)
