"""The digest of a table says whether two tables have the same rows, order and values, and nothing else."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ArchiveError, ContractError
from pipeline.store.digest import TableDigest, digest_archive, digest_table
from pipeline.tables import PUBLISHED
from tests.sample_archive import an_id, at, publish_unchecked, sample_tables

POSTS = sample_tables()["posts"]
POST = POSTS.head(1)

names = st.none() | st.sampled_from(["", "~", "a;", "1:a"])
span = st.none() | st.fixed_dictionaries({"start": st.integers(0, 3), "end": st.integers(0, 3), "author": names})
quotes = st.none() | st.lists(span, max_size=3)
words = st.none() | st.text("a~;:[1\x00\x1fé", max_size=4)


def with_values(**values: object) -> pl.DataFrame:
    return POST.with_columns(pl.Series(name, [value], POST.schema[name]) for name, value in values.items())


@given(st.tuples(words, words, quotes), st.tuples(words, words, quotes))
def test_rows_have_the_same_digest_exactly_when_they_are_equal(one, other):
    def digest(values: tuple[object, ...]) -> str:
        return digest_table("posts", with_values(title=values[0], author=values[1], quotes=values[2]))

    assert (digest(one) == digest(other)) == (one == other)


@given(st.lists(st.floats(width=32), min_size=2, max_size=2))
def test_floats_are_compared_exactly_as_polars_compares_them(pair):
    one, other = (with_values(link_confidence=value) for value in pair)
    assert (digest_table("posts", one) == digest_table("posts", other)) == one.equals(other)


@pytest.mark.parametrize(
    "change",
    (
        {"depth": 1},
        {"posted_at": at(99)},
        {"posted_at": None},
        {"is_placeholder": True},
        {"flags": ["cycle_broken"]},
        {"flags": None},
        {"flags": [None]},
        {"quotes": [{"start": 0, "end": 1, "author": None}]},
    ),
)
def test_a_change_of_any_kind_of_value_shows(change):
    assert digest_table("posts", with_values(**change)) != digest_table("posts", POST)


def test_the_raw_bytes_of_quarantine_count():
    row = sample_tables()["quarantine"]
    other = row.with_columns(raw=pl.lit(b"\xff\xfe"))
    assert digest_table("quarantine", row) != digest_table("quarantine", other)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 10), max_size=5).map(sorted))
def test_where_chunks_end_makes_no_difference(cuts):
    posts = POSTS
    digest = TableDigest("posts")
    for start, stop in zip([0, *cuts], [*cuts, posts.height], strict=True):
        digest.add(posts.slice(start, stop - start))
    assert digest.finish() == digest_table("posts", posts) == digest_table("posts", posts.lazy())


def test_order_counts_and_the_number_of_rows():
    posts = sample_tables()["posts"]
    assert digest_table("posts", posts.reverse()) != digest_table("posts", posts)
    assert digest_table("posts", posts.head(9)) != digest_table("posts", posts)


def test_two_empty_tables_of_different_names_differ():
    empty = {name: digest_table(name, schema.create_empty()) for name, schema in PUBLISHED.items()}
    assert len(set(empty.values())) == len(empty)


def test_the_digest_is_the_one_of_every_other_machine():
    row = pl.DataFrame(
        {"post_id": an_id("a"), "canonical_id": an_id("b"), "kind": "repost", "similarity": 0.5},
        schema_overrides={"similarity": pl.Float32},
    )
    assert digest_table("repeats", row) == "tfgpw5cz7jqvbqv6"


def test_where_a_file_lies_is_left_out_and_what_it_holds_is_not():
    captures = sample_tables()["captures"]
    moved = captures.with_columns(paths=pl.lit(["elsewhere/x.txt"], dtype=pl.List(pl.String)))
    grown = captures.with_columns(pl.col("bytes") + 1)
    assert digest_table("captures", moved) == digest_table("captures", captures)
    assert digest_table("captures", grown) != digest_table("captures", captures)


def test_a_frame_that_lacks_a_column_has_no_digest():
    with pytest.raises(ContractError, match="post_id"):
        digest_table("posts", POST.drop("post_id"))


def test_an_archive_has_the_digests_of_its_tables_but_runs(tmp_path):
    tables = sample_tables()
    snapshot = publish_unchecked(tmp_path, tables)
    digests = digest_archive(tmp_path)
    assert digests == digest_archive(snapshot)
    assert set(digests) == set(PUBLISHED) - {"runs"}
    assert digests["links"] == digest_table("links", tables["links"].sort("post_id", "rank"))


def test_a_folder_without_tables_has_none(tmp_path):
    with pytest.raises(ArchiveError, match="no table posts"):
        digest_archive(tmp_path)
