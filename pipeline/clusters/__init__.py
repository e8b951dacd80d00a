"""Duplicates in any table of texts, without an archive: which rows say the same, and how each is related to it.

In: a frame of texts, with whatever is known of author, time and discussion. Out: clusters and typed edges.

>>> rows = pl.DataFrame({"id": ["a", "b"], "text": ["The tram was late again.", "The trams was late again."]})
>>> found = deduplicate(rows)
>>> found.edges.select("left_id", "right_id", "kind").row(0)
('a', 'b', 'repost')

Texts are compared by their words as a run compares them: equal words, or candidates of the bands that are verified. Of
texts that are cut off, what is left must begin another one. Short texts of equal words are one only where one known
author wrote both: "I agree." is evidence of nothing. A long chain whose ends are unlike is split.

Texts, band keys and pairs stay within a memory setting, and lie in a folder beyond it; of each row some two hundred
bytes (id, key of its text, what is known of it) stay in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.similarity import edit_ratio
from pipeline.clusters.texts import Texts
from pipeline.deduplicate.author_edits import FEWEST_WORDS, MOST_TEXTS, pair_author_edits
from pipeline.deduplicate.candidates import MIN_CHARACTERS
from pipeline.errors import SettingError
from pipeline.ids import digest_texts
from pipeline.normalise.words import fold_texts
from pipeline.settings import Settings

UNLIKE = 0.6  # below this edit ratio the ends of a chain are not one cluster
MAX_ROUNDS = 8  # of splitting; chains are short
MEMORY = 4096  # MiB: two million comments stay in memory
_MIB = 1 << 20
_BATCH_ROWS = 200_000
_STEMS = {"words_key": pl.String, "words": pl.String, "stem": pl.String}

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


def deduplicate(
    frame: pl.DataFrame | pl.LazyFrame,
    settings: Settings | None = None,
    memory: int = MEMORY,
    folder: Path | None = None,
) -> Duplicates:
    """Clusters of rows that say the same.

    Args:
        frame: id (distinct, no nulls), text; optional author, created_at, discussion_id. What is null is not known, and
            a column that is absent is known of no row. The order of rows does not matter. Of a LazyFrame
            (``pl.scan_parquet``) no more than a batch of texts is read at a time.
        settings: shingle_size, permutations, candidate_similarity, edit_similarity, boilerplate_discussions.
        memory: MiB for texts, band keys and pairs; it changes nothing of what is found.
        folder: where a folder is made for what does not fit; null: the system's place for such.

    Raises:
        SettingError: a column is missing, or an id stands twice or is null.
    """
    chosen = settings or Settings()
    with Texts(memory * _MIB, folder) as texts:
        rows, stems = _read_rows(frame, texts)
        near = texts.near(chosen)
        pairs = pl.concat([near, _find_cut(stems, texts).join(near, on=["left_key", "right_key"], how="anti")])
        edits = _pair_edits(rows, texts)
        pairs = pl.concat([pairs, edits.join(pairs, on=["left_key", "right_key"], how="anti")])
        settled = _settle(_join_rows(rows, texts.keys, pairs), texts, stems, pairs)
        edges = _type_edges(settled, chosen)
    named = settled.select("id", cluster_id="canonical_id")
    return Duplicates(rows.select("id").join(named, on="id", how="left", maintain_order="left"), edges)


def _read_rows(frame: pl.DataFrame | pl.LazyFrame, texts: Texts) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is known of every row but its words, in the order given; and texts that are cut off.

    Rows: id, every optional column (created_at as it is, if it can be compared), words_key, length (characters of its
    words), n_words. Cut texts: words_key, words, stem (what is left of them). The texts are added to ``texts``.
    """
    columns = frame.collect_schema()
    if missing := {"id", "text"} - set(columns):
        raise SettingError(f"There is no column {' or '.join(sorted(missing))}; there are: {', '.join(columns)}")
    known = [
        (pl.col(name) if dtype is None else pl.col(name).cast(dtype))
        if name in columns
        else pl.lit(None, dtype or pl.Int64).alias(name)
        for name, dtype in _OPTIONAL.items()
    ]
    rows: list[pl.DataFrame] = []
    stems = [pl.DataFrame(schema=_STEMS)]
    for batch in _batches_of(frame):
        said = batch["text"].cast(pl.String).fill_null("")
        words = fold_texts(said).alias("words")
        keys = digest_texts(words).alias("words_key")
        texts.add(keys, words)
        cut = said.str.contains(_CUT_OFF)
        if cut.any():
            stem = fold_texts(said.filter(cut).str.replace(_CUT_OFF, "")).alias("stem")
            stems.append(pl.DataFrame([keys.filter(cut), words.filter(cut), stem]))
        length, n_words = words.str.len_chars().alias("length"), words.str.count_matches(" ", literal=True) + 1
        rows.append(batch.select("id", *known).with_columns(keys, length, n_words.alias("n_words")))
    found = pl.concat(rows)
    if found["id"].null_count() or found["id"].n_unique() != found.height:
        raise SettingError("The column id must name every row, and no two rows alike")
    return found, pl.concat(stems).group_by("words_key").agg(pl.col("words").first(), pl.col("stem").min())


def _batches_of(frame: pl.DataFrame | pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """The rows in batches, one at least."""
    if isinstance(frame, pl.LazyFrame):
        yield frame.head(0).collect()
        yield from frame.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=True)
    elif frame.height <= _BATCH_ROWS:
        yield frame
    else:
        yield from frame.iter_slices(_BATCH_ROWS)


