"""The commands as a person calls them: arguments in, text and exit codes out."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from pipeline.archive import open_archive
from pipeline.cli import main
from tests.dumps import FORUM, PARAGRAPHS, write_broken_file, write_dumps


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def call(capsys):
    def call(*arguments: object) -> Said:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Said(end.value.code or 0, out, err)

    return call


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    return write_dumps(tmp_path_factory.mktemp("dumps") / "raw")


@pytest.fixture(scope="module")
def archive(raw, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("published") / "parquet"
    with pytest.raises(SystemExit) as end:
        main(["run", str(raw), "--out", str(out), "--direct"])
    assert not end.value.code
    return out


def id_of(archive: Path, words: str) -> str:
    posts = open_archive(archive).posts.filter(pl.col("text").str.starts_with(words))
    return posts.select("post_id").collect().item()


def test_run_says_what_came_out_and_where(call, raw, tmp_path):
    said = call("run", raw, "--out", tmp_path / "a", "--direct")
    assert said.code == 0
    rows = dict(re.findall(r"^ (\w+) +(\d+) ", said.out, re.MULTILINE))
    assert (rows["posts"], rows["sightings"], rows["quarantine"], rows["captures"]) == ("13", "12", "1", "2")
    assert f"{tmp_path / 'a'}/current" in said.out
    assert "ingest" in said.err
    # The commands that it proposes work as they stand.
    proposed = [
        line.split()[1:] for line in said.out.splitlines() if line.startswith("  threadloom ") and '"' not in line
    ]
    assert [command[0] for command in proposed] == ["tree", "why"]
    assert [call(*command).code for command in proposed] == [0, 0]


def test_second_run_does_nothing_and_says_so(call, raw, archive):
    before = archive.joinpath("current").readlink()
    said = call("run", raw, "--out", archive, "--direct")
    assert (said.code, archive.joinpath("current").readlink()) == (0, before)
    assert "Nothing is new" in said.out


def test_broken_file_fails_alone(call, raw, archive, tmp_path):
    write_broken_file(tmp_path / "bad.gz")
    said = call("run", raw, tmp_path / "bad.gz", "--out", tmp_path / "out", "--direct")
    assert said.code == 3
    assert "bad.gz" in said.out
    ids = [open_archive(folder).posts.select("post_id").collect() for folder in (archive, tmp_path / "out")]
    assert ids[0].equals(ids[1])


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--listing", "sideways"], "sideways"),
        (["--set", "edit_similarity=7"], "edit_similarity"),
        (["--set", "no_such=1"], "no_such"),
        (["--set", "listing=page"], "option of its own"),
        (["--map", "body"], "NAME=VALUE"),
        (["--map", "body=text", "--map", "body=title"], "twice"),
        (["--format", "no-such-format"], "no-such-format"),
        (["--workers", "0"], "workers"),
    ],
)
def test_bad_setting_stops_before_anything_is_made(call, raw, tmp_path, option, words):
    said = call("run", raw, "--out", tmp_path / "out", "--direct", *option)
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out" / "snapshots").exists()


def test_other_settings_reach_the_run(call, raw, tmp_path):
    call("run", raw, "--out", tmp_path / "out", "--direct", "--set", "runners_up=1", "--source", "bakery")
    settings = json.loads(open_archive(tmp_path / "out").runs.select("settings").collect().item())
    assert (settings["runners_up"], settings["read"]["source"]) == (1, "bakery")


def test_columns_are_renamed(call, tmp_path):
    (tmp_path / "a.csv").write_text("nick,body\nada,hello to the harbour\n", encoding="utf-8")
    call("run", tmp_path / "a.csv", "--out", tmp_path / "out", "--direct", "--map", "body=text", "--map", "nick=author")
    posts = open_archive(tmp_path / "out").posts.select("author", "text").collect()
    assert posts.rows() == [("ada", "hello to the harbour")]


def test_tree_shows_declared_replies_indented(call, archive):
    said = call("tree", id_of(archive, "Which flour"), "--archive", archive)
    lines = [line[17:].rstrip() for line in said.out.splitlines()]
    assert "ada 2024-05-01 12:01:00 Which flour for a rye loaf?" in lines
    assert "│  └─ ada 2024-05-01 12:03:00 How does one weigh patience?" in lines
    assert any(line.startswith("(never seen)") for line in lines)
    assert "\x1b" not in said.out


def test_tree_alone_lists_discussions_and_begins_the_largest(call, archive):
    said = call("tree", "--archive", archive)
    assert "7 posts" in said.out
    assert "6 posts" in said.out
    assert PARAGRAPHS[1] in said.out


def test_why_tells_sightings_and_parent(call, archive):
    said = call("why", id_of(archive, "Coarse"), "--archive", archive)
    assert "forum.jsonl, line 2" in said.out
    assert "declared by the dump" in said.out
    guessed = call("why", id_of(archive, PARAGRAPHS[2]), "--archive", archive)
    assert "a guess, right with a probability of" in guessed.out
    assert "What else was possible" in guessed.out


def test_query_in_three_shapes(call, archive):
    sql = "SELECT native_id, author FROM clean WHERE author IS NOT NULL ORDER BY native_id"
    wanted = [(str(row["id"]), row["author"]) for row in FORUM]
    table = call("query", sql, "--archive", archive).out
    assert all(author in table for _, author in wanted)
    rows = csv.DictReader(io.StringIO(call("query", sql, "--archive", archive, "--format", "csv").out))
    assert [(row["native_id"], row["author"]) for row in rows] == wanted
    rows = json.loads(call("query", sql, "--archive", archive, "--format", "json").out)
    assert [(row["native_id"], row["author"]) for row in rows] == wanted


def test_query_that_cannot_run_names_the_tables(call, archive):
    said = call("query", "SELECT * FROM no_such", "--archive", archive)
    assert said.code == 2
    assert "sightings" in said.err


def test_find_finds_changed_and_short_texts(call, archive):
    changed = PARAGRAPHS[4].replace("Pears", "Apples")
    said = call("find", changed, "--archive", archive)
    assert said.out.split()[2] == id_of(archive, PARAGRAPHS[4])
    short = call("find", "I AGREE", "--archive", archive).out.splitlines()
    assert len(short) == 2
    assert all(line.startswith(" 100 %") for line in short)
    assert "No post says" in call("find", "zeppelins are something else entirely", "--archive", archive).out
    assert call("find", "?!", "--archive", archive).code == 2


def test_formats_names_every_reader(call):
    said = call("formats")
    assert said.code == 0
    assert "JSON" in said.out.upper()


def test_audit_passes_and_fails_loudly(call, archive, tmp_path):
    assert call("audit", archive).code == 0
    assert call("audit", "--archive", archive).out == call("audit", archive).out
    broken = tmp_path / "broken"
    shutil.copytree(archive, broken, symlinks=True)
    (part,) = (broken / "current" / "sightings").glob("*.parquet")
    pl.read_parquet(part).head(-1).write_parquet(part)
    said = call("audit", broken)
    assert said.code == 1
    assert "sightings" in said.out


def test_digest_is_that_of_another_run_over_the_same_dumps(call, raw, archive, tmp_path):
    call("run", raw / "tram.txt", raw / "forum.jsonl", "--out", tmp_path / "again", "--direct", "--workers", "1")
    first, again = call("digest", archive).out, call("digest", tmp_path / "again").out
    assert first == again
    assert first.splitlines()[-1].endswith("  all")


@pytest.mark.parametrize("command", ["tree", "audit", "digest", "query", "find", "why"])
def test_missing_archive_is_said_in_words(call, tmp_path, command):
    argument = {"tree": [], "audit": [], "digest": [], "query": ["SELECT 1"]}.get(command, ["x"])
    where = [tmp_path / "none"] if command in ("audit", "digest") else ["--archive", tmp_path / "none"]
    said = call(command, *argument, *where)
    assert said.code == 1
    assert str(tmp_path / "none") in said.err
    assert "Traceback" not in said.err


def test_help_does_not_wait_for_heavy_libraries():
    loaded = subprocess.run(
        [sys.executable, "-c", "import pipeline.cli, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"polars", "numba", "numpy", "pyarrow", "prefect", "pydantic"} & set(loaded.stdout.split())


def test_version(call):
    assert call("version").out.startswith("threadloom 0.")


def test_history_diff_and_old_snapshots(call, raw, tmp_path):
    first, *rest = sorted(raw.iterdir())
    out = tmp_path / "a"
    assert call("run", first, "--out", out, "--direct").code == 0
    older = open_archive(out).run_id
    assert call("run", *rest, "--out", out, "--direct").code == 0
    runs = json.loads(call("history", out, "--format", "json").out)
    assert [(run["run_id"], run["captures"], run["new"], run["kept"]) for run in runs] == [
        (older, 1, 1, True),
        (open_archive(out).run_id, 1 + len(rest), len(rest), True),
    ]
    posts = [open_archive(out, run["run_id"]).posts.collect().height for run in runs]
    assert [run["posts"] for run in runs] == posts
    changes = json.loads(call("diff", older, "--archive", out, "--format", "json").out)
    assert [change["change"] for change in changes] == ["appeared"] * (posts[1] - posts[0])
    count = ("query", "SELECT count(*) AS n FROM posts", "--archive", out, "--format", "csv")
    assert [call(*count, "--snapshot", older).out, call(*count).out] == [f"n\n{n}\n" for n in posts]
    unknown = call("tree", "--archive", out, "--snapshot", "20010101T000000-ffffff")
    assert unknown.code == 1
    assert older in unknown.err


def test_a_decision_is_kept_and_obeyed(call, raw, tmp_path):
    out = tmp_path / "a"
    assert call("run", raw, "--out", out, "--direct").code == 0
    posts = open_archive(out).posts.filter(pl.col("link_kind") == "inferred").select("post_id").collect()["post_id"]
    said = call("decide", "parent_is", posts[0], "--archive", out, "--author", "Ada")
    assert (said.code, said.out[:5]) == (0, "1 new")
    assert call("run", raw, "--out", out, "--direct").code == 0
    decided = open_archive(out).posts.filter(pl.col("link_kind") == "decided").select("post_id", "parent_id").collect()
    assert decided.rows() == [(posts[0], None)]
    assert call("decide", "--archive", out).code == 2
    assert call("decide", "parent_is", "aaaaaaaaaaaaaaaa", "--archive", out).code == 1


def test_guesses_are_drawn_checked_and_scored(call, archive, tmp_path):
    file = tmp_path / "check.csv"
    said = call("sample", "links", "--archive", archive, "--n", 5, "--out", file)
    assert said.code == 0
    assert f"sample --score {file}" in said.out
    rows = pl.read_csv(file)
    assert rows.height == 5
    printed = call("sample", "links", "--archive", archive, "--n", 5).out
    assert printed == file.read_text()
    rows.with_columns(pl.Series("right", ["yes", "yes", "no", "yes", ""])).write_csv(file)
    scored = json.loads(call("sample", "--score", file, "--json").out)
    assert scored[-1]["confidence"] == "all"
    assert (scored[-1]["checked"], scored[-1]["right"]) == (4, 3)
    assert scored[0]["lens"] in call("sample", "--score", file).out


def test_a_sample_is_told_what_to_do(call, tmp_path):
    assert "sample links --n 200" in call("sample").err
    (tmp_path / "a.csv").write_text("x\n1\n")
    said = call("sample", "--score", tmp_path / "a.csv")
    assert said.code
    assert "is no sample" in said.err
