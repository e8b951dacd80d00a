"""Standing quotations: paragraphs of flat texts that are no posts, but words of one that the post below answers.

In: paragraphs in reading order, with their listing and discussion. Out: who quotes whom.

>>> find_standing_quotes(listed, units).select("sighting_id", "quoted_sighting_id", "reply_sighting_id")

The quoted words are the earliest that fit: whoever quotes them as well comes later.
"""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.passages import find_passages

MIN_WORDS = 5
MIN_BITS = 25.0
MIN_BITS_WHOLE = 40.0
MIN_SHARE = 0.9
WHOLE = 0.85  # share of another paragraph's words from which it is the whole of that
FARTHEST_WHOLE = 3  # paragraphs from another one to a quotation of its whole; farther away somebody posted it again
LONGEST_RUN = 3
LEAST_COPIES, MOST_REPEATED = 4, 0.1  # paragraphs, and share of them, that a listing repeats as a whole


def find_standing_quotes(listed: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Paragraphs of flat texts that quote an earlier paragraph and stand right before the reply.

    A paragraph is one if its informative words, the last ones too, stand in an earlier paragraph of the same
    listing and another paragraph follows. What stands more than twice is somebody posting the same again; so is the
    whole of another paragraph where its words are not rare, or not all the same, or where it stands alone and far
    below. Where another listing of the discussion shows the paragraph first, it is a post that the other one
    quotes: a page may be sorted otherwise.

    Args:
        listed: paragraphs only: sighting_id, unit, seat, words_key, words, n_words, information.
        units: unit, discussion_id.

    Returns:
        sighting_id, quoted_sighting_id, reply_sighting_id, share, n_words; sorted by sighting_id.
    """
    schema = {"sighting_id": pl.String, "quoted_sighting_id": pl.String, "reply_sighting_id": pl.String}
    nothing = pl.DataFrame(schema=schema | {"share": pl.Float32, "n_words": pl.Int64})
    texts = (
        listed.join(units.select("unit", "discussion_id"), on="unit", how="left", maintain_order="left")
        .select(
            "sighting_id",
            "discussion_id",
            "words_key",
            "words",
            "n_words",
            "information",
            group="unit",
            order=pl.col("seat").cast(pl.Int64),
        )
        .with_columns(
            last=pl.col("order").max().over("group"),
            often=pl.len().over("group", "words"),
            anywhere=pl.lit(value=False),
        )
    )
    passages = texts.filter(
        (pl.col("n_words") >= MIN_WORDS) & (pl.col("information") >= MIN_BITS) & (pl.col("order") < pl.col("last"))
    )
    if passages.is_empty():
        return nothing
    found = find_passages(passages, texts).filter(pl.col("share") >= MIN_SHARE)
    found = found.with_columns(
        sighting_id=passages["sighting_id"].gather(found["passage"]),
        group=passages["group"].gather(found["passage"]),
        seat=passages["order"].gather(found["passage"]),
        n_words=passages["n_words"].gather(found["passage"]),
        quoted_sighting_id=texts["sighting_id"].gather(found["text"]),
        quoted_words=texts["n_words"].gather(found["text"]),
        quoted_key=texts["words_key"].gather(found["text"]),
        words_key=passages["words_key"].gather(found["passage"]),
        discussion_id=passages["discussion_id"].gather(found["passage"]),
        often=passages["often"].gather(found["passage"]),
        bits=passages["information"].gather(found["passage"]),
        ends_alike=_end_alike(passages["words"].gather(found["passage"]), texts["words"].gather(found["text"])),
    )
    found = found.filter("ends_alike").drop("ends_alike")
    whole = pl.col("n_words") >= WHOLE * pl.col("quoted_words")
    again = (pl.col("share") < 1) | (pl.col("bits") < MIN_BITS_WHOLE)
    found = found.filter((pl.col("n_words") <= pl.col("quoted_words")) & (pl.col("often") <= 2) & ~(whole & again))
    found = _without_copies(_without_first_said(_without_far(found), texts), texts)
    if found.is_empty():
        return nothing
    quotes = found.sort("sighting_id", "order").unique("sighting_id", keep="first", maintain_order=True)
    quotes = _without_runs(_agree_on_replies(quotes, texts))
    # The reply is the next paragraph that is no quotation itself.
    marks = quotes.select("sighting_id", is_quote=pl.lit(True))
    replies = (
        texts.join(marks, on="sighting_id", how="left")
        .sort("group", "order")
        .with_columns(reply=pl.when(pl.col("is_quote").is_null()).then("sighting_id"))
        .with_columns(reply_sighting_id=pl.col("reply").backward_fill().over("group"))
        .select("sighting_id", "reply_sighting_id")
    )
    return (
        quotes.join(replies, on="sighting_id", how="left")
        .drop_nulls("reply_sighting_id")
        .filter(pl.col("reply_sighting_id") != pl.col("quoted_sighting_id"))
        .select("sighting_id", "quoted_sighting_id", "reply_sighting_id", "share", pl.col("n_words").cast(pl.Int64))
        .sort("sighting_id")
    )


def _end_alike(passage: pl.Series, text: pl.Series) -> pl.Series:
    """Whether texts hold the last two words of passages: else these are what somebody says to what he quotes."""
    both = pl.DataFrame([passage.alias("passage"), text.alias("text")])
    last = pl.concat_str(pl.lit(" "), pl.col("passage").str.extract(r"(\S+ \S+)$"), pl.lit(" "))
    return both.select(pl.format(" {} ", "text").str.contains(last, literal=True).fill_null(value=True)).to_series()


def _without_far(found: pl.DataFrame) -> pl.DataFrame:
    """Quotations but whole paragraphs far below the one they repeat, unless another quotation stands beside them."""
    seats = found.select("group", "seat").unique()
    beside = pl.concat([seats.with_columns(pl.col("seat") + step, is_beside=pl.lit(value=True)) for step in (-1, 1)])
    near = pl.col("seat") - pl.col("order") <= FARTHEST_WHOLE
    kept = near | (pl.col("words_key") != pl.col("quoted_key")) | pl.col("is_beside").is_not_null()
    joined = found.join(beside.unique(), on=["group", "seat"], how="left", maintain_order="left")
    return joined.filter(kept).drop("is_beside")


def _without_first_said(found: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Quotations but those whose words another listing of the discussion shows before those they are found in."""
    seats = texts.select("discussion_id", "words_key", "group", "order")
    before = (
        found.select("sighting_id", "quoted_sighting_id", "discussion_id", "words_key", "quoted_key")
        .join(seats, on=["discussion_id", "words_key"])
        .join(seats, left_on=["discussion_id", "quoted_key", "group"], right_on=["discussion_id", "words_key", "group"])
        .filter(pl.col("order") < pl.col("order_right"), pl.col("words_key") != pl.col("quoted_key"))
    )
    return found.join(before, on=["sighting_id", "quoted_sighting_id"], how="anti", maintain_order="left")


def _agree_on_replies(quotes: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Quotations that stand above the same paragraph wherever the discussion is listed.

    However a page is sorted, a quotation stays above its reply; a post with the same words has other neighbours. So of
    two equal paragraphs the first may be the quotation; and a whole paragraph quoted in one listing is so in all.
    """
    place = ["discussion_id", "words_key", "next_key"]
    rows = texts.sort("group", "order").with_columns(next_key=pl.col("words_key").shift(-1).over("group"))
    beside = rows.drop_nulls("next_key").select(*place, "group", "sighting_id", "order")
    shows = texts.select("discussion_id", "words_key", "group").unique()
    second = quotes.with_columns(turned=pl.lit(value=False))
    whole = second.filter(pl.col("words_key") == pl.col("quoted_key"))
    swapped = {
        "sighting_id": "quoted_sighting_id",
        "quoted_sighting_id": "sighting_id",
        "seat": "order",
        "order": "seat",
    }
    first = whole.rename(swapped).select(quotes.columns).with_columns(turned=pl.lit(value=True))
    claims = pl.concat([second, first]).join(rows.select("sighting_id", "next_key"), on="sighting_id", how="left")
    claims = claims.drop_nulls("next_key")
    asked = claims.select(place).unique()
    both = asked.join(shows, on=["discussion_id", "words_key"]).join(
        shows, left_on=["discussion_id", "next_key", "group"], right_on=["discussion_id", "words_key", "group"]
    )
    votes = (
        both.join(
            beside.select(*place, "group", is_beside=pl.lit(value=True)).unique(), on=[*place, "group"], how="left"
        )
        .group_by(place)
        .agg(beside=pl.col("is_beside").fill_null(value=False).sum(), listings=pl.len())
    )
    least = pl.when("turned").then(2).otherwise(1)
    held = claims.join(votes, on=place, how="left").filter(
        (2 * pl.col("beside") > pl.col("listings")) & (pl.col("beside") >= least)
    )
    straight = held.filter(~pl.col("turned"))
    # Only where the second does not stay above its reply the first may be the quotation.
    other = held.filter("turned", pl.col("next_key") != pl.col("words_key"))
    other = other.join(straight, left_on="quoted_sighting_id", right_on="sighting_id", how="anti")
    other = other.join(straight, on="sighting_id", how="anti").unique("sighting_id", keep="first", maintain_order=True)
    held = pl.concat([straight, other])
    # The beginning of a longer paragraph may as well be a post that the longer one quotes.
    known = (
        held.filter(pl.col("words_key") == pl.col("quoted_key"))
        .sort(*place, "sighting_id")
        .unique(place, keep="first", maintain_order=True)
    )
    spread = (
        known.drop("sighting_id", "group", "seat")
        .join(beside.rename({"order": "seat"}), on=place)
        .join(held, on="sighting_id", how="anti")
        .filter(pl.col("sighting_id") != pl.col("quoted_sighting_id"))
    )
    return pl.concat([held.select(quotes.columns), spread.select(quotes.columns)]).sort("sighting_id")


def _without_copies(found: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Quotations but whole paragraphs of listings that repeat many: these show a page twice, and nobody quotes so."""
    repeats = texts.group_by("group").agg(repeated=pl.len() - pl.col("words_key").n_unique(), n=pl.len())
    copies = repeats.filter((pl.col("repeated") >= LEAST_COPIES) & (pl.col("repeated") > MOST_REPEATED * pl.col("n")))
    is_copy = (pl.col("words_key") == pl.col("quoted_key")) & pl.col("group").is_in(copies["group"].implode())
    return found.filter(~is_copy)


def _without_runs(quotes: pl.DataFrame) -> pl.DataFrame:
    """Quotations but those that stand in a long row: a page shown again does, and nobody quotes so."""
    ordered = quotes.sort("group", "seat")
    run = (pl.col("seat") - pl.int_range(pl.len()).over("group")).alias("run")
    return ordered.filter(pl.len().over("group", run) <= LONGEST_RUN).sort("sighting_id")
