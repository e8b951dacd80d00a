"""Every promise that the audit proves is broken here on purpose: exactly its rule, and what follows from it, fires."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl
import pytest

from pipeline import audit
from pipeline.audit import RULES, audit_archive
from pipeline.errors import ArchiveError
from pipeline.ids import digest_file
from pipeline.store.snapshot import Manifest
from pipeline.tables import TABLE_VERSION
from tests.sample_archive import RUN, an_id, at, publish_unchecked, sample_index, sample_tables

Tables = dict[str, pl.DataFrame]


def fired(root: Path) -> dict[str, str]:
    """The rules that fire, each with its table."""
    return {finding.rule: finding.table for finding in audit_archive(root)}


def change(table: str, where: pl.Expr, **values: object) -> Callable[[Tables], None]:
    """Puts values into some rows of a table; expressions and constants alike."""

    def apply(tables: Tables) -> None:
        frame = tables[table]
        assert frame.filter(where).height, "the break touches no row"
        tables[table] = frame.with_columns(
            pl.when(where)
            .then(value if isinstance(value, pl.Expr) else pl.lit(value, dtype=frame.schema[name]))
            .otherwise(pl.col(name))
            .cast(frame.schema[name])
            .alias(name)
            for name, value in values.items()
        )

    return apply


def drop(table: str, where: pl.Expr) -> Callable[[Tables], None]:
    def apply(tables: Tables) -> None:
        assert tables[table].filter(where).height, "the break touches no row"
        tables[table] = tables[table].filter(~where)

    return apply


def repeat(table: str, where: pl.Expr, **values: object) -> Callable[[Tables], None]:
    """Adds a copy of some rows, with other values in it."""

    def apply(tables: Tables) -> None:
        copies = {table: tables[table].filter(where)}
        if values:
            change(table, pl.lit(value=True), **values)(copies)
        tables[table] = pl.concat([tables[table], copies[table]])

    return apply


def every(*breaks: Callable[[Tables], None]) -> Callable[[Tables], None]:
    def apply(tables: Tables) -> None:
        for each in breaks:
            each(tables)

    return apply


def is_post(name: str) -> pl.Expr:
    return pl.col("post_id") == an_id(name)


def is_sighting(name: str) -> pl.Expr:
    return pl.col("sighting_id") == an_id(name)


def is_capture(name: str) -> pl.Expr:
    return pl.col("capture_id") == an_id(name)


def is_discussion(name: str) -> pl.Expr:
    return pl.col("discussion_id") == an_id(name)


def is_thread(name: str) -> pl.Expr:
    return pl.col("thread_id") == an_id(name)


def is_link(name: str, rank: int) -> pl.Expr:
    return is_post(name) & (pl.col("rank") == rank)


GONE = an_id("gone")
SOUND = sample_tables()


@dataclass(frozen=True)
class Break:
    """What is broken, and the rules that fire: the one meant, then those that follow from it."""

    rules: str
    table: str
    apply: Callable[[Tables], None]


BREAKS = (
    # Nothing is lost.
    Break("records_add_up", "captures", change("captures", is_capture("c2"), n_records=7)),
    Break("records_add_up", "captures", change("captures", is_capture("c3"), n_rejected=0)),
    Break(
        "records_add_up one_sighting_is_first discussions_are_counted capture_names_its_discussion",
        "captures",
        every(
            drop("sightings", is_capture("c1")),
            drop("duplicates", pl.col("left_id").is_in([an_id(f"c1.{n}") for n in range(3)])),
            change("posts", is_post("p0"), n_sightings=1),
            change("posts", is_post("p1"), n_sightings=1),
            change("posts", is_post("p3"), n_sightings=2),
        ),
    ),
    Break("records_add_up", "captures", drop("quarantine", is_capture("c3"))),
    Break("ordinals_are_whole", "captures", change("quarantine", is_capture("c3"), ordinal=3)),
    Break("ordinals_are_whole", "captures", change("quarantine", is_capture("c3"), ordinal=5)),
    Break("sighting_has_capture run_is_recorded", "sightings", drop("captures", is_capture("c1"))),
    Break(
        "rejected_has_capture",
        "quarantine",
        every(
            change("quarantine", is_capture("c3"), capture_id=GONE),
            change("captures", is_capture("c3"), n_records=4, n_rejected=0),
        ),
    ),
    Break(
        "sighting_has_post sightings_are_counted duplicates_show_their_posts",
        "sightings",
        change("sightings", is_sighting("c2.4"), post_id=GONE, match="first"),
    ),
    Break("sightings_are_counted", "posts", change("posts", is_post("p3"), n_sightings=2)),
    Break(
        "sightings_are_counted",
        "posts",
        change("posts", is_post("s3"), n_sightings=1, is_placeholder=False),
    ),
    Break("one_sighting_is_first", "posts", change("sightings", is_sighting("c1.0"), match="recapture")),
    Break("one_sighting_is_first", "posts", change("sightings", is_sighting("c2.0"), match="first")),
    Break("paths_are_sorted", "captures", change("captures", is_capture("c1"), paths=["b", "a"])),
    Break("paths_are_sorted", "captures", change("captures", is_capture("c1"), paths=["a", "a"])),
    Break("capture_names_its_discussion", "captures", change("captures", is_capture("c1"), discussion_id=None)),
    Break(
        "capture_names_its_discussion", "captures", change("captures", is_capture("c4"), discussion_id=an_id("dock"))
    ),
    # Reply trees.
    Break(
        "parent_stands_in_discussion",
        "posts",
        every(change("posts", is_post("p4"), parent_id=GONE)),
    ),
    Break(
        "parent_stands_in_discussion replies_stay_in_thread",
        "posts",
        change("posts", is_post("p4"), parent_id=an_id("s0")),
    ),
    Break("depth_counts_ancestors", "posts", change("posts", is_post("p4"), depth=2)),
    Break(
        "depth_counts_ancestors parent_comes_first",
        "posts",
        change("posts", is_post("p3"), parent_id=an_id("p4")),
    ),
    Break(
        "replies_stay_in_thread threads_are_measured",
        "posts",
        change("posts", is_post("s4"), thread_id=an_id("s0")),
    ),
    Break(
        "roots_name_their_thread post_has_thread thread_has_its_root threads_are_measured",
        "posts",
        change("posts", is_post("s2"), thread_id=an_id("dock")),
    ),
    Break(
        "parent_comes_first",
        "posts",
        every(change("posts", is_post("p0"), position=1), change("posts", is_post("p1"), position=0)),
    ),
    Break("positions_are_whole", "posts", change("posts", is_post("p4"), position=5)),
    Break("positions_are_whole", "posts", change("posts", is_discussion("dock"), position=pl.col("position") + 1)),
    Break("positions_are_whole", "posts", change("posts", is_post("s4"), position=3)),
    Break("discussions_are_counted", "discussions", change("discussions", is_discussion("tram"), n_posts=6)),
    Break("discussions_are_counted", "discussions", change("discussions", is_discussion("tram"), n_captures=1)),
    Break("threads_are_measured", "threads", change("threads", is_thread("s0"), n_posts=1)),
    Break("threads_are_measured", "threads", change("threads", is_thread("s0"), depth=0)),
    Break("threads_are_measured", "threads", change("threads", is_thread("s0"), started_at=None)),
    Break("threads_are_measured", "threads", change("threads", is_thread("tram"), n_authors=4)),
    Break("threads_are_measured", "threads", change("threads", is_thread("s2"), n_authors=0)),
    Break("threads_are_measured", "threads", change("threads", is_thread("tram"), confidence_mean=0.6)),
    Break("threads_are_measured", "threads", change("threads", is_thread("s3"), confidence_min=0.6)),
    Break("threads_are_measured", "threads", change("threads", is_thread("tram"), discussion_id=an_id("dock"))),
    Break("threads_are_measured", "threads", repeat("threads", is_thread("s3"), thread_id=GONE, root_id=None)),
    Break("inferred_has_one_chosen_link", "posts", change("links", is_link("p1", 1), is_chosen=False)),
    Break("inferred_has_one_chosen_link", "posts", change("links", is_link("p1", 2), is_chosen=True)),
    Break(
        "inferred_has_one_chosen_link",
        "posts",
        every(
            change("links", is_link("p1", 1), is_chosen=False),
            change("links", is_link("p1", 2), is_chosen=True, confidence=0.9),
            change("links", is_link("p1", 1), confidence=0.1, rank=3),
            change("links", is_link("p1", 2), rank=1),
            change("links", is_link("p1", 3), rank=2),
        ),
    ),
    Break("inferred_has_one_chosen_link", "posts", change("links", is_link("s1", 1), confidence=0.5)),
    Break("inferred_has_one_chosen_link", "posts", drop("links", is_post("s1"))),
    Break("declared_has_no_links", "links", repeat("links", is_link("p1", 1), post_id=an_id("p3"))),
    Break("confidences_are_shares", "links", change("links", is_link("p1", 2), confidence=0.2)),
    Break("confidences_are_shares", "links", change("links", is_link("p2", 2), parent_id=an_id("p1"))),
    Break("ranks_are_whole", "links", change("links", is_link("p1", 2), rank=3)),
    Break(
        "ranks_are_whole",
        "links",
        every(
            change("links", is_link("p2", 1), confidence=0.3),
            change("posts", is_post("p2"), link_confidence=0.3),
            change("threads", is_thread("tram"), confidence_mean=0.6, confidence_min=0.3),
        ),
    ),
    # References.
    Break(
        "post_has_discussion capture_has_discussion",
        "posts",
        drop("discussions", is_discussion("dock")),
    ),
    Break(
        "sighting_names_discussion",
        "sightings",
        change("sightings", is_sighting("c1.1"), discussion_id=an_id("dock")),
    ),
    Break("discussions_begin", "discussions", change("discussions", is_discussion("tram"), began_at=at(1))),
    Break("discussions_begin", "discussions", change("posts", is_post("s1"), began_at=at(1))),
    Break("discussions_begin", "discussions", change("posts", is_post("s1"), began_at=None)),
    Break(
        "discussions_begin threads_are_measured",
        "discussions",
        change("posts", is_post("s0"), posted_at=at(-1)),
    ),
    Break("post_has_thread", "posts", drop("threads", is_thread("s2"))),
    Break("under_is_above", "posts", change("posts", is_post("p2"), under_id=an_id("p1"))),
    Break("under_is_above", "posts", change("posts", is_post("p2"), under_id=GONE)),
    Break("thread_has_its_root", "threads", change("threads", is_thread("s0"), root_id=an_id("s2"))),
    Break("thread_has_its_root", "threads", change("threads", is_thread("s0"), root_id=GONE)),
    Break("links_join_posts", "links", change("links", is_link("p2", 2), parent_id=an_id("s0"))),
    Break("links_join_posts", "links", repeat("links", is_link("p1", 1), post_id=GONE)),
    Break(
        "duplicates_show_their_posts",
        "duplicates",
        change("duplicates", pl.col("kind") == "repost", left_post_id=an_id("p0")),
    ),
    Break("duplicates_show_their_posts", "duplicates", change("duplicates", pl.col("kind") == "repost", left_id=GONE)),
    Break("repeats_join_posts", "repeats", change("repeats", is_post("s2"), canonical_id=GONE)),
    Break(
        "repeats_end",
        "repeats",
        every(
            repeat("repeats", is_post("s2"), post_id=an_id("p1"), canonical_id=an_id("p3")),
            repeat("repeats", is_post("s2"), post_id=an_id("p3"), canonical_id=an_id("s2")),
        ),
    ),
    Break(
        "capture_has_discussion capture_names_its_discussion",
        "captures",
        change("captures", is_capture("c1"), discussion_id=GONE),
    ),
    Break("decision_names_posts", "decisions", change("decisions", pl.lit(value=True), other_id=GONE)),
    Break("decision_names_posts", "decisions", change("decisions", pl.lit(value=True), post_id=GONE)),
    Break("decided_by_someone", "posts", change("posts", is_post("p3"), link_kind="decided")),
    Break("alias_leads_to_id", "aliases", change("aliases", pl.col("table") == "posts", id=an_id("tram"))),
    Break("alias_leads_to_id", "aliases", change("aliases", pl.col("table") == "discussions", id=GONE)),
    Break("alias_hides_no_id", "aliases", change("aliases", pl.col("table") == "posts", seed_id=an_id("p2"))),
    Break("alias_hides_no_id", "aliases", change("aliases", pl.col("table") == "posts", seed_id=an_id("dock"))),
    Break("run_is_recorded", "runs", change("runs", pl.lit(value=True), run_id="another")),
    Break("run_is_recorded", "runs", change("runs", pl.lit(value=True), inputs=[an_id("c1")])),
)

# Rows by themselves, by the rules of their own table; the others are in test_tables.
OWN_BREAKS = (
    Break("time_has_precision", "posts", change("posts", is_post("s1"), posted_precision=None)),
    Break("kind|check__allowed", "repeats", change("repeats", is_post("s2"), kind="rumour")),
    Break("id|regex alias_leads_to_id", "aliases", change("aliases", pl.col("table") == "posts", id="P1")),
    Break("primary_key", "repeats", repeat("repeats", is_post("s2"))),
)


def test_a_sound_archive_has_no_findings(tmp_path):
    publish_unchecked(tmp_path, sample_tables(), sample_index())
    assert audit_archive(tmp_path) == []
    assert audit_archive(tmp_path, RUN) == []


def test_so_has_an_empty_one(tmp_path):
    tables = {name: frame.clear() for name, frame in sample_tables().items()}
    tables["runs"] = sample_tables()["runs"].with_columns(inputs=pl.lit([], dtype=pl.List(pl.String)))
    publish_unchecked(tmp_path, tables)
    assert audit_archive(tmp_path) == []


def must_fire(found: dict[str, str], case: Break) -> None:
    assert set(found) == set(case.rules.split())
    assert found[case.rules.split()[0]] == case.table


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.rules.split()[0])
def test_a_broken_promise_is_found_by_its_rule(case):
    tables = dict(SOUND)
    case.apply(tables)
    frames = {name: frame.lazy() for name, frame in tables.items()}
    asked = audit.Tables(manifest=Manifest(RUN, TABLE_VERSION, {}, ()), **frames)
    must_fire({finding.rule: finding.table for finding in audit.ask_rules(asked)}, case)


@pytest.mark.parametrize("case", (*BREAKS[::12], *OWN_BREAKS), ids=lambda case: case.rules.split()[0])
def test_so_it_is_in_a_published_archive(case, tmp_path):
    tables = sample_tables()
    case.apply(tables)
    publish_unchecked(tmp_path, tables, sample_index())
    must_fire(fired(tmp_path), case)


def test_every_rule_is_broken_by_a_test():
    broken = {rule for case in BREAKS for rule in case.rules.split()}
    assert {rule.name for rule in RULES} <= broken
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_rule_that_is_written_is_asked():
    for module in (audit.lost, audit.replies, audit.references):
        written = [rule for _, rule in inspect.getmembers(module, lambda value: isinstance(value, audit.Rule))]
        assert written
        assert all(rule in RULES for rule in written)


def test_a_finding_says_how_many_rows_and_shows_one(tmp_path):
    tables = sample_tables()
    change("posts", is_discussion("tram"), n_sightings=9)(tables)
    change("posts", pl.col("position") == 3, link_confidence=0.5)(tables)
    publish_unchecked(tmp_path, tables)
    findings = {finding.rule: finding for finding in audit_archive(tmp_path)}
    counted = findings["sightings_are_counted"]
    smallest = min(an_id(f"p{n}") for n in range(5))
    assert counted.count == 5
    assert counted.example.startswith(f"post_id={smallest}, n_sightings=9, sightings=")
    sure = findings["declared_is_sure"]
    assert (sure.table, sure.count) == ("posts", 2)
    assert sure.example in {f"post_id={an_id('p3')}", f"post_id={an_id('s3')}"}


@pytest.fixture
def sound(tmp_path):
    """A sound archive's snapshot, for tests that lay hands on its files."""
    return publish_unchecked(tmp_path, sample_tables(), sample_index())


