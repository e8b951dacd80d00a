"""Answers of APIs as scrapers leave them: one JSON document, several after each other, or one a line, whole or cut.

In: a source. Out: its values with their places, what could not be read, and small functions that look into values.

>>> parse_answers(b'[{"id": 1}, {"id": 2, "text": "Hel')
Answers(values=[('', [{'id': 1}, {'id': 2}])], damage=[Damage(location='byte 26', ...)])

A document that strict and lenient parsers refuse (it breaks off, a byte is wrong, it nests a thousand levels deep) is
read token by token, without recursion: everything before the mistake is kept, the rest is one piece of damage.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.ingest.containers import Source
from pipeline.ingest.decoding import decode_line, without_surrogates
from pipeline.ingest.documents import RecordList, parse_json, read_bytes
from pipeline.ingest.records import Batch

DEEPEST = 200_000
_EXACT_DIGITS = 18  # longer numbers may be integers beyond 64 bits, which orjson gives as floats

_TOKEN = re.compile(rb'[ \t\r\n\x0b\x0c]*+(?:([\[{\]},:])|("(?:[^"\\]|\\.)*+")|([^\s\[{\]},:"]{1,400}))', re.DOTALL)
_LARGEST = (1 << 63) - 1
_HOLDERS = (dict, list)  # of values


@dataclass(frozen=True)
class Damage:
    """A part of a file that cannot be read."""

    location: str
    detail: str
    raw: bytes


@dataclass
class Answers:
    """The JSON values of a file, each with its place ("" where it is the only one), and what was damaged."""

    values: list[tuple[str, Any]] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)


def read_answers(source: Source) -> Answers:
    """The JSON values of a file.

    Raises:
        InputError: it is too large to be held in memory.
    """
    return source.parse_once(_read_answers)


def _read_answers(source: Source) -> Answers:
    return parse_answers(read_bytes(source))


def parse_answers(data: bytes) -> Answers:
    """The JSON values in some bytes."""
    try:
        return Answers([("", _parse(data))])
    except ValueError:
        pass
    lines = data.split(b"\n")
    if sum(_is_container(line) for line in lines[:3]) > 1:
        return _parse_lines(lines)
    values, stopped = parse_loosely(data)
    answers = Answers([("" if len(values) == 1 else f"value {n}", value) for n, value in enumerate(values, start=1)])
    if stopped is not None:
        answers.damage.append(Damage(f"byte {stopped}", "no JSON from here on, or cut short", data[stopped:]))
    return answers


def answer_batches(answers: Answers, add: Callable[[RecordList, Any, str], object]) -> Iterator[Batch]:
    """The records that `add` finds in the values of a file, and the file's damage.

    Args:
        answers: what a file holds.
        add: takes the records gathered so far, a value, and what its records' locations begin with.
    """
    rows = RecordList()
    for place, value in answers.values:
        add(rows, value, f"{place}, " if place else "")
    for damage in answers.damage:
        rows.reject(damage.location, "bad_json", damage.detail, damage.raw)
    yield from rows.batches()


def _parse(data: bytes) -> Any:
    """A JSON document whose strings are all proper text."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _mend(parse_json(data))


def _mend(value: Any) -> Any:
    """The same value without lone surrogates; objects and arrays are changed in place."""
    top = [value]
    waiting: list[Any] = [top]
    while waiting:
        item = waiting.pop()
        pairs = list(item.items() if isinstance(item, dict) else enumerate(item))
        if isinstance(item, dict):
            item.clear()
        for key, inner in pairs:
            if isinstance(inner, _HOLDERS):
                waiting.append(inner)
            named = without_surrogates(key) if isinstance(key, str) else key
            item[named] = without_surrogates(inner) if isinstance(inner, str) else inner
    return top[0]


def _is_container(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict | list)
    except orjson.JSONDecodeError:
        return False


