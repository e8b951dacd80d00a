"""A stream laid out for its signals: who speaks when, who names whom, which lines are the system's.

In: a `Context` and the texts of its posts. Out: a `Stream`.

>>> stream = lay_stream(context, posts, pack)
>>> stream.last_own[7]        # the entry of the line that the author of entry 7 wrote before it, -1 where there is none
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit

from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import UNKNOWN, Flags, Floats, Ints, Ragged, Table
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.streams.letters import Letters
from pipeline.reconstruct.streams.naming import find_named

AHEAD = 30  # lines after a post that are looked at for who goes on talking with whom
RATE_SECONDS = 300.0
_SYSTEM = (
    r"^(===|\*\*\*|-->|<--|-!-) |^\S+ (\([^)]*\) )?(has (joined|left|quit|parted)|joined the (channel|group|server)|"
    r"left the (channel|group|server)|is now known as)\b"
)


@dataclass(frozen=True, eq=False)
class Stream:
    """Discussions in time order; N posts.

    Attributes:
        context: what every discussion has.
        named: authors whom each post names, ascending; strength: float64[named], 2 where the post addresses them (it
            begins with the name, or marks it), 1 where the name only stands in it.
        is_system: bool[N], the line is the system's and nobody's words.
        messages: int64[N], lines of the discussion before the post that are somebody's words.
        last_own: int64[N], the line that its author wrote before it, or -1.
        named_last: int64[N], the last line before it that names its author, or -1.
        addressed_last: int64[N], the author whom its author last named before it, or -1.
        run: int64[N], lines of its author that stand right above it without a break.
        rate: float64[N], lines of the discussion within RATE_SECONDS before it; NaN where times are unknown.
        letters: what letters tell besides; None in chats.
        told: float32[N, len(lexicon.TELLS)], what the words of each line tell by a model; None before it is asked.
    """

    context: Context
    named: Ragged
    strength: Floats
    is_system: Flags
    messages: Ints
    last_own: Ints
    named_last: Ints
    addressed_last: Ints
    run: Ints
    rate: Floats
    letters: Letters | None = None
    told: Table | None = None


def lay_stream(context: Context, texts: pl.Series, authors: pl.Series, pack: ModelPack) -> Stream:
    """The stream of a context.

    Args:
        context: discussions in time order.
        texts: String[N], the words of its posts as written.
        authors: String[N], their folded authors, nulls allowed.
        pack: word rarities: a common word is no name.
    """
    n = context.n_posts
    named, strength = find_named(context, texts, authors, pack)
    system = texts.str.contains(_SYSTEM).fill_null(value=False).to_numpy()
    before = np.append(0, np.cumsum(~system)).astype(np.int64)
    people = _follow_authors(context.author, context.first, named.offsets, named.values, n)
    return Stream(
        context=context,
        named=named,
        strength=strength,
        is_system=system,
        messages=before[:-1] - before[context.first] if n else before[:-1],
        last_own=people[0],
        named_last=people[1],
        addressed_last=people[2],
        run=people[3],
        rate=_count_rate(context.time, context.first, n),
    )


@njit(cache=True, nogil=True)
def _follow_authors(author: Ints, first: Ints, offsets: Ints, named: Ints, n: int) -> tuple[Ints, Ints, Ints, Ints]:
    """last_own, named_last, addressed_last, run of a `Stream`. Authors belong to one discussion each."""
    most = 1
    for entry in range(author.size):
        most = max(most, author[entry] + 1)
    last = np.full(most, UNKNOWN, dtype=np.int64)
    calls = np.full(most, UNKNOWN, dtype=np.int64)
    partner = np.full(most, UNKNOWN, dtype=np.int64)
    last_own = np.full(n, UNKNOWN, dtype=np.int64)
    named_last, addressed_last = np.full(n, UNKNOWN, dtype=np.int64), np.full(n, UNKNOWN, dtype=np.int64)
    run = np.zeros(n, dtype=np.int64)
    for entry in range(n):
        a = author[entry]
        if a >= 0:
            last_own[entry], named_last[entry], addressed_last[entry] = last[a], calls[a], partner[a]
            if last[a] >= 0 and last[a] == entry - 1 and entry > first[entry]:
                run[entry] = run[entry - 1] + 1
            last[a] = entry
        for at in range(offsets[entry], offsets[entry + 1]):
            calls[named[at]] = entry
            if a >= 0:
                partner[a] = named[at]
    return last_own, named_last, addressed_last, run


@njit(cache=True, nogil=True)
def _count_rate(time: Floats, first: Ints, n: int) -> Floats:
    rate = np.full(n, np.nan)
    begin = 0
    for entry in range(n):
        begin = max(begin, first[entry])
        if np.isnan(time[entry]):
            continue
        while begin < entry and not (time[entry] - time[begin] <= RATE_SECONDS):
            begin += 1
        rate[entry] = entry - begin
    return rate
