"""YouTube comments: the Data API's answers (commentThreads, comments), yt-dlp's, and youtube-comment-downloader's.

**What is read.** Lists and pages of ``youtube#commentThread`` and ``youtube#comment``, a document or one a line;
yt-dlp's ``.info.json`` with ``comments``, or that list alone; comments of youtube-comment-downloader (``cid``), whose
ids say which they answer. A document that breaks off gives the comments before
the break.

**What is kept.** Comment ids in the scope ``youtube``; the video is the discussion. A thread's top comment is a root,
the others declare it as parent. Text as typed where the API gives it, else as shown. Likes are votes; ``updatedAt``
is an edit where it is not the time of writing. In ``extra`` the author's channel, marks (pinned, by the uploader,
liked by the uploader), and how many replies the thread has that are not in the answer (``replies_left_out``).

**What bites.** A reply to a reply hangs under the top comment; whom it answers says the @name at its beginning. The
API names the video only in the thread and its top comment. yt-dlp's ``timestamp`` is computed from "2 years ago" and
changes from scrape to scrape: where the words are there (``_time_text``), they are the time, and ``epoch`` says when
they were true. The video itself is no post: its title is the discussion's.

A file is one of these when its head names ``youtube#comment``, or has the keys of one of the two.

>>> READER.recognise(Head("page.json", b'{"kind": "youtube#commentThreadListResponse"', complete=False))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.errors import InputError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import without_surrogates
from pipeline.ingest.documents import has_keys, parse_json, read_bytes
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.json_elements import Elements
from pipeline.ingest.readers.json_lines import parse_carefully
from pipeline.ingest.readers.record_columns import RUN, RecordColumns, pluck
from pipeline.ingest.records import Batch

_KIND = re.compile(rb'"kind"\s*:\s*"youtube#comment')
_LIST = re.compile(rb'"(?:items|comments)"\s*:\s*(?=\[)')
_TAGS = re.compile(r"<(?:br|a|b|i|s)\b|&(?:#\d+|quot|amp|lt|gt);", re.IGNORECASE)
_DOWNLOADER = ("cid", "votes", "channel", "text")
_MOST = 1 << 62

Columns = tuple[dict[str, list[Any] | str | bool | None], list[dict[str, Any] | None]]


class _Video(NamedTuple):
    """What comments take from the page they stand on."""

    number: str | None = None
    title: str | None = None
    url: str | None = None
    channel: str | None = None
    seen: str | None = None


class _Comment(NamedTuple):
    """A comment as the API gives it, with what its thread says: ids of both, the video, how many replies are absent."""

    value: dict[str, Any]
    number: str | None
    video: _Video
    thread: str | None = None
    left_out: int | None = None


def recognise(head: Head) -> bool:
    """Whether it is the API's, yt-dlp's account of a video, or the list of comments in that."""
    if head.data.lstrip()[:1] not in (b"{", b"["):
        return False
    if _KIND.search(head.data):
        return True
    if has_keys(head, "parent", "author_id", "like_count", "text") or has_keys(head, *_DOWNLOADER):
        return True
    return has_keys(head, "id", "title", "formats", "format_id") and head.data.lstrip().startswith(b"{")


def describe(source: Source) -> CaptureFacts:
    """Pages; a comment stands above its replies.

    Raises:
        InputError: yt-dlp's account of a video without comments.
    """
    head = source.head()
    if not (_KIND.search(head.data) or has_keys(head, *_DOWNLOADER) or _comments_of(source)):
        raise InputError(f"{source.name} is yt-dlp's account of a video and holds no comments (--write-comments).")
    return CaptureFacts(source="youtube", shape="page", order_known=order_of(source.settings, "page"), paragraphs=False)


def _comments_of(source: Source) -> bool:
    data = read_bytes(source)
    return data.lstrip().startswith(b"[") or re.search(rb'"comments"\s*:\s*\[\s*\{', data) is not None


def read(source: Source) -> Iterator[Batch]:
    """One record per comment."""
    rows = _Comments()
    data = read_bytes(source)
    try:
        _add_document(rows, parse_json(data), _Video())
    except ValueError as trouble:
        _salvage(rows, data, str(trouble), source.settings.record_bytes)
    yield from rows.batches()


class _Comments:
    """Comments of either kind as they come, made into columns many at a time."""

    def __init__(self) -> None:
        self._rows = RecordColumns()
        self._seen = 0
        self._numbers: list[int] = []  # of the comments that wait
        self._given: list[_Comment] = []
        self._downloaded: list[tuple[dict[str, Any], _Video]] = []

    def __len__(self) -> int:
        return self._seen

    def add_given(self, comment: _Comment) -> None:
        """A comment as the API gives it."""
        if self._downloaded or len(self._given) >= RUN:
            self._flush()
        self._seen += 1
        self._numbers.append(self._seen)
        self._given.append(comment)

    def add_downloaded(self, value: dict[str, Any], video: _Video) -> None:
        """A comment as yt-dlp gives it."""
        if self._given or len(self._downloaded) >= RUN:
            self._flush()
        self._seen += 1
        self._numbers.append(self._seen)
        self._downloaded.append((value, video))

    def reject(self, location: str, rule: str, detail: str, raw: bytes) -> None:
        """Put something into quarantine."""
        self._seen += 1
        self._rows.reject(location, rule, detail, raw, before=len(self._rows) + len(self._numbers))

    def batches(self) -> Iterator[Batch]:
        """All comments in order."""
        self._flush()
        return self._rows.batches()

    def _flush(self) -> None:
        if self._numbers:
            columns = _columns_given(self._given) if self._given else _columns_downloaded(self._downloaded)
            self._rows.extend([f"comment {number}" for number in self._numbers], *columns)
            self._numbers, self._given, self._downloaded = [], [], []


def _salvage(rows: _Comments, data: bytes, trouble: str, longest: int) -> None:
    """Comments of JSON lines, or of a document that is no sound JSON: those before the mistake."""
    first = parse_carefully(data.split(b"\n", 1)[0])[0]
    if isinstance(first, dict):
        for number, line in enumerate(data.split(b"\n"), start=1):
            value, _, wrong = parse_carefully(line) if line.strip() else (None, False, "")
            if isinstance(value, dict):
                _add_document(rows, value, _Video())
            elif line.strip():
                rows.reject(f"line {number}", "bad_json", wrong or "no object", line)
        return
    found = _LIST.search(data) if not data.lstrip().startswith(b"[") else None
    video = _video_before(data[: found.start()]) if found else _Video()
    pieces = Elements(iter([data[found.end() :] if found else data]), longest)
    for place, piece in enumerate(pieces, start=1):
        value, _, wrong = parse_carefully(piece)
        if isinstance(value, dict):
            _add_item(rows, value, video)
        else:
            rows.reject(f"item {place}", "bad_json", wrong or trouble, piece)
    if pieces.damage:
        rows.reject(f"after comment {len(rows)}", "damaged_file", pieces.damage, b"")


def _video_before(data: bytes) -> _Video:
    """What yt-dlp's account says of the video before its comments, where the whole cannot be parsed."""
    value = parse_carefully(data.rstrip(b", \t\r\n") + b"}")[0]
    return _read_video(value) if isinstance(value, dict) else _Video()


