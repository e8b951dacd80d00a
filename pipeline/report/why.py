"""Why a post is one post, why it answers what it answers, and what else was possible, in words.

In: the tables of an archive and an id. Out: rich Texts, one a line, safe to print.

>>> print(*(line.plain for line in why_lines(open_archive("parquet"), post_id)), sep="\\n")
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl
from rich.text import Text

from pipeline.errors import ArchiveError
from pipeline.report.reasons import tell_gaps, tell_pair
from pipeline.report.tree import Tables
from pipeline.report.words import (
    FLAG_WORDS,
    METHOD_WORDS,
    comparison_words,
    count_words,
    evidence_words,
    first_words,
    share_words,
    time_words,
)

WORDS_WIDTH = 90
MOST_ROWS = 20  # of each kind; a post seen in a thousand captures is explained by its first ones

_MATCH_WORDS = {
    "first": "first sighting",
    "recapture": "seen again",
    "edit": "another version",
    "truncation": "cut short",
    "quote": "its quotation, standing beside it",
}

_KIND_WORDS = {
    "recapture": "the same post again",
    "edit": "an edit of it",
    "truncation": "the post, cut short",
    "quote": "a quotation that belongs to it",
    "repost": "the same words posted anew",
    "boilerplate": "a standing text",
}


def why_lines(tables: Tables, given: str) -> list[Text]:
    """Everything that was decided about a post, in words.

    Args:
        tables: an archive.
        given: post_id, a seed of it, or the sighting_id of one of its sightings.

    Raises:
        ArchiveError: nothing has that id.
    """
    post = _find_post(tables, given)
    sections = [
        ("", _who(tables, post)),
        (f"Seen {_times(post['n_sightings'])}", _sightings(tables, post)),
        ("Why these are one post", _merged(tables, post)),
        ("Whom it answers, and why", _parent(tables, post)),
        ("What else was possible", _runners_up(tables, post)),
        ("What was not known", _gaps(tables, post)),
        ("Like it, yet other posts", _relatives(tables, post)),
        ("Doubts", [Text(f"{flag}: {FLAG_WORDS.get(flag, '')}") for flag in post["flags"]]),
    ]
    lines: list[Text] = []
    for title, body in sections:
        if not body:
            continue
        if title:
            lines += [Text(), Text(title, "bold")]
        lines += [Text("  ").append_text(line) if title else line for line in body]
    return lines


def _find_post(tables: Tables, given: str) -> dict[str, Any]:
    seeds = tables.aliases.filter(pl.col("seed_id") == given, pl.col("table") == "posts").select("id")
    shown = tables.sightings.filter(pl.col("sighting_id") == given).select(pl.col("post_id").alias("id"))
    named = [given, *pl.concat([seeds, shown]).collect()["id"].to_list()]
    found = tables.posts.filter(pl.col("post_id").is_in(named)).collect()
    if found.is_empty():
        raise ArchiveError(f"No post has the id {given}. `threadloom tree` shows the ids of posts.")
    return found.row(0, named=True)


def _posts(tables: Tables, ids: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    wanted = sorted({post for post in ids if post is not None})
    columns = [
        "post_id", "author", "posted_at", "posted_precision", "title", "text", "quotes", "position", "is_placeholder"
    ]  # fmt: skip
    found = tables.posts.filter(pl.col("post_id").is_in(wanted)).select(columns).collect()
    return {row["post_id"]: row for row in found.iter_rows(named=True)}


def _named(post: dict[str, Any]) -> Text:
    """A post in a few words: author, time, first words, id."""
    line = Text()
    if post["is_placeholder"]:
        return line.append("a post that was never seen", "yellow").append(f"  {post['post_id']}", "dim")
    if post["author"]:
        line.append(f"{first_words(post['author'], 24)} ", "cyan")
    line.append(f"“{first_words(' '.join(part for part in (post['title'], post['text']) if part), WORDS_WIDTH)}”")
    return line.append(f"  {post['post_id']}", "dim")


def _times(count: int) -> str:
    return "nowhere" if count == 0 else "once" if count == 1 else "twice" if count == 2 else f"{count:,} times"


def _who(tables: Tables, post: dict[str, Any]) -> list[Text]:
    head = Text(f"Post {post['post_id']}", "bold")
    if post["author"]:
        head.append(f"  {first_words(post['author'], 40)}", "cyan")
    when = time_words(post["posted_at"], post["posted_precision"])
    if when:
        head.append(f"  {when}")
    if post["deleted_at"] is not None:
        head.append("  later deleted", "red")
    words = first_words(" ".join(part for part in (post["title"], post["text"]) if part), 3 * WORDS_WIDTH)
    discussion = (
        tables.discussions.filter(pl.col("discussion_id") == post["discussion_id"]).collect().row(0, named=True)
    )
    place = Text(f"at position {post['position']}, depth {post['depth']} of discussion {post['discussion_id']}", "dim")
    if discussion["title"]:
        place.append(f" “{first_words(discussion['title'], WORDS_WIDTH)}”")
    lines = [head, place]
    if post["is_placeholder"]:
        lines.append(Text("Nobody saw it: other posts declare to answer it.", "yellow"))
    elif words:
        lines.append(Text(f"“{words}”"))
    if post["native_id"]:
        lines.append(Text(f"the source calls it {first_words(post['native_id'], 60)}", "dim"))
    return lines


def _sightings(tables: Tables, post: dict[str, Any]) -> list[Text]:
    shown = (
        tables.sightings.filter(pl.col("post_id") == post["post_id"])
        .join(tables.captures.select("capture_id", "paths"), on="capture_id", how="left")
        .sort("captured_at", "capture_id", "ordinal", nulls_last=True)
        .collect()
    )
    lines = []
    for row in shown.head(MOST_ROWS).iter_rows(named=True):
        file = first_words((row["paths"] or ["?"])[0], 80)
        line = Text(f"{_MATCH_WORDS[row['match']]}: {file}, {first_words(row['location'], 40)}")
        if row["captured_at"] is not None:
            line.append(f", scraped {time_words(row['captured_at'], 'minute')}")
        if row["match"] != "first":
            line.append(f", words {share_words(row['similarity'])} alike")
        line.append(f"  {row['sighting_id']}", "dim")
        lines.append(line)
        if row["body_raw"] is not None and row["match"] in ("edit", "truncation", "quote"):
            lines.append(Text(f"    “{first_words(row['body_raw'], WORDS_WIDTH)}”"))
    return lines + _rest(shown.height)


def _merged(tables: Tables, post: dict[str, Any]) -> list[Text]:
    edges = (
        tables.duplicates.filter(
            pl.col("collapses"), pl.any_horizontal(pl.col("left_post_id", "right_post_id") == post["post_id"])
        )
        .sort("left_id", "right_id")
        .collect()
    )
    lines = []
    for edge in edges.head(MOST_ROWS).iter_rows(named=True):
        line = Text(f"{_KIND_WORDS[edge['kind']]}: {METHOD_WORDS[edge['method']]}")
        line.append(f", words {share_words(edge['similarity'])} alike")
        compared = comparison_words(edge["evidence"])
        if compared:
            line.append(f" ({compared})")
        lines.append(line.append(f"  {edge['left_id']} = {edge['right_id']}", "dim"))
    return lines + _rest(edges.height)


def _parent(tables: Tables, post: dict[str, Any]) -> list[Text]:
    near = _posts(tables, [post["parent_id"], post["under_id"]])
    answered = (
        Text("answers ").append_text(_named(near[post["parent_id"]])) if post["parent_id"] else Text("answers none")
    )
    if post["link_kind"] == "declared":
        return [answered, Text("declared by the dump, kept exactly" if post["parent_id"] else "the dump says so")]
    if post["link_kind"] == "decided":
        return [answered, Text("decided by a person")]
    lines = [answered]
    chosen = _links(tables, post, chosen=True)
    sure = Text(f"a guess, right with a probability of {share_words(post['link_confidence'])}", "yellow")
    evidence = chosen[0]["evidence"] if chosen else []
    if evidence:
        sure.append(f"; what was weighed: {evidence_words(evidence)}; together {chosen[0]['score']:+.2f}")
    lines.append(sure)
    if post["parent_id"] and (seen := tell_pair(post, near[post["parent_id"]])):
        lines.append(Text("; ".join(seen)))
    if any(item["signal"] == "order" for item in evidence):
        others = any(link["confidence"] > 0 for link in _links(tables, post, chosen=False))
        left = "rule other parents out" if others else "leave it no other parent"
        lines.append(Text(f"listings show its page in different sort orders: together they {left}"))
    if post["under_id"]:
        under = Text(f"somewhere under this one with {share_words(post['under_confidence'])}: ")
        lines.append(under.append_text(_named(near[post["under_id"]])))
    return lines


def _links(tables: Tables, post: dict[str, Any], *, chosen: bool) -> list[dict[str, Any]]:
    links = tables.links.filter(pl.col("post_id") == post["post_id"], pl.col("is_chosen") == chosen)
    return links.sort("rank").collect().to_dicts()


def _runners_up(tables: Tables, post: dict[str, Any]) -> list[Text]:
    links = _links(tables, post, chosen=False)
    candidates = _posts(tables, (link["parent_id"] for link in links))
    lines = []
    for link in links:
        line = Text(f"{share_words(link['confidence'])}  ")
        line.append_text(_named(candidates[link["parent_id"]]) if link["parent_id"] else Text("answers none"))
        if link["evidence"]:
            line.append(f" ({evidence_words(link['evidence'])}; together {link['score']:+.2f})")
        lines.append(line)
    return lines


def _gaps(tables: Tables, post: dict[str, Any]) -> list[Text]:
    if post["link_kind"] != "inferred" or post["is_placeholder"]:
        return []
    discussion = tables.discussions.filter(pl.col("discussion_id") == post["discussion_id"])
    about = discussion.select("lens", "expected_accuracy").collect().row(0, named=True)
    links = [*_links(tables, post, chosen=True), *_links(tables, post, chosen=False)]
    return [Text(line) for line in tell_gaps(post, about["lens"], about["expected_accuracy"], links)]


def _relatives(tables: Tables, post: dict[str, Any]) -> list[Text]:
    """Verified relations that did not make one post: quotations, reposts, boilerplate."""
    left, right = pl.col("left_post_id"), pl.col("right_post_id")
    edges = (
        tables.duplicates.filter(~pl.col("collapses"), (left == post["post_id"]) | (right == post["post_id"]))
        .sort("left_id", "right_id")
        .collect()
    )
    repeats = (
        tables.repeats.filter(pl.any_horizontal(pl.col("post_id", "canonical_id") == post["post_id"]))
        .sort("post_id")
        .collect()
    )
    others = _posts(
        tables, [*edges["left_post_id"], *edges["right_post_id"], *repeats["post_id"], *repeats["canonical_id"]]
    )
    lines = []
    for row in repeats.head(MOST_ROWS).iter_rows(named=True):
        says_again = row["post_id"] == post["post_id"]
        line = Text(f"{_KIND_WORDS[row['kind']]}, words {share_words(row['similarity'])} alike: ")
        line.append("it says again what was said in " if says_again else "it is said again in ")
        lines.append(line.append_text(_named(others[row["canonical_id" if says_again else "post_id"]])))
    for edge in edges.head(MOST_ROWS).iter_rows(named=True):
        is_left = edge["left_post_id"] == post["post_id"]
        other = others[edge["right_post_id" if is_left else "left_post_id"]]
        if edge["kind"] == "quote":
            line = Text("it is quoted by " if is_left else "it quotes ")
            line.append_text(_named(other)).append(f" ({share_words(edge['similarity'])} of the quoted words)")
        else:
            line = Text(f"{_KIND_WORDS[edge['kind']]}, {share_words(edge['similarity'])} alike: ")
            line.append_text(_named(other))
        lines.append(line)
    return lines + _rest(max(edges.height, repeats.height))


def _rest(total: int) -> list[Text]:
    return [Text(f"… and {count_words(total - MOST_ROWS, 'more row')}", "dim")] if total > MOST_ROWS else []
