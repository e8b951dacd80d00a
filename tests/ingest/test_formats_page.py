"""docs/formats.md is what the readers say of themselves today, and every reader says the same things."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from pipeline.ingest.reader import Reader
from pipeline.ingest.readers import READERS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    script = runpy.run_path(str(DOCS / "build_formats.py"))
    page = script["build_page"]()
    assert (DOCS / "formats.md").read_text(encoding="utf-8") == page, "run: python docs/build_formats.py"
    assert ">>>" not in page
    anchors = set(re.findall(r"^#+ (.*)$", page, re.MULTILINE))
    assert {reader.name for reader in READERS} <= anchors
    assert set(re.findall(r"\]\(#([a-z-_]*)\)", page)) <= {anchor.lower().replace(" ", "-") for anchor in anchors}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_reader_says_what_it_reads_keeps_and_stumbles_over(reader: Reader) -> None:
    words = sys.modules[reader.read.__module__].__doc__ or ""
    for part in ("**What is read.**", "**What is kept.**", "**What bites.**"):
        assert part in words
    assert len(reader.title) <= 100
    assert all(re.fullmatch(r"(\.[a-z0-9]+)+", extension) for extension in reader.extensions)
