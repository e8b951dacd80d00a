"""Forgetting: nothing of it stays anywhere below the archive, and no later dump brings it back."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.archive import Archive, kept_snapshots, open_archive
from pipeline.audit import audit_archive
from pipeline.audit.deep import audit_raw
from pipeline.decide import decide
from pipeline.errors import ArchiveError
from pipeline.forget import forget
from pipeline.settings import RunParameters
from pipeline.steps import run_direct
from pipeline.steps.forgotten import bury, find_forgotten
from pipeline.store.layout import ArchiveLayout

PAGE = """The lamp on the breakwater has been dark for a week and the harbour office says it is the bulb.
I changed that bulb myself in March, after the swallows had left the lantern room to the spiders.
I agree.
Then who has been up there since, and why does the visitors' book end with a drawing of a heron?
I agree.
"""
SECRET = "Rosalind"


def row(number: int, parent: int | None, author: str, text: str) -> str:
    return json.dumps(
        {
            "id": number, "discussion_id": "lamp", "parent_id": parent, "author": author, "text": text,
            "created_at": f"2026-03-01T12:{number:02}:00Z",
        }
    )  # fmt: skip


FORUM = "\n".join(
    [
        row(1, None, "Ida", "Who keeps the key of the lantern room these days?"),
        row(2, 1, SECRET, "The key hangs where Oswin's aunt used to keep her barometer."),
        row(3, 2, "Bo", f"@{SECRET} no it does not hang there"),
        row(4, 3, SECRET, "ok"),
        row(5, 4, "Ida", "ok"),
        f'{{"id": 6, "author": "{SECRET}", "text": "half a line',
    ]
)


class Kept:
    def __init__(self, folder: Path) -> None:
        self.raw, self.out = folder / "raw", folder / "archive"
        self.raw.mkdir()

    def add(self, name: str, text: str) -> Archive:
        (self.raw / name).write_text(text, encoding="utf-8")
        run_direct(RunParameters(raw=[self.raw], out=self.out))
        return self.open()

    def open(self) -> Archive:
        assert audit_archive(self.out) == []
        assert audit_raw(self.out) == []
        return open_archive(self.out)

    def holds(self, *words: str) -> list[str]:
        """Where any of the words stands in what is kept, in whatever column of whatever file."""
        found = []
        for file in sorted(self.out.rglob("*.parquet")):
            if file.relative_to(self.out).parts[0] == "current":
                continue
            shown = json.dumps(pl.read_parquet(file).to_dicts(), default=str)
            found += [f"{file.relative_to(self.out)}: {word}" for word in words if word in shown]
        others = [path for path in self.out.rglob("*") if path.is_file() and path.suffix != ".parquet"]
        found += [path.name for path in others for word in words if word.encode() in path.read_bytes()]
        return found


@pytest.fixture
def kept(tmp_path) -> Kept:
    return Kept(tmp_path)


def post_of(archive: Archive, words: str) -> str:
    return str(archive.posts.filter(pl.col("text").str.starts_with(words)).select("post_id").collect().item())


def texts(archive: Archive) -> list[str]:
    return archive.posts.filter(~pl.col("is_placeholder")).select("text").collect()["text"].to_list()


def test_a_post_goes_everywhere_and_stays_away(kept):
    kept.add("page.txt", PAGE)
    archive = kept.add("forum.jsonl", FORUM)
    key = post_of(archive, "The key hangs")
    decide(kept.out, "parent_is", key, None, author="Ada")
    forget(kept.out, "post", key)
    archive = kept.open()
    assert kept.holds("barometer", key) == []
    assert len(kept_snapshots(kept.out)) == 1
    assert archive.decisions.collect().is_empty()
    # Whoever answered it answers a post that nobody saw, and nobody else is gone.
    answer = archive.posts.filter(pl.col("text").str.contains("no it does not")).select("parent_id").collect().item()
    unseen = archive.posts.filter(pl.col("post_id") == answer).collect().row(0, named=True)
    assert unseen["is_placeholder"]
    assert sum(archive.captures.collect()["n_rejected"]) == 2
    assert texts(archive).count("ok") == 2
    # The next scrape has it, with new bytes and in another form.
    kept.add("forum-again.jsonl", FORUM + "\n" + row(7, 5, "Cy", "Has anybody looked behind the clock?"))
    archive = kept.add(
        "flat.txt", "The key hangs where Oswin's aunt used to keep her barometer.\nIs the clock dark too?"
    )
    assert kept.holds("barometer", key) == []
    assert {"Has anybody looked behind the clock?", "Is the clock dark too?"} <= set(texts(archive))


def test_an_author_goes_with_everything_but_what_others_wrote(kept):
    archive = kept.add("forum.jsonl", FORUM)
    assert sorted(texts(archive)).count("ok") == 2
    forget(kept.out, "author", SECRET.upper())
    archive = kept.open()
    left = texts(archive)
    assert left.count("ok") == 1
    assert not any("barometer" in text for text in left)
    # Bo's own words name her; no column that Threadloom makes does.
    named = [place for place in kept.holds(SECRET) if "records" not in place]
    mentions = archive.posts.select(pl.col("mentions").explode().struct.field("name")).collect().drop_nulls()
    assert mentions.is_empty()
    assert named == [f"snapshots/{archive.run_id}/posts/part-00000.parquet: {SECRET}"] * len(named)
    kept.add("more.jsonl", row(9, 1, SECRET, "I am still here.") + "\n" + row(10, 1, "Cy", "So am I."))
    assert [text for text in texts(kept.open()) if "am" in text.split()] == ["So am I."]


def test_an_author_of_another_site_stays(kept):
    archive = kept.add("forum.jsonl", FORUM)
    with pytest.raises(ArchiveError, match="no author"):
        forget(kept.out, "author", SECRET, source="elsewhere")
    assert texts(archive) == texts(kept.open())


def test_one_of_two_equal_short_posts_goes(kept):
    archive = kept.add("page.txt", PAGE)
    first = (
        archive.posts.filter(pl.col("text") == "I agree.").sort("position").select("post_id").head(1).collect().item()
    )
    forget(kept.out, "post", first)
    left = [line for line in PAGE.splitlines() if line]
    left.remove("I agree.")
    assert texts(kept.open()) == left
    assert texts(kept.add("again.txt", PAGE + "The heron has been seen.\n")) == [*left, "The heron has been seen."]


def test_a_discussion_and_a_capture_go(kept):
    kept.add("page.txt", PAGE)
    archive = kept.add("forum.jsonl", FORUM)
    forum = archive.posts.filter(pl.col("native_id") == "1").select("discussion_id").collect().item()
    forget(kept.out, "discussion", forum)
    archive = kept.open()
    assert len(texts(archive)) == 5
    assert kept.holds("lantern room these days", "barometer") == []
    forget(kept.out, "capture", str(kept.raw / "page.txt"))
    assert texts(kept.open()) == []
    assert kept.holds("breakwater") == []
    # The same bytes are not read again.
    assert texts(kept.add("forum-again.jsonl", FORUM + "\n")) == []


def test_what_was_begun_is_finished_by_the_next_run(kept):
    archive = kept.add("forum.jsonl", FORUM)
    key = post_of(archive, "The key hangs")
    # As if the process had died right after the tombstones were kept.
    bury(ArchiveLayout(kept.out), find_forgotten(kept.out, "post", key))
    kept.add("forum.jsonl", FORUM)
    assert kept.holds("barometer") == []
    assert not ArchiveLayout(kept.out).forgetting.exists()


@pytest.mark.parametrize(("kind", "name"), [("post", "a" * 16), ("author", "Nobody"), ("capture", "nowhere.txt")])
def test_what_is_not_there_cannot_be_forgotten(kept, kind, name):
    kept.add("page.txt", PAGE)
    with pytest.raises(ArchiveError):
        forget(kept.out, kind, name)
    assert len(texts(kept.open())) == 5
