"""Pages of HTML that no browser ever sees: tags nested by the ten thousand, or bold opened by the hundred.

In: the bytes of a page. Out: what is wrong with its nesting, or nothing.

>>> hostile_nesting(b"<div>" * 10_000)
'its tags are nested more than 4000 deep'

A parser that does as browsers do takes time and memory beyond all bounds for such pages.
"""

from __future__ import annotations

import re

import numpy as np
import polars as pl

DEEPEST = 4_000
MOST_FORMATTING = 300

# What is opened again in every paragraph until it is closed; up to three equal ones of each.
_FORMATTING = frozenset(b"b big code em font i s small strike strong tt u".split())
_REOPENED = 3
# What never nests, or ends where the next one begins, costs nothing and is passed over.
_UNNESTED = (
    "a area base br col embed hr img input link meta param source track wbr p li dt dd option tr td th thead tbody"
)
_TAG = re.compile(
    rb"<(/?)(?!(?:" + _UNNESTED.replace(" ", "|").encode() + rb")\b)([a-z][a-z0-9]*)([^<>]{0,200})", re.IGNORECASE
)
_NAME_BYTES = 8
_LETTERS = np.zeros(256, dtype=np.uint8)  # what each byte is in a name, in lower case; 0 where it ends one
_LETTERS[list(b"abcdefghijklmnopqrstuvwxyz0123456789_")] = list(b"abcdefghijklmnopqrstuvwxyz0123456789_")
_LETTERS[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = list(b"abcdefghijklmnopqrstuvwxyz")


def _code(name: bytes) -> int:
    return int.from_bytes(name, "little")


_NOT_COUNTED = [0, *(_code(name) for name in _UNNESTED.encode().split())]
_FORMATTING_CODES = [_code(name) for name in sorted(_FORMATTING)]


def hostile_nesting(data: bytes) -> str | None:
    """What is wrong with the nesting of tags, judged by counting them."""
    depth, formatting = _most_open(data)
    return _follow_tags(data) if depth > DEEPEST or formatting > MOST_FORMATTING else None


def _most_open(data: bytes) -> tuple[int, int]:
    """How many tags, and how many of formatting, are open at once at the most: never less than `_follow_tags` finds."""
    page = np.frombuffer(data + bytes(_NAME_BYTES + 2), dtype=np.uint8)
    at = np.flatnonzero(page == ord("<")) + 1
    if len(at) <= MOST_FORMATTING:
        return len(at), len(at)
    closes = page[at] == ord("/")
    words = np.ndarray(len(data) + 3, "<u8", page, strides=(1,))[at + closes]
    letters = _LETTERS[words.view(np.uint8)].reshape(-1, _NAME_BYTES)
    for place in range(1, _NAME_BYTES):  # nothing follows the end of a name
        letters[:, place] *= letters[:, place - 1] > 0
    is_whole = letters[:, -1] == 0  # what a name cut short closes is not known
    tags = pl.DataFrame({"name": letters.view("<u8").ravel(), "step": np.where(closes, -is_whole.astype(np.int64), 1)})
    tags = tags.filter(~pl.col("name").is_in(_NOT_COUNTED))
    formatting = pl.col("name").is_in(_FORMATTING_CODES)
    return _most_at_once(tags.filter(~formatting)), _most_at_once(tags.filter(formatting))


def _most_at_once(tags: pl.DataFrame) -> int:
    """The most tags that are open at the same time; what is not open cannot be closed."""
    height = pl.col("step").cum_sum()
    is_open = height - pl.min_horizontal(height.cum_min(), 0)
    changes = tags.select(is_open.diff().fill_null(is_open).over("name"))
    return int(changes.select(pl.all().cum_sum().max()).item() or 0)


def _follow_tags(data: bytes) -> str | None:
    """The same, tag by tag."""
    depth = reopened = 0
    waiting: dict[bytes, int] = {}
    formatting: dict[bytes, list[bytes]] = {name: [] for name in _FORMATTING}
    for closes, spelling, attributes in _TAG.findall(data):
        name = spelling.lower()
        opened = formatting.get(name)
        if opened is None:
            count = waiting.get(name, 0) + (-1 if closes else 1)
            if count >= 0:
                waiting[name] = count
                depth += -1 if closes else 1
                if depth > DEEPEST:
                    return f"its tags are nested more than {DEEPEST} deep"
        elif not closes and opened.count(attributes) < _REOPENED:
            opened.append(attributes)
            reopened += 1
            if reopened > MOST_FORMATTING:
                return f"more than {MOST_FORMATTING} tags for bold or the like are open at once"
        elif closes and opened:
            opened.pop()
            reopened -= 1
    return None
