"""Duplicates in any table of texts, without an archive: which rows say the same, and how each is related to it.

In: a frame of texts, with whatever is known of author, time and discussion. Out: clusters and typed edges.

>>> rows = pl.DataFrame({"id": ["a", "b"], "text": ["The tram was late again.", "The trams was late again."]})
>>> found = deduplicate(rows)
>>> found.edges.select("left_id", "right_id", "kind").row(0)
('a', 'b', 'repost')

Texts are compared by their words as a run compares them: equal words, or candidates of the bands that are verified. Of
texts that are cut off, what is left must begin another one. Short texts of equal words are one only where one known
author wrote both: "I agree." is evidence of nothing. A long chain whose ends are unlike is split.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.similarity import edit_ratio
from pipeline.deduplicate.author_edits import pair_author_edits
from pipeline.deduplicate.candidates import MIN_CHARACTERS
from pipeline.deduplicate.near import near_duplicates
from pipeline.errors import SettingError
from pipeline.ids import digest_texts, order_ids
from pipeline.normalise.words import fold_texts
from pipeline.settings import Settings

UNLIKE = 0.6  # below this edit ratio the ends of a chain are not one cluster
MAX_ROUNDS = 8  # of splitting; chains are short

_OPTIONAL = {"author": pl.String, "created_at": None, "discussion_id": pl.String}
_CUT_OFF = r"(?:…|\.\.\.)\s*(?:\(?\[?(?:[Rr]ead|[Ss]ee|[Ss]how) more\]?\)?)?\s*$"


@dataclass(frozen=True, eq=False)
class Duplicates:
    """What `deduplicate` finds.

    Attributes:
        clusters: id, cluster_id (the id of its canonical row: the earliest, then the smallest id), in the order given.
        edges: left_id (canonical), right_id, kind (recapture, edit, truncation, repost, boilerplate), similarity
            (Float32, edit ratio of the words), method (exact, near or cut), collapses; sorted by right_id.
    """

    clusters: pl.DataFrame
    edges: pl.DataFrame


def deduplicate(frame: pl.DataFrame, settings: Settings | None = None) -> Duplicates:
    """Clusters of rows that say the same.

    Args:
        frame: id (distinct, no nulls), text; optional author, created_at, discussion_id. What is null is not known, and
            a column that is absent is known of no row. The order of rows does not matter.
        settings: shingle_size, permutations, candidate_similarity, edit_similarity, boilerplate_discussions.

    Raises:
        SettingError: a column is missing, or an id stands twice or is null.
    """
    chosen = settings or Settings()
    rows = _read_rows(frame)
    texts = rows.filter(pl.col("words") != "").group_by("words_key").agg(pl.col("words").first(), pl.col("stem").min())
    texts = texts[order_ids(texts["words_key"])].with_columns(pl.col("words_key").set_sorted())
    near = near_duplicates(texts, chosen).select("left_key", "right_key", "similarity", "method")
    pairs = pl.concat([near, _find_cut(texts).join(near, on=["left_key", "right_key"], how="anti")])
    edits = pair_author_edits(rows).with_columns(method=pl.lit("near"))
    pairs = pl.concat([pairs, edits.join(pairs, on=["left_key", "right_key"], how="anti")])
    settled = _settle(_join_rows(rows, texts["words_key"], pairs), texts, pairs)
    edges = _type_edges(settled, chosen)
    return Duplicates(
        frame.select("id").join(settled.select("id", cluster_id="canonical_id"), on="id", how="left"), edges
    )


def _read_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """id, text facts, and every optional column; created_at stays as it is, if it can be compared."""
    if missing := {"id", "text"} - set(frame.columns):
        raise SettingError(f"There is no column {' or '.join(sorted(missing))}; there are: {', '.join(frame.columns)}")
    if frame["id"].null_count() or frame["id"].n_unique() != frame.height:
        raise SettingError("The column id must name every row, and no two rows alike")
    known = [
        (pl.col(name) if dtype is None else pl.col(name).cast(dtype))
        if name in frame.columns
        else pl.lit(None, dtype or pl.Int64).alias(name)
        for name, dtype in _OPTIONAL.items()
    ]
    texts = frame["text"].cast(pl.String).fill_null("")
    words = fold_texts(texts).alias("words")
    cut = texts.str.contains(_CUT_OFF)
    stems = pl.Series("stem", [None] * frame.height, pl.String)
    if cut.any():
        stems = stems.scatter(cut.arg_true(), fold_texts(texts.filter(cut).str.replace(_CUT_OFF, "")))
    return frame.select("id", *known).with_columns(words, digest_texts(words).alias("words_key"), stems)


def _find_cut(texts: pl.DataFrame) -> pl.DataFrame:
    """Texts that are cut off, with the first in alphabetical order of those that begin with what is left of them."""
    cut = texts.filter(pl.col("stem").str.len_chars() >= MIN_CHARACTERS).select("words_key", "words", "stem")
    heads = cut.select(head=pl.col("stem").str.head(MIN_CHARACTERS))
    ordered = texts.join(heads, left_on=pl.col("words").str.head(MIN_CHARACTERS), right_on="head", how="semi")
    ordered = ordered.sort("words")
    cut = cut.head(len(cut) if len(ordered) else 0)
    first = ordered["words"].search_sorted(cut["stem"])
    # The text that is cut off begins with it as well, and may stand there itself.
    found = [cut.with_columns(nth=nth, place=(first + nth).clip(0, max(0, len(ordered) - 1))) for nth in (0, 1)]
    pairs = pl.concat(found).with_columns(
        whole=ordered["words"].gather(pl.concat([one["place"] for one in found])),
        whole_key=ordered["words_key"].gather(pl.concat([one["place"] for one in found])),
    )
    begins = pl.col("whole").str.starts_with(pl.col("stem")) & (pl.col("whole_key") != pl.col("words_key"))
    pairs = pairs.filter(begins).sort("nth").unique("words_key", keep="first", maintain_order=True)
    ratios = pl.Series(edit_ratio(pairs["words"], pairs["whole"]), dtype=pl.Float32)
    named = pairs.select(
        left_key=pl.min_horizontal("words_key", "whole_key"),
        right_key=pl.max_horizontal("words_key", "whole_key"),
        similarity=ratios,
        method=pl.lit("cut"),
    )
    return named.unique(["left_key", "right_key"]).sort("left_key", "right_key")


def _join_rows(rows: pl.DataFrame, keys: pl.Series, pairs: pl.DataFrame) -> pl.DataFrame:
    """The rows with cluster (Int64): equal where words are joined by pairs, or are equal and prove something."""
    labels = connected_components(
        len(keys), keys.search_sorted(pairs["left_key"]).to_numpy(), keys.search_sorted(pairs["right_key"]).to_numpy()
    )
    classes = pl.DataFrame({"words_key": keys, "label": labels})
    short = pl.col("words").str.len_chars() < MIN_CHARACTERS
    alone = (short & pl.col("author").is_null()) | (pl.col("words") == "")
    rows = rows.join(classes, on="words_key", how="left", maintain_order="left")
    long = rows.filter(~short).with_columns(cluster="label")
    proven = rows.filter(short & ~alone).with_columns(
        cluster=len(keys) + pl.struct("label", "author", "discussion_id").rank("dense").cast(pl.Int64)
    )
    single = rows.filter(alone).with_columns(cluster=-1 - pl.int_range(pl.len(), dtype=pl.Int64))
    return pl.concat([long, proven, single]).drop("label")


def _settle(rows: pl.DataFrame, texts: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Adds each row's canonical row (columns canonical_…), its similarity to that and the method."""
    facts = ("id", "words_key", "author", "created_at", "discussion_id")
    open_rows = rows.select("cluster", *facts).sort("created_at", "id", nulls_last=True)
    both_ways = pl.concat(
        [pairs, pairs.select(left_key="right_key", right_key="left_key", similarity="similarity", method="method")]
    )
    # Most rows say what no other says.
    single = ~pl.col("cluster").is_duplicated()
    settled = [_alone(open_rows.filter(single))]
    open_rows = open_rows.filter(~single)
    # A round settles what is like the first of its cluster, and leaves the rest to the next.
    for nth in range(MAX_ROUNDS + 1):
        heads = open_rows.unique("cluster", keep="first", maintain_order=True)
        named = heads.select("cluster", *(pl.col(name).alias(f"canonical_{name}") for name in facts))
        if heads.height == open_rows.height or nth == MAX_ROUNDS:
            settled.append(_alone(open_rows))
            break
        measured = open_rows.join(named, on="cluster", how="left", maintain_order="left")
        measured = _measure(measured, texts, both_ways)
        close = pl.col("similarity").is_not_null()
        settled.append(measured.filter(close))
        open_rows = measured.filter(~close).select(open_rows.columns)
    columns = settled[0].columns
    return pl.concat([frame.select(columns) for frame in settled])


