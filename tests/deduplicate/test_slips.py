"""Slips of the pen: a letter or two of a longer text, and what is none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.deduplicate.near import near_duplicates
from pipeline.deduplicate.slips import slipped
from pipeline.settings import Settings

TEXT = "the night tram from the harbour has been late again by ten whole minutes and they said so"
CHINESE = "这个夜班电车从码头开出来总是晚点十分钟没有人知道为什么"


@pytest.mark.parametrize(
    "other",
    (
        TEXT.replace("tram", "trma"),
        TEXT.replace("from", "frm").replace("late", "latee"),
        TEXT.replace("harbour", "harbourr"),
    ),
)
def test_a_letter_or_two_are_slips_whatever_order_they_come_in(other: str) -> None:
    open_guards = np.zeros(1, np.uint8)
    assert slipped(pl.Series([TEXT]), pl.Series([other]), open_guards).all()
    assert slipped(pl.Series([other]), pl.Series([TEXT]), open_guards).all()
    pairs = near_duplicates(pl.DataFrame({"words_key": ["a", "b"], "words": [TEXT, other]}), Settings())
    assert pairs["method"].to_list() == ["near"]


def test_exchanged_characters_of_an_unspaced_text_are_a_slip() -> None:
    other = CHINESE.replace("码头", "头码")
    assert slipped(pl.Series([CHINESE]), pl.Series([other]), np.array([0b100], np.uint8)).all()


@pytest.mark.parametrize(
    ("one", "other"),
    (
        (TEXT, TEXT.replace("they", "there")),
        (TEXT, TEXT.replace("they", "the")),
        (TEXT, TEXT.replace("harbour", "station")),
        ("the tram is late", "the trma is late"),
    ),
)
def test_other_words_and_short_texts_are_no_slips(one: str, other: str) -> None:
    assert not slipped(pl.Series([one]), pl.Series([other]), np.zeros(1, np.uint8)).any()


@pytest.mark.parametrize(
    ("one", "other"),
    (
        (TEXT, TEXT.replace("ten", "not")),
        (TEXT.replace("ten", "10"), TEXT.replace("ten", "11")),
        (TEXT.replace("has", "can"), TEXT.replace("has", "cant")),
    ),
)
def test_a_number_or_a_negation_is_no_slip(one: str, other: str) -> None:
    pairs = near_duplicates(pl.DataFrame({"words_key": ["a", "b"], "words": [one, other]}), Settings())
    assert pairs.is_empty()
