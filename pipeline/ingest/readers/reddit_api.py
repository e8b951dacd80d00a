"""Answers of Reddit's API: listings with nested replies, comment pages, and what ``morechildren`` adds to them.

**What is read.** Saved answers of ``/comments/ID``, ``/r/NAME``, ``/user/NAME``, ``api/info`` and ``api/morechildren``,
one a file, one a line, or several in an array, in JSON or in EDN (as Clojure crawlers save them). Every thing of kind
``t1`` (comment) or ``t3`` (submission) is a record, at whatever depth it stands; one that breaks off with its file is
kept as far as it goes. Accounts, messages and communities (``t2``, ``t4``, ``t5``) are passed over.

**What is kept.** What the reader `reddit` keeps of a dump, with the same ids, so that page and dump are one
discussion. Parents are declared by ``parent_id``, and by the nesting where that is missing. A comment in a listing of
a user brings the title of its page.

**What bites.** ``replies`` is an empty string where there are none. A stub of kind ``more`` is no post: the number of
comments it stands for is kept as ``more`` in the extra of the comment they answer (0: "continue this thread"), or of
the thing before it. A page of one comment and its replies counts ``depth`` from there: such depths are left out.
``body`` holds ``&gt;``; ``body_html``, escaped twice, is not read.

A file is such an answer when it is JSON or EDN with things in a ``Listing`` or in ``json.data.things``.

>>> READER.recognise(Head("1.json", b'{"kind": "Listing", "data": {"children": [{"kind": "t3"}]}}', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.api_json import as_object
from pipeline.ingest.readers.reddit_things import Things
from pipeline.ingest.readers.saved_answers import read_answers
from pipeline.ingest.records import Batch

# Between key and value EDN has no colon.
_KIND = re.compile(rb'"kind"\s*:?\s*"(?:t1|t3|more|Listing)"')
_LISTED = re.compile(rb'"(?:children|things)"\s*:?\s*\[')
_DATA = re.compile(rb'"data"\s*:?\s*\{')
_PAGE = re.compile(rb'\s*[\[(]|[^\0]*"things"\s*:?\s*\[|[^\0]*"replies"\s*:?\s*\{')


def recognise(head: Head) -> bool:
    """Whether it shows things in a listing."""
    data = head.data
    return data.lstrip()[:1] in (b"{", b"[", b"(") and all(sign.search(data) for sign in (_KIND, _LISTED, _DATA))


def describe(source: Source) -> CaptureFacts:
    """Pages; of comment pages and what belongs to them the rows come depth first."""
    order = order_of(source.settings, "page" if _PAGE.match(source.head().data) else "unknown")
    return CaptureFacts(source="reddit", shape="page", order_known=order, paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per comment or submission that has an id or words."""
    answers = read_answers(source)
    things = Things()
    for answer in answers.values:
        _add_things(things, answer.value, answer.place)
    things.reject_damage(answers)
    yield from things.batches()


def _add_things(things: Things, answer: Any, prefix: str) -> None:
    """Adds the things of one answer, parents before their replies; a stack of its own, for threads may be deep."""
    number = 0
    flat = False  # whether it is an answer of morechildren, whose depths count from the submission
    link: str | None = None  # the submission that stands on the page
    # Each entry: what is to be read, the thing it is a reply to, and its depth where that counts from the submission.
    waiting: list[tuple[Any, str | None, int | None]] = [(answer, None, 0)]
    while waiting:
        value, parent, depth = waiting.pop()
        if isinstance(value, list):
            waiting.extend((item, parent, depth) for item in reversed(value))
            continue
        if not isinstance(value, dict):
            continue
        kind, data = value.get("kind"), as_object(value.get("data"))
        if kind not in ("t1", "t3", "more"):
            if kind not in ("t2", "t4", "t5", "t6"):
                flat = flat or "things" in value
                waiting.extend((item, parent, depth) for item in reversed(value.values()))
            continue
        number += 1
        if kind == "more":
            things.hide(data.get("parent_id") or parent, _count_hidden(data))
            continue
        place = f"{prefix}thing {number}"
        if kind == "t3":
            for name in ("link_id", "body", "parent_id"):
                data.pop(name, None)
            data.setdefault("selftext", None)
            link = data["name"] = _full_name(data, "t3_")
            things.add(place, data)
            continue
        replies = data.pop("replies", None)
        fields = _comment_fields(data, parent, link)
        answered = fields.get("parent_id")
        if parent is None and isinstance(answered, str) and answered.startswith("t1_"):
            depth = fields.get("depth") if flat else None
        fields["depth"] = depth
        things.add(place, fields)
        if replies:
            waiting.append((replies, fields["name"], depth + 1 if type(depth) is int else None))


def _comment_fields(fields: dict[str, Any], parent: str | None, link: str | None) -> dict[str, Any]:
    """The comment itself; fields of the API's first years are called otherwise, and some are known by nesting."""
    for name, first_name in (("body", "contentText"), ("link_id", "link"), ("parent_id", "parent")):
        if fields.get(name) is None:
            fields[name] = fields.get(first_name)
    if fields["link_id"] is None:
        fields["link_id"] = link
    if fields["parent_id"] is None:
        fields["parent_id"] = parent
    fields["name"] = _full_name(fields, "t1_")
    return fields


def _full_name(fields: dict[str, Any], prefix: str) -> str | None:
    for value in (fields.get("name"), fields.get("id")):
        if isinstance(value, str) and value:
            return value if value.startswith(prefix) else prefix + value
    return None


def _count_hidden(stub: dict[str, Any]) -> int:
    count, children = stub.get("count"), stub.get("children")
    listed = len(children) if isinstance(children, list) else 0
    return max(count if type(count) is int and 0 <= count < 1 << 40 else 0, listed)


READER = Reader(
    name="reddit_api",
    version=1,
    title="Reddit API listings, comment pages and morechildren",
    extensions=(".json", ".jsonl", ".edn"),
    replies="parent_id and nesting of every comment",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("body", "selftext"),
)
