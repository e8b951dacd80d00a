"""The words of kept captures, each distinct text once, without ever holding all of them.

In: captures. Out: their texts part by part.

>>> seen = IdSet()
>>> for texts in new_texts(layout, capture_ids, seen):
...     texts.columns
['id', 'words_key', 'words']

A text is known by its id, the first 64 bits of its words_key. Words are read only of parts that hold a new text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from pipeline.algorithms.id_sets import IdSet
from pipeline.ids import number_ids
from pipeline.store.captures import record_files
from pipeline.store.layout import ArchiveLayout

_SCHEMA = {"id": pl.UInt64, "words_key": pl.String, "words": pl.String}


def new_texts(layout: ArchiveLayout, capture_ids: Iterable[str], seen: IdSet) -> Iterator[pl.DataFrame]:
    """Texts whose ids are not in a set, to which they are added: id (UInt64), words_key, words; none comes twice.

    Raises:
        ArchiveError: a capture is not kept.
    """
    for file in record_files(layout, capture_ids):
        keys = pl.read_parquet(file, columns=["words_key"])["words_key"]
        ids = number_ids(keys)
        new = seen.add(ids)
        if new.any():
            words = pl.read_parquet(file, columns=["words"])["words"]
            yield pl.DataFrame([pl.Series("id", ids), keys, words], schema=_SCHEMA).filter(pl.Series(new))
