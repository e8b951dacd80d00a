"""Quoted lines: the marks go, the words stay, and a span says where they are and whose they were.

In: lines with a quote depth, or text with '>' marks. Out: text and spans.

>>> assemble(mark_lines("On Monday, Ada wrote:\\n> it rains\\nNo."))
('On Monday, Ada wrote:\\nit rains\\nNo.', [(0, 30, 'Ada')])
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from pipeline.normalise.attribution import read_attribution
from pipeline.normalise.spans import Span


class Line(NamedTuple):
    """One line: how deep it is quoted (0: own words), its words, and the quoted author where markup names one."""

    depth: int
    text: str
    author: str | None = None


# '>' marks in front of a line. Not marks: '>!' (a spoiler), '>>123' (a post number of an image board), and faces.
_MARK = re.compile(r" {0,3}>(?![!=]|[:;][-']?[()\[\]DPpOo/\\|3<]|[._-]+[<>])[ ]?")
_POST_NUMBER = re.compile(r" {0,3}>>(?:>/\w+/)?\d+(?:\s|$)")


def strip_marks(line: str) -> tuple[int, str]:
    """How many '>' marks stand in front of a line, and the line without them."""
    depth = at = 0
    if ">" not in line[:4]:
        return 0, line
    while not _POST_NUMBER.match(line, at) and (mark := _MARK.match(line, at)):
        depth += 1
        at = mark.end()
    return depth, line[at:]


def mark_lines(text: str) -> list[Line]:
    """The lines of a text with '>' marks."""
    return [Line(*strip_marks(line)) for line in text.split("\n")]


def assemble(lines: Iterable[Line], tidy: bool = True) -> tuple[str, list[Span]]:
    """Text and quote spans of lines.

    Adjacent lines of one depth are one span; deeper ones, which somebody else wrote, are spans of their own, so no
    two spans overlap. An empty quoted line joins its neighbours, an empty line without marks parts them. A line such
    as "On Monday, Ada wrote:" in front of a quotation belongs to its span and names its author.

    Args:
        lines: in reading order.
        tidy: whether spaces at line ends go and more than two empty lines in a row become two.
    """
    kept = _squeeze(lines) if tidy else list(lines)
    while kept and not kept[0].text.strip():
        kept.pop(0)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if not kept:
        return "", []
    kept[0] = kept[0]._replace(text=kept[0].text.lstrip())
    kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip())
    text = "\n".join(line.text for line in kept)
    if not any(line.depth for line in kept):
        return text, []
    return text, _find_spans(_place_attributions(kept))


def _squeeze(lines: Iterable[Line]) -> list[Line]:
    kept: list[Line] = []
    empty = 0
    for line in lines:
        bare = line.text.rstrip()
        empty = 0 if bare else empty + 1
        if empty <= 2:
            kept.append(line if bare == line.text else Line(line.depth, bare, line.author))
    return kept


def _place_attributions(lines: list[Line]) -> list[Line]:
    """The lines, those that name the author of the quotation below them moved to its depth."""
    placed = list(lines)
    previous = 0
    for at, line in enumerate(lines):
        if not line.text.strip():
            continue
        if line.depth > previous:
            _place_attribution(placed, at)
        previous = line.depth
    return placed


def _place_attribution(lines: list[Line], at: int) -> None:
    """Looks for an attribution in the three lines above the quotation that begins at `at`, or in its first line."""
    depth = lines[at].depth
    if lines[at].author is not None:
        return
    above = at - 1
    if above >= 0 and not lines[above].text.strip():
        above -= 1
    firsts: list[int] = []
    for first in range(above, max(above - 3, -1), -1):
        if lines[first].depth >= depth or not lines[first].text.strip():
            break
        firsts.append(first)
    for first in reversed(firsts):  # the longest first: a wrapped line's end may look like a whole one
        joined = " ".join(line.text.strip() for line in lines[first : above + 1])
        author = read_attribution(joined, whole=first < above)
        if author is not None:
            for i in range(first, at):
                lines[i] = Line(depth, lines[i].text)
            lines[first] = Line(depth, lines[first].text, author)
            return
    own = read_attribution(lines[at].text.strip(), whole=False)
    if own is not None:
        lines[at] = lines[at]._replace(author=own)


def _find_spans(lines: list[Line]) -> list[Span]:
    spans: list[Span] = []
    depth, start, end, at = 0, 0, 0, 0
    author: str | None = None
    for line in lines:
        empty = not line.text.strip()
        goes_on = line.depth > 0 if empty else line.depth == depth and (line.author is None or line.author == author)
        if depth and not goes_on:
            spans.append((start, end, author))
            depth = 0
        if not empty:
            if not depth:
                depth, author = line.depth, line.author
                start = at + len(line.text) - len(line.text.lstrip())
            end = at + len(line.text.rstrip())
        at += len(line.text) + 1
    if depth:
        spans.append((start, end, author))
    return spans
