"""Posts found by their words, slips in them included."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeline.archive import open_archive
from pipeline.report.find import find_posts
from pipeline.settings import RunParameters
from pipeline.steps import run_direct
from tests.invented import invent_page


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("similar")
    page = [*invent_page(30, seed=6), "Short, but long enough for it."]
    (folder / "page.txt").write_text("\n".join(page) + "\n", encoding="utf-8")
    run_direct(RunParameters(raw=[folder / "page.txt"], out=folder / "archive"))
    return folder / "archive"


def test_words_are_found_with_a_slip(archive: Path) -> None:
    opened = open_archive(archive)
    longest = opened.posts.select("post_id", "text").collect().sort(pl.col("text").str.len_chars()).row(-1)
    found = find_posts(opened, longest[1].replace("e", "", 2), at_least=0.8)
    assert found["post_id"].to_list() == [longest[0]]
    assert find_posts(opened, "Short but long enuff for it", at_least=0.8)["text"].to_list() == [
        "Short, but long enough for it."
    ]
    assert find_posts(opened, "nothing of the kind was ever said in here", at_least=0.5).is_empty()