def _add_document(rows: _Comments, value: Any, video: _Video) -> None:
    """All comments of an answer, of a list of answers or comments, or of yt-dlp's account of a video."""
    waiting = [(value, video)]
    while waiting:
        value, video = waiting.pop()
        if isinstance(value, list):
            waiting.extend((inner, video) for inner in reversed(value))
        elif not isinstance(value, dict):
            rows.reject(f"item {len(rows) + 1}", "not_an_object", f"JSON, but {type(value).__name__}", _raw(value))
        elif isinstance(value.get("items"), list):
            waiting.append((value["items"], video))
        elif isinstance(value.get("comments"), list):
            waiting.append((value["comments"], _read_video(value)))
        elif value:
            _add_item(rows, value, video)


def _read_video(value: dict[str, Any]) -> _Video:
    return _Video(
        number=_text(value.get("id")),
        title=_text(value.get("title")),
        url=_text(value.get("webpage_url")),
        channel=_text(value.get("channel")) or _text(value.get("uploader")),
        seen=_text(value.get("epoch")),
    )


def _add_item(rows: _Comments, value: dict[str, Any], video: _Video) -> None:
    """A thread with its replies, or one comment."""
    snippet = _object(value.get("snippet"))
    top = _object(snippet.get("topLevelComment"))
    if top or "totalReplyCount" in snippet:
        replies = _object(value.get("replies")).get("comments")
        replies = replies if isinstance(replies, list) else []
        number = _text(_object(top.get("snippet")).get("videoId")) or _text(snippet.get("videoId"))
        thread = _text(top.get("id")) or _text(value.get("id"))
        left_out = (_count(snippet.get("totalReplyCount")) or 0) - len(replies)
        page = _Video(number, channel=video.channel) if number else video
        rows.add_given(_Comment(top, thread, page, None, left_out if left_out > 0 else None))
        for reply in replies:
            if isinstance(reply, dict):
                rows.add_given(_Comment(reply, _text(reply.get("id")), page, thread))
            else:
                rows.reject(f"comment {len(rows) + 1}", "not_an_object", "a reply that is no object", _raw(reply))
    elif snippet:
        rows.add_given(_Comment(value, _text(value.get("id")), video))
    elif {"cid", "text"} <= value.keys():
        rows.add_downloaded(_as_downloaded(value), video)
    elif {"id", "text"} & value.keys():
        rows.add_downloaded(value, video)
    else:
        rows.reject(f"comment {len(rows) + 1}", "no_id_no_text", "neither an id nor a text", _raw(value))


