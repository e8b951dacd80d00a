"""Tables made from those of the snapshot before: the same rows as when written whole, untouched parts linked."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.store import write
from pipeline.store.digest import TableDigest
from pipeline.store.revise import Change, TableFolders, revise_table, write_whole
from pipeline.store.write import sort_columns
from tests.sample_archive import an_id, at, sample_tables

TIMES = (None, at(1), at(2), at(3))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(write, "GROUP_ROWS", 4)


def make_posts(numbers, title="first"):
    """Posts of made-up discussions: three of each, their ids made from their numbers."""
    post = sample_tables()["posts"].head(1)
    rows = [
        post.with_columns(
            post_id=pl.lit(an_id(f"post{n}")),
            discussion_id=pl.lit(an_id(f"discussion{n // 3}")),
            began_at=pl.lit(TIMES[n // 3 % 4], pl.Datetime("us", "UTC")),
            position=pl.lit(n % 3, pl.Int64),
            title=pl.lit(title),
        )
        for n in numbers
    ]
    return pl.concat([post.clear(), *rows])


def write_posts(posts, folder):
    digest = TableDigest("posts")
    folders = TableFolders(folder / "posts", folder / "ids")
    return folders, list(write_whole("posts", posts, folders, digest)), digest.finish()


def revise_posts(base, before, change, folder):
    digest = TableDigest("posts")
    folders = TableFolders(folder / "posts", folder / "ids")
    parts = list(revise_table("posts", base, tuple(before), change, folders, digest))
    return folders, parts, digest.finish()


numbers = st.frozensets(st.integers(0, 24))


@settings(max_examples=12)
@given(first=numbers, steps=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=3))
def test_revised_tables_are_those_written_whole(tmp_path_factory, first, steps):
    folder = tmp_path_factory.mktemp("revise")
    held = dict.fromkeys(first, "first")
    folders, parts, _ = write_posts(make_posts(first), folder / "0")
    # Steps go on from each other, so that parts split, empty and fill up again.
    for number, (goes, comes) in enumerate(steps, 1):
        gone = make_posts(goes)
        gone = gone.select(sort_columns("posts")) if number % 2 else gone.select("post_id")
        fresh = comes - (held.keys() - goes)
        held = {n: title for n, title in held.items() if n not in goes} | dict.fromkeys(fresh, str(number))
        change = Change(Path(), (gone,), make_posts(fresh, str(number)))
        folders, parts, digest = revise_posts(folders, parts, change, folder / str(number))
        expected = pl.concat([make_posts([]), *(make_posts([n], title) for n, title in held.items())])
        _, _, whole = write_posts(expected, folder / f"whole{number}")
        assert digest == whole
        back = pl.scan_parquet(folders.parts / "*.parquet").collect()
        assert back.equals(expected.sort("began_at", "discussion_id", "position"))
        files = [one.part for one in parts]
        assert [part.rows for part in files] == [pl.read_parquet(folders.parts / part.name).height for part in files]
        assert all(part.rows <= 4 for part in files)


@pytest.mark.parametrize("key", [["post_id"], sort_columns("posts")], ids=["by id", "by place"])
def test_untouched_parts_are_the_same_files(tmp_path, key):
    posts = make_posts(range(60)).sort("began_at", "discussion_id", "position")
    base, before, _ = write_posts(posts, tmp_path / "a")
    row = random.Random(1).randrange(60)
    changed = posts.slice(row, 1).with_columns(title=pl.lit("other"))
    again = posts.slice(0, 1)
    gone = pl.concat([changed, again]).select(key)
    folders, parts, _ = revise_posts(base, before, Change(Path(), (gone,), pl.concat([changed, again])), tmp_path / "b")
    same = [
        (base.parts / old.part.name).stat().st_ino == (folders.parts / new.part.name).stat().st_ino
        for old, new in zip(before, parts, strict=True)
    ]
    assert same.count(False) == 1, "a row that goes and comes again unchanged touches nothing"
    assert not same[row // 4]


def test_rows_go_by_whichever_of_several_keys_they_have(tmp_path):
    posts = make_posts(range(12))
    base, before, _ = write_posts(posts, tmp_path / "a")
    gone = (make_posts([0]).select("post_id"), make_posts([4]).select("discussion_id"))
    folders, _, _ = revise_posts(base, before, Change(Path(), gone, make_posts([])), tmp_path / "b")
    left = pl.scan_parquet(folders.parts / "*.parquet").collect()["post_id"]
    assert set(left) == set(make_posts([1, 2, *range(6, 12)])["post_id"])


def test_a_key_that_is_there_already_is_refused(tmp_path):
    base, before, _ = write_posts(make_posts(range(12)), tmp_path / "a")
    elsewhere = make_posts([3]).with_columns(discussion_id=pl.lit(an_id("discussion9")))
    with pytest.raises(ContractError, match="repeat the key"):
        revise_posts(base, before, Change(Path(), (), elsewhere), tmp_path / "b")


def test_rows_that_break_their_rules_are_refused(tmp_path):
    base, before, _ = write_posts(make_posts(range(3)), tmp_path / "a")
    broken = make_posts([20]).with_columns(link_confidence=pl.lit(2.0))
    with pytest.raises(ContractError, match="link_confidence"):
        revise_posts(base, before, Change(Path(), (), broken), tmp_path / "b")
