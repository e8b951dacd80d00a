"""De-duplication of any table: kinds, clusters, what does not matter, and copies by the thousand."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from pipeline.clusters import deduplicate
from pipeline.errors import SettingError
from tests.invented import invent_page

FERRY = "The ferry to the island leaves at nine, and the last one back leaves at five."
ROWS = [
    ("a", FERRY, "Ada", 1, "d1"),
    ("b", FERRY.upper(), "Ada", 1, "d1"),
    ("c", FERRY.replace("last one back", "last boat back"), "Ada", 1, "d1"),
    ("d", FERRY, "Bo", 3, "d2"),
    ("e", "The ferry to the island leaves at nine, and… read more", "Ada", 4, "d1"),
    ("f", "I agree.", "Ada", 5, "d1"),
    ("g", "I agree.", "Bo", 6, "d1"),
    ("h", "I agree!", "Ada", 7, "d1"),
    ("i", "", "Ada", 8, "d1"),
    ("j", "", "Ada", 9, "d1"),
    ("k", "There are no tickets on board, you buy them at the kiosk by the wall.", None, None, None),
]
TABLE = pl.DataFrame(ROWS, schema=["id", "text", "author", "created_at", "discussion_id"], orient="row")


def test_kinds() -> None:
    found = deduplicate(TABLE)
    edges = {row["right_id"]: row for row in found.edges.to_dicts()}
    assert {name: (row["left_id"], row["kind"], row["collapses"]) for name, row in edges.items()} == {
        "b": ("a", "recapture", True),
        "c": ("a", "edit", True),
        "d": ("a", "repost", False),
        "e": ("a", "truncation", True),
        "h": ("f", "repost", False),
    }
    assert edges["e"]["method"] == "cut"
    assert edges["b"]["similarity"] == 1
    assert found.clusters["id"].to_list() == TABLE["id"].to_list()
    assert dict(found.clusters.iter_rows())["k"] == "k"


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_does_not_matter(seed: int) -> None:
    posts = [text for text in invent_page(40, seed) for _ in range(2)]
    texts = [text if at % 2 else text.replace("e", "", 1) for at, text in enumerate(posts)]
    frame = pl.DataFrame({"id": list(range(80)), "text": texts, "created_at": [at // 3 for at in range(80)]})
    expected = deduplicate(frame)
    assert expected.edges.height > 10
    shuffled = deduplicate(frame.sample(fraction=1, shuffle=True, seed=seed))
    assert shuffled.edges.equals(expected.edges)
    assert shuffled.clusters.sort("id").equals(expected.clusters)


@pytest.mark.parametrize("lazy", [False, True])
def test_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, lazy: bool) -> None:
    page = invent_page(60, seed=4) * 3
    texts = [text if at % 2 else text.replace("e", "", 1 + at % 4) for at, text in enumerate(page)]
    texts = [f"{text[: len(text) * 2 // 3]}… read more" if at % 11 == 5 else text for at, text in enumerate(texts)]
    facts = {"author": ["Ada", "Bo", None] * 60, "discussion_id": ["d1", "d2"] * 90}
    frame = pl.DataFrame({"id": range(180), "text": texts, **facts})
    expected = deduplicate(frame)
    assert set(expected.edges["kind"]) >= {"repost", "truncation"}
    monkeypatch.setattr("pipeline.clusters._BATCH_ROWS", 37)
    monkeypatch.setattr("pipeline.clusters._MIB", 1 << 10)  # so that a KiB is the least, and a page does not fit
    given = frame.lazy() if lazy else frame
    found = deduplicate(given, memory=4, folder=tmp_path)
    assert found.edges.equals(expected.edges)
    assert found.clusters.equals(expected.clusters)
    assert not list(tmp_path.iterdir())


def test_ends_of_a_chain_that_are_unlike_part() -> None:
    rng = random.Random(5)
    letters = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz ", k=200))
    chain = []
    for step in range(12):
        letters = letters[: step * 16] + "".join(rng.choices("abcdefghij", k=16)) + letters[step * 16 + 16 :]
        chain.append(letters)
    found = deduplicate(pl.DataFrame({"id": range(12), "text": chain}))
    clusters = found.clusters["cluster_id"].to_list()
    assert clusters[0] != clusters[-1]
    assert clusters[0] == clusters[1]


def test_copies_are_a_star() -> None:
    frame = pl.DataFrame({"id": range(20_000), "text": ["over and over the same old words again"] * 20_000})
    found = deduplicate(frame)
    assert found.edges.height == 19_999
    assert found.clusters["cluster_id"].unique().to_list() == [0]


@pytest.mark.parametrize(
    ("frame", "words"), [(TABLE.drop("text"), "no column text"), (pl.concat([TABLE, TABLE]), "no two rows alike")]
)
def test_what_cannot_be_read_is_told(frame: pl.DataFrame, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        deduplicate(frame)
