"""Stack Exchange data dumps: ``Posts.xml`` and ``Comments.xml`` of a site.

**What is read.** Every ``row`` of either, at any size: rows are handed on while the file is read.

**What is kept.** Questions and answers share one space of ids, comments have their own: ``post:1``, ``comment:1``.
The question is the discussion and its answers' parent; a comment's parent is its post. Bodies of posts are HTML, of
comments Markdown. Scores, tags, views, accepted answers, times of closing.

**What bites.** The dump does not name its site: ``--source history.stackexchange.com`` does, and unites it with what
the API shows of that site; without it ids hold within their file (or archive) and no farther, and comments do not find
their posts in another one. Names are in another file: an author is ``user12``, as the site calls those who gave no
name, unless the row has a display name. A comment does not say under which question its post stands, so
``Comments.xml`` alone names no discussions. Rows of other kinds (wikis of tags, nominations) are discussions of their
own.

A file is such a dump when it is XML whose rows have ``PostTypeId`` or, with ``Text``, ``PostId``.

>>> READER.recognise(Head("x", b'<comments><row Id="1" PostId="3" Text="Hello" /></comments>', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import polars as pl
from lxml import etree

from pipeline.ingest.containers import DamagedStreamError, Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.sites import name_scope
from pipeline.ingest.records import BATCH_BYTES, BATCH_RECORDS, Batch, Rejections, extra_json, record_frame

_ROW = re.compile(rb"<row\s[^>]{0,8000}")
_STEP = 1 << 16
_DECLARATION = re.compile(rb"^\s*<\?xml\b[^>]{0,200}\?>")
_EXTRA = ("PostTypeId", "AcceptedAnswerId", "ViewCount", "Tags", "ClosedDate", "CommunityOwnedDate", "FavoriteCount")
_FIELDS = (
    *("Id", "PostTypeId", "ParentId", "PostId", "CreationDate", "Score", "Body", "Text", "Title", "LastEditDate"),
    *("OwnerUserId", "OwnerDisplayName", "UserId", "UserDisplayName", "DeletionDate"),
)


def recognise(head: Head) -> bool:
    """Whether the first rows are posts or comments."""
    if head.data.lstrip()[:1] != b"<":
        return False
    first = _ROW.search(head.data)
    if first is None:
        return False
    is_post = b" PostTypeId=" in first[0] and b" PostHistoryTypeId=" not in first[0]
    return is_post or (b" PostId=" in first[0] and b" Text=" in first[0] and b" PostHistoryTypeId=" not in first[0])


def describe(source: Source) -> CaptureFacts:
    """Pages, whose rows a dump lists by id, which is by time."""
    scope = name_scope("stackexchange", None, source)
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per row with an id or words."""
    rows = _Rows(source)
    scope = name_scope("stackexchange", None, source)
    start = 0
    for batch in rows.batches():
        rejections = Rejections()
        yield _interpret(batch, start, scope, rejections)
        start += len(batch)
    if rows.damage:
        rejections = Rejections()
        rejections.add(start, f"after row {start}", "damaged_file", rows.damage, b"")
        yield Batch(record_frame({"ordinal": [], "location": [], "markup": "plain"}), rejections.frame())


