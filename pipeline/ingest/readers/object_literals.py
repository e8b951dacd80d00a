"""Objects in the spelling of a language that JSON is close to: JavaScript, Python, Clojure's EDN.

In: text. Out: the values in it, and what is wrong with it.

>>> read_literals("module.exports = {posts: [{no: 1, 'com': nil}]};")
([{'posts': [{'no': 1, 'com': None}]}], None)
>>> read_literals('{"kind" "t1" "data" {"id" "c2" "body" "So')
([{'kind': 't1', 'data': {'id': 'c2'}}], 'the text breaks off in 2 open values')

Keys may lack quotes, colons and commas may be missing, comments and what stands around a value are passed over. A
stack of its own, so nesting costs no recursion; every character is looked at once. Where the text breaks off, open
values end there, and a string or number that breaks off is left out: half an id is none.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from pipeline.ingest.decoding import without_surrogates

_TOKEN = re.compile(
    r"""[\s,;]++ | //[^\n]*+ | /\*(?:(?!\*/).)*+(?:\*/)?
    | (?P<mark>[{}\[\]():])
    | "(?P<double>[^"\\]*+(?:\\.[^"\\]*+)*+)(?P<double_end>"?)
    | '(?P<single>[^'\\]*+(?:\\.[^'\\]*+)*+)(?P<single_end>'?)
    | (?P<word>[^\s,;:{}\[\]()"'/]++) | .
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("null", "nil", "None", "undefined", "NaN", "Infinity", "-Infinity")),
    **dict.fromkeys(("true", "True"), True),
    **dict.fromkeys(("false", "False"), False),
}
_NUMBER = re.compile(r"-?\d{1,4000}(\.\d*)?([eE][+-]?\d{1,4})?")
_PAIRS = {"}": "{", "]": "[", ")": "("}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "\n": ""}


class _Open:
    """A value that is not closed yet: its items so far, and which of them are keys for a colon stands behind them."""

    __slots__ = ("bracket", "items", "keys")

    def __init__(self, bracket: str) -> None:
        self.bracket = bracket
        self.items: list[Any] = []
        self.keys: list[int] = []

    def close(self) -> Any:
        if self.bracket != "{":
            return self.items
        items = self.items
        if self.keys:
            ends = [*self.keys[1:], len(items)]
            pairs = [(items[key], items[key + 1]) for key, end in zip(self.keys, ends, strict=True) if key + 1 < end]
        else:
            pairs = list(zip(items[::2], items[1::2], strict=False))
        return {key: value for key, value in pairs if isinstance(key, str)}


def read_literals(text: str) -> tuple[list[Any], str | None]:
    """All objects and arrays that stand in a text at its top level, in order, and what is wrong with it, if anything.

    Args:
        text: may hold anything; what is no value is passed over.

    Returns:
        Values of dict (keys are str), list, str, int, float, bool and None, without lone surrogates.
    """
    found: list[Any] = []
    stack: list[_Open] = []
    waiting = dict.fromkeys("{[(", 0)

    def close() -> None:
        done = stack.pop()
        waiting[done.bracket] -= 1
        (stack[-1].items if stack else found).append(done.close())

    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind is None:
            continue
        if kind == "mark":
            mark = token["mark"]
            if mark == ":":
                if stack and stack[-1].items:
                    stack[-1].keys.append(len(stack[-1].items) - 1)
            elif mark in waiting:
                waiting[mark] += 1
                stack.append(_Open(mark))
            elif waiting[_PAIRS[mark]]:
                while stack[-1].bracket != _PAIRS[mark]:
                    close()
                close()
        elif stack and (token.end() < len(text) or token["double_end"] or token["single_end"]):
            stack[-1].items.append(_scalar(token, kind))
    depth = len(stack)
    while stack:
        close()
    return found, f"the text breaks off in {depth} open values" if depth else None


def _scalar(token: re.Match[str], kind: str) -> Any:
    if kind == "word":
        return _word(token["word"])
    inner: str = token["double"] if kind == "double_end" else token["single"]
    return without_surrogates(_unescape(inner) if "\\" in inner else inner)


def _word(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    number = _NUMBER.fullmatch(word)
    if number is None:
        return without_surrogates(word)
    if number[1] is None and number[2] is None:
        return int(word)
    value = float(word)
    return value if math.isfinite(value) else None


def _unescape(inner: str) -> str:
    try:
        value = json.loads(f'"{inner}"', strict=False)
    except ValueError:  # escapes of other languages, or quotes inside single ones
        value = _ESCAPE.sub(_escaped, inner)
    return str(value)


def _escaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    return chr(int(code, 16)) if code else _ESCAPED.get(escape[4], escape[4])
