"""Corpora with known parents, seen through a lens: what a dump of that kind would not have is hidden.

In: a Parquet file of posts (corpus, split, thread_id, ordinal, id, parent_id, parent_ids, author, created_at, text,
labelled, kind, subject), beside it perhaps NAME.threads.parquet with the submissions. Out: DraftPosts, Quotations and
the parents to find.

>>> lesson = hide(read_corpus(Path("trees/reddit.parquet"), "train"), "page-text")
>>> lesson.posts.columns == list(DraftPosts.columns())
True
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from pipeline.algorithms.text import fold_words
from pipeline.algorithms.trees import NONE, measure_depths, number_depth_first
from pipeline.ids import digest_columns
from pipeline.tables import DraftPosts, Quotations, fit_table

LATE_SHARE = 0.3  # of a stream without a split of its own
LENSES = ("explicit", "indent", "page-meta", "page-text", "time-meta", "time-text")
QUOTE_WORDS = 3  # a shorter quotation is no evidence
_QUOTE_LINES = r"(?m)(?:^[ \t]*>[^\n]*\n?)+"
_NAMED = (
    r"(?:^|[^\w@])@([\w.\-]{2,40})",
    r"(?:^|\s)/?u/([\w\-]{2,40})",
    r'\[quote="([^",\]]{1,40})',
    r"(?m)^(?:On [^\n]{5,80}?, )?\"?([\w][\w .'\-]{1,40}?)\"?(?: [<(][^\n>)]*[>)])? (?:wrote|writes|said):?\s*$",
)
_ADDRESSED = r"^([^\s:,]{2,30})[:,]"


@dataclass(frozen=True, eq=False)
class Corpus:
    """One corpus.

    Attributes:
        name: of the file.
        posts: its columns, texts plain, sorted by thread and ordinal; gap-free.
        submissions: thread_id, title, text, author, created_at; perhaps no rows.
        in_page_order: whether ordinals follow a page depth first (else time).
        is_stream: whether roots start conversations.
    """

    name: str
    posts: pl.DataFrame
    submissions: pl.DataFrame
    in_page_order: bool
    is_stream: bool


@dataclass(frozen=True, eq=False)
class Lesson:
    """Posts as a dump would show them, and their true parents.

    Attributes:
        posts: DraftPosts, no parent declared.
        quotations: Quotations of marked quotations.
        gold: post_id, parents (list of post_ids; empty: answers none), labelled; one row per post but submissions.
    """

    posts: pl.DataFrame
    quotations: pl.DataFrame
    gold: pl.DataFrame


def read_corpus(path: Path, split: str | None = None) -> Corpus:
    """The posts of one split (all where split is None). Raises OSError where the file is missing.

    Streams without a `dev` split of their own: what was written first is `train`, the last LATE_SHARE of all posts are
    `dev`. There the earlier posts of the same discussions stay to be answered, but are not labelled.
    """
    is_stream = path.parent.name in ("chat", "mail")
    posts = pl.read_parquet(path).with_columns(pl.col("created_at").str.slice(0, 26))
    if split is not None and is_stream and not (posts["split"] == "dev").any():
        posts = _split_by_time(posts, split)
    elif split is not None:
        posts = posts.filter(pl.col("split") == split)
    beside = path.with_name(path.stem + ".threads.parquet")
    columns = ("thread_id", "title", "text", "author", "created_at")
    heads = (
        pl.read_parquet(beside, columns=list(columns))
        if beside.exists()
        else posts.clear().select("thread_id", pl.col("subject").alias("title"), "text", "author", "created_at")
    )
    posts = posts.sort("thread_id", "ordinal").with_columns(_plain(posts.sort("thread_id", "ordinal")["text"]))
    heads = heads.with_columns(_plain(heads["text"]))
    return Corpus(path.stem, posts, heads, _follows_page(posts), is_stream)


def _split_by_time(posts: pl.DataFrame, split: str) -> pl.DataFrame:
    """Rows of `train` or `dev` where time decides; posts without a time are early ones."""
    rank = pl.col("created_at").fill_null("").rank("ordinal")
    late = rank > (1 - LATE_SHARE) * pl.len()
    if split == "train":
        return posts.filter(~late)
    return posts.with_columns(pl.col("labelled") & late).filter(late.any().over("thread_id"))


def _plain(texts: pl.Series) -> pl.Series:
    """Texts without markup, where the corpus has any."""
    texts = texts.fill_null("")
    if texts.str.contains(r"(?i)<p>|<br ?/?>|&(#x27|gt|lt|amp|quot);").mean() in (None, 0.0):
        return texts
    bare = texts.str.replace_all(r"(?i)<(p|br|/p|div|li)( [^>]*)?/?>", "\n").str.replace_all(r"<[^>\n]{1,300}>", "")
    # Only here, and only for training: one call a text.
    return pl.Series(texts.name, [html.unescape(text) for text in bare], dtype=pl.String)


@njit(cache=True)
def _count_jumps(thread: NDArray[np.int64], parent: NDArray[np.int64]) -> int:
    """How many posts answer one that is not on the path to the post listed just above."""
    jumps = 0
    for row in range(1, parent.size):
        if thread[row] != thread[row - 1] or parent[row] < 0:
            continue
        above = row - 1
        while above >= 0 and above != parent[row]:
            above = parent[above]
        jumps += above < 0
    return jumps


def _follows_page(posts: pl.DataFrame) -> bool:
    """Whether the listing is depth first."""
    at = posts.select("thread_id", pl.col("id").alias("parent_id"), pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    at = at.unique(["thread_id", "parent_id"], keep="first", maintain_order=True)
    parent = posts.select("thread_id", "parent_id").join(
        at, on=["thread_id", "parent_id"], how="left", maintain_order="left"
    )["row"]
    thread = posts["thread_id"].rle_id().cast(pl.Int64).to_numpy()
    return bool(_count_jumps(thread, parent.fill_null(-1).to_numpy()) <= 0.002 * posts.height)


@dataclass(frozen=True)
class View:
    """What shares of threads (of posts: cut_quotes) a dump shows otherwise than its lens says, drawn by digest of their
    names: training on such a mixture teaches what to make of each.

    Attributes:
        submission: threads whose submission is shown.
        no_authors, no_times: threads without authors, without times.
        cut_quotes: posts whose marked quotations stand beside them and not in their text.
        oldest_first, newest_first: threads whose siblings are listed by time, in page order.
    """

    submission: float = 0.0
    no_authors: float = 0.0
    no_times: float = 0.0
    cut_quotes: float = 0.0
    oldest_first: float = 0.0
    newest_first: float = 0.0


PLAIN_VIEW = View()
FULL_VIEW = View(submission=1.0)  # a dump of a page shows what is discussed on it


def draw(column: str, salt: str, share: float) -> pl.Expr:
    """True for a share of the column's values, the same ones on every machine."""
    if share <= 0:
        return pl.lit(value=False)
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    values = {a + b: digits.index(a) * 32 + digits.index(b) for a in digits for b in digits}
    digest = pl.col(column).map_batches(
        lambda s: digest_columns(pl.DataFrame({"value": s}), salt).str.slice(0, 2), return_dtype=pl.String
    )
    return digest.replace_strict(values, return_dtype=pl.Int64) < share * 1024


