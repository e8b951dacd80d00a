"""Decisions: kept for good, obeyed by every later run, shown as what they are."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeline.archive import Archive, open_archive
from pipeline.audit import audit_archive
from pipeline.decide import decide, import_decisions
from pipeline.errors import ArchiveError, InputError, SettingError
from pipeline.report import why_lines
from pipeline.settings import RunParameters
from pipeline.steps import run_direct

PAGE = [
    "The harbour office wants to sell the old crane, and the council has until the spring to stop it.",
    "Who would buy a crane that has not moved in thirty years and has a family of gulls in its cabin?",
    "A museum in the north asked about it twice, and both times the harbour office lost the letter.",
    "Lost, or did not find the drawer it keeps letters from museums in? I have worked in that office.",
    "The gulls have a better claim than the museum. They at least turned up in person and stayed.",
]
FORUM = """{"id": 1, "discussion_id": "crane", "parent_id": null, "author": "Ida", "text": "Save the crane."}
{"id": 2, "discussion_id": "crane", "parent_id": 1, "author": "Bo", "text": "Save the gulls."}
{"id": 3, "discussion_id": "crane", "parent_id": 2, "author": "Cy", "text": "Save the letters."}
"""


class Kept:
    """An archive over dumps that grow."""

    def __init__(self, folder: Path) -> None:
        self.raw, self.out = folder / "raw", folder / "archive"
        self.raw.mkdir()

    def add(self, name: str, text: str) -> Archive:
        (self.raw / name).write_text(text, encoding="utf-8")
        return self.run()

    def run(self) -> Archive:
        self.summary = run_direct(RunParameters(raw=[self.raw], out=self.out))
        assert audit_archive(self.out) == []
        return open_archive(self.out)

    def decide(self, kind: str, post: str, other: str | None) -> Archive:
        assert decide(self.out, kind, post, other, author="Ada", note="I was there") == 1
        return self.run()


@pytest.fixture
def kept(tmp_path) -> Kept:
    return Kept(tmp_path)


def ids(archive: Archive) -> dict[str, str]:
    """Posts by their first word but one."""
    posts = archive.posts.filter(~pl.col("is_placeholder")).select("text", "post_id").collect()
    return {text.split()[1]: post for text, post in posts.rows()}


def parents(archive: Archive) -> dict[str, tuple[str | None, str]]:
    named = {post: word for word, post in ids(archive).items()}
    posts = archive.posts.select("post_id", "parent_id", "link_kind").collect()
    return {named[post]: (named.get(parent), kind) for post, parent, kind in posts.rows()}


def told(archive: Archive, post: str) -> str:
    return "\n".join(line.plain for line in why_lines(archive, post))


def test_a_guessed_parent_is_decided_and_denied(kept):
    archive = kept.add("page.txt", "\n".join(PAGE))
    assert {kind for _, kind in parents(archive).values()} == {"inferred"}
    post = ids(archive)
    archive = kept.decide("parent_is", post["gulls"], post["would"])
    assert parents(archive)["gulls"] == ("would", "decided")
    assert "decided by a person" in told(archive, post["gulls"])
    archive = kept.decide("parent_is_not", post["gulls"], post["would"])
    assert parents(archive)["gulls"][0] != "would"
    assert parents(archive)["gulls"][1] == "inferred"
    links = archive.links.filter(pl.col("parent_id") == post["would"], pl.col("post_id") == post["gulls"])
    assert links.select("confidence").collect().sum().item() == 0
    archive = kept.decide("parent_is", post["gulls"], None)
    assert parents(archive)["gulls"] == (None, "decided")
    assert archive.decisions.collect().height == 3


def test_a_declared_parent_is_overruled_and_circles_spare_what_was_decided(kept):
    archive = kept.add("forum.jsonl", FORUM)
    post = {text.split()[2]: post for text, post in archive.posts.select("text", "post_id").collect().rows()}

    def above(archive: Archive) -> dict[str, tuple[str | None, str]]:
        rows = archive.posts.select("text", "parent_id", "link_kind").collect().rows()
        named = {value: key for key, value in post.items()}
        return {text.split()[2]: (named.get(parent), kind) for text, parent, kind in rows}

    archive = kept.decide("parent_is", post["crane."], post["letters."])
    assert above(archive)["crane."] == ("letters.", "decided")
    assert above(archive)["gulls."] == (None, "declared")  # the circle is opened at the first declared link
    archive = kept.decide("parent_is_not", post["letters."], post["gulls."])
    assert above(archive)["letters."][0] != "gulls."


def test_posts_are_united_and_split(kept):
    kept.add("page.txt", "\n".join(PAGE))
    archive = kept.add("forum.jsonl", FORUM)
    n = archive.posts.collect().height
    post = ids(archive)
    forum = archive.posts.filter(pl.col("text") == "Save the gulls.").select("post_id").collect().item()
    archive = kept.decide("same_as", forum, post["gulls"])
    assert archive.posts.collect().height == n - 1
    one = archive.resolve(forum)
    assert one == archive.resolve(post["gulls"])
    assert "a person decided it" in told(archive, str(one))
    archive = kept.decide("not_same_as", forum, post["gulls"])
    assert archive.posts.collect().height == n
    assert archive.resolve(forum) != archive.resolve(post["gulls"])


def test_sightings_that_evidence_unites_are_kept_apart(kept):
    kept.add("page.txt", "\n".join(PAGE))
    archive = kept.add("again.txt", "\n".join([*PAGE, "And the council has lost the gulls' letter, too, by the way."]))
    gulls = ids(archive)["gulls"]
    seen = archive.sightings.filter(pl.col("post_id") == gulls).select("sighting_id").collect()["sighting_id"]
    assert seen.len() == 2
    archive = kept.decide("not_same_as", seen[0], seen[1])
    apart = archive.sightings.filter(pl.col("sighting_id").is_in(seen.implode())).select("post_id").collect()
    assert apart["post_id"].n_unique() == 2
    # So they stay when another dump comes.
    archive = kept.add("third.txt", "\n".join(PAGE[:4]))
    apart = archive.sightings.filter(pl.col("sighting_id").is_in(seen.implode())).select("post_id").collect()
    assert apart["post_id"].n_unique() == 2


def test_the_next_run_is_needed_once(kept):
    archive = kept.add("page.txt", "\n".join(PAGE))
    post = ids(archive)
    kept.decide("parent_is", post["gulls"], post["would"])
    assert not kept.summary.nothing_new
    kept.run()
    assert kept.summary.nothing_new


def test_decisions_are_imported_or_none_is(kept, tmp_path):
    archive = kept.add("page.txt", "\n".join(PAGE))
    post = ids(archive)
    file = tmp_path / "decisions.csv"
    good = f"{post['gulls']},parent_is,{post['would']},Ada,,2026-03-01T12:00:00Z"
    head = "post_id,kind,other_id,author,note,decided_at"
    for wrong, error, says in (
        (f"{post['gulls']},likes,{post['would']},,,", SettingError, "line 3: 'likes' is no decision"),
        (f"{post['gulls']},same_as,,,,", SettingError, "line 3: same_as needs another post"),
        (f"{post['gulls']},same_as,{post['gulls']},,,", SettingError, "says nothing"),
        (f"aaaaaaaaaaaaaaaa,parent_is,{post['gulls']},,,", ArchiveError, "line 3: no post has the id aaaaaaaaaaaaaaaa"),
        (f"{post['gulls']},parent_is,,,,yesterday", InputError, "line 3: 'yesterday' is no time"),
    ):
        file.write_text(f"{head}\n{good}\n{wrong}\n", encoding="utf-8")
        with pytest.raises(error, match=says):
            import_decisions(kept.out, file)
    file.write_text("post_id,kind\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column other_id"):
        import_decisions(kept.out, file)
    with pytest.raises(InputError, match="cannot be read"):
        import_decisions(kept.out, tmp_path / "nowhere.csv")
    file.write_text(f"{head}\n{good}\n", encoding="utf-8")
    assert [import_decisions(kept.out, file), import_decisions(kept.out, file)] == [1, 0]
    assert parents(kept.run())["gulls"] == ("would", "decided")
