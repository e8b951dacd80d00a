"""Versions of one post by one known author: texts of theirs in one discussion that share most of their words.

In: texts with author and discussion. Out: pairs of texts that are one post, rewritten or cut; keys for rows that may be
versions of one post, in several listings of a discussion or in one that is a history of posts.

>>> pair_author_edits(pl.DataFrame({
...     "words_key": ["a", "b"], "author": ["kit"] * 2, "discussion_id": ["d"] * 2, "created_at": [None] * 2,
...     "words": ["the night tram runs again from may", "the night tram runs again from the first of june"],
... })).height
1

Here the author outweighs the guards for words alone: who corrects their own post changes numbers, names and whole
sentences, and two posts by one person in one discussion hardly ever share half of their words in order. What they are
known to have posted at different times is two posts, however alike: an edit does not change when a post was posted.
"""

from __future__ import annotations

import polars as pl

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.similarity import containment, edit_ratio, word_edit_ratio
from pipeline.deduplicate.listings import add_near_keys
from pipeline.deduplicate.overlap import EXACT_TIMES, instant

SHARED = 0.5  # edit ratio of the words from which two texts of one author are versions of one post
CONTINUED = 0.9  # share of the shorter one's words that stand in the other, where one only adds to the other
FEWEST_WORDS = 8  # shorter texts of one author are alike by habit: thanks, greetings, one-word answers
HISTORY = 0.5  # share of a listing's rows beyond which, where they are versions of each other, it is a history of posts
MOST_TEXTS = 400  # of an author in one discussion that are all compared; a bot that wrote more has its own templates
REWRITTEN = pl.Schema(
    {"sighting_id": pl.String(), "version_key": pl.String(), "rewritten_key": pl.String(), "is_history": pl.Boolean()}
)


def pair_author_edits(texts: pl.DataFrame) -> pl.DataFrame:
    """Pairs of texts that one author wrote as versions of one post.

    Args:
        texts: words_key, words (folded), author, discussion_id (String), created_at (anything that can be compared).
            Rows without author or discussion prove nothing; rows may repeat.

    Returns:
        left_key < right_key, similarity (Float32, edit ratio of the words); distinct, sorted.
    """
    group = ["author", "discussion_id"]
    long = pl.col("words").str.count_matches(" ", literal=True) >= FEWEST_WORDS - 1
    own = texts.drop_nulls(group).filter(long).select(*group, "words_key", "words", "created_at").unique()
    own = own.filter(pl.len().over(group) <= MOST_TEXTS)
    one_time = (pl.col("created_at") == pl.col("created_at_right")).fill_null(value=True)
    pairs = (
        own.join(own, on=group, suffix="_right")
        .filter(pl.col("words_key") < pl.col("words_key_right"), one_time)
        .unique(["words_key", "words_key_right"])
        .sort("words_key", "words_key_right")
    )
    shorter = pl.col("words").str.len_chars() <= pl.col("words_right").str.len_chars()
    pairs = pairs.with_columns(
        part=pl.when(shorter).then("words").otherwise("words_right"),
        whole=pl.when(shorter).then("words_right").otherwise("words"),
    )
    ratio = edit_ratio(pairs["words"], pairs["words_right"])
    shared = word_edit_ratio(pairs["words"], pairs["words_right"]) >= SHARED
    continued = containment(pairs["part"], pairs["whole"]) >= CONTINUED
    return pairs.select(
        left_key="words_key", right_key="words_key_right", similarity=pl.Series(ratio, dtype=pl.Float32)
    ).filter(pl.Series(shared | continued))


