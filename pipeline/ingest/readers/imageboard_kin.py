"""Threads of FoolFuuka's archives of 4chan and of LynxChan's boards, as the posts that 4chan's own API would show.

In: a value of a document. Out: its threads, each a list of posts with ``no``, ``resto``, ``time``, ``com``.

>>> translate_threads({"threadId": 7, "creation": "2025-03-01T10:00:00.000Z", "markdown": "Tea?", "posts": []})
[[{'no': 7, 'resto': 0, 'time': '2025-03-01T10:00:00.000Z', 'com': 'Tea?'}]]
"""

from __future__ import annotations

import re
from typing import Any

from pipeline.ingest.readers.api_json import as_id

COM_IS_PLAIN = "com_is_plain"
# Keys that only these have, all of which stand in a thread.
SIGNS = (
    tuple(re.compile(rb'"' + key + rb'"\s*:') for key in (b"thread_num", b"num", b"timestamp")),
    tuple(re.compile(rb'"' + key + rb'"\s*:') for key in (b"threadId", b"creation", b"(?:markdown|message)")),
)
_FUUKA = {"num": "no", "timestamp": "time", "title": "sub", "poster_hash": "id", "name": "name", "trip": "trip"}
_LYNX = {"creation": "time", "subject": "sub", "name": "name", "id": "id", "signedRole": "capcode"}


def translate_threads(item: dict[str, Any]) -> list[list[dict[str, Any]]] | None:
    """The threads of an object; None where it is none of these."""
    if "threadId" in item and "creation" in item:
        return [_lynx_thread(item)]
    inner = item.get("posts")
    listed = list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else []
    posts = [post for post in (item.get("op"), *listed, item) if _is_fuuka(post)]
    threads: dict[str | None, list[dict[str, Any]]] = {}
    for post in posts:
        threads.setdefault(as_id(post.get("thread_num")), []).append(_fuuka_post(post))
    return list(threads.values()) or None


def _is_fuuka(post: Any) -> bool:
    return isinstance(post, dict) and "num" in post and "thread_num" in post


def _fuuka_post(post: dict[str, Any]) -> dict[str, Any]:
    own, thread, board = as_id(post.get("num")), as_id(post.get("thread_num")), post.get("board")
    return {
        **{ours: post[theirs] for theirs, ours in _FUUKA.items() if post.get(theirs) is not None},
        "resto": 0 if own == thread else thread,
        "com": post.get("comment") or post.get("comment_sanitized"),
        COM_IS_PLAIN: True,
        "board": board.get("shortname") if isinstance(board, dict) else board,
        "capcode": post.get("capcode") if post.get("capcode") != "N" else None,
        "filedeleted": 1 if post.get("deleted") in ("1", 1) else 0,
    }


def _lynx_thread(thread: dict[str, Any]) -> list[dict[str, Any]]:
    replies = thread.get("posts")
    listed = [reply for reply in replies if isinstance(reply, dict)] if isinstance(replies, list) else []
    number = thread["threadId"]
    opening = {"no": number, "resto": 0, **_lynx_fields(thread)}
    return [opening, *({"no": reply.get("postId"), "resto": number, **_lynx_fields(reply)} for reply in listed)]


def _lynx_fields(post: dict[str, Any]) -> dict[str, Any]:
    fields = {ours: post[theirs] for theirs, ours in _LYNX.items() if post.get(theirs) is not None}
    if post.get("markdown"):
        return {**fields, "com": post["markdown"]}
    return {**fields, "com": post.get("message"), COM_IS_PLAIN: True}
