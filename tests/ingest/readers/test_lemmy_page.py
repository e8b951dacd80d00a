"""Pages of Lemmy's web interface: elements, the data in them, flat pages, damage."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

SAME = ["scope", "native_id", "native_discussion", "native_parent", "author"]


def test_a_page_and_an_answer_of_the_api_name_alike() -> None:
    page, _ = read_file(CASES / "lemmy_page" / "dump.html")
    answer, _ = read_file(CASES / "lemmy" / "dump.json")
    both = page.join(answer, on=SAME, nulls_equal=True, maintain_order="left")
    assert both["native_id"].to_list() == ["post:18", "comment:51", "comment:52", "comment:54", "comment:56"]


def test_the_data_in_a_page_is_taken_before_its_elements() -> None:
    page, _ = read_file(CASES / "lemmy_page" / "with-data.html")
    bare, _ = read_file(CASES / "lemmy_page" / "dump.html")
    assert sorted(page["native_id"]) == sorted(bare["native_id"])
    assert page.select("native_id", "markup").rows()[-2:] == [("comment:58", "html"), ("comment:56", "html")]
    assert page["markup"].to_list()[:4] == ["markdown"] * 4


def test_a_flat_page_says_nothing_of_parents(tmp_path: Path) -> None:
    page = (CASES / "lemmy_page" / "dump.html").read_text()
    flat = re.sub(r'<ul class="comments list-unstyled">|</ul>|class="ms-2"', "", page)
    flat = re.sub(r'(<li class="comment)', r"</li>\1", flat)
    records, _ = read_bytes(tmp_path, flat.encode())
    assert records["native_id"].to_list()[:2] == ["post:18", "comment:51"]
    assert records["parent_known"].to_list() == [True] + [False] * 5


@settings(max_examples=40, deadline=None)
@given(data=damaged_cases("lemmy_page"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "lemmy_page")
