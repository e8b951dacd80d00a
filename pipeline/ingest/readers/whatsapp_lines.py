"""Lines of WhatsApp exports: where a message begins, when it was sent in any country's way to write that, and by whom.

In: lines. Out: their parts; and the times in ISO 8601 once the order of day and month is known.

>>> line = parse_line("[31.12.20, 23:55:12] Ada: Happy new year")
>>> line.author, line.words, DayOrder.of([line.date]).write(line)
('Ada', 'Happy new year', '2020-12-31T23:55:12')
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

# Marks that say which way to read, and blanks of every width.
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BLANKS = re.compile("[\u00a0\u2007\u2009\u202f]")
_ODD = re.compile(f"{_MARKS.pattern[:-1]}{_BLANKS.pattern[1:]}")
_AM = r"(?:am|a\.?\s?m\.?|上午|오전|午前|ص|ق\.ظ|πμ|de\. ?|पूर्वाह्न|vorm\.|fm)"
_PM = r"(?:pm|p\.?\s?m\.?|下午|오후|午後|م|ب\.ظ|μμ|du\. ?|अपराह्न|nachm\.|em)"
_DATE = r"(?P<a>\d{1,4})\s?[-/.年년]\s?(?P<b>\d{1,2})\s?[-/.月월]\s?(?P<c>\d{1,4})[日일.]?"
_TIME = (
    rf"(?P<early>(?:{_AM}|{_PM})\s?)?(?P<hour>\d{{1,2}})[:.時시](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?분?"
    rf"(?:\s?(?P<late>{_AM}|{_PM}))?"
)
_BETWEEN = r"(?:[,،]?\s|,\s?|\s(?:klo|kl\.?|um|at|a las|à|alle|om|в|o)\s|\s)"
_START = re.compile(
    rf"(?:\[\s?)?{_DATE}{_BETWEEN}{_TIME}(?:\s?\]\s?|\s[-–]\s|,\s)(?P<rest>.*)$", re.IGNORECASE | re.DOTALL
)
# The same as most files write it, which takes a quarter of the time.
_PLAIN_START = re.compile(
    r"\[?(\d{1,4})([-/.])(\d{1,2})[-/.](\d{1,4}),? "
    r"(\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AP]M|[ap]m|[ap]\. m\.))?(?:\] | - )",
    re.ASCII,
)
_AUTHOR = re.compile(r"(?P<author>[^:\"“”„«»\n]{1,100}?)\s?:(?:\s|$)(?P<words>.*)$", re.DOTALL)
_AFTER_NOON = re.compile(_PM, re.IGNORECASE)
_OWN_WORDS = re.compile(r":\s?\u200e")
_LONGEST_HEAD = 200  # characters in which date and name stand
_FULL_YEAR = 4  # digits


class ChatLine(NamedTuple):
    """A line that begins a message: three numbers of a date, a time of day, an author (none for system lines)."""

    date: tuple[str, str, str]
    clock: str  # in 24 hours
    half_days: bool  # whether it was written with am and pm
    dotted: bool  # whether points part the numbers of its date
    author: str | None
    words: str
    marked: bool  # whether the words begin with a mark that WhatsApp sets before its own words


def parse_line(text: str) -> ChatLine | None:
    """The parts of a line that begins a message; None for any other line."""
    begun = _begin(text)
    if begun is None:
        return None
    parts, dotted, marked = begun
    a, b, c, early, hour, minute, second, late, rest = parts
    half = (early or late).strip()
    hours = f"{int(hour) % 12 + 12 * _is_late(half):02}" if half else hour.zfill(2)
    clock = f"{hours}:{minute}:{second}" if second else f"{hours}:{minute}"
    named = _AUTHOR.match(rest)
    author = named["author"].strip("~ ") if named else ""
    words = named["words"] if named else rest
    return ChatLine((a, b, c), clock, bool(half), dotted, author or None, words.strip(), marked)


def parse_date(text: str) -> tuple[tuple[str, str, str], bool, bool] | None:
    """Of a line that begins a message its date, and whether it has half days and points, as in its `ChatLine`."""
    begun = _begin(text)
    if begun is None:
        return None
    (a, b, c, early, _, _, _, late, _), dotted, _ = begun
    return (a, b, c), bool((early or late).strip()), dotted


def _begin(text: str) -> tuple[tuple[str, ...], bool, bool] | None:
    """Date, time and rest of a line that begins a message, whether points part its date, whether it is marked."""
    if not _may_begin(text):
        return None
    marked = False
    head = text[:_LONGEST_HEAD]
    if not head.isascii() and _ODD.search(head):
        marked = _OWN_WORDS.search(head) is not None
        text = _BLANKS.sub(" ", _MARKS.sub("", head)) + text[_LONGEST_HEAD:]
    if plain := _PLAIN_START.match(text):
        a, mark, b, c, hour, minute, second, late = plain.groups("")
        return (a, b, c, "", hour, minute, second, late, text[plain.end() :]), mark == ".", marked
    found = _START.match(text)
    if found is None:
        return None
    parts = found.groups("")
    if not text[: found.start("rest")].isascii():
        parts = tuple(map(_ascii_digits, parts))
    return parts, "." in text[found.start("a") : found.start("b")], marked


def _may_begin(text: str) -> bool:
    """Whether a line begins with a digit, behind marks and a bracket."""
    return text[:8].lstrip("\u200e\u200f\u202a\u202b\u202c\ufeff[ ")[:1].isdigit()


def _ascii_digits(part: str) -> str:
    """A part with the digits of other scripts in ours; other text as it is."""
    if not part or part.isascii() or not part.isdigit():
        return part
    return "".join(str(unicodedata.digit(digit)) for digit in part)


def _is_late(half: str) -> bool:
    return _AFTER_NOON.fullmatch(half) is not None


@dataclass(frozen=True)
class DayOrder:
    """How a file writes its dates."""

    order: str  # "ymd", "dmy" or "mdy"
    guessed: bool

    @classmethod
    def of(cls, dates: Iterable[tuple[str, str, str]], *, half_days: bool = False, dotted: bool = False) -> DayOrder:
        """The order that all dates allow; of two, the one whose days never run backwards; else the likelier one.

        Args:
            dates: numbers of the dates as they stand, in order.
            half_days: whether times are written with am and pm, as in the United States.
            dotted: whether points part the numbers, as in no place where the month stands first.
        """
        written = list(dict.fromkeys(dates))
        if any(len(first) == _FULL_YEAR for first, _, _ in written):
            return cls("ymd", guessed=False)
        if dotted:
            return cls("dmy", guessed=False)
        padded = any(first.startswith("0") or second.startswith("0") for first, second, _ in written)
        # Without zeroes and with two digits of the year, slashes are more often American than Spanish.
        american = not padded and (half_days or all(len(year) < _FULL_YEAR for _, _, year in written))
        sure, likely = {}, {}
        for order in ("dmy", "mdy"):
            days = [day for one in written if (day := _day(one, order))]
            backwards = sum(later < earlier for earlier, later in pairwise(days))
            span = (max(days) - min(days)).days if days else 0
            sure[order] = (len(written) - len(days), backwards)
            likely[order] = (span, (order == "mdy") != american)
        best = min(sure, key=lambda order: (sure[order], likely[order]))
        return cls(best, guessed=sure["dmy"] == sure["mdy"])

    def write(self, line: ChatLine) -> str:
        """The time of a line in ISO 8601; as written where it is no date."""
        return _day_before_clock(line.date, self.order) + line.clock


@lru_cache(maxsize=4096)  # many messages have one day
def _day_before_clock(written: tuple[str, str, str], order: str) -> str:
    day = _day(written, order)
    return f"{day.isoformat()}T" if day else f"{'/'.join(written)} "


@lru_cache(maxsize=4096)
def _day(written: tuple[str, str, str], order: str) -> date | None:
    named = dict(zip(order, map(int, written), strict=True))
    year = named["y"] + (2000 if named["y"] < 100 else 0)
    # Thailand counts from 543 years earlier, Iran from 621 years later; WhatsApp is younger than 2008.
    year -= 543 if year > 2500 else 0
    try:
        return date(year, named["m"], named["d"]) if year > 2000 else None
    except ValueError:
        return None
