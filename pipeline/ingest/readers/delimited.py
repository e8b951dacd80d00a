"""Rows of delimited text, read so that one bad row costs itself and nothing else.

In: lines of bytes. Out: rows of fields, each with its line, its bytes and what is wrong with it.

>>> [row.fields for row in parse_rows(Feed(iter([b'1,"Hello, you"']), longest=100), ",", width=2)]
[['1', 'Hello, you']]

The standard csv parser does the reading. What it does not do is come back from a quotation mark that is opened and
never closed: here, when a record of several lines does not fit, its first line is read by itself and the others once
more.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.ingest.decoding import decode_line


@dataclass(slots=True)
class Row:
    """One row of a file."""

    fields: list[str]
    first_line: int  # lines count from 1
    last_line: int
    raw: bytes
    repaired: bool  # its bytes were no valid UTF-8, or a stray carriage return stood in it
    unclosed: bool  # a quotation mark in it is never closed
    trouble: tuple[str, str] | None  # rule and detail where it cannot be read


@dataclass
class Feed:
    """Hands decoded lines to the csv parser, remembers those of the current record, and can take them back."""

    lines: Iterator[bytes]
    longest: int  # bytes in a record
    number: int = 0  # lines read so far
    size: int = 0  # bytes of the current record
    cut: bool = False  # whether the current record was ended because nothing, or too much, followed
    taken: list[tuple[int, bytes, str, bool]] = field(default_factory=list)
    returned: deque[tuple[int, bytes]] = field(default_factory=deque)

    def __iter__(self) -> Feed:
        return self

    def __next__(self) -> str:
        if self.size > self.longest:
            self.cut = True
            raise StopIteration
        if self.returned:
            number, line = self.returned.popleft()
        else:
            try:
                line = next(self.lines)
            except StopIteration:
                self.cut = True
                raise
            self.number += 1
            number = self.number
        text, repaired = decode_line(line)
        self.taken.append((number, line, text, repaired))
        self.size += len(line) + 1
        return text + "\n"

    def begin_record(self) -> None:
        """Forget the lines of the record before."""
        self.taken, self.size, self.cut = [], 0, False

    def return_all_but_first(self) -> None:
        """Take back the lines of the current record, its first apart, to be read again."""
        self.returned.extendleft((number, line) for number, line, _, _ in reversed(self.taken[1:]))
        del self.taken[1:]


def parse_rows(feed: Feed, delimiter: str, width: int | None) -> Iterator[Row]:
    """The rows that follow, blank lines left out.

    Args:
        feed: lines.
        delimiter: one character.
        width: number of fields of a sound row; None takes every number.
    """
    parser = csv.reader(feed, delimiter=delimiter)
    while True:
        feed.begin_record()
        fields: list[str] | None
        try:
            fields = _trimmed(next(parser), width)
        except StopIteration:
            return
        except csv.Error:
            fields = None
        fits = fields is not None and (width is None or len(fields) == width)
        alone = fields is None or feed.cut or (len(feed.taken) > 1 and not fits)
        if alone:
            feed.return_all_but_first()
            fields = _read_alone(feed.taken[0][2], delimiter, width)
        if fields is not None and len(fields) < 2 and not "".join(fields).strip():
            continue
        yield _row(feed, fields, width, alone)


def _row(feed: Feed, fields: list[str] | None, width: int | None, alone: bool) -> Row:
    first_line, raw, text, repaired = feed.taken[0]
    last_line = first_line
    if len(feed.taken) > 1:
        raw = b"\n".join(line for _, line, _, _ in feed.taken)
        last_line = feed.taken[-1][0]
        repaired = any(mended for _, _, _, mended in feed.taken)
    trouble = None
    if len(raw) > feed.longest:
        trouble = ("too_long", f"longer than {feed.longest} bytes")
    elif b"\0" in raw:
        trouble = ("nul", "holds NUL bytes, so it is no text")
    elif fields is None:
        trouble = ("bad_csv", "the csv parser cannot make fields of it")
    elif width is not None and len(fields) != width:
        trouble = ("ragged_row", f"{len(fields)} fields where the first row has {width}")
    return Row(
        fields=fields or [],
        first_line=first_line,
        last_line=last_line,
        raw=raw,
        repaired=repaired or (alone and "\r" in text[:-1]),
        unclosed=alone and text.count('"') % 2 == 1,
        trouble=trouble,
    )


def _read_alone(text: str, delimiter: str, width: int | None) -> list[str] | None:
    """The fields of one line, a quotation closed by its end; a carriage return inside counts as a space."""
    try:
        return _trimmed(next(csv.reader([text.rstrip("\r").replace("\r", " ")], delimiter=delimiter), []), width)
    except csv.Error:
        return None


def _trimmed(fields: list[str], width: int | None) -> list[str]:
    """The fields without empty ones too many at the end."""
    if width is not None and len(fields) > width and not "".join(fields[width:]).strip():
        return fields[:width]
    return fields
