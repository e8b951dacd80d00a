"""Words of kept captures: each text once, and exactly those asked for."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.algorithms.id_sets import IdSet
from pipeline.ids import number_ids
from pipeline.store.captures import CaptureWriter
from pipeline.store.layout import ArchiveLayout
from pipeline.store.texts import new_texts
from pipeline.tables import Quarantine
from tests.sample_archive import an_id, sample_records

ONE, OTHER = an_id("one"), an_id("other")
NOTHING = Quarantine.create_empty()


def id_of(number: int) -> int:
    return int(number_ids(pl.Series([an_id(f"words {number}")]))[0])


@pytest.fixture
def layout(tmp_path):
    layout = ArchiveLayout(tmp_path)
    for name, starts in ((ONE, (0, 3)), (OTHER, (2, 5))):
        with CaptureWriter(layout, name) as writer:
            for part, start in enumerate(starts):
                writer.add(sample_records(name, 4, start).with_columns(pl.col("ordinal") + 4 * part), NOTHING)
            writer.finish({})
    return layout


def test_each_text_comes_once(layout):
    seen = IdSet()
    seen.add(np.array([id_of(1), id_of(6)], dtype=np.uint64))
    found = pl.concat(new_texts(layout, [ONE, OTHER], seen))
    assert found["words"].to_list() == [f"words {n}" for n in (0, 2, 3, 4, 5, 7, 8)]
    assert found["id"].to_list() == [id_of(n) for n in (0, 2, 3, 4, 5, 7, 8)]
    assert found["words_key"].to_list() == [an_id(words) for words in found["words"]]
    assert list(new_texts(layout, [ONE, OTHER], seen)) == []
