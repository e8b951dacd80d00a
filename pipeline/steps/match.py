"""The second step: which texts say nearly the same.

In: the records of captures that the current snapshot has not seen, and its index; or of all captures, where there is no
such snapshot or something was decided otherwise. Out: work parts ``near`` (verified pairs of texts, with the number of
bands that make them candidates), and the facts ``segments`` and ``words`` (files of the index).

Signatures, buckets and pairs are held within the run's memory setting, and words are read of candidate pairs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.algorithms.id_sets import IdSet
from pipeline.deduplicate.candidates import describe_bands, key_texts, long_enough
from pipeline.deduplicate.near import hash_heads, verify_pairs
from pipeline.deduplicate.verification import LEAST_STAYED
from pipeline.normalise.records import NORMALISER_VERSION
from pipeline.steps.base import take_base
from pipeline.steps.plan import RunPlan, StepReport, timed_report
from pipeline.store.bags import WordBags, merge_words
from pipeline.store.bands import BandFacts, changed_pairs, merge_segments, read_ids, write_segment
from pipeline.store.index import find_segments, find_words, keep_segment, read_near
from pipeline.store.texts import new_texts

_SHARE = 4  # of the memory setting that keys and texts may each have
_TEXT_BYTES = 1 << 26  # of words signed at a time
_MEAN_BYTES, _TEXT_OVERHEAD = 512, 64  # that a text is taken to have at least, and what it needs besides its words
_MOST_SEGMENTS, _MERGED = 8, 5  # when there are more, so many of the smallest become one
_PAIR_KEYS = ("left_id", "right_id")
_NEAR = {
    "left_id": pl.UInt64, "right_id": pl.UInt64, "left_key": pl.String, "right_key": pl.String,
    "similarity": pl.Float32, "method": pl.String, "support": pl.Int32,
}  # fmt: skip


@dataclass(frozen=True)
class _Known:
    """What the current snapshot knows: its captures, the buckets and words of their texts, verified pairs."""

    captures: frozenset[str]
    segments: tuple[Path, ...]
    words: tuple[Path, ...]
    near: pl.DataFrame


def match_duplicates(plan: RunPlan) -> StepReport:
    """Verifies pairs of distinct texts that MinHash finds alike. Counts: new_texts, near_pairs."""
    with timed_report("match") as report:
        known = _open_index(plan)
        facts = _band_facts(plan)
        memory = plan.parameters.memory << 20
        near = known.near
        with WordBags(plan.work.path / "bands" / "marks", known.words) as bags:
            segments, n_texts, mean_bytes = _index_texts(plan, known, facts, bags)
            at_once = memory // _SHARE // mean_bytes // 2
            waiting: list[pl.DataFrame] = []
            # Pairs come in ranges of their left ids: a handful of frames, more where pairs are many.
            for changes in changed_pairs(known.segments, segments, facts, plan.work.path, memory):
                came, near = _apply(near, changes)
                likely = bags.may_match(came["left_id"].to_numpy(), came["right_id"].to_numpy(), LEAST_STAYED)
                waiting.append(came.filter(pl.Series(likely, dtype=pl.Boolean)))
                if sum(pairs.height for pairs in waiting) > at_once:
                    near = pl.concat([near, *_verify_all(plan, bags, waiting, at_once)])
                    waiting = []
            near = pl.concat([near, *_verify_all(plan, bags, waiting, at_once)])
            words = bags.keep()
            kept = [*known.words, *([] if words is None else [keep_segment(words)])]
        near = near.sort(_PAIR_KEYS)
        plan.work.write("near", near)
        plan.work.write_json("segments", [str(path) for path in _compact(plan, segments, merge_segments)])
        plan.work.write_json("words", [str(path) for path in _compact(plan, kept, merge_words)])
        report.counts.update(new_texts=n_texts, near_pairs=near.height)
    return report


def _open_index(plan: RunPlan) -> _Known:
    """The index of the snapshot that this run goes on from, empty where there is none."""
    base = take_base(plan)
    near = read_near(base.snapshot) if base is not None else None
    if base is None or near is None:
        return _Known(frozenset(), (), (), pl.DataFrame(schema=_NEAR))
    return _Known(frozenset(base.captures), find_segments(base.snapshot), find_words(base.snapshot), near)


def _band_facts(plan: RunPlan) -> BandFacts:
    made = describe_bands(plan.parameters.settings)
    return BandFacts(
        made["bands"] + made["short_bands"] + made["head_bands"], {**made, "normaliser": NORMALISER_VERSION}
    )


def _index_texts(plan: RunPlan, known: _Known, facts: BandFacts, bags: WordBags) -> tuple[tuple[Path, ...], int, int]:
    """Signs texts that are new, writes their buckets, and keeps their bags of words.

    Returns:
        All segments; how many texts are new; bytes of memory that a text needs on average.
    """
    seen = IdSet()
    seen.add(read_ids(known.segments))
    segments = list(known.segments)
    held: list[tuple[np.ndarray, np.ndarray]] = []
    most = max(1, (plan.parameters.memory << 20) // _SHARE // (4 * facts.bands + 8))
    n_texts = n_bytes = 0

    def write() -> None:
        path = plan.work.path / "bands" / f"{len(segments):05d}.arrow"
        ids, keys = zip(*held, strict=True)
        write_segment(path, facts, np.concatenate(ids), np.concatenate(keys, axis=1))
        segments.append(keep_segment(path))
        held.clear()

    new = [capture_id for capture_id in plan.capture_ids() if capture_id not in known.captures]
    for texts in _gather(new_texts(plan.layout, new, seen)):
        for chunk in texts.iter_slices(most):
            if sum(ids.size for ids, _ in held) + chunk.height > most:
                write()
            ids = chunk["id"].to_numpy()
            held.append((ids, key_texts(chunk["words"], plan.parameters.settings)))
            bags.add(ids, chunk["words"], hash_heads(chunk["words"]))
        n_texts += texts.height
        n_bytes += int(texts["words"].str.len_bytes().sum())
    if held:
        write()
    return tuple(segments), n_texts, max(_MEAN_BYTES, n_bytes // max(1, n_texts)) + _TEXT_OVERHEAD


def _gather(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Texts that are long enough, of many small captures together; a part is as large as its reader's batch."""
    held: list[pl.DataFrame] = []
    n_bytes = 0
    for part in parts:
        texts = long_enough(part)
        held.append(texts)
        n_bytes += int(texts["words"].str.len_bytes().sum())
        if n_bytes > _TEXT_BYTES:
            yield pl.concat(held)
            held, n_bytes = [], 0
    if held and (rest := pl.concat(held)).height:
        yield rest


