"""Times as people say them in many languages: "vor 3 Stunden", "il y a 5 minutes", "12. März 2021 14:05".

In: a column of texts, and when each was scraped. Out: the instants of those that can be read.

>>> read_human_times(pl.DataFrame({"row": [0], "text": ["vor 3 Stunden"], "base": [1589540400000000]}))["precision"][0]
'hour'

A time that is told from now ("3 hours ago", "gestern, 14:05") needs to know when that was: without a time of capture
it stays unknown. dateparser knows the languages and is slow, so it sees each distinct text once, and only if it knew a
language of its wording (the text without its numbers).
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

import polars as pl
from dateparser.date import DateDataParser

# In this order where words are of several languages ("5 mars 2012", "3 d").
_LANGUAGES = [
    *("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sk", "ru", "uk", "sv", "da", "nb", "fi", "hu", "ro", "bg"),
    *("el", "tr", "ja", "ko", "zh", "vi", "id", "th", "ar", "he", "fa", "hr", "sr", "sl", "lt", "lv", "et", "ca"),
]
_NOW = datetime(2020, 5, 15, 12)  # in the middle of a month, so that months have no ends to stumble over
_LONGEST = 60
_MOST_WORDINGS = 400
_MOST_FAILURES = 10
_DAY = 86_400
_SECOND = 1_000_000

_NUMBER = re.compile(r"\d+")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:h]\d{2}(?::(\d{2}))?(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:(?:19|20)\d{2}|2100)(?!\d)")
_ZONE = re.compile(r"\b(?:UTC|GMT|CES?T|[ECMP][SD]T)\b|[+-]\d{2}:?\d{2}\b")
# Letters alone, or with a digit and the signs of dates.
_LIKELY = r"^(?:[\p{L}\p{M} ]{3,30}|[\p{L}\p{M}\p{Z}\d.,:;()'’·•+-]*\d[\p{L}\p{M}\p{Z}\d.,:;()'’·•+-]*)$"
_ARABIC = {"،": ",", "(ت ع م)": "(UTC)"}  # as MediaWiki signs in Arabic
_NUMERIC_DATE = r"(?:^|\D)\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*(?:\d{2}|\d{4})(?:\D|$)"  # day or month first: who knows
_READ = {
    "text": pl.String, "at": pl.Int64, "months": pl.Int64, "seconds": pl.Int64, "clock": pl.Int64,
    "precision": pl.String, "guessed": pl.Boolean,
}  # fmt: skip


def read_human_times(rest: pl.DataFrame) -> pl.DataFrame:
    """Instants of times in words.

    Args:
        rest: row, text (String), base (Int64: microseconds since 1970 at which the text was scraped, or null).

    Returns:
        row, at (Int64, microseconds since 1970 in UTC), precision, guessed (no zone is named); only rows that can be
        read. What is told from now is known to the unit it is told in, weeks and seconds to the next larger one.
    """
    for spelling, ours in _ARABIC.items():
        rest = rest.with_columns(pl.col("text").str.replace_all(spelling, ours, literal=True))
    text = pl.col("text")
    likely = (
        (text.str.len_chars() <= _LONGEST)
        & text.str.contains(_LIKELY)
        & text.str.contains(r"\p{L}")
        & ~text.str.contains(_NUMERIC_DATE)
    )
    counted = rest.filter(likely).group_by("text").agg(pl.len())
    table = pl.DataFrame(_read_texts(counted), schema=_READ, orient="row")
    at = pl.from_epoch("base", time_unit="us")
    day = at.dt.truncate("1d")
    told = (
        pl.when(pl.col("clock").is_not_null())
        .then(day - pl.duration(seconds=pl.col("seconds") - pl.col("clock")))
        .otherwise(at.dt.offset_by(pl.format("-{}mo", pl.col("months"))) - pl.duration(seconds="seconds"))
    )
    found = rest.join(table, on="text", how="inner", maintain_order="left").with_columns(
        at=pl.coalesce("at", told.dt.epoch("us"))
    )
    return found.select("row", "at", "precision", "guessed").drop_nulls("at")


def _read_texts(counted: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Rows of ``_READ`` for distinct texts, the most frequent wordings first."""
    wordings: dict[str, list[str]] = {}
    # A Python loop over distinct spellings, as dateparser takes one at a time.
    for text, _ in counted.sort("len", "text", descending=[True, False]).iter_rows():
        wordings.setdefault(_NUMBER.sub("0", text), []).append(text)
    read: list[tuple[Any, ...]] = []
    failures = 0
    for texts in list(wordings.values())[:_MOST_WORDINGS]:
        if failures >= _MOST_FAILURES:  # these are no times at all
            break
        kind = _kind_of(texts[0])
        locale = _find_locale(_sample_of(texts[0]), kind) or _find_locale(min(texts), kind)
        failures += locale is None
        if locale is not None:
            reader = _read_distance if kind == "distance" else _read_date
            read += [(text, *found) for text in texts if (found := reader(text, locale))]
    return read


