"""Blocks of whole lines: the same lines as line by line, however the bytes arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest import blocks
from pipeline.ingest.blocks import Block, Blocks
from pipeline.ingest.containers import Lines

PIECES = st.lists(st.sampled_from([b"abcd", b"abcdefghi", b"\n", b"x\nyz", b"\n\n", b""]), max_size=20)


@given(PIECES, st.integers(1, 12))
def test_blocks_hold_the_lines_of_a_file(pieces: list[bytes], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", size)
        whole = Blocks(iter(pieces), longest=5)
        got = [(block.first_line + row, line) for block in whole for row, line in enumerate(block.lines())]
    expected = list(enumerate(Lines(iter(pieces), longest=5), start=1))
    assert [number for number, _ in got] == [number for number, _ in expected]
    assert whole.lines == len(expected)
    for (_, line), (_, other) in zip(got, expected, strict=True):
        assert (
            line == other if len(other) <= 5 else len(line) > 5 and (line.startswith(other) or other.startswith(line))
        )


@given(
    st.lists(st.binary(max_size=6).filter(lambda line: b"\n" not in line), min_size=1),
    st.booleans(),
    st.integers(1, 20),
)
def test_a_block_knows_its_lines(lines: list[bytes], ended: bool, size: int) -> None:
    data = b"\n".join(lines) + (b"\n" if ended or not lines[-1] else b"")
    block = Block(7, data)
    assert block.height == len(lines)
    assert block.lines() == lines
    assert [block.line(row) for row in range(len(lines))] == lines
    assert block.longest_line() == max(map(len, lines))
    parts = list(block.divide(size))
    assert b"".join(part.data for part in parts) == data
    assert [part.first_line + row for part in parts for row in range(part.height)] == [
        7 + row for row in range(len(lines))
    ]
