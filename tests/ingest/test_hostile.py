"""Hostile and broken files, for every reader alike: each of its cases, distorted, is read or refused as a whole."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import polars as pl
import pytest

from pipeline.ingest import open_capture
from pipeline.ingest.readers import READERS
from pipeline.settings import ReadSettings
from tests.ingest.readers.damage import CASES, read_damaged

_NUMBER = re.compile(rb"(?<=[\s:,\[])-?\d+(?:\.\d+)?(?=[\s,}\]])")
_CUTS = 5
_DEEP = 100_000
_SECONDS = 5.0  # of the processor, as no input may take longer


def _read_cases() -> dict[str, bytes]:
    """A sound file of every format, by the reader's name."""
    rows = pl.DataFrame({"id": [1, 2], "parent_id": [None, 1], "text": ["Soup?", "Stew."]})
    packed = io.BytesIO()
    rows.write_parquet(packed)
    cases = {
        "parquet": packed.getvalue(),
        "flat_text": b"Soup?\n> Soup?\nStew.\n",
        "csv": rows.write_csv().encode(),
        "json": json.dumps(rows.to_dicts()).encode(),
        "jsonl": rows.write_ndjson().encode(),
        "reddit": b'{"id": "c2", "link_id": "t3_p", "parent_id": "t1_c1", "author": "ada", "subreddit": "soup", '
        b'"created_utc": 1740000000, "score": 3, "body": "Stew."}\n',
    }
    for expected in sorted(CASES.glob("*/expected.json")):
        (dump,) = expected.parent.glob("dump.*")
        if dump.suffix != ".gz":
            cases.setdefault(json.loads(expected.read_text())["format"], dump.read_bytes())
    return cases


CASE_OF = _read_cases()
DISTORTIONS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "numbers of 2**70": lambda data: _NUMBER.sub(b"1180591620717411303424", data),
    "numbers that are none": lambda data: _NUMBER.sub(b"NaN", data),
    "times in the year 10**9": lambda data: _NUMBER.sub(b"31556889864403199", data),
    "NUL bytes": lambda data: b"\0".join(data[at : at + 97] for at in range(0, len(data), 97)),
    "lone surrogates": lambda data: data.replace(b"e", b"\xed\xa0\x80").replace(b"a", b"\\ud800"),
    "no end tags": lambda data: re.sub(rb"</[^>]*>", b"", data),
    "no line ends": lambda data: data.replace(b"\n", b" "),
    "twice": lambda data: data + data,
    "backwards": lambda data: b"\n".join(reversed(data.split(b"\n"))),
    "entities that grow": lambda data: re.sub(
        rb"(?=<(?!\?|!))", b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 99 + b'">]>', data, count=1
    ).replace(b" ", b"&b;"),
}  # fmt: skip


def _nested(data: bytes) -> bytes:
    """The file with something a hundred thousand deep in the middle of what it says."""
    start = data.lstrip()[:1]
    if start in (b"{", b"["):
        place = data.find(b":", len(data) // 2) + 1
        return data[:place] + b'{"a":' * _DEEP + b"1" + b"}" * _DEEP + b',"b":' + data[place:]
    opening, closing = (b"<div>", b"</div>") if start == b"<" else (b"> ", b"")
    place = data.find(b">", len(data) // 2) + 1 if start == b"<" else len(data) // 2
    return data[:place] + opening * _DEEP + closing * _DEEP + data[place:]


def test_every_reader_has_a_case() -> None:
    assert {reader.name for reader in READERS} == set(CASE_OF)


@pytest.mark.parametrize("name", CASE_OF)
def test_a_file_is_known_by_what_it_holds(name: str, tmp_path: Path) -> None:
    path = tmp_path / ("dump.parquet" if name != "parquet" else "dump.txt")
    path.write_bytes(CASE_OF[name])
    assert open_capture(path, ReadSettings()).format == name


@pytest.mark.parametrize("name", CASE_OF)
def test_distorted_files_are_read_or_refused(name: str) -> None:
    for distort in DISTORTIONS.values():
        read_damaged(distort(CASE_OF[name]), name)


@pytest.mark.parametrize("name", CASE_OF)
def test_what_nests_too_deeply_is_read_or_refused(name: str) -> None:
    begun = time.process_time()
    read_damaged(_nested(CASE_OF[name]), name)
    assert time.process_time() - begun < _SECONDS


@pytest.mark.parametrize("name", CASE_OF)
def test_cut_and_flipped_files_are_read_or_refused(name: str) -> None:
    data = CASE_OF[name]
    random = Random(name)
    for place in random.sample(range(len(data)), min(_CUTS, len(data))):
        read_damaged(data[:place], name)
        read_damaged(data[:place] + bytes([data[place] ^ random.randrange(1, 256)]) + data[place + 1 :], name)
