"""What can be seen of a post and the one it is thought to answer, in words that a person can check.

In: two rows of posts. Out: short English.

>>> tell_pair(reply, question)
['quotes 14 words of it', 'names its author', '3 minutes later', 'just below it']
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pipeline.report.words import LENS_WORDS, count_words, share_words

_QUOTED = re.compile(r"(?m)^[ \t]*>[^\n]*")
_RUN = 3  # words that stand together in both texts to be quoted
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def tell_pair(post: Mapping[str, Any], parent: Mapping[str, Any]) -> list[str]:
    """What speaks for the parent, as far as the two rows show it: quotation, name, author, time, place."""
    told = []
    quoted = _count_quoted(_list_quoted(post), _fold(parent["text"] or "").split())
    if quoted:
        told.append(f"quotes {count_words(quoted, 'word')} of it")
    author = _fold(parent["author"] or "")
    same = bool(author) and author == _fold(post["author"] or "")
    if same:
        told.append("by the same author")
    elif author and re.search(rf"(?<!\w){re.escape(author)}(?!\w)", _fold(post["text"] or "")):
        told.append("names its author")
    if post["posted_at"] is not None and parent["posted_at"] is not None:
        told.append(_tell_gap(post["posted_at"] - parent["posted_at"]))
    below = post["position"] - parent["position"]
    if below > 0:
        told.append("just below it" if below == 1 else f"{count_words(below, 'post')} below it")
    return told


def tell_gaps(
    post: Mapping[str, Any], lens: str | None, expected: float | None, links: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What whoever guessed the parent did not know."""
    told = []
    if lens is not None and lens in LENS_WORDS:
        right = "" if expected is None else f": about {share_words(expected)} of such guesses are right"
        told.append(f"of its discussion {LENS_WORDS[lens]}{right}")
    missing = [
        words for column, words in (("author", "who wrote it"), ("posted_at", "when it was written"))
        if post[column] is None
    ]  # fmt: skip
    if missing:
        told.append(" and ".join(missing))
    rest = 1.0 - sum(link["confidence"] for link in links)
    if links and rest >= 0.005:
        told.append(f"{share_words(rest)} are left for parents that are not listed here")
    return told


def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _list_quoted(post: Mapping[str, Any]) -> list[list[str]]:
    """Words of each marked quotation."""
    text = post["text"] or ""
    spans = [text[span["start"] : span["end"]] for span in post["quotes"] or ()]
    found = spans or ["\n".join(_QUOTED.findall(text))]
    return [_fold(part.replace(">", " ")).split() for part in found]


def _count_quoted(quoted: Sequence[Sequence[str]], words: Sequence[str]) -> int:
    """How many words of quotations stand in runs that the other text has as well."""
    runs = {tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}
    count = 0
    for part in quoted:
        hit = [False] * len(part)
        for at in range(len(part) - _RUN + 1):
            if tuple(part[at : at + _RUN]) in runs:
                hit[at : at + _RUN] = [True] * _RUN
        count += sum(hit)
    return count


def _tell_gap(gap: timedelta) -> str:
    seconds = int(gap.total_seconds())
    if seconds == 0:
        return "at the same time"
    unit, size = next((unit, size) for unit, size in _UNITS if abs(seconds) >= size)
    return f"{count_words(abs(seconds) // size, unit)} {'later' if seconds > 0 else 'earlier'}"
