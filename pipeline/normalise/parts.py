"""A column whose rows were treated in two parts, put together again.

>>> interleave(pl.Series([True, False, True]), pl.Series(["a", "c"]), pl.Series(["b"])).to_list()
['a', 'b', 'c']
"""

from __future__ import annotations

import polars as pl


def interleave(is_first: pl.Series, first: pl.Series, second: pl.Series) -> pl.Series:
    """n rows: those where `is_first` holds from `first`, the others from `second`, each in its own order."""
    rows = pl.concat([is_first.arg_true(), (~is_first).arg_true()])
    return pl.concat([first, second]).gather(rows.arg_sort())
