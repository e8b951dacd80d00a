"""Mojibake is put right and marked; what only looks a little like it stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.mojibake import mend_text
from tests.ingest.reading import read_bytes

SOUND = [
    "CAFÉ™ and naïve façade, voilà… ‘déjà vu’",
    "NÃO É A MAÇÃ, É O PÃO",
    "ANDRÉ” said “À bientôt”",
    "Привет, как дела? Ñandú.",
    "日本語です。𝕬",
]


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_stays(text: str) -> None:
    assert mend_text(text) == text


@pytest.mark.parametrize("text", [*SOUND, "itâ€™s written so", "cafÃ©"])
def test_text_read_as_windows_comes_back(text: str) -> None:
    sound = mend_text(text)
    broken = sound.encode().decode("latin-1")
    assert mend_text(f"{broken}\nplain\n") == f"{sound}\nplain\n"


@given(st.text(st.characters(max_codepoint=0xBF, exclude_categories=("Cs", "Cc"))))
def test_text_without_signs_stays(text: str) -> None:
    assert mend_text(text) == text


def test_what_was_mended_is_marked(tmp_path: Path) -> None:
    data = "id,author,text,mood\n1,ada,plain,\n2,RenÃ©e,itâ€™s so,sad\n3,René,it’s so,\n".encode()
    records, _ = read_bytes(tmp_path, data)
    assert records.select("author", "body", "extra").rows() == [
        ("ada", "plain", None),
        ("Renée", "it’s so", '{"mood":"sad","text_repaired":true}'),
        ("René", "it’s so", None),
    ]


def test_a_line_without_end_is_left_alone(tmp_path: Path) -> None:
    line = "Ã© voilà… " * 100_000
    records, _ = read_bytes(tmp_path, line.encode(), format="flat_text")
    assert records["body"].to_list() == [line.strip()]
