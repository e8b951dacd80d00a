"""Answers of web APIs as people save them: one JSON document, one a line, several in a row, or cut short.

In: a source. Out: the documents in it, in order, each with its place, and what could not be read.

>>> answers = read_answers(source)
>>> [(answer.place, type(answer.value)) for answer in answers.values], answers.damage
([('', <class 'dict'>)], [])

What JSON parsers refuse is followed by `object_literals`, so that a download that breaks off, or nests too deeply for
them, gives what it holds; its damage says that something may be missing. Documents in the notation of another language
are no damage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.ingest.containers import Source
from pipeline.ingest.decoding import decode_line, without_surrogates
from pipeline.ingest.documents import RecordList, parse_json, read_bytes
from pipeline.ingest.readers.object_literals import read_literals
from pipeline.ingest.readers.record_columns import RecordColumns

# After opening brackets a name without double quotes, or two values without a colon between them.
_OTHER_LANGUAGE = re.compile(r"""[\s\[({]*(?:[A-Za-z_$'#:]|"\w+"\s+["{\[(\d])""")
_RAW_BYTES = 1000


@dataclass(frozen=True)
class Answer:
    """One document: where it stands ("" where it is the whole file, else "line 3, ") and its value."""

    place: str
    value: Any


@dataclass
class Answers:
    """What a file holds; ``damage`` has place, what is wrong, and the last bytes of each document that is not whole."""

    values: list[Answer] = field(default_factory=list)
    damage: list[tuple[str, str, bytes]] = field(default_factory=list)

    def reject_damage(self, rows: RecordList | RecordColumns) -> None:
        """Puts what could not be read into quarantine."""
        for place, what, raw in self.damage:
            rows.reject(f"{place}end", "bad_json", what, raw)


def read_answers(source: Source) -> Answers:
    """The documents of a file.

    Raises:
        InputError: the file is too large to be held in memory.
    """
    return source.parse_once(_read_answers)


def _read_answers(source: Source) -> Answers:
    data = read_bytes(source)
    answers = Answers()
    lines = _answer_lines(data)
    if lines is None:
        _read_document(answers, "", data)
    else:
        for number, line in lines:
            _read_document(answers, f"line {number}, ", line)
    return answers


def _answer_lines(data: bytes) -> list[tuple[int, bytes]] | None:
    """The lines that are not blank with their numbers, where the first of several is a document of its own."""
    first, newline, rest = data.lstrip().partition(b"\n")
    if not newline or not rest.strip() or first[:1] not in (b"{", b"[") or not _is_json(first):
        return None
    return [(number, line) for number, line in enumerate(data.split(b"\n"), start=1) if line.strip()]


def _is_json(data: bytes) -> bool:
    try:
        parse_json(data)
    except ValueError:
        return False
    return True


def _read_document(answers: Answers, place: str, data: bytes) -> None:
    try:
        answers.values.append(Answer(place, orjson.loads(data)))
        return
    except orjson.JSONDecodeError:
        pass
    try:
        answers.values.append(Answer(place, mend(parse_json(data))))
        return
    except ValueError as refusal:
        trouble = str(refusal)
    text, _ = decode_line(data)
    values, unfinished = read_literals(text)
    several = len(values) > 1
    answers.values += [Answer(f"{place}value {i}, " if several else place, v) for i, v in enumerate(values, start=1)]
    if unfinished or not values or not _OTHER_LANGUAGE.match(text):
        answers.damage.append((place, f"no sound JSON: {unfinished or trouble}", data[-_RAW_BYTES:]))


def mend(value: Any) -> Any:
    """The same value with proper text in every string; changes lists and objects in place, however deep."""
    if isinstance(value, str):
        return without_surrogates(value)
    for inner in walk(value):
        if isinstance(inner, list):
            inner[:] = [without_surrogates(item) if isinstance(item, str) else item for item in inner]
        else:
            mended = {
                without_surrogates(key): without_surrogates(item) if isinstance(item, str) else item
                for key, item in inner.items()
            }
            inner.clear()
            inner.update(mended)
    return value


def walk(value: Any) -> Iterator[Any]:
    """Every list and object inside a value, itself included, parents before children, in no other order."""
    stack = [value] if isinstance(value, dict | list) else []
    while stack:
        current = stack.pop()
        yield current
        inner = current.values() if isinstance(current, dict) else current
        stack.extend(item for item in inner if isinstance(item, dict | list))
