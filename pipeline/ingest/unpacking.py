"""Packed bytes to the bytes they were: gzip, zstd, xz and bzip2, told by their first bytes, unpacked as they are read.

In: an open file. Out: its unpacked bytes in pieces of some megabytes at most, whatever the file claims.

>>> find_packing(b"\\x1f\\x8b\\x08\\x00")
'gzip'
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

import zstandard

from pipeline.errors import InputError
from pipeline.settings import ReadSettings

CHUNK = 1 << 20

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_BZIP2 = b"BZh"
_BZIP2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")  # follow the magic and one digit
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
# Bytes handed to an unpacker at once. What can come back at most is some 1,000 times that from gzip, 7,000 times from
# xz, 20,000 times from bzip2 and 33,000 times from zstd, so a hostile file takes tens of megabytes before the ratio is
# looked at, and no more.
_GZIP_STEP = 16 << 10
_SMALL_STEP = 2 << 10
_XZ_MEMORY = 1 << 30


class DamagedStreamError(InputError):
    """A packed file that cannot be unpacked further."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def find_packing(start: bytes) -> str | None:
    """How a file is packed, by its first ten bytes: gzip, zstd, xz, bzip2, or None."""
    if start.startswith(_GZIP):
        return "gzip"
    if start.startswith((_ZSTD, *_ZSTD_SKIPPABLE)):
        return "zstd"
    if start.startswith(_XZ):
        return "xz"
    if start.startswith(_BZIP2) and start[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    return None


def unpack(file: BinaryIO, packing: str | None, name: str, settings: ReadSettings) -> Iterator[bytes]:
    """The unpacked bytes of a file.

    Args:
        file: open at its beginning.
        packing: what `find_packing` said.
        name: what messages call the file.
        settings: limits.

    Raises:
        DamagedStreamError: what follows cannot be unpacked, or is missing.
    """
    if packing == "gzip":
        return _unpack(file, name, lambda: zlib.decompressobj(wbits=31), _GZIP_STEP, padding=b"\0")
    if packing == "zstd":
        unpacker = zstandard.ZstdDecompressor(max_window_size=1 << settings.zstd_window_log)
        return _unpack(file, name, unpacker.decompressobj, _SMALL_STEP, padding=b"")
    if packing == "xz":
        return _unpack(
            file, name, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), _SMALL_STEP, padding=b"\0"
        )
    if packing == "bzip2":
        return _unpack(file, name, bz2.BZ2Decompressor, _SMALL_STEP, padding=b"\0")
    return iter(lambda: file.read(CHUNK), b"")


def _unpack(file: BinaryIO, name: str, start: Callable[[], _Unpacker], step: int, *, padding: bytes) -> Iterator[bytes]:
    """The unpacked bytes of one frame after another, as gzip members and zstd frames may follow each other."""
    unpacker = start()
    inside = False
    try:
        while packed := file.read(step):
            while packed and (inside or (packed := packed.lstrip(padding))):
                inside = True
                if out := unpacker.decompress(packed):
                    yield out
                if not unpacker.eof:
                    break
                packed, unpacker, inside = unpacker.unused_data, start(), False
    except (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, ValueError) as error:  # bz2 raises the last two
        raise DamagedStreamError(f"{name} cannot be unpacked from here on: {error}.") from error
    if inside:
        raise DamagedStreamError(f"{name} breaks off in the middle of its packed data, as an unfinished download does.")
