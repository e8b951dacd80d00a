"""WordPress exports: namespaces, what is no post, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

DUMP = (CASES / "wordpress" / "dump.xml").read_bytes()
WHAT = ["native_id", "native_parent", "author", "body", "posted_at_raw"]


@pytest.mark.parametrize(
    "changed",
    [
        DUMP.replace(b' xmlns:wp="http://wordpress.org/export/1.2/"', b""),
        DUMP.replace(b"export/1.2/", b"export/1.0/"),
        DUMP.replace(b"\n", b"\r\n").replace(b"]]>\r\n", b"]]>\n"),
    ],
    ids=["undeclared", "older", "windows"],
)
def test_the_same_whatever_the_namespace(tmp_path: Path, changed: bytes) -> None:
    expected, _ = read_file(CASES / "wordpress" / "dump.xml")
    records, rejected = read_bytes(tmp_path, changed)
    assert records.select(WHAT).rows() == expected.select(WHAT).rows()
    assert rejected.is_empty()


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ("<wp:comment_type>comment</wp:comment_type>", True),
        ("<wp:comment_type>trackback</wp:comment_type>", False),
        ("<wp:comment_approved>trash</wp:comment_approved>", False),
        ("<wp:comment_approved>1</wp:comment_approved>", True),
        ("", True),
    ],
)
def test_which_comments_are_posts(tmp_path: Path, fields: str, kept: bool) -> None:
    comment = f"<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_content>Hm.</wp:comment_content>{fields}"
    item = f"<item><wp:post_id>5</wp:post_id>{comment}</wp:comment></item>"
    records, _ = read_bytes(tmp_path, f"<rss><channel><title>B</title>{item}</channel></rss>".encode())
    assert records["native_id"].to_list() == ["post:5", "comment:1"][: 1 + kept]
    assert (records["extra"][0] is None) == kept


def test_a_file_that_breaks_off_in_a_comment_keeps_the_article(tmp_path: Path) -> None:
    records, rejected = read_bytes(tmp_path, DUMP[: DUMP.index(b"An hour") + 7])
    assert records["native_id"].to_list() == ["post:31", "comment:4", "comment:7"]
    assert rejected["rule"].to_list() == ["damaged_file"]


@settings(max_examples=60, deadline=None)
@given(data=damaged_cases("wordpress"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "wordpress")
