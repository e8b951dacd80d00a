"""Guessed links checked by hand: a sample to look through, and how good the guesses are by the answers.

In: an archive, then the sample with a column filled in. Out: rows to check; precision with intervals.

>>> draw_links(open_archive("parquet"), 200).write_csv("check.csv")
>>> score_links(read_answers("check.csv"))        # once people have said yes or no in the column `right`

Strata are lenses by confidence, and each gets as many rows as any other as far as it has them: guesses of which the
model is unsure are seen often enough to judge them, and weights make the whole come out right. Which posts of a stratum
are drawn is decided by a digest of their ids and the seed, so the same archive gives the same sample everywhere.

Intervals are Wilson's (1927), of 95 %; that of a weighted share takes the effective size of the sample (Korn &
Graubard 1998).
"""

from __future__ import annotations

from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.ids import digest_columns

BANDS = (0.5, 0.7, 0.9, 0.99)  # confidences at which a stratum ends and the next begins
NORMAL_95 = 1.959964
MOST_WORDS = 600  # characters of a post that a row shows
YES, NO, UNKNOWN = ("yes", "y", "true", "1"), ("no", "n", "false", "0"), ("", "?")
SCORED = {
    "lens": pl.String,
    "confidence": pl.String,
    "links": pl.Int64,
    "checked": pl.Int64,
    "right": pl.Int64,
    "precision": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "claimed": pl.Float64,
}
ALL = "all"


class Guesses(Protocol):
    """The tables of an open archive that are drawn from."""

    posts: pl.LazyFrame
    discussions: pl.LazyFrame


def draw_links(archive: Guesses, n: int, seed: int = 0) -> pl.DataFrame:
    """Guessed parents to check by hand.

    Args:
        archive: an open one.
        n: rows wanted; there are fewer where there are fewer guesses.
        seed: another one draws other posts.

    Returns:
        lens, confidence (the band), links (guesses of the stratum), post_id, parent_id, link_confidence, discussion,
        parent (its words; "answers none" where it has no parent), post (its words), right (empty, to be filled in);
        sorted by lens, band and discussion.
    """
    guessed = (
        archive.posts.filter((pl.col("link_kind") == "inferred") & ~pl.col("is_placeholder"))
        .join(archive.discussions.select("discussion_id", "lens", discussion="title"), on="discussion_id")
        .select("lens", "post_id", "parent_id", "link_confidence", "discussion_id", "position", "discussion")
        .with_columns(band=_band(pl.col("link_confidence")))
        .collect()
    )
    guessed = guessed.with_columns(
        turn=digest_columns(guessed.select("post_id", pl.lit(str(seed)).alias("seed")), "sample"),
        links=pl.len().over("lens", "band").cast(pl.Int64),
    ).sort("lens", "band", "turn", "post_id")
    sizes = guessed.group_by("lens", "band", maintain_order=True).agg(pl.len().alias("size"))
    sizes = sizes.with_columns(drawn=pl.Series(share_out(n, sizes["size"].to_numpy()), dtype=pl.Int64))
    drawn = (
        guessed.join(sizes, on=["lens", "band"], how="left", maintain_order="left")
        .filter(pl.int_range(pl.len()).over("lens", "band") < pl.col("drawn"))
        .sort("lens", "band", "discussion_id", "position")
    )
    words = archive.posts.filter(pl.col("post_id").is_in(_ids(drawn).implode())).select("post_id", _words()).collect()
    shown = drawn.join(words, on="post_id", how="left", maintain_order="left").join(
        words.rename({"post_id": "parent_id", "post": "parent"}), on="parent_id", how="left", maintain_order="left"
    )
    labels = pl.col("band").replace_strict(dict(enumerate(_labels())), return_dtype=pl.String)
    return shown.select(
        "lens",
        labels.alias("confidence"),
        "links",
        "post_id",
        "parent_id",
        pl.col("link_confidence").round(4),
        _harmless(pl.col("discussion").fill_null("")).alias("discussion"),
        pl.col("parent").fill_null("answers none"),
        "post",
        pl.lit("").alias("right"),
    )


def _band(confidence: pl.Expr) -> pl.Expr:
    return pl.sum_horizontal([(confidence >= bound).cast(pl.Int64) for bound in BANDS])


def _labels() -> list[str]:
    bounds = [f"{bound:g}" for bound in (0.0, *BANDS, 1.0)]
    return [f"{low}-{high}" for low, high in pairwise(bounds)]


def _ids(drawn: pl.DataFrame) -> pl.Series:
    return pl.concat([drawn["post_id"], drawn["parent_id"]]).drop_nulls().unique()


def _words() -> pl.Expr:
    """Author and beginning of a post, on one line."""
    by = pl.when(pl.col("author").is_not_null()).then(pl.format("{}: ", "author")).otherwise(pl.lit(""))
    title = pl.when(pl.col("title").is_not_null()).then(pl.format("{} | ", "title")).otherwise(pl.lit(""))
    line = pl.concat_str(by, title, "text").str.slice(0, MOST_WORDS)
    seen = pl.when("is_placeholder").then(pl.lit("(a post that was never seen)")).otherwise(line)
    return _harmless(seen).alias("post")