def declare_true(snapshot: Path, table: str) -> None:
    """Makes the manifest name the bytes that a table's part has now."""
    manifest = snapshot / "manifest.json"
    said = orjson.loads(manifest.read_bytes())
    part = snapshot / table / "part-00000.parquet"
    said["tables"][table]["parts"][0] |= {"bytes": part.stat().st_size, "digest": digest_file(part)}
    manifest.write_bytes(orjson.dumps(said))


def test_a_missing_an_altered_and_a_strange_file_are_found(sound, tmp_path):
    (sound / "links" / "part-00000.parquet").unlink()
    shutil.copy(sound / "posts" / "part-00000.parquet", sound / "posts" / "part-00001.parquet")
    with (sound / "index" / "near.parquet").open("ab") as file:
        file.write(b" ")
    findings = {(finding.rule, finding.table) for finding in audit_archive(tmp_path)}
    assert findings == {
        ("files_are_there", "links"),
        ("files_are_unchanged", "index"),
        ("files_are_published", "posts"),
    }


def test_one_flipped_bit_is_found(sound, tmp_path):
    part = sound / "sightings" / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    assert fired(tmp_path) == {"files_are_unchanged": "sightings"}


def test_a_file_that_is_no_parquet_is_found(sound, tmp_path):
    (sound / "posts" / "part-00000.parquet").write_bytes(b"not a table")
    declare_true(sound, "posts")
    assert fired(tmp_path) == {"files_are_parquet": "posts"}