def _alone(rows: pl.DataFrame) -> pl.DataFrame:
    facts = [name for name in rows.columns if name != "cluster"]
    return rows.with_columns(
        *(pl.col(name).alias(f"canonical_{name}") for name in facts),
        similarity=pl.lit(1.0, pl.Float32),
        method=pl.lit("exact"),
    )


def _measure(rows: pl.DataFrame, texts: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Adds similarity to the canonical row and method; similarity is null where the words are unlike."""
    keys = ["words_key", "canonical_words_key"]
    other = rows.filter(pl.col("words_key") != pl.col("canonical_words_key")).select(keys).unique()
    known = other.join(pairs, left_on=keys, right_on=["left_key", "right_key"], how="inner").select(
        *keys, "similarity", "method", is_like=pl.lit(value=True)
    )
    chained = other.join(known, on=keys, how="anti")
    for key, name in zip(keys, ("own", "canonical"), strict=True):
        named = texts.select(pl.col("words_key").alias(key), words="words", stem="stem")
        chained = chained.join(named.rename({"words": name, "stem": f"{name}_stem"}), on=key, how="left")
    ratios = pl.Series("similarity", edit_ratio(chained["own"], chained["canonical"]), dtype=pl.Float32)
    begins = pl.col("canonical").str.starts_with(pl.col("own_stem")) | pl.col("own").str.starts_with(
        pl.col("canonical_stem")
    )
    cut = begins.fill_null(value=False)
    chained = (
        chained.with_columns(ratios, method=pl.when(cut).then(pl.lit("cut")).otherwise(pl.lit("near")))
        .with_columns(is_like=(pl.col("similarity") >= UNLIKE) | (pl.col("method") == "cut"))
        .select(known.columns)
    )
    same = pl.col("words_key") == pl.col("canonical_words_key")
    # One author's versions of a post may drift as far as they like.
    by_one = (pl.col("author") == pl.col("canonical_author")) & (
        pl.col("discussion_id") == pl.col("canonical_discussion_id")
    )
    like = pl.col("is_like") | by_one.fill_null(value=False)
    joined = rows.join(pl.concat([known, chained]), on=keys, how="left", maintain_order="left")
    return joined.with_columns(
        similarity=pl.when(same).then(pl.lit(1.0, pl.Float32)).when(like).then("similarity"),
        method=pl.when(same).then(pl.lit("exact")).when(like).then("method"),
    ).drop("is_like")


def _type_edges(settled: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Rows of `Duplicates.edges`: every row that is not canonical with the one that is."""

    def known(name: str) -> pl.Expr:
        return pl.col(name).is_not_null() & pl.col(f"canonical_{name}").is_not_null()

    def same(name: str) -> pl.Expr:
        return known(name) & (pl.col(name) == pl.col(f"canonical_{name}"))

    place, time = (same(name) | ~known(name) for name in ("discussion_id", "created_at"))
    by_one = same("author") & place
    cut = (pl.col("method") == "cut") & ((by_one | ~known("author")) & place)
    equal = pl.col("method") == "exact"
    wide = pl.col("discussion_id").n_unique().over("canonical_id") >= settings.boilerplate_discussions
    kind = (
        pl.when(equal & by_one & time)
        .then(pl.lit("recapture"))
        .when(cut)
        .then(pl.lit("truncation"))
        .when(~equal & by_one)
        .then(pl.lit("edit"))
        .when(wide)
        .then(pl.lit("boilerplate"))
        .otherwise(pl.lit("repost"))
    )
    collapses = (
        pl.when(equal)
        .then(same("author") & same("created_at") & place)
        .otherwise(same("author") & same("discussion_id"))
    )
    related = settled.with_columns(kind=kind, collapses=collapses & pl.col("method").is_not_null())
    return (
        related.filter(pl.col("id") != pl.col("canonical_id"))
        .select(
            left_id="canonical_id",
            right_id="id",
            kind="kind",
            similarity="similarity",
            method="method",
            collapses="collapses",
        )
        .sort("right_id")
    )
