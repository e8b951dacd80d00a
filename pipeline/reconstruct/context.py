"""Discussions laid out as arrays, so that signals can look at millions of pairs of posts without touching a row.

In: rows of the discussions to look into, the texts of their posts, and quotations among them. Out: a `Context`.

>>> context = lay_out(rows, posts, quotations, pack)
>>> context.first[7], context.place[7]        # where post 7's discussion starts, and post 7's place in it

Entries 0 … n_posts - 1 are posts in listing order, discussion by discussion; entries from n_posts on are the known
submissions, which stand outside the listing. Placeholders have neither words nor place and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.algorithms.text import fold_words
from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import UNKNOWN, Flags, Floats, Ints, Ragged, Table
from pipeline.reconstruct.people import count_turns, number_authors, number_subjects
from pipeline.reconstruct.wording import find_quotations, number_words, sharpen_words, state_facts

# Seconds that times of each precision are exact to.
TICKS = {"microsecond": 0.0, "millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400}
LONG_TICK = 31 * 86400.0  # of a time that is known no better, or not at all


@dataclass(frozen=True, eq=False)
class Context:
    """Discussions as arrays; N posts, S submissions, E = N + S entries, W distinct words.

    Attributes:
        n_posts: N.
        rows: int64[E], row of the entry.
        first: int64[N], entry with which its discussion starts; size: int64[N], posts in its discussion.
        place: int64[N], place in its discussion's listing.
        submission: int64[E], entry of its discussion's submission or -1.
        is_stream: bool[N].
        words: distinct words of each entry, ascending word numbers; bits: float64[words], surprise of each by the pack;
            sharp: float64[words], the same once the word's spread over the discussion is allowed for.
        total_bits: float64[E], surprise of all words of an entry.
        n_words: int64[E], words of each entry; first_word: int64[E], the number of its first word or -1.
        vocabulary: String[W], the words.
        folded: String[E], folded texts of posts, and titles and texts of submissions.
        facts: float32[E, len(POST_FACTS)], 1 where the text has it.
        author: int64[E], a number per author or -1; n_authors: how many; turn: int64[E], how often the author of a post
            has posted before it.
        time: float64[E], seconds since 1970 or NaN; tick: float64[E], seconds that its time is exact to.
        mentions: author numbers that each entry names; -1 for a name that no author of the discussion has.
        subject: int64[E], a number per subject line (Re: and the like taken off) or -1; is_reply_subject: bool[E].
        quoted: entries that each entry quotes, ascending; quoted_share, quoted_own: how much of the quotation stands in
            the quoted post, and the share of the quoted post's own four-word runs that the entry holds.
    """

    n_posts: int
    rows: Ints
    first: Ints
    size: Ints
    place: Ints
    submission: Ints
    is_stream: Flags
    words: Ragged
    bits: Floats
    sharp: Floats
    total_bits: Floats
    n_words: Ints
    first_word: Ints
    vocabulary: pl.Series
    folded: pl.Series
    facts: Table
    author: Ints
    n_authors: int
    turn: Ints
    time: Floats
    tick: Floats
    mentions: Ragged
    subject: Ints
    is_reply_subject: Flags
    quoted: Ragged
    quoted_share: Floats
    quoted_own: Floats


def lay_out(
    rows: pl.DataFrame,
    posts: pl.DataFrame,
    quotations: pl.DataFrame,
    pack: ModelPack,
    reading: Sequence[pl.Expr] = (),
) -> Context:
    """The discussions of the rows as arrays.

    Args:
        rows: rows of whole discussions as `settle_declared` gives them, sorted by row.
        posts: DraftPosts that the rows' source_row counts.
        quotations: Quotations; pairs with a post outside the rows are ignored.
        pack: word rarities.
        reading: what posts of a discussion are sorted by before their row number; as listed by default.
    """
    listed = rows.filter(~pl.col("is_placeholder") & (pl.col("row") != pl.col("submission")))
    listed = listed.sort("discussion", *reading, "row") if reading else listed
    heads = rows.filter(pl.col("row") == pl.col("submission"))
    entries = pl.concat([listed, heads])
    n_posts = listed.height
    texts = posts[entries["source_row"]].select(
        "title",
        "text",
        "words",
        "mentions",
        "quotes",
        "posted_precision",
    )
    whole = texts.with_columns(
        pl.Series("is_head", np.arange(entries.height) >= n_posts),
        fold_words(pl.col("title").fill_null("")).alias("title_words"),
    ).with_columns(
        pl.when("is_head")
        .then(pl.concat_str("title_words", "words", separator=" ").str.strip_chars())
        .otherwise("words")
        .alias("words")
    )
    discussion = entries["discussion"].to_numpy()
    first, size = _find_runs(discussion[:n_posts])
    wording = number_words(whole["words"], pack)
    bits = wording.bits[wording.distinct.values]
    author, named = number_authors(entries, whole)
    quoted, share, own = find_quotations(entries, wording.sequence, discussion, n_posts, quotations)
    subject, is_reply = number_subjects(whole["title"], whole["is_head"])
    return Context(
        n_posts=n_posts,
        rows=entries["row"].to_numpy(),
        first=first,
        size=size,
        place=np.arange(n_posts) - first,
        submission=_find_submissions(entries, n_posts),
        is_stream=(listed["shape"] == "stream").to_numpy(),
        words=wording.distinct,
        bits=bits,
        total_bits=np.add.reduceat(np.append(bits, 0.0), wording.distinct.offsets[:-1])
        * (np.diff(wording.distinct.offsets) > 0),
        sharp=sharpen_words(wording.distinct, bits, discussion),
        n_words=np.diff(wording.sequence.offsets),
        first_word=wording.first_word,
        vocabulary=wording.vocabulary,
        folded=whole["words"],
        facts=state_facts(whole["text"], whole["words"]),
        author=author,
        n_authors=int(author.max(initial=UNKNOWN)) + 1,
        turn=count_turns(author, n_posts),
        time=entries["posted_at"].dt.timestamp("us").cast(pl.Float64).fill_null(np.nan).to_numpy() / 1e6,
        tick=whole["posted_precision"].replace_strict(TICKS, default=LONG_TICK, return_dtype=pl.Float64).to_numpy(),
        mentions=named,
        subject=subject,
        is_reply_subject=is_reply,
        quoted=quoted,
        quoted_share=share,
        quoted_own=own,
    )


def _find_runs(numbers: Ints) -> tuple[Ints, Ints]:
    """Where the run of equal numbers around each entry starts, and how long it is."""
    if numbers.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
    lengths = np.diff(np.append(starts, numbers.size))
    return np.repeat(starts, lengths), np.repeat(lengths, lengths)


def _find_submissions(entries: pl.DataFrame, n_posts: int) -> Ints:
    """Entry of the submission of each entry's discussion, -1 where none is known."""
    heads = entries[n_posts:].select("discussion", pl.int_range(n_posts, entries.height, dtype=pl.Int64).alias("head"))
    found = entries.select("discussion").join(heads, on="discussion", how="left", maintain_order="left")
    return found["head"].fill_null(UNKNOWN).to_numpy()
