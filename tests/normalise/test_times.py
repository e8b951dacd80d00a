"""Times as written: every usual shape of one instant is that instant, and nothing is guessed but the zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.normalise.times import coarsen_precision, read_times

CASES = {
    "2019-04-29T10:02:03Z": ("2019-04-29 10:02:03", "second", False),
    "2019-04-29T10:02:03.120+02:00": ("2019-04-29 08:02:03.120", "millisecond", False),
    "2019-04-29 10:02:03.123456789 UTC": ("2019-04-29 10:02:03.123456", "microsecond", False),
    "2019-04-29T10:02:03-0330": ("2019-04-29 13:32:03", "second", False),
    "2019-04-29T10:02+01": ("2019-04-29 09:02:00", "minute", False),
    "2019-04-29 10:02:03": ("2019-04-29 10:02:03", "second", True),
    "2019-04-29 10:02": ("2019-04-29 10:02:00", "minute", True),
    "2019-4-9 9:02": ("2019-04-09 09:02:00", "minute", True),
    "2019/04/29": ("2019-04-29 00:00:00", "day", True),
    "2019-04": ("2019-04-01 00:00:00", "month", True),
    "2019": ("2019-01-01 00:00:00", "year", True),
    "20190429": ("2019-04-29 00:00:00", "day", True),
    "20190429T100203Z": ("2019-04-29 10:02:03", "second", False),
    "20190429100203": ("2019-04-29 10:02:03", "second", True),
    "2019-04-29T24:00:00Z": ("2019-04-30 00:00:00", "second", False),
    "2016-12-31T23:59:60Z": ("2017-01-01 00:00:00", "second", False),
    "1556532123": ("2019-04-29 10:02:03", "second", False),
    "1556532123.0": ("2019-04-29 10:02:03", "second", False),
    "1556532123.25": ("2019-04-29 10:02:03.250", "millisecond", False),
    "1.556532123e9": ("2019-04-29 10:02:03", "second", False),
    "1556532123250": ("2019-04-29 10:02:03.250", "millisecond", False),
    "1556532123250001": ("2019-04-29 10:02:03.250001", "microsecond", False),
    "1556532123250001999": ("2019-04-29 10:02:03.250001", "microsecond", False),
    "Mon, 29 Apr 2019 10:02:03 +0200 (CEST)": ("2019-04-29 08:02:03", "second", False),
    "29 Apr 2019 10:02:03 GMT": ("2019-04-29 10:02:03", "second", False),
    "Mon Apr 29 10:02:03 2019": ("2019-04-29 10:02:03", "second", True),
    "Mon Apr 29 10:02:03 EDT 2019": ("2019-04-29 14:02:03", "second", False),
    "April 29th, 2019 at 2:02 pm": ("2019-04-29 14:02:00", "minute", True),
    "10:02, 29 April 2019 (UTC)": ("2019-04-29 10:02:00", "minute", False),
    "29 April 2019": ("2019-04-29 00:00:00", "day", True),
    "Apr 2019": ("2019-04-01 00:00:00", "month", True),
}


@pytest.mark.parametrize(("written", "expected"), CASES.items())
def test_shapes_of_times(written: str, expected: tuple[str, str, bool]) -> None:
    at, precision, guessed = read_times(pl.Series([f" {written} "])).row(0)
    assert at == datetime.fromisoformat(expected[0]).replace(tzinfo=UTC)
    assert (precision, guessed) == expected[1:]


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            " ",
            "0",
            "-5",
            "yesterday",
            "2 hours ago",
            "12/3/2021 10:00 Uhr",
            "31 février 2012",
            "room 5 mars 2012",
            "3/4/2019",
            "29.04.19",
            "2019-02-30",
            "2019-13-01",
            "1969-12-31",
        ),
        *("2101-01-01", "9999-12-31T23:59:59Z", "2019-04-29T25:00", "2019-04-29T10:61", "null", "NaN", "inf", "1e400"),
        *("99999999999999999999", "may", "in May 2019 we met at 10:02", "32 May 2019", "10:02", "29 Foo 2019", "12345"),
        *("2019-04-29T10:02:03+99:00", "May 2019 10:02 pm", "1556532123 or so", "٢٠١٩-٠٤-٢٩"),
    ],
)
def test_what_is_no_time_is_null(written: str) -> None:
    at, precision, guessed = read_times(pl.Series([written])).row(0)
    assert at is None or written == "12345"
    assert (at is None) == (precision is None)
    assert not guessed


SPOKEN = {
    "3 hours ago": ("2020-05-15 08:30:00", "hour", False),
    "vor 3 Stunden": ("2020-05-15 08:30:00", "hour", False),
    "pred 2 hodiny": ("2020-05-15 09:30:00", "hour", False),
    "il y a 5 minutes": ("2020-05-15 11:25:00", "minute", False),
    "3時間前": ("2020-05-15 08:30:00", "hour", False),
    "hace 2 días": ("2020-05-13 11:30:00", "day", False),
    "2 weeks ago": ("2020-05-01 11:30:00", "month", False),
    "a month ago": ("2020-04-15 11:30:00", "month", False),
    "2 yr. ago": ("2018-05-15 11:30:00", "year", False),
    "just now": ("2020-05-15 11:30:00", "minute", False),
    "gestern, 14:05": ("2020-05-14 14:05:00", "minute", True),
    "12. März 2021 14:05": ("2021-03-12 14:05:00", "minute", True),
    "12 марта 2021 в 14:05": ("2021-03-12 14:05:00", "minute", True),
    "5 mars 2012, 14:07:09": ("2012-03-05 14:07:09", "second", True),
    "lun. 5 mars 2012 15:08 CET": ("2012-03-05 14:08:00", "minute", False),
    "2021年3月12日": ("2021-03-12 00:00:00", "day", True),
    "märz 2012": ("2012-03-01 00:00:00", "month", True),
}


def test_times_in_words_of_many_languages() -> None:
    now = datetime(2020, 5, 15, 11, 30, tzinfo=UTC)
    written = pl.Series(list(SPOKEN))
    read = read_times(written, pl.Series([now] * len(SPOKEN), dtype=pl.Datetime("us", "UTC")))
    found = {text: (str(at)[:19], *more) for text, (at, *more) in zip(written, read.rows(), strict=True)}
    assert found == SPOKEN
    apart = [read_times(written[i : i + 1], pl.Series([now])).row(0) for i in range(0, len(SPOKEN), 5)]
    assert apart == read.rows()[::5]


def test_times_told_from_now_are_unknown_where_now_is() -> None:
    now = pl.Series([None, datetime(2020, 3, 31, 1, tzinfo=UTC)], dtype=pl.Datetime("us", "UTC"))
    month = read_times(pl.Series(["1 month ago", "1 month ago"]), now)
    assert month["at"].to_list() == [None, datetime(2020, 2, 29, 1, tzinfo=UTC)]
    assert read_times(pl.Series(["in 3 hours", "tomorrow"]), now)["at"].to_list() == [None, None]


def test_the_last_year_is_read_in_words_too() -> None:
    assert read_times(pl.Series(["Fri, 01 Jan 2100 00:00:00 +0000"]))["at"].to_list() == [
        datetime(2100, 1, 1, tzinfo=UTC)
    ]


def test_a_column_may_mix_shapes_and_nulls() -> None:
    column = pl.Series([None, "1556532123", "2019-04-29", None, "29 April 2019", "soon"], dtype=pl.String)
    assert read_times(column)["precision"].to_list() == [None, "second", "day", None, "day", None]
    assert read_times(column.clear()).schema == read_times(column).schema


instants = st.datetimes(datetime(1971, 1, 1), datetime(2100, 12, 30))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(instants, zones)
def test_every_shape_says_the_same_instant(naive: datetime, zone: timezone) -> None:
    instant = naive.replace(tzinfo=UTC)
    local = instant.astimezone(zone)
    micros = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    exact = [
        local.isoformat(),
        local.isoformat(" "),
        local.strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
        instant.strftime("%Y-%m-%d %H:%M:%S.%f UTC"),
        f"{micros // 10**6}.{micros % 10**6:06}",
        instant.replace(tzinfo=None).isoformat(),
    ]
    exact += [str(micros), f"{micros}000"] if micros > 10**14 else []
    assert read_times(pl.Series(exact))["at"].to_list() == [instant] * len(exact)
    second = local.replace(microsecond=0)
    whole = [
        format_datetime(second),
        second.strftime("%d %B %Y %H:%M:%S %z"),
        second.strftime("%B %d, %Y, %I:%M:%S %p %z"),
        instant.strftime("%a %b %d %H:%M:%S %Y"),
    ]
    assert read_times(pl.Series(whole))["at"].to_list() == [instant.replace(microsecond=0)] * len(whole)


@settings(max_examples=30)  # dateparser looks long at what is no time
@given(st.lists(st.one_of(st.none(), st.text(max_size=20), st.from_regex(r"[0-9]{1,25}([.:/T e+-][0-9]{0,8}){0,6}Z?"))))
def test_no_text_breaks_the_reading(column: list[str | None]) -> None:
    times = read_times(pl.Series(column, dtype=pl.String))
    assert times.height == len(column)
    assert times["at"].drop_nulls().dt.year().is_between(1970, 2100).all()
    assert (times["at"].is_null() == times["precision"].is_null()).all()


def test_times_that_are_all_whole_minutes_are_known_to_the_minute() -> None:
    minutes = pl.Series([f"2019-04-29T{i % 24:02}:{i}:00Z" for i in range(20, 50)])
    assert set(coarsen_precision(read_times(minutes))) == {"minute"}
    assert set(coarsen_precision(read_times(minutes.head(19)))) == {"second"}
    with_one_second = pl.concat([minutes, pl.Series(["2019-04-29T10:02:03Z"])])
    assert set(coarsen_precision(read_times(with_one_second))) == {"second"}
    milliseconds = pl.Series([str(1556532123000 + 7000 * i) for i in range(20)])
    assert set(coarsen_precision(read_times(milliseconds))) == {"second"}
    days = pl.Series([f"2019-04-{i:02}T00:00:00Z" for i in range(1, 25)])
    assert set(coarsen_precision(read_times(days))) == {"day"}


def test_times_as_arabic_wikis_sign() -> None:
    signed = read_times(pl.Series(["22:51، 21 أبريل 2020 (ت ع م)"]))
    assert signed.rows() == [(datetime(2020, 4, 21, 22, 51, tzinfo=UTC), "minute", False)]
