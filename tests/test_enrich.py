"""A table of languages beside what was published: asked for, offline, and gone when its snapshot goes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.algorithms.languages import identify_languages
from pipeline.archive import open_archive
from pipeline.audit import audit_archive
from pipeline.cli import main
from pipeline.enrich import enrich_language
from pipeline.errors import ArchiveError
from pipeline.settings import RunParameters
from pipeline.steps import run_direct
from pipeline.store.layout import ArchiveLayout
from pipeline.store.snapshot import drop_old_snapshots
from pipeline.tables import Languages, check_table

SAID = {
    "en": "The library closes at six, so bring the ladder back before then.",
    "de": "Die Bücherei schließt um sechs, also bring die Leiter vorher zurück.",
    "fr": "La bibliothèque ferme à six heures, rapporte donc l'échelle avant.",
    "cs": "Knihovna zavírá v šest, takže ten žebřík vraťte ještě předtím.",
    "zh": "图书馆六点关门，请在那之前把梯子还回来。",
    "ja": "図書館は六時に閉まりますので、それまでにはしごを返してください。",
    "ru": "Библиотека закрывается в шесть, поэтому верните лестницу до этого.",
}


def test_languages_of_texts() -> None:
    found = identify_languages(pl.Series(list(SAID.values())))
    assert found["language"].to_list() == list(SAID)
    assert found["confidence"].min() > 0.5


@pytest.mark.parametrize("words", ["", "ok", "12:30, 14:00, 15:30", "https://example.org/the/library/closes/at/six"])
def test_too_few_words_are_in_no_language(words: str) -> None:
    assert identify_languages(pl.Series([words, SAID["en"]])).rows()[0] == (None, None)


def test_nothing_to_identify() -> None:
    found = identify_languages(pl.Series([], dtype=pl.String))
    assert found.schema == {"language": pl.String, "confidence": pl.Float32}


def _publish(folder: Path, texts: list[str], name: str) -> Path:
    rows = [{"id": f"{name}{number}", "text": text, "discussion_id": name} for number, text in enumerate(texts)]
    (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run_direct(RunParameters(raw=[folder / f"{name}.jsonl"], out=folder / "parquet"))
    return folder / "parquet"


def test_a_table_beside_the_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    german_reply = f"> {SAID['en']}\n\n{SAID['de']}"
    archive = _publish(tmp_path, [*SAID.values(), german_reply, "ok"], "tram")
    before = open_archive(archive)
    with pytest.raises(ArchiveError, match="threadloom enrich language"):
        before.enriched("languages")

    with pytest.raises(SystemExit, match="0"):
        main(["enrich", "language", str(archive), "--format", "csv"])
    assert capsys.readouterr().out.splitlines()[:2] == ["language,posts", "de,2"]
    languages = check_table(Languages, before.enriched("languages").collect())
    texts = before.posts.select("post_id", "text").collect()
    assert dict(languages.join(texts, on="post_id").select("text", "language").iter_rows()) == {
        **{words: language for language, words in SAID.items()},
        german_reply.removeprefix("> "): "de",
        "ok": None,
    }
    assert before.sql("SELECT count(*) AS n FROM languages JOIN posts USING (post_id)")["n"].to_list() == [9]
    assert audit_archive(archive) == []

    sure = enrich_language(archive, confidence=1.0)
    assert sure.filter(pl.col("language").is_null())["posts"].item() > 1
    assert before.enriched("languages").filter(pl.col("confidence") > 0.5).collect().height == 8


def test_a_new_snapshot_has_no_table_yet(tmp_path: Path) -> None:
    archive = _publish(tmp_path, [SAID["en"]], "tram")
    enrich_language(archive)
    first = open_archive(archive).run_id
    _publish(tmp_path, [SAID["fr"]], "dock")
    with pytest.raises(ArchiveError, match="no table 'languages'"):
        open_archive(archive).enriched("languages")
    assert drop_old_snapshots(ArchiveLayout(archive), keep=1, even_if_read=True) == [first]
    assert not (archive / "enriched" / first).exists()