def hide(corpus: Corpus, lens: str, view: View = PLAIN_VIEW) -> Lesson:
    """The corpus as a dump under the lens shows it.

    Args:
        corpus: whole threads.
        lens: page-text, page-meta, time-text, time-meta, indent (page order with depths) or explicit.
        view: departures from the lens.

    Raises:
        ValueError: there is no such lens, or it needs page order and the corpus has none.
    """
    if lens not in LENSES:
        raise ValueError(f"There is no lens {lens}; there are: {', '.join(LENSES)}")
    if lens.startswith(("page", "indent")) and not corpus.in_page_order:
        raise ValueError(f"{corpus.name} is not listed in page order, so it cannot be seen through {lens}")
    own = ("page" if corpus.in_page_order else "time", "meta")
    order, told = own if lens in ("explicit", "indent") else lens.split("-")
    posts = _with_quotes(corpus.posts, draw("id", "quotes", view.cut_quotes))
    posts = posts.with_columns(_time(), _names(posts, corpus.is_stream))
    if order == "time" and corpus.in_page_order:
        posts = posts.sort("thread_id", "posted_at", "ordinal", nulls_last=True)
    if order == "page" and view.oldest_first + view.newest_first > 0:
        posts = _sort_siblings(posts, view)
    posts = posts.with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("thread_id").alias("order"),
        pl.lit(value=False).alias("is_submission"),
    )
    shown = corpus.submissions.filter(draw("thread_id", "submission", view.submission))
    heads = shown.filter(pl.col("thread_id").is_in(posts["thread_id"].unique().implode())).with_columns(
        _time(),
        pl.lit("").alias("id"),
        pl.lit(0, dtype=pl.Int64).alias("order"),
        pl.lit(value=True).alias("is_submission"),
    )
    both = pl.concat([posts.with_columns(pl.col("subject").alias("title")), heads], how="diagonal")
    named = pl.lit(told == "meta") & ~draw("thread_id", "authors", view.no_authors)
    timed = pl.lit(told == "meta") & ~draw("thread_id", "times", view.no_times)
    drafts = both.select(
        _name(corpus.name, "id").alias("post_id"),
        _name(corpus.name, None).alias("discussion_id"),
        "order",
        pl.lit("stream" if corpus.is_stream else "page").alias("shape"),
        pl.lit(order).alias("order_known"),
        pl.col("is_submission").alias("parent_known"),
        "is_submission",
        pl.when(named).then("author").alias("author"),
        pl.when(named).then(_fold_name("author")).alias("author_key"),
        pl.when(timed).then("posted_at").alias("posted_at"),
        pl.when(timed & pl.col("posted_at").is_not_null()).then(pl.lit("second")).alias("posted_precision"),
        "title",
        pl.col("text").fill_null(""),
        fold_words(pl.col("text").fill_null("")).alias("words"),
        pl.lit([], dtype=DraftPosts.columns()["quotes"].dtype).alias("quotes"),
        pl.col("named").fill_null([]).alias("mentions"),
        pl.lit(1).alias("n_sightings"),
        pl.lit(value=False).alias("is_placeholder"),
        pl.lit([], dtype=pl.List(pl.String)).alias("flags"),
    )
    gold = posts.select(
        _name(corpus.name, "id").alias("post_id"),
        pl.col("parent_ids").list.len().fill_null(0).alias("n"),
        "parent_ids",
        "parent_id",
        "labelled",
        "thread_id",
    )
    gold = _gold(corpus.name, gold)
    return Lesson(fit_table(DraftPosts, _declare(drafts, gold, lens)), _find_quoted(corpus.name, posts), gold)