def _as_downloaded(value: dict[str, Any]) -> dict[str, Any]:
    """A comment of youtube-comment-downloader as yt-dlp gives it; the id of a reply begins with that of its parent."""
    number = _text(value.get("cid"))
    above, dot, _ = (number or "").partition(".")
    return {
        "id": number,
        "parent": above if dot else "root",
        "text": value.get("text"),
        "author": value.get("author"),
        "author_id": value.get("channel"),
        "_time_text": value.get("time"),
        "timestamp": value.get("time_parsed"),
        "like_count": value.get("votes"),
        "is_favorited": value.get("heart"),
    }


def _columns_given(comments: list[_Comment]) -> Columns:
    """Columns of comments as the API gives them."""
    values, numbers, videos, threads, left_out = map(list, zip(*comments, strict=True))
    snippets = [_object(value.get("snippet")) for value in values]
    pages = [page or video.number for page, video in zip(_texts(pluck(snippets, "videoId")), videos, strict=True)]
    above = [own or thread for own, thread in zip(_texts(pluck(snippets, "parentId")), threads, strict=True)]
    bodies, shown = _texts(pluck(snippets, "textOriginal")), pluck(snippets, "textDisplay")
    markups = ["plain"] * len(bodies)
    for row, body in enumerate(bodies):
        if body is None:
            bodies[row] = words = _text(shown[row])
            markups[row] = "html" if words and _TAGS.search(words) else "plain"
    written, changed = _texts(pluck(snippets, "publishedAt")), _texts(pluck(snippets, "updatedAt"))
    columns = {
        **_places(numbers, pages, above, videos),
        "author": _texts(pluck(snippets, "authorDisplayName")),
        "posted_at_raw": written,
        "edited_at_raw": [
            edited if edited != posted else None for edited, posted in zip(changed, written, strict=True)
        ],
        "body": bodies,
        "markup": markups,
        "votes": _counts(pluck(snippets, "likeCount")),
    }
    channels = _texts([_object(channel).get("value") for channel in pluck(snippets, "authorChannelId")])
    moderated = _texts(pluck(snippets, "moderationStatus"))
    return columns, [
        {"author_channel": channel, "moderation": status, "replies_left_out": absent}
        for channel, status, absent in zip(channels, moderated, left_out, strict=True)
    ]


