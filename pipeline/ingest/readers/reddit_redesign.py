"""Pages of Reddit in its layout of 2018 to 2023, saved from a browser or by a scraper.

**What is read.** What the page keeps for its own scripts, ``window.___r``: every submission and every comment it has
loaded, shown or not. What the page shows is not read, for its names changed with every release. Advertisements are
passed over.

**What is kept.** Ids are those of the reader `reddit`, so that page, dump and API answer are one discussion. Parents
are declared by ``parentId``, else the submission is what is answered. Comments stand in the order of the page, which
each of them tells by naming the next one. Bodies are written as HTML from Reddit's rich text, without bold and the
like. ``url``, ``num_comments`` and comments left out (``more``, at the comment they answer) are in ``extra``.

**What bites.** Pages saved after their scripts have run may lack ``window.___r``, and are refused. A state that breaks
off with its file gives the posts before the break.

A file is such a page when it is HTML and has ``window.___r``, or loads the layout's own files (``desktop2x``).

>>> READER.recognise(Head("p.html", b'<html><script id="data">window.___r = {"posts":', complete=False))
True
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import Any

from pipeline.errors import InputError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList, read_bytes
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.api_json import as_id, as_object, as_time, as_votes, as_words
from pipeline.ingest.readers.html_pages import decode_page
from pipeline.ingest.readers.object_literals import read_literals
from pipeline.ingest.readers.old_reddit_things import absolute
from pipeline.ingest.records import Batch

_PAGE_BYTES = 64 << 20
_SIGN = re.compile(rb"\bwindow\.___r\s*=|redditstatic\.com/desktop2x/")
_STATE = re.compile(r"\bwindow\.___r\s*=\s*(?=\{)")
_NAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
_COMMUNITY = re.compile(r"/r/([A-Za-z0-9_]{1,50})/")
_GONE = frozenset({"[deleted]", "[removed]"})
# What Reddit's rich text calls its parts, and what they are in HTML.
_ELEMENTS = {
    **{"par": "p", "blockquote": "blockquote", "code": "pre", "h": "h3", "li": "li", "spoilertext": "span"},
    **{"table": "table", "tr": "tr", "td": "td", "list": "ul"},
}
_NAMES = {"u/": "u/", "r/": "r/", "@": "@"}

_Model = dict[str, Any]


def recognise(head: Head) -> bool:
    """Whether it is HTML of the layout."""
    return head.data.lstrip()[:1] == b"<" and _SIGN.search(head.data) is not None


def describe(source: Source) -> CaptureFacts:
    """A page, depth first.

    Raises:
        InputError: it does not hold the state that its scripts begin with, or no post in it.
    """
    state, _ = source.parse_once(_parse_state)
    posts, comments, _, _ = _find_models(state)
    if not posts and not comments:
        raise InputError(f"{source.name} is a page of Reddit that holds no post.")
    return CaptureFacts("reddit", "page", order_of(source.settings, "page"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per submission and comment."""
    state, damage = source.parse_once(_parse_state)
    posts, comments, communities, stubs = _find_models(state)
    rows = RecordList()
    named = {name: as_words(model.get("name")) for name, model in communities.items()}
    for number, post in enumerate(posts.values(), start=1):
        _add_submission(rows, post, f"post {number}", named)
    hidden = _count_hidden(stubs)
    # A Python loop over the comments of a page: each is an object of its own.
    for number, comment in enumerate(_in_page_order(comments, stubs), start=1):
        _add_comment(rows, comment, f"comment {number}", posts, hidden)
    if damage:
        rows.reject("end", "bad_json", damage, b"")
    yield from rows.batches()


def _parse_state(source: Source) -> tuple[_Model, str | None]:
    """The state, and what is wrong with it.

    Raises:
        InputError: there is none, or the page is too large.
    """
    page = decode_page(read_bytes(source, _PAGE_BYTES), source.charset)
    begins = _STATE.search(page)
    if begins is None:
        raise InputError(f"{source.name} is a page of Reddit without window.___r: save it before its scripts run.")
    end = page.find("</script", begins.end())
    text = page[begins.end() : end if end > 0 else len(page)]
    try:
        state, _ = json.JSONDecoder(strict=False, parse_constant=lambda _: None).raw_decode(text)
        return as_object(state), None
    except (ValueError, RecursionError):
        values, damage = read_literals(text)
        return as_object(values[0] if values else None), damage or "it is no JSON"


def _find_models(
    state: _Model,
) -> tuple[dict[str, _Model], dict[str, _Model], dict[str, _Model], dict[str, _Model]]:
    """Submissions, comments, communities, and stubs for comments left out, by id, wherever the state keeps them."""
    found: dict[str, dict[str, _Model]] = {"t3_": {}, "t1_": {}, "t5_": {}, "more": {}}
    waiting: list[_Model] = [state]
    while waiting:
        holder = waiting.pop()
        models = holder.get("models")
        for name, model in models.items() if isinstance(models, dict) else ():
            kind = found.get(name[:3], found["more"] if name.startswith("moreComments") else None)
            if kind is not None and isinstance(model, dict) and not model.get("isSponsored"):
                kind.setdefault(name, model)
        waiting += reversed([inner for key, inner in holder.items() if isinstance(inner, dict) and key != "models"])
    return found["t3_"], found["t1_"], found["t5_"], found["more"]


def _in_page_order(comments: dict[str, _Model], stubs: dict[str, _Model]) -> list[_Model]:
    """Comments as each names the next one, stubs passed over; those that no other leads to stand last."""
    every = comments | stubs
    order: dict[str, None] = {}
    led_to = {name for model in every.values() if (name := as_words(as_object(model.get("next")).get("id")))}
    for first in [name for name in every if name not in led_to]:
        following: str | None = first
        while following is not None and following in every and following not in order:
            order[following] = None
            following = as_words(as_object(every[following].get("next")).get("id"))
    order |= dict.fromkeys(comments)
    return [comments[name] for name in order if name in comments]


