"""Columns of chat records against the same done one by one."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.ingest.readers.chat_json import Chat, as_id, as_time, as_words
from pipeline.ingest.readers.chat_records import ChatRecords, ids_of, times_of, words_of
from pipeline.ingest.readers.record_columns import pluck
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.records import extra_column, extra_json

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text(max_size=6)
    | st.text(alphabet=" \x1c\x85\u2003\ufeff\n", max_size=3)
    | st.sampled_from(["a" * 200, "a" * 201, "\ud800", ' ,\n"'])
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner)
)
_LISTS = (
    st.lists(_VALUES, max_size=8)
    | st.lists(st.none() | st.text(max_size=4), max_size=8)
    | st.lists(st.integers(), max_size=8)
)


@given(_LISTS)
def test_columns_are_what_each_value_is(values: list[Any]) -> None:
    assert words_of(values) == list(map(as_words, values))
    assert ids_of(values) == list(map(as_id, values))
    assert times_of(values) == list(map(as_time, values))


_EXTRAS = st.none() | st.dictionaries(st.text(max_size=3), _VALUES, max_size=3)


@given(st.lists(_EXTRAS, max_size=6), st.booleans())
def test_extras_written_together_are_those_written_one_by_one(
    extras: list[dict[str, Any] | None], is_long: bool
) -> None:
    if is_long:
        extras = [{"a": "x" * 5000, "b": 1}, *extras, {"a": "\n"}]
    assert extra_column(extras) == [extra_json(extra) if extra else None for extra in extras]


_MESSAGES = st.lists(
    st.none()
    | st.just({"system": True})
    | st.fixed_dictionaries({"id": st.none() | st.text(max_size=2), "text": st.none() | st.text(max_size=3)}),
    max_size=12,
)


@settings(max_examples=30)
@given(st.lists(_MESSAGES, max_size=3), st.booleans())
def test_records_in_columns_are_those_added_one_by_one(documents: list[list[Any]], is_damaged: bool) -> None:
    losses = [("the file", "damage", b"")] if is_damaged else []
    rows, slow = ChatRecords(), RecordStream()
    number = 1
    for messages in documents:
        numbers = range(number, number + len(messages))
        said = rows.sift(messages, numbers, [message is None or "system" in message for message in messages])
        rows.extend(
            {"scope": "site", "native_id": ids_of(pluck(said, "id")), "body": words_of(pluck(said, "text"))},
            [{"n": 1} if message["id"] else None for message in said],
        )
        for place, message in zip(numbers, messages, strict=True):
            if message is None:
                slow.reject(f"message {place}", "not_an_object", "no object", b"None")
            elif "system" in message:
                slow.skip("system")
            else:
                own, words = as_id(message["id"]), as_words(message["text"])
                extra = {"n": 1} if message["id"] else None
                slow.add(f"message {place}", scope="site", native_id=own, body=words, extra=extra)
        number += len(messages)
    for location, detail, raw in losses:
        slow.reject(location, "damaged_file", detail, raw)
    (batch,) = rows.batches(Chat(losses=losses))
    (expected,) = slow.finish()
    assert_frame_equal(batch.records, expected.records)
    assert_frame_equal(batch.rejected, expected.rejected)
    assert batch.records["markup"].to_list() == ["plain"] * batch.records.height
    assert pl.concat([batch.records["ordinal"], batch.rejected["ordinal"]]).sort().to_list() == list(
        range(batch.records.height + batch.rejected.height)
    )
