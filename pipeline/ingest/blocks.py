"""Whole lines in blocks of some megabytes, for parsers that read many at once.

In: pieces of a file. Out: blocks that end where a line ends, each with the number of its first line.

>>> [(block.first_line, block.data) for block in Blocks(iter([b"1\\n2", b"2\\n3"]), longest=100)]
[(1, b'1\\n22\\n3')]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.unpacking import DamagedStreamError

BLOCK_BYTES = 8 << 20
_AHEAD = 2  # blocks parsed at the same time

T = TypeVar("T")


@dataclass(frozen=True)
class Block:
    """Some lines of a file, each but perhaps the last with its ``\\n``."""

    first_line: int
    data: bytes

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Where each line ends, before its ``\\n``: int64 of shape (lines,)."""
        ends = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == 0x0A)
        return ends if self.data.endswith(b"\n") else np.append(ends, len(self.data))

    @cached_property
    def height(self) -> int:
        """How many lines there are."""
        return self.data.count(b"\n") + (not self.data.endswith(b"\n"))

    def line(self, row: int) -> bytes:
        """The bytes of a line, counted from 0."""
        start = int(self.ends[row - 1]) + 1 if row else 0
        return self.data[start : int(self.ends[row])]

    def lines(self) -> list[bytes]:
        """All its lines."""
        return self.data.removesuffix(b"\n").split(b"\n")

    def longest_line(self) -> int:
        """Bytes of its longest line."""
        return int(np.diff(self.ends, prepend=-1).max()) - 1

    def divide(self, bytes_each: int) -> Iterator[Block]:
        """The same lines in smaller blocks."""
        start = first = 0
        while start < len(self.data):
            row = int(np.searchsorted(self.ends, start + bytes_each))
            row = min(max(row, first), self.height - 1)
            end = int(self.ends[row]) + 1
            yield Block(self.first_line + first, self.data[start:end])
            start, first = end, row + 1


class Blocks:
    """The lines of a file in blocks. A line longer than ``longest`` arrives cut, but still longer than that.

    After the last block, ``damage`` says why the file could not be unpacked to its end, if so, and ``lines`` how many
    lines there were.
    """

    def __init__(self, chunks: Iterator[bytes], longest: int) -> None:
        self.damage: str | None = None
        self.lines = 0
        self._chunks = chunks
        self._longest = longest

    def __iter__(self) -> Iterator[Block]:
        pieces: list[bytes] = []
        size = open_line = 0  # bytes gathered, and those of the line that has not ended
        try:
            for chunk in self._chunks:
                piece = chunk if open_line <= self._longest else chunk[chunk.find(b"\n") :] if b"\n" in chunk else b""
                whole = piece.rfind(b"\n") + 1
                if whole and size + whole >= BLOCK_BYTES:
                    yield self._block([*pieces, piece[:whole]])
                    pieces, size, open_line = [], 0, 0
                    piece, whole = piece[whole:], 0
                pieces.append(piece)
                size += len(piece)
                open_line = len(piece) - whole + (0 if whole else open_line)
        except DamagedStreamError as damage:
            self.damage = str(damage)
        if size:
            yield self._block(pieces)

    def _block(self, pieces: list[bytes]) -> Block:
        block = Block(self.lines + 1, b"".join(pieces))
        self.lines += block.height
        return block


def parse_ahead(parse: Callable[[Block], T], blocks: Iterable[Block]) -> Iterator[T]:
    """What comes of each block, in their order; the next ones are parsed in threads while one is worked on.

    Args:
        parse: depends on nothing but its block, and leaves the interpreter free for most of its time.
        blocks: at most three of them are held at once.
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="parse") as pool:
        try:
            for block in blocks:
                waiting.append(pool.submit(parse, block))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
