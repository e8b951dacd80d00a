"""Phrases: words and pairs of words, in their order, whatever else is in the batch."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.reconstruct.phrases import BUCKETS, Phrases, cut_phrases, load_phrases, save_phrases, weigh_phrases

TEXTS = pl.Series(["do you ferry", "you do ferry", "", "ferry ferry ferry"])


def _bucket_sets() -> list[set[int]]:
    cut = cut_phrases(TEXTS)
    return [set(cut.values[a:b].tolist()) for a, b in zip(cut.offsets[:-1], cut.offsets[1:], strict=True)]


def test_the_order_of_words_is_part_of_a_phrase() -> None:
    one, other, empty, same = _bucket_sets()
    assert len(one) == len(other) == 6
    assert len(one & other) == 3  # the words, not the pairs
    assert empty == set()
    assert len(same) == 3  # the word, the word at the start, the word twice
    assert min(one | other | same) >= 0
    assert max(one | other | same) < BUCKETS


def test_scores_do_not_depend_on_the_batch_and_survive_being_written_down() -> None:
    chance = np.random.default_rng(7)
    rarity = chance.uniform(0, 3, BUCKETS).astype(np.float32)
    weights = chance.normal(size=(BUCKETS, 4)).astype(np.float32)
    kept = load_phrases(save_phrases(Phrases(rarity, weights, np.arange(4, dtype=np.float32))))
    together = weigh_phrases(kept, TEXTS)
    alone = np.concatenate([weigh_phrases(kept, TEXTS[at : at + 1]) for at in range(TEXTS.len())])
    assert together.tolist() == alone.tolist()
    assert together[2].tolist() == [0, 1, 2, 3]  # nothing said: the bias
    again = load_phrases(save_phrases(kept))
    assert weigh_phrases(again, TEXTS).tolist() == together.tolist()
