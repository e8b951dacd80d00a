"""Hostile files cost what the settings allow, not what they claim."""

from __future__ import annotations

import gzip
import lzma
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pipeline.errors import InputError
from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.archives import make_zip
from tests.ingest.reading import read_bytes

LINE = b"all one line and no end to it " * (2 << 20)  # sixty megabytes
RECORD_BYTES = 1 << 20
DEEP = 100_000


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that Python held at once beyond those it held before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        (b'{"id": 1, "text": "Soup."}\n{"id": 2, "text": "', b'"}\n{"id": 3, "text": "Stew."}\n', ["too_long"]),
        (b"Soup is ready.\n", b"\nStew is not.\n", ["too_long"]),
        (b'[{"id": 1, "text": "Soup."}, {"id": 2, "text": "', b'"}]', ["too_long"]),
        (b"id,text\n1,Soup.\n2,", b"\n3,Stew.\n", ["too_long"]),
        (b'[{"id": 1, "text": "Soup.", "deep": ', b"}]", None),
    ],
    ids=["jsonl", "text", "json", "csv", "nested"],
)
def test_a_line_without_end_costs_what_one_record_may(
    tmp_path: Path, before: bytes, after: bytes, rules: list[str] | None
) -> None:
    data = before + (b"[" * DEEP + b"]" * DEEP if rules is None else LINE) + after

    def read() -> None:
        if rules is None:
            with pytest.raises(InputError):
                read_bytes(tmp_path, data)
            return
        records, rejected = read_bytes(tmp_path, data, record_bytes=RECORD_BYTES)
        assert records["body"][0].startswith("Soup")
        assert rejected["rule"].to_list() == rules

    assert peak_of(read) < 24 * RECORD_BYTES


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lzma.compress], ids=["gzip", "zstd", "xz"])
def test_a_bomb_is_refused_while_it_unpacks(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b'{"id": 1, "text": "Soup."}\n' * (4 << 20))  # a hundred megabytes

    def read() -> None:
        with pytest.raises(InputError, match="raise the setting expansion_ratio"):
            read_bytes(tmp_path, bomb, expansion_ratio=20)

    assert peak_of(read) < 48 << 20


def test_a_small_bomb_is_refused_before_a_line_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.zst"
    path.write_bytes(zstandard.compress(b'{"id": 1, "text": "Soup."}\n' * (1 << 20)))
    with pytest.raises(InputError, match="raise the setting expansion_ratio"):
        open_capture(path, ReadSettings(expansion_ratio=20))


def test_a_bomb_in_an_archive_costs_itself(tmp_path: Path) -> None:
    bomb = make_zip({"bomb.jsonl": bytes(64 << 20), "soup.txt": b"Soup is ready.\nStew is not.\n" * 5})

    def read() -> None:
        _, rejected = read_bytes(tmp_path, bomb)
        assert "damaged_file" in rejected["rule"].to_list() or "unknown_format" in rejected["rule"].to_list()

    assert peak_of(read) < 16 << 20
