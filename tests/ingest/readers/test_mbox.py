"""Mailboxes: where mails part, what a file's home is, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes

DUMP = (CASES / "mbox" / "dump.mbox").read_bytes()
HEADS = "From: ada\nSubject: Kites\n\n"


@pytest.mark.parametrize(
    ("between", "mails"),
    [
        ("\n\nFrom ada@x Mon Apr 29 10:02:00 2019\n", 2),
        ("\nFrom ada@x Mon Apr 29 10:02:00 2019\n", 2),
        ("\n\nFrom - Mon Apr 29 10:02:00 CEST 2019\n", 2),
        ("\n\nFrom -8129367712\nX-Google-Thread: a1\n", 2),
        ("\r\n\r\nFrom ada@x Mon Apr 29 10:02:00 2019\r\n", 2),
        ("\n\n>From ada@x Mon Apr 29 10:02:00 2019\n", 1),
        ("\n\nFrom here on: ", 1),
        ("\nFrom the bridge:\n", 1),
    ],
)
def test_where_mails_part(tmp_path: Path, between: str, mails: int) -> None:
    data = f"From ada@x Sun Apr 28 10:02:00 2019\n{HEADS}They fly.{between}{HEADS}They land."
    records, rejected = read_bytes(tmp_path, data.encode())
    assert records.height == mails
    assert rejected.is_empty()
    assert records["title"].to_list() == ["Kites"] * mails
    assert records["body"][-1].endswith("They land.")


def test_what_stands_before_the_first_mail_goes_to_quarantine(tmp_path: Path) -> None:
    records, rejected = read_bytes(tmp_path, b"Archive of 2002\n" + DUMP, format="mbox")
    assert records.height == 4
    assert rejected.select("ordinal", "rule").rows() == [(0, "not_a_message")]


def test_the_list_that_most_mails_name_is_home(tmp_path: Path) -> None:
    groups = ["b.kites", "a.wind,b.kites", "b.kites,a.wind"]
    mails = [f"From x Mon Apr 29 10:02:00 2019\nNewsgroups: {group}\n{HEADS}Hm.\n\n" for group in groups]
    records, _ = read_bytes(tmp_path, "".join(mails).encode())
    assert records["native_discussion"].to_list() == ["b.kites"] * 3


def test_a_mail_without_end_is_cut(tmp_path: Path) -> None:
    data = f"From x Mon Apr 29 10:02:00 2019\n{HEADS}" + "Up and down.\n" * 1000
    records, rejected = read_bytes(tmp_path, data.encode(), record_bytes=2048)
    assert records["extra"].to_list() == ['{"cut":true}']
    assert len(records["body"][0]) < 3000
    assert rejected.is_empty()


@settings(max_examples=60, deadline=None)
@given(data=damaged_cases("mbox"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "mbox")
