"""Orders in reconstruction: pages that one order shows pass untouched, others get one page order and proven links."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.pack import load_pack
from pipeline.reconstruct import Reconstruction, reconstruct_links
from pipeline.reconstruct.fences import weigh_fenced
from pipeline.reconstruct.merging import place_posts
from pipeline.reconstruct.order_proofs import order_pages
from pipeline.reconstruct.spans import weigh_spans
from pipeline.settings import Settings
from pipeline.tables import Links, Reconstructed, check_table
from tests.invented import invent_page
from tests.reconstruct.drafts import draft, name_discussion, name_post, quotations
from tests.reconstruct.small_forests import invent_parents, list_by, places_of
from tests.reconstruct.test_decoding import list_trees, tables, total
from tests.reconstruct.test_spans import ends_at


def listings(*listed: list[int], discussion: str = "d") -> pl.DataFrame:
    """Orders of posts that are named by their number."""
    rows = [
        (name_discussion(discussion), f"capture {number}", 0, place, name_post(f"{discussion}{post}"))
        for number, posts in enumerate(listed)
        for place, post in enumerate(posts)
    ]
    schema = {"discussion_id": pl.String, "capture_id": pl.String, "listing": pl.Int64, "place": pl.UInt32}
    return pl.DataFrame(rows, schema=schema | {"post_id": pl.String}, orient="row")


def page(n: int, order: list[int], discussion: str = "d", seed: int = 1) -> pl.DataFrame:
    texts = invent_page(n, seed)
    rows = [{"name": f"{discussion}{post}", "discussion": discussion, "text": texts[post]} for post in order]
    return draft(rows)


def reconstruct(posts: pl.DataFrame, orders: pl.DataFrame | None) -> Reconstruction:
    found = reconstruct_links(posts, quotations([]), Settings(), load_pack(), orders)
    check_table(Reconstructed, found.posts)
    check_table(Links, found.links)
    return found


def test_listings_in_one_order_change_nothing() -> None:
    order = list(range(30))
    posts = page(30, order)
    same = reconstruct(posts, listings(order, order[:20], order[10:]))
    alone = reconstruct(posts, None)
    assert_frame_equal(same.posts, alone.posts)
    assert_frame_equal(same.links, alone.links)
    assert_frame_equal(same.discussions, alone.discussions)


def test_other_pages_stay_as_they_are() -> None:
    chance = random.Random(4)
    parents = invent_parents(30, chance)
    old, new = list(range(30)), list_by(parents, lambda post: -post)
    posts = pl.concat([page(30, old), page(30, old, "e", seed=2)])
    found = reconstruct(posts, pl.concat([listings(old, new), listings(old, discussion="e")]))
    alone = reconstruct(posts, None)
    here = pl.col("discussion_id") == name_discussion("e")
    ids = posts.filter(here)["post_id"].implode()
    assert_frame_equal(
        found.posts.filter(pl.col("post_id").is_in(ids)), alone.posts.filter(pl.col("post_id").is_in(ids))
    )
    assert_frame_equal(
        found.links.filter(pl.col("post_id").is_in(ids)), alone.links.filter(pl.col("post_id").is_in(ids))
    )
    truth = {
        name_post(f"d{post}"): name_post(f"d{above}") if above >= 0 else None for post, above in enumerate(parents)
    }
    known = dict(found.posts.select("post_id", "parent_id").iter_rows())
    assert {post: known[post] for post in truth} == truth


def test_what_a_quotation_says_does_not_outweigh_a_proof() -> None:
    parents = (-1, 0, 1, 0, -1, 4, 5, 4, -1, 8)
    old, new = list(range(10)), list_by(parents, lambda post: -post)
    quoted = quotations([(name_post("d9"), name_post("d5"), 1.0)])
    posts = page(10, old)
    found = reconstruct_links(posts, quoted, Settings(), load_pack(), listings(old, new))
    known = dict(found.posts.select("post_id", "parent_id").iter_rows())
    assert known[name_post("d9")] == name_post("d8")


def test_a_flat_listing_is_no_page_order() -> None:
    parents = invent_parents(20, random.Random(1))
    minutes = [10 * post for post in range(20)]
    rows = [{"name": f"d{post}", "text": f"word{post}", "minute": minutes[post]} for post in range(20)]
    flat = sorted(range(20), key=lambda post: -minutes[post])
    top = list_by(parents, lambda post: (post * 7) % 5)
    posts, shown = order_pages(draft([rows[post] for post in top]), listings(top, flat))
    assert shown.is_empty()
    assert posts["order"].to_list() == list(range(20))


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 25), seed=st.integers(0, 10_000), share=st.sampled_from([0.1, 0.4]))
def test_all_listings_have_one_order_that_keeps_the_first(n: int, seed: int, share: float) -> None:
    chance = random.Random(seed)
    parents = invent_parents(n, chance)
    votes = [chance.random() for _ in range(n)]
    kinds = [lambda post: post, lambda post: -post, lambda post: votes[post]]
    listed = [[post for post in list_by(parents, kind) if chance.random() > share] for kind in kinds]
    numbers = list(dict.fromkeys(post for posts in listed for post in posts))
    places = np.array([[places_of(posts, n)[post] for post in numbers] for posts in listed]).reshape(3, -1)
    if not numbers or not listed[0]:
        return
    rank = place_posts(places, np.full(len(numbers), np.nan), np.ones(len(numbers)))
    assert sorted(rank.tolist()) == list(range(len(numbers)))
    seen = rank[: len(listed[0])].tolist()
    assert seen == sorted(seen)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_rows_and_captures_in_any_order_give_the_same(share: float) -> None:
    chance = random.Random(9)
    parents = invent_parents(40, chance)
    votes = [chance.random() for _ in range(40)]
    old, top = list(range(40)), list_by(parents, lambda post: votes[post])
    listed = [
        [post for post in order if chance.random() >= share] for order in (old, list_by(parents, lambda p: -p), top)
    ]
    shown = sorted({post for posts in listed for post in posts})
    posts, orders = page(40, shown), listings(*listed)
    found = reconstruct(posts, orders)
    again = reconstruct(
        posts.sample(fraction=1.0, shuffle=True, seed=3), orders.sample(fraction=1.0, shuffle=True, seed=4)
    )
    assert_frame_equal(found.posts, again.posts)
    assert_frame_equal(found.links, again.links)


@given(tables(), st.integers(0, 2**30))
def test_fenced_posteriors_are_sums_over_the_trees_within(weights: np.ndarray, bits: int) -> None:
    n = weights.shape[0]
    whole = np.array([[bits >> ((i * n + d) % 30) & 1 for d in range(n)] for i in range(n)], dtype=np.bool_)
    expected, everything = np.zeros((n, n)), 0.0
    for parents in list_trees(n):
        if all(whole[post, ends_at(parents, post) - post] for post in range(n)):
            weight = float(np.prod(total(weights, parents)))
            everything += weight
            for post, parent in enumerate(parents):
                expected[post, 0 if parent < 0 else post - parent] += weight
    found = weigh_fenced(weights, whole)
    if everything > 0:
        np.testing.assert_allclose(found, expected / everything, rtol=1e-7, atol=1e-12)
    else:
        assert not found.any()
    every = weigh_fenced(weights, np.ones((n, n), dtype=np.bool_))
    np.testing.assert_allclose(every, weigh_spans(weights).links, atol=1e-9)


def test_a_page_by_time_on_which_nobody_answers_late_is_no_flat_listing() -> None:
    parents = (-1, 0, 1, -1, 3, -1)
    rows = [{"name": f"d{post}", "text": f"word{post}", "minute": 10 * post} for post in range(6)]
    old, new = list(range(6)), list_by(parents, lambda post: -post)
    found = reconstruct(draft(rows, order_known="page"), listings(old, new))
    known = dict(found.posts.select("post_id", "parent_id").iter_rows())
    names = [name_post(f"d{post}") for post in range(6)]
    assert [known[name] for name in names] == [None if above < 0 else names[above] for above in parents]


def test_two_listings_by_time_that_are_opposite_say_that_nobody_is_answered_and_prove_nothing() -> None:
    rows = [{"name": f"d{post}", "text": f"word{post}", "minute": 10 * post} for post in range(8)]
    rising, falling = list(range(8)), list(reversed(range(8)))
    found = reconstruct(draft(rows, order_known="page"), listings(rising, falling))
    assert found.posts["parent_id"].is_null().all()
    later = [name_post(f"d{post}") for post in range(1, 8)]
    assert found.posts.filter(pl.col("post_id").is_in(later))["link_confidence"].max() < 0.999
