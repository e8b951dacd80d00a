"""Discussions as indented trees of lines.

In: the tables of an archive. Out: rich Texts, one a line, safe to print: text of strangers is never read as markup.

>>> for line in tree_lines(open_archive("parquet"), discussion_id, limit=200): print(line.plain)
"""

from __future__ import annotations

from typing import Any, Protocol

import polars as pl
from rich.text import Text

from pipeline.errors import ArchiveError
from pipeline.report.words import LENS_WORDS, count_words, first_words, share_words, time_words

WORDS_WIDTH = 100
GUIDE_DEPTH = 16  # deeper posts are numbered, not indented further: a chain of a thousand replies stays readable

_COLUMNS = [
    "post_id", "discussion_id", "thread_id", "parent_id", "depth", "position", "author", "posted_at",
    "posted_precision", "title", "text", "link_kind", "link_confidence", "deleted_at", "is_placeholder",
]  # fmt: skip


class Tables(Protocol):
    """The tables of one snapshot, as ``pipeline.open_archive`` gives them."""

    @property
    def posts(self) -> pl.LazyFrame: ...
    @property
    def discussions(self) -> pl.LazyFrame: ...
    @property
    def threads(self) -> pl.LazyFrame: ...
    @property
    def links(self) -> pl.LazyFrame: ...
    @property
    def sightings(self) -> pl.LazyFrame: ...
    @property
    def duplicates(self) -> pl.LazyFrame: ...
    @property
    def repeats(self) -> pl.LazyFrame: ...
    @property
    def captures(self) -> pl.LazyFrame: ...
    @property
    def aliases(self) -> pl.LazyFrame: ...


def largest_discussions(tables: Tables, limit: int) -> pl.DataFrame:
    """The discussions with most posts: discussion_id, title, community, n_posts, lens; at most ``limit`` rows.

    A discussion without a title is called by the first words of its first post.
    """
    largest = tables.discussions.sort(["n_posts", "discussion_id"], descending=[True, False]).head(limit).collect()
    first = (
        tables.posts.filter(pl.col("discussion_id").is_in(largest["discussion_id"].to_list()), pl.col("position") == 0)
        .select("discussion_id", pl.coalesce("title", "text").alias("words"))
        .collect()
    )
    named = largest.join(first, on="discussion_id", how="left", maintain_order="left")
    return named.select(
        "discussion_id", pl.coalesce("title", "words").fill_null("").alias("title"), "community", "n_posts", "lens"
    )


def tree_lines(tables: Tables, given: str, *, limit: int, hint: str = "--limit shows more") -> list[Text]:
    """The tree of a discussion, or of the thread that ``given`` names or stands in, one line a post.

    Args:
        tables: an archive.
        given: discussion_id, thread_id, post_id, or a seed of one of them.
        limit: most posts shown; a last line says how many are not.
        hint: what that line adds, in brackets.

    Raises:
        ArchiveError: nothing has that id.
    """
    discussion_id, thread_id = _find(tables, given)
    discussion = tables.discussions.filter(pl.col("discussion_id") == discussion_id).collect().row(0, named=True)
    # Posts are sorted by when their discussions began: other parts need not be read.
    first = discussion["began_at"]
    began = pl.col("began_at").is_null() if first is None else pl.col("began_at") == first
    inside = tables.posts.filter(began, pl.col("discussion_id") == discussion_id)
    if thread_id is not None:
        inside = inside.filter(pl.col("thread_id") == thread_id)
    total = inside.select(pl.len()).collect().item()
    if discussion["shape"] == "stream" and thread_id is None:
        inside = inside.filter(pl.col("thread_id").is_in(_first_threads(tables, discussion_id, limit)))
    ordered = inside.select(_COLUMNS).sort("position")
    # A page is listed depth first already, so its head is a tree.
    rows = (ordered.head(limit) if discussion["shape"] == "page" else ordered).collect()
    order = reading_order(rows["post_id"].to_list(), rows["parent_id"].to_list())[:limit]
    shown = rows[order] if order else rows
    words = shown.row(0, named=True)["text"] if shown.height else ""
    lines = [*_header(discussion, discussion["title"] or words, total), Text()]
    top = min(shown["depth"].to_list(), default=0)
    for row, guide in zip(
        shown.iter_rows(named=True), guides([d - top for d in shown["depth"].to_list()]), strict=True
    ):
        lines.append(_line(row, guide))
    if total > shown.height:
        more = f"… and {count_words(total - shown.height, 'more post')}"
        lines.append(Text(f"{more} ({hint})" if hint else more, "dim"))
    return lines


