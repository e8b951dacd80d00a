"""Training on a small corpus of our own: it learns what there is to learn, and comes out the same again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from pipeline.cli import main
from pipeline.evaluate import calibration_error, evaluate_links
from pipeline.pack import ModelPack
from pipeline.reconstruct.corpus import View, draw, hide, read_corpus
from pipeline.tables import DraftPosts, Quotations, check_table
from pipeline.train import count_words, train_links
from pipeline.train.adapting import adapt_links

NOUNS = [
    "heron",
    "ferry",
    "bakery",
    "harbour",
    "lantern",
    "orchard",
    "piano",
    "glacier",
    "saddle",
    "violin",
    "compass",
    "walnut",
]


def make_corpus(path: Path, threads: int, seed: int, chains: bool = False) -> Path:
    """Pages on which a post with "because" answers the post above, and any other answers none.

    Args:
        chains: of pages on which every post answers the one above, whatever its words.
    """
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for thread in range(threads):
        parent = None
        for at in range(chance.randint(3, 9)):
            answers = at > 0 and chance.random() < 0.5
            noun = chance.choice(NOUNS)
            rows.append(
                {
                    "corpus": path.stem,
                    "split": "dev" if thread % 4 == 0 else "train",
                    "thread_id": f"t{thread}",
                    "ordinal": at,
                    "id": f"t{thread}p{at}",
                    "parent_id": parent if answers or chains else None,
                    "parent_ids": None,
                    "author": chance.choice(["ada", "bob", "cyd"]),
                    "created_at": (start + timedelta(minutes=chance.randint(0, 999))).isoformat(),
                    "text": f"because the {noun} is mine" if answers else f"look at this {noun}",
                    "labelled": True,
                    "kind": "msg",
                    "subject": None,
                }
            )
            parent = f"t{thread}p{at}"
    schema = {"parent_id": pl.String, "parent_ids": pl.List(pl.String), "subject": pl.String}
    pl.DataFrame(rows, schema_overrides=schema).write_parquet(path)
    heads = [
        {"thread_id": f"t{at}", "title": "A walk", "text": "we went", "author": "ada", "created_at": None}
        for at in range(threads)
    ]
    pl.DataFrame(heads, schema_overrides={"created_at": pl.String}).write_parquet(path.with_suffix(".threads.parquet"))
    return path


def read_pack(folder: Path) -> ModelPack:
    facts = orjson.loads((folder / "pack.json").read_bytes())
    links = {lens: orjson.loads((folder / file).read_bytes()) for lens, file in facts["links"].items()}
    return ModelPack(facts["name"], pl.read_parquet(folder / "words.parquet"), facts["unseen_bits"], links)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpora") / "walks.parquet", 120, seed=5)


@pytest.fixture(scope="module")
def trained(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "walks"
    train_links([corpus], folder, "walks-1", "2026-11-23", lenses=("page-text",), epochs=25, trees=20)
    return folder


def test_it_learns_the_one_rule_there_is(corpus: Path, trained: Path) -> None:
    found = evaluate_links(corpus, "page-text", read_pack(trained))
    assert found["accuracy"] > 0.97
    assert max(found["all_root"], found["all_previous"]) < 0.7
    assert found["posts"] == sum(split == "dev" for split in pl.read_parquet(corpus)["split"]) - 30
    card = (trained / "card.md").read_text(encoding="utf-8")
    assert "walks-1" in card
    assert "2026-11-23" in card


def test_training_again_gives_the_same_bytes(corpus: Path, trained: Path, tmp_path: Path) -> None:
    train_links([corpus], tmp_path / "again", "walks-1", "2026-11-23", lenses=("page-text",), epochs=25, trees=20)
    for name in ("pack.json", "page-text.json", "words.parquet", "card.md"):
        assert (tmp_path / "again" / name).read_bytes() == (trained / name).read_bytes()


def test_a_pack_is_adapted_to_a_site_with_other_habits(trained: Path, tmp_path: Path) -> None:
    chains = make_corpus(tmp_path / "chains.parquet", 40, seed=7, chains=True)
    before = evaluate_links(chains, "page-text", read_pack(trained))
    adapt_links([chains], tmp_path / "pack", "chains-1", "2026-11-23", base=str(trained))
    after = evaluate_links(chains, "page-text", read_pack(tmp_path / "pack"))
    assert before["accuracy"] < 0.7
    assert after["accuracy"] > 0.95
    assert "chains-1" in (tmp_path / "pack" / "card.md").read_text(encoding="utf-8")
    adapt_links([chains], tmp_path / "again", "chains-1", "2026-11-23", base=str(trained))
    for name in ("pack.json", "page-text.json", "card.md"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "pack" / name).read_bytes()


def test_the_command_line_trains_and_measures(
    corpus: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*arguments: object) -> str:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        assert not end.value.code
        return capsys.readouterr().out

    measure = ("evaluate", "links", corpus, "--lens", "page-text", "--pack", trained)
    told = orjson.loads(call(*measure, "--format", "json", "--plot", tmp_path))
    assert told[0]["found"]["accuracy"] > 0.97 > 0.7 > told[0]["all_root"]["accuracy"]
    assert sum(found["posts"] for found in told[0]["bins"]) == told[0]["posts"]
    assert (tmp_path / "walks-page-text.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "parent accuracy" in call(*measure)
    adapted = ("train", "links", corpus, "--out", tmp_path / "own", "--adapt", "--pack", trained, "--lens", "page-text")
    assert call(*adapted).startswith("page-text: ")
    assert read_pack(tmp_path / "own").name == "own-1"
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "links", str(corpus), "--lens", "page-music"])
    assert end.value.code == 2
    assert "page-music" in capsys.readouterr().err


def test_a_lens_shows_what_its_dump_would(corpus: Path) -> None:
    source = read_corpus(corpus, "train")
    assert source.in_page_order
    text, meta = hide(source, "page-text"), hide(source, "time-meta", View(submission=1.0))
    for lesson in (text, meta):
        check_table(DraftPosts, lesson.posts)
        check_table(Quotations, lesson.quotations)
    assert text.posts["author"].null_count() == text.posts["posted_at"].null_count() == text.posts.height
    assert meta.posts["author"].null_count() == 0
    by_time = meta.posts.filter(~pl.col("is_submission")).sort("discussion_id", "order")
    assert by_time.select((pl.col("posted_at").diff() >= timedelta(0)).over("discussion_id").all()).item()
    assert meta.posts["is_submission"].sum() == meta.posts["discussion_id"].n_unique()
    assert text.gold["parents"].list.len().sum() == source.posts["parent_id"].count()
    with pytest.raises(FileNotFoundError):
        read_corpus(corpus.with_name("none.parquet"))


@pytest.mark.parametrize(("view", "falls"), [(View(oldest_first=1.0), False), (View(newest_first=1.0), True)])
def test_siblings_are_listed_by_time_where_a_view_says_so(corpus: Path, view: View, falls: bool) -> None:
    lesson = hide(read_corpus(corpus, "train"), "page-meta", view)
    parents = lesson.gold.select("post_id", pl.col("parents").list.first().alias("parent"))
    posts = lesson.posts.join(parents, on="post_id").sort("discussion_id", "order")
    siblings = posts.with_columns(pl.col("posted_at").diff().over("discussion_id", "parent").alias("step"))
    steps = siblings["step"].drop_nulls()
    assert steps.len() > 0
    assert (steps <= timedelta(0) if falls else steps >= timedelta(0)).all()
    above = posts.join(posts.select(parent="post_id", place="order"), on="parent")
    assert (above["place"] < above["order"]).all()


def test_marked_quotations_are_found_and_can_be_cut() -> None:
    posts = pl.DataFrame(
        {
            "thread_id": ["t", "t"],
            "id": ["a", "b"],
            "parent_id": [None, "a"],
            "parent_ids": pl.Series([None, None], dtype=pl.List(pl.String)),
            "ordinal": [0, 1],
            "author": ["ada", "bob"],
            "created_at": [None, None],
            "text": ["The heron left. It was cold.", "> The heron left.\nIt came back."],
            "subject": [None, None],
            "labelled": [True, True],
        },
        schema_overrides={"created_at": pl.String, "subject": pl.String},
    )
    from pipeline.reconstruct.corpus import Corpus

    heads = posts.clear().select("thread_id", pl.col("subject").alias("title"), "text", "author", "created_at")
    corpus = Corpus("c", posts, heads, in_page_order=True, is_stream=False)
    whole, cut = hide(corpus, "page-text"), hide(corpus, "page-text", View(cut_quotes=1.0))
    assert whole.quotations.height == cut.quotations.height == 1
    assert whole.posts["words"].to_list()[1] == "the heron left it came back"
    assert cut.posts["words"].to_list()[1] == "it came back"


def test_draws_are_steady_and_about_as_large_as_told() -> None:
    frame = pl.DataFrame({"id": [f"post {at}" for at in range(4000)]})
    drawn = frame.select(draw("id", "salt", 0.25))["id"]
    assert 850 < drawn.sum() < 1150
    assert drawn.equals(frame.select(draw("id", "salt", 0.25))["id"])
    assert not drawn.equals(frame.select(draw("id", "pepper", 0.25))["id"])


def test_word_rarities_count_posts_not_words(corpus: Path) -> None:
    words, unseen = count_words([read_corpus(corpus, "train")])
    bits = dict(words.iter_rows())
    assert bits["the"] == bits["because"] < bits["heron"] < unseen
    assert words["word"].is_sorted()


def test_calibration_error_is_the_distance_from_the_truth() -> None:
    right = pl.Series([True, True, False, False]).to_numpy()
    assert calibration_error(pl.Series([0.5, 0.5, 0.5, 0.5]).to_numpy(), right) == pytest.approx(0.0)
    assert calibration_error(pl.Series([0.9, 0.9, 0.9, 0.9]).to_numpy(), right) == pytest.approx(0.4)
    assert calibration_error(pl.Series([1.0, 1.0, 0.0, 0.0]).to_numpy(), right) == pytest.approx(0.0)
