"""Chats exported as JSON: documents of messages below one key, sound or damaged.

In: a source, the key that its messages stand under, and what a message looks like. Out: the documents, each with
its messages; and what could not be read.

>>> chat = load_chat(source, "messages", is_message)
>>> for document in chat.documents: document["messages"]

A sound file is one document, or an array of messages, or either of them or a message on every line. Any other file (one
that breaks off, has bytes turned over, was glued together) is searched: each message is read that can be, with the
fields around its list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.errors import InputError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.documents import has_keys, read_bytes
from pipeline.ingest.reader import CaptureFacts, order_of
from pipeline.ingest.readers.json_lines import parse_carefully

IsMessage = Callable[[dict[str, Any]], bool]
ChatsOf = Callable[[dict[str, Any]], list[dict[str, Any]]]

_SCAN = json.JSONDecoder(strict=False, parse_constant=lambda _: None).raw_decode
_BETWEEN = re.compile(r'[\s,:\[\]{}]*(?:"[^"\\]{0,64}"\s*:\s*)?')
_AFTER_LIST = re.compile(r"\s*[\]}]\s*,")
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_HEADER_TRIES = 64
_EFFORT = 16  # a damaged file is looked through at most so many times over
_DEEP = 20_000  # what nesting too deep costs, in characters
_WINDOW = 1 << 16
_MOST_OPEN = 40  # objects not closed at the end of a window; no message nests so
_LONGEST_WORD = 4096  # characters of a number, or of true, false and null
_LONGEST_ID = 200


@dataclass
class Chat:
    """What a file holds: documents (arrays of messages have become documents), and pieces that are no message."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    losses: list[tuple[str, str, bytes]] = field(default_factory=list)  # location, detail, raw

    def messages(self, key: str) -> Iterator[tuple[dict[str, Any], list[Any], range]]:
        """Each document with its messages in their order, and which ones of the file these are, from 1."""
        number = 1
        for document in self.documents:
            held = document.get(key)
            held = list(held.values()) if isinstance(held, dict) else list_of(held)
            yield document, held, range(number, number + len(held))
            number += len(held)


def stream_facts(source: Source, site: str) -> CaptureFacts:
    """A stream of messages by time."""
    return CaptureFacts(site, shape="stream", order_known=order_of(source.settings, "time"), paragraphs=False)


def load_chat(source: Source, key: str, is_message: IsMessage, chats_of: ChatsOf = lambda one: [one]) -> Chat:
    """All documents of a file.

    Args:
        source: the file.
        key: what messages stand under.
        is_message: what a message looks like.
        chats_of: the documents that a document is made of, where one may hold several.

    Raises:
        InputError: it is too large, or nothing in it can be read as messages.
    """
    data = read_bytes(source)
    value, trouble = _parse(data)
    values = _read_lines(data) if trouble else [value]
    chat = _whole(values, key, is_message, chats_of) if values is not None else None
    if chat is None:
        chat = _search(data, key, is_message)
        if not any(document[key] for document in chat.documents):
            raise InputError(f"{source.path} is no sound JSON ({trouble}), and no message in it can be read.")
        chat.losses.append(("the file", f"no sound JSON: {trouble}", b""))
    return chat


def shows_messages(
    head: Head, key: str, is_message: IsMessage, *keys: str, chats_of: ChatsOf = lambda one: [one]
) -> bool:
    """Whether a file begins as JSON and most of the objects below the key, in its head, are messages.

    Args:
        head: the beginning of the file.
        key: what messages stand under.
        is_message: what a message looks like.
        keys: what the head must show to be worth a closer look.
        chats_of: the documents that a document is made of.
    """
    if not has_keys(head, *keys):
        return False
    value, trouble = _parse(head.data)
    chat = _search(head.data, key, is_message) if trouble else _whole([value], key, is_message, chats_of)
    found = [message for _, messages, _ in chat.messages(key) for message in messages]
    fitting = sum(isinstance(message, dict) and is_message(message) for message in found)
    return fitting > len(found) - fitting


def _parse(data: bytes) -> tuple[Any, str]:
    """A JSON value, and why there is none."""
    try:
        return orjson.loads(data), ""
    except orjson.JSONDecodeError:
        value, _, trouble = parse_carefully(data)
        return value, trouble


def _read_lines(data: bytes) -> list[Any] | None:
    """The values of a file that has one on every line; None where a line, or the file, holds none."""
    values = []
    for line in data.splitlines():
        if line.strip():
            value, trouble = _parse(line)
            if trouble:
                return None
            values.append(value)
    return values or None


def _whole(values: list[Any], key: str, is_message: IsMessage, chats_of: ChatsOf) -> Chat:
    """Documents as they are; arrays of messages, and messages in a row, as documents of their own."""
    chat = Chat()
    loose: list[Any] = []
    for value in values:
        if isinstance(value, dict) and is_message(value):
            loose.append(value)
        elif isinstance(value, dict):
            chat.documents += chats_of(value)
        elif isinstance(value, list):
            chat.documents.append({key: value})
    if loose:
        chat.documents.append({key: loose})
    return chat


