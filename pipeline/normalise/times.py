"""Times as written to instants in UTC.

In: a text column. Out: the instant, how exactly it is known, and whether its zone had to be guessed.

>>> read_times(pl.Series(["2019-04-29 10:02", "1556532120", "29 April 2019"]))["precision"].to_list()
['minute', 'second', 'day']
"""

from __future__ import annotations

import polars as pl

from pipeline.normalise.human_times import read_human_times
from pipeline.normalise.worded_times import read_worded_time

INSTANT = pl.Datetime("us", "UTC")
_FIRST, _LAST = 0, 4_133_980_800_000_000  # 1970 to the end of 2100, in microseconds; the last excluded
_SECOND = 1_000_000
_MANY = 20  # times from which on a common roundness is no chance

# A compact date 19YYMMDD or 20YYMMDD, perhaps with a time of day. As epochs such numbers lie in 1970 or far away.
_COMPACT = r"^((?:19|20)\d{2})(0[1-9]|1[0-2])([0-3]\d)(?:[T ]?([0-2]\d)([0-5]\d)(?:([0-6]\d))?)?"
_COMPACT_WHOLE = _COMPACT + r"(?:[.,]\d+)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?$"
_ISO = (
    r"^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ,]\s*(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,12}))?)?)?"
    r"\s*(?i:(Z|UTC|GMT)|([+-]\d{1,2}):?(\d{2})?)?)?)?$"
)
_ISO_PARTS = ("year", "month", "day", "hour", "minute", "second", "fraction", "utc", "zone_hours", "zone_minutes")


def read_times(texts: pl.Series, captured_at: pl.Series | None = None) -> pl.DataFrame:
    """Instants of n times as written.

    Read are epochs (seconds, milliseconds, microseconds, nanoseconds, told apart by size; 0 means unknown), ISO 8601
    and what looks like it, RFC 2822, dates with names of months and times told from now ("3 hours ago") in some forty
    languages. Day before month or month before day cannot be told in 3/4/2019, so that is not read.

    Args:
        texts: n Strings, nulls allowed.
        captured_at: n instants (UTC) from which times are told; where it is null these stay unknown.

    Returns:
        at (UTC, microseconds; null where it cannot be read or lies outside of 1970 to 2100), precision (null with it),
        guessed (a date or time without a zone: UTC was taken).
    """
    frame = pl.DataFrame({"text": texts.cast(pl.String).str.strip_chars()}).with_row_index("row")
    text, number = pl.col("text"), pl.col("text").cast(pl.Int64, strict=False)
    size = text.str.len_bytes()
    # Eight, twelve and fourteen digits may be a compact date, four a year.
    is_date = size.is_in([4, 8, 12, 14]) & text.str.contains(_COMPACT_WHOLE + r"|^(?:19|20)\d{2}$")
    is_number = number.is_not_null() & ~is_date
    numbers = frame.select("row", number=pl.when(is_number).then(number))
    parts = [_read_numbers(numbers.drop_nulls("number"))]
    rest = frame.filter(text.is_not_null() & (size > 0) & ~is_number.fill_null(False))
    if rest.height:
        decimal = text.str.contains(r"^\d{1,19}(?:\.\d*)?(?:[eE]\+?\d{1,2})?$") & ~is_date
        parts.append(_read_decimals(rest.filter(decimal)))
        dates = rest.filter(~decimal)
        read = _read_dates(dates)
        parts.append(read)
        worded = dates.join(read, on="row", how="anti", maintain_order="left")
        read = _read_worded(worded)
        parts.append(read)
        spoken = worded.join(read, on="row", how="anti", maintain_order="left")
        if spoken.height:
            now = pl.lit(None, dtype=INSTANT) if captured_at is None else captured_at.gather(spoken["row"])
            parts.append(read_human_times(spoken.with_columns(now.dt.epoch("us").alias("base"))))
    found = pl.concat(parts).filter(pl.col("at").is_between(_FIRST, _LAST, closed="left"))
    joined = frame.select("row").join(found, on="row", how="left", maintain_order="left")
    return joined.select(
        pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        "precision",
        pl.col("guessed").fill_null(False),
    )


def coarsen_precision(times: pl.DataFrame) -> pl.Series:
    """The precision of n read times, made coarser where all of a capture's times are round.

    Twenty times or more that are all whole minutes are not known to the second, whatever their spelling says.
    """
    at = times["at"].drop_nulls().dt.epoch("us")
    if len(at) < _MANY:
        return times["precision"]
    units = {"millisecond": 1000, "second": _SECOND, "minute": 60 * _SECOND, "hour": 3600 * _SECOND}
    units["day"] = 24 * units["hour"]
    order = ["microsecond", *units, "month", "year"]
    round_to = 0
    for i, unit in enumerate(units.values(), start=1):
        if not (at % unit == 0).all():
            break
        round_to = i
    finer = order[:round_to]
    return times.select(
        pl.when(pl.col("precision").is_in(finer)).then(pl.lit(order[round_to])).otherwise("precision")
    ).to_series().alias("precision")  # fmt: skip


