"""Reddit threads as scrapers and mirrors of its API write them: URS, BDFR, answers of the Pushshift API and its heirs.

**What is read.** JSON of URS (submission comments, structured or raw; subreddits; redditors; livestreams), of BDFR's
``archive`` (a submission with its comments, or a comment with its replies; also in XML and YAML), and of the APIs of
Pushshift, PullPush and Arctic Shift (posts in an array, or in one called ``data``), one a file, one a line, or several
in an array. Any object with ``body`` is a comment, any with ``title`` and something else of a submission is one, at
whatever depth they stand under ``comments``, ``replies``, ``submissions``, ``data``.

**What is kept.** What the reader `reddit` keeps of a dump, with the same ids, so that an archive and a dump are one
discussion. Parents are declared by ``parent_id``, and by the nesting where that is missing.

**What bites.** URS writes times as month-day-year in the scraper's own zone: they become year-month-day, and the zone
stays unknown. Its authors begin with ``u/``; its comment archives name the submission only by address. BDFR calls the
submission of a comment ``submission``, and a deleted author ``DELETED``. Which comments a scraper left out it does not
say. BDFR's XML says None for nothing: a flair of that name is none, a submission called "None" keeps its title. YAML
with aliases, which BDFR never writes, is read up to the first.

A file is such an archive when it is JSON with the settings of URS, with posts that have ``replies`` or ``comments`` in
arrays and ids as Reddit's, or an array of posts with a ``subreddit``; or XML or YAML with BDFR's ``author``,
``created_utc``, and ``selftext`` or ``body``.

>>> READER.recognise(Head("urs.json", b'{"scrape_settings": {}, "data": []}', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import has_keys
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.bdfr_trees import is_tree, read_trees
from pipeline.ingest.readers.reddit_things import Things
from pipeline.ingest.readers.saved_answers import read_answers
from pipeline.ingest.records import Batch

_URS_TIME = re.compile(r"\d\d-\d\d-\d{4} \d\d:\d\d:\d\d", re.ASCII)
_PAGE_ID = re.compile(r"/comments/([0-9a-z]+)")
_COMMUNITY = re.compile(r"/r/([A-Za-z0-9_]+)/")
_NESTED = re.compile(rb'"(?:replies|comments)"\s*:\s*\[')
_ARRAY = re.compile(rb'\s*(?:\[\s*\{|\{[^\[{]*"data"\s*:\s*\[\s*\{)')
_REDDIT_ID = re.compile(rb'"t[13]_[0-9a-z]+"|"permalink"\s*:\s*"(?:https?://[\w.]*reddit\.com)?/r/')
_OF_SUBMISSION = frozenset({"selftext", "permalink", "num_comments", "upvote_ratio", "is_self"})
_NESTING = ("replies", "comments", "submission", "depth")
_TIMES = ("created_utc", "created", "edited")
_RENAMED = {"author_flair": "author_flair_text", "nsfw": "over_18", "submission_title": "link_title"}


def recognise(head: Head) -> bool:
    """Whether it has the settings of URS, BDFR's trees, nested posts with Reddit's ids, or an array of posts."""
    if is_tree(head):
        return True
    if has_keys(head, "data") and (has_keys(head, "scrape_settings") or has_keys(head, "livestream_settings")):
        return True
    if has_keys(head, "kind", "children"):
        return False
    if _ARRAY.match(head.data) and has_keys(head, "subreddit", "created_utc"):
        return has_keys(head, "body", "link_id") or has_keys(head, "selftext", "permalink")
    nested = _NESTED.search(head.data) and _REDDIT_ID.search(head.data)
    posts = has_keys(head, "body", "replies") or has_keys(head, "selftext", "comments")
    return bool(nested) and posts


def describe(source: Source) -> CaptureFacts:
    """Pages; a livestream is by time, an archive with nested replies depth first."""
    head = source.head()
    is_nested = is_tree(head) or _NESTED.search(head.data) is not None
    order = order_of(source.settings, "page" if is_nested else "unknown")
    return CaptureFacts(source="reddit", shape="page", order_known=order, paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per comment or submission that has an id or words."""
    answers = read_trees(source) if is_tree(source.head()) else read_answers(source)
    things = Things()
    for answer in answers.values:
        _add_posts(things, answer.value, answer.place)
    things.reject_damage(answers)
    yield from things.batches()


