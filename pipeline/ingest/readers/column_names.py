"""What other people call the columns that we know: the names that exports and scrapers use, put to their meaning.

In: the names of a table's columns. Out: renames, as ``--map`` would give them, for what the table does not name itself.

>>> guess_columns(["comment_id", "post_id", "Comment Text", "User"], {})
{'Comment Text': 'text', 'comment_id': 'id', 'post_id': 'discussion_id', 'User': 'author'}

A name is told by its words, in whatever spelling they are joined: ``createdAt``, ``created_at`` and ``Created at`` are
one. A column that the table calls by our own name, or that its user renamed, is never guessed, and no column is taken
twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

# In the order in which they are looked for: a table of comments calls its own ids comment_id and what they stand below
# post_id; one without comment_id calls its own ids post_id. The surer name comes first.
_NAMES: dict[str, tuple[str, ...]] = {
    "text": (
        "comment_text", "comment_body", "comment_content", "body_text", "full_text", "raw_content", "message_text",
        "post_text", "post_body", "post_content", "tweet_text", "text_original", "text_display", "text", "body",
        "comment", "content", "message", "tweet", "msg", "selftext",
    ),
    "id": (
        "comment_id", "message_id", "msg_id", "tweet_id", "status_id", "cid", "id_str", "id", "post_id", "uuid", "guid",
    ),
    "parent_id": (
        "parent_id", "parent_comment_id", "comment_parent_id", "comment_parent", "parent_post_id", "parent_message_id",
        "in_reply_to_status_id", "in_reply_to_status_id_str", "in_reply_to_tweet_id", "in_reply_to_post_id",
        "in_reply_to_id", "in_reply_to", "referenced_tweets_replied_to_id",
        "reply_to_comment_id", "reply_to_message_id", "reply_to_msg_id", "reply_to_post_id",
        "reply_to_id", "replied_to_id", "parent", "reply_to",
    ),
    "discussion_id": (
        "discussion_id", "thread_id", "topic_id", "conversation_id", "link_id", "submission_id", "story_id",
        "comment_post_id", "video_id", "article_id", "aweme_id", "message_tree_id", "root_id", "root", "post_id",
    ),
    "author": (
        "author", "author_name", "author_username", "comment_author", "user_name", "username", "screen_name",
        "user_screen_name", "author_handle", "user", "user_display_name", "display_name", "nickname", "nick",
        "speaker", "owner", "sender_name", "sender", "from_name", "poster", "handle", "by", "from", "from_id", "name",
        "user_id", "author_id", "speaker_id", "sender_id",
    ),
    "created_at": (
        "created_at", "created_utc", "created_time", "create_time", "creation_date", "created_date", "create_date",
        "date_created", "comment_created", "comment_date", "comment_time", "published_at", "posted_at", "post_date",
        "date_posted", "timestamp", "time_parsed", "datetime", "date_time", "date_utc", "sent_at", "created", "date",
        "time", "posted", "published", "ts",
    ),
    "title": ("title", "subject", "post_title", "thread_title", "submission_title", "topic_title", "headline"),
    "depth": ("depth", "comment_depth", "nesting_level"),
    "edited_at": ("edited_at", "edited_utc", "last_edited_at", "edited"),
    "captured_at": (
        "captured_at", "retrieved_on", "retrieved_utc", "retrieved_at", "scraped_at", "crawled_at", "fetched_at",
        "collected_at",
    ),
    "permalink": (
        "permalink", "comment_permalink", "comment_url", "comment_link", "post_url", "tweet_url", "url", "link",
    ),
    "score": (
        "score", "comment_score", "votes", "vote_count", "upvotes", "ups", "points", "karma", "likes", "like_count",
        "likes_count", "comment_likes", "favorite_count", "digg_count", "recommendations", "public_metrics_like_count",
    ),
}  # fmt: skip

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINTS = re.compile(r"[\W_]+")
_WORDS = frozenset(word for words in _NAMES.values() for word in words)
_LONGEST = 40  # characters; a longer name is a sentence


def split_name(name: str) -> str:
    """The words of a name in lower case, joined by underscores."""
    return _JOINTS.sub("_", _CAMEL.sub("_", name)).strip("_").lower() if len(name) <= _LONGEST else ""


@lru_cache(1 << 14)
def is_known_name(name: str) -> bool:
    """Whether a name is one of ours, or one that is known to stand for one."""
    return split_name(name) in _WORDS


def guess_columns(names: Iterable[str], renames: Mapping[str, str]) -> dict[str, str]:
    """Renames for the known columns that a table has under another name: the table's own name to the known one.

    Args:
        names: of all columns.
        renames: what the user renamed.
    """
    given = list(dict.fromkeys(names))
    said = {name.strip().lower(): known for name, known in renames.items()}
    taken = {name for name in given if name.strip().lower() in said or name.strip().lower() in _NAMES}
    found = {said.get(name.strip().lower(), name.strip().lower()) for name in taken} | set(said.values())
    spelled: dict[str, str] = {}
    for name in given:
        if name not in taken:
            spelled.setdefault(split_name(name), name)
    guessed: dict[str, str] = {}
    for known, wanted in _NAMES.items():
        if known in found or (known == "parent_id" and "id" not in found):
            continue  # what answers something names it by an id: where posts have none, that is a person's name
        spelling = next((word for word in wanted if word in spelled), None)
        if spelling is not None:
            guessed[spelled.pop(spelling)] = known
            found.add(known)
    return guessed
