"""Columns by other people's names: what exports and scrapers call theirs is put to its meaning, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.ingest.readers.column_names import guess_columns, split_name
from tests.ingest.reading import read_file

KNOWN = ["native_id", "native_parent", "native_discussion", "author", "posted_at_raw", "votes", "body"]


def read(tmp_path: Path, name: str, data: str, **settings: Any) -> pl.DataFrame:
    path = tmp_path / name
    path.write_text(data, encoding="utf-8")
    return read_file(path, **settings)[0]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            "comment_id,post_id,Comment Text,User",
            {"Comment Text": "text", "comment_id": "id", "post_id": "discussion_id", "User": "author"},
        ),
        ("post_id,thread_id,message", {"message": "text", "post_id": "id", "thread_id": "discussion_id"}),
        ("id,text,createdAt,replyToId", {"createdAt": "created_at", "replyToId": "parent_id"}),
        ("id,text,body,content", {}),
        ("label,comment,parent_comment,ups", {"comment": "text", "ups": "score"}),
        ("what,when,who", {}),
        (
            "id,conversation_id,text,speaker,reply-to,timestamp",
            {
                "reply-to": "parent_id",
                "conversation_id": "discussion_id",
                "speaker": "author",
                "timestamp": "created_at",
            },
        ),
        ("Name,Comment,Reply to", {"Comment": "text", "Name": "author"}),
        (
            "commentID,commentBody,parentID,articleID,userDisplayName,createDate,recommendations,depth",
            {
                "commentBody": "text",
                "commentID": "id",
                "parentID": "parent_id",
                "articleID": "discussion_id",
                "userDisplayName": "author",
                "createDate": "created_at",
                "recommendations": "score",
            },
        ),
        (
            "id,conversation_id,text,created_at,author.username,referenced_tweets.replied_to.id",
            {
                "referenced_tweets.replied_to.id": "parent_id",
                "conversation_id": "discussion_id",
                "author.username": "author",
            },
        ),
        (
            "message_id,parent_id,message_tree_id,user_id,created_date,text,role",
            {
                "message_id": "id",
                "message_tree_id": "discussion_id",
                "user_id": "author",
                "created_date": "created_at",
            },
        ),
    ],
)
def test_names_are_put_to_their_meaning(names: str, expected: dict[str, str]) -> None:
    assert guess_columns(names.split(","), {}) == expected


def test_what_the_user_says_goes_before_any_guess() -> None:
    assert guess_columns(["nr", "body", "user"], {"Body": "title"}) == {"user": "author"}
    assert guess_columns(["body", "comment"], {"comment": "text"}) == {}


def test_names_are_one_in_any_spelling() -> None:
    assert {split_name(name) for name in ("createdAt", "created_at", "Created at", " CREATED-AT ")} == {"created_at"}
    assert split_name("a sentence that somebody wrote into the first row of a file") == ""


def test_a_scraper_of_reddit_that_writes_csv(tmp_path: Path) -> None:
    data = (
        ",comment_id,comment_parent_id,comment_body,subreddit,post_id,comment_author\n"
        "0,h1a,t3_oxx1,Which flour for soup bread?,baking,oxx1,ann\n"
        "1,h1b,t1_h1a,Any strong one,baking,oxx1,ben\n"
    )
    assert read(tmp_path, "praw.csv", data).select(*KNOWN[:4], "body").rows() == [
        ("t1_h1a", "t3_oxx1", "t3_oxx1", "ann", "Which flour for soup bread?"),
        ("t1_h1b", "t1_h1a", "t3_oxx1", "ben", "Any strong one"),
    ]


def test_comments_of_a_blog_whose_roots_answer_nought(tmp_path: Path) -> None:
    data = "comment_ID,comment_post_ID,comment_author,comment_content,comment_parent\n4,9,Ida,Soup,0\n5,9,Bo,Stew,4\n"
    records = read(tmp_path, "wp_comments.csv", data)
    assert records.select(*KNOWN[:4]).rows() == [("4", None, "9", "Ida"), ("5", "4", "9", "Bo")]
    assert records["parent_known"].all()


def test_nought_is_a_parent_where_a_post_has_that_id(tmp_path: Path) -> None:
    data = "id,parent_id,text\n0,,Soup\n1,0,Stew\n2,-1,Broth\n"
    assert read(tmp_path, "posts.csv", data)["native_parent"].to_list() == [None, "0", "-1"]


def test_posts_of_a_scraper_of_short_messages(tmp_path: Path) -> None:
    rows = [
        {"date": "2022-01-01T10:00:00+00:00", "content": "Soup?", "id": 100, "conversationId": 100, "likeCount": 3,
         "inReplyToTweetId": None, "user": {"id": 1, "username": "ida", "displayname": "Ida"}},
        {"date": "2022-01-01T10:05:00+00:00", "content": "Stew", "id": 101, "conversationId": 100, "likeCount": 0,
         "inReplyToTweetId": 100, "user": {"id": 2, "username": "bo", "displayname": "Bo"}},
    ]  # fmt: skip
    expected = [
        ("100", None, "100", "ida", "2022-01-01T10:00:00+00:00", 3, "Soup?"),
        ("101", "100", "100", "bo", "2022-01-01T10:05:00+00:00", 0, "Stew"),
    ]
    assert read(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))).select(KNOWN).rows() == expected
    assert read(tmp_path, "a.json", json.dumps(rows)).select(KNOWN).rows() == expected


def test_names_and_ids_that_stand_in_objects(tmp_path: Path) -> None:
    rows = [
        {"id": 11, "message": "Soup?", "from_id": {"_": "PeerUser", "user_id": 5}, "reply_to": None},
        {"id": 12, "message": "Stew", "from_id": {"_": "PeerUser", "user_id": 6}, "reply_to": {"reply_to_msg_id": 11}},
        {"id": 13, "message": "Tea", "from_id": {"_": "Nobody"}, "reply_to": {"_": "Nothing"}},
    ]
    records = read(tmp_path, "a.json", json.dumps(rows))
    assert records.select(*KNOWN[:2], "author").rows() == [("11", None, "5"), ("12", "11", "6"), ("13", None, None)]
