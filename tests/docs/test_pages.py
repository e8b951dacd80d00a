"""Pages that are generated are up to date."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", sorted(path.stem.removeprefix("build_") for path in DOCS.glob("build_*.py")))
def test_generated_page_is_up_to_date(page: str) -> None:
    built = runpy.run_path(str(DOCS / f"build_{page}.py"))["build_page"]()
    assert (DOCS / f"{page}.md").read_text(encoding="utf-8") == built, f"run: python docs/build_{page}.py"
