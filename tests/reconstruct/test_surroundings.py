"""What sort of discussion a post stands in, counted by hand on two small ones."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.pack import load_pack
from pipeline.reconstruct.candidates import list_candidates
from pipeline.reconstruct.context import lay_out
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.surroundings import FEATURES, measure_surroundings
from tests.reconstruct.drafts import draft, quotations


def test_two_discussions_side_by_side() -> None:
    turns = [
        {"name": f"a{at}", "discussion": "a", "author": who, "minute": at, "text": text}
        for at, (who, text) in enumerate([("Ada", "Is it open?"), ("Bob", "yes"), ("Ada", "thanks"), ("Bob", "bye")])
    ]
    bare = [{"name": f"b{at}", "discussion": "b", "text": "one two three four five six seven eight"} for at in range(2)]
    timed = [{"name": "b2", "discussion": "b", "minute": 9, "text": ""}, {"name": "b3", "discussion": "b", "minute": 4}]
    posts = draft([*turns, *bare, *timed], order_known="page")
    context = lay_out(settle_declared(posts), posts, quotations([]), load_pack())
    pairs = list_candidates(context, np.arange(8), np.full(8, 9), reach=False)
    table, number = measure_surroundings(context, pairs, np.arange(pairs.left.size, dtype=np.float32))
    assert number.tolist() in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)
    by_size = {
        float(row[FEATURES.index("authors_known")]): dict(zip(FEATURES, row.tolist(), strict=True)) for row in table
    }
    talk, page = by_size[1.0], by_size[0.0]
    assert talk["posts"] == pytest.approx(np.log(4))
    assert talk["authors"] == pytest.approx(2 / 4)
    assert talk["turns"] == pytest.approx(2 / 4)
    assert talk["monologues"] == 0
    assert talk["asking"] == pytest.approx(1 / 4)
    assert talk["short"] == 1
    assert (talk["timed"], talk["falls"]) == (1, 0)
    assert page["short"] == pytest.approx(2 / 4)
    assert (page["timed"], page["falls"], page["falls_far"]) == (pytest.approx(2 / 4), 1, 0)
    assert page["authors"] == 0
    assert page["shared_above"] != page["shared_farther"]
