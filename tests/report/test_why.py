from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.errors import ArchiveError
from pipeline.report import why_lines
from tests.report.small_archive import DEEP, OTHER, REPLY, ROOT, name, small_archive


def text(given: str) -> str:
    return "\n".join(line.plain for line in why_lines(small_archive(), given))


def sections(given: str) -> dict[str, list[str]]:
    parts = [part.split("\n") for part in text(given).split("\n\n")]
    return {part[0]: part[1:] for part in parts}


def test_sightings_and_versions_are_told():
    assert sections(REPLY)["Seen twice"] == [
        "  first sighting: raw/k.txt, line 2  mmmmmmmmmmmmmmmm",
        "  another version: raw/l.txt, line 7, words 90 % alike  nnnnnnnnnnnnnnnn",
        "      “The conductor does, I think.”",
    ]


def test_why_sightings_are_one_post():
    (line,) = sections(REPLY)["Why these are one post"]
    assert "an edit of it: same author, and the words differ as an edit does, words 90 % alike" in line
    assert "(same author)" in line


def test_guess_has_confidence_evidence_and_runners_up():
    told = sections(REPLY)
    answered, sure, seen = told["Whom it answers, and why"]
    assert "ada “Who waters the [bold]tram[/bold] garden?”" in answered
    assert "62 %" in sure
    assert "rare words in common +0.40" in sure
    assert "together +1.00" in sure
    assert seen == "  just below it"
    assert told["What was not known"] == [
        "  of its discussion page order and words are all that is known: about 70 % of such guesses are right",
        "  when it was written",
    ]
    assert told["What else was possible"] == ["  38 %  answers none"]


def test_unlikely_runner_up_is_not_called_impossible():
    (line,) = sections(DEEP)["What else was possible"]
    assert line.startswith("  <1 %  ada")
    assert any("somewhere under this one with 98 %" in line for line in sections(DEEP)["Whom it answers, and why"])


def test_declared_parent_and_placeholder():
    answered, why = sections(OTHER)["Whom it answers, and why"]
    assert "never seen" in answered
    assert "declared by the dump" in why
    assert "Nobody saw it" in text(name("d"))
    assert "Seen nowhere" not in text(name("d"))


def test_repeats_are_told_from_both_sides():
    assert any("it is said again in" in line and OTHER in line for line in sections(REPLY)["Like it, yet other posts"])
    assert any("it says again what was said in" in line for line in sections(OTHER)["Like it, yet other posts"])


def test_flags_are_explained():
    assert sections(REPLY)["Doubts"] == [
        "  same_author_continues: probably the next paragraph of the post above, by the same author"
    ]


def test_seed_and_sighting_lead_to_the_post():
    assert text(name("q")) == text(name("n")) == text(REPLY)


def test_unknown_id_says_what_to_do():
    with pytest.raises(ArchiveError, match="threadloom tree"):
        text(name("w"))


def test_nothing_of_strangers_reaches_the_terminal_as_a_command():
    stream = io.StringIO()
    console = Console(file=stream, width=200, force_terminal=False)
    for post in (ROOT, REPLY):
        console.print(*why_lines(small_archive(), post), sep="\n")
    assert "\x1b" not in stream.getvalue()
    assert "[bold]tram[/bold]" in stream.getvalue()