def _parse_lines(lines: list[bytes]) -> Answers:
    answers = Answers()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            answers.values.append((place, _parse(line)))
        except ValueError:
            values, _ = parse_loosely(line)
            answers.values += [(place, value) for value in values]
            answers.damage.append(Damage(place, "no JSON, or cut short", line))
    return answers


def parse_loosely(data: bytes) -> tuple[list[Any], int | None]:
    """The JSON values that bytes hold, as far as they can be followed; nesting costs no recursion.

    Returns:
        The values, the last one perhaps without its end, and the byte at which nothing could be followed any more, or
        None where all was read.
    """
    values: list[Any] = []
    open_containers: list[dict[str, Any] | list[Any]] = []
    keys: list[str | None] = []  # of each open container, the key that waits for its value
    place = 0
    while token := _TOKEN.match(data, place):
        sign, string, scalar = token.groups()
        start, place = token.end() - len(sign or string or scalar), token.end()
        if sign in (b",", b":"):
            continue
        inside = open_containers[-1] if open_containers else None
        if scalar and inside is not None and place == len(data):  # half a number is none
            return values, start
        if sign in (b"]", b"}"):
            if inside is None or isinstance(inside, dict) != (sign == b"}"):
                return values, start
            open_containers.pop()
            keys.pop()
            continue
        try:
            value: Any = ({} if sign == b"{" else []) if sign else _decode(string or scalar)
        except ValueError:
            return values, start
        if isinstance(inside, dict) and keys[-1] is None:
            if not isinstance(value, str):
                return values, start
            keys[-1] = value
            continue
        if isinstance(inside, dict):
            inside[keys[-1] or ""] = value
            keys[-1] = None
        else:
            (values if inside is None else inside).append(value)
        if sign:
            if len(keys) >= DEEPEST:
                return values, start
            open_containers.append(value)
            keys.append(None)
    return values, place if data[place:].strip() or open_containers else None


def _decode(token: bytes) -> Any:
    try:
        if token[:1] == b'"' or len(token) < _EXACT_DIGITS:
            return orjson.loads(token)
        return json.loads(token)
    except ValueError:
        return _mend(json.loads(decode_line(token)[0], strict=False, parse_constant=lambda _: None))


def objects_in(value: Any, wanted: Callable[[dict[str, Any]], bool]) -> Iterator[dict[str, Any]]:
    """The objects at whatever depth that are wanted, in the order of the document; nothing within them is looked at."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if wanted(item):
                yield item
                continue
            waiting += [inner for inner in reversed(item.values()) if isinstance(inner, _HOLDERS)]
        elif isinstance(item, list):
            waiting += [inner for inner in reversed(item) if isinstance(inner, _HOLDERS)]


def as_object(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if type(value) is dict else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if type(value) is list else []


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects in an array; none where it is no array."""
    return [item for item in value if type(item) is dict] if type(value) is list else []


def as_id(value: Any) -> str | None:
    """An id, a whole number or a string, as a string; None where it is neither, or empty."""
    if type(value) is str:
        return value.strip() or None
    return str(value) if type(value) is int and abs(value) <= _LARGEST else None


def as_words(value: Any) -> str | None:
    """The value if it is a string, else None."""
    return value if type(value) is str else None


def as_time(value: Any) -> str | None:
    """A time as it was written, number or string; None where it is neither."""
    if type(value) is float:
        return repr(value) if math.isfinite(value) else None
    return as_id(value)


def as_votes(value: Any) -> int | None:
    """A whole number of 64 bits, else None."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) <= _LARGEST else None


def ids_of(values: Sequence[Any]) -> list[str | None]:
    """`as_id` of each."""
    if set(map(type, values)) == {int} and min(values) >= -_LARGEST and max(values) <= _LARGEST:
        return list(map(str, values))
    return list(map(as_id, values))


def strings_of(values: Sequence[Any]) -> list[str | None]:
    """`as_words` of each."""
    return [value if value.__class__ is str else None for value in values]


def times_of(values: Sequence[Any]) -> list[str | None]:
    """`as_time` of each."""
    return list(map(as_time, values)) if float in map(type, values) else ids_of(values)
