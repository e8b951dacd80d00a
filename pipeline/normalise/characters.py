"""Characters that nobody sees, and the few that stand for others.

In: text. Out: the same without zero-width and control characters, with LF as the only end of line.

>>> tidy_characters("a\\r\\nb\\u200bc")
'a\\nbc'
"""

from __future__ import annotations

import re

import polars as pl

# Zero-width, bidirectional and control characters, and the noncharacters that the readers of markup use as marks.
# U+200C and U+200D stay inside words: Persian spelling and joined emoji need them.
_UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
)
_BREAKS = "\r\n|[\r\x0b\x0c\x85\u2028\u2029]"
_JOINERS = "\u200c\u200d"

ODD_SIGNS = f"[\r\x0b\x0c\x85\u2028\u2029{_UNSEEN}{_JOINERS}]"  # what a text must hold for any of this to matter

_odd = re.compile(ODD_SIGNS)
_unseen = re.compile(f"[{_UNSEEN}]")
_breaks = re.compile(_BREAKS)
_loose_joiners = re.compile(rf"(?:(?<=\s)|^)[{_JOINERS}]+|(?<![{_JOINERS}])[{_JOINERS}]++(?=\s|$)")

MENTION_START = "\ufdd0"  # before words that markup says are a mention
MENTION_END = "\ufdd1"  # after them
SHELTER = "\ufdd2"  # stands for a part that has its final shape


def tidy_characters(text: str) -> str:
    """The text with LF line ends, without control and zero-width characters; joiners stay between visible ones."""
    if not _odd.search(text):
        return text
    return _loose_joiners.sub("", _unseen.sub("", _breaks.sub("\n", text)))


def tidy_column(texts: pl.Series) -> pl.Series:
    """``tidy_characters`` of every text; nulls are kept."""
    odd = texts.str.contains(ODD_SIGNS).fill_null(False)
    if not odd.any():
        return texts
    # A Python loop over the rows that hold such characters, and no others: most dumps have few.
    return texts.scatter(odd.arg_true(), [tidy_characters(text) for text in texts.filter(odd)])
