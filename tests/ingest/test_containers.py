"""Plain and packed files: the same lines, bounded memory, damage that costs only what it hit."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.containers import HEAD_BYTES, Lines, Source
from pipeline.settings import ReadSettings
from tests.ingest.reading import read_bytes

TEXT = "".join(f"Paragraph {number}: the kettle sang again.\n" for number in range(3000)).encode()


def source_of(folder: Path, data: bytes, **settings: int) -> Source:
    path = folder / "file"
    path.write_bytes(data)
    return Source(path, ReadSettings(**settings))


@given(st.lists(st.binary(max_size=12), max_size=20))
def test_lines_do_not_depend_on_how_the_bytes_arrive(chunks: list[bytes]) -> None:
    expected = b"".join(chunks).split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert list(Lines(iter(chunks), longest=1000)) == expected


@given(st.lists(st.sampled_from([b"abcd", b"abcdefghi", b"\n", b"x\nyz"]), max_size=20))
def test_a_long_line_arrives_cut_and_still_too_long(chunks: list[bytes]) -> None:
    whole = b"".join(chunks).split(b"\n")
    if whole[-1] == b"":
        whole.pop()
    got = list(Lines(iter(chunks), longest=5))
    assert [len(line) > 5 for line in got] == [len(line) > 5 for line in whole]
    assert [line for line in got if len(line) <= 5] == [line for line in whole if len(line) <= 5]
    assert all(full.startswith(line) for line, full in zip(got, whole, strict=True))


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param(gzip.compress(TEXT), id="gzip"),
        pytest.param(gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:]), id="gzip-members"),
        pytest.param(gzip.compress(TEXT) + bytes(512), id="gzip-padded"),
        pytest.param(zstandard.compress(TEXT), id="zstd"),
        pytest.param(zstandard.compress(TEXT[:500]) + zstandard.compress(TEXT[500:]), id="zstd-frames"),
        pytest.param(b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstandard.compress(TEXT), id="zstd-skippable-frame"),
        pytest.param(lzma.compress(TEXT), id="xz"),
        pytest.param(lzma.compress(TEXT[:500]) + bytes(8) + lzma.compress(TEXT[500:]), id="xz-streams"),
        pytest.param(bz2.compress(TEXT), id="bzip2"),
        pytest.param(bz2.compress(TEXT[:500]) + bz2.compress(TEXT[500:]), id="bzip2-streams"),
        pytest.param(b"\xef\xbb\xbf" + TEXT, id="utf-8-mark"),
        pytest.param(TEXT.decode().encode("utf-16"), id="utf-16"),
        pytest.param(TEXT.decode().encode("utf-16-le"), id="utf-16-without-mark"),
        pytest.param(gzip.compress(b"\xfe\xff" + TEXT.decode().encode("utf-16-be")), id="utf-16-big-endian-gzip"),
        pytest.param(gzip.compress(TEXT.decode().encode("utf-16-be")), id="utf-16-big-endian-without-mark-gzip"),
    ],
)
def test_every_wrapping_holds_the_same_lines(tmp_path: Path, packed: bytes) -> None:
    source = source_of(tmp_path, packed)
    lines = source.lines()
    assert list(lines) == TEXT.split(b"\n")[:-1]
    assert lines.damage is None
    head = source.head()
    assert head.data == TEXT[:HEAD_BYTES]
    assert not head.complete


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lzma.compress, bz2.compress])
@settings(max_examples=20)
@given(share=st.floats(0.05, 0.999))
def test_a_file_that_breaks_off_gives_what_came_before(
    tmp_path_factory: pytest.TempPathFactory, pack: object, share: float
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    random = Random(1)
    noise = [random.randbytes(400).hex().encode() for _ in range(500)]  # what does not shrink comes out bit by bit
    packed = pack(b"\n".join(noise))
    source = source_of(folder, packed[: int(len(packed) * share)])
    lines = source.lines()
    got = list(lines)
    assert lines.damage is not None
    assert "breaks off" in lines.damage
    assert got[:-1] == noise[: max(0, len(got) - 1)]
    assert len(got) > 0 or share < 0.5 or pack in (lzma.compress, bz2.compress)  # whose blocks are larger than this


def test_damage_is_quarantined_and_the_rest_kept(tmp_path: Path) -> None:
    records, rejected = read_bytes(tmp_path, gzip.compress(TEXT) + b"this is not gzip")
    assert records.height == 3000
    assert rejected.select("ordinal", "location", "rule").rows() == [(3000, "after line 3000", "damaged_file")]


@pytest.mark.parametrize("pack", [zstandard.compress, lzma.compress, bz2.compress])
def test_what_unpacks_to_a_thousandfold_is_refused(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack((b"0" * 4095 + b"\n") * 2000)
    with pytest.raises(InputError, match="expansion_ratio"):
        list(source_of(tmp_path, bomb).lines())
    plain_ratio = source_of(tmp_path, bomb, expansion_ratio=1_000_000)
    assert sum(1 for _ in plain_ratio.lines()) == 2000


def test_a_window_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=24)
    packed = (
        zstandard.ZstdCompressor(compression_params=parameters).compressobj().compress(Random(1).randbytes(1 << 20))
    )
    with pytest.raises(InputError, match="memory"):
        source_of(tmp_path, packed, zstd_window_log=20).head()


@pytest.mark.parametrize("start", [b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07"])
def test_other_packers_are_named(tmp_path: Path, start: bytes) -> None:
    with pytest.raises(InputError, match="Unpack it first"):
        source_of(tmp_path, start)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Source(tmp_path / "nothing", ReadSettings())
