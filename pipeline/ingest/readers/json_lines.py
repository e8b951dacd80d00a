"""JSON objects, one a line: parsed fast where they are sound, carefully where they are not.

In: a source. Out: runs of objects with their lines, and the lines that hold none, with the reason.

>>> for parsed in parse_lines(source): parsed.objects, parsed.rejections

orjson parses a line; what it refuses goes to the standard parser, which reads more (NaN as null, control characters
inside strings, lone surrogates, integers of any size, bytes that are no UTF-8). What both refuse is rejected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import orjson

from pipeline.ingest.blocks import Block
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line, without_surrogates
from pipeline.ingest.records import BATCH_BYTES, BATCH_RECORDS, Rejections

_BLANKS = b" \t\r\x0b\x0c"
_SHORT = 100  # bytes
_LENIENT = json.JSONDecoder(strict=False, parse_constant=lambda _: None)  # made once: that takes longer than a line
_WHOLE_FLOATS = 2.0**53  # from here on a float may stand for an integer that orjson could not keep


class Pieces(Protocol):
    """The parts of a file that should each hold a JSON value; `damage` says, after the last, what is missing."""

    damage: str | None

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass
class ParsedLines:
    """Some objects of a file; rows of the four lists belong together."""

    unit: str = "line"  # what locations count, from 1
    ordinals: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    lines: Sequence[bytes] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    repaired: set[int] = field(default_factory=set)  # rows whose bytes or escapes were no valid text
    rejections: Rejections = field(default_factory=Rejections)

    def locations(self) -> list[str]:
        """Where each object stands."""
        return [f"{self.unit} {number}" for number in self.numbers]


def parse_lines(source: Source) -> Iterator[ParsedLines]:
    """The objects of a file in order, some 50,000 at a time. Blank lines are passed over; every other line counts."""
    return parse_pieces(source.lines(), "line", source.settings.record_bytes)


def parse_block(block: Block, ordinal: int, longest: int) -> Iterator[ParsedLines]:
    """The objects of a block of lines, numbered on from the ordinal given."""
    return parse_pieces(_Sound(block.lines()), "line", longest, ordinal=ordinal, start=block.first_line)


class _Sound(list[bytes]):
    """Pieces of which none is missing."""

    damage: str | None = None


def parse_pieces(pieces: Pieces, unit: str, longest: int, *, ordinal: int = 0, start: int = 1) -> Iterator[ParsedLines]:
    """The objects among the pieces of a file in order, some 50,000 at a time; blank pieces are passed over.

    Args:
        pieces: of a file.
        unit: what locations count.
        longest: bytes in a piece that is read.
        ordinal: of the first object.
        start: number of the first piece.
    """
    lines: list[bytes] = []
    parsed = ParsedLines(unit, lines=lines)
    number = start - 1
    size = 0
    for number, piece in enumerate(pieces, start=start):
        try:
            value = orjson.loads(piece) if len(piece) <= longest else None
        except orjson.JSONDecodeError:
            if not piece.strip(_BLANKS):
                continue
            trouble = _short_trouble(piece) if len(piece) <= _SHORT else ""
            value, repaired, trouble = (None, False, trouble) if trouble else parse_carefully(piece)
            if repaired and isinstance(value, dict):
                parsed.repaired.add(len(parsed.objects))
        else:
            trouble = ""
        if trouble:
            parsed.rejections.add(ordinal, f"{unit} {number}", "bad_json", trouble, piece)
        elif type(value) is dict:
            parsed.ordinals.append(ordinal)
            parsed.numbers.append(number)
            lines.append(piece)
            parsed.objects.append(value)
            size += len(piece)
        elif len(piece) > longest:
            parsed.rejections.add(ordinal, f"{unit} {number}", "too_long", f"longer than {longest} bytes", piece)
        else:
            kind = "null" if value is None else type(value).__name__
            parsed.rejections.add(ordinal, f"{unit} {number}", "not_an_object", f"JSON, but {kind}, no object", piece)
        ordinal += 1
        if len(parsed.objects) + len(parsed.rejections.rows) >= BATCH_RECORDS or size >= BATCH_BYTES:
            yield parsed
            lines = []
            parsed, size = ParsedLines(unit, lines=lines), 0
    if pieces.damage:
        parsed.rejections.add(ordinal, f"after {unit} {number}", "damaged_file", pieces.damage, b"")
    yield parsed


@lru_cache(1000)
def _short_trouble(line: bytes) -> str:
    """Why a short line cannot be read: asked once, for a hostile file repeats such lines a million times."""
    return parse_carefully(line)[2]


def parse_carefully(line: bytes) -> tuple[Any, bool, str]:
    """A JSON value as the standard parser reads it, whether it had to be repaired, and why it cannot be read."""
    text, repaired = decode_line(line)
    try:
        value = _LENIENT.decode(text)
        mended = _mend(value)
        return mended, repaired or mended != value, ""
    except json.JSONDecodeError as error:
        return None, False, f"{error.msg} at character {error.pos + 1}"
    except RecursionError:
        return None, False, "nested too deeply"
    except ValueError:
        return None, False, "holds a number of too many digits"


def _mend(value: Any) -> Any:
    """The same value with proper text in every string."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {without_surrogates(key): _mend(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mend(inner) for inner in value]
    return value


def exact_integers(values: list[Any], lines: Sequence[bytes], name: str) -> list[Any]:
    """Values of one field with integers beyond 64 bits, which orjson gives as floats, read again from their lines."""
    if float not in set(map(type, values)):
        return values
    return [
        parse_carefully(lines[row])[0].get(name) if type(value) is float and abs(value) >= _WHOLE_FLOATS else value
        for row, value in enumerate(values)
    ]


def peek_objects(head: Head) -> tuple[list[dict[str, Any]], int]:
    """The objects among the whole lines of a head, and how many lines hold anything else."""
    objects: list[dict[str, Any]] = []
    others = 0
    for line in head.lines():
        value = parse_carefully(line)[0] if line.startswith(b"{") else None
        if isinstance(value, dict):
            objects.append(value)
        else:
            others += 1
    return objects, others


def find_keys(source: Source, wanted: dict[str, frozenset[str]]) -> tuple[set[str], set[str]]:
    """Which wanted keys the objects of a file have: read until all are found, to the end where one is absent.

    Args:
        source: JSON lines.
        wanted: per name, the keys that mean it, in lower case.

    Returns:
        The names found, and the keys seen on the way.
    """
    missing = dict(wanted)
    seen: set[str] = set()

    def look(objects: Iterable[dict[str, Any]]) -> bool:
        for value in objects:
            if value.keys() <= seen:
                continue
            seen.update(value)
            folded = {key.strip().lower() for key in value}
            for name in [name for name, keys in missing.items() if keys & folded]:
                del missing[name]
        return not missing

    if not look(peek_objects(source.head())[0]):
        # The bytes of a key stand before a colon; only lines where they do are parsed.
        keys = b"|".join(re.escape(key.encode()) for key in sorted(set().union(*missing.values())))
        pattern = re.compile(rb'"\s*(?:' + keys + rb')\s*"\s*:', re.IGNORECASE)
        longest = source.settings.record_bytes
        for line in source.lines():
            if len(line) <= longest and (not seen or pattern.search(line)):
                value = parse_carefully(line)[0]
                if isinstance(value, dict) and look([value]):
                    break
    return set(wanted) - set(missing), seen