def _search(data: bytes, key: str, is_message: IsMessage) -> Chat:
    """The messages that stand in a damaged file, by list; the fields before and after a list are its document's."""
    text, _ = decode_line(data)
    lists = [(match.start(), match.end()) for match in re.finditer(rf'(?<!\\)"{key}"\s*:\s*[\[{{]', text)]
    lists = lists or [(0, 0)]
    chat = Chat()
    effort = _EFFORT * len(text)
    before = 0
    for place, (name_start, start) in enumerate(lists):
        end = lists[place + 1][0] if place + 1 < len(lists) else len(text)
        messages: list[dict[str, Any]] = []
        at = last = start
        while effort > 0 and (brace := text.find("{", at, end)) >= 0:
            value, stop = _scan(text, brace)
            effort -= stop - brace + 1
            if isinstance(value, dict) and is_message(value):
                _note_gap(chat, text, last, brace)
                messages.append(value)
                at = last = stop
            else:
                at = brace + 1
        if place + 1 == len(lists):
            _note_gap(chat, text, last, end)
        chat.documents.append({**_header(text, before, name_start), **_trailer(text, last, end), key: messages})
        before = last
    return chat


def _scan(text: str, start: int) -> tuple[Any, int]:
    """The JSON value at a place, and where it ends; None and what the attempt cost, in characters, if there is none.

    First among the characters that a message has at most, for a parser that fails counts all lines before its mistake.
    """
    piece = text[start : start + _WINDOW]
    value, stop = _scan_piece(piece)
    if stop is None and start + _WINDOW < len(text):
        deep = piece.count("{") - piece.count("}") > _MOST_OPEN
        value, stop = (None, _DEEP) if deep else _scan_piece(text[start:])
    return value, start + (len(text) - start if stop is None else stop)


def _scan_piece(piece: str) -> tuple[Any, int | None]:
    """The same for the beginning of a piece; no place where more characters could have made a value of it."""
    try:
        value, end = _SCAN(piece)
        # Halves of surrogate pairs are mended where there may be some.
        sound = _HALF_PAIR.search(piece, 0, end) is None
        return (value if sound else parse_carefully(piece[:end].encode())[0]), end
    except json.JSONDecodeError as error:
        is_cut = error.msg.startswith("Unterminated") or error.pos > len(piece) - _LONGEST_WORD
        return None, None if is_cut else error.pos
    except (ValueError, RecursionError):
        return None, _DEEP


def _note_gap(chat: Chat, text: str, start: int, end: int) -> None:
    if not _BETWEEN.fullmatch(text, start, end):
        piece = text[start : min(end, start + 1000)].encode(errors="replace")
        chat.losses.append((f"character {start + 1}", "no message can be read from this", piece))


def _header(text: str, start: int, end: int) -> dict[str, Any]:
    """The fields of the object that a list of messages stands in, those before it."""
    brace = end
    for _ in range(_HEADER_TRIES):
        brace = text.rfind("{", start, brace)
        if brace < 0:
            break
        closed = text[brace:end].rstrip().rstrip(",") + "}"
        value, stop = _scan(closed, 0)
        if isinstance(value, dict) and stop == len(closed):
            return value
    return {}


def _trailer(text: str, start: int, end: int) -> dict[str, Any]:
    """The fields of that object after the list."""
    after = _AFTER_LIST.match(text, start, end)
    value = _scan("{" + text[after.end() : end], 0)[0] if after else None
    return value if isinstance(value, dict) else {}


def oldest_first(messages: list[Any], numbers: range, time_of: Callable[[Any], Any]) -> tuple[list[Any], range]:
    """Messages, and their numbers, turned round where the file lists the newest first, as programs' interfaces do."""

    def first_time(order: Iterable[Any]) -> Any:
        times = (time_of(message) for message in order if isinstance(message, dict))
        return next((time for time in times if isinstance(time, str | int | float)), None)

    first, last = first_time(messages), first_time(reversed(messages))
    newest_first = first is not None and type(first) is type(last) and first > last
    return (messages[::-1], numbers[::-1]) if newest_first else (messages, numbers)


def as_dict(value: Any) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if type(value) is dict else {}


def list_of(value: Any) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects of an array."""
    return [inner for inner in value if type(inner) is dict] if type(value) is list else []


def as_words(value: Any) -> str | None:
    """A string that is not blank."""
    return value if type(value) is str and value.strip() else None


def as_id(value: Any) -> str | None:
    """An id, which may be a number."""
    if type(value) is str:
        value = value.strip()
        return value if 0 < len(value) <= _LONGEST_ID else None
    return str(value) if type(value) is int else None


def as_time(value: Any) -> str | None:
    """A time as written: text or number, perhaps wrapped as MongoDB does; 0, false and nothing are none."""
    if type(value) is str:
        return value or None
    if isinstance(value, dict):
        value = next((value[name] for name in ("$date", "$numberLong") if name in value), None)
        value = next(iter(value.values()), None) if isinstance(value, dict) else value
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not value:
        return None
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    return str(value)