def _columns_downloaded(comments: list[tuple[dict[str, Any], _Video]]) -> Columns:
    """Columns of comments as yt-dlp gives them."""
    values, videos = map(list, zip(*comments, strict=True))
    above = [None if parent == "root" else parent for parent in _texts(pluck(values, "parent"))]
    words = [_text(value.get("_time_text")) or _text(value.get("time_text")) for value in values]
    stamps = pluck(values, "timestamp")
    columns = {
        **_places(_texts(pluck(values, "id")), [video.number for video in videos], above, videos),
        "author": _texts(pluck(values, "author")),
        "posted_at_raw": [said or _text(stamp) for said, stamp in zip(words, stamps, strict=True)],
        "captured_at_raw": [video.seen for video in videos],
        "body": _texts(pluck(values, "text")),
        "markup": "plain",
        "votes": _counts(pluck(values, "like_count")),
    }
    return columns, [
        {
            "author_channel": channel,
            "timestamp": _count(stamp) if said else None,
            "pinned": True if value.get("is_pinned") is True else None,
            "by_uploader": True if value.get("author_is_uploader") is True else None,
            "liked_by_uploader": True if value.get("is_favorited") is True else None,
        }
        for value, channel, said, stamp in zip(values, _texts(pluck(values, "author_id")), words, stamps, strict=True)
    ]


def _places(
    numbers: list[str | None], pages: list[str | None], above: list[str | None], videos: list[_Video]
) -> dict[str, list[Any] | str | bool | None]:
    """The columns that say which comments these are and where they stand."""
    addresses = {page: f"https://www.youtube.com/watch?v={page}" if page else None for page in set(pages)}
    placed = [(number, addresses[page]) for number, page in zip(numbers, pages, strict=True)]
    return {
        "scope": "youtube",
        "native_id": numbers,
        "native_discussion": pages,
        "discussion_scope": ["youtube" if page else None for page in pages],
        "parent_known": True,
        "native_parent": above,
        "depth": [0 if parent is None else 1 for parent in above],
        "discussion_title": [video.title for video in videos],
        "discussion_url": [video.url or address for video, (_, address) in zip(videos, placed, strict=True)],
        "community": [video.channel for video in videos],
        "permalink": [f"{address}&lc={number}" if address and number else None for number, address in placed],
    }


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """Text, or a number as text; None for anything else and for nothing."""
    if type(value) is str and value.isascii():
        return value or None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return without_surrogates(str(value)) or None


def _texts(values: list[Any]) -> list[str | None]:
    """`_text` of each."""
    return [
        value if value.__class__ is str and value and value.isascii() else None if value is None else _text(value)
        for value in values
    ]


def _counts(values: list[Any]) -> list[int | None]:
    """`_count` of each."""
    return [value if value.__class__ is int and -_MOST < value < _MOST else _count(value) for value in values]


def _count(value: Any) -> int | None:
    """A whole number, written as one or as text."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
        value = int(value)
    return value if type(value) is int and abs(value) < _MOST else None


def _raw(value: Any) -> bytes:
    return repr(value)[:2000].encode("utf-8", errors="replace")


READER = Reader(
    name="youtube",
    version=3,
    title="YouTube comments (Data API, yt-dlp, youtube-comment-downloader)",
    extensions=(".json", ".info.json"),
    replies="parentId, the thread; yt-dlp: parent; else the comment's id",
    recognise=recognise,
    describe=describe,
    read=read,
    words=("textOriginal", "text"),
)
