"""Reddit records of Pushshift and Arctic Shift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.reading import known_of, read_bytes

COMMENT = {"id": "c1", "link_id": "t3_s1", "parent_id": "t3_s1", "body": "Soup.", "author": "ada", "subreddit": "soups"}


def read_posts(folder: Path, *posts: dict[str, Any]) -> list[dict[str, Any]]:
    records, rejected = read_bytes(folder, "\n".join(map(json.dumps, posts)).encode(), format="reddit")
    assert rejected.is_empty()
    return known_of(records)


def test_submissions_and_comments(tmp_path: Path) -> None:
    page = "/r/soups/comments/s1/is_cold_soup_soup/"
    submission = {
        "id": "s1",
        "title": "Is cold soup soup?",
        "selftext": "Discuss &amp; slurp.",
        "author": "ben",
        "subreddit": "soups",
        "created_utc": "1770000000",
        "edited": 1770000100.0,
        "retrieved_on": 1770000200,
        "score": 12,
        "num_comments": 0,
        "over_18": False,
        "link_flair_text": "Debate",
        "permalink": page,
        "is_self": True,
        "url": "https://www.reddit.com" + page,
    }
    comment = {**COMMENT, "created_utc": 1770000050, "ups": 3, "permalink": f"{page}c1/", "edited": False}
    common = {
        "scope": "reddit",
        "native_discussion": "t3_s1",
        "discussion_scope": "reddit",
        "parent_known": True,
        "markup": "markdown",
        "discussion_url": "https://www.reddit.com" + page,
        "community": "soups",
    }
    assert read_posts(tmp_path, submission, comment) == [
        {
            **common,
            "ordinal": 0,
            "location": "line 1",
            "native_id": "t3_s1",
            "author": "ben",
            "posted_at_raw": "1770000000",
            "edited_at_raw": "1770000100.0",
            "captured_at_raw": "1770000200",
            "title": "Is cold soup soup?",
            "body": "Discuss &amp; slurp.",
            "discussion_title": "Is cold soup soup?",
            "permalink": "https://www.reddit.com" + page,
            "votes": 12,
            "extra": '{"link_flair_text":"Debate"}',
        },
        {
            **common,
            "ordinal": 1,
            "location": "line 2",
            "native_id": "t1_c1",
            "native_parent": "t3_s1",
            "author": "ada",
            "posted_at_raw": "1770000050",
            "body": "Soup.",
            "permalink": f"https://www.reddit.com{page}c1/",
            "votes": 3,
        },
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"body": "[deleted]", "author": "[deleted]"}, {"body": "[deleted]", "deletion": "author", "author": None}),
        ({"body": "[removed]"}, {"body": "[removed]", "deletion": "moderator"}),
        ({"body": "[ Removed by Reddit ]"}, {"deletion": "moderator"}),
        ({"parent_id": "t1_c0"}, {"native_parent": "t1_c0"}),
        ({"parent_id": "c0"}, {"native_parent": "t1_c0"}),
        ({"parent_id": "s1", "link_id": "s1"}, {"native_parent": "t3_s1", "native_discussion": "t3_s1"}),
        ({"parent_id": 36 * 36 + 11}, {"native_parent": "t1_10b"}),
        ({"parent_id": None}, {"native_parent": None, "parent_known": False}),
        ({"name": "t1_c9", "id": None}, {"native_id": "t1_c9"}),
        ({"edited": "false", "author": "null", "score": "17"}, {"edited_at_raw": None, "author": None, "votes": 17}),
        ({"edited": True}, {"edited_at_raw": None, "extra": '{"edited":true}'}),
        (
            {"retrieved_on": 5, "_meta": {"retrieved_2nd_on": 9}},
            {"captured_at_raw": "9", "extra": '{"_meta":{"retrieved_2nd_on":9}}'},
        ),
        ({"distinguished": "moderator", "gilded": 0, "stickied": "false"}, {"extra": '{"distinguished":"moderator"}'}),
        ({"body": None}, {"body": None, "native_id": "t1_c1"}),
        ({"body": ["no", "words"], "score": [1]}, {"body": None, "votes": None}),
    ],
)
def test_what_bites_in_comments(tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    (known,) = read_posts(tmp_path, {**COMMENT, **changes})
    assert {name: known.get(name) for name in expected} == expected


def test_a_link_post_keeps_its_empty_text_and_its_link(tmp_path: Path) -> None:
    post = {"id": "s2", "title": "Soup of the day", "selftext": "", "is_self": False, "url": "https://example.org/soup"}
    (known,) = read_posts(tmp_path, post)
    assert (known["body"], known["extra"]) == ("", '{"url":"https://example.org/soup"}')
    assert (known["native_id"], known["native_discussion"], known["parent_known"]) == ("t3_s2", "t3_s2", True)


def test_envelopes_are_opened(tmp_path: Path) -> None:
    (known,) = read_posts(tmp_path, {"kind": "t1", "data": {**COMMENT, "depth": 2}})
    assert (known["native_id"], known["depth"]) == ("t1_c1", 2)


def test_records_without_id_and_words_go_to_quarantine(tmp_path: Path) -> None:
    lines = [json.dumps({**COMMENT, "id": None, "body": None}), "{", "[]", json.dumps(COMMENT)]
    records, rejected = read_bytes(tmp_path, "\n".join(lines).encode(), format="reddit")
    assert records["ordinal"].to_list() == [3]
    assert rejected.select("location", "rule").rows() == [
        ("line 1", "no_id_no_text"),
        ("line 2", "bad_json"),
        ("line 3", "not_an_object"),
    ]
