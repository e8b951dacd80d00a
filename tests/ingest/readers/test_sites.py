"""Scopes of software that many sites run: from the file, its archive, or --source, and none where no site is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.ingest.containers import Source
from pipeline.ingest.readers.sites import drop_bare_scopes, name_scope
from pipeline.ingest.records import record_frame
from pipeline.settings import ReadSettings


@pytest.mark.parametrize(
    ("host", "address", "source", "scope"),
    [
        ("a.example", "https://b.example/t/7", "c", "phpbb:a.example"),
        (None, "https://b.example/t/7", "c", "phpbb:b.example"),
        (None, None, "c", "phpbb:c"),
        (None, None, None, "phpbb"),
    ],
)
def test_the_surest_name_of_the_site_is_the_scope(
    tmp_path: Path, host: str | None, address: str | None, source: str | None, scope: str
) -> None:
    path = tmp_path / "page.html"
    path.write_text("x")
    assert name_scope("phpbb", host, Source(path, ReadSettings(source=source), address=address)) == scope


def test_software_alone_is_no_scope() -> None:
    scopes = ["phpbb", "phpbb:a.example", "reddit", None]
    records = record_frame(
        {"ordinal": range(4), "location": [""] * 4, "scope": scopes, "discussion_scope": scopes, "markup": "html"}
    )
    dropped = drop_bare_scopes(records)
    assert (
        dropped["scope"].to_list() == dropped["discussion_scope"].to_list() == [None, "phpbb:a.example", "reddit", None]
    )
