"""The index of a snapshot, from which the next run goes on: the buckets of every text (`store.bands`), by which near
duplicates of any text are found, and the verified pairs.

In: segments and pairs. Out: ``index/buckets/<digest>.arrow`` and ``index/near.parquet`` in a snapshot.

>>> write_index(folder / "index", TextIndex(segments, near))
>>> find_segments(snapshot), read_near(snapshot)
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.ids import digest_file
from pipeline.store.bands import count_texts
from pipeline.store.durable import replacing, sync_path
from pipeline.store.write import PartFile

_BANDS = "buckets"  # not what an earlier version kept its segments in, in another format
_NEAR = "near.parquet"


@dataclass(frozen=True, eq=False)
class TextIndex:
    """What a run hands to ``publish_snapshot``.

    Attributes:
        segments: of the band index, as `keep_segment` names them; an older snapshot's own are linked, not copied.
        near: verified pairs of texts, to be kept as they are.
    """

    segments: tuple[Path, ...]
    near: pl.DataFrame


def write_index(folder: Path, index: TextIndex) -> list[PartFile]:
    """Write an index into its folder; the names of the files returned count from there."""
    near = folder / _NEAR
    with replacing(near) as temporary:
        index.near.write_parquet(temporary, compression="zstd", compression_level=1)
    (folder / _BANDS).mkdir(parents=True)
    linked = [_link_segment(segment, folder / _BANDS) for segment in index.segments]
    return [*linked, PartFile(_NEAR, index.near.height, near.stat().st_size, digest_file(near))]


def keep_segment(path: Path) -> Path:
    """Name a new segment of the band index by the digest of its bytes; returns its path."""
    return path.rename(path.with_name(f"{digest_file(path)}.arrow"))


def find_segments(snapshot: Path) -> tuple[Path, ...]:
    """The segments of a snapshot's band index, sorted; none where it keeps none."""
    return tuple(sorted((snapshot / "index" / _BANDS).glob("*.arrow")))


def read_near(snapshot: Path) -> pl.DataFrame | None:
    """The verified pairs that a snapshot keeps; null where it keeps no index, or one of an earlier version."""
    index = snapshot / "index"
    return pl.read_parquet(index / _NEAR) if (index / _BANDS).is_dir() else None


def _link_segment(segment: Path, folder: Path) -> PartFile:
    """The same file below another folder, or a copy where file systems differ. Its name is its digest."""
    target = folder / segment.name
    try:
        target.hardlink_to(segment)
    except OSError:
        shutil.copyfile(segment, target)
        sync_path(target)
    return PartFile(f"{_BANDS}/{segment.name}", count_texts(target), target.stat().st_size, segment.stem)
