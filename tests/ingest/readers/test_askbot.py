"""Questions of Askbot: pages, wikis, comments, damage."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import known_of, read_bytes, read_file


def test_pages_of_one_question_repeat_it_alike() -> None:
    first, _ = read_file(CASES / "askbot" / "dump.html")
    second, _ = read_file(CASES / "askbot" / "page-2.html")
    both = first.drop("ordinal").join(
        second.drop("ordinal"), on=first.columns[1:], nulls_equal=True, maintain_order="left"
    )
    assert both["native_id"].to_list() == ["150", "161", "162"]
    wiki = known_of(second)[-1]
    assert (wiki["native_id"], wiki.get("author"), wiki["extra"], wiki["votes"]) == ("156", None, '{"wiki":true}', -1)


def test_a_comment_that_stands_nowhere_declares_no_parent(tmp_path: Path) -> None:
    comment = b'<div class="comment js-comment" data-comment-id="3"><p class="comment-body">Hm.</p></div>'
    records, _ = read_bytes(tmp_path, b"<script>askbot</script>" + comment)
    (known,) = known_of(records)
    assert (known["native_id"], known["parent_known"], known.get("scope")) == ("3", False, None)


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("askbot"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "askbot")
