"""Where the comments of a talk page begin and end: signatures part them, indentation says how deep they stand.

In: what stands on the page, in order, as `Piece`s. Out: `Comment`s.

>>> pieces = [Piece("text", "Is it? "), Piece("user", "Ada", known=True), Piece("text", "08:31, 25 May 2020 (UTC)")]
>>> [(comment.author, comment.posted) for comment in find_comments(pieces)]
[('Ada', '08:31, 25 May 2020 (UTC)')]

The rules are those of MediaWiki's DiscussionTools: a time, and before it on the same line a link to its author, end a
comment, which goes to the end of that line and begins where the one before ended. A second signature on one line is a
later addition. The indentation is the smaller one of its beginning and its end. A comment answers the nearest one
above it in its section that stands less deep; what is skipped between them does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pipeline.ingest.readers.wikitalk_names import TIMESTAMP

_SIGNATURE_CHARACTERS = 100  # as far before the time as a link to its author is looked for
_DASHES, _MOST_DASHES = "-–—―~•·", 3
_MARKS = "\u200e\u200f"
_DASH_CHARACTERS = 40
_ZONE_CHARACTERS, _ZONE_DISTANCE = 26, 12  # of a zone with its brackets, and between the time and its zone
_SENT = re.compile(r"^c-.+-((?:19|20)\d{12})(?:-|$)", re.DOTALL)


class Piece(NamedTuple):
    """Something on the page.

    Kinds: text (its words); user (a link to somebody begins: the name); open and close (an element: its name); break
    (a line ends); heading (its words); mark (the id that MediaWiki gave to a comment that begins here); image.
    """

    kind: Literal["text", "user", "open", "close", "break", "heading", "mark", "image"]
    value: str
    written: str = ""  # as it stands in the source
    is_block: bool = False  # open and close: whether it begins a line
    indents: bool = False  # open and close: whether what is inside stands deeper
    quotes: bool = False  # open and close: whether what is inside is somebody else's words
    known: bool = False  # user: whether the link surely leads to a user
    anchor: str = ""  # heading: its id
    page: str = ""  # heading: the page that it stands on, where it is another


@dataclass
class Comment:
    """One signed comment."""

    section: Piece | None  # its heading
    author: str
    posted: str  # time as written
    number: str | None  # id that the page gives it
    depth: int
    body: list[Piece]
    sent: str | None = None  # time in UTC, where its id says it


_Place = tuple[Piece, int]  # a piece, and how deep it stands


@dataclass
class _State:
    """What has been read so far."""

    section: Piece | None = None
    depth: int = 0
    quoted: int = 0
    line: int = 0
    waiting: list[_Place] = field(default_factory=list)  # since the last comment
    comment: Comment | None = None  # whose line has not ended yet
    comment_line: int = -1
    levels: list[int] = field(default_factory=list)  # of the comments above that could be answered


def find_comments(pieces: Iterable[Piece]) -> Iterator[Comment | None]:
    """The signed comments of a page, in order; None for words at the end of a section that nobody signed."""
    state = _State()
    # A Python loop over the pieces of a page: what each means depends on those before.
    for piece in pieces:
        if piece.kind == "text":
            if state.comment is not None:
                state.comment.body.append(piece)
            elif state.quoted or "(" not in piece.value or not _sign(state, piece):
                state.waiting.append((piece, state.depth))
            continue
        if piece.kind == "heading":
            yield from _end_section(state)
            state.section = piece
            continue
        if piece.kind == "open":
            state.depth += piece.indents
            state.quoted += piece.quotes
        if piece.kind == "break" or piece.is_block:
            state.line += 1
        if state.comment is not None and state.line != state.comment_line:
            yield from _end_comment(state)
        if state.comment is not None:
            state.comment.body.append(piece)
        else:
            state.waiting.append((piece, state.depth))
        if piece.kind == "close":
            state.depth -= piece.indents
            state.quoted -= piece.quotes
    yield from _end_section(state)


def _end_section(state: _State) -> Iterator[Comment | None]:
    yield from _end_comment(state)
    if any(_speaks(piece) for piece, _ in state.waiting):
        yield None
    state.waiting.clear()
    state.levels.clear()
    state.line += 1


def _end_comment(state: _State) -> Iterator[Comment]:
    if state.comment is not None:
        state.comment.body = _balanced(state.comment.body)
        yield state.comment
    state.comment = None


def _sign(state: _State, piece: Piece) -> bool:
    """Whether words hold a signature; if so, the comment that it ends begins to be read to the end of its line."""
    if not _may_hold_time(piece.value):
        return False
    for time in TIMESTAMP.finditer(piece.value):
        author, at = _find_author(state, piece.value[: time.start()])
        if author is not None:
            comment = _begin_comment(state, author, at, time, _cut(piece, piece.value[: time.start()]))
            rest = piece.value[time.end() :]
            comment.body.append(_cut(piece, rest if rest[:1].isspace() else f" {rest}"))
            return True
    return False


def _may_hold_time(words: str) -> bool:
    """Whether a bracket as long as a zone stands behind a digit; a quick look before a slow one."""
    at = words.find("(")
    while at >= 0:
        if words.find(")", at, at + _ZONE_CHARACTERS) > 0:
            before = words[max(0, at - _ZONE_DISTANCE) : at]
            if any(map(str.isdecimal, before)) or before.isspace():
                return True
        at = words.find("(", at + 1)
    return False


def _find_author(state: _State, before: str) -> tuple[str | None, int]:
    """Who signed before a time on the same line, and where in what is waiting the signature begins."""
    length = len(before)
    author: str | None = None
    likely: dict[str, tuple[str, int]] = {}
    at = len(state.waiting)
    for index in range(len(state.waiting) - 1, -1, -1):
        piece = state.waiting[index][0]
        if piece.is_block or length >= _SIGNATURE_CHARACTERS:
            break
        if piece.kind == "text":
            length += len(piece.value)
        elif piece.kind == "user":
            if piece.known and author in (None, piece.value):
                author, at = piece.value, index
            elif author is None:
                # Two links to one name in two namespaces: a user and their talk page in a language that is not known.
                other = likely.get(piece.value)
                if other is not None and other[0] != piece.anchor:
                    author, at = piece.value, index
                likely[piece.value] = (piece.anchor, index)
    return author, at


def _begin_comment(state: _State, author: str, at: int, time: re.Match[str], before: Piece) -> Comment:
    """A comment made of what is waiting before the signature; its line goes on."""
    level = min(next((depth for piece, depth in state.waiting if _speaks(piece)), state.depth), state.depth)
    while state.levels and state.levels[-1] >= level:
        state.levels.pop()
    numbers = [piece.value for piece, _ in state.waiting if piece.kind == "mark"]
    sent = _SENT.match(numbers[-1]) if numbers else None
    words = [piece for piece, _ in state.waiting]
    if any(map(_speaks, words[:at])):  # else there is nothing but a signature
        words[at:] = [piece for piece in words[at:] if piece.kind in ("open", "close")]
        _strip_dash(words)
    else:
        words.append(before)
    comment = Comment(
        section=state.section,
        author=author,
        posted=" ".join(time[0].split()),
        number=numbers[-1] if numbers else None,
        depth=len(state.levels),
        body=words,
        sent=f"{sent[1][:8]}T{sent[1][8:12]}Z" if sent else None,
    )
    state.comment, state.comment_line = comment, state.line
    state.levels.append(level)
    state.waiting.clear()
    return comment


def _speaks(piece: Piece) -> bool:
    return piece.kind in ("user", "image") or (piece.kind == "text" and bool(piece.value.strip()))


def _strip_dash(words: list[Piece]) -> None:
    """Takes the dash away that leads to a signature."""
    for index in range(len(words) - 1, -1, -1):
        if words[index].kind == "text" and words[index].value.strip():
            value = words[index].value
            words[index] = _cut(words[index], _without_dash(value))
            return


def _without_dash(words: str) -> str:
    """Words without up to three dashes at their end, and the space around these."""
    least = max(0, len(words) - _DASH_CHARACTERS)
    dashes = _space_before(words, len(words), least)
    start = dashes
    while start > max(least, dashes - _MOST_DASHES) and words[start - 1] in _DASHES:
        start -= 1
    return words[: _space_before(words, start, least)]


def _space_before(words: str, end: int, least: int) -> int:
    while end > least and (words[end - 1].isspace() or words[end - 1] in _MARKS):
        end -= 1
    return end


def _cut(piece: Piece, text: str) -> Piece:
    return piece._replace(value=text, written="")


def _balanced(pieces: list[Piece]) -> list[Piece]:
    """The pieces without elements that begin or end elsewhere, or hold nothing."""
    kept: list[Piece | None] = list(pieces)
    opened: list[int] = []
    last_shown = -1
    for index, piece in enumerate(pieces):
        if piece.kind == "open":
            opened.append(index)
        elif piece.kind == "close":
            start = opened.pop() if opened else None
            if start is None or last_shown < start:
                kept[index] = None
                if start is not None:
                    kept[start] = None
        elif piece.kind == "image" or piece.kind == "break" or piece.value.strip():
            last_shown = index if piece.kind != "user" else last_shown
    for index in opened:
        kept[index] = None
    return [piece for piece in kept if piece is not None]