def _apply(near: pl.DataFrame, changes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts changes of verified pairs.

    Returns:
        Pairs to verify (left_id, right_id, change); verified pairs that are still candidates.
    """
    came = changes.join(near, on=_PAIR_KEYS, how="anti").filter(pl.col("change") > 0)
    if near.is_empty():
        return came, near
    counted = near.join(changes, on=_PAIR_KEYS, how="left").with_columns(
        pl.col("support") + pl.col("change").fill_null(0)
    )
    return came, counted.drop("change").filter(pl.col("support") != 0)


def _verify_all(plan: RunPlan, bags: WordBags, waiting: Sequence[pl.DataFrame], at_once: int) -> Iterator[pl.DataFrame]:
    """The pairs that say the same, so many at once that their texts fit into memory: each piece looks for its own."""
    if waiting:
        for pairs in pl.concat(waiting).iter_slices(max(1, at_once)):
            yield _verify(plan, bags, pairs)


def _verify(plan: RunPlan, bags: WordBags, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs that say the same: rows of ``near``."""
    ids = pl.concat([pairs[key] for key in _PAIR_KEYS]).unique()
    texts = bags.fetch(ids.to_numpy())
    rows = pl.DataFrame({"id": texts["id"], "row": np.arange(texts.height)})
    placed = pairs.join(rows, left_on="left_id", right_on="id").join(
        rows, left_on="right_id", right_on="id", suffix="_right"
    )
    found = np.sort(placed.select("row", "row_right").to_numpy(), axis=1)
    verified = verify_pairs(texts["words_key"], texts["words"], found, plan.parameters.settings, plan.pack)
    keys = {"left_key": texts["words_key"].gather(found[:, 0]), "right_key": texts["words_key"].gather(found[:, 1])}
    named = placed.select(*_PAIR_KEYS, support="change").with_columns(**keys)
    return verified.join(named, on=list(keys), how="left").select(list(_NEAR))


def _compact(plan: RunPlan, files: Sequence[Path], merge: Callable[[Path, Sequence[Path]], None]) -> list[Path]:
    """The files to publish: many small ones become one, as far as memory allows. No pair changes by it."""
    by_size = sorted(files, key=lambda path: (path.stat().st_size, path.name))
    small = by_size[:_MERGED]
    if len(files) <= _MOST_SEGMENTS or sum(path.stat().st_size for path in small) > plan.parameters.memory << 20:
        return by_size
    merged = plan.work.path / "bands" / "merged.arrow"
    merge(merged, small)
    return [keep_segment(merged), *by_size[_MERGED:]]