def _count_hidden(stubs: dict[str, _Model]) -> Counter[str]:
    """How many comments the page left out, by the comment they answer."""
    hidden = Counter[str]()
    for stub in stubs.values():
        parent, count = as_words(stub.get("parentId")), as_votes(stub.get("numComments"))
        if parent is not None:
            hidden[parent] += max(0, count or 0)
    return hidden


def _name_of(value: Any) -> str | None:
    name = as_id(value)
    return name if name and _NAME.fullmatch(name) else None


def _add_submission(rows: RecordList, post: _Model, place: str, named: dict[str, str | None]) -> None:
    name = _name_of(post.get("id")) or _name_of(post.get("postId"))
    address = absolute(as_words(post.get("permalink")) or None)
    link = as_words(as_object(post.get("source")).get("url"))
    community = named.get(as_words(as_object(post.get("belongsTo")).get("id")) or "")
    title = as_words(post.get("title"))
    rows.add(
        place,
        native_id=name,
        native_discussion=name,
        discussion_scope="reddit" if name else None,
        parent_known=True,
        title=title,
        discussion_title=title,
        discussion_url=address,
        permalink=address,
        community=community or _community_in(address),
        extra={"url": link, "num_comments": as_votes(post.get("numComments"))},
        **_facts_of(post),
    )


def _add_comment(rows: RecordList, comment: _Model, place: str, posts: dict[str, _Model], hidden: Counter[str]) -> None:
    name, link = _name_of(comment.get("id")), _name_of(comment.get("postId"))
    parent = _name_of(comment.get("parentId")) or link
    depth = as_votes(comment.get("depth"))
    address = absolute(as_words(comment.get("permalink")) or None)
    page = posts.get(link or "", {})
    rows.add(
        place,
        native_id=name,
        native_discussion=link,
        discussion_scope="reddit" if link else None,
        parent_known=parent is not None,
        native_parent=parent,
        depth=depth if depth is not None and 0 <= depth < 1 << 31 else None,
        discussion_title=as_words(page.get("title")),
        discussion_url=absolute(as_words(page.get("permalink")) or None),
        permalink=address,
        community=_community_in(address or as_words(page.get("permalink"))),
        extra={"more": hidden[name]} if name is not None and name in hidden else None,
        **_facts_of(comment),
    )


def _community_in(address: str | None) -> str | None:
    found = _COMMUNITY.search(address or "")
    return found[1] if found else None


def _facts_of(model: _Model) -> dict[str, Any]:
    """What submissions and comments have in common."""
    body, markup = _body_of(model)
    gone = bool(model.get("isDeleted")) or (body or "").strip() in _GONE
    is_author = model.get("deletedBy") in (None, "author", "user") and (body or "").strip() != "[removed]"
    return {
        "scope": "reddit",
        "author": as_words(model.get("author")) or None,
        "votes": None if model.get("isScoreHidden") else as_votes(model.get("score")),
        "posted_at_raw": as_time(model.get("created")),
        "edited_at_raw": as_time(model.get("editedAt")),
        "body": None if gone else body,
        "markup": markup,
        "deletion": ("author" if is_author else "moderator") if gone else None,
    }


def _body_of(model: _Model) -> tuple[str | None, str]:
    """The words of a post and their markup."""
    media = as_object(model.get("media"))
    document = as_object(media.get("richtextContent")).get("document")
    if isinstance(document, list):
        return _as_html(document), "html"
    if (content := as_words(media.get("content"))) and media.get("type") in ("text", "rtjson"):
        return content, "html"
    return as_words(media.get("markdownContent")) or as_words(model.get("bodyMD")), "markdown"


def _as_html(document: list[Any]) -> str:
    """Reddit's rich text as HTML; a stack of its own, for it nests as deeply as somebody likes."""
    written: list[str] = []
    waiting: list[Any] = _parts_of(document)
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            written.append(part)
        elif isinstance(part, dict):
            kind, inner, words = as_words(part.get("e")) or "", part.get("c"), as_words(part.get("t")) or ""
            element = _ELEMENTS.get(kind)
            text = escape(_NAMES.get(kind, "") + words, quote=False)
            if kind == "link" and (address := as_words(part.get("u"))):
                text = f'<a href="{escape(address)}">{text}</a>'
            written.append("<br>" if kind == "br" else f"<{element}>{text}" if element else text)
            waiting += [f"</{element}>"] if element else []
            waiting += _cells_of(part) if kind == "table" else _parts_of(inner)
    return "".join(written)


def _parts_of(value: Any) -> list[Any]:
    """The parts in a list, the last one first."""
    return [part for part in reversed(value) if isinstance(part, dict)] if isinstance(value, list) else []


def _cells_of(table: _Model) -> list[Any]:
    """The rows of a table, its head among them, the last one first; their cells have no kind of their own."""
    body = table.get("c")
    rows = [table.get("h"), *(body if isinstance(body, list) else [])]
    cells = [[{**cell, "e": "td"} for cell in row if isinstance(cell, dict)] for row in rows if isinstance(row, list)]
    return [{"e": "tr", "c": row} for row in reversed(cells)]


READER = Reader(
    name="reddit_redesign",
    version=1,
    title="Pages of Reddit in its layout of 2018 to 2023",
    extensions=(".html",),
    replies="parentId of every comment",
    recognise=recognise,
    describe=describe,
    read=read,
)
