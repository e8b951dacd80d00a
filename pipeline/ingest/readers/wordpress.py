"""WordPress exports (WXR, an RSS file): articles and pages, each with its comments.

**What is read.** Articles, pages and whatever else has comments or words and is no attachment, menu entry, revision
or other furniture of the site; and their comments. The file is read piece by piece.

**What is kept.** Ids as ``post:ID`` and ``comment:ID`` in the scope of the blog (``wordpress:HOST``, with its folder
where it lives in one). The article is the discussion and the parent of its outermost comments; the others declare
theirs. Times are those in GMT. In ``extra`` a status other than published, a comment that waits for approval, and the
account's number; addresses of mail and IP are not kept.

**What bites.** Pingbacks, trackbacks and other notices that programs sent, spam and what lies in the trash are no
posts: the article says in ``extra`` how many of each were ``skipped``. Real files use prefixes that they never
declare, and older versions of the format other namespaces, so names are compared without them. Bodies are HTML in
which an empty line parts paragraphs. A draft has no time in GMT.

A file is such an export when it is RSS and names WordPress's export format.

>>> READER.recognise(Head("blog.xml", b'<rss><channel><wp:wxr_version>1.2</wp:wxr_version>', complete=False))
True
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.readers.xml_exports import (
    Element,
    Elements,
    element_text,
    full_name,
    local_name,
    plain_text,
    read_children,
    read_plain,
)
from pipeline.ingest.records import Batch

_SIGNS = (b"wordpress.org/export/", b"<wp:wxr_version", b"<wp:post_id", b"<wp:comment_id")
_FURNITURE = {
    *("attachment", "nav_menu_item", "revision", "custom_css", "customize_changeset", "oembed_cache", "user_request"),
    *("wp_block", "wp_template", "wp_template_part", "wp_global_styles", "wp_navigation", "wp_font_family"),
    *("wp_font_face", "feedback", "amp_validated_url", "acf-field", "acf-field-group"),
}
_SPOKEN = {"", "comment", "review"}  # types of comments that people write
_KEPT_FIELDS = (
    *("comment_id", "comment_author", "comment_date", "comment_date_gmt", "comment_content", "comment_approved"),
    *("comment_type", "comment_parent", "comment_user_id"),
)
_ADDRESS = re.compile(rb"<(?:wp:)?(?:base_blog_url|link)>\s*(?:<!\[CDATA\[)?\s*([^<\s\]]{1,300})")
_BLOCKS = re.compile(r"<(?:blockquote|pre|[ou]l|table|div|h[1-6]|figure)\b", re.IGNORECASE)
_BROKEN = re.compile(r"<(?:p|br)\b", re.IGNORECASE)
_AS_IT_STANDS = re.compile(r"(<pre\b.*?(?:</pre>|$))", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class _Blog:
    title: str | None
    scope: str


def recognise(head: Head) -> bool:
    """Whether it is RSS that names WordPress's format."""
    return b"<rss" in head.data[:8192] and any(sign in head.data for sign in _SIGNS)


def describe(source: Source) -> CaptureFacts:
    """Pages, whose comments an export lists by time."""
    found = _ADDRESS.search(source.head().data)
    address = found[1].decode("utf-8", errors="replace") if found else None
    return CaptureFacts(
        source=_scope(address), shape="page", order_known=order_of(source.settings, "time"), paragraphs=False
    )


