"""Parcels: whoever shares a key is in one parcel, and nobody is held together without a reason."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deduplicate.identity_keys import NearHashes, are_open, hash_keys, is_open, list_keys
from pipeline.deduplicate.listings import find_listings
from pipeline.deduplicate.parcels import RecordDivider
from tests.records import make_records, no_pairs

LONG = "The ferry to the lower harbour leaves at nine and nobody has ever seen it come back before noon, {}."


def listed(rows: list[dict[str, Any]], capture: str) -> pl.DataFrame:
    return find_listings(make_records(rows, capture), no_pairs())


def divide(*captures: pl.DataFrame, most: int = 1) -> list[int]:
    divider = RecordDivider()
    for rows in captures:
        hashes = hash_keys(rows)
        seeds = rows.select(pl.when(is_open()).then(pl.col("listing_id").hash()).fill_null(0)).to_series().to_numpy()
        divider.add({**list_keys(hashes, NearHashes(no_pairs())), "seed": [seeds]}, are_open(hashes))
    return [int(number) for number in divider.divide(most)]


def post(name: int, parent: int | None, discussion: int) -> dict[str, Any]:
    return {
        "body": LONG.format(name), "scope": "site", "native_id": str(name), "native_discussion": str(discussion),
        "native_parent": None if parent is None else str(parent), "discussion_scope": "site",
    }  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=12)
)
def test_parcels_are_the_classes_of_shared_ids_and_discussions(rows: list[tuple[int, int | None, int]]) -> None:
    classes = [{("d", discussion), ("p", name), ("p", parent)} - {("p", None)} for name, parent, discussion in rows]
    merged: list[set[Any]] = []
    for keys in classes:
        apart = [one for one in merged if not one & keys]
        merged = [*apart, keys.union(*(one for one in merged if one & keys))]
    expected = [next(i for i, one in enumerate(merged) if keys <= one) for keys in classes]
    captures = [listed([post(*row)], f"capture {number}") for number, row in enumerate(rows)]
    found = divide(*captures)
    assert [[a == b for b in found] for a in found] == [[a == b for b in expected] for a in expected]
    assert sorted(set(found)) == list(range(len(set(found))))


def test_a_repost_holds_no_two_named_discussions_together_but_an_open_listing_does() -> None:
    one, other = ({**post(n, None, n), "body": LONG.format("again")} for n in (1, 2))
    assert divide(listed([one], "a"), listed([other], "b")) == [0, 1]
    bare = {"body": LONG.format("again")}
    assert divide(listed([one], "a"), listed([other], "b"), listed([bare], "c")) == [0, 0, 0]


def test_short_listings_of_one_seed_are_together() -> None:
    bare = [{"body": "Yes."}, {"body": "No."}]
    assert divide(listed(bare, "a"), listed(bare, "b"), listed([{"body": "Perhaps."}], "c")) == [0, 0, 0, 0, 1]


def test_parcels_are_filled_up() -> None:
    rows = [listed([post(n, None, n)], str(n)) for n in range(10)]
    assert divide(*rows, most=4) == [0] * 4 + [1] * 4 + [2] * 2
