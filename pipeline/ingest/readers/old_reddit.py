"""Pages of Reddit in its old layout (old.reddit.com, and all of reddit.com until 2018), in any language.

**What is read.** Comment pages, pages of one comment and its replies, listings of subreddits, and pages of users:
every comment and submission on them is a record. Advertisements are not read.

**What is kept.** Ids, authors, times, votes and edits from attributes, so the language of the page does not matter;
bodies as HTML. Ids are those of the reader `reddit`, so that page, dump and API answer are one discussion. The parent
of a comment is the comment it stands in, else what its "parent" link names, else the submission. Depth is the nesting
below the submission; it is left out on pages that start further down.

**What bites.** Three scores stand in a row, for those who vote down, not at all, and up: the middle one is read. A
score that is hidden is null. Comments that the page leaves out ("load more comments", "continue this thread") are
counted as ``more`` in the extra of the comment they answer. Deleted comments keep their place, their author is no link,
and their words are "[deleted]" or "[removed]". Pages of the layout since 2023 have a reader of their own.

A file is such a page when it is HTML with the things of the old layout, or with its container in the part that is
looked at.

>>> READER.recognise(Head("p.html", b'<div class=" thing id-t1_c1 comment " data-fullname="t1_c1">', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers import old_reddit_things as things
from pipeline.ingest.readers.html_pages import Parts, attribute_of, first_part, parse_page, text_of
from pipeline.ingest.records import Batch

_THING = re.compile(rb"""(?:class=["'][^"']*\bthing\b[^"']*\bid-t[13]_|id=["']thing_t[13]_|data-fullname=["']t[13]_)""")
_LAYOUT = re.compile(rb"""<body[^>]*class=["'][^"']*\b(?:comments-page|listing-page|profile-page)\b""")
_REDDIT = re.compile(rb"redditstatic\.com|reddit\.com/")


def recognise(head: Head) -> bool:
    """Whether it is HTML with things of the old layout, or the layout itself."""
    data = head.data
    if data.lstrip()[:1] != b"<":
        return False
    return _THING.search(data) is not None or bool(_LAYOUT.search(data) and _REDDIT.search(data))


def describe(source: Source) -> CaptureFacts:
    """A page, depth first."""
    return CaptureFacts("reddit", "page", order_of(source.settings, "page"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per submission and comment."""
    yield from _read_page(parse_page(source)).batches()


def _read_page(tree: LexborHTMLParser) -> RecordList:
    rows = RecordList()
    page = _Page(tree)
    shown = [thing for thing in tree.css("div.thing") if not things.is_advertisement(thing)]
    hidden = things.count_hidden(shown, page.link)
    number = 0
    for thing in shown:
        name = things.name_of(thing)
        if name is None or things.is_stub(thing):
            continue
        number += 1
        extra: dict[str, Any] = {"more": hidden.get(name)}
        if name.startswith("t3_"):
            _add_submission(rows, page, thing, name, f"thing {number}", extra)
        else:
            _add_comment(rows, page, thing, name, f"thing {number}", extra)
    return rows


class _Page:
    """What the things of a page share, and the depth of each comment so far."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        listed = tree.css_first(".commentarea [id^=siteTable_t3_]")
        found = things.NAME.search(attribute_of(listed, "id") or "")
        self.link = found[1] if found else None
        self.title: str | None = None
        self.address: str | None = None
        if self.link is None:
            address = attribute_of(tree.css_first("link[rel=canonical]"), "href") or ""
            found = things.PAGE.search(address)
            self.link = f"t3_{found[1]}" if found else None
        self._search = things.find_parts(tree)
        self.depths: dict[str, int | None] = {}

    def parts_of(self, entry: LexborNode | None) -> Parts:
        """What an entry consists of."""
        return self._search.walk(entry) if entry is not None else {}


def _add_submission(
    rows: RecordList, page: _Page, thing: LexborNode, name: str, place: str, extra: dict[str, Any]
) -> None:
    entry = things.entry_of(thing)
    parts = page.parts_of(entry)
    title = first_part(parts, "a.title")
    comments = attribute_of(first_part(parts, "a.comments"), "href")
    address = things.absolute(attribute_of(thing, "data-permalink") or comments)
    link = attribute_of(thing, "data-url") or attribute_of(title, "href")
    is_self = "self" in things.classes_of(thing) or (link is not None and things.PAGE.search(link) is not None)
    words = text_of(title)
    if name == page.link:
        page.title, page.address = words, address
    body, deletion = things.body_of(parts)
    rows.add(
        place,
        scope="reddit",
        native_id=name,
        native_discussion=name,
        discussion_scope="reddit",
        parent_known=True,
        title=words,
        body=body,
        deletion=deletion,
        discussion_title=words,
        discussion_url=address,
        permalink=address,
        extra={**extra, "url": None if is_self else link, **things.marks_of(parts)},
        **things.facts_of(thing, entry, parts),
    )


def _add_comment(
    rows: RecordList, page: _Page, thing: LexborNode, name: str, place: str, extra: dict[str, Any]
) -> None:
    entry = things.entry_of(thing)
    parts = page.parts_of(entry)
    address = attribute_of(thing, "data-permalink") or attribute_of(first_part(parts, "a.bylink"), "href")
    found = things.PAGE.search(address or "")
    link = f"t3_{found[1]}" if found else page.link
    outer = things.thing_around(thing)
    parent = outer or things.parent_linked(entry, name) or link
    if outer is not None and outer.startswith("t1_"):
        above = page.depths.get(outer)
        depth = None if above is None else above + 1
    else:
        depth = 0 if parent == link else None
    page.depths[name] = depth
    title = page.title if link == page.link else text_of(thing.css_first(".parent a.title"))
    body, deletion = things.body_of(parts)
    rows.add(
        place,
        scope="reddit",
        native_id=name,
        native_discussion=link,
        discussion_scope="reddit" if link else None,
        parent_known=parent is not None,
        native_parent=parent,
        depth=depth,
        body=body,
        deletion=deletion,
        discussion_title=title,
        discussion_url=page.address if link == page.link else None,
        permalink=things.absolute(address),
        extra={**extra, **things.marks_of(parts)},
        **things.facts_of(thing, entry, parts),
    )


READER = Reader(
    name="old_reddit",
    version=2,
    title="Pages of Reddit in its old layout",
    extensions=(".html",),
    replies="nesting",
    recognise=recognise,
    describe=describe,
    read=read,
    words=(".thing .usertext-body .md",),
)