def _harmless(text: pl.Expr) -> pl.Expr:
    """Text without control characters, that no spreadsheet takes for a formula."""
    bare = text.str.replace_all(r"[\p{Cc}\p{Zl}\p{Zp}]+", " ").str.strip_chars()
    return pl.when(bare.str.contains(r"^[=+\-@]")).then(pl.format("'{}", bare)).otherwise(bare)


def share_out(n: int, sizes: NDArray[np.generic]) -> NDArray[np.int64]:
    """How many of n rows each stratum gives: all the same number, smaller ones all they have; int64[strata].

    What does not divide goes to the first strata.
    """
    left = np.asarray(sizes, dtype=np.int64)
    given = np.zeros(left.size, dtype=np.int64)
    # One pass empties a stratum or ends, so there are no more passes than strata.
    while n > 0 and (left > 0).any():
        hungry = np.flatnonzero(left > 0)
        each = max(1, n // hungry.size)
        takers = hungry if n >= hungry.size else hungry[:n]
        more = np.minimum(left[takers], each)
        given[takers] += more
        left[takers] -= more
        n -= int(more.sum())
    return given


def read_answers(path: str | PathLike[str]) -> pl.DataFrame:
    """The sample with what people said: lens, confidence, links, link_confidence, right (true, false, null: not said).

    Raises:
        InputError: the file is not such a sample, or an answer is neither yes nor no.
    """
    wanted = {"lens": pl.String, "confidence": pl.String, "links": pl.Int64, "link_confidence": pl.Float64}
    try:
        rows = pl.read_csv(Path(path), infer_schema=False)
        rows = rows.select(*(pl.col(name).cast(dtype) for name, dtype in wanted.items()), "right")
    except (pl.exceptions.PolarsError, OSError) as error:
        needed = ", ".join([*wanted, "right"])
        raise InputError(
            f"{path} is no sample as `threadloom sample links` writes it, with {needed}: {error}"
        ) from error
    said = pl.col("right").fill_null("").str.strip_chars().str.to_lowercase()
    known = rows.with_row_index("line", offset=2).with_columns(said)
    wrong = known.filter(~pl.col("right").is_in([*YES, *NO, *UNKNOWN]))
    if wrong.height:
        line, answer = wrong["line"][0], wrong["right"][0]
        raise InputError(f"{path}, row {line}: right is {answer!r}; write yes or no, or leave it empty")
    answered = pl.when(pl.col("right").is_in(YES)).then(True).when(pl.col("right").is_in(NO)).then(False)
    return rows.with_columns(known.select(right=answered))


def score_links(answers: pl.DataFrame) -> pl.DataFrame:
    """How many of the guesses are right.

    Args:
        answers: what `read_answers` returns.

    Returns:
        SCORED: one row per stratum, one per lens (confidence "all") and one for all: links it stands for, rows checked
        and right, precision and its interval (null where nothing was checked), and the mean confidence that the
        archive claims for them. Those of several strata are weighted by links; strata without an answer have no part.
    """
    strata = (
        answers.group_by("lens", "confidence")
        .agg(
            pl.col("links").first(),
            pl.col("right").count().cast(pl.Int64).alias("checked"),
            pl.col("right").sum().cast(pl.Int64),
            pl.col("link_confidence").mean().alias("claimed"),
        )
        .sort("lens", "confidence")
    )
    rows = [
        row | dict(zip(("precision", "low", "high"), _weigh(one), strict=True))
        for row, one in ((row, strata[at]) for at, row in enumerate(strata.iter_rows(named=True)))
    ]
    groups = [*(strata.filter(pl.col("lens") == lens) for lens in strata["lens"].unique(maintain_order=True)), strata]
    for group in groups[:1] if len(groups) == 2 else groups:
        whole = group["lens"].n_unique() > 1
        told = group.filter(pl.col("checked") > 0)
        claimed = np.average(told["claimed"], weights=told["links"]) if told.height else None
        rows.append(
            {
                "lens": ALL if whole else group["lens"][0],
                "confidence": ALL,
                "links": int(told["links"].sum()),
                "checked": int(group["checked"].sum()),
                "right": int(group["right"].sum()),
                "claimed": claimed,
            }
            | dict(zip(("precision", "low", "high"), _weigh(group), strict=True))
        )
    return pl.DataFrame(rows, schema=SCORED)


def _weigh(strata: pl.DataFrame) -> tuple[float | None, float | None, float | None]:
    """Weighted share of right answers and its interval."""
    told = strata.filter(pl.col("checked") > 0)
    if told.is_empty():
        return None, None, None
    weights = told["links"].to_numpy() / told["links"].sum()
    checked, right = told["checked"].to_numpy(), told["right"].to_numpy()
    share = float((weights * right / checked).sum())
    if told.height == 1:
        return share, *wilson_interval(share, float(checked[0]))
    # A stratum of which all answers are alike has a variance all the same (Laplace).
    smooth = (right + 1) / (checked + 2)
    variance = float((weights**2 * smooth * (1 - smooth) / checked).sum())
    middle = float((weights * smooth).sum())
    return share, *wilson_interval(share, middle * (1 - middle) / variance)


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share of n trials (Wilson 1927); n may be an effective number."""
    z = NORMAL_95**2 / n
    middle = (share + z / 2) / (1 + z)
    reach = float(np.sqrt(z * (share * (1 - share) + z / 4))) / (1 + z)
    return max(0.0, middle - reach), min(1.0, middle + reach)
