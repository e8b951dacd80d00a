"""The index of a snapshot, from which the next run goes on: the buckets of every text (`store.bands`), by which near
duplicates of any text are found, their words (`store.bags`), and the verified pairs.

In: segments, words and pairs. Out: ``index/buckets/<digest>.arrow``, ``index/words/<digest>.arrow`` and
``index/near.parquet`` in a snapshot.

>>> write_index(folder / "index", TextIndex(segments, near, words))
>>> find_segments(snapshot), read_near(snapshot)
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipeline.ids import digest_file
from pipeline.store.durable import replacing, sync_path
from pipeline.store.write import PartFile

_BANDS = "buckets"  # not what an earlier version kept its segments in, in another format
_WORDS = "words"
_NEAR = "near.parquet"


@dataclass(frozen=True, eq=False)
class TextIndex:
    """What a run hands to ``publish_snapshot``.

    Attributes:
        segments: of the band index, as `keep_segment` names them; an older snapshot's own are linked, not copied.
        near: verified pairs of texts, to be kept as they are.
        words: files of words, named and linked as segments are.
    """

    segments: tuple[Path, ...]
    near: pl.DataFrame
    words: tuple[Path, ...] = ()


def write_index(folder: Path, index: TextIndex) -> list[PartFile]:
    """Write an index into its folder; the names of the files returned count from there."""
    near = folder / _NEAR
    with replacing(near) as temporary:
        index.near.write_parquet(temporary, compression="zstd", compression_level=1)
    linked = []
    for name, files in ((_BANDS, index.segments), (_WORDS, index.words)):
        (folder / name).mkdir(parents=True)
        linked += [_link_file(file, folder / name) for file in files]
    return [*linked, PartFile(_NEAR, index.near.height, near.stat().st_size, digest_file(near))]


def keep_segment(path: Path) -> Path:
    """Name a new segment or file of words by the digest of its bytes; returns its path."""
    return path.rename(path.with_name(f"{digest_file(path)}.arrow"))


def find_segments(snapshot: Path) -> tuple[Path, ...]:
    """The segments of a snapshot's band index, sorted; none where it keeps none."""
    return tuple(sorted((snapshot / "index" / _BANDS).glob("*.arrow")))


def find_words(snapshot: Path) -> tuple[Path, ...]:
    """The files of a snapshot's words, sorted; none where it keeps none."""
    return tuple(sorted((snapshot / "index" / _WORDS).glob("*.arrow")))


def read_near(snapshot: Path) -> pl.DataFrame | None:
    """The verified pairs that a snapshot keeps; null where it keeps no index, or one of an earlier version."""
    index = snapshot / "index"
    return pl.read_parquet(index / _NEAR) if (index / _BANDS).is_dir() else None


def _link_file(file: Path, folder: Path) -> PartFile:
    """The same file below another folder, or a copy where file systems differ. Its name is its digest."""
    target = folder / file.name
    try:
        target.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, target)
        sync_path(target)
    with pa.memory_map(str(target)) as source:
        rows = pa.ipc.open_file(source).get_batch(0).num_rows
    return PartFile(f"{folder.name}/{file.name}", rows, target.stat().st_size, file.stem)
