"""Threads of 4chan, of boards with the same JSON API (vichan and its kin), of its archives, and of LynxChan.

**What is read.** Threads (``{"posts": […]}``), pages of a board (``{"threads": [{"posts": […]}]}``) and catalogs, as
JSON, one a line, or as a JavaScript module; threads, posts and searches of FoolFuuka's API (desuarchive, 4plebs and the
like); threads of LynxChan. Every post is a record, also one that is a picture without words.

**What is kept.** Post numbers are ids, the opening post's number is the discussion. Posts name others in their text,
``>>123``: the first they name in their own thread is the parent, the opening post where they name none; all they name
are in ``extra``, as ``links``. A name with a tripcode, or the id a board gives people within a thread, makes an author;
"Anonymous" is none. ``extra`` has file names, capcode, country, and of opening posts ``more``, the posts that the page
of a board leaves out.

**What bites.** Numbers count per board, and no post names its board. It is taken from ``--source``, else from the
``board`` that archives add and from links to threads as 4chan writes them (``/g/thread/7``): scope ``4chan:g``. Where
nothing tells, and on boards of other sites, whose ``/g/`` is another, the ids mean something within their thread only,
told by number and time of its opening post, and a thread without its opening post has no scope. A link may lead to
another thread or board, or to a post that is gone: what is gone from the thread is still a parent. Text is HTML, with
``<wbr>`` inside long words.

A file is such a thread when its first posts have ``no`` and ``resto`` with ``time`` or ``now``, or the keys of the
others: ``num``, ``thread_num`` and ``timestamp``, or ``threadId`` and ``creation`` with words.

>>> READER.recognise(Head("1.json", b'{"posts": [{"no": 1, "resto": 0, "time": 1422731391}]}', complete=True))
True
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.api_json import as_id, as_time, as_votes, as_words, ids_of, strings_of, times_of
from pipeline.ingest.readers.imageboard_kin import COM_IS_PLAIN, SIGNS, translate_threads
from pipeline.ingest.readers.record_columns import RUN, RecordColumns, pluck
from pipeline.ingest.readers.saved_answers import read_answers
from pipeline.ingest.records import Batch

_POST = tuple(re.compile(rb"""[{,\s]["']?""" + key + rb"""["']?\s*:""") for key in (b"no", b"resto", b"(?:time|now)"))
_LINK = re.compile(
    r"""(?=[<&>])(?:<a\b[^>]{0,300}?\bhref=["']?([^"'\s>]{1,200})[^>]{0,300}>\s*)?"""
    r"""(?:(?:&gt;){3}(/\w+/)|(?<!\S)>>>(/\w+/)|(?:&gt;){2}|(?<!\S)>>)(\d{1,18})\b"""
)
_Link = tuple[str, str, str, str]  # of a text: address, board in markup, board in words, number; empty where absent
_LINK_SIGN = re.compile(">>|&gt;&gt;")
_THREAD = re.compile(r"^(?:(?:https?:)?//[\w.]+)?/(\w+)/(?:thread|res)/(\d+)")
_ADDRESS = re.compile(r"""\bhref=["']?(?:(?:https?:)?//boards\.[\w.]+)?/(\w+)/thread/(\d+)""")
_NUMBER = re.compile(r"\d{1,20}")
_NOBODY = frozenset({"", "anonymous", "nobody", "anon"})
_KEPT = {
    *("filename", "ext", "tim", "capcode", "country_name", "board_flag", "filedeleted"),
    *("closed", "archived", "sticky"),
}


def recognise(head: Head) -> bool:
    """Whether it shows posts with their thread and time, as JSON or as JavaScript."""
    start = head.data.lstrip()[:1]
    if start not in (b"{", b"[") and b"{" not in head.data[:400]:
        return False
    return any(all(sign.search(head.data) for sign in signs) for signs in (_POST, *SIGNS))


