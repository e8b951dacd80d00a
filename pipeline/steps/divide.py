"""Dividing the records of a run into buckets of whole discussions, before it is known what the discussions are.

In: the hashed keys of kept records, and which texts are near to which. Out: work parts ``bucket-NNNN`` with full
records.

>>> divide_records(plan, read_keys(plan, captures), None, NearTexts(plan.work.read("near")), own, whole=False)
3
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.deduplicate.identity_keys import Hashes, Mask, NearHashes, are_open, is_open, list_keys
from pipeline.deduplicate.listings import add_near_keys, find_listings
from pipeline.deduplicate.parcels import RecordDivider
from pipeline.errors import ContractError
from pipeline.steps.plan import RunPlan
from pipeline.store.hashed import HashedPart

# Records of a bucket: at most about so many, at least so many where the number of buckets is a setting's.
MOST_RECORDS = 100_000
LEAST_RECORDS = 50_000
_CHUNK_RECORDS = 50_000

SAYS_SAME = pl.col("method") != "template"

KEY_COLUMNS = (
    "sighting_id", "capture_id", "ordinal", "listing", "scope", "native_id", "discussion_scope", "native_discussion",
    "page_key", "next_page_key",
    "native_parent", "parent_known", "author_key", "posted_at", "posted_precision", "captured_at", "words_key",
    "information", "n_words", "paragraphs",
)  # fmt: skip


class NearTexts:
    """Which texts are near to which: pairs, whole clusters of them at a time.

    Args:
        pairs: left_key, right_key, method.
    """

    def __init__(self, pairs: pl.DataFrame) -> None:
        known = pl.concat([pairs["left_key"], pairs["right_key"]]).unique().to_frame("words_key")
        self._clusters = add_near_keys(known, pairs).rename({"near_key": "cluster"})
        self._pairs = pairs.join(self._clusters, left_on="left_key", right_on="words_key", how="left")

    @property
    def same(self) -> pl.DataFrame:
        """The pairs that say the same."""
        return self._pairs.filter(SAYS_SAME).drop("cluster")

    def around(self, words_keys: pl.Series) -> pl.DataFrame:
        """The pairs of every cluster to which any of these texts belongs."""
        met = self._clusters.join(words_keys.unique().to_frame("words_key"), on="words_key", how="semi")
        return self._pairs.join(met.select("cluster").unique(), on="cluster", how="semi").drop("cluster")


def divide_records(
    plan: RunPlan, parts: Sequence[HashedPart], chosen: Mask | None, near: NearTexts, own: pl.DataFrame, *, whole: bool
) -> int:
    """Writes the records of whole discussions together; how many buckets there are decides no row.

    Args:
        plan: the run.
        parts: the hashed keys of n records.
        chosen: bool of shape (n,): which of them to divide, whole listings; null: all.
        near: near texts.
        own: near pairs within captures, as ``find_listings`` takes them.
        whole: whether all records go into one bucket.

    Returns:
        The number of buckets, at least 1.
    """
    wanted = _choose(parts, chosen)
    divider = RecordDivider()
    opened = [are_open(part.hashes)[rows] for part, rows in wanted]
    hashes = NearHashes(near.same) if any(one.any() for one in opened) else None
    for group in _group_captures(wanted, opened):
        seeds = _read_seeds(group, near, own) if any(one.any() for _, _, one in group) else None
        start = 0
        for part, rows, one in group:
            keys = list_keys(part.hashes[:, rows], hashes)
            if seeds is not None:
                keys["seed"] = [seeds[start : start + one.size]]
            divider.add(keys, one)
            start += one.size
    numbers = divider.divide(_choose_size(plan, divider.n_records, whole=whole))
    _write_buckets(plan, _read_records(wanted), numbers)
    return int(numbers.max(initial=0)) + 1


def _choose(parts: Sequence[HashedPart], chosen: Mask | None) -> list[tuple[HashedPart, slice | Mask]]:
    """The parts of which records are wanted, each with which."""
    if chosen is None:
        return [(part, slice(None)) for part in parts]
    found: list[tuple[HashedPart, slice | Mask]] = []
    start = 0
    for part in parts:
        rows = chosen[start : start + part.hashes.shape[1]]
        start += rows.size
        if rows.any():
            found.append((part, slice(None) if rows.all() else rows))
    return found


def _choose_size(plan: RunPlan, n_records: int, *, whole: bool) -> int:
    if whole:
        return max(1, n_records)
    return min(MOST_RECORDS, max(LEAST_RECORDS, -(-n_records // plan.parameters.buckets)))


_Group = list[tuple[HashedPart, slice | Mask, Mask]]


def _group_captures(wanted: Sequence[tuple[HashedPart, slice | Mask]], opened: Sequence[Mask]) -> Iterator[_Group]:
    """Whole captures, small ones together; a large one by itself: an open listing can be cut only when all of it is
    seen."""
    held: _Group = []
    together = zip(wanted, opened, strict=True)
    for _, capture in groupby(together, key=lambda one: one[0][0].capture_id):
        own = [(part, rows, mask) for (part, rows), mask in capture]
        if held and sum(mask.size for _, _, mask in (*held, *own)) > _CHUNK_RECORDS:
            yield held
            held = []
        held += own
    if held:
        yield held


def _read_seeds(group: _Group, near: NearTexts, own: pl.DataFrame) -> Hashes:
    """Hashes of the listings of records, 0 of those that are not open."""
    rows = pl.concat(_read_part(part, chosen, KEY_COLUMNS) for part, chosen, _ in group)
    listed = find_listings(rows, near.around(rows["words_key"]).filter(SAYS_SAME), own)
    seeds = pl.when(is_open()).then(pl.col("listing_id").hash()).fill_null(0)
    return listed.select(seeds.cast(pl.UInt64)).to_series().to_numpy()


def _read_part(part: HashedPart, rows: slice | Mask, columns: Sequence[str] | None = None) -> pl.DataFrame:
    frame = pl.read_parquet(part.file, columns=None if columns is None else list(columns), glob=False)
    return frame if isinstance(rows, slice) else frame.filter(pl.Series(rows))


def _read_records(wanted: Sequence[tuple[HashedPart, slice | Mask]]) -> Iterator[pl.DataFrame]:
    """The records to divide, in their order, a chunk at a time."""
    # File by file: a query over all of them reads ahead, and holds a gigabyte of texts.
    held: list[pl.DataFrame] = []
    for part, rows in wanted:
        held.append(_read_part(part, rows))
        if sum(frame.height for frame in held) >= _CHUNK_RECORDS:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)


def _write_buckets(plan: RunPlan, chunks: Iterator[pl.DataFrame], numbers: NDArray[np.int64]) -> None:
    found = 0
    for nth, chunk in enumerate(chunks):
        bucket = numbers[found : found + chunk.height]
        found += chunk.height
        if bucket.size < chunk.height:
            break
        for (number,), part in chunk.with_columns(bucket=bucket).partition_by("bucket", as_dict=True).items():
            plan.work.write(f"bucket-{number:04d}/{nth:05d}", part.drop("bucket"))
    if found != numbers.size:
        raise ContractError("The kept captures changed while this run read them; run again")
