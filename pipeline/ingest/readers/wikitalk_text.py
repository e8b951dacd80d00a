"""Wikitext of talk pages, piece by piece.

In: text as it is edited. Out: `Piece`s, as HTML gives them.

>>> [piece.kind for piece in read_talk_text("== Maps ==\\n: Old. [[User:Ada|Ada]] 08:31, 25 May 2020 (UTC)")]
['heading', 'open', 'text', 'user', 'text', 'text', 'close']
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.ingest.readers.wikitalk_comments import Piece
from pipeline.ingest.readers.wikitalk_names import read_user_title

_UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|<ref\b[^<>/]*>.{0,5000}?</ref>", re.DOTALL)
_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1\s*$")
_INDENT = re.compile(r"[:*#;]+")
_LINK = re.compile(r"\[\[\s*:?([^\[\]|\n]{1,300})(?:\|([^\[\]\n]*))?\]\]")
_OUTER_LINK = re.compile(r"\[https?://\S{1,2000} ([^\[\]\n]+)\]")
_STYLE = re.compile(
    r"'{2,5}|</?(?:small|big|b|i|u|s|sup|sub|span|font|tt|code|nowiki|del|ins|br|p|div|center)\b[^<>]*>"
)
_UNSIGNED = re.compile(
    r"\{\{\s*(?:unsigned|unsigned ip|unsignedip|subst:unsigned)\s*\|([^{}|]+)\|?([^{}|]*)[^{}]*\}\}", re.I
)
_DEEPEST = 200
_LONGEST_HEADING = 500  # characters


def read_talk_text(text: str) -> list[Piece]:
    """The pieces of a talk page's text; every line is a line, its indentation the marks before it."""
    pieces: list[Piece] = []
    for line in _UNREAD.sub("", text.replace("\0", "")).split("\n"):
        heading = _HEADING.match(line) if line.startswith("=") and len(line) <= _LONGEST_HEADING else None
        if heading:
            words = "".join(piece.value for piece in _inline(heading[2]) if piece.kind == "text").strip()
            pieces.append(Piece("heading", words, anchor=words.replace(" ", "_")))
            continue
        marks = _INDENT.match(line)
        depth = min(len(marks[0]), _DEEPEST) if marks else 0
        if not line.strip():
            pieces.append(Piece("break", "br", "<br>"))
            continue
        tag = "dd" if depth else "p"
        pieces += [Piece("open", tag, f"<{tag}>", is_block=True, indents=bool(depth))] * max(depth, 1)
        pieces.extend(_inline(line[len(marks[0]) if marks else 0 :]))
        pieces += [Piece("close", tag, "", is_block=True, indents=bool(depth))] * max(depth, 1)
    return pieces


def _inline(line: str) -> Iterator[Piece]:
    line = _UNSIGNED.sub(lambda found: f" [[User:{found[1].strip()}|{found[1].strip()}]] {found[2].strip()}", line)
    line = _OUTER_LINK.sub(r"\1", line)
    at = 0
    for link in _LINK.finditer(line):
        yield Piece("text", _STYLE.sub("", line[at : link.start()]))
        target = link[1].split("#")[0]
        user = read_user_title(target.replace("_", " "))
        if user:
            yield Piece("user", user.name, known=user.is_known, anchor=user.prefix)
        yield Piece("text", _STYLE.sub("", link[2] if link[2] is not None else link[1]))
        at = link.end()
    yield Piece("text", _STYLE.sub("", line[at:]))
