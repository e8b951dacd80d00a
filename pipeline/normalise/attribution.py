"""Lines that say whom a quotation below them quotes.

In: a line. Out: the name it gives, or None where it is no such line.

>>> read_attribution("On Fri, 29 Apr 2019 at 10:02 AM Ada Brook <ada@example.org> wrote:")
'Ada Brook'
"""

from __future__ import annotations

import re

_LONGEST = 300

_WROTE = (
    r"(?:wrote|writes|said|schrieb|schreef|skrev|skrifaði|kirjoitti|napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?|"
    r"a écrit|escribió|escribe|escreveu|ha scritto|написала?|пишет|yazdı|写道|写到|寫道)"
)
_WHEN = r"(?:On|Am|Le|El|Em|Il giorno|Il|Op|Den|Dnia|W dniu|Dne|In article)"

_wrote = re.compile(_WROTE)
_dated = re.compile(rf"{_WHEN}\s+(?P<before>.*?),?\s*\b{_WROTE}\b(?P<after>[^:：]*)[:：]?$")
_named = re.compile(
    rf"(?P<name>[^:：]{{1,80}}?)\s*\b{_WROTE}\b\s*(?:\(?(?:on|at|in|am|um|le|el)\b.{{0,120}})?[:：]\s*↑?$"
)
_quoting = re.compile(r"Quoting\s+(?P<name>.{1,100}?)\s*:$")
_stamped = re.compile(r"\d{4}-\d\d-\d\d,? \d{1,2}:\d\d\S*(?: (?:GMT|UTC)?\S{0,6})? (?P<name>[^<:]{1,80}<[^<>]+>):$")

_MONTH = r"\b(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\b\.?"
# What a date is made of; the name begins after the last of these.
_date_part = re.compile(
    r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:[\s?]*[AaPp]\.?[Mm]\b\.?)?|\b(?:19|20)\d{2}\b|\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
    r"|[+-]\d{2}:?\d{2}\b|\([A-Z]{2,5}\)|\b(?:UTC|GMT)(?:[+-]\d{1,2}\b)?|\b(?:[A-Z]{1,3}[SD]T|CET|CEST)\b|<[^<>]*>,"
    rf"|\b\d{{1,2}}-{_MONTH}-\d{{2,4}}\b|\b\d{{1,2}}(?:st|nd|rd|th|[.])? {_MONTH}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b"
    r"|\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b"
)
_address = re.compile(r"\s*(?:<[^<>]*>?|[(\[](?:mailto:)?[^()\[\]\s]+(?:@| at )[^()\[\]]*[)\]])")
_PRONOUNS = {"i", "you", "he", "she", "it", "we", "they", "who", "one", "someone", "somebody", "that", "this", "as"}
_around = " \t,;\"'“”„«»*_<>"


def read_attribution(line: str, whole: bool) -> str | None:
    """The author that an attribution line names.

    Args:
        line: without quote marks and outer spaces.
        whole: accept only a form with a date at its beginning, as for lines that may have been wrapped.
    """
    if not 4 <= len(line) <= _LONGEST or line[-1] not in ":：e↑" or not (_wrote.search(line) or line[-1] == ":"):
        return None
    name = None
    dated = _dated.match(line)
    if dated and not (whole and (_wrote.search(dated["before"]) or not _date_part.search(dated["before"]))):
        after = _clean_name(dated["after"])
        name = after if after and not _date_part.search(after) else _clean_name(_after_date(dated["before"]))
    elif not whole and (found := _stamped.match(line) or _quoting.match(line) or _named.match(line)):
        name = _clean_name(found["name"])
    # "As she wrote:" is the author's own sentence.
    return name if name and _PRONOUNS.isdisjoint(name.lower().split()) else None


def _after_date(words: str) -> str:
    end = 0
    for part in _date_part.finditer(words):
        end = part.end()
    return words[end:].removeprefix(" at ")


def _clean_name(words: str) -> str | None:
    """The name alone; the address where there is no name, null where there is neither."""
    name = _address.sub("", words).strip(_around)
    if name:
        return name.removeprefix("@")
    address = words.strip(_around)
    return address or None
