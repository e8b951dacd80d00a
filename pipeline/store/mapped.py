"""Arrow files mapped into memory: read where they are looked at, and given back when they were.

In: a file. Out: its batches.

>>> file = MappedBatches(path)
>>> [batch.num_rows for batch in file]
[50000, 812]
>>> file.release()

What was read of a mapped file counts as memory of the process until the system wants it back, which on a machine with
memory to spare is never.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa


class MappedBatches:
    """The batches of an Arrow file. The file may be removed meanwhile."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._file = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return map(self._file.get_batch, range(self._file.num_record_batches))

    def __getitem__(self, number: int) -> pa.RecordBatch:
        return self._file.get_batch(number)

    def release(self) -> None:
        """Give back what was read; batches stay valid, and are read again where they are looked at again."""
        release_pages(self._map)


def release_pages(mapped: mmap.mmap) -> None:
    """Give back the pages of a mapping to which nothing was written."""
    if hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