def _sort_siblings(posts: pl.DataFrame, view: View) -> pl.DataFrame:
    """The posts of threads in page order, siblings by time in those that the view draws."""
    falls = draw("thread_id", "sorted", view.newest_first)
    by_time = draw("thread_id", "sorted", view.newest_first + view.oldest_first)
    stamp = pl.col("posted_at").dt.epoch("s").fill_null(0)
    key = pl.when(by_time).then(pl.when(falls).then(-stamp).otherwise(stamp)).otherwise(0).alias("key")
    rows = posts.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("row"), key)
    above = rows.select("thread_id", pl.col("parent_id").alias("id")).join(
        rows.select("thread_id", "id", "row").unique(["thread_id", "id"], keep="first"),
        on=["thread_id", "id"],
        how="left",
        maintain_order="left",
    )
    # Roots of one thread stay together: threads are read one after another.
    order = rows.sort(pl.col("thread_id").rle_id(), "key", "row")["row"].to_numpy()
    places = number_depth_first(above["row"].fill_null(NONE).to_numpy(), order)
    return posts[np.argsort(places)]


def _declare(drafts: pl.DataFrame, gold: pl.DataFrame, lens: str) -> pl.DataFrame:
    """The drafts with the (first) true parents, or how deep they stand, where the lens shows them."""
    if lens not in ("explicit", "indent"):
        return drafts
    told = drafts.join(gold, on="post_id", how="left", maintain_order="left")
    parent = pl.col("parents").list.first()
    if lens == "explicit":
        return told.with_columns(pl.lit(value=True).alias("parent_known"), parent.alias("declared_parent_id"))
    rows = told.select("post_id", pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    above = told.select(parent.alias("post_id")).join(rows, on="post_id", how="left", maintain_order="left")["row"]
    depths = measure_depths(above.fill_null(NONE).to_numpy())
    return told.with_columns(pl.Series("listed_depth", depths, dtype=pl.Int32))


def _time() -> pl.Expr:
    """Times of a corpus, whatever their zone mark, as UTC."""
    bare = pl.col("created_at").str.replace(r"(Z|[+-]00:?00)$", "").str.replace("T", " ").str.slice(0, 19)
    return (
        bare.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
        .dt.replace_time_zone("UTC")
        .alias("posted_at")
    )


def _fold_name(column: str) -> pl.Expr:
    return pl.col(column).str.normalize("NFKC").str.to_lowercase().str.strip_chars("@ <>")


def _name(corpus: str, column: str | None) -> pl.Expr:
    """Ids of posts (column: their id) or discussions (None) of a corpus."""
    kind = pl.lit("post" if column else "discussion").alias("kind")
    fields = [pl.lit(corpus).alias("corpus"), kind, pl.col("thread_id"), *([pl.col(column)] if column else [])]
    return pl.struct(fields).map_batches(
        lambda found: digest_columns(found.struct.unnest(), "corpus"), return_dtype=pl.String
    )


def _with_quotes(posts: pl.DataFrame, cut: pl.Expr) -> pl.DataFrame:
    """Adds quote_words (the first marked quotation, folded), and cuts marked quotations out of texts where told to."""
    quote = pl.col("text").str.extract(f"({_QUOTE_LINES})").str.replace_all(r"(?m)^[ \t]*>[ \t]?", "")
    posts = posts.with_columns(fold_words(quote).alias("quote_words"))
    bare = pl.col("text").str.replace_all(_QUOTE_LINES, "")
    return posts.with_columns(
        pl.when(cut & pl.col("quote_words").is_not_null()).then(bare).otherwise("text").alias("text")
    )


def _names(posts: pl.DataFrame, is_stream: bool) -> pl.Series:
    """Names that each text mentions, as mention spans whose offsets are of no account."""
    found = [pl.col("text").str.extract_all(pattern).list.eval(pl.element().str.extract(pattern)) for pattern in _NAMED]
    names = posts.with_columns(pl.concat_list(found).alias("names"))
    if is_stream:
        addressed = pl.col("text").str.extract(_ADDRESSED)
        authors = posts.select("thread_id", _fold_name("author").alias("who")).unique()
        at_start = posts.select("thread_id", pl.int_range(pl.len()).alias("row"), addressed.alias("name")).with_columns(
            pl.col("name").str.to_lowercase().alias("who")
        )
        at_start = at_start.join(authors, on=["thread_id", "who"], how="semi").select("row", "name")
        names = (
            names.with_row_index("row")
            .with_columns(pl.col("row").cast(pl.Int64))
            .join(at_start.with_columns(pl.col("row").cast(pl.Int64)), on="row", how="left", maintain_order="left")
            .with_columns(pl.concat_list("names", "name").list.drop_nulls().alias("names"))
        )
    span = pl.struct(
        pl.lit(0, dtype=pl.UInt32).alias("start"), pl.lit(0, dtype=pl.UInt32).alias("end"), pl.element().alias("name")
    )
    return names.select(pl.col("names").list.drop_nulls().list.eval(span).alias("named"))["named"]


def _find_quoted(corpus: str, posts: pl.DataFrame) -> pl.DataFrame:
    """Quotations: the nearest earlier post of the thread in whose words the first marked quotation stands."""
    ids = posts.select(_name(corpus, "id"))[:, 0].to_list()
    threads = posts["thread_id"].to_list()
    words = [f" {text} " for text in posts.select(fold_words(pl.col("text")))[:, 0]]
    found = []
    # Only here, and only for training: few posts have a marked quotation.
    for row, quote in enumerate(posts["quote_words"]):
        if quote is None or quote.count(" ") + 1 < QUOTE_WORDS:
            continue
        above = row - 1
        while above >= max(0, row - 400) and threads[above] == threads[row]:
            if f" {quote} " in words[above]:
                found.append((ids[row], ids[above], 1.0, quote.count(" ") + 1))
                break
            above -= 1
    frame = pl.DataFrame(
        found,
        schema={"post_id": pl.String, "quoted_id": pl.String, "share": pl.Float64, "n_words": pl.Int64},
        orient="row",
    )
    return fit_table(Quotations, frame.unique(["post_id", "quoted_id"], keep="first", maintain_order=True))


def _gold(corpus: str, gold: pl.DataFrame) -> pl.DataFrame:
    """True parents by post_id; a parent that the corpus does not hold counts as none."""
    parents = pl.when(pl.col("n") > 0).then("parent_ids").otherwise(pl.concat_list(pl.col("parent_id")))
    flat = gold.select("post_id", "thread_id", parents.alias("parent")).explode("parent").drop_nulls("parent")
    flat = flat.with_columns(_name(corpus, "parent").alias("parent"))
    flat = flat.filter(pl.col("parent").is_in(gold["post_id"].implode()) & (pl.col("parent") != pl.col("post_id")))
    listed = flat.group_by("post_id", maintain_order=True).agg(pl.col("parent").alias("parents"))
    return (
        gold.select("post_id", "labelled")
        .join(listed, on="post_id", how="left", maintain_order="left")
        .with_columns(pl.col("parents").fill_null([]))
    )