def _read_numbers(numbers: pl.DataFrame) -> pl.DataFrame:
    """Epochs: frame of row and number (Int64)."""
    number = pl.col("number")
    last = _LAST // _SECOND
    return numbers.filter(number > 0).select(
        "row",
        at=pl.when(number < last).then(number * _SECOND)
        .when(number < last * 1000).then(number * 1000)
        .when(number < last * 1_000_000).then(number)
        .otherwise(number // 1000),
        precision=pl.when(number < last).then(pl.lit("second"))
        .when(number < last * 1000).then(pl.lit("millisecond"))
        .otherwise(pl.lit("microsecond")),
        guessed=pl.lit(False),
    )  # fmt: skip


def _read_decimals(rest: pl.DataFrame) -> pl.DataFrame:
    """Epochs with a decimal point or an exponent: frame of row and text."""
    value = pl.col("text").cast(pl.Float64, strict=False)
    fraction = pl.col("text").str.extract(r"\.(\d+)").str.strip_chars_end("0").str.len_bytes().fill_null(0)
    last = _LAST / _SECOND
    scale = pl.when(value < last).then(1_000_000).when(value < last * 1e3).then(1000).otherwise(1)
    shown = pl.when(pl.col("text").str.contains("(?i)e")).then(0).otherwise(fraction)
    return rest.filter((value > 0) & (value < _LAST)).select(
        "row",
        at=(value * scale).round(0).cast(pl.Int64),
        precision=pl.when(scale == 1).then(pl.lit("microsecond"))
        .when((scale == 1000) & (shown > 0)).then(pl.lit("microsecond"))
        .when(scale == 1000).then(pl.lit("millisecond"))
        .when(shown > 3).then(pl.lit("microsecond"))
        .when(shown > 0).then(pl.lit("millisecond"))
        .otherwise(pl.lit("second")),
        guessed=pl.lit(False),
    )  # fmt: skip


def _read_dates(rest: pl.DataFrame) -> pl.DataFrame:
    """ISO 8601 and its relatives: frame of row and text; only rows that can be read come back."""
    text = pl.col("text")
    spread = (
        pl.when(text.str.contains(_COMPACT_WHOLE))
        .then(text.str.replace(_COMPACT, "$1-$2-$3 $4:$5:$6").str.replace(" ::", "").str.replace(r":($|[^\d])", "$1"))
        .when(text.str.contains(r"^(?:19|20)\d{2}$")).then(text + "-01-01")
        .otherwise(text)
    )  # fmt: skip
    parts = (
        rest.with_columns(spread.str.extract_groups(_ISO).struct.rename_fields(list(_ISO_PARTS)).alias("parts"))
        .unnest("parts").drop_nulls("year")
    )  # fmt: skip
    day = pl.concat_str(
        "year", pl.col("month").str.zfill(2), pl.col("day").fill_null("01").str.zfill(2), separator="-"
    ).str.to_date("%Y-%m-%d", strict=False).cast(pl.Int64)  # fmt: skip
    whole = {name: pl.col(name).cast(pl.Int64).fill_null(0) for name in ("hour", "minute", "second", "zone_minutes")}
    ahead = pl.col("zone_hours").str.replace("+", "", literal=True).cast(pl.Int64).fill_null(0).abs() * 60
    zone = (ahead + whole["zone_minutes"]) * pl.when(pl.col("zone_hours").str.starts_with("-")).then(-1).otherwise(1)
    seconds = day * 86_400 + whole["hour"] * 3600 + (whole["minute"] - zone) * 60 + whole["second"]
    micros = pl.col("fraction").str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    possible = (whole["hour"] <= 24) & (whole["minute"] <= 59) & (whole["second"] <= 60) & (zone.abs() <= 18 * 60)
    digits = pl.col("fraction").str.len_bytes()
    return parts.select(
        "row",
        at=pl.when(possible).then(seconds * _SECOND + micros),
        precision=pl.when(text.str.contains(r"^\d{4}$")).then(pl.lit("year"))
        .when(pl.col("day").is_null()).then(pl.lit("month"))
        .when(pl.col("hour").is_null()).then(pl.lit("day"))
        .when(pl.col("minute").is_null()).then(pl.lit("hour"))
        .when(pl.col("second").is_null()).then(pl.lit("minute"))
        .when(digits.is_null()).then(pl.lit("second"))
        .when(digits <= 3).then(pl.lit("millisecond"))
        .otherwise(pl.lit("microsecond")),
        guessed=pl.col("utc").is_null() & pl.col("zone_hours").is_null(),
    ).drop_nulls("at")  # fmt: skip


def _read_worded(rest: pl.DataFrame) -> pl.DataFrame:
    """Times with English names of months: frame of row and text."""
    # A Python loop over distinct spellings that no column expression can read; mail archives and old forums have them.
    distinct = rest.select(pl.col("text").unique(maintain_order=True))
    read = [(text, *found) for text in distinct["text"] if (found := read_worded_time(text))]
    table = pl.DataFrame(
        read, schema={"text": pl.String, "at": pl.Int64, "precision": pl.String, "guessed": pl.Boolean}, orient="row"
    )
    return rest.join(table, on="text", how="inner", maintain_order="left").select("row", "at", "precision", "guessed")
