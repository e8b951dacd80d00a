"""Dumps of Stack Exchange: rows, streams, hostile XML, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from pipeline.ingest.readers import stackexchange_xml
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file

ROW = '<row Id="{0}" PostId="3" Text="Number {0}" CreationDate="2011-10-11T19:50:34.047" UserId="12" />\n'


def test_posts_comments_and_the_api_name_alike() -> None:
    site = {"source": "beekeeping.example"}
    posts, _ = read_file(CASES / "stackexchange_xml" / "dump.xml", **site)
    comments, _ = read_file(CASES / "stackexchange_xml" / "comments.xml", **site)
    question, _ = read_file(CASES / "stackexchange_api" / "dump.json")
    named = question.select("scope", "native_id", "native_parent")
    assert posts.join(named, on=named.columns, nulls_equal=True)["native_id"].to_list() == [
        "post:40",
        "post:41",
        "post:43",
    ]
    assert comments.join(named, on=named.columns)["native_id"].to_list() == ["comment:900", "comment:902"]
    assert comments["author"].to_list() == ["user6", "Mo"]


def test_batches_run_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stackexchange_xml, "BATCH_RECORDS", 7)
    data = "<comments>" + "".join(map(ROW.format, range(1, 51))) + "</comments>"
    records, rejected = read_bytes(tmp_path, data.encode())
    assert records["native_id"].to_list() == [f"comment:{n}" for n in range(1, 51)]
    assert rejected.is_empty()


def test_a_dump_cut_short_keeps_its_rows_and_says_so(tmp_path: Path) -> None:
    data = "<comments>" + "".join(map(ROW.format, range(1, 21))) + '<row Id="21" PostId="3" Te'
    records, rejected = read_bytes(tmp_path, data.encode())
    assert records["native_id"].to_list() == [f"comment:{n}" for n in range(1, 22)]
    assert records["body"].null_count() == 1  # of the last row only the id was left
    assert rejected["rule"].to_list() == ["damaged_file"]


def test_a_file_in_utf_16_is_read(tmp_path: Path) -> None:
    data = '<?xml version="1.0" encoding="utf-16"?><comments>' + ROW.format(1).replace("Number", "Nº") + "</comments>"
    records, rejected = read_bytes(tmp_path, data.encode("utf-16"))
    assert records["body"].to_list() == ["Nº 1"]
    assert rejected.is_empty()


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    outside = '<!ENTITY x SYSTEM "file:///etc/hostname">'
    rows = ROW.format(1) + ROW.format(2).replace("Number", "&g;") + ROW.format(3).replace("Number", "&x;")
    data = f"<!DOCTYPE comments [{bomb}{outside}]><comments>{rows}</comments>"
    records, _ = read_bytes(tmp_path, data.encode(), format="stackexchange_xml")
    assert records["body"][0] == "Number 1"
    assert max(len(known.get("body", "")) for known in known_of(records)) < 100_000


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("stackexchange_xml"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "stackexchange_xml")