@pytest.mark.parametrize(
    ("damage", "words"),
    (
        (lambda frame: frame.drop("similarity"), "similarity: absent instead of Float32"),
        (
            lambda frame: frame.with_columns(pl.col("similarity").cast(pl.Float64)),
            "similarity: Float64 instead of Float32",
        ),
        (lambda frame: frame.with_columns(more=1), "more: Int32 instead of nothing"),
        (lambda frame: frame.select(sorted(frame.columns)), "other order of columns"),
    ),
)
def test_columns_other_than_declared_are_found(damage, words, sound, tmp_path):
    part = sound / "repeats" / "part-00000.parquet"
    damage(pl.read_parquet(part)).write_parquet(part)
    declare_true(sound, "repeats")
    (finding,) = audit_archive(tmp_path)
    assert (finding.rule, finding.table, finding.example) == ("columns_are_declared", "repeats", words)


def test_rows_in_another_order_are_found(sound, tmp_path):
    part = sound / "links" / "part-00000.parquet"
    pl.read_parquet(part).reverse().write_parquet(part)
    declare_true(sound, "links")
    assert fired(tmp_path) == {"rows_are_sorted": "links", "digests_agree": "links"}


def test_order_is_seen_over_the_ends_of_chunks(sound, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.audit.files._CHUNK_ROWS", 1)
    part = sound / "links" / "part-00000.parquet"
    links = pl.read_parquet(part)
    pl.concat([links.tail(1), links.head(-1)]).write_parquet(part)
    declare_true(sound, "links")
    findings = {finding.rule: finding.count for finding in audit_archive(tmp_path)}
    assert findings == {"rows_are_sorted": 1, "digests_agree": 1}


@pytest.mark.parametrize("rows", (True, False))
def test_other_values_or_fewer_rows_than_the_manifest_names_are_found(rows, sound, tmp_path):
    part = sound / "aliases" / "part-00000.parquet"
    aliases = pl.read_parquet(part)
    changed = aliases.head(1) if rows else aliases.with_columns(seed_id=pl.Series(sorted([an_id("x"), an_id("y")])))
    changed.write_parquet(part)
    declare_true(sound, "aliases")
    assert fired(tmp_path) == {"digests_agree": "aliases"}


def test_a_manifest_without_a_table_is_found(sound, tmp_path):
    manifest = sound / "manifest.json"
    said = orjson.loads(manifest.read_bytes())
    del said["tables"]["threads"]
    manifest.write_bytes(orjson.dumps(said))
    found = {finding.rule for finding in audit_archive(tmp_path)}
    assert found == {"tables_are_there", "files_are_published"}


def test_what_is_no_archive_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="no run has published there"):
        audit_archive(tmp_path)
