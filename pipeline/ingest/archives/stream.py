"""Pieces of bytes as a stream that can be read in any amounts, without ever holding more than was asked for.

In: an iterator of pieces. Out: a file to read from, which knows its place.

>>> stream = ByteStream(iter([b"Hello, ", b"you"]))
>>> stream.read(3), stream.skip(4), stream.read(9)
(b'Hel', 4, b'you')
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import InputError
from pipeline.ingest.unpacking import CHUNK, DamagedStreamError


class ByteStream:
    """Reads on from where the last reading ended. What the pieces raise comes through, after what came before it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = (piece for piece in pieces if piece)
        self._buffer = b""
        self._place = 0
        self._trouble: InputError | None = None

    def read(self, size: int = CHUNK) -> bytes:
        """The next ``size`` bytes; fewer only at the end, or before trouble."""
        got: list[bytes] = []
        missing = size
        while missing > 0 and (self._buffer or self._fill(raising=not got)):
            piece = self._buffer[self._place : self._place + missing]
            self._place += len(piece)
            if self._place >= len(self._buffer):
                self._buffer = b""
            missing -= len(piece)
            got.append(piece)
        return b"".join(got)

    def _fill(self, *, raising: bool) -> bool:
        if self._trouble is None:
            try:
                self._buffer, self._place = next(self._pieces, b""), 0
            except InputError as trouble:
                self._trouble = trouble
        if self._trouble is not None and raising:
            came, self._trouble = self._trouble, None
            raise came
        return bool(self._buffer)

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes without taking them; fewer only at the end."""
        if len(self._buffer) - self._place < size:
            self.unread(self.read(size))
        return self._buffer[self._place : self._place + size]

    def unread(self, data: bytes) -> None:
        """Put bytes back, to be read next."""
        self._buffer = data + self._buffer[self._place :]
        self._place = 0

    def skip(self, size: int) -> int:
        """Pass over ``size`` bytes; returns how many there were."""
        return sum(map(len, self._up_to(size)))

    def rest(self) -> Iterator[bytes]:
        """Everything that is left, in pieces."""
        return iter(self.read, b"")

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next ``size`` bytes in pieces. Raises DamagedStreamError where the stream ends before."""
        got = 0
        for piece in self._up_to(size):
            got += len(piece)
            yield piece
        if got < size:
            raise DamagedStreamError(f"It breaks off: {size - got:,} of {size:,} bytes are missing.")

    def _up_to(self, size: int) -> Iterator[bytes]:
        while size > 0 and (piece := self.read(min(size, CHUNK))):
            size -= len(piece)
            yield piece