def _pair_edits(rows: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """Pairs of texts that one known author wrote as versions of one post, as rows of ``Texts.near``."""
    group = ["author", "discussion_id"]
    long = rows.drop_nulls(group).filter(pl.col("n_words") >= FEWEST_WORDS)
    own = long.select(*group, "words_key", "created_at").unique()
    own = own.filter(pl.len().over(group).is_between(2, MOST_TEXTS)).sort(*group)
    found = [pl.DataFrame(schema={"left_key": pl.String, "right_key": pl.String, "similarity": pl.Float32})]
    if own.height:
        own = own.with_columns(number=own.select(pl.struct(group)).to_series().rle_id())
        # Whole groups, about as many as fit.
        for part in texts.slices(own):
            whole = own.filter(pl.col("number").is_between(part["number"][0], part["number"][-1]))
            words = texts.fetch(whole["words_key"].unique())
            found.append(pair_author_edits(whole.join(words, on="words_key")))
    pairs = pl.concat(found).unique(["left_key", "right_key"]).sort("left_key", "right_key")
    return pairs.with_columns(method=pl.lit("near"))


def _find_cut(stems: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """Texts that are cut off, with the first in alphabetical order of those that begin with what is left of them."""
    cut = stems.filter(pl.col("stem").str.len_chars() >= MIN_CHARACTERS)
    heads = cut.select(head=pl.col("stem").str.head(MIN_CHARACTERS)).unique()
    none = [pl.DataFrame(schema={"words_key": pl.String, "words": pl.String})]
    ordered = pl.concat(
        none
        if cut.is_empty()
        else none
        + [
            part.join(heads, left_on=pl.col("words").str.head(MIN_CHARACTERS), right_on="head", how="semi")
            for part in texts.parts()
        ]
    ).sort("words")
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
    short = pl.col("length") < MIN_CHARACTERS
    alone = (short & pl.col("author").is_null()) | (pl.col("length") == 0)
    rows = rows.join(classes, on="words_key", how="left", maintain_order="left")
    long = rows.filter(~short).with_columns(cluster="label")
    proven = rows.filter(short & ~alone).with_columns(
        cluster=len(keys) + pl.struct("label", "author", "discussion_id").rank("dense").cast(pl.Int64)
    )
    single = rows.filter(alone).with_columns(cluster=-1 - pl.int_range(pl.len(), dtype=pl.Int64))
    return pl.concat([long, proven, single]).drop("label")


def _settle(rows: pl.DataFrame, texts: Texts, stems: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
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
        measured = _measure(measured, texts, stems, both_ways)
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


def _measure(rows: pl.DataFrame, texts: Texts, stems: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Adds similarity to the canonical row and method; similarity is null where the words are unlike."""
    keys = ["words_key", "canonical_words_key"]
    other = rows.filter(pl.col("words_key") != pl.col("canonical_words_key")).select(keys).unique()
    known = other.join(pairs, left_on=keys, right_on=["left_key", "right_key"], how="inner").select(
        *keys, "similarity", "method", is_like=pl.lit(value=True)
    )
    chained = [
        _compare_ends(part, texts, stems).select(known.columns)
        for part in texts.slices(other.join(known, on=keys, how="anti"))
    ]
    same = pl.col("words_key") == pl.col("canonical_words_key")
    # One author's versions of a post may drift as far as they like.
    by_one = (pl.col("author") == pl.col("canonical_author")) & (
        pl.col("discussion_id") == pl.col("canonical_discussion_id")
    )
    like = pl.col("is_like") | by_one.fill_null(value=False)
    joined = rows.join(pl.concat([known, *chained]), on=keys, how="left", maintain_order="left")
    return joined.with_columns(
        similarity=pl.when(same).then(pl.lit(1.0, pl.Float32)).when(like).then("similarity"),
        method=pl.when(same).then(pl.lit("exact")).when(like).then("method"),
    ).drop("is_like")


def _compare_ends(pairs: pl.DataFrame, texts: Texts, stems: pl.DataFrame) -> pl.DataFrame:
    """Adds similarity, method and is_like to pairs of keys (words_key, canonical_words_key) that a chain joins."""
    keys = ("words_key", "canonical_words_key")
    names = pl.concat([pairs[key].alias("words_key") for key in keys]).unique()
    told = texts.fetch(names).join(stems.select("words_key", "stem"), on="words_key", how="left")
    for key, name in zip(keys, ("own", "canonical"), strict=True):
        named = told.select(pl.col("words_key").alias(key), pl.col("words").alias(name), stem="stem")
        pairs = pairs.join(named.rename({"stem": f"{name}_stem"}), on=key, how="left", maintain_order="left")
    ratios = pl.Series("similarity", edit_ratio(pairs["own"], pairs["canonical"]), dtype=pl.Float32)
    begins = pl.col("canonical").str.starts_with(pl.col("own_stem")) | pl.col("own").str.starts_with(
        pl.col("canonical_stem")
    )
    cut = begins.fill_null(value=False)
    return pairs.with_columns(ratios, method=pl.when(cut).then(pl.lit("cut")).otherwise(pl.lit("near"))).with_columns(
        is_like=(pl.col("similarity") >= UNLIKE) | (pl.col("method") == "cut")
    )


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
