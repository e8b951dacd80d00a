"""Lines of IRC logs: who wrote what, what the client says, and the clock, whose date stands on lines of its own.

In: a line. Out: its kind, its time as written, nick and words; and times completed by what stood above.

>>> parse_line("[09:16] <@ada> Good morning")
IrcLine(kind='message', date=None, clock='09:16', zone='', nick='ada', words='Good morning')
>>> parse_line("09:17 -!- mode/#tram [+o bo] by ada").kind
'system'
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["message", "action", "notice", "system", "unknown"]

_CLOCK = r"(?P<clock>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,6})?)?(?:\s?[AaPp][Mm])?)"
_STAMP = re.compile(
    r"[\[(]?(?:(?P<iso>\d{4}[-/.]\d\d[-/.]\d\d)[T ,_]{1,2}|(?P<day>[A-Z][a-z]{2} [\d ]\d) )?"
    + _CLOCK
    + r"(?:\s?(?P<zone>Z|UTC|[+-]\d\d:?\d\d))?[\])]?(?:\s|$)"
)
_MODE = r"[@+%&~!*.]?"
_MESSAGE = re.compile(rf"\s*<\s?{_MODE}(?P<nick>[^\s<>]{{1,64}}?)(?:>|&gt;)(?:\s(?P<words>.*))?$", re.DOTALL)
# What IRC clients say of people who come and go, and of themselves.
_EVENT = (
    r"(?:\([^)]*\) |\[[^\]]*\] )?"
    r"(?:(?:has |have )?(?:joined|left|quit|parted|rejoined|entered)(?: [#&+!(\[:]| IRC\b|\.?$| the (?:room|channel))"
    r"|(?:is|are) now known as |sets? mode|sets the channel|gives? (?:channel|voice)|removes? (?:channel|voice)"
    r"|(?:was|has been|have been|been) (?:kicked|banned)|changes? (?:the )?topic|has changed the topic|set the topic"
    r"|has kicked |:Closing Link)"
)
_ACTION = re.compile(rf"(?:\*\s(?!\*)\s*|Action: ){_MODE}(?P<nick>[^\s<>*]{{1,64}})\s(?P<words>.*)$", re.DOTALL)
_OWN = re.compile(
    r"(?:Now talking (?:on|in)|Topic (?:for|is|set)|Set by|Disconnected|Connect(?:ed|ing)|Attempting to"
    r"|Rejoin(?:ed|ing)|Looking up|Retrieving|You(?:'re| are) |Users on|Channel (?:mode|created|#)|Created|Reconnecting"
    r"|Closing)"
)
_EVENT_AT_START = re.compile(_EVENT)
_NOTICE = re.compile(r"-(?P<nick>[^\s:()\-][^\s:()]{0,62}?)(?:[:(][^\s]{1,90}?)?-\s(?P<words>.*)$", re.DOTALL)
_TABBED = re.compile(r"(?P<nick>[^\t]{0,64})\t(?P<words>.*)$", re.DOTALL)
_TABBED_SYSTEM = ("-->", "<--", "--", "=!=", "", "---", "ℹ", "→", "←", "⚡", "—▶", "◀—")
_PLAIN = re.compile(rf"{_MODE}(?P<nick>[^\s:<>*\[\](){{}}]{{1,32}}): (?P<words>.*)$", re.DOTALL)
_SYSTEM = re.compile(
    r"\s*(?:\*{3,4}\s|-!-|-->|<--|--\s|---\s|=-=|===|→|←|###|!|\*\*\*$|Session (?:Start|Time|Close|Ident)\b"
    r"|Conversation with |(?:Joins|Parts|Quits|Nick change|Topic|Mode)\b.*[:(])"
)
_CHANNEL = re.compile(
    r"(?:joined(?: channel)?|left|[Nn]ow talking (?:in|on)|Session Ident:|[Tt]opic (?:for|of)|Conversation with|mode/"
    r"|Parts|Joins|BEGIN LOGGING .*on)[\s\"']*[\[(]?([#&][^\s,:\])\"']{1,80})"
)
_SESSION = re.compile(r"Session Ident: ([#&]\S{1,80})")
_CODES = re.compile("\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|[\x02\x0f\x11\x16\x1d-\x1f]")

_MONTH_NAMES = (
    "jan ene gen янв|feb fév fev фев|mar mär mrz мар|apr avr abr апр|may mai mag maj май|jun juin giu июн"
    "|jul juil lug июл|aug aoû ago авг|sep set сен|oct okt ott out окт|nov noy ноя|dec dez déc dic дек"
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES.split("|"), start=1) for name in names.split()}
_DATED = re.compile(
    r"(?:---|\*{4}|Session|===|###|Conversation with).*?"
    r"(?:(?P<m1>[^\W\d_]{3,4})\.? +(?P<d1>\d{1,2}),?(?: +\d{1,2}:\d\d(?::\d\d)?)?(?: [A-Z]{2,5})? +(?P<y1>\d{4})"
    r"|(?P<d2>\d{1,2})\.? +(?P<m2>[^\W\d_]{3,4})[^\W\d_]*\.? +(?P<y2>\d{4})|(?P<y3>\d{4})-(?P<m3>\d\d)-(?P<d3>\d\d))"
)
_BACK = 2 * 3600  # seconds that a clock may be set back without a new day having begun


class IrcLine(NamedTuple):
    """What a line says; nick and words are empty where there are none."""

    kind: Kind
    date: str | None  # "2012-10-17" or "Oct 17"
    clock: str
    zone: str
    nick: str = ""
    words: str = ""


def parse_line(text: str) -> IrcLine:
    """The parts of a line; kind "unknown" without a clock may go on with the line before."""
    stamp = _STAMP.match(text)
    if stamp is None:
        return IrcLine("system" if _SYSTEM.match(text) else "unknown", None, "", "")
    end = stamp.end()
    kind, nick, words = _read_rest(text[end:], tabbed=text[end - 1 : end] == "\t")
    iso, day, clock, zone = stamp.groups()
    words = words if words.isprintable() else _CODES.sub("", words)
    return IrcLine(kind, iso or day, clock, zone or "", nick, words.strip())


def _read_rest(rest: str, *, tabbed: bool) -> tuple[Kind, str, str]:
    if found := _MESSAGE.match(rest):
        return "message", found["nick"], found["words"] or ""
    if tabbed and (found := _TABBED.match(rest)):
        return _read_tabbed(found["nick"].strip(), found["words"])
    rest = rest.lstrip()
    if _SYSTEM.match(rest):
        return "system", "", rest
    if found := _ACTION.match(rest):
        if _is_event(found["nick"], found["words"]):
            return "system", "", rest
        return "action", found["nick"], found["words"]
    if found := _NOTICE.match(rest):
        return "notice", found["nick"], found["words"]
    if found := _PLAIN.match(rest):
        return "message", found["nick"], found["words"]
    return ("system" if re.search(rf"^\S+ {_EVENT}", rest) else "unknown"), "", rest


def _is_event(nick: str, words: str) -> bool:
    return bool(_EVENT_AT_START.match(words) or _OWN.match(f"{nick} {words}"))


def _read_tabbed(prefix: str, words: str) -> tuple[Kind, str, str]:
    """Weechat and X-Chat: time, tab, who, tab, what."""
    if prefix == "*":
        nick, _, words = words.partition(" ")
        return ("system", "", words) if _is_event(nick, words) else ("action", nick, words)
    if prefix in _TABBED_SYSTEM:
        return "system", "", words
    nick = prefix.strip("<>").lstrip("@+%&~!")
    return ("message", nick, words) if nick and " " not in nick else ("unknown", "", words)


def name_channel(line: str) -> str | None:
    """The channel that a system line names, in lower case, as channels are."""
    found = _CHANNEL.search(line)
    return found[1].rstrip(".").lower() if found else None


def begin_session(line: str) -> str | None:
    """The channel that the lines below belong to, where a line says so."""
    found = _SESSION.match(line)
    return found[1].lower() if found else None


class LogClock:
    """Completes times by the date that a log said last."""

    def __init__(self) -> None:
        self._date: date | None = None
        self._last = 0

    def look(self, text: str) -> None:
        """Take the date from a line that names one: a log opened, a day changed, a session started."""
        stamp = _STAMP.match(text)
        # Eggdrop stamps the line of a new day; other lines with a stamp may name any day.
        found = _DATED.match(text[stamp.end() if stamp else 0 :][:200])
        if stamp and found and not text.startswith("---", stamp.end()):
            return
        if not found:
            return
        month = found["m1"] or found["m2"]
        number = int(found["m3"]) if found["m3"] else _MONTHS.get(month.lower(), _MONTHS.get(month.lower()[:3], 0))
        year, day = found["y1"] or found["y2"] or found["y3"], found["d1"] or found["d2"] or found["d3"]
        try:
            self._date, self._last = date(int(year), number, int(day)), 0
        except ValueError:
            return

    def complete(self, line: IrcLine) -> str:
        """The time of a line in ISO 8601 as far as it is known, else as written."""
        clock, seconds = _read_clock(line.clock)
        if line.date and line.date[0].isdigit():
            return f"{line.date.replace('/', '-').replace('.', '-')}T{clock}{line.zone}"
        if self._date is None:
            return f"{line.date} {line.clock}" if line.date else line.clock
        if line.date:
            self._date = _next_such_day(self._date, line.date)
        elif seconds < self._last - _BACK and self._date < date.max:
            self._date += timedelta(days=1)
        self._last = seconds
        return f"{self._date.isoformat()}T{clock}{line.zone}"


@lru_cache(maxsize=4096)  # many lines have one minute
def _read_clock(clock: str) -> tuple[str, int]:
    """A time of day in 24 hours, and in seconds."""
    clock = _in_24_hours(clock)
    return clock, sum(int(part) * unit for part, unit in zip(clock[:8].split(":"), (3600, 60, 1), strict=False))


def _in_24_hours(clock: str) -> str:
    half = clock[-2:].lower()
    hour, _, rest = clock.rstrip("AaPpMm ").partition(":")
    if half in ("am", "pm"):
        hour = str(int(hour) % 12 + (12 if half == "pm" else 0))
    return f"{hour.zfill(2)}:{rest.replace(',', '.')}"


def _next_such_day(before: date, day: str) -> date:
    """A day without a year, as near as can be to the one before, so that January follows December."""
    number = _MONTHS.get(day[:3].lower(), 0)
    fitting = []
    for year in (before.year - 1, before.year, before.year + 1):
        try:
            fitting.append(date(year, number, int(day[4:])))
        except ValueError:
            continue
    return min(fitting, key=lambda one: abs((one - before).days), default=before)
