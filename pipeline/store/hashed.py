"""Hashes kept beside the records that they were made of: columns that every run needs of all records.

In: a kept capture, and a function from records to hashes. Out: its hashes, from their file where there is one.

>>> for part in read_hashes(layout, ["abc"], "keys-1", columns, make):
...     part.file, part.hashes.shape
(PosixPath('parquet/captures/abc/records/part-00000.parquet'), (10, 50000))

Kept records never change, and whoever replaces them replaces their folder: no file can be out of step with them. Large
ones are mapped into memory, not read.
"""

from __future__ import annotations

import io
import mmap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.store.captures import record_files
from pipeline.store.durable import replacing
from pipeline.store.layout import ArchiveLayout
from pipeline.store.mapped import release_pages

Hashes = NDArray[np.uint64]

# Smaller files are read: a process can map some ten thousands.
_MAPPED_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class HashedPart:
    """A part of a kept capture's records.

    Attributes:
        capture_id: the capture.
        file: Parquet, tables.Records.
        hashes: uint64 of shape (k, n), of its n records.
    """

    capture_id: str
    file: Path
    hashes: Hashes

    def release(self) -> None:
        """Give back the memory of what was read of a mapped file."""
        base = self.hashes.base
        while base is not None and not isinstance(base, mmap.mmap):
            base = getattr(base, "base", None)
        if base is not None:
            release_pages(base)


def read_hashes(
    layout: ArchiveLayout,
    captures: Iterable[str],
    kind: str,
    columns: Sequence[str],
    make: Callable[[pl.DataFrame], Hashes],
) -> Iterator[HashedPart]:
    """Hashes of the records of captures, in their order; they are made, and kept, where they are not there.

    Args:
        layout, captures: as ``captures.record_files`` takes them.
        kind: names these hashes; another way to make them needs another name.
        columns: of the records, that ``make`` needs.
        make: gives uint64 of shape (k, n) for n records.
    """
    for capture_id in captures:
        for file in record_files(layout, [capture_id]):
            path = file.parent.with_name(f"{file.stem}.{kind}.npy")
            if not path.exists():
                # By way of memory: into a file numpy writes by itself, and of a full disk it says no errno.
                made = io.BytesIO()
                np.save(made, make(pl.read_parquet(file, columns=list(columns), glob=False)), allow_pickle=False)
                with replacing(path) as temporary:
                    temporary.write_bytes(made.getbuffer())
            # Writable for the kernels' sake, though none writes.
            large = path.stat().st_size >= _MAPPED_BYTES
            hashes = np.load(path, mmap_mode="c" if large else None, allow_pickle=False)
            yield HashedPart(capture_id, file, hashes.view(np.ndarray))
