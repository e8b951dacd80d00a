"""What letters tell beyond chats: what they quote, whom and when their attribution line names, their place in a series.

In: a `Context` and the texts, subjects and authors of its posts. Out: `Letters`.

>>> letters = read_letters(context, texts, subjects, authors)
>>> letters.own.offsets[3], letters.quoted.offsets[3]

Words of a letter are its own, or quoted ("> "), or quoted by whom it quotes (">> "). Runs of four words are compared as
numbers. A run belongs to the letter that wrote it first: footers and signatures, which all share, tell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.algorithms.grams import hash_word_grams
from pipeline.algorithms.text import fold_words
from pipeline.reconstruct.arrays import Floats, Ints, Ragged, make_ragged
from pipeline.reconstruct.context import Context

GRAM_WORDS = 4
MOST_GRAMS = 1500  # of a letter; those of a log pasted whole would cost more than they tell
GREETING_WORDS = 6
_QUOTED = r"^[ \t]*(?:[>|»][ \t]?)"
_QUOTED_TWICE = r"^[ \t]*[>|»][ \t]?[>|»]"
_VERBS = r"(?:wrote|writes|said|schrieb|schreef|skrev|a écrit|escribió|escreveu|ha scritto|написал|пишет|写道)"
_ATTRIBUTION = (
    r"(?im)^[ \t>]*(?:(?:On|Am|Le|El|Em|Il|Op|Den|W dniu|Dne|In article)\b[^\n]{4,160}(?:\n[^\n]{0,100})?\b"
    + _VERBS
    + r"\b[^\n]{0,60}?[:：]|[^\n]{2,120}\b"
    + _VERBS
    + r"\b[^\n]{0,60}?[:：][ \t]*$|\*?(?:From|Von|De|Da|Van)[:：]\*?[^\n]{2,100}\n[ \t>]*\*?(?:Sent|Date|Gesendet|"
    + r"Datum|Envoyé|Data|Fecha|Enviado)[:：]\*?[^\n]{6,80})"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = r"(?i)\[[^\]]*?\b(\d{1,3})/(\d{1,3})\]"


@dataclass(frozen=True, eq=False)
class Letters:
    """N letters.

    Attributes:
        own: numbers of the four-word runs that each letter wrote itself, and first of all.
        quoted: runs that it quotes, at the first level; held: runs of all its words.
        attribution: word numbers of its first attribution line; greeting: of its first own words.
        names: word numbers of the name of each author (context's numbers).
        told_at: float64[N], the time that its attribution line names, in seconds since 1970 of an unknown zone, or NaN.
        part, parts: float64[N], 3 and 7 of "[PATCH 3/7]", or NaN.
    """

    own: Ragged
    quoted: Ragged
    held: Ragged
    n_grams: int
    attribution: Ragged
    greeting: Ragged
    names: Ragged
    n_words: int
    told_at: Floats
    part: Floats
    parts: Floats


def read_letters(context: Context, texts: pl.Series, subjects: pl.Series, authors: pl.Series) -> Letters:
    """The letters of a context.

    Args:
        texts, subjects, authors: String[N]; subjects and authors may be null.
    """
    n = context.n_posts
    quoted_line = pl.element().str.contains(_QUOTED)
    twice = pl.element().str.contains(_QUOTED_TWICE)
    lines = pl.DataFrame({"text": texts}).select(
        pl.col("text").str.split("\n").alias("lines"),
        pl.col("text").str.replace_all(_ATTRIBUTION, "").str.split("\n").alias("bare"),
    )
    levels = lines.select(
        pl.col("bare").list.eval(pl.element().filter(~quoted_line)).list.join("\n").alias("own"),
        pl.col("lines")
        .list.eval(pl.element().filter(quoted_line & ~twice).str.replace(_QUOTED, ""))
        .list.join("\n")
        .alias("quoted"),
        pl.col("lines").list.join("\n").str.replace_all(r"(?m)^[ \t>|»]+", "").alias("held"),
    ).select(fold_words(pl.all()))
    own, quoted, held, n_grams = _number_grams(levels, context.first)
    line = texts.str.extract(f"({_ATTRIBUTION})")
    attribution, greeting, names, n_words = _number_names(context, levels["own"], line, authors)
    part = pl.DataFrame({"s": subjects}, schema={"s": pl.String}).select(
        pl.col("s").str.extract(_PART, group).cast(pl.Float64).fill_null(float("nan")).alias(str(group))
        for group in (1, 2)
    )
    return Letters(
        own=own,
        quoted=quoted,
        held=held,
        n_grams=n_grams,
        attribution=attribution,
        greeting=greeting,
        names=names,
        n_words=n_words,
        told_at=_read_times(line) if n else np.zeros(0),
        part=part["1"].to_numpy(),
        parts=part["2"].to_numpy(),
    )


def _number_grams(levels: pl.DataFrame, discussion: Ints) -> tuple[Ragged, Ragged, Ragged, int]:
    """Own runs by first writers, quoted runs, all runs; as numbers, each once a letter, ascending."""
    frames = []
    for level in ("own", "quoted", "held"):
        rows, hashes = hash_word_grams(levels[level], GRAM_WORDS)
        # One run in two discussions is two runs.
        hashes ^= discussion[rows].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        found = pl.DataFrame({"entry": rows.astype(np.int64), "hash": hashes})
        found = found.filter(pl.int_range(pl.len()).over("entry") < MOST_GRAMS).unique()
        frames.append(found.with_columns(pl.lit(level).alias("level")))
    numbered = pl.concat(frames).with_columns(pl.col("hash").rank("dense").cast(pl.Int64).alias("gram"))
    first = numbered.select(pl.col("entry").min().over("gram") == pl.col("entry")).to_series()
    lists = []
    for level in ("own", "quoted", "held"):
        part = numbered.filter((pl.col("level") == level) & (first if level == "own" else pl.lit(value=True)))
        part = part.sort("entry", "gram")
        lists.append(make_ragged(part["entry"].to_numpy(), part["gram"].to_numpy(), levels.height))
    return lists[0], lists[1], lists[2], int(numbered.select(pl.col("gram").max()).item() or 0) + 1


def _number_names(
    context: Context, own: pl.Series, line: pl.Series, authors: pl.Series
) -> tuple[Ragged, Ragged, Ragged, int]:
    """Words of attribution lines, of greetings and of authors' names, as numbers from one list."""
    n = context.n_posts
    people = pl.DataFrame({"author": context.author[:n], "name": authors}).filter(pl.col("author") >= 0)
    people = people.unique("author", keep="first", maintain_order=True).sort("author")
    bare = people["name"].fill_null("").str.replace(r" (via|on behalf of) .*$", "")
    sources = {
        "line": (np.arange(n), line.fill_null("")),
        "greeting": (np.arange(n), own.str.split(" ").list.head(GREETING_WORDS).list.join(" ")),
        "name": (people["author"].to_numpy(), bare),
    }
    words = pl.concat(
        [
            pl.DataFrame({"owner": owner, "word": text})
            .with_columns(fold_words(pl.col("word")).str.split(" "))
            .explode("word", empty_as_null=True)
            .filter(pl.col("word").str.len_chars() > 1)
            .unique()
            .with_columns(pl.lit(kind).alias("kind"))
            for kind, (owner, text) in sources.items()
        ]
    ).with_columns(pl.col("word").rank("dense").cast(pl.Int64).alias("number"))

    def take(kind: str, size: int) -> Ragged:
        part = words.filter(pl.col("kind") == kind).sort("owner", "number")
        return make_ragged(part["owner"].to_numpy(), part["number"].to_numpy(), size)

    most = int(words.select(pl.col("number").max()).item() or 0) + 1
    return take("line", n), take("greeting", n), take("name", context.n_authors), most


def _read_times(line: pl.Series) -> Floats:
    """Times of attribution lines ("Mon, Jun 21, 2021 at 10:04 AM", "2021-06-21 10:04") in seconds, zones ignored."""
    months = "|".join(_MONTHS)
    text = pl.col("line").str.to_lowercase()
    forms = (
        (
            rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ .\-]+(?:of )?(?P<m>{months})[a-z]*\.?,?[ \-]+(?P<y>(?:19|20)\d\d)\b",
            True,
        ),
        (rf"\b(?P<m>{months})[a-z]*\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>(?:19|20)\d\d)\b", True),
        (r"\b(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b", False),
    )
    frame = line.to_frame("line")
    dates = []
    for pattern, named in forms:
        found = text.str.extract_groups(pattern)
        month = found.struct.field("m")
        month = (
            month.replace_strict(list(_MONTHS), list(range(1, 13)), default=None, return_dtype=pl.Int64)
            if named
            else month.cast(pl.Int64, strict=False)
        )
        year, day = (found.struct.field(key).cast(pl.Int64, strict=False) for key in ("y", "d"))
        valid = month.is_between(1, 12) & day.is_between(1, 28)
        dates.append(
            pl.when(valid).then(pl.datetime(year, month, day.clip(1, 28)))
            # The end of a month is not the same day in every month: add what is beyond the 28th.
            .when(month.is_between(1, 12) & day.is_between(29, 31))
            .then(pl.datetime(year, month, 28) + pl.duration(days=day - 28))
        )  # fmt: skip
    clock = text.str.extract_groups(r"\b(?P<h>\d{1,2})[:.h](?P<n>\d\d)(?:[:.]\d\d)?(?P<half> ?[ap]\.?m)?")
    hour, minute = (clock.struct.field(key).cast(pl.Int64, strict=False) for key in ("h", "n"))
    half = clock.struct.field("half").str.strip_chars().fill_null("")
    hour = hour + pl.when(half.str.starts_with("p") & (hour < 12)).then(12).when(
        half.str.starts_with("a") & (hour == 12)
    ).then(-12).otherwise(0)
    seconds = pl.coalesce(dates).dt.timestamp("us").cast(pl.Float64) / 1e6
    told = frame.select((seconds + hour * 3600.0 + minute * 60.0).fill_null(float("nan")).alias("at"))
    return told["at"].to_numpy()