def reading_order(posts: list[str], parents: list[str | None]) -> list[int]:
    """Indices of the posts depth first, siblings as given; a post whose parent is not among them is a root."""
    index = {post: i for i, post in enumerate(posts)}
    children: dict[int, list[int]] = {}
    for i, parent in enumerate(parents):
        children.setdefault(index.get(parent, -1) if parent is not None else -1, []).append(i)
    order: list[int] = []
    stack = children.get(-1, [])[::-1]
    while stack:
        i = stack.pop()
        order.append(i)
        stack.extend(reversed(children.get(i, [])))
    return order


def guides(depths: list[int]) -> list[str]:
    """The lines drawn before each post of a depth-first list, e.g. ``│  └─ ``; a root has none.

    Args:
        depths: depth of each post, the first 0, each at most one more than that of the post before it.
    """
    drawn = [""] * len(depths)
    open_below: set[int] = set()  # depths at which a later sibling is still to come
    for i in range(len(depths) - 1, -1, -1):
        depth = depths[i]
        if 0 < depth <= GUIDE_DEPTH:
            rails = "".join("│  " if level in open_below else "   " for level in range(1, depth))
            drawn[i] = rails + ("├─ " if depth in open_below else "└─ ")
        elif depth:
            rails = "".join("│  " if level in open_below else "   " for level in range(1, GUIDE_DEPTH))
            drawn[i] = f"{rails}└┄{depth}┄ "
        open_below = {level for level in open_below if level < depth} | {depth}
    return drawn


def _find(tables: Tables, given: str) -> tuple[str, str | None]:
    """discussion_id, and thread_id where the id names less than the whole discussion."""
    seeds = tables.aliases.filter(pl.col("seed_id") == given).select("id").collect()
    named = seeds.item() if seeds.height else given
    if tables.discussions.filter(pl.col("discussion_id") == named).select(pl.len()).collect().item():
        return named, None
    threads = tables.threads.filter(pl.col("thread_id") == named).select("discussion_id").collect()
    if threads.height:
        return threads.item(), named
    posts = tables.posts.filter(pl.col("post_id") == named).select("discussion_id", "thread_id").collect()
    if posts.height:
        return posts.row(0)
    raise ArchiveError(f"No discussion, thread or post has the id {given}. `threadloom tree` alone lists discussions.")


def _first_threads(tables: Tables, discussion_id: str, limit: int) -> list[str]:
    """Threads of a stream in the order of their first posts, enough for ``limit`` posts."""
    threads = (
        tables.posts.filter(pl.col("discussion_id") == discussion_id)
        .group_by("thread_id")
        .agg(pl.col("position").min(), pl.len().alias("n"))
        .sort("position")
        .collect()
    )
    enough = (threads["n"].cum_sum() - threads["n"]) < limit
    return threads.filter(enough)["thread_id"].to_list()


def _header(discussion: dict[str, Any], name: str, total: int) -> list[Text]:
    title = Text(first_words(name, WORDS_WIDTH) or "(no title)", "bold")
    where = " · ".join(first_words(discussion[name], 40) for name in ("source", "community") if discussion[name])
    if where:
        title.append(f"  {where}", "dim")
    facts = [
        f"discussion {discussion['discussion_id']}",
        count_words(total, "post"),
        count_words(discussion["n_captures"], "capture"),
        f"listed in {discussion['listing']} order" if discussion["listing"] in ("page", "time") else "order unknown",
        LENS_WORDS[discussion["lens"]],
    ]
    if discussion["lens"] != "explicit":
        facts.append(f"about {share_words(discussion['expected_accuracy'])} of guessed parents are right")
    return [title, Text(" · ".join(facts), "dim")]


def _line(row: dict[str, Any], guide: str) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{row['post_id']} ", "dim")
    line.append(guide, "dim")
    if row["is_placeholder"]:
        line.append("(never seen) ", "yellow")
    elif row["author"]:
        line.append(f"{first_words(row['author'], 24)} ", "cyan")
    when = time_words(row["posted_at"], row["posted_precision"])
    if when:
        line.append(f"{when} ", "dim")
    if row["link_kind"] == "inferred" and not row["is_placeholder"]:
        sure = row["link_confidence"]
        line.append(f"{share_words(sure)} ", "green" if sure >= 0.9 else "yellow" if sure >= 0.5 else "red")
    elif row["link_kind"] == "decided":
        line.append("decided ", "magenta")
    if row["deleted_at"] is not None:
        line.append("(deleted) ", "red")
    words = " ".join(part for part in (row["title"], row["text"]) if part)
    line.append(first_words(words, WORDS_WIDTH))
    return line
