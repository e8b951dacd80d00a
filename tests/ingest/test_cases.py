"""Files as the world leaves them: every folder of cases/readers is read as its expectation says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.reading import known_of, read_capture

CASES = Path(__file__).parents[1] / "cases" / "readers"
FOLDERS = sorted(path.parent for path in CASES.glob("*/expected.json"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_case_is_read_as_expected(folder: Path) -> None:
    (dump,) = folder.glob("dump.*")
    capture = open_capture(dump, ReadSettings())
    records, rejected = read_capture(capture)
    assert {
        "format": capture.format,
        "records": known_of(records),
        "rejected": rejected.select("ordinal", "location", "rule").to_dicts(),
    } == json.loads((folder / "expected.json").read_text())
