"""The tables keep their own word: described columns, allowed values, row rules, and frames fitted to them."""

from __future__ import annotations

from typing import Any

import dataframely as dy
import polars as pl
import pytest

from pipeline import tables
from pipeline.errors import ContractError
from pipeline.tables import (
    ENRICHED,
    KEPT,
    PUBLISHED,
    SORT_KEYS,
    Aliases,
    Posts,
    Records,
    Threads,
    broken_rules,
    check_table,
    empty_table,
    fit_table,
)
from tests.sample_archive import an_id, at, sample_records, sample_tables

SCHEMAS: dict[str, Any] = {
    name: schema for name, schema in vars(tables).items() if isinstance(schema, type) and issubclass(schema, dy.Schema)
}
SAMPLES = {PUBLISHED[name]: frame for name, frame in sample_tables().items()} | {Records: sample_records("c", 3)}
COLUMNS = [(schema, name, column) for schema in SAMPLES for name, column in schema.columns().items()]


def named(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else str(value) if isinstance(value, str) else ""


def filled_with(schema: Any, column: str, value: Any) -> pl.DataFrame:
    """The sample of a table with one value in all rows of a column."""
    return SAMPLES[schema].with_columns(pl.lit(value, dtype=schema.columns()[column].dtype).alias(column))


@pytest.mark.parametrize("schema", tuple(SCHEMAS.values()), ids=named)
def test_every_table_and_every_column_is_described_and_every_table_has_a_key(schema):
    assert schema.__doc__
    for name, column in schema.columns().items():
        assert column.description, name
        assert column.description.endswith("."), name
    assert schema.primary_key()


@pytest.mark.parametrize("schema", tuple(SCHEMAS.values()), ids=named)
def test_empty_tables_keep_every_rule(schema):
    assert check_table(schema, empty_table(schema)).schema == empty_table(schema).schema


@pytest.mark.parametrize("schema", tuple(SAMPLES), ids=named)
def test_sound_rows_break_no_rule(schema):
    assert broken_rules(schema, SAMPLES[schema]) == {}
    assert check_table(schema, SAMPLES[schema]).equals(SAMPLES[schema])


@pytest.mark.parametrize(
    ("schema", "name", "column"), tuple(row for row in COLUMNS if row[2].metadata is not None), ids=named
)
def test_a_value_that_is_not_allowed_is_rejected(schema, name, column):
    nonsense: Any = ["nonsense"] if isinstance(column, dy.List) else "nonsense"
    broken = filled_with(schema, name, nonsense)
    assert broken_rules(schema, broken)[f"{name}|check__allowed"] == broken.height
    with pytest.raises(ContractError, match=f"{schema.__name__}[^$]*allowed"):
        check_table(schema, broken)
    for value in column.metadata["allowed"]:
        sound = filled_with(schema, name, [value] if isinstance(column, dy.List) else value)
        assert f"{name}|check__allowed" not in broken_rules(schema, sound)


@pytest.mark.parametrize(
    ("schema", "name", "column"), tuple(row for row in COLUMNS if getattr(row[2], "regex", None)), ids=named
)
def test_what_is_no_id_is_rejected(schema, name, column):
    for wrong in ("", "ABCDEFGHIJKLMNOP", "abcdefghijklmno", "abcdefghijklmnop\n", "abcdefghijklmno1"):
        broken = filled_with(schema, name, wrong)
        assert broken_rules(schema, broken)[f"{name}|regex"] == broken.height


@pytest.mark.parametrize(
    ("schema", "name", "column"), tuple(row for row in COLUMNS if getattr(row[2], "max", None) == 1), ids=named
)
def test_what_is_no_share_is_rejected(schema, name, column):
    for wrong, rule in ((1.5, "max"), (-0.5, "min"), (float("nan"), "nan")):
        broken = filled_with(schema, name, wrong)
        assert broken_rules(schema, broken)[f"{name}|{rule}"] == broken.height


@pytest.mark.parametrize(("schema", "name", "column"), tuple(row for row in COLUMNS if not row[2].nullable), ids=named)
def test_nothing_where_something_must_be_is_rejected(schema, name, column):
    broken = filled_with(schema, name, None)
    assert broken_rules(schema, broken)[f"{name}|nullability"] == broken.height


def post_rule(values: dict[str, Any]) -> dict[str, int]:
    """What the root of the sample's page breaks with these values."""
    root = SAMPLES[Posts].filter(pl.col("post_id") == an_id("p0"))
    dtypes = root.schema
    return broken_rules(Posts, root.with_columns(pl.Series(name, [v], dtypes[name]) for name, v in values.items()))


@pytest.mark.parametrize(
    ("rule", "values"),
    (
        ("placeholder_unseen", {"n_sightings": 0}),
        ("placeholder_unseen", {"is_placeholder": True}),
        ("parent_is_another", {"parent_id": an_id("p0"), "depth": 1}),
        ("roots_have_depth_zero", {"depth": 1}),
        ("roots_have_depth_zero", {"parent_id": an_id("p1")}),
        ("declared_is_sure", {"link_confidence": 0.9}),
        ("declared_is_sure", {"link_kind": "decided", "link_confidence": 0.9}),
        ("under_has_confidence", {"under_confidence": 0.9}),
        ("under_has_confidence", {"under_id": an_id("p1")}),
        ("time_has_precision", {"posted_precision": None}),
        ("time_has_precision", {"posted_at": None}),
        ("spans_inside_text", {"text": "é", "quotes": [{"start": 0, "end": 2, "author": None}]}),
        ("spans_inside_text", {"text": "", "mentions": [{"start": 0, "end": 1, "name": "Ada"}]}),
    ),
)
def test_a_post_that_contradicts_itself_is_rejected(rule, values):
    assert post_rule({}) == {}
    assert post_rule(values) == {rule: 1}


@pytest.mark.parametrize(
    "values",
    (
        {"is_placeholder": True, "n_sightings": 0},
        {"link_kind": "inferred", "link_confidence": 0.2},
        {"posted_at": None, "posted_precision": None},
        {"text": "é", "quotes": [{"start": 0, "end": 1, "author": "Ada"}]},
        {"deleted_at": at(3), "text": ""},
    ),
)
def test_a_post_that_does_not_is_kept(values):
    assert post_rule(values) == {}


def test_a_duplicate_that_collapses_is_one_post_and_a_repeat_is_of_another():
    duplicates, repeats = SAMPLES[PUBLISHED["duplicates"]], SAMPLES[PUBLISHED["repeats"]]
    turned = duplicates.with_columns(~pl.col("collapses"))
    assert broken_rules(PUBLISHED["duplicates"], turned) == {"collapsed_is_one_post": duplicates.height}
    itself = repeats.with_columns(canonical_id="post_id")
    assert broken_rules(PUBLISHED["repeats"], itself) == {"another_post": 1}


@pytest.mark.parametrize("schema", tuple(SAMPLES), ids=named)
def test_a_key_that_stands_twice_is_rejected(schema):
    row = SAMPLES[schema].head(1)
    assert broken_rules(schema, pl.concat([row, row])) == {"primary_key": 2}


def test_a_fitted_frame_has_the_columns_in_their_order_and_nulls_for_those_it_lacked():
    threads = SAMPLES[Threads]
    partial = threads.select("n_posts", "thread_id", "discussion_id", "depth", "n_authors", other=1)
    fitted = fit_table(Threads, partial.with_columns(pl.col("n_posts").cast(pl.Int8)))
    assert fitted.schema == threads.schema
    assert fitted.select("thread_id", "n_posts").equals(threads.select("thread_id", "n_posts"))
    assert fitted["root_id"].null_count() == threads.height


def test_a_frame_without_what_its_table_needs_is_refused():
    with pytest.raises(ContractError, match="Aliases lacks the columns seed_id, table"):
        fit_table(Aliases, SAMPLES[Aliases].select("id"))
    with pytest.raises(ContractError, match="Aliases lacks the columns id"):
        check_table(Aliases, SAMPLES[Aliases].drop("id"))


def test_a_value_that_does_not_fit_its_dtype_is_refused_by_its_table():
    with pytest.raises(ContractError, match=r"^Threads: .*'n_posts' .*many"):
        fit_table(Threads, SAMPLES[Threads].with_columns(n_posts=pl.lit("many")))


def test_every_published_table_says_how_it_is_sorted():
    tables = {**PUBLISHED, **KEPT, **ENRICHED}
    assert set(SORT_KEYS) == set(tables)
    for name, keys in SORT_KEYS.items():
        assert set(keys) <= set(tables[name].columns())
