"""Reddit records of Pushshift and Arctic Shift."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.blocks import Block
from pipeline.ingest.readers import reddit
from pipeline.ingest.readers.json_lines import parse_block
from pipeline.ingest.readers.reddit_blocks import block_fields
from pipeline.ingest.readers.reddit_fields import fields_batch, object_batch
from pipeline.ingest.records import Rejections
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
            "edited_at_raw": "1770000100",
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


WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
IDS = st.sampled_from(["c1", "t1_c2", "t3_s1", "10", "null", "", None, 7])
TIMES = st.sampled_from([1770000000, "1770000000", 1770000000.0, 17.5, None, False, "false", "true", "null"])
COUNTS = st.sampled_from([3, -1, 0, None, "5", 2.0, 2**70])
TRUTHS = st.sampled_from([True, False, None, "false", "true"])
THINGS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["c1", "0z9", "10", "null", "", None]),
        "name": IDS,
        "link_id": IDS,
        "parent_id": IDS,
        "author": st.sampled_from(["ada", "[deleted]", "null", None]),
        "body": st.one_of(WORDS, st.sampled_from(["[deleted]", " [Removed] ", "[ Removed by Reddit ]", None])),
        "selftext": st.one_of(WORDS, st.none()),
        "title": st.one_of(WORDS, st.none()),
        "created_utc": TIMES,
        "created": TIMES,
        "edited": TIMES,
        "retrieved_on": TIMES,
        "score": COUNTS,
        "ups": COUNTS,
        "depth": COUNTS,
        "permalink": st.sampled_from(
            ["/r/soups/comments/s1/soup/c1/", "/r/soups/comments/s1/soup/", "/r/x/", "", None]
        ),
        "subreddit": st.one_of(WORDS, st.none()),
        "is_self": TRUTHS,
        "url": st.one_of(WORDS, st.none()),
        "stickied": TRUTHS,
        "gilded": COUNTS,
        "upvote_ratio": st.sampled_from([0.5, 1.0, 0, None]),
        "distinguished": st.one_of(WORDS, st.none()),
        "author_flair_text": st.one_of(WORDS, st.just("x" * 5000), st.none()),
        "_meta": st.sampled_from([None, {"retrieved_2nd_on": 9}, {"b": [1.5], "a": None, "retrieved_2nd_on": "9"}, {}]),
        "media": st.just({"id": 5, "kind": "video", "parent_id": 6}),
    },
)
LINES = st.one_of(
    THINGS.map(json.dumps),
    THINGS.map(lambda thing: json.dumps(thing, ensure_ascii=False)),
    st.sampled_from(
        ["", " ", "{", "[]", '{"id": "\\ud800"}', '{"body": "\\\\ud800"}', '{"id": "\\ud83d\\ude00"}\r', "{}"]
    ),
)


@given(st.lists(LINES, max_size=6))
def test_blocks_are_read_as_lines_are(lines: list[str]) -> None:
    block = Block(5, "\n".join([*lines, '{"id": "c9"}']).encode())
    fields = block_fields(block, ordinal=3, longest=10_000)
    if fields is not None:
        (parsed,) = parse_block(block, 3, 10_000)
        careful, fast = object_batch(parsed), fields_batch(fields, Rejections(), block.line)
        assert fast.records.to_dicts() == careful.records.to_dicts()
        assert fast.rejected.to_dicts() == careful.rejected.to_dicts()


def test_sound_lines_are_read_in_blocks(tmp_path: Path) -> None:
    things = [{**COMMENT, "id": f"c{number}", "created_utc": number, "edited": False} for number in range(50)]
    sound = "\n".join(map(json.dumps, things)).encode()
    assert block_fields(Block(1, sound), ordinal=0, longest=10_000) is not None
    numbered = sound.replace(b'"parent_id": "t3_s1"', b'"parent_id": 1000')
    fields = block_fields(Block(1, numbered), ordinal=0, longest=10_000)
    assert fields is not None
    assert set(fields["parent"]) == {"rs"}
    assert block_fields(Block(1, sound), ordinal=0, longest=100) is None


def test_a_bad_line_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reddit, "_PART_BYTES", 500)
    lines = [json.dumps({**COMMENT, "id": f"c{number}"}) for number in range(40)]
    lines[7], lines[20], lines[39] = "{", json.dumps({**COMMENT, "score": "many"}), json.dumps({"author": "ada"})
    records, rejected = read_bytes(tmp_path, "\n".join(lines).encode(), format="reddit")
    assert records["ordinal"].to_list() == [number for number in range(40) if number not in (7, 39)]
    assert records["location"].to_list() == [f"line {number + 1}" for number in range(40) if number not in (7, 39)]
    assert rejected.select("ordinal", "location", "rule", "raw").rows() == [
        (7, "line 8", "bad_json", b"{"),
        (39, "line 40", "no_id_no_text", b'{"author": "ada"}'),
    ]


def test_what_is_packed_twice_is_quarantined_not_unpacked_by_the_way(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(json.dumps(COMMENT).encode()))
    packed[-6] ^= 0xFF  # its checksum
    records, rejected = read_bytes(tmp_path, gzip.compress(bytes(packed)), format="reddit")
    assert records.is_empty()
    assert not rejected.is_empty()
