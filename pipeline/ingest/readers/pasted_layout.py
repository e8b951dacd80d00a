"""How the headers of a pasted page look, and where in its lines posts begin.

In: the first lines of a file. Out: its layout, where headers recur; then, line by line, the posts that they begin.

>>> layout = find_layout(["ada 3 hours ago | next", "Hi", "bo 2 hours ago | prev", "Ho", "cy 1 hour ago | prev", "Hm"])
>>> layout.begin("di 1 hour ago | prev", above=[]).author
'di'
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.ingest.readers.pasted_headers import Header, is_furniture, level_of, name_line, parse_header, read_count
from pipeline.ingest.readers.pasted_nesting import Nesting

_FEWEST = 3  # headers of a kind
_FEWEST_BARE = 4  # headers with nothing but name and time
_SPARSEST = 60  # lines with words a header
_RARE = 0.2  # share of the most frequent kind, below which a kind of header is chance
_LINES_ABOVE = 50  # lines above a header that may be part of it
_NAME_ABOVE = 6  # lines between a name and the rest of its header, at most
_RULE = re.compile(r"[-–—_=]{3,}")


@dataclass(frozen=True)
class Beginning:
    """A header: who, how deep, and how many of the lines above it are part of it."""

    header: Header
    author: str | None
    depth: int | None
    taken: int


@dataclass(frozen=True)
class Layout:
    """How the headers of a page look; follows its nesting, so a page wants a layout of its own."""

    kinds: frozenset[tuple[bool, bool]]
    signed: bool  # whether names that stand above the rest of a header have a sign before them
    numbered: bool  # whether posts are numbered, as Discourse does
    ruled: bool  # whether a line of dashes ends every post
    nesting: Nesting

    def begin(self, text: str, above: Sequence[str]) -> Beginning | None:
        """The post that a line begins, if it is a header of this page; ``above`` are the lines of the post before."""
        header = parse_header(text)
        if header is None or header.kind not in self.kinds:
            return None
        found = _complete(header, above[-_LINES_ABOVE:], signed=self.signed)
        if found is None:
            return None
        author, taken, level = found
        if header.votes is None and not header.named:
            # A number that stands alone between name and time.
            shown = [read_count(line.strip()) for line in above[len(above) - taken + 1 :]]
            header = replace(header, votes=next((count for count in shown if count is not None), None))
        return Beginning(header, author, self.nesting.place(header, text, level), taken)


def find_layout(texts: Sequence[str]) -> Layout | None:
    """How the headers among the first lines of a file look; None where too few recur."""
    found: list[tuple[int, Header, bool]] = []
    for place, text in enumerate(texts):
        header = parse_header(text)
        above = texts[max(0, place - _NAME_ABOVE - 2) : place]
        complete = _complete(header, above, signed=False) if header else None
        if header and complete:
            signed = not header.named and _complete(header, above, signed=True) is not None
            found.append((place, header, signed))
    counts = Counter(header.kind for _, header, _ in found if not header.opens)
    most = max(counts.values(), default=0)
    kinds = {kind for kind, times in counts.items() if times >= max(_FEWEST, _RARE * most)}
    if counts[True, False] < _FEWEST_BARE:
        kinds.discard((True, False))
    chosen = [(place, header, signed) for place, header, signed in found if header.kind in kinds or header.opens]
    places, headers = [place for place, _, _ in chosen], [header for _, header, _ in chosen]
    if not kinds or not _is_regular(texts, places):
        return None
    split = [signed for _, header, signed in chosen if not header.named]
    return Layout(
        frozenset(kinds | {header.kind for header in headers if header.opens}),
        signed=bool(split) and 2 * sum(split) > len(split),
        numbered=2 * sum(header.number is not None for header in headers) > len(headers),
        ruled=_ends_in_rules(texts, [place for place, header, _ in chosen if header.named]),
        nesting=Nesting.of(headers, [texts[place] for place in places]),
    )


def is_rule(text: str) -> bool:
    """Whether a line is drawn of dashes."""
    return _RULE.fullmatch(text.strip()) is not None


def _complete(header: Header, above: Sequence[str], *, signed: bool) -> tuple[str | None, int, int | None] | None:
    """Author, how many lines above are part of the header, and the depth they tell; None where a name is missing."""
    keep, author = len(above), header.author
    if not header.named:
        while keep and len(above) - keep < _NAME_ABOVE and _is_between(above[keep - 1]):
            keep -= 1
        named = name_line(above[keep - 1]) if keep else None
        if named is None or (signed and not named[1]):
            return None
        author = named[0]
        keep -= 1
        # Whom a post answers stands between its author and its time, as Disqus shows it.
        writer = name_line(above[keep - 1]) if header.dotted and keep > 1 and not above[keep - 2].strip() else None
        if writer is not None:
            author = writer[0]
            keep -= 1
    first = keep
    while keep and (_is_between(above[keep - 1]) or _repeats_name(above[keep - 1], author)):
        keep -= 1
        if (level := level_of(above[keep])) is not None:
            return author, len(above) - keep, level
    # Blank lines and buttons above may belong to the post before; only the lines of the header are taken.
    return author, len(above) - first, None


def _is_between(line: str) -> bool:
    """Whether a line may stand between the parts of a header."""
    if not line.strip() or level_of(line) is not None or read_count(line.strip()) is not None:
        return True
    return is_furniture(line) and not re.search(r"[^\W\d_]{3,}", line)


def _repeats_name(line: str, author: str | None) -> bool:
    bare = line.strip().removeprefix("u/").removesuffix(" avatar").removesuffix("'s profile picture")
    return author is not None and bare == author.removeprefix("u/")


def _is_regular(texts: Sequence[str], places: Sequence[int]) -> bool:
    """Whether headers come often enough, and most of them with words below."""
    worded = [bool(text.strip()) and not is_furniture(text) for text in texts]
    ends = [*places[1:], len(texts)]
    filled = sum(any(worded[start + 1 : end]) for start, end in zip(places, ends, strict=True))
    return sum(worded) <= _SPARSEST * len(places) and 2 * filled > len(places)


def _ends_in_rules(texts: Sequence[str], places: Sequence[int]) -> bool:
    """Whether a line of dashes stands above nearly every header but the first two."""
    above = [next((text for text in reversed(texts[:place]) if text.strip()), "") for place in places[2:]]
    return 5 * sum(map(is_rule, above)) > 4 * len(above)
