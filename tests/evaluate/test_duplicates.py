"""Figures of duplicates are those that counting pairs one by one gives."""

from __future__ import annotations

import json
from itertools import combinations

import polars as pl
import pytest
from typer.testing import CliRunner

from pipeline.algorithms.clusterings import match_pairs, score_b_cubed
from pipeline.cli import app
from pipeline.clusters import deduplicate
from pipeline.errors import SettingError
from pipeline.evaluate.duplicates import evaluate_duplicates, read_labelled
from tests.test_clusters import TABLE

LABELLED = TABLE.with_columns(cluster=pl.Series([1, 1, 1, 1, 2, 3, 4, 4, None, None, 5]))


def kind(one: dict[str, object], other: dict[str, object]) -> str:
    by_one = one["author"] is not None and all(one[name] == other[name] for name in ("author", "discussion_id"))
    equal = str(one["text"]).lower().strip(".!") == str(other["text"]).lower().strip(".!")
    if by_one and not equal:
        return "edit"
    return "recapture" if by_one and one["created_at"] == other["created_at"] else "repost"


def test_pairs_are_counted_as_if_one_by_one() -> None:
    rows = LABELLED.join(deduplicate(LABELLED).clusters, on="id", how="left").to_dicts()
    figures = evaluate_duplicates(LABELLED)
    true = {
        (a["id"], b["id"]): kind(a, b) for a, b in combinations(rows, 2) if a["cluster"] == b["cluster"] is not None
    }
    found = {(a["id"], b["id"]): kind(a, b) for a, b in combinations(rows, 2) if a["cluster_id"] == b["cluster_id"]}
    assert figures["pairs"]["precision"] == pytest.approx(len(true.keys() & found.keys()) / len(found))
    assert figures["pairs"]["recall"] == pytest.approx(len(true.keys() & found.keys()) / len(true))
    for name in ("recapture", "edit", "repost"):
        there, said = ({pair for pair, its in pairs.items() if its == name} for pairs in (true, found))
        assert figures[name]["pairs"] == len(there)
        assert figures[name]["recall"] == pytest.approx(len(there & said) / len(there) if there else 0)
        assert figures[name]["precision"] == pytest.approx(len(there & said) / len(said) if said else 0)


def test_b_cubed_of_the_textbook() -> None:
    found, true = [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]
    assert score_b_cubed(found, true).precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert score_b_cubed(found, true).recall == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert match_pairs(found, true).f1 == pytest.approx(0.5)
    assert score_b_cubed([], []).f1 == 0


@pytest.mark.parametrize("ending", ("csv", "jsonl", "parquet"))
def test_command_prints_text_and_json(tmp_path, ending: str) -> None:
    path = tmp_path / f"labelled.{ending}"
    {"csv": LABELLED.write_csv, "jsonl": LABELLED.write_ndjson, "parquet": LABELLED.write_parquet}[ending](path)
    told = CliRunner().invoke(app, ["evaluate", "duplicates", str(path), "--format", "json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["counts"]["rows"] == LABELLED.height
    assert CliRunner().invoke(app, ["evaluate", "duplicates", str(path), "--json"]).output == told.output
    shown = CliRunner().invoke(app, ["evaluate", "duplicates", str(path)])
    assert "B³" in shown.output
    assert "recapture" in shown.output


def test_unusable_files_are_told(tmp_path) -> None:
    TABLE.write_csv(tmp_path / "a.csv")
    with pytest.raises(SettingError, match="lacks the column cluster"):
        read_labelled(tmp_path / "a.csv")
    with pytest.raises(SettingError, match="ends in none of"):
        read_labelled(tmp_path / "a.xlsx")
    with pytest.raises(SettingError, match="cannot be read"):
        read_labelled(tmp_path / "gone.csv")