def describe(source: Source) -> CaptureFacts:
    """Pages, by time."""
    return CaptureFacts("4chan", "page", order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per post."""
    answers = read_answers(source)
    threads = [(answer.place, thread) for answer in answers.values for thread in _threads_in(answer.value)]
    every = [post for _, posts in threads for post in posts]
    links = [
        _LINK.findall(body) if body and _LINK_SIGN.search(body) else [] for body in strings_of(pluck(every, "com"))
    ]
    board = _board_named(every, links)
    rows = RecordColumns()
    pages, places = list[_Page](), list[str]()
    for place, posts in threads:
        opening = next((post for post in posts if not _thread_of(post)), None)
        own = next((named for post in posts if "board" in post and (named := _own_board(post))), None)
        pages += [_Page(source.settings.source or own or board, opening)] * len(posts)
        places += [place] * len(posts)
    locations = [f"{place}post {number}" for number, place in enumerate(places, start=1)]
    for start in range(0, len(every), RUN):
        run = slice(start, start + RUN)
        rows.extend(locations[run], *_columns(every[run], pages[run], links[run]))
    answers.reject_damage(rows)
    yield from rows.batches()


def _threads_in(value: Any) -> Iterator[list[dict[str, Any]]]:
    """The posts of each thread in a document; of a catalog the opening post and the last replies it shows."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            posts = [post for post in item if isinstance(post, dict) and "no" in post]
            if posts and "last_replies" not in posts[0]:
                yield posts
            elif posts:
                for post in posts:
                    replies = post.get("last_replies")
                    listed = replies if isinstance(replies, list) else []
                    yield [post, *(reply for reply in listed if isinstance(reply, dict))]
            else:
                waiting.extend(reversed(item))
        elif isinstance(item, dict):
            if "no" in item and "resto" in item:
                yield [item]
            elif (kin := translate_threads(item)) is not None:
                yield from kin
            else:
                waiting.extend(inner for inner in reversed(item.values()) if isinstance(inner, dict | list))


def _thread_of(post: dict[str, Any]) -> str | None:
    """The number of the thread a post replies to; None for an opening post."""
    thread = post.get("resto")
    if not thread:
        return None
    thread = as_id(thread)
    return None if thread == "0" else thread


class _Page:
    """What the posts of a thread share: the board, what was asked, and per thread that they name its scope."""

    def __init__(self, board: str | None, opening: dict[str, Any] | None) -> None:
        self.board = board
        title = as_words(opening.get("sub")) if opening is not None else None
        self.title = unescape(title) if title else None
        self._opening = opening
        self._named: tuple[str | None, str | None, str | None] | None = None

    def named(self, thread: str | None) -> tuple[str | None, str | None]:
        """Scope and address of a thread."""
        if self._named is None or self._named[0] != thread:
            scope = f"4chan:{self.board}" if self.board else _thread_scope(thread, self._opening)
            self._named = thread, scope, _address(self.board, thread)
        return self._named[1:]


def _columns(
    posts: list[dict[str, Any]], pages: list[_Page], found: list[list[_Link]]
) -> tuple[dict[str, list[Any] | str | bool | None], list[dict[str, Any] | None]]:
    """The columns of posts, each with the page it stands on and its links, and what else is kept of them."""
    present = set[str]().union(*posts)  # what no post of a run has needs no look at each
    owns = ids_of(pluck(posts, "no"))
    answered = ids_of([thread or None for thread in pluck(posts, "resto")])
    threads = [own if thread in (None, "0") else thread for thread, own in zip(answered, owns, strict=True)]
    bodies = strings_of(pluck(posts, "com"))
    named = [page.named(thread) for page, thread in zip(pages, threads, strict=True)]
    parents = [None if own is not None and own == thread else thread for own, thread in zip(owns, threads, strict=True)]
    kept = sorted(_KEPT & present)
    extras: list[dict[str, Any] | None] = [
        {name: value for name in kept if (value := post.get(name)) not in (0, "", None)} for post in posts
    ]
    for row, several in enumerate(found):
        if several:
            inside, links = _links_of(several, threads[row])
            earlier = next((link for link in inside if _is_before(link, owns[row] or "")), None)
            parents[row] = parents[row] and (earlier or parents[row])
            extras[row] = {**(extras[row] or {}), "links": links}
    for row, omitted in enumerate(map(as_votes, pluck(posts, "omitted_posts")) if "omitted_posts" in present else ()):
        if omitted:
            extras[row] = {**(extras[row] or {}), "more": omitted}
    names = strings_of(pluck(posts, "name"))
    called = {name: _author_of({"name": name}) for name in set(names)}
    titles = strings_of(pluck(posts, "sub")) if "sub" in present else [None] * len(posts)
    columns: dict[str, list[Any] | str | bool | None] = {
        "scope": [scope for scope, _ in named],
        "native_id": owns,
        "native_discussion": [thread if scope else None for (scope, _), thread in zip(named, threads, strict=True)],
        "discussion_scope": [scope if thread else None for (scope, _), thread in zip(named, threads, strict=True)],
        "parent_known": [thread is not None for thread in threads],
        "native_parent": parents,
        "author": [
            _author_of(post) if "trip" in post or "id" in post else called[name]
            for post, name in zip(posts, names, strict=True)
        ],
        "posted_at_raw": [
            time or as_words(post.get("now")) for time, post in zip(times_of(pluck(posts, "time")), posts, strict=True)
        ],
        "title": [unescape(title) if title else None for title in titles],
        "body": bodies,
        "markup": ["plain" if post.get(COM_IS_PLAIN) is True else "html" for post in posts]
        if COM_IS_PLAIN in present
        else "html",
        "discussion_title": [page.title for page in pages],
        "discussion_url": [address for _, address in named],
        "community": [page.board for page in pages],
        "permalink": [
            f"{address}#p{own}" if own and address else None for (_, address), own in zip(named, owns, strict=True)
        ],
    }
    return columns, extras


def _thread_scope(thread: str | None, opening: dict[str, Any] | None) -> str | None:
    """What makes numbers unique where the board is not known: its thread, told by number and time."""
    time = as_time(opening.get("time")) if opening is not None else None
    return f"4chan:{thread}@{time}" if thread and time else None


def _links_of(links: list[_Link], thread: str | None) -> tuple[Sequence[str], Sequence[str]]:
    """The posts that the links of a text name: those of its own thread, and all (those of other boards with the board).

    Both in the order of the text.
    """
    inside: list[str] = []
    every: list[str] = []
    for address, in_markup, in_words, number in links:
        board = in_markup or in_words
        every.append(f"{board}{number}" if board else number)
        target = _THREAD.match(address)
        # What is no link any more names something in the thread only if it came after the opening post.
        here = target[2] == thread if target else bool(address) or _is_before(thread or "", number)
        if here and not board:
            inside.append(number)
    return inside, list(dict.fromkeys(every))[:100]


def _is_before(first: str, second: str) -> bool:
    return bool(_NUMBER.fullmatch(first) and _NUMBER.fullmatch(second)) and int(first) < int(second)


def _author_of(post: dict[str, Any]) -> str | None:
    """A name with its tripcode, or the id that the board gives a person within a thread; None for anybody."""
    name, trip = as_words(post.get("name")) or "", as_words(post.get("trip")) or ""
    name = (unescape(name) if "&" in name else name).strip()
    if trip or name.lower() not in _NOBODY:
        return f"{name}{trip}"
    person = as_id(post.get("id"))
    return f"ID:{person}" if person else None


def _board_named(posts: list[dict[str, Any]], links: list[list[_Link]]) -> str | None:
    """The board: named by the posts, or by links to threads of this file or from post to post, most often."""
    here: set[str | None] | None = None
    named: list[str] = []
    for post, own_links in zip(posts, links, strict=True):
        if "board" in post and (board := _own_board(post)):
            named.append(board)
        body = post.get("com")
        if type(body) is not str or "/thread/" not in body:
            continue
        if here is None:
            here = set(ids_of(pluck(posts, "no"))) | set(ids_of(pluck(posts, "resto"))) - {"0"}
        if "4chan" in body:
            named += [found[1] for found in _ADDRESS.finditer(body) if found[2] in here]
        for address, board_named, _, _ in own_links:
            if "/thread/" in address and not board_named and (quoted := _THREAD.match(address)) is not None:
                named += [quoted[1]] if "/thread/" in quoted[0] else []
    counts = Counter(named)
    return min(counts, key=lambda board: (-counts[board], board)) if counts else None


def _own_board(post: dict[str, Any]) -> str | None:
    return (as_words(post["board"]) or "").strip("/") or None if "board" in post else None


def _address(board: str | None, thread: str | None) -> str | None:
    return f"https://boards.4chan.org/{board}/thread/{thread}" if board and thread else None


READER = Reader(
    name="imageboard",
    version=2,
    title="Threads, board pages and catalogs of image boards (4chan, vichan, FoolFuuka, LynxChan)",
    extensions=(".json", ".js"),
    replies=">> links in the text, else the opening post",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("com",),
)
