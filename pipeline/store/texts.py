"""The words of kept captures, each distinct text once, without ever holding all of them.

In: captures. Out: their texts part by part, or the texts that some ids name.

>>> seen = IdSet()
>>> for texts in new_texts(layout, capture_ids, seen):
...     texts.columns
['id', 'words_key', 'words']

A text is known by its id, the first 64 bits of its words_key. Words are read only of parts that hold a text wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.id_sets import Ids, IdSet
from pipeline.ids import number_ids
from pipeline.store.captures import record_files
from pipeline.store.layout import ArchiveLayout

_SCHEMA = {"id": pl.UInt64, "words_key": pl.String, "words": pl.String}


def new_texts(layout: ArchiveLayout, capture_ids: Iterable[str], seen: IdSet) -> Iterator[pl.DataFrame]:
    """Texts whose ids are not in a set, to which they are added: id (UInt64), words_key, words; none comes twice.

    Raises:
        ArchiveError: a capture is not kept.
    """
    yield from _pick(layout, capture_ids, seen.add)


def fetch_texts(layout: ArchiveLayout, capture_ids: Iterable[str], ids: Ids) -> pl.DataFrame:
    """The texts of some ids: id (UInt64), words_key, words, sorted by words_key, each once.

    Args:
        layout: the archive.
        capture_ids: where to look, in this order; the last ones are not opened when all have been found before.
        ids: uint64 of shape (n,), distinct. An id that no capture holds is left out.

    Raises:
        ArchiveError: a capture is not kept.
    """
    wanted, found = np.sort(ids), np.zeros(ids.size, dtype=np.bool_)

    def first_met(ids: Ids) -> NDArray[np.bool_]:
        places = np.minimum(np.searchsorted(wanted, ids), max(wanted.size - 1, 0))
        rows = np.flatnonzero(wanted[places] == ids)
        rows = rows[~found[places[rows]]]
        met, firsts = np.unique(places[rows], return_index=True)
        found[met] = True
        new = np.zeros(ids.size, dtype=np.bool_)
        new[rows[firsts]] = True
        return new

    texts = [pl.DataFrame(schema=_SCHEMA)]
    if wanted.size:
        for part in _pick(layout, capture_ids, first_met):
            texts.append(part)
            if found.all():
                break
    return pl.concat(texts).sort("words_key")


def _pick(
    layout: ArchiveLayout, capture_ids: Iterable[str], choose: Callable[[Ids], NDArray[np.bool_]]
) -> Iterator[pl.DataFrame]:
    """The rows of each part of the captures whose ids are chosen."""
    for file in record_files(layout, capture_ids):
        keys = pl.read_parquet(file, columns=["words_key"])["words_key"]
        ids = number_ids(keys)
        chosen = choose(ids)
        if chosen.any():
            words = pl.read_parquet(file, columns=["words"])["words"]
            yield pl.DataFrame([pl.Series("id", ids), keys, words], schema=_SCHEMA).filter(pl.Series(chosen))
