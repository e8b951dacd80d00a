"""Arrow buffers of text columns, as numpy sees them.

In: a polars String or Binary column. Out: its UTF-8 bytes and row offsets, ready for a numba kernel; and back.

>>> values, offsets = text_buffers(pl.Series(["ab", None, "é"]))
>>> bytes(values), offsets.tolist()
(b'ab\\xc3\\xa9', [0, 2, 2, 4])
>>> text_column(values, offsets).to_list()
['ab', '', 'é']
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

_SLICE_TEXTS = 1 << 14


def slice_texts(texts: pl.Series) -> Iterator[pl.Series]:
    """A text column in slices whose buffers are small enough to be used again and again."""
    for start in range(0, len(texts), _SLICE_TEXTS):
        yield texts.slice(start, _SLICE_TEXTS)


def text_buffers(texts: pl.Series) -> tuple[Bytes, Offsets]:
    """The bytes of a text column and where each row starts in them.

    Args:
        texts: n rows, String or Binary; a null counts as empty.

    Returns:
        values: uint8, every row's bytes one after another (at least one byte long, so that kernels can index it).
        offsets: int64, n + 1 entries; row i is ``values[offsets[i]:offsets[i + 1]]``.
    """
    blank = b"" if texts.dtype == pl.Binary else ""
    return array_buffers(texts.fill_null(blank).rechunk().to_arrow(compat_level=pl.CompatLevel.oldest()))


def array_buffers(array: pa.Array) -> tuple[Bytes, Offsets]:
    """As ``text_buffers``, of an Arrow array of large strings or large binaries without nulls."""
    _, offsets_buffer, values_buffer = array.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    if values_buffer is None or values_buffer.size == 0:
        values = np.zeros(1, dtype=np.uint8)
    else:
        values = np.frombuffer(values_buffer, dtype=np.uint8)
    if offsets.size == 0:
        offsets = np.zeros(1, dtype=np.int64)
    return values, offsets


class _Exported:
    """An Arrow array by its C interface alone: for others polars imports ``pyarrow.compute``, a seventh of a second."""

    def __init__(self, array: pa.Array) -> None:
        self._array = array

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        exported: tuple[object, object] = self._array.__arrow_c_array__(requested_schema)
        return exported


def text_column(values: Bytes, offsets: Offsets) -> pl.Series:
    """The text column of n rows whose bytes a kernel wrote, without a copy: the arrays must not change afterwards.

    Args:
        values: valid UTF-8; not checked.
        offsets: int64, n + 1 entries; row i is ``values[offsets[i]:offsets[i + 1]]``.
    """
    array = pa.LargeStringArray.from_buffers(offsets.size - 1, pa.py_buffer(offsets), pa.py_buffer(values))
    return pl.Series(_Exported(array), dtype=pl.String)
