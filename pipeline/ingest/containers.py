"""What a raw file is wrapped in: plain, or packed (`unpacking`), told by its first bytes, unpacked as it is read.

In: a path. Out: its lines and its head, never more of it in memory than a few buffers, whatever the file claims.

>>> for line in Source(Path("raw/bakery-forum.jsonl.zst"), ReadSettings()).lines(): ...

Text in UTF-16 becomes UTF-8 on the way, a mark at its beginning is dropped. A packed file that breaks off or is
damaged gives what can be unpacked, and `Lines.damage` says what is missing: half a dump is worth having, and the
readers put the loss into quarantine. A file that unpacks to far more than its size is refused.

Files that hold files (zip, tar, WARC) are the business of `archives`; each of their members is a source like any other.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from pipeline.errors import InputError
from pipeline.ingest.decoding import wide_encoding
from pipeline.ingest.unpacking import DamagedStreamError, find_packing, unpack
from pipeline.settings import ReadSettings

__all__ = ["HEAD_BYTES", "DamagedStreamError", "Head", "Lines", "Source"]

HEAD_BYTES = 64 << 10
_OTHER_PACKERS = {b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR"}
_SMALL = 1 << 20

T = TypeVar("T")


@dataclass(frozen=True)
class Head:
    """The beginning of a file, unpacked: what readers recognise a format from."""

    name: str
    data: bytes
    complete: bool
    columns: dict[str, str] = field(default_factory=dict)
    address: str | None = None  # where it was fetched from, where its archive says so

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
    """A raw file, or a member of one, as readers see it.

    Attributes:
        path: where its bytes are; for a member of an archive a temporary file.
        name: what messages call it: the path, or the member's own name.
        address: where it was fetched from, where its archive says so.
        charset: what its server said that it is written in, where its archive says so.
        beside: of a member of an archive what its neighbours say of it: files that an export keeps at its top, by name.

    Raises:
        InputError: it is missing, may not be read, or is packed in a way that is not unpacked here.
    """

    def __init__(
        self,
        path: Path,
        settings: ReadSettings,
        *,
        name: str | None = None,
        address: str | None = None,
        charset: str | None = None,
        beside: Mapping[str, bytes] | None = None,
    ) -> None:
        self.path = path
        self.settings = settings
        self.name = str(path) if name is None else name
        self.address = address
        self.charset = charset
        self.beside: Mapping[str, bytes] = beside or {}
        try:
            with path.open("rb") as file:
                start = file.read(10)
            self.size = path.stat().st_size
        except OSError as error:
            raise InputError(
                f"{self.name} cannot be read: {error.strerror}. Check that it is a file you may read."
            ) from error
        for magic, packer in _OTHER_PACKERS.items():
            if start.startswith(magic):
                raise InputError(
                    f"{self.name} is packed with {packer}. Unpack it first; gzip, zstd, xz, bzip2, zip and tar are "
                    "read as they are."
                )
        self.packing = find_packing(start)
        self._parsed: tuple[Callable[[Source], object], object] | None = None

    def parse_once(self, parse: Callable[[Source], T]) -> T:
        """What a parser makes of it: kept from its description for the reading that follows, and no longer."""
        if self._parsed is not None and self._parsed[0] is parse:
            value = self._parsed[1]
            self._parsed = None
            return cast("T", value)
        value = parse(self)
        self._parsed = (parse, value)
        return value

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
        name = self.path.name if self.name == str(self.path) else self.name.rsplit("/", 1)[-1]
        return Head(name, data[:HEAD_BYTES], complete, self.settings.columns, self.address)

    def refuse_bomb(self) -> None:
        """Unpack a small packed file once before it is read: millions of lines of it may come before the limit does.

        Raises:
            InputError: it unpacks to more than it may.
        """
        if self.packing and self.size <= _SMALL:
            with suppress(DamagedStreamError):
                deque(self.unpacked(), maxlen=0)

    def lines(self) -> Lines:
        """Its lines, at most ``settings.record_bytes`` bytes of each."""
        return Lines(self.chunks(), self.settings.record_bytes)

    def chunks(self) -> Iterator[bytes]:
        """Its unpacked bytes in pieces, text in UTF-8 without a mark.

        Raises:
            DamagedStreamError: what follows cannot be unpacked.
            InputError: it unpacks to more than ``settings.expansion_ratio`` times its size.
        """
        return _as_utf8(self.unpacked())

    def unpacked(self) -> Iterator[bytes]:
        """Its unpacked bytes in pieces, as they are. Raises as `chunks` does."""
        most = self.size * self.settings.expansion_ratio + _SMALL
        total = 0
        with self.path.open("rb") as file:
            for chunk in unpack(file, self.packing, self.name, self.settings):
                total += len(chunk)
                if self.packing and total > most:
                    raise InputError(
                        f"{self.name} unpacks to more than {self.settings.expansion_ratio} times its size, as hostile "
                        "files do. If you trust it, raise the setting expansion_ratio."
                    )
                yield chunk


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8 without a byte order mark; bytes that are no UTF-16 are left alone."""
    first = next(chunks, b"")
    while 0 < len(first) < 64 and (more := next(chunks, b"")):
        first += more
    encoding = wide_encoding(first)
    if encoding is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first).encode()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()
