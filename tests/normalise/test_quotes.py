"""Quotations in plain text: mails and pastes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.normalise.attribution import read_attribution
from tests.normalise.records import normalise_bodies

NAMED = {
    "On Mon, Apr 29, 2019 at 10:02 AM Ada Brook <ada@example.org> wrote:": "Ada Brook",
    "On Wed, 2009-11-18 at 17:09 -0200, Ada Brook wrote:": "Ada Brook",
    "On Dec 11, 2009, at 10:01 PM, Ada Brook wrote:": "Ada Brook",
    "On 29/04/2019 10:02, mudlark7 wrote:": "mudlark7",
    "On 29 April Ada Brook wrote:": "Ada Brook",
    "On Monday, Brook, Ada wrote:": "Brook, Ada",
    "On 04/29/2019 10:02 AM, ada@example.org wrote:": "ada@example.org",
    "Ada Brook <ada at example.org> writes:": "Ada Brook",
    "Ada Brook wrote on 29.04.2019 10:02:": "Ada Brook",
    "On Tue, 7 Sep 1999 12:24:38 GMT+2, Ada Brook wrote:": "Ada Brook",
    "On 12-Jan-99 Ada Brook wrote:": "Ada Brook",
    "mudlark said: ↑": "mudlark",
    "Quoting Ada Brook <ada@example.org>:": "Ada Brook",
    "In article <123@example.org>, Ada Brook wrote:": "Ada Brook",
    "2019-04-29 10:02 GMT+02:00 Ada Brook <ada@example.org>:": "Ada Brook",
    "Am 29.04.2019 um 10:02 schrieb Ada Brook:": "Ada Brook",
    "Le lun. 29 avr. 2019 à 10:02, Ada Brook <ada@example.org> a écrit :": "Ada Brook",
    "El 29/04/2019 a las 10:02, Ada Brook escribió:": "Ada Brook",
    "Op 29-04-19 om 10:02 schreef Ada Brook:": "Ada Brook",
}


@pytest.mark.parametrize(("line", "name"), NAMED.items())
def test_attributions_name_the_author(line: str, name: str) -> None:
    assert read_attribution(line, whole=False) == name


@pytest.mark.parametrize(
    "line",
    [
        "",
        "wrote:",
        "As I wrote:",
        "This is what she said:",
        "I wrote a letter.",
        "On Monday you wrote:",
        "Look at this:",
        "On it goes",
    ],
)
def test_sentences_are_no_attributions(line: str) -> None:
    assert read_attribution(line, whole=False) is None


def spans_of(body: str) -> tuple[str, list[tuple[str, str | None]]]:
    record = normalise_bodies(body).row(0, named=True)
    text = record["text"]
    return text, [(text[span["start"] : span["end"]], span["author"]) for span in record["quotes"]]


def test_an_attribution_belongs_to_its_quotation() -> None:
    body = "Hello,\n\nOn 29 Apr 2019, Ada Brook wrote:\n> The lamp is out.\n> Again.\n\nIt is day.\n"
    text, spans = spans_of(body)
    assert text == "Hello,\n\nOn 29 Apr 2019, Ada Brook wrote:\nThe lamp is out.\nAgain.\n\nIt is day."
    assert spans == [("On 29 Apr 2019, Ada Brook wrote:\nThe lamp is out.\nAgain.", "Ada Brook")]


def test_an_attribution_may_be_wrapped_and_apart() -> None:
    body = "On Mon, Apr 29, 2019 at 10:02 AM Ada Brook <\nada@example.org> wrote:\n\n> The lamp is out.\n\nIt is day."
    _, spans = spans_of(body)
    assert [author for _, author in spans] == ["Ada Brook"]
    assert spans[0][0].startswith("On Mon, Apr")


def test_each_depth_has_its_author() -> None:
    body = "Bo wrote:\n> Ada Brook writes:\n>> The lamp is out.\n> Is it?\nYes."
    assert spans_of(body)[1] == [
        ("Bo wrote:", "Bo"),
        ("Ada Brook writes:\nThe lamp is out.", "Ada Brook"),
        ("Is it?", None),
    ]


def test_own_words_stay_as_they_are() -> None:
    body = "  *not* markdown_ &amp;  two  spaces\r\n\r\n\r\n\r\n\r\nfour empty lines \u200b\n"
    assert spans_of(body) == ("*not* markdown_ &amp;  two  spaces\n\n\n\n\nfour empty lines", [])


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters=">"), max_size=40))
def test_plain_text_is_plain_the_second_time(body: str) -> None:
    once = normalise_bodies(body)["text"][0]
    again = normalise_bodies(once)["text"][0]
    assert again == once
    assert once == once.strip()


@settings(max_examples=50)
@given(st.text(alphabet="> ab:wrote\n\t", max_size=60))
def test_spans_lie_in_the_text(body: str) -> None:
    record = normalise_bodies(body).row(0, named=True)
    reached = 0
    for span in record["quotes"]:
        assert reached <= span["start"] < span["end"] <= len(record["text"])
        reached = span["end"]
    assert "".join(record["text"].replace(">", "").split()) == "".join(body.replace(">", "").split())
