"""What says the same and what does not: sentences written for it, and every way to damage one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.algorithms.differences import DIFFERENCES, count_differences
from pipeline.algorithms.forest_nodes import list_nodes, read_nodes
from pipeline.algorithms.forests import grow_stump
from pipeline.algorithms.hashed_words import split_texts
from pipeline.algorithms.text import fold_words
from pipeline.algorithms.word_table import no_words
from pipeline.deduplicate.verification import GUARDS, Judgement, judge_pairs, load_verifier
from pipeline.pack import load_pack

SENTENCE = (
    "The old tram to the harbour was late again, so 12 of us did not see Maria leave the pier with the ferry crew."
)


def judge(left: str, right: str) -> Judgement:
    words = pl.select(fold_words(pl.lit(pl.Series([left, right])))).to_series()
    return judge_pairs(split_texts(words), np.array([[0, 1]]), load_verifier(load_pack()))


@pytest.mark.parametrize(
    "edited",
    (
        "the old tram to the harbor was late again so 12 of us did not see Maria leave the pier with the ferry crew",
        "Teh old trams to the harbour were late again; 12 of us didn't see Maria leave the pier with the ferry crew!",
        "The old tram to harbour was late agian, so twelve of us did not see Maria leave pier with the ferry crew.",
    ),
)
def test_spelling_grammar_and_format_say_the_same(edited: str) -> None:
    assert judge(SENTENCE, edited).accepted.tolist() == [True]
    assert judge(edited, SENTENCE).accepted.tolist() == [True]


@pytest.mark.parametrize(
    "guard, changed",
    (
        ("negation", SENTENCE.replace("did not see", "did see")),
        ("negation", SENTENCE.replace("was late", "was not late")),
        ("negation", SENTENCE.replace("was late", "wasn't late")),
        ("numbers", SENTENCE.replace("12", "13")),
        ("numbers", SENTENCE.replace("12", "eleven")),
        ("order", SENTENCE.replace("tram", "X").replace("ferry", "tram").replace("X", "ferry")),
        ("names", SENTENCE.replace("Maria", "Teresa")),
        ("names", SENTENCE.replace("harbour", "airport")),
    ),
)
def test_a_changed_meaning_closes_a_guard(guard: str, changed: str) -> None:
    for judged in (judge(SENTENCE, changed), judge(changed, SENTENCE)):
        assert judged.guards[0] & (1 << GUARDS.index(guard))
        assert not judged.accepted[0]


def test_other_sentences_do_not_say_the_same() -> None:
    assert not judge(
        SENTENCE, "We grow beans on the flat roof of the bakery and sell them to the ferry crew."
    ).accepted[0]
    assert not judge(SENTENCE, "").accepted[0]


def test_differences_are_counted_word_by_word() -> None:
    texts = split_texts(pl.Series(["the old tram was late", "the old trams were not late", "late was the tram old"]))
    counts = count_differences(texts, np.array([[0, 1], [0, 2]]), no_words())
    edited, moved = (dict(zip(DIFFERENCES, row.tolist(), strict=True)) for row in counts)
    assert (edited["stayed"], edited["runs"], edited["inflected"], edited["replaced"], edited["added"]) == (
        3,
        2,
        1,
        1,
        1,
    )
    assert moved["stayed"] + moved["moved"] == 5
    assert moved["replaced"] == moved["added"] == 0


def test_where_numbers_differ_only_what_may_be_a_form_is_aligned() -> None:
    stem = "your order of two lamps was sent to the house at the harbour on monday"
    form, other = f"{stem} 17", f"{stem} 18"
    far = "your order of five chairs will not be sent to anybody at the harbour before friday 19"
    texts = split_texts(pl.Series([form, other, far]))
    pairs = np.array([[0, 1], [0, 2]])
    every = count_differences(texts, pairs, no_words())
    some = count_differences(texts, pairs, no_words(), 0.2, 0.8)
    assert (some[0] == every[0]).all()
    assert every[1, DIFFERENCES.index("stayed")] > 0 == some[1, DIFFERENCES.index("stayed")]
    assert some[1, DIFFERENCES.index("numbers")] == 1


def test_what_is_found_of_a_pair_does_not_depend_on_others() -> None:
    rng = np.random.default_rng(1)
    words = SENTENCE.lower().replace(",", "").replace(".", "").split()
    texts = pl.Series([" ".join(rng.permutation(words)[: rng.integers(3, 20)]) for _ in range(60)])
    pairs = np.stack(np.triu_indices(60, 1), axis=1).astype(np.int64)
    every = count_differences(split_texts(texts), pairs, no_words())
    for row in rng.integers(0, len(pairs), 40):
        alone = count_differences(split_texts(texts.gather(pairs[row])), np.array([[0, 1]]), no_words())
        assert alone[0].tolist() == every[row].tolist()


def test_nodes_of_a_forest_are_read_back() -> None:
    forest = grow_stump(feature=3, threshold=0.5, low=-1.0, high=2.0)
    found = read_nodes(list_nodes(forest))
    assert found.low.tolist() == forest.low.tolist()
    assert found.value.tolist() == forest.value.tolist()
