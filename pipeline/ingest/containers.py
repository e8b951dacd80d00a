"""What a raw file is wrapped in: plain, gzip or zstd, told by its first bytes, unpacked as it is read.

In: a path. Out: its lines and its head, never more of it in memory than a few buffers, whatever the file claims.

>>> for line in Source(Path("raw/bakery-forum.jsonl.zst"), ReadSettings()).lines(): ...

Text in UTF-16 (with its mark) becomes UTF-8 on the way, a UTF-8 mark is dropped. A packed file that breaks off or is
damaged gives what can be unpacked, and `Lines.damage` says what is missing: half a dump is worth having, and the
readers put the loss into quarantine. A file that unpacks to far more than its size is refused.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from pipeline.errors import InputError
from pipeline.settings import ReadSettings

HEAD_BYTES = 64 << 10
_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
_OTHER_PACKERS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
}
# Bytes handed to an unpacker at once. What can come back at most is 1,032 times that from gzip and some 33,000 times
# that from zstd, so a hostile file takes tens of megabytes before the ratio is looked at, and no more.
_GZIP_STEP = 16 << 10
_ZSTD_STEP = 2 << 10
_SMALL = 1 << 20


class DamagedStreamError(InputError):
    """A packed file that cannot be unpacked further."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class Head:
    """The beginning of a file, unpacked: what readers recognise a format from."""

    name: str
    data: bytes
    complete: bool
    columns: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[bytes]:
        """Its non-empty lines without their ends; the last one only where it is known to be whole."""
        lines = self.data.removeprefix(codecs.BOM_UTF8).split(b"\n")
        if not self.complete:
            lines.pop()
        return [line for line in (line.strip() for line in lines) if line]


class Lines:
    """The lines of a file in order, without ``\\n``, empty ones included, so that counting them counts lines.

    A line longer than ``longest`` bytes arrives cut, but still longer than ``longest``. After the last line, ``damage``
    says why the file could not be unpacked to its end, if so.
    """

    def __init__(self, chunks: Iterator[bytes], longest: int) -> None:
        self.damage: str | None = None
        self._chunks = chunks
        self._longest = longest

    def __iter__(self) -> Iterator[bytes]:
        pieces: list[bytes] = []
        size = 0
        try:
            for chunk in self._chunks:
                first, *rest = chunk.split(b"\n")
                if size <= self._longest:
                    pieces.append(first)
                size += len(first)
                if not rest:
                    continue
                yield b"".join(pieces)
                yield from rest[:-1]
                pieces, size = [rest[-1]], len(rest[-1])
        except DamagedStreamError as damage:
            self.damage = str(damage)
        if size:
            yield b"".join(pieces)


class Source:
    """A raw file as readers see it.

    Raises:
        InputError: it is missing, may not be read, or is packed in a way that is not unpacked here.
    """

    def __init__(self, path: Path, settings: ReadSettings) -> None:
        self.path = path
        self.settings = settings
        try:
            with path.open("rb") as file:
                start = file.read(8)
            self.size = path.stat().st_size
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            raise InputError(
                f"{path} cannot be read: {error.strerror}. Check that it is a file you may read."
            ) from error
        for magic, packer in _OTHER_PACKERS.items():
            if start.startswith(magic):
                raise InputError(
                    f"{path} is packed with {packer}. Unpack it first; gzip and zstd are read as they are."
                )
        self.packing: str | None = None
        if start.startswith(_GZIP):
            self.packing = "gzip"
        elif start.startswith((_ZSTD, *_ZSTD_SKIPPABLE)):
            self.packing = "zstd"

    def head(self) -> Head:
        """Its first 64 KiB, unpacked.

        Raises:
            InputError: nothing of it can be unpacked.
        """
        data = b""
        complete = True
        try:
            for chunk in self.chunks():
                data += chunk
                if len(data) > HEAD_BYTES:
                    complete = False
                    break
        except DamagedStreamError:
            if not data:
                raise
        return Head(self.path.name, data[:HEAD_BYTES], complete, self.settings.columns)

    def lines(self) -> Lines:
        """Its lines, at most ``settings.record_bytes`` bytes of each."""
        return Lines(self.chunks(), self.settings.record_bytes)

    def chunks(self) -> Iterator[bytes]:
        """Its unpacked bytes in pieces, text in UTF-8 without a mark.

        Raises:
            DamagedStreamError: what follows cannot be unpacked.
            InputError: it unpacks to more than ``settings.expansion_ratio`` times its size.
        """
        return _as_utf8(self._unpacked())

    def _unpacked(self) -> Iterator[bytes]:
        most = self.size * self.settings.expansion_ratio + _SMALL
        total = 0
        with self.path.open("rb") as file:
            for chunk in self._pieces(file):
                total += len(chunk)
                if self.packing and total > most:
                    raise InputError(
                        f"{self.path} unpacks to more than {self.settings.expansion_ratio} times its size, as hostile "
                        "files do. If you trust it, raise the setting expansion_ratio."
                    )
                yield chunk

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        if self.packing == "gzip":
            return _unpack(file, self.path, lambda: zlib.decompressobj(wbits=31), _GZIP_STEP, padding=b"\0")
        if self.packing == "zstd":
            window = 1 << self.settings.zstd_window_log
            unpacker = zstandard.ZstdDecompressor(max_window_size=window)
            return _unpack(file, self.path, unpacker.decompressobj, _ZSTD_STEP, padding=b"")
        return iter(lambda: file.read(_CHUNK), b"")


def _unpack(
    file: BinaryIO, path: Path, start: Callable[[], _Unpacker], step: int, *, padding: bytes
) -> Iterator[bytes]:
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
    except (zlib.error, zstandard.ZstdError) as error:
        raise DamagedStreamError(f"{path} cannot be unpacked from here on: {error}.") from error
    if inside:
        raise DamagedStreamError(f"{path} breaks off in the middle of its packed data, as an unfinished download does.")


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8 without a byte order mark; bytes that start with no UTF-16 mark are left alone."""
    first = next(chunks, b"")
    while 0 < len(first) < 4 and (more := next(chunks, b"")):
        first += more
    wide = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and first[2:4] != b"\0\0"
    if not wide:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    yield decoder.decode(first).encode()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()