def _kind_of(text: str) -> str:
    """A distance from now, a date, or a date with a time of day."""
    if _YEAR.search(text) is None:
        return "distance"
    return "moment" if _CLOCK.search(text) else "date"


def _sample_of(text: str) -> str:
    """The text with numbers that any date may have, so that its language does not depend on which it has."""
    clocked = _CLOCK.sub(lambda found: re.sub(r"\d+", "10", found[0]), text)
    return re.sub(r"(?<![\d:h])\d+(?![\d:h])", lambda found: "2012" if _YEAR.fullmatch(found[0]) else "5", clocked)


@cache
def _parser(kind: str, locale: str | None) -> DateDataParser:
    """A parser for one kind of time, of all languages or of one locale; none remembers what it read before."""
    return DateDataParser(
        languages=None if locale else _LANGUAGES,
        locales=[locale] if locale else None,
        try_previous_locales=False,
        use_given_order=True,
        settings={
            "PARSERS": ["relative-time" if kind == "distance" else "absolute-time"],
            "RELATIVE_BASE": _NOW,
            "RETURN_TIME_AS_PERIOD": True,
            "PREFER_DATES_FROM": "past",
            "PREFER_DAY_OF_MONTH": "first",
            "REQUIRE_PARTS": ["day", "month", "year"] if kind == "moment" else ["month", "year"],
        },
    )


def _find_locale(text: str, kind: str) -> str | None:
    found = _parser(kind, None).get_date_data(text)
    return found.locale if found.date_obj is not None else None


def _read_date(text: str, locale: str) -> tuple[int, int, int, None, str, bool] | None:
    """A day that is named, perhaps with a time of day."""
    found = _parser(_kind_of(text), locale).get_date_data(text)
    if found.date_obj is None or found.date_obj.year != int(_YEAR.findall(text)[0]):
        return None
    clock = _CLOCK.search(text)
    precision = "month" if found.period == "month" else "day"
    if found.period == "time":
        precision = "second" if clock and clock[1] else "minute"
    moment = found.date_obj
    zoned = moment.utcoffset() is not None and _ZONE.search(text) is not None
    naive = moment.replace(tzinfo=None) - (moment.utcoffset() or datetime.resolution * 0)
    return (round((naive - datetime(1970, 1, 1)).total_seconds()) * _SECOND, 0, 0, None, precision, not zoned)


def _read_distance(text: str, locale: str) -> tuple[None, int, int, int | None, str, bool] | None:
    """How long ago: months, seconds, and the time of day where one is named."""
    found = _parser("distance", locale).get_date_data(text)
    moment = found.date_obj
    if moment is None or moment.replace(tzinfo=None) > _NOW:
        return None
    moment = moment.replace(tzinfo=None)
    clock = _CLOCK.search(text)
    if clock:
        since = moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)
        days = (_NOW.date() - moment.date()).days
        return None, 0, days * _DAY, int(since.total_seconds()), "second" if clock[1] else "minute", True
    if found.period in ("month", "year"):
        return None, (_NOW.year - moment.year) * 12 + _NOW.month - moment.month, 0, None, found.period, False
    seconds = round((_NOW - moment).total_seconds())
    precision = {"day": "day", "week": "month"}.get(found.period)
    if precision is None:
        precision = "hour" if seconds and seconds % 3600 == 0 else "minute"
    return None, 0, seconds, None, precision, False