def _add_posts(things: Things, answer: Any, prefix: str) -> None:
    """Adds the posts of one archive, parents before their replies; a stack of its own, for threads may be deep."""
    number = 0
    link, community = None, _settings_community(answer)
    # Each entry: what is to be read, the thing it is a reply to, and its depth below the submission.
    waiting: list[tuple[Any, str | None, int | None]] = [(answer, None, 0)]
    while waiting:
        value, parent, depth = waiting.pop()
        if isinstance(value, list):
            waiting.extend((item, parent, depth) for item in reversed(value))
            continue
        if not isinstance(value, dict):
            continue
        is_comment = isinstance(value.get("body"), str)
        if not is_comment and not (isinstance(value.get("title"), str) and _OF_SUBMISSION & value.keys()):
            # The heading of an archive comes before its comments, whatever the order of the keys.
            parts = sorted(value.items(), key=lambda part: part[0] not in ("submission_metadata", "submission"))
            waiting.extend((inner, parent, depth) for _, inner in reversed(parts))
            continue
        number += 1
        place = f"{prefix}post {number}"
        replies, comments, submission = value.get("replies"), value.get("comments"), value.get("submission")
        fields = _post_fields(value, community)
        if not is_comment:
            link = _submission_name(fields)
            community = community or _text(fields.get("subreddit"))
            fields["name"] = link
            things.add(place, fields)
            waiting.append((comments, link, 0))
            continue
        fields["link_id"] = fields.get("link_id") or link
        fields["parent_id"] = fields.get("parent_id") or parent
        if fields["parent_id"] != fields["link_id"] and parent is None:
            depth = None
        fields |= {"name": _prefixed(fields.get("id"), "t1_"), "depth": depth}
        things.add(place, fields)
        if isinstance(submission, dict):  # of a livestream
            waiting.append((submission, None, 0))
        if replies:
            waiting.append((replies, fields["name"], None if depth is None else depth + 1))


def _post_fields(value: dict[str, Any], community: str | None) -> dict[str, Any]:
    """The post itself, its fields under the names of Reddit's API and nothing nested among them."""
    fields, submission = value, value.get("submission")
    for name in _NESTING:
        fields.pop(name, None)
    if not _RENAMED.keys().isdisjoint(fields):
        for name, meant in _RENAMED.items():
            if name in fields:
                fields[meant] = fields.pop(name)
    if isinstance(submission, str):
        fields["link_id"] = _prefixed(submission, "t3_")
    author = _text(fields.get("author"))
    if author is not None:
        fields["author"] = None if author == "DELETED" else author.removeprefix("u/")
    for name in _TIMES:
        if isinstance(time := fields.get(name), str) and _URS_TIME.fullmatch(time):
            fields[name] = f"{time[6:10]}-{time[:5]}{time[10:]}"
    if fields.get("subreddit") is None:
        address = _COMMUNITY.search(_text(fields.get("permalink")) or "")
        fields["subreddit"] = address[1] if address else community
    return fields


def _submission_name(fields: dict[str, Any]) -> str | None:
    if name := _prefixed(fields.get("name") or fields.get("id"), "t3_"):
        return name
    address = _PAGE_ID.search(_text(fields.get("permalink")) or "")
    return _prefixed(address[1], "t3_") if address else None


def _settings_community(answer: Any) -> str | None:
    """The subreddit that URS was asked for."""
    if isinstance(answer, dict):
        for name in ("scrape_settings", "livestream_settings"):
            if isinstance(settings := answer.get(name), dict):
                return _text(settings.get("subreddit"))
    return None


def _prefixed(value: Any, prefix: str) -> str | None:
    return (value if value.startswith(prefix) else prefix + value) if isinstance(value, str) and value else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


READER = Reader(
    name="reddit_scrapers",
    version=2,
    title="Reddit threads from URS, BDFR, the Pushshift API and their like",
    extensions=(".json", ".jsonl", ".yaml", ".xml"),
    replies="parent_id and nesting of every comment",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("body", "selftext"),
)
