"""Paragraphs of one post in text without header lines: flagged where the words say so, and only there."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline.pack import load_pack
from pipeline.reconstruct import reconstruct_links
from pipeline.settings import Settings
from tests.reconstruct.drafts import draft, name_post, quotations

TEXTS = (
    "Two things about the new ferry:",
    "- it is late every single morning",
    "- it smells of diesel",
    "and nobody at the harbour cares",
    "I took it twice last week and it was on time.",
)


def flagged(**facts: Any) -> list[bool]:
    posts = draft([{"name": str(at), "text": text, **facts} for at, text in enumerate(TEXTS)], order_known="page")
    found = reconstruct_links(posts, quotations([]), Settings(), load_pack()).posts
    flags = dict(found.select("post_id", pl.col("flags").list.contains("same_author_continues")).iter_rows())
    return [flags[name_post(str(at))] for at in range(len(TEXTS))]


def test_an_open_end_and_a_list_go_on() -> None:
    assert flagged() == [False, True, True, False, False]


def test_where_authors_are_known_nothing_has_to_be_guessed() -> None:
    assert not any(flagged(author="Ada"))
