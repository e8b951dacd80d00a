"""What rows are listed by is told, or read off times and parents."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.pack import load_pack
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.listing import judge_listings
from tests.reconstruct.drafts import draft


def judge(rows: list[dict[str, Any]], shape: str = "page", order_known: str = "unknown") -> tuple[str, float, str]:
    found = judge_listings(settle_declared(draft(rows, shape, order_known)), load_pack())
    return found.select("listing", "listing_confidence", "lens").row(0)


def timed(minutes: list[int], **facts: Any) -> list[dict[str, Any]]:
    return [{"name": str(at), "minute": minute, **facts} for at, minute in enumerate(minutes)]


@pytest.mark.parametrize("order", ["page", "time", "flat"])
def test_what_is_told_is_believed(order: str) -> None:
    listing, sure, lens = judge(timed([3, 1, 2]), order_known=order)
    assert (listing, sure) == (order, 1.0)
    assert lens == ("page-meta" if order == "page" else "time-meta")


def test_rising_times_are_time_order_and_the_more_the_surer() -> None:
    few, many = judge(timed([1, 2, 3])), judge(timed(list(range(40))))
    assert few[0] == many[0] == "time"
    assert 0.5 < few[1] < many[1] < 1


def test_falling_times_are_page_order() -> None:
    listing, sure, lens = judge(timed([0, 30, 10, 50, 20]))
    assert (listing, lens) == ("page", "page-meta")
    assert 0.5 < sure < 1


def test_times_that_always_fall_are_a_flat_listing() -> None:
    listing, sure, lens = judge(timed([90, 80, 70, 50, 30, 20, 5]))
    assert (listing, lens) == ("flat", "time-meta")
    assert 0.5 < sure < 1
    assert judge(timed([30, 20, 10]))[0] == "page"


@pytest.mark.parametrize(("shape", "listing"), [("page", "page"), ("stream", "time")])
def test_without_times_the_shape_suggests(shape: str, listing: str) -> None:
    rows: list[dict[str, Any]] = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    assert judge(rows, shape) == (listing, 0.5, f"{listing}-text")


def test_declared_parents_followed_depth_first_are_page_order() -> None:
    rows = [("a", None, 0), ("b", "a", 9), ("c", "b", 12), ("d", "a", 3)]
    made: list[dict[str, Any]] = [{"name": name, "parent": parent, "minute": at} for name, parent, at in rows]
    assert judge(made)[::2] == ("page", "explicit")
    assert judge([made[0], made[1], made[3], made[2]])[::2] == ("unknown", "explicit")


def test_some_authors_are_enough_for_the_meta_lens() -> None:
    rows: list[dict[str, Any]] = [{"name": "a", "author": "ada"}, {"name": "b", "author": "bob"}, {"name": "c"}]
    assert judge(rows)[2] == "page-meta"
    assert judge([rows[0], {"name": "d"}, rows[2]])[2] == "page-text"
