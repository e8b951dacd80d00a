"""The distinct texts of a table, in memory or, where they are more than that may hold, in a folder.

In: texts batch by batch. Out: the pairs of them that say nearly the same; the words of those that are asked for.

>>> with Texts(1 << 30, None) as texts:
...     texts.add(keys, words)                         # words_keys and folded words of some rows
...     texts.keys                                     # of all, each once, sorted
...     texts.near(Settings()), texts.fetch(texts.keys.head(5))

What is found depends on no memory: a text's number is its place among all keys, and candidates of a bucket follow from
the numbers in it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.id_sets import IdSet
from pipeline.algorithms.lsh import bucket_pairs, sort_distinct, sort_members
from pipeline.deduplicate.candidates import MIN_CHARACTERS, choose_bands, key_texts
from pipeline.deduplicate.near import hash_heads, near_duplicates, verify_pairs
from pipeline.deduplicate.verification import LEAST_STAYED
from pipeline.ids import number_ids, order_ids
from pipeline.settings import Settings
from pipeline.store.bags import WordBags

_SHARE = 4  # of the memory that words, keys, pairs and what is verified may each have
_TEXT_OVERHEAD = 64  # bytes that a text needs besides its words
_PARTS = 64  # that candidates are divided into
_PAIR_BYTES = 32  # that a candidate needs while it is sorted
_NEAR = ["left_key", "right_key", "similarity", "method"]


class Texts:
    """Distinct texts. What does not fit into memory lies in a folder, which goes when the ``with`` block ends.

    Args:
        memory_bytes: for words, band keys and pairs; what stays of each text besides is some fifty bytes.
        folder: where to make that folder; null: the system's place for such.
    """

    def __init__(self, memory_bytes: int, folder: Path | None) -> None:
        self._memory = memory_bytes
        self._parent = folder
        self._folder: Path | None = None
        self._seen = IdSet()
        self._held: list[pl.DataFrame] = []
        self._held_bytes = 0
        self._keys: list[pl.Series] = []
        self._files: list[Path] = []
        self._places = np.empty(0, dtype=np.uint64)  # of texts in the order in which they were added, among all keys
        self._mean_bytes = 1
        self._bags: WordBags | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bags is not None:
            self._bags.__exit__(*exception)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, keys: pl.Series, words: pl.Series) -> None:
        """Add the texts of some rows: words_keys, and folded words; the empty text is none."""
        batch = pl.DataFrame([keys.alias("words_key"), words.alias("words")])
        # A set of ids leaves the first of each.
        batch = batch.filter(pl.Series(self._seen.add(number_ids(keys))) & (pl.col("words") != ""))
        self._held.append(batch)
        self._keys.append(batch["words_key"])
        self._held_bytes += int(batch["words"].str.len_bytes().sum()) + _TEXT_OVERHEAD * batch.height
        if self._held_bytes > self._memory // _SHARE:
            self._spill()

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="threadloom-texts-", dir=self._parent))
        self._files.append(self._folder / f"words-{len(self._files):05d}.arrow")
        pl.concat(self._held).write_ipc(self._files[-1])
        self._held, self._held_bytes = [], 0

    @cached_property
    def keys(self) -> pl.Series:
        """The words_key of every text, sorted. Nothing can be added from here on."""
        if self._files:
            self._spill()
        keys = pl.concat([pl.Series("words_key", [], pl.String), *self._keys])
        self._keys.clear()
        order = order_ids(keys)
        if self._files:
            self._places = np.empty(order.size, dtype=np.uint64)
            self._places[order] = np.arange(order.size, dtype=np.uint64)
        return keys.gather(order).rechunk().set_sorted()

    def _number(self, keys: pl.Series) -> NDArray[np.uint64]:
        """Numbers of words_keys, in the order of these, spread over 64 bits, as bags of words take ids to be."""
        return np.asarray(self.keys.search_sorted(keys).to_numpy().astype(np.uint64) << self._shift, dtype=np.uint64)

    @cached_property
    def _shift(self) -> np.uint64:
        return np.uint64(64 - len(self.keys).bit_length())

    @cached_property
    def _all(self) -> pl.DataFrame:
        """All texts, where they are in memory, sorted by key."""
        held = pl.concat([pl.DataFrame(schema={"words_key": pl.String, "words": pl.String}), *self._held])
        self._held.clear()
        return held[order_ids(held["words_key"])].with_columns(pl.col("words_key").set_sorted())

    def parts(self) -> Iterator[pl.DataFrame]:
        """All texts, part by part: words_key, words."""
        if len(self.keys) and not self._files:
            yield self._all
        for file in self._files:
            yield pl.read_ipc(file)

    def slices(self, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Rows that each ask for a text or two, so many at a time that these fit into memory."""
        if not self._files:
            return iter([wanted])
        return wanted.iter_slices(max(1, self._memory // _SHARE // 4 // self._mean_bytes))

    def fetch(self, keys: pl.Series) -> pl.DataFrame:
        """Texts of words_keys, which are distinct and were added: words_key, words."""
        if not self._files:
            return self._all.join(keys.to_frame("words_key"), on="words_key", how="semi")
        assert self._bags is not None  # near comes first
        numbers = self._number(keys)
        return self._bags.fetch(numbers).select("words_key", "words")

    def near(self, settings: Settings) -> pl.DataFrame:
        """What ``near_duplicates`` returns of these texts."""
        if not self._files:
            return near_duplicates(self._all, settings).select(_NEAR) if len(self.keys) else _nothing()
        files, places = self._index(settings)
        assert self._bags is not None
        share = self._memory // _SHARE
        found, waiting, n_waiting = [_nothing()], list[NDArray[np.uint64]](), 0
        for codes in self._candidates(files, places, settings):
            for some in np.array_split(codes, codes.size * _PAIR_BYTES // share + 1):
                pairs = np.stack([some >> np.uint64(32), some & np.uint64(0xFFFFFFFF)], axis=1) << self._shift
                waiting.append(pairs[self._bags.may_match(pairs[:, 0], pairs[:, 1], LEAST_STAYED)])
                n_waiting += len(waiting[-1])
            if n_waiting > share // 2 // self._mean_bytes:
                found += self._verify(np.concatenate(waiting), settings)
                waiting, n_waiting = [], 0
        if waiting:
            found += self._verify(np.concatenate(waiting), settings)
        return pl.concat(found).sort("left_key", "right_key")

    def _index(self, settings: Settings) -> tuple[list[Path], NDArray[np.uint64]]:
        """Writes band keys and words of all texts; files of keys, uint32 of shape (bands, m), and the places among all
        keys of the texts that they are of, uint64, one file after another."""
        assert self._folder is not None
        n_bands = sum(bands.last for bands in choose_bands(settings))
        most = max(1, self._memory // _SHARE // (8 * n_bands))
        self._bags = WordBags(self._folder / "marks")
        self._bags.__enter__()
        files: list[Path] = []
        places = [np.empty(0, dtype=np.uint64)]
        n_texts = n_bytes = 0
        for part in self.parts():
            for texts in part.iter_slices(most):
                numbers = self._places[n_texts : n_texts + texts.height] << self._shift
                n_texts += texts.height
                self._bags.add(numbers, texts["words"], hash_heads(texts["words"]))
                n_bytes += int(texts["words"].str.len_bytes().sum())
                long = (texts["words"].str.len_chars() >= MIN_CHARACTERS).to_numpy()
                files.append(self._folder / f"keys-{len(files):05d}.npy")
                np.save(files[-1], key_texts(texts["words"].filter(pl.Series(long)).rechunk(), settings))
                places.append(numbers[long] >> self._shift)
        self._mean_bytes = n_bytes // max(1, n_texts) + _TEXT_OVERHEAD
        self._places = self._places[:0]
        return files, np.concatenate(places)

    def _candidates(
        self, files: list[Path], places: NDArray[np.uint64], settings: Settings
    ) -> Iterator[NDArray[np.uint64]]:
        """Pairs of places that share a bucket, left << 32 | right, each once and sorted over all arrays."""
        assert self._folder is not None
        edges = np.linspace(0, len(self.keys), _PARTS + 1).astype(np.uint64) << np.uint64(32)
        limit = max(1, self._memory // _SHARE // _PAIR_BYTES)
        held, n_held, spills = [np.empty(0, dtype=np.uint64)], 0, 0
        keys = [np.load(file, mmap_mode="r") for file in files]
        for band in range(sum(bands.last for bands in choose_bands(settings))):
            pairs = bucket_pairs(*sort_members(np.concatenate([part[band] for part in keys]), places))
            held.append(pairs[:, 0] << np.uint64(32) | pairs[:, 1])
            n_held += len(pairs)
            if n_held > limit:
                codes = sort_distinct(np.concatenate(held))
                held, n_held = [codes], codes.size
                if n_held > limit // 2:
                    for number, part in enumerate(np.split(codes, np.searchsorted(codes, edges[1:-1]))):
                        np.save(self._folder / f"pairs-{number:03d}-{spills:05d}.npy", part)
                    held, n_held, spills = [np.empty(0, dtype=np.uint64)], 0, spills + 1
        rest = sort_distinct(np.concatenate(held))
        for number, part in enumerate(np.split(rest, np.searchsorted(rest, edges[1:-1]))):
            earlier = [np.load(file) for file in sorted(self._folder.glob(f"pairs-{number:03d}-*.npy"))]
            yield sort_distinct(np.concatenate([part, *earlier]))

    def _verify(self, pairs: NDArray[np.uint64], settings: Settings) -> Iterator[pl.DataFrame]:
        """What is found of pairs of numbers, so many at a time that their texts fit into memory."""
        assert self._bags is not None
        for part in self.slices(pl.DataFrame(pairs, schema=["left", "right"])):
            some = part.to_numpy()
            numbers = np.unique(some)
            texts = self._bags.fetch(numbers)
            # Numbers stand in the order of the keys.
            rows = np.searchsorted(numbers, some).astype(np.int64)
            yield verify_pairs(texts["words_key"], texts["words"], rows, settings, templates=False)


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(
        schema={"left_key": pl.String, "right_key": pl.String, "similarity": pl.Float32, "method": pl.String}
    )
