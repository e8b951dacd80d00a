"""How decisions, doubts and strangers' text are put in words.

In: values of the tables' columns. Out: short English, safe to print on a terminal.

>>> first_words("a\\x1b[31m  long\\nstory", 8)
'a [31m…'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

# Control characters drive terminals, and direction marks turn what follows them around: neither is ours to pass on.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

FLAG_WORDS: Mapping[str, str] = {
    "parent_missing": "the post it declares to answer was never seen; a placeholder stands in its place",
    "cycle_broken": "the declared parents went in a circle; its own was dropped",
    "parent_conflict": "its sightings declare different parents; the latest was kept",
    "parent_elsewhere": "its declared parent stands in another discussion",
    "same_author_continues": "probably the next paragraph of the post above, by the same author",
    "time_guessed_zone": "its time names no zone; UTC was taken",
    "words_lost": "only sightings without words were seen",
    "text_repaired": "its bytes were not valid in their encoding and were repaired",
}

METHOD_WORDS: Mapping[str, str] = {
    "id": "the source gives both the same id",
    "author-time": "same author, same time, same words",
    "seed": "same words at the same place of listings about the same thing",
    "alignment": "laid side by side, the two listings show them at the same place",
    "author-edit": "same author, and the words differ as an edit does",
    "near": "the words were compared and are nearly the same",
    "exact": "the words are the same",
    "contained": "the words of one stand in the other",
    "decided": "a person decided it",
}

LENS_WORDS: Mapping[str, str] = {
    "explicit": "replies are declared",
    "indent": "page order and nesting are known",
    "page-meta": "page order, authors and times are known",
    "page-text": "page order and words are all that is known",
    "time-meta": "time order, authors and times are known",
    "time-text": "time order and words are all that is known",
}

SIGNAL_WORDS: Mapping[str, str] = {
    "position": "where it stands",
    "quotation": "its words are quoted",
    "mention": "its author is named",
    "words": "rare words in common",
    "wording": "what its words alone sound like",
    "cues": "questions, thanks and other cues",
    "subject": "the subject line",
    "turns": "who speaks when",
    "gap": "the time between",
    "conversation": "an earlier look at it and the conversation it found",
    "prior": "before anything is known",
    "structure": "how the thread around it is built",
    "order": "the sort orders it was listed in",
}

# What is left of a time when it is known no better than this.
_TIME_FORMATS: Mapping[str, str] = {
    "year": "%Y",
    "month": "%Y-%m",
    "day": "%Y-%m-%d",
    "hour": "%Y-%m-%d %Hh",
    "minute": "%Y-%m-%d %H:%M",
}


def printable(text: str) -> str:
    """The text on one line, without characters that would drive a terminal."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def first_words(text: str | None, width: int) -> str:
    """The beginning of a text, at most ``width`` characters, an ellipsis where something was cut."""
    # Cut before cleaning: a post of a megabyte is not read to its end for one line.
    words = printable((text or "")[: 4 * width])
    return words if len(words) <= width else words[: width - 1].rstrip() + "…"


def share_words(share: float | None) -> str:
    """A probability or likeness as a percentage; never 100 % for the uncertain, never 0 % for the possible."""
    if share is None:
        return "?"
    if share >= 1:
        return "100 %"
    if share > 0.99:
        return ">99 %"
    if 0 < share < 0.01:
        return "<1 %"
    return f"{share:.0%}".replace("%", " %")


def time_words(time: datetime | None, precision: str | None) -> str:
    """A UTC time as exactly as it is known; empty where it is not."""
    if time is None:
        return ""
    return time.strftime(_TIME_FORMATS.get(precision or "", "%Y-%m-%d %H:%M:%S"))


def evidence_words(evidence: Iterable[Mapping[str, Any]]) -> str:
    """What spoke for or against a parent, each signal with what it added to the score."""
    return ", ".join(f"{SIGNAL_WORDS.get(item['signal'], item['signal'])} {item['value']:+.2f}" for item in evidence)


def comparison_words(evidence: Iterable[Mapping[str, Any]]) -> str:
    """What was compared of two sightings. Their words are left out: every relation tells how alike these are."""
    told = []
    for item in evidence:
        name, value = item["signal"], item["value"]
        if name in ("id", "author", "time"):
            told.append(f"same {name}" if value else f"not the same {name}")
        elif name == "neighbour":
            told.append("below the same post" if value else "not below the same post")
        elif name == "weight":
            told.append(f"{value:.0f} bits of evidence for one post")
        elif name == "bits":
            told.append(f"{value:.0f} bits of information")
        elif name != "words":
            told.append(f"{name} {value:.2f}")
    return ", ".join(told)


def count_words(count: int, singular: str, plural: str | None = None) -> str:
    """``1 post``, ``1,204 posts``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
