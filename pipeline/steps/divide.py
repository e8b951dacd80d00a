"""Dividing the records of a run into buckets of whole discussions, before it is known what the discussions are.

In: the kept records, and which texts are near to which. Out: work parts ``bucket-NNNN`` with full records.

>>> divide_records(plan, None, NearTexts(plan.work.read("near")), own, whole=False)
3
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.deduplicate.identity_keys import is_open
from pipeline.deduplicate.listings import add_near_keys, find_listings
from pipeline.deduplicate.parcels import RecordDivider
from pipeline.errors import ContractError
from pipeline.steps.plan import RunPlan
from pipeline.store.captures import kept_captures, record_files, scan_records

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

    def around(self, words_keys: pl.Series) -> pl.DataFrame:
        """The pairs of every cluster to which any of these texts belongs."""
        met = self._clusters.join(words_keys.unique().to_frame("words_key"), on="words_key", how="semi")
        return self._pairs.join(met.select("cluster").unique(), on="cluster", how="semi").drop("cluster")


def divide_records(plan: RunPlan, keys: pl.DataFrame | None, near: NearTexts, own: pl.DataFrame, *, whole: bool) -> int:
    """Writes the records of whole discussions together; how many buckets there are decides no row.

    Args:
        plan: the run.
        keys: key columns of the records to divide, sorted by capture and ordinal; null: all.
        near: near texts.
        own: near pairs within captures, as ``find_listings`` takes them.
        whole: whether all records go into one bucket.

    Returns:
        The number of buckets, at least 1.
    """
    captures = plan.capture_ids() if keys is None else keys["capture_id"].unique().sort().to_list()
    divider = RecordDivider()
    for rows in _read_keys(plan, captures) if keys is None else iter([keys]):
        same = near.around(rows["words_key"]).filter(SAYS_SAME)
        named = not rows.select(is_open().any()).item()
        divider.add(add_near_keys(rows, same) if named else find_listings(rows, same, own))
    numbers = divider.divide(_choose_size(plan, divider.n_records, whole=whole))
    _write_buckets(plan, _read_records(plan, captures, keys), numbers)
    return int(numbers.max(initial=0)) + 1


def _choose_size(plan: RunPlan, n_records: int, *, whole: bool) -> int:
    if whole:
        return max(1, n_records)
    return min(MOST_RECORDS, max(LEAST_RECORDS, -(-n_records // plan.parameters.buckets)))


def _read_keys(plan: RunPlan, captures: list[str]) -> Iterator[pl.DataFrame]:
    """The key columns of captures in their order: many small captures together, large ones chunk by chunk where every
    record names its discussion. Any other listing can be cut only when all of it is seen."""
    sizes = {capture.capture_id: int(capture.facts["n_records"]) for capture in kept_captures(plan.layout)}
    held: list[str] = []
    for capture_id in captures:
        if sizes[capture_id] < _CHUNK_RECORDS:
            held.append(capture_id)
            if sum(sizes[one] for one in held) < _CHUNK_RECORDS:
                continue
        if held:
            yield scan_records(plan.layout, held, KEY_COLUMNS).collect()
            held = []
        if sizes[capture_id] >= _CHUNK_RECORDS:
            rows = scan_records(plan.layout, [capture_id], KEY_COLUMNS)
            if rows.select(is_open().any()).collect().item():
                yield rows.collect()
            else:
                yield from rows.collect_batches(chunk_size=_CHUNK_RECORDS, maintain_order=True)
    if held:
        yield scan_records(plan.layout, held, KEY_COLUMNS).collect()


def _read_records(plan: RunPlan, captures: list[str], keys: pl.DataFrame | None) -> Iterator[pl.DataFrame]:
    """The records to divide, in their order, a chunk at a time."""
    if keys is not None:
        # Of records that stay as they are nothing but their ids is read.
        chosen = pl.col("sighting_id").is_in(keys["sighting_id"].implode())
        records = scan_records(plan.layout, captures).filter(chosen)
        yield from records.collect_batches(chunk_size=_CHUNK_RECORDS, maintain_order=True)
        return
    # File by file: a query over all of them reads ahead, and holds a gigabyte of texts.
    held: list[pl.DataFrame] = []
    for file in record_files(plan.layout, captures):
        held.append(pl.read_parquet(file, glob=False))
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
