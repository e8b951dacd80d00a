"""What ports of Zawinski's threading algorithm (JWZ) to Python lose on small mailboxes, none of which is lost here."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeline.archive import Archive, open_archive
from pipeline.audit import audit_archive
from pipeline.settings import RunParameters, load_settings
from pipeline.steps import run_direct
from tests.invented import invent_page

Mail = tuple[str, str | None, str]  # its own id, whom it refers to, its subject

CHAIN = 3_000
BOXES: dict[str, list[Mail]] = {
    "blank": [("blank1", None, ""), ("blank2", None, ""), ("blank3", None, "")],
    "twins": [("twin", None, "Kites"), ("twin", None, "Ladders")],
    "circle": [("left", "right", "Re: Eggs"), ("right", "left", "Re: Eggs")],
    "self": [("self", "self", "Re: Mirrors")],
    "orphans": [("late", "never", "Re: Tides"), ("later", "never", "Re: Tides")],
    "turned": [("answer", "question", "Re: Moths"), ("question", None, "Moths")],
    "chain": [(f"c{at}", f"c{at - 1}" if at else None, "Re: Ropes") for at in range(CHAIN)],
}


def write_box(path: Path, mails: list[Mail]) -> None:
    texts = invent_page(min(len(mails), 50), seed=len(mails), short=0)
    lines = []
    for at, (own, above, subject) in enumerate(mails):
        lines += [
            f"From {path.stem}@x.example Mon Mar  2 10:00:00 2026",
            f"From: Ada <{path.stem}@x.example>",
            f"Date: Mon, 2 Mar 2026 {10 + at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d} +0000",
            f"Subject: {subject}",
            f"Message-ID: <{own}@x.example>",
            *([f"References: <{above}@x.example>"] if above else []),
            f"List-Id: <{path.stem}.x.example>",
            "",
            f"{texts[at % len(texts)]} {at}",
            "",
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("boxes")
    for name, mails in BOXES.items():
        write_box(folder / f"{name}.mbox", mails)
    out = folder / "out"
    run_direct(RunParameters(raw=[folder], out=out, settings=load_settings()))
    assert audit_archive(out) == []
    return open_archive(out)


def box(archive: Archive, name: str) -> pl.DataFrame:
    """Its posts, with the ids that mails give themselves and their parents."""
    mine = {f"{own}@x.example" for own, _, _ in BOXES[name]} | ({"never@x.example"} if name == "orphans" else set())
    posts = archive.posts.collect()
    names = posts.select(parent_id="post_id", parent="native_id")
    return posts.join(names, on="parent_id", how="left").filter(pl.col("native_id").is_in(mine))


def shown(archive: Archive, name: str) -> int:
    """How many mails of a box are sightings of posts."""
    return archive.sightings.join(box(archive, name).select("post_id").lazy(), on="post_id").collect().height


@pytest.mark.parametrize("name", BOXES)
def test_every_mail_is_there(archive: Archive, name: str) -> None:
    assert shown(archive, name) == len(BOXES[name])


def test_blank_subjects_make_threads_of_their_own(archive: Archive) -> None:
    assert box(archive, "blank")["thread_id"].n_unique() == 3


def test_one_id_given_twice_is_one_post_with_both_texts(archive: Archive) -> None:
    posts = box(archive, "twins")
    assert posts["n_sightings"].to_list() == [2]
    texts = archive.sightings.filter(pl.col("post_id") == posts["post_id"][0]).select("body_raw", "match").collect()
    assert texts["body_raw"].null_count() == 1


def test_circles_are_opened_and_flagged(archive: Archive) -> None:
    posts = box(archive, "circle")
    assert posts["parent_id"].null_count() == 1
    assert posts.filter(pl.col("flags").list.contains("cycle_broken"))["parent_id"].null_count() == 1
    assert box(archive, "self")["parent_id"].to_list() == [None]


def test_a_parent_never_seen_holds_its_answers_together(archive: Archive) -> None:
    posts = box(archive, "orphans")
    assert posts["thread_id"].n_unique() == 1
    assert posts.filter("is_placeholder").height == 1
    assert posts.filter(~pl.col("is_placeholder"))["parent"].to_list() == ["never@x.example"] * 2


def test_an_answer_may_come_before_its_question(archive: Archive) -> None:
    posts = box(archive, "turned")
    assert dict(posts.select("native_id", "parent").iter_rows()) == {
        "answer@x.example": "question@x.example",
        "question@x.example": None,
    }


def test_a_chain_of_thousands_is_as_deep_as_it_is_long(archive: Archive) -> None:
    assert box(archive, "chain")["depth"].sort().to_list() == list(range(CHAIN))
