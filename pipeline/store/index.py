"""The index of a snapshot: signatures of its posts, by which near duplicates of any text are found, and what the next
run goes on from: the buckets of every text (`store.bands`) and the verified pairs.

In: ids and signatures, segments, pairs. Out: ``index/index.json``, ``index/signatures/part-*.parquet``,
``index/bands/<digest>.parquet`` and ``index/near.parquet`` in a snapshot; and, for the signature of a query, the posts
that share a band with it.

>>> ids, signatures = find_candidates(snapshot, query)     # signatures: uint32, one row per id
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.buffers import text_buffers
from pipeline.errors import ArchiveError, ContractError
from pipeline.ids import digest_file
from pipeline.store.durable import replacing, sync_path, write_json
from pipeline.store.write import PartFile, TableRows, write_table

_CHUNK_ROWS = 1 << 16
_FACTS = "index.json"
_SIGNATURES = "signatures"
_BANDS = "bands"
_NEAR = "near.parquet"


@dataclass(frozen=True)
class IndexFacts:
    """How the signatures of an index were made and how they are cut into bands."""

    permutations: int
    shingle_size: int
    bands: int
    rows: int
    scheme: str = "affine32"


@dataclass(frozen=True, eq=False)
class SignatureIndex:
    """What a run hands to ``publish_snapshot``.

    Attributes:
        facts: how the signatures were made.
        signatures: the rows of ``tables.Signatures`` in any order.
        segments: of the band index, as `keep_segment` names them; an older snapshot's own are linked, not copied.
        near: verified pairs of texts, to be kept as they are.
    """

    facts: IndexFacts
    signatures: TableRows
    segments: tuple[Path, ...] = ()
    near: pl.DataFrame | None = None


def encode_signatures(post_ids: pl.Series, signatures: NDArray[np.uint32]) -> pl.DataFrame:
    """Rows of ``tables.Signatures``.

    Args:
        post_ids: n ids.
        signatures: uint32 of shape (n, permutations).
    """
    n, permutations = signatures.shape
    octets = pa.py_buffer(np.ascontiguousarray(signatures, dtype="<u4"))
    offsets = pa.py_buffer(np.arange(n + 1, dtype=np.int64) * (4 * permutations))
    cells = pl.Series(pa.Array.from_buffers(pa.large_binary(), n, [None, offsets, octets]))
    return pl.DataFrame({"post_id": post_ids, "signature": cells})


def decode_signatures(signatures: pl.Series, permutations: int) -> NDArray[np.uint32]:
    """The signatures of a Binary column: uint32 of shape (n, permutations).

    Raises:
        ContractError: a row has another length.
    """
    values, offsets = text_buffers(signatures)
    if (np.diff(offsets) != 4 * permutations).any():
        raise ContractError(f"A signature does not have {permutations} values")
    return values[offsets[0] : offsets[-1]].view("<u4").astype(np.uint32, copy=False).reshape(-1, permutations)


def write_index(folder: Path, index: SignatureIndex) -> list[PartFile]:
    """Write an index into its folder; the names of the files returned count from there."""
    facts = folder / _FACTS
    write_json(facts, asdict(index.facts))
    parts = write_table(_SIGNATURES, index.signatures, folder / _SIGNATURES)
    named = [PartFile(f"{_SIGNATURES}/{part.name}", part.rows, part.bytes, part.digest) for part in parts]
    linked = [_link_segment(segment, folder / _BANDS) for segment in index.segments]
    if index.near is not None:
        with replacing(folder / _NEAR) as temporary:
            index.near.write_parquet(temporary, compression="zstd", compression_level=1)
        linked.append(PartFile(_NEAR, index.near.height, (folder / _NEAR).stat().st_size, digest_file(folder / _NEAR)))
    return [*named, *linked, PartFile(_FACTS, 0, facts.stat().st_size, digest_file(facts))]


def keep_segment(path: Path) -> Path:
    """Name a new segment of the band index by the digest of its bytes; returns its path."""
    return path.rename(path.with_name(f"{digest_file(path)}.parquet"))


def find_segments(snapshot: Path) -> tuple[Path, ...]:
    """The segments of a snapshot's band index, sorted; none where it keeps none."""
    return tuple(sorted((snapshot / "index" / _BANDS).glob("*.parquet")))


def read_near(snapshot: Path) -> pl.DataFrame | None:
    """The verified pairs that a snapshot keeps; null where it keeps none."""
    path = snapshot / "index" / _NEAR
    return pl.read_parquet(path) if path.is_file() else None


def _link_segment(segment: Path, folder: Path) -> PartFile:
    """The same file below another folder, or a copy where file systems differ. Its name is its digest."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / segment.name
    try:
        target.hardlink_to(segment)
    except OSError:
        shutil.copyfile(segment, target)
        sync_path(target)
    rows = pq.read_metadata(target).num_rows
    return PartFile(f"{_BANDS}/{segment.name}", rows, target.stat().st_size, segment.stem)


def load_index(snapshot: Path) -> IndexFacts:
    """How the index of a snapshot was made.

    Raises:
        ArchiveError: the snapshot has no index, or one that cannot be read.
    """
    try:
        return IndexFacts(**orjson.loads((snapshot / "index" / _FACTS).read_bytes()))
    except FileNotFoundError as error:
        raise ArchiveError(f"{snapshot} has no index of signatures: publish it again") from error
    except (orjson.JSONDecodeError, TypeError) as error:
        raise ArchiveError(f"The index of {snapshot} cannot be read ({error}): publish it again") from error


def scan_signatures(snapshot: Path) -> pl.LazyFrame:
    """Rows of ``tables.Signatures`` of a snapshot, in the order of post_id. Raises ArchiveError where it has none."""
    load_index(snapshot)
    return pl.scan_parquet(sorted((snapshot / "index" / _SIGNATURES).glob("part-*.parquet")), glob=False)


def find_candidates(snapshot: Path, query: NDArray[np.uint32]) -> tuple[pl.Series, NDArray[np.uint32]]:
    """Posts whose signature shares at least one band with that of a query.

    Args:
        snapshot: a snapshot's folder.
        query: uint32 of shape (permutations,), made as the index's own (scheme, shingles).

    Returns:
        post_ids: n ids in their order.
        signatures: uint32 of shape (n, permutations).

    Raises:
        ArchiveError: the snapshot has no index, or one of another number of permutations.
    """
    facts = load_index(snapshot)
    if query.shape != (facts.permutations,):
        raise ArchiveError(f"The index of {snapshot} has {facts.permutations} permutations, the query {query.shape}")
    used = facts.bands * facts.rows
    wanted = query[:used].reshape(facts.bands, facts.rows)
    ids: list[pl.Series] = [pl.Series("post_id", [], pl.String)]
    found: list[NDArray[np.uint32]] = [np.empty((0, facts.permutations), np.uint32)]
    for chunk in scan_signatures(snapshot).collect_batches(chunk_size=_CHUNK_ROWS, maintain_order=True):
        stored = decode_signatures(chunk["signature"], facts.permutations)
        bands = stored[:, :used].reshape(-1, facts.bands, facts.rows)
        shared = (bands == wanted).all(axis=2).any(axis=1)
        ids.append(chunk["post_id"].filter(pl.Series(shared)))
        found.append(stored[shared])
    return pl.concat(ids), np.concatenate(found)