class _Rows:
    """The attributes of every row of a dump; `damage` says afterwards what could not be read."""

    def __init__(self, source: Source) -> None:
        self.damage: str | None = None
        self._source = source

    def batches(self) -> Iterator[list[dict[str, str]]]:
        """Runs of rows; at least one run, which may be empty."""
        batch: list[dict[str, str]] = []
        size = 0
        any_yet = False
        for attributes in self._rows():
            batch.append(attributes)
            size += sum(map(len, attributes.values()))
            if len(batch) >= BATCH_RECORDS or size >= BATCH_BYTES:
                yield batch
                batch, size, any_yet = [], 0, True
        if batch or not any_yet:
            yield batch

    def _rows(self) -> Iterator[dict[str, str]]:
        parser = etree.XMLPullParser(
            events=("end",), recover=True, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
        )
        try:
            first = True
            for chunk in self._source.chunks():
                # The text is UTF-8 by now, whatever it declares.
                data = _DECLARATION.sub(b"", chunk) if first else chunk
                first = False
                for place in range(0, len(data), _STEP):
                    parser.feed(data[place : place + _STEP])
                    yield from self._ended(parser)
        except DamagedStreamError as damage:
            self.damage = str(damage)
        except etree.XMLSyntaxError as error:
            self.damage = f"no XML from here on: {error.msg}"
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            self.damage = self.damage or f"no XML from here on: {error.msg}"
        yield from self._ended(parser)
        errors = list(parser.feed_error_log)
        if errors and not self.damage:
            self.damage = f"line {errors[0].line}: {errors[0].message}; what the parser could not pass is missing"

    def _ended(self, parser: Any) -> Iterator[dict[str, str]]:
        for _, element in parser.read_events():
            if element.tag == "row":
                yield dict(element.attrib)
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def _interpret(rows: list[dict[str, str]], start: int, scope: str, rejections: Rejections) -> Batch:
    """Records of rows; a row with neither id nor words is rejected."""
    frame = pl.DataFrame(
        {name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in _FIELDS}
        | {"extra": pl.Series([_extra(row) for row in rows], dtype=pl.String)}
    ).with_columns(ordinal=pl.int_range(start, start + len(rows), dtype=pl.Int64))
    is_comment = pl.col("PostId").is_not_null() & pl.col("PostTypeId").is_null()
    post = pl.concat_str(pl.lit("post:"), "Id")
    parent = pl.concat_str(pl.lit("post:"), pl.when(is_comment).then("PostId").otherwise("ParentId"))
    named = pl.when(is_comment).then(pl.concat_str(pl.lit("comment:"), "Id")).otherwise(post)
    is_answer = (pl.col("PostTypeId") == "2").fill_null(value=False)
    discussion = pl.when(~is_comment).then(pl.coalesce(parent, pl.when(~is_answer).then(post)))
    user = pl.coalesce("OwnerUserId", "UserId")
    name = pl.when(user == "-1").then(pl.lit("Community")).otherwise(pl.concat_str(pl.lit("user"), user))
    title = pl.when(pl.col("Title") != "").then(pl.col("Title"))
    records = frame.select(
        "ordinal",
        "extra",
        location=pl.concat_str(pl.lit("row "), pl.col("ordinal") + 1),
        native_id=named,
        native_discussion=discussion,
        discussion_scope=pl.when(discussion.is_not_null()).then(pl.lit(scope)),
        parent_known=parent.is_not_null() | ~(is_comment | is_answer),
        native_parent=parent,
        author=pl.coalesce("OwnerDisplayName", "UserDisplayName", name),
        posted_at_raw="CreationDate",
        edited_at_raw="LastEditDate",
        title=title,
        body=pl.coalesce("Body", "Text"),
        markup=pl.when(is_comment).then(pl.lit("markdown")).otherwise(pl.lit("html")),
        deletion=pl.when(pl.col("DeletionDate").is_not_null()).then(pl.lit("unknown")),
        discussion_title=title,
        votes=pl.col("Score").cast(pl.Int64, strict=False),
    )
    hollow = records["native_id"].is_null() & records["body"].is_null()
    for row in hollow.arg_true().to_list():
        detail = "neither an id nor a text"
        rejections.add(start + row, f"row {start + row + 1}", "no_id_no_text", detail, repr(rows[row]).encode())
    return Batch(record_frame({"scope": scope, **records.filter(~hollow).to_dict()}), rejections.frame())


def _extra(row: dict[str, str]) -> str | None:
    kept = {name: row[name] for name in _EXTRA if row.get(name)}
    if kept.get("PostTypeId") in ("1", "2"):
        del kept["PostTypeId"]
    user = row.get("OwnerUserId") or row.get("UserId")
    return extra_json({**kept, "user_id": user}) if kept or user else None


READER = Reader(
    name="stackexchange_xml",
    version=1,
    title="Stack Exchange data dumps: Posts.xml and Comments.xml",
    extensions=(".xml",),
    replies="ParentId of answers, PostId of comments",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("@Body", "@Text"),
)
