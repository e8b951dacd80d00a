"""Orders: each listing's own order of the posts, kept for those who read trees from them."""

from __future__ import annotations

import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.deduplicate.identity import identify_posts
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.orders import list_orders
from pipeline.deduplicate.overlap import find_discussions
from pipeline.tables import Decisions, empty_table
from tests.invented import invent_page
from tests.records import make_paragraphs, no_pairs


def orders_of(*captures: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str]]:
    """The orders, and the words of every post."""
    records = pl.concat(captures)
    listed = find_listings(records, no_pairs())
    none = pl.DataFrame(
        schema={"sighting_id": pl.String, "quoted_sighting_id": pl.String, "reply_sighting_id": pl.String}
        | {"share": pl.Float32, "n_words": pl.Int64}
    )
    identity = identify_posts(listed, find_discussions(listed), none, empty_table(Decisions))
    words = identity.sightings.join(records.select("sighting_id", "body"), on="sighting_id")
    return list_orders(listed, identity.sightings), dict(words.select("post_id", "body").iter_rows())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(8, 30))
def test_every_listing_keeps_its_own_order(seed: int, n: int) -> None:
    page = invent_page(n, seed, short=0)
    turned = random.Random(seed).sample(page, n)
    captures = {"a": make_paragraphs(page, "a"), "b": make_paragraphs(turned, "b")}
    orders, words = orders_of(*captures.values())
    for name, lines in (("a", page), ("b", turned)):
        own = orders.filter(pl.col("capture_id") == captures[name]["capture_id"][0])
        assert own["place"].to_list() == list(range(n))
        assert [words[post] for post in own["post_id"]] == lines


def test_both_listings_of_one_file_and_none_of_a_page_seen_once() -> None:
    page = invent_page(12, seed=3, short=0)
    orders, _ = orders_of(make_paragraphs(page + page, "twice"), make_paragraphs(invent_page(12, seed=4), "once"))
    assert orders.group_by("listing").len().sort("listing").rows() == [(0, 12), (12, 12)]
    assert orders["capture_id"].n_unique() == 1
