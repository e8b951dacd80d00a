"""Depths that a pasted page tells: by "level 2", by indented headers, or by the links of Hacker News.

In: headers in page order. Out: the depth of each, None where it is not told.

>>> nesting = Nesting(by_links=True)
>>> page = ["ada 1 hour ago | next", "bo 1 hour ago | parent", "cy 1 hour ago | root | parent", "di 1 hour ago | prev"]
>>> [nesting.place(parse_header(line), line, None) for line in page]
[0, 1, 2, 0]
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.ingest.readers.pasted_headers import Header

_TAB = 8


class Nesting:
    """Follows the headers of a page and tells their depths."""

    def __init__(self, *, by_links: bool = False, by_indent: bool = False) -> None:
        self._by_links = by_links
        self._by_indent = by_indent
        self._open: list[bool] = []  # per depth of the post at hand and those above it: whether a "next" is to come
        self._indents: list[int] = []

    @classmethod
    def of(cls, headers: Sequence[Header], lines: Sequence[str]) -> Nesting:
        """What the headers of a page, and the lines they stand in, tell of depths."""
        linked = sum(bool(header.links) for header in headers)
        by_links = 2 * linked > len(headers) and any(header.links - {"parent"} for header in headers)
        indents = {_indent(line) for header, line in zip(headers, lines, strict=True) if header.named}
        return cls(by_links=by_links, by_indent=not by_links and len(indents) > 1)

    def place(self, header: Header, line: str, level: int | None) -> int | None:
        """The depth of the next header.

        Args:
            header: what it says.
            line: the line it stands in.
            level: the depth that a line above it tells.
        """
        if level is not None or header.opens:
            return level
        if self._by_links:
            return self._follow_links(header.links)
        return self._follow_indents(_indent(line)) if self._by_indent else None

    def _follow_links(self, links: frozenset[str]) -> int | None:
        depth: int | None
        if "parent" not in links:
            depth = 0
        elif "root" not in links:
            depth = 1
        elif "prev" not in links:
            # It has nothing before it on its level, so it is the first reply to the post above.
            depth = len(self._open) if len(self._open) > 1 else None
        else:
            # It follows a post of its level that has a "next", and deeper ones with a "next" would come before it.
            depth = next((place for place in range(len(self._open) - 1, 1, -1) if self._open[place]), None)
        if depth is None:
            self._open = []
            return None
        self._open += [False] * (depth - len(self._open))
        self._open[depth:] = ["next" in links]
        return depth

    def _follow_indents(self, indent: int) -> int:
        while self._indents and self._indents[-1] >= indent:
            self._indents.pop()
        self._indents.append(indent)
        return len(self._indents) - 1


def _indent(line: str) -> int:
    line = line.expandtabs(_TAB)
    return len(line) - len(line.lstrip())
