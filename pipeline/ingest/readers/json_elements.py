"""The elements of a long JSON array, in runs: many parsed at once where they are sound, one by one where they are not.

In: a source. Out: `ParsedLines` of elements.

>>> for parsed in parse_elements(source): parsed.objects, parsed.rejections

A run ends where an element begins with the key that the first one begins with. If what lies between is no sound JSON,
the rest of the file goes to the standard parser, which says where each element ends.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import orjson

from pipeline.ingest.containers import DamagedStreamError, Source
from pipeline.ingest.readers.json_lines import ParsedLines, parse_pieces

_BETWEEN = re.compile(r"[\s,]*")
_SCAN = json.JSONDecoder(strict=False).raw_decode
_RUN_BYTES = 4 << 20
_TRIES = 3
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_FIRST_KEY = re.compile(rb'\s*\{\s*("(?:[^"\\]|\\.){0,200}")\s*:', re.DOTALL)
_BLANK = b" \t\r\n"


def parse_elements(source: Source) -> Iterator[ParsedLines]:
    """The elements of the array that a file holds, objects and what has to be rejected, in their order."""
    longest = source.settings.record_bytes
    chunks = source.chunks()
    waiting = b""  # elements not yet parsed, without the bracket before the first
    number = 0
    opened = False
    damage: list[DamagedStreamError] = []
    for chunk in _until_damage(chunks, damage):
        waiting += chunk
        if not opened and waiting.lstrip(_BLANK)[:1] == b"[":
            opened, waiting = True, waiting.lstrip(_BLANK)[1:]
        if not chunk or len(waiting) < min(_RUN_BYTES, longest):
            continue
        parsed, waiting = _parse_run(waiting, number, longest) if opened else (None, waiting)
        if parsed is None:
            break
        number += len(parsed.objects)
        yield parsed
    else:
        if opened and not damage and len(waiting) <= longest and waiting.rstrip(_BLANK)[-1:] == b"]":
            objects = _objects(waiting.rstrip(_BLANK)[:-1])
            if objects is not None:
                yield _parsed(waiting.rstrip(_BLANK)[:-1], objects, number)
                return
    rest = Elements(_rest((b"[" if opened else b"") + waiting, chunks, damage), longest)
    yield from parse_pieces(rest, "item", longest, ordinal=number, start=number + 1)


def _until_damage(chunks: Iterator[bytes], damage: list[DamagedStreamError]) -> Iterator[bytes]:
    try:
        yield from chunks
    except DamagedStreamError as error:
        damage.append(error)


def _rest(waiting: bytes, chunks: Iterator[bytes], damage: list[DamagedStreamError]) -> Iterator[bytes]:
    yield waiting
    if damage:
        raise damage[0]
    yield from chunks


def _parse_run(data: bytes, number: int, longest: int) -> tuple[ParsedLines | None, bytes]:
    """The whole elements at the start of some bytes, and what follows them; None where they are not sound.

    Also None where they take more bytes than one element may: each must be looked at then.
    """
    key = _FIRST_KEY.match(data)
    if key is None:
        return None, data
    begins = re.compile(rb"\}\s*,(?=\s*\{\s*" + re.escape(key[1]) + rb"\s*:)")
    tail = max(0, len(data) - (_RUN_BYTES >> 2))
    for cut in reversed(list(begins.finditer(data, tail))[-_TRIES:]):
        objects = _objects(data[: cut.start() + 1]) if cut.start() < longest else None
        if objects is not None:
            return _parsed(data[: cut.start() + 1], objects, number), data[cut.end() :]
    return None, data


def _objects(data: bytes) -> list[dict[str, object]] | None:
    """The elements in some bytes; None where they are no sound JSON, or anything but objects."""
    try:
        values = orjson.loads(b"[" + data + b"]")
    except orjson.JSONDecodeError:
        return None
    return values if set(map(type, values)) <= {dict} else None


def _parsed(data: bytes, objects: list[dict[str, object]], number: int) -> ParsedLines:
    return ParsedLines(
        "item",
        ordinals=list(range(number, number + len(objects))),
        numbers=list(range(number + 1, number + len(objects) + 1)),
        lines=_Run(data, len(objects)),
        objects=objects,
    )


class _Run(Sequence[bytes]):
    """The bytes of each element of a run, told apart only when one is asked for."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size

    @cached_property
    def _elements(self) -> list[bytes]:
        return _cut(self._data.decode(), last=True)[0]

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, row: int) -> bytes: ...
    @overload
    def __getitem__(self, row: slice) -> list[bytes]: ...
    def __getitem__(self, row: int | slice) -> bytes | list[bytes]:
        return self._elements[row]


class Elements:
    """The elements of a JSON array, each as its own bytes; what cannot be told apart comes last, in one piece."""

    def __init__(self, chunks: Iterator[bytes], longest: int) -> None:
        self.damage: str | None = None
        self._chunks = chunks
        self._longest = longest

    def __iter__(self) -> Iterator[bytes]:
        # Bytes that are no UTF-8 travel as lone surrogates and become the same bytes again with their element.
        decode = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape").decode
        text, wanted, opened = "", 0, False
        for chunk in self._sound_chunks():
            text += decode(chunk, final=not chunk)
            if chunk and (len(text) < wanted or not text.strip()):
                continue
            if not opened and text.lstrip().startswith("["):
                opened, text = True, text[text.index("[") + 1 :]
            if not opened:
                break
            elements, text = _cut(text, last=not chunk)
            yield from elements
            if text.startswith("]"):
                text = text[1:]
                break
            if len(text) > self._longest:
                break
            wanted = 2 * len(text)  # an element that is not whole yet is tried again when twice as much is there
        else:
            if opened and not text.strip():
                self.damage = self.damage or "the array is not closed: the file breaks off"
        if text.strip():
            yield _as_bytes(text[: self._longest + 1])

    def _sound_chunks(self) -> Iterator[bytes]:
        """The chunks, and an empty one after the last."""
        try:
            yield from (chunk for chunk in self._chunks if chunk)
        except DamagedStreamError as damage:
            self.damage = str(damage)
        yield b""


def _cut(text: str, *, last: bool) -> tuple[list[bytes], str]:
    """The whole elements at the start of a text, and what follows them; only the last text may end with a number."""
    elements: list[bytes] = []
    place = 0
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing, too
        try:
            end = _SCAN(text, place)[1]
        except RecursionError:  # an element that nests too deeply costs itself, not those behind it
            closed = _end_of(text, place)
            if closed is None:
                return elements, text[place:]
            end = closed
        except ValueError:
            return elements, text[place:]
        if end == len(text) and not last:
            return elements, text[place:]
        elements.append(_as_bytes(text[place:end]))
        place = end


def _end_of(text: str, start: int) -> int | None:
    """Where the brackets that open at a place are closed, however deep; None where they are not."""
    depth = 0
    # A Python loop over the brackets of an element, which no parser gets to the end of.
    for found in _BRACKET.finditer(text, start):
        if found[0] in ("{", "["):
            depth += 1
        elif found[0] in ("}", "]"):
            depth -= 1
            if depth <= 0:
                return found.end()
    return None


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")
