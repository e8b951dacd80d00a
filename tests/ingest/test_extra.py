"""What a record holds beside the fields it has columns for: JSON of bounded length, at bounded cost."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from pipeline.ingest.records import EXTRA_CHARACTERS, extra_json


def nest(depth: int, **values: Any) -> dict[str, Any]:
    value: dict[str, Any] = dict(values)
    for _ in range(depth):
        value = {"in": value}
    return value


@pytest.mark.parametrize("values", [{"a": 1}, {"a": 1 << 70}, {"a": nest(300, b=2), "c": "x"}])
def test_what_fits_is_kept_whole(values: dict[Any, Any]) -> None:
    said = extra_json(values)
    assert said is not None
    assert "left_out" not in said
    assert len(said) <= EXTRA_CHARACTERS


def test_what_is_too_long_is_named() -> None:
    said = extra_json({"long": "x" * EXTRA_CHARACTERS, "deep": nest(800, words="y" * EXTRA_CHARACTERS), "kept": 1})
    assert said is not None
    assert orjson.loads(said) == {"kept": 1, "left_out": ["deep", "long"]}


def test_of_a_deep_value_no_more_is_looked_at_than_could_be_kept() -> None:
    looked: list[int] = []

    class Watched(dict[str, Any]):
        def values(self) -> Any:
            looked.append(1)
            return super().values()

    value: dict[str, Any] = {}
    for _ in range(30_000):
        value = Watched({"in": value})
    extra_json({"text": value})
    assert 0 < len(looked) < 2 * EXTRA_CHARACTERS
