"""Times that name their month: RFC 2822, ctime, and what forums write.

In: one text. Out: microseconds since 1970 in UTC, precision, whether the zone was guessed; None where it is no time.

>>> read_worded_time("Mon, 29 Apr 2019 10:02:00 +0200 (CEST)")
(1556524920000000, 'second', False)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST = 80

# Minutes ahead of UTC: the names of RFC 2822 and those of Europe.
_ZONES = {
    **{"utc": 0, "gmt": 0, "z": 0, "ut": 0, "wet": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300},
    **{"mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "cet": 60, "cest": 120, "eet": 120, "eest": 180, "west": 60},
}
_MONTH = re.compile(
    r"\b(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap])?(?:\.?m\b\.?)?", re.IGNORECASE)
_OFFSET = re.compile(r"(?:\b(?:UTC|GMT)\s*)?(?<!\d)([+-])(\d{2}):?(\d{2})\b")
_ZONE = re.compile(r"\b[A-Za-z]{1,4}\b")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2}|2100)(?!\d)")
_DAY = re.compile(r"(?<![\d:])(\d{1,2})(?:st|nd|rd|th)?(?![\d:])", re.IGNORECASE)
_ALLOWED = re.compile(
    r"(?:\s|[,.;()]|mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?|at|on|of|the|-)*",
    re.IGNORECASE,
)


def read_worded_time(text: str) -> tuple[int, str, bool] | None:
    """The instant that a text with a month's name says, if the text says nothing but a time.

    Returns:
        microseconds since 1970, precision ("second", "minute", "day", ...), and whether no known zone was named.
    """
    month = _MONTH.search(text) if len(text) <= _LONGEST else None
    if month is None:
        return None
    rest = f"{text[: month.start()]} {text[month.end() :]}"
    clock = _CLOCK.search(rest)
    if clock:
        rest = f"{rest[: clock.start()]} , {rest[clock.end() :]}"
    offset = _OFFSET.search(rest) if clock else None
    if offset:
        rest = f"{rest[: offset.start()]} {rest[offset.end() :]}"
    year = _YEAR.search(rest)
    if year is None:
        return None
    rest = f"{rest[: year.start()]} , {rest[year.end() :]}"
    day = _DAY.search(rest)
    if day:
        rest = f"{rest[: day.start()]} {rest[day.end() :]}"
    if clock and not day:
        return None
    zone, rest = _take_zone(rest) if clock else (None, rest)
    if not _ALLOWED.fullmatch(rest):
        return None
    if offset:
        zone = (int(offset[2]) * 60 + int(offset[3])) * (-1 if offset[1] == "-" else 1)
    return _make_instant(int(year[1]), _MONTHS.index(month[1][:3].lower()) + 1, day, clock, zone)


def _take_zone(rest: str) -> tuple[int | None, str]:
    """Minutes ahead of UTC of the first zone named, and the text without names of zones."""
    zone: int | None = None
    for name in _ZONE.findall(rest):
        ahead = _ZONES.get(name.lower())
        if ahead is not None:
            zone = ahead if zone is None else zone
            rest = re.sub(rf"\b{name}\b", " ", rest)
    return zone, rest


def _make_instant(
    year: int, month: int, day: re.Match[str] | None, clock: re.Match[str] | None, zone: int | None
) -> tuple[int, str, bool] | None:
    hour = int(clock[1]) if clock else 0
    if clock and clock[5]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock[5] in "pP" else 0)
    try:
        moment = datetime(year, month, int(day[1]) if day else 1, tzinfo=UTC)
        moment += timedelta(minutes=-(zone or 0))
        if clock:
            if hour > 24 or int(clock[2]) > 59 or int(clock[3] or 0) > 60:
                return None
            micros = int((clock[4] or "0").ljust(6, "0")[:6])
            moment += timedelta(hours=hour, minutes=int(clock[2]), seconds=int(clock[3] or 0), microseconds=micros)
    except ValueError:
        return None
    precision = "month" if not day else "day"
    if clock:
        precision = "minute" if not clock[3] else "second" if not clock[4] else "millisecond"
        if clock[4] and len(clock[4]) > 3:
            precision = "microsecond"
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1), precision, zone is None
