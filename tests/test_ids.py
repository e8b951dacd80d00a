"""Ids against the mmh3 package, and a few written down: an id once published must never change."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from pathlib import Path

import mmh3
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ids import (
    ID_LENGTH,
    ID_REGEX,
    digest_chunks,
    digest_columns,
    digest_file,
    digest_texts,
    number_ids,
    order_ids,
)

# Characters that can stand in a text; control characters divide fields and mark nulls.
field = st.none() | st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), max_size=6)
pairs = st.tuples(field, field)


def reference(text: str) -> str:
    high, low = mmh3.hash64(text.encode(), signed=False)
    return b32encode((high.to_bytes(8, "big") + low.to_bytes(8, "big"))[:10]).decode().lower()


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.text(max_size=40), max_size=8))
def test_ids_are_the_first_80_bits_of_murmur3(texts: list[str]) -> None:
    ids = digest_texts(pl.Series(texts, dtype=pl.String))
    assert ids.dtype == pl.String
    assert ids.to_list() == [reference(text) for text in texts]


@pytest.mark.parametrize("length", range(33))
def test_every_length_of_the_last_block_is_hashed(length: int) -> None:
    text = "\u00ff" * (length // 2) + "~" * (length % 2)
    assert digest_texts(pl.Series([text])).to_list() == [reference(text)]


@given(st.lists(field, min_size=1, max_size=8))
def test_ids_look_as_declared(texts: list[str | None]) -> None:
    for name in digest_texts(pl.Series(texts, dtype=pl.String)):
        assert len(name) == ID_LENGTH
        assert re.search(ID_REGEX, name)


def test_ids_once_written_down_still_hold() -> None:
    assert digest_texts(pl.Series(["", "tram", "Straßenbahn 電車 🚋"])).to_list() == [
        "aaaaaaaaaaaaaaaa",
        "e4kfypdolkro25db",
        "6cutk4mtimumxptv",
    ]
    rows = pl.DataFrame({"scope": ["reddit", None], "native_id": ["t1_abc", "7"]})
    assert digest_columns(rows, "post").to_list() == ["zezp2yy6tit67zri", "fxkumcc67utjpln7"]
    assert digest_chunks([b"tram", b"line"]) == "gpkqigkxowb3ll6y"


def test_a_null_text_is_the_empty_text() -> None:
    assert digest_texts(pl.Series([None], dtype=pl.String)).to_list() == [reference("")]


@settings(deadline=None)
@given(pairs, pairs)
def test_rows_have_one_id_where_they_are_equal_and_nowhere_else(
    left: tuple[str | None, str | None], right: tuple[str | None, str | None]
) -> None:
    frame = pl.DataFrame([left, right], schema={"a": pl.String, "b": pl.String}, orient="row")
    one, other = digest_columns(frame, "post").to_list()
    assert (one == other) == (left == right)


def test_a_null_is_not_the_empty_text() -> None:
    frame = pl.DataFrame({"a": ["", None]}, schema={"a": pl.String})
    assert digest_columns(frame, "post").n_unique() == 2


def test_what_an_id_names_is_part_of_it() -> None:
    frame = pl.DataFrame({"a": ["7"]})
    assert digest_columns(frame, "post").item() != digest_columns(frame, "sighting").item()


def test_numbers_are_named_by_their_digits() -> None:
    numbers, texts = pl.DataFrame({"a": [7, -1]}), pl.DataFrame({"a": ["7", "-1"]})
    assert digest_columns(numbers, "post").to_list() == digest_columns(texts, "post").to_list()


@given(st.lists(st.binary(max_size=9), max_size=6))
def test_a_stream_has_one_id_however_it_is_cut(chunks: list[bytes]) -> None:
    assert digest_chunks(chunks) == digest_chunks([b"".join(chunks)])


@pytest.mark.parametrize("size", (0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1))
def test_a_file_is_named_by_its_bytes_alone(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(content[:size])
    assert digest_file(tmp_path / "one") == digest_file(tmp_path / "other") == digest_chunks([content[:size]])
    assert digest_chunks([content[: size + 1]]) != digest_file(tmp_path / "one")


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_numbers_of_ids_are_their_first_64_bits(texts):
    ids = digest_texts(pl.Series(texts, dtype=pl.Binary))
    expected = [int.from_bytes(b32decode(identifier.upper())[:8]) for identifier in ids]
    assert number_ids(ids).tolist() == expected


def test_what_is_no_id_has_no_number():
    assert number_ids(pl.Series([], dtype=pl.String)).tolist() == []
    for wrong in ("short", "a" * 15 + "1", "A" * 16):
        with pytest.raises(ValueError, match="a-z2-7"):
            number_ids(pl.Series([wrong]))


def test_ids_are_ordered_as_their_text_is() -> None:
    ids = digest_texts(pl.Series([str(number) for number in range(500)]))
    # Eight equal characters in front: what is behind them decides.
    ids = pl.concat([ids, pl.select(pl.lit("b234567a") + ids.str.tail(8)).to_series(), ids.head(3)])
    assert ids[order_ids(ids)].to_list() == sorted(ids.to_list())
    with pytest.raises(ValueError, match="16 characters"):
        order_ids(pl.Series(["a"]))
