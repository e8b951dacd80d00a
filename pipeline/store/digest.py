"""The digest of a table: equal for equal rows, order and values, whatever files and parts they lie in.

In: a published table. Out: an id of its content, the same on every machine, for any writer or compression.

>>> digest_table("repeats", empty_table(Repeats)) == digest_table("repeats", empty_table(Repeats).lazy())
True

Every row is written as one text in which each value says where it ends, so that different rows are different texts:
a text or binary value as its length, a colon and itself (hexadecimal where binary), numbers and times as integers
(floats by their bits) ended by a semicolon, lists as their length, a bracket and their items, structs as their
fields, null as ``~``. Rows are hashed to ids, the ids in their order to one.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipeline.buffers import text_buffers
from pipeline.errors import ArchiveError, ContractError
from pipeline.ids import ID_LENGTH, digest_texts
from pipeline.store.layout import ArchiveLayout
from pipeline.tables import KEPT, PUBLISHED, fit_table

CHUNK_ROWS = 1 << 16

_NULL = "~"
_UNDIGESTED = {"captures": ("paths",)}  # where a file lies is no property of what it says


class TableDigest:
    """The digest of a table whose rows come in chunks; where one chunk ends makes no difference."""

    def __init__(self, name: str) -> None:
        left_out = _UNDIGESTED.get(name, ())
        self._schema = {**PUBLISHED, **KEPT}[name]
        self._dtypes = {name: column.dtype for name, column in self._schema.columns().items() if name not in left_out}
        head = "\n".join([name, *(f"{column} {_spell(dtype)}" for column, dtype in self._dtypes.items())])
        self._state = hashlib.blake2b(head.encode(), digest_size=10)
        self._rows = 0

    def add(self, chunk: pl.DataFrame) -> None:
        """Append rows. Raises ContractError where they lack a column or a value does not fit its dtype."""
        for piece in fit_table(self._schema, chunk).iter_slices(CHUNK_ROWS):
            self.add_rows(self.digest_rows(piece))

    def digest_rows(self, chunk: pl.DataFrame) -> bytes:
        """The ids of rows whose columns fit, one after another: what ``add_rows`` appends without seeing the rows."""
        texts = chunk.select(
            pl.concat_str(_render(pl.col(column), dtype) for column, dtype in self._dtypes.items()).alias("row")
        )
        values, offsets = text_buffers(digest_texts(texts["row"]))
        return values[offsets[0] : offsets[-1]].tobytes()

    def add_rows(self, ids: bytes) -> None:
        """Append rows by their ids."""
        self._state.update(ids)
        self._rows += len(ids) // ID_LENGTH

    def finish(self) -> str:
        """Sixteen characters of ``a-z2-7``."""
        state = self._state.copy()
        state.update(f"\n{self._rows}".encode())
        return b32encode(state.digest()).decode("ascii").lower()


def digest_table(name: str, frame: pl.DataFrame | pl.LazyFrame) -> str:
    """The digest of a published table; ``captures.paths`` is left out.

    Args:
        name: a table of ``tables.PUBLISHED``.
        frame: its rows in their order. A lazy one is read in chunks, so that memory is bounded.

    Raises:
        ContractError: a column is absent, or a value does not fit its dtype.
    """
    digest = TableDigest(name)
    for chunk in _chunks(frame):
        digest.add(chunk)
    return digest.finish()


def digest_archive(folder: Path) -> dict[str, str]:
    """The digest of every table but ``runs``, by name, read from the rows of an archive or of one snapshot.

    Raises:
        ArchiveError: a table has no file there.
    """
    current = ArchiveLayout(folder).current
    snapshot = (current if current.exists() else folder).resolve()
    digests = {}
    for name in PUBLISHED:
        files = sorted((snapshot / name).glob("part-*.parquet"))
        if not files:
            raise ArchiveError(f"There is no table {name} in {snapshot}")
        if name != "runs":
            digests[name] = digest_table(name, pl.scan_parquet(files, glob=False))
    return digests


def _chunks(frame: pl.DataFrame | pl.LazyFrame) -> Iterator[pl.DataFrame]:
    if isinstance(frame, pl.DataFrame):
        yield frame
    else:
        yield from frame.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True)


def _render(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """One value as a text that says where it ends; never null."""
    match dtype:
        case pl.String():
            text = _counted(value)
        case pl.Binary():
            text = _counted(value.bin.encode("hex"))
        case pl.Float32() | pl.Float64():
            bits = pl.UInt32 if dtype == pl.Float32 else pl.UInt64
            # Zero has two bit patterns and NaN many, which compare as equal.
            one_pattern = pl.when(value == 0).then(0.0).when(value.is_nan()).then(float("nan")).otherwise(value)
            text = _ended(one_pattern.cast(dtype).reinterpret(dtype=bits))
        case pl.Datetime():
            text = _ended(value.to_physical())
        case pl.List():
            items = value.list.eval(_render(pl.element(), _inner(dtype))).list.join("")
            text = pl.concat_str(value.list.len().cast(pl.String), pl.lit("["), items)
        case pl.Struct():
            fields = pl.concat_str(_render(value.struct.field(field.name), _dtype(field)) for field in dtype.fields)
            text = pl.when(value.is_not_null()).then(fields)
        case _ if dtype == pl.Boolean or dtype.is_integer():
            text = _ended(value)
        case _:
            raise ContractError(f"No digest is defined for the dtype {dtype}")
    return text.fill_null(_NULL)


def _counted(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(text.str.len_bytes().cast(pl.String), pl.lit(":"), text)


def _ended(value: pl.Expr) -> pl.Expr:
    return pl.concat_str(value.cast(pl.String), pl.lit(";"))


def _inner(dtype: pl.List) -> pl.DataType:
    return dtype.inner if isinstance(dtype.inner, pl.DataType) else dtype.inner()


def _dtype(field: pl.Field) -> pl.DataType:
    return field.dtype if isinstance(field.dtype, pl.DataType) else field.dtype()


def _spell(dtype: pl.DataType) -> str:
    """A dtype's name in words of our own: a library's way of printing it may change."""
    match dtype:
        case pl.List():
            return f"list<{_spell(_inner(dtype))}>"
        case pl.Struct():
            return f"struct<{','.join(f'{field.name} {_spell(_dtype(field))}' for field in dtype.fields)}>"
        case pl.Datetime():
            return f"time<{dtype.time_unit} {dtype.time_zone}>"
        case _:
            return type(dtype).__name__.lower()
