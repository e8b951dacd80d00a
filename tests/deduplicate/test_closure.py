"""Closure: what a run decides anew shares no key with what stays, and is no larger than that asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deduplicate.closure import bind_homes, close_over, find_unsettled
from pipeline.deduplicate.identity_keys import (
    COLUMNS,
    Hashes,
    NearHashes,
    are_open,
    column_of,
    hash_keys,
    list_keys,
)
from pipeline.deduplicate.listings import add_near_keys
from tests.records import make_records, no_pairs

KEY = st.integers(0, 4)  # 0: none
NUMBERS = ("listing", "discussion", "native_id", "native_parent", "page_key", "next_page_key", "said", "words")
ROWS = st.lists(st.tuples(*[KEY] * len(NUMBERS), KEY, st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=9)


def build_part(rows: list[tuple[int, ...]]) -> Hashes:
    found = np.zeros((len(COLUMNS), len(rows)), dtype=np.uint64)
    for place, row in enumerate(rows):
        for name, number in zip(NUMBERS, row, strict=False):
            # Ids are as good as random, and no kind's are another's.
            found[COLUMNS.index(name), place] = number and number * 2654435761 + 7
        found[COLUMNS.index("traits"), place] = row[-2]
    return found


def keys_of(row: tuple[int, ...], opened: set[tuple[str, int]]) -> set[tuple[str, int]]:
    named = dict(zip(NUMBERS, row, strict=False))
    kinds = {
        "listing": ("listing",), "discussion": ("discussion",), "id": ("native_id", "native_parent"),
        "page": ("page_key", "next_page_key"),
    }  # fmt: skip
    found = {(kind, named[name]) for kind, names in kinds.items() for name in names}
    return {(kind, number) for kind, number in found | (open_keys(row) & opened) | {("home", row[-3])} if number}


def open_keys(row: tuple[int, ...]) -> set[tuple[str, int]]:
    informative = bool(row[-2] & 2)
    return {("said", row[NUMBERS.index("said")]), ("near", row[NUMBERS.index("words")] * informative)} - {("near", 0)}


@given(ROWS, st.integers(1, 9))
def test_what_is_touched_is_all_that_can_be_reached(rows: list[tuple[int, ...]], size: int) -> None:
    parts = [build_part(rows[start : start + size]) for start in range(0, len(rows), size)]
    homes = np.array([row[-3] for row in rows], dtype=np.uint64)
    touched = np.array([row[-1] == 0 for row in rows])
    opened = {key for row in rows if row[-2] & 1 for key in open_keys(row) if key[1]}
    keys = [keys_of(row, opened) for row in rows]
    expected = {number for number in range(len(rows)) if touched[number]}
    while True:
        met = {key for number in expected for key in keys[number]}
        more = {number for number in range(len(rows)) if keys[number] & met} | expected
        if more == expected:
            break
        expected = more
    found = close_over(parts, homes, touched, NearHashes(no_pairs()))
    assert np.flatnonzero(found).tolist() == sorted(expected)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6))
def test_hashes_of_near_texts_are_equal_where_their_keys_are(pairs: list[tuple[int, int]]) -> None:
    texts = [f"A ferry with number {number} leaves the frozen harbour, and it carries wool." for number in range(6)]
    records = make_records([{"body": text} for text in texts], "one")
    names = records["words_key"]
    near = pl.DataFrame(
        {"left_key": [names[a] for a, _ in pairs], "right_key": [names[b] for _, b in pairs]},
        schema={"left_key": pl.String, "right_key": pl.String},
    )
    keys = add_near_keys(records, near)["near_key"].to_list()
    (hashes,) = list_keys(hash_keys(records), NearHashes(near))["near"]
    assert [[a == b for b in hashes] for a in hashes] == [[a == b for b in keys] for a in keys]


def test_keys_are_told_from_columns() -> None:
    rows: list[dict[str, Any]] = [
        {"body": "One.", "scope": "s", "native_id": "a", "discussion_scope": "s", "native_discussion": "d"},
        {"body": "Two.", "scope": "s", "native_id": "b", "native_parent": "a"},
        {"body": "Three.", "native_id": "a"},
    ]
    hashes = hash_keys(make_records(rows, "one"))
    ids, parents = column_of(hashes, "native_id"), column_of(hashes, "native_parent")
    assert parents[1] == ids[0] != ids[2]
    assert parents[0] == parents[2] == column_of(hashes, "page_key")[0] == 0
    assert are_open(hashes).tolist() == [False, True, True]
    assert (column_of(hashes, "discussion") != 0).tolist() == [True, False, False]
    assert hash_keys(make_records(rows, "one").clear()).shape == (len(COLUMNS), 0)


def test_homes_that_hang_together_have_one_hash() -> None:
    homes, left, right = (np.array(numbers, dtype=np.uint64) for numbers in ([0, 5, 7, 8, 9], [7, 9], [5, 7]))
    bound = bind_homes(homes, left, right)
    assert bound[0] == 0
    assert bound[1] == bound[2] == bound[4] != bound[3] == 8
    assert bind_homes(homes, left[:0], right[:0]).tolist() == homes.tolist()


def test_texts_that_came_together_are_unsettled_where_they_meet() -> None:
    rows = [{"body": f"Text {number}.", "discussion_scope": "s", "native_discussion": "d"} for number in range(4)]
    records = make_records(rows, "one")
    names = records["words_key"]
    pair = pl.DataFrame({"left_key": names[0], "right_key": names[1]})
    parts = [hash_keys(records.head(1)), hash_keys(records.tail(3))]
    together, apart = (np.array(homes, dtype=np.uint64) for homes in ([1, 1, 1, 2], [1, 2, 1, 2]))
    assert find_unsettled(parts, together, (no_pairs(), pair)).tolist() == [True, True, False, False]
    assert find_unsettled(parts, together, (pair, no_pairs())).tolist() == [True, True, False, False]
    assert not find_unsettled(parts, together, (pair, pair)).any()
    assert not find_unsettled(parts, apart, (no_pairs(), pair)).any()