def _scope(address: str | None) -> str:
    """The scope of ids: the host, and the folder for the blogs of a site that has several."""
    try:
        parts = urlsplit((address or "").strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return "wordpress"
    return f"wordpress:{host}{parts.path.rstrip('/')}" if host else "wordpress"


def read(source: Source) -> Iterator[Batch]:
    """One record per article and per comment that somebody wrote, an article before its comments."""
    stream = RecordStream()
    elements = Elements(source, frozenset({"item"}), frozenset({"comment"}))
    blog: _Blog | None = None
    comments: list[dict[str, str]] = []  # of the item that is being read
    n_items = 0
    for element in elements:
        if local_name(element) == "comment":
            fields = read_children(element)
            told = {name: element_text(fields[name]) or "" for name in _KEPT_FIELDS if name in fields}
            if told:  # RSS has an element of that name, too
                comments.append(told)
            continue
        n_items += 1
        blog = blog or _read_blog(element.getparent())
        _add_item(stream, element, f"item {n_items}", blog, comments)
        comments = []
        yield from stream.ready()
    if elements.damage:
        stream.reject(f"after item {n_items}", "damaged_file", elements.damage, b"")
    yield from stream.finish()


def _read_blog(channel: Element | None) -> _Blog:
    if channel is None:
        return _Blog(None, "wordpress")
    fields = read_children(channel)
    address = plain_text(fields.get("base_blog_url")) or plain_text(fields.get("link"))
    return _Blog(plain_text(fields.get("title")), _scope(address))


def _add_item(stream: RecordStream, item: Element, location: str, blog: _Blog, comments: list[dict[str, str]]) -> None:
    fields = read_children(item)
    kind = plain_text(fields.get("post_type")) or ""
    body = next((element_text(child) for child in item if _is_body(child)), None)
    says_nothing = not (body or "").strip() and not plain_text(fields.get("title"))
    if not comments and (kind in _FURNITURE or says_nothing):
        return
    number = plain_text(fields.get("post_id"))
    name = f"post:{number}" if number else None
    page: dict[str, object] = {
        "scope": blog.scope,
        "native_discussion": name,
        "discussion_scope": blog.scope if name else None,
        "discussion_title": plain_text(fields.get("title")),
        "discussion_url": plain_text(fields.get("link")),
        "community": blog.title,
        "markup": "html",
        "parent_known": True,
    }
    skipped: Counter[str] = Counter()
    spoken: list[dict[str, str]] = []
    for comment in comments:
        reason = _why_skipped(comment)
        if reason:
            skipped[reason] += 1
        else:
            spoken.append(comment)
    status = plain_text(fields.get("status"))
    stream.add(
        location,
        native_id=name,
        author=plain_text(fields.get("creator")),
        posted_at_raw=_time(element_text(fields.get("post_date_gmt")), element_text(fields.get("pubDate")))
        or _time(None, element_text(fields.get("post_date"))),
        title=page["discussion_title"],
        body=_with_breaks(body),
        permalink=page["discussion_url"],
        extra={
            "type": kind if kind not in ("", "post") else None,
            "status": status if status != "publish" else None,
            "skipped": dict(sorted(skipped.items())) or None,
        },
        **page,
    )
    for place, comment in enumerate(spoken, start=1):
        _add_comment(stream, comment, f"{location} comment {place}", page, name)


def _is_body(child: Element) -> bool:
    return local_name(child) == "encoded" and "excerpt" not in full_name(child)


def _why_skipped(comment: dict[str, str]) -> str | None:
    kind = comment.get("comment_type", "").strip()
    if kind not in _SPOKEN:
        return kind[:40]
    standing = comment.get("comment_approved", "").strip()
    return standing if standing in ("spam", "trash", "post-trashed") else None


def _add_comment(
    stream: RecordStream, comment: dict[str, str], location: str, page: dict[str, object], article: str | None
) -> None:
    number = read_plain(comment.get("comment_id"))
    above = read_plain(comment.get("comment_parent"))
    account = read_plain(comment.get("comment_user_id"))
    address = page["discussion_url"]
    stream.add(
        location,
        native_id=f"comment:{number}" if number else None,
        native_parent=f"comment:{above}" if above and above != "0" else article,
        author=read_plain(comment.get("comment_author")),
        posted_at_raw=_time(comment.get("comment_date_gmt"), comment.get("comment_date")),
        body=_with_breaks(comment.get("comment_content")),
        permalink=f"{address}#comment-{number}" if address and number else None,
        extra={
            "user_id": account if account != "0" else None,
            "pending": True if comment.get("comment_approved", "").strip() in ("0", "hold") else None,
        },
        **page,
    )


def _time(in_gmt: str | None, otherwise: str | None) -> str | None:
    """The time in GMT, said to be so; else the other one as it stands. A year 0000 is no time."""
    gmt, other = read_plain(in_gmt), read_plain(otherwise)
    if gmt and not gmt.startswith("0000"):
        return f"{gmt} UTC"
    return other if other and not other.startswith("0000") and "-0001" not in other else None


def _with_breaks(body: str | None) -> str | None:
    """The body with its line ends as HTML where a block element would let them pass for spaces."""
    if body is None or not _BLOCKS.search(body) or _BROKEN.search(body):
        return body
    pieces = _AS_IT_STANDS.split(body.replace("\r\n", "\n"))
    return "".join(piece if place % 2 else piece.replace("\n", "<br>\n") for place, piece in enumerate(pieces))


READER = Reader(
    name="wordpress",
    version=1,
    title="WordPress export (WXR)",
    extensions=(".xml",),
    replies="comment_parent of every comment",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("comment_content",),
)