def choose_rewritten(listed: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Rows that may be rewritten elsewhere and are not settled by ids or times: one listing of several shows their
    words, or their author is shown to have said other words at that second, or wrote more at a time that is not known.

    Args:
        listed: what ``find_listings`` returns, with scope and posted_precision.
        units: what ``find_discussions`` returns.

    Returns:
        sighting_id, capture_id, unit, discussion_id, words_key, author (author_key), created_at (exact times alone),
        is_alone (another listing may show the row rewritten), is_untold (no id and no time), n_untold (such rows of its
        listing).
    """
    group = ["discussion_id", "author_key"]
    has_id = pl.col("scope").is_not_null() & pl.col("native_id").is_not_null()
    places = listed.select("unit", has_id=has_id).join(units.select("unit", "discussion_id"), on="unit", how="left")
    without = places.filter(~pl.col("has_id"))["discussion_id"].unique()
    long = listed.filter(pl.col("author_key").is_not_null(), pl.col("n_words") >= FEWEST_WORDS)
    open_units = units.filter(pl.col("discussion_id").is_in(without.implode())).select("unit", "discussion_id")
    rows = long.join(open_units, on="unit", how="inner")
    exact = pl.col("posted_precision").is_in(EXACT_TIMES).fill_null(value=False)
    # What one author is shown to have said at one time in several ways was rewritten, however many listings show each.
    rows = rows.with_columns(second=pl.when(exact).then(instant()))
    said = pl.col("near_key").n_unique().over(*group, "second") > 1
    alone = (pl.col("unit").n_unique().over("discussion_id", "near_key") == 1) | (said & pl.col("second").is_not_null())
    elsewhere = (pl.col("unit").n_unique().over(group) > 1) & ~has_id.all().over(group)
    rows = rows.with_columns(
        is_alone=alone & elsewhere, is_untold=pl.col("native_id").is_null() & pl.col("posted_at").is_null()
    ).with_columns(n_untold=pl.col("is_untold").sum().over("unit"))
    more = pl.col("is_untold") & (pl.len().over(group) > 1)
    return rows.filter(pl.col("is_alone") | more).select(
        "sighting_id",
        "capture_id",
        "unit",
        "discussion_id",
        "words_key",
        "is_alone",
        "is_untold",
        "n_untold",
        author="author_key",
        created_at=pl.when(exact).then("posted_at"),
    )


def key_rewritten(rows: pl.DataFrame) -> pl.DataFrame:
    """Keys that rows share which may be versions of one post.

    Args:
        rows: what ``choose_rewritten`` returns, with words.

    Returns:
        One row for each that has a key: sighting_id, version_key (String: alignment may match such rows by their
        places), rewritten_key (String: versions that no time or id tells apart), is_history (most of the listing's rows
        are versions of each other: it shows posts as they were edited, not a page).
    """
    texts = rows.with_columns(text_key="words_key", words_key=pl.concat_str("author", "discussion_id", "words_key"))
    names = texts["words_key"].unique().sort()
    pairs = pair_author_edits(texts)
    ends = [names.search_sorted(pairs[name]) for name in ("left_key", "right_key")]
    labels = pl.Series(connected_components(len(names), *ends))
    found = texts.with_columns(label=labels.gather(names.search_sorted(texts["words_key"])))
    several = pl.col("words_key").n_unique().over("label", "is_alone") > 1
    again = pl.col("is_untold") & (pl.len().over("unit", "label", "is_untold") > 1)
    key = pl.col("label").cast(pl.String)
    found = found.select(
        "sighting_id",
        version_key=pl.when(pl.col("is_alone") & several).then(key),
        rewritten_key=pl.when("is_untold").then(key),
        is_history=again & (again.sum().over("unit") > HISTORY * pl.col("n_untold")),
    )
    return found.filter(pl.any_horizontal(pl.col("version_key", "rewritten_key").is_not_null()))


def add_forms(rewritten: pl.DataFrame, listed: pl.DataFrame, units: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Adds keys of rows by nobody known whose words differ in names or numbers alone: between the same neighbours of
    two listings they are versions of one post as well.

    Args:
        rewritten: sighting_id, version_key and more, as ``key_rewritten`` returns them.
        listed, units: what ``find_listings`` and ``find_discussions`` return.
        pairs: left_key, right_key, method: all verified pairs, those of method "template" among them.

    Returns:
        The same columns.
    """
    if not pairs.select((pl.col("method") == "template").any()).item():
        return rewritten
    open_rows = listed.filter(pl.col("author_key").is_null(), pl.col("native_id").is_null())
    rows = add_near_keys(open_rows.select("sighting_id", "unit", "words_key", strict="near_key"), pairs)
    rows = rows.join(units.select("unit", "discussion_id"), on="unit", how="left")
    # Only where pairs that say the same do not join them already.
    joined = rows.filter(pl.col("strict").n_unique().over("discussion_id", "near_key") > 1)
    forms = joined.select("sighting_id", version_key=pl.concat_str(pl.lit("form:"), "near_key"))
    return pl.concat([rewritten, forms.join(rewritten, on="sighting_id", how="anti")], how="diagonal")
