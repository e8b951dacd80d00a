"""The user's door: tables as lazy frames of one snapshot, the clean set, ids that resolve, SQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import pipeline
from pipeline.errors import ArchiveError
from pipeline.tables import PUBLISHED
from tests.sample_archive import RUN, an_id, publish_unchecked, sample_tables


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    publish_unchecked(folder, sample_tables())
    return folder


@pytest.mark.parametrize("name", tuple(PUBLISHED))
def test_every_table_is_an_attribute_with_its_columns_and_rows(name, root):
    frame = getattr(pipeline.open_archive(root), name)
    assert isinstance(frame, pl.LazyFrame)
    assert frame.collect_schema() == sample_tables()[name].schema
    assert frame.collect().height == sample_tables()[name].height


def test_clean_is_posts_without_repeats_placeholders_and_deleted_ones_in_their_order(root):
    archive = pipeline.open_archive(str(root))
    kept = [an_id(name) for name in ("p0", "p1", "p2", "p3", "s0", "s1", "s4")]
    posts = archive.posts.collect()
    assert archive.clean.collect().equals(posts.filter(pl.col("post_id").is_in(kept)))
    assert archive.clean.collect().height == len(kept)


@pytest.mark.parametrize(
    ("known", "meaning"),
    (
        ("p1", "p1"),
        ("tram", "tram"),
        ("p1 as first seen", "p1"),
        ("tram as first seen", "tram"),
        ("c1.1", "p1"),
        ("c2.3", "p3"),
    ),
)
def test_every_id_ever_published_and_every_sighting_resolves(known, meaning, root):
    assert pipeline.open_archive(root).resolve(an_id(known)) == an_id(meaning)


def test_an_unknown_id_resolves_to_nothing(root):
    assert pipeline.open_archive(root).resolve(an_id("never seen")) is None


def test_sql_sees_every_table_and_clean(root):
    archive = pipeline.open_archive(root)
    found = archive.sql(
        "SELECT d.title, count(*) AS posts FROM clean c JOIN discussions d ON c.discussion_id = d.discussion_id "
        "GROUP BY d.title ORDER BY posts"
    )
    assert found.rows() == [(None, 3), ("A garden on the tram", 4)]
    assert {name: archive.sql(f"SELECT count(*) FROM {name}").item() for name in PUBLISHED} == {
        name: frame.height for name, frame in sample_tables().items()
    }


def test_a_query_about_nothing_says_so(root):
    with pytest.raises(pl.exceptions.SQLInterfaceError, match="nowhere"):
        pipeline.open_archive(root).sql("SELECT * FROM nowhere")


def test_it_knows_its_run_and_its_digest(root, tmp_path):
    archive = pipeline.open_archive(root)
    assert archive.run_id == RUN
    assert repr(archive) == f"Archive('{root}/snapshots/{RUN}')"
    publish_unchecked(tmp_path, sample_tables(), run_id="another")
    assert pipeline.open_archive(tmp_path).digest() == archive.digest()


def test_a_missing_archive_or_file_is_refused_in_words(tmp_path):
    with pytest.raises(ArchiveError, match="no run has published there"):
        pipeline.open_archive(tmp_path)
    snapshot = publish_unchecked(tmp_path, sample_tables())
    (snapshot / "links" / "part-00000.parquet").unlink()
    with pytest.raises(ArchiveError, match=r"links/part-00000\.parquet is missing"):
        pipeline.open_archive(tmp_path)


def test_a_stray_file_beside_the_parts_is_not_read(tmp_path):
    snapshot = publish_unchecked(tmp_path, sample_tables())
    sample_tables()["aliases"].write_parquet(snapshot / "aliases" / "part-99999.parquet")
    assert pipeline.open_archive(tmp_path).aliases.collect().height == 2


def test_importing_the_package_loads_no_library():
    code = "import sys, pipeline; assert pipeline.__version__; print({'polars', 'numba', 'pyarrow'} & set(sys.modules))"
    root = Path(__file__).parents[1]
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_the_package_has_nothing_else():
    with pytest.raises(AttributeError, match="no attribute 'open_archives'"):
        pipeline.open_archives  # noqa: B018
