"""The words of texts, kept in an index: looked up by id, and as bags of marks, by which most pairs are dropped unread.

In: texts, each once; later ids and pairs of them. Out: their words; False for pairs that cannot say the same.

>>> with WordBags(folder / "marks", find_words(snapshot)) as bags:
...     bags.add(ids, words, heads)
...     bags.may_match(left, right, 0.4)
...     bags.fetch(ids)
...     path = bags.keep()

Words lie in Arrow files that are mapped into memory, in batches sorted by id: nothing is read but what is looked at.
The marks of what a run adds, two bytes a word, lie in a file beside it; those of earlier texts are made anew of the few
that new pairs name. Of texts that nobody added nothing is known, and their pairs stay.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.algorithms.id_sets import Ids, find_places
from pipeline.algorithms.sorted_values import find_common
from pipeline.algorithms.word_bags import mark_texts, mark_words, share_marks
from pipeline.buffers import array_buffers
from pipeline.ids import digest_texts
from pipeline.store.durable import replacing, sync_path
from pipeline.store.mapped import MappedBatches, release_pages

_CHUNK_PAIRS = 1 << 22
_BATCH_BYTES = 1 << 26  # of words in a batch, where small ones are joined
_COLUMNS = {"id": pl.UInt64, "head": pl.UInt64, "words": pl.String}
_SCHEMA = pa.schema([("id", pa.uint64()), ("head", pa.uint64()), ("words", pa.large_string())])

Rows = NDArray[np.int64]


class _Marked(NamedTuple):
    """Some texts: their ids in ascending order and the row of each; by rows hashes of how they begin, how many words
    each has, and the marks of all words one after another."""

    ids: Ids
    rows: Rows
    heads: Ids
    sizes: Rows
    marks: NDArray[np.uint16]

    def find(self, ids: Ids) -> Rows:
        """The row of each id, -1 where it is not among these."""
        if not self.ids.size:
            return np.full(ids.shape, -1, dtype=np.int64)
        places = find_places(self.ids, ids)
        return np.where(places >= 0, self.rows[places], -1)


class WordBags:
    """The words of an archive's texts. What a run adds lies beside ``path`` until ``keep`` gives it away; marks, and
    what was not kept, are removed when the ``with`` block ends.

    Args:
        path: of a file for marks.
        kept: files of words that earlier runs kept; no text is in two of them.
    """

    def __init__(self, path: Path, kept: Sequence[Path] = ()) -> None:
        self._path = path
        self._own = path.with_suffix(".arrow")
        self._kept = [MappedBatches(file) for file in kept]
        self._ids: list[Ids] = []
        self._heads: list[Ids] = []
        self._sizes: list[Rows] = []
        self._added: _Marked | None = None
        self._mapped: mmap.mmap | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("w+b")
        self._sink = pa.OSFile(str(self._own), "wb")
        self._writer = pa.ipc.new_file(self._sink, _SCHEMA)
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        self._sink.close()
        self._path.unlink(missing_ok=True)
        self._own.unlink(missing_ok=True)

    def add(self, ids: Ids, words: pl.Series, heads: Ids) -> None:
        """Add n texts: uint64 ids, distinct and new; folded words; hashes of how they begin, 0 for short ones.

        Nothing can be added once anything was asked.
        """
        marks, sizes = mark_texts(words)
        self._file.write(marks.tobytes())
        self._ids.append(ids)
        self._heads.append(heads)
        self._sizes.append(sizes)
        self._writer.write_batch(_to_batch(pl.DataFrame([ids, heads, words], schema=_COLUMNS)))

    def keep(self) -> Path | None:
        """The file with the words of what was added, whole and on the disk, for the caller to move; null where nothing
        was added."""
        self._settle()
        if not self._ids:
            return None
        sync_path(self._own)
        return self._own

    def fetch(self, ids: Ids) -> pl.DataFrame:
        """The texts of some ids: id (UInt64), words_key, words, sorted by words_key, each once.

        Args:
            ids: uint64 of shape (n,), distinct. One that nobody added is left out.
        """
        self._settle()
        return _fetch([*self._kept, *([MappedBatches(self._own)] if self._ids else ())], ids)

    def may_match(self, left: Ids, right: Ids, floor: float) -> NDArray[np.bool_]:
        """Which pairs of ids may have so large a share of their words in common, or begin alike.

        Args:
            left, right: uint64 of shape (m,).
            floor: share of the words of both texts, as ``word_bags.may_share`` takes it.

        Returns:
            bool of shape (m,); True where one of both texts was never added.
        """
        found = np.ones(left.size, dtype=np.bool_)
        if not self._ids and not self._kept:
            return found
        for start in range(0, left.size, _CHUNK_PAIRS):
            named = np.stack([side[start : start + _CHUNK_PAIRS] for side in (left, right)], axis=1)
            texts = self._mark(named)
            rows = texts.find(named)
            known = np.flatnonzero((rows >= 0).all(axis=1))
            pairs = rows[known]
            alike = (texts.heads[pairs[:, 0]] == texts.heads[pairs[:, 1]]) & (texts.heads[pairs[:, 0]] != 0)
            found[start + known] = alike | share_marks(texts.marks, texts.sizes, pairs, floor)
            if self._mapped is not None:
                release_pages(self._mapped)
        return found

    def _mark(self, named: Ids) -> _Marked:
        """The marks of at least these ids: of all that were added, and of those kept that are named."""
        added = self._settle()
        if not self._kept:
            return added
        taken = list(_take(self._kept, np.unique(named)))
        marked = [mark_words(*array_buffers(batch.column("words"))) for batch in taken]
        marks, sizes = (np.concatenate(arrays) for arrays in zip((added.marks, added.sizes), *marked, strict=True))
        ids = np.concatenate([added.ids, *(batch.column("id").to_numpy() for batch in taken)])
        heads = np.concatenate([added.heads, *(batch.column("head").to_numpy() for batch in taken)])
        rows = np.concatenate([added.rows, np.arange(added.ids.size, ids.size)])
        order = np.argsort(ids)
        return _Marked(ids[order], rows[order], heads, sizes, marks)

    def _settle(self) -> _Marked:
        """What was added, complete: nothing is added any more."""
        if self._added is None:
            self._file.flush()
            # Once only: a writer that is closed again would write its end again.
            self._writer.close()
            self._sink.close()
            none = np.empty(0, dtype=np.uint64)
            ids, heads = np.concatenate([none, *self._ids]), np.concatenate([none, *self._heads])
            sizes = np.concatenate([np.empty(0, dtype=np.int64), *self._sizes])
            marks = np.zeros(1, dtype=np.uint16)
            if sizes.any():
                # Writable for the kernels' sake, though none writes.
                self._mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_COPY)
                marks = np.frombuffer(self._mapped, dtype=np.uint16)
            # One of the lists stays not empty where anything was added; what they held is held once.
            self._ids, self._heads, self._sizes = [ids[:1].copy()] * bool(ids.size), [], []
            order = np.argsort(ids)
            self._added = _Marked(ids[order], order, heads, sizes, marks[: sizes.sum()])
        return self._added


def fetch_words(files: Iterable[Path], ids: Ids) -> pl.DataFrame:
    """The texts of some ids in files that ``WordBags.keep`` gave: what ``WordBags.fetch`` gives."""
    return _fetch([MappedBatches(file) for file in files], ids)


def merge_words(path: Path, sources: Sequence[Path]) -> None:
    """Write one file in place of several, small batches of them joined."""
    with (
        replacing(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, _SCHEMA) as writer,
    ):
        for batches in _gather([batch for source in sources for batch in MappedBatches(source)]):
            writer.write_batch(_to_batch(pl.concat(_to_frame(batch) for batch in batches)))


def _gather(batches: Sequence[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches that make one of a bearable size together."""
    held: list[pa.RecordBatch] = []
    n_bytes = 0
    for batch in sorted(batches, key=lambda batch: batch.nbytes):
        if held and n_bytes + batch.nbytes > _BATCH_BYTES:
            yield held
            held, n_bytes = [], 0
        held.append(batch)
        n_bytes += batch.nbytes
    yield held


def _fetch(files: Sequence[MappedBatches], ids: Ids) -> pl.DataFrame:
    found = pl.concat([pl.DataFrame(schema=_COLUMNS), *map(_to_frame, _take(files, np.sort(ids)))])
    return found.select("id", words_key=digest_texts(found["words"]), words="words").sort("words_key")


def _take(files: Sequence[MappedBatches], ids: Ids) -> Iterator[pa.RecordBatch]:
    """The rows of ids, which are sorted."""
    for file in files:
        for batch in file:
            yield batch.take(pa.array(find_common(batch.column("id").to_numpy(), ids)))
            file.release()


def _to_batch(texts: pl.DataFrame) -> pa.RecordBatch:
    table = texts.sort("id").rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return pa.record_batch(table.combine_chunks().to_batches()[0].columns, schema=_SCHEMA)


def _to_frame(batch: pa.RecordBatch) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(batch))
