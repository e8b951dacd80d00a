"""A small budget of broken files; ``python -m tests.fuzz.run`` has more."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.fuzz.reading import Broken, Seed, break_file, find_seeds, read_broken

INPUTS = 400
HOSTILE = {
    "no bytes at all": b"",
    "brackets without end": b"[" * 300_000,
    "objects without end": b'{"a":' * 300_000,
    "replies without end": b'{"id": 1, "text": "x", "replies": [' * 100_000,
    "pages without end": b"<!DOCTYPE html><html><body>" + b"<div><p>x" * 100_000,
    "one line of many words": b"word " * 4_000_000,
    "one line of JSON": b'{"id": 1, "text": "' + b"word " * 4_000_000 + b'"}',
    "entities that grow": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 100) for letter in range(98, 110))
    + b"]><disqus><post><message>&m;</message></post></disqus>",
    "entities from the disk": b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<posts><row Id="1" Text="&a;"/></posts>',
    "numbers": b'{"id": 1180591620717411303424, "text": NaN, "created_at": 31556889864403199, "score": 1e999}\n' * 3,
    "half pairs": b'{"id": "\\ud800", "text": "\\udfff\\u0000\\ud800"}\n\xed\xa0\x80\n',
    "NULs": bytes(100_000),
}


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    return find_seeds([])


def test_broken_files_are_read_or_refused(seeds: list[Seed], tmp_path: Path) -> None:
    wrong = {}
    for number in range(INPUTS):
        broken = break_file(seeds, number)
        if len(broken.data) < 1 << 20 and (trouble := read_broken(tmp_path, broken)):
            wrong[broken.name, broken.format] = trouble
    assert wrong == {}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_read_or_refused(data: bytes, tmp_path: Path) -> None:
    for name in (None, "flat_text", "jsonl"):
        assert read_broken(tmp_path, Broken("dump.json", data, name)) is None


def test_breaking_is_repeatable(seeds: list[Seed]) -> None:
    assert break_file(seeds, 7) == break_file(seeds, 7)


def test_members_go_nowhere_but_into_the_temporary_folder(
    seeds: list[Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "deep" / "members"
    inside.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(inside))
    number = archives = 0
    while archives < 20:
        number += 1
        broken = break_file(seeds, number)
        if b"PK\x03\x04" in broken.data[:4] or b"ustar" in broken.data[:600]:
            archives += 1
            assert read_broken(tmp_path, broken) is None
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == [Path("deep"), Path("deep/members")]
