"""What a run keeps of the words of new texts, so that most pairs are dropped without reading their texts again.

In: texts, each once; later pairs of their ids. Out: False for pairs that cannot say the same.

>>> with WordBags(folder / "bags") as bags:
...     bags.add(ids, words, heads)
...     bags.may_match(left, right, 0.4)

Two bytes a word lie in a file, which the operating system holds in memory as far as there is room; 24 bytes a text are
held by the run. Of texts that were not added nothing is known, and their pairs stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.id_sets import Ids, find_places
from pipeline.algorithms.word_bags import mark_texts, share_marks

_CHUNK_PAIRS = 1 << 22


class _Added(NamedTuple):
    """What was added: ids in ascending order, the row of each, and by rows the rest."""

    ids: Ids
    order: NDArray[np.int64]
    heads: Ids
    sizes: NDArray[np.int64]
    marks: NDArray[np.uint16]


class WordBags:
    """Bags of words in a file that is removed when the ``with`` block ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: list[Ids] = []
        self._heads: list[Ids] = []
        self._sizes: list[NDArray[np.int64]] = []
        self._added: _Added | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("w+b")
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, ids: Ids, words: pl.Series, heads: Ids) -> None:
        """Add n texts: uint64 ids, distinct and new; folded words; hashes of how they begin, 0 for short ones."""
        marks, sizes = mark_texts(words)
        self._file.write(marks.tobytes())
        self._ids.append(ids)
        self._heads.append(heads)
        self._sizes.append(sizes)
        self._added = None

    def may_match(self, left: Ids, right: Ids, floor: float) -> NDArray[np.bool_]:
        """Which pairs of ids may have so large a share of their words in common, or begin alike.

        Args:
            left, right: uint64 of shape (m,).
            floor: share of the words of both texts, as ``word_bags.may_share`` takes it.

        Returns:
            bool of shape (m,); True where one of both texts was not added.
        """
        found = np.ones(left.size, dtype=np.bool_)
        if not self._ids:
            return found
        added = self._added = self._added or self._join()
        ids, heads, order = added.ids, added.heads, added.order
        for start in range(0, left.size, _CHUNK_PAIRS):
            named = np.stack([side[start : start + _CHUNK_PAIRS] for side in (left, right)], axis=1)
            places = find_places(ids, named)
            known = np.flatnonzero((places >= 0).all(axis=1))
            pairs = order[places[known]]
            alike = (heads[pairs[:, 0]] == heads[pairs[:, 1]]) & (heads[pairs[:, 0]] != 0)
            found[start + known] = alike | share_marks(added.marks, added.sizes, pairs, floor)
        return found

    def _join(self) -> _Added:
        self._file.flush()
        ids, sizes = np.concatenate(self._ids), np.concatenate(self._sizes)
        marks = np.zeros(1, dtype=np.uint16)
        if sizes.any():
            marks = np.asarray(np.memmap(self._path, dtype=np.uint16, mode="c"))
        order = np.argsort(ids)
        return _Added(ids[order], order, np.concatenate(self._heads), sizes, marks)
