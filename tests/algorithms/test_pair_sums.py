"""Numbers summed by pair, against polars."""

import numpy as np
import polars as pl
import pytest

from pipeline.algorithms.pair_sums import sum_pairs


@pytest.mark.parametrize("kind", ["hashes", "small", "hub", "none"])
def test_every_pair_has_the_sum_of_its_numbers(kind: str) -> None:
    rng = np.random.default_rng(3)
    pool = rng.integers(0, 1 << 63, 400, dtype=np.uint64) * np.uint64(2)
    pool = np.arange(40, dtype=np.uint64) if kind == "small" else pool
    size = 0 if kind == "none" else 5000
    left, right = rng.choice(pool, size), rng.choice(pool, size)
    if kind == "hub":
        left[:] = pool[0]
    numbers = rng.integers(-2, 3, size).astype(np.int32)
    given = [column.tolist() for column in (left, right, numbers)]
    found = pl.DataFrame(dict(zip(("left", "right", "number"), sum_pairs(left, right, numbers), strict=True)))
    rows = pl.DataFrame({"left": left, "right": right, "number": numbers})
    expected = rows.group_by("left", "right").agg(pl.col("number").sum()).sort("left", "right")
    assert found.rows() == expected.rows()
    assert given == [column.tolist() for column in (left, right, numbers)]
