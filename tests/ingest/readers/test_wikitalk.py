"""Talk pages: signatures in many languages, where comments begin and end, raw text, damage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from pipeline.errors import InputError
from pipeline.ingest.readers.wikitalk_names import TIMESTAMP, read_user
from tests.ingest.readers.damage import CASES, damaged_cases, read_damaged
from tests.ingest.reading import read_bytes, read_file

ADA = '<a href="/wiki/User:Ada">Ada</a> (<a href="/wiki/User_talk:Ada">talk</a>) 08:31, 25 January 2020 (UTC)'
BO = '<a href="/wiki/User:Bo">Bo</a> 09:00, 25 January 2020 (UTC)'


def read_page(folder: Path, html: str) -> list[tuple[str, int, str]]:
    data = f'<div class="mw-parser-output"><h2>Maps</h2>{html}</div>'.encode()
    records, rejected = read_bytes(folder, data)
    assert rejected.is_empty()
    return [(row["author"], row["depth"], row["body"]) for row in records.iter_rows(named=True)]


@pytest.mark.parametrize(
    "signed",
    [
        "08:31, 25 January 2020 (UTC)",
        "25 janvier 2020 à 09:31 (CET)",
        "22:51، 21 أبريل 2020 (ت ع م)",
        "2020年4月21日 (二) 22:51 (UTC)",
        "2020년 4월 21일 (화) 22:51 (KST)",
        "09:31, 25. Jan. 2020 (CET)",
        "25 янв 2020, 11:31 (UTC+3)",
        "२२:५१, २१ अप्रैल २०२० (UTC)",
        "25 sep 2004 kl. 12.31 (CEST)",
    ],
)
def test_times_as_wikis_sign(signed: str) -> None:
    found = TIMESTAMP.search(f"Is it so? Ada {signed} Yes.")
    assert found is not None
    assert found[0] == signed


@pytest.mark.parametrize("text", ["at 08:31 (UTC)", "in 2020 (see above)", "12:30 to 13:30 (lunch)", "1:2 2020 (UTC)"])
def test_other_times_sign_nothing(text: str) -> None:
    assert TIMESTAMP.search(text) is None


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/wiki/User:Ada_Brook#top", "Ada Brook"),
        ("//de.wiki.example/wiki/Benutzerin_Diskussion:Ada", "Ada"),
        ("/w/index.php?title=User:ada&action=edit&redlink=1", "Ada"),
        ("./User:Ada", "Ada"),
        ("/wiki/Special:Contributions/192.0.2.1", "192.0.2.1"),
        ("/wiki/%D0%A3%D1%87%D0%B0%D1%81%D1%82%D0%BD%D0%B8%D0%BA:Ada", "Ada"),
        ("/wiki/User:Ada/sandbox", None),
        ("/wiki/Kite", None),
        ("https://kites.example/User:Ada", None),
        ("http://[", None),
    ],
)
def test_links_to_users(address: str, name: str | None) -> None:
    user = read_user(address)
    assert (user.name if user else None) == name


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<p>Old. {ADA}</p>", [("Ada", 0, "Old.")]),
        (f"<p>One.</p><p>Two. -- {ADA}</p>", [("Ada", 0, "<p>One.</p>Two.")]),
        (f"<p>Old. {ADA} See {BO}</p>", [("Ada", 0, "Old. See " + BO.replace('">', '" class="mention">', 1))]),
        (f"<p>Old. {ADA}<br>New. {BO}</p>", [("Ada", 0, "Old."), ("Bo", 0, "<br>New.")]),
        (f"<p>Old. {ADA}</p><dl><dd>No. {BO}</dd></dl>", [("Ada", 0, "Old."), ("Bo", 1, "No.")]),
        (
            f"<dl><dd><dl><dd>Deep. {BO}</dd></dl></dd><dd>Less. {ADA}</dd></dl>",
            [("Bo", 0, "Deep."), ("Ada", 0, "Less.")],
        ),
        (f"<p><q>Old. {BO}</q> New. {ADA}</p>", None),
        ("<p>Lunch is at 12:30, 1 May 2020 (UTC).</p>" + f"<p>Old. {ADA}</p>", None),
    ],
)
def test_where_comments_begin_and_end(tmp_path: Path, html: str, expected: list[tuple[str, int, str]] | None) -> None:
    found = read_page(tmp_path, html)
    if expected is None:
        assert [(author, depth) for author, depth, _ in found] == [("Ada", 0)]
    else:
        assert found == expected


def test_raw_text_says_what_its_page_says(tmp_path: Path) -> None:
    text = (
        "== Maps ==\nOld. [[User:Ada|Ada]] ([[User talk:Ada|talk]]) 08:31, 25 January 2020 (UTC)\n"
        ": No, ''new''. --[[User:Bo|Bo]] 09:00, 25 January 2020 (UTC)\n"
        "::: Both. {{unsigned|Cy|10:00, 25 January 2020 (UTC)}}\n: <!-- [[User:Dee]] --> [[Kite|Kites]]. "
        "[[Special:Contributions/192.0.2.1|192.0.2.1]] 11:00, 25 January 2020 (UTC)\n"
    )
    older = {"revid": 1, "timestamp": "2019-01-01T00:00:00Z", "*": "Nothing."}
    latest = {"revid": 2, "timestamp": "2020-02-01T00:00:00Z", "slots": {"main": {"content": text}}}
    answer = {"query": {"pages": [{"title": "Talk:Maps", "ns": 1, "revisions": [older, latest]}]}}
    records, _ = read_bytes(tmp_path, json.dumps(answer).encode())
    assert records.select("author", "depth", "body").rows() == [
        ("Ada", 0, "Old."),
        ("Bo", 1, "No, new."),
        ("Cy", 2, "Both."),
        ("192.0.2.1", 1, "Kites."),
    ]
    assert set(records["native_discussion"]) == {"Talk:Maps#Maps"}


def test_answers_of_the_parser_are_read_as_pages(tmp_path: Path) -> None:
    html = f'<div class="mw-parser-output"><h2 id="M">Maps</h2><p>Old. {ADA}</p></div>'
    for text in (html, {"*": html}):
        records, _ = read_bytes(tmp_path, json.dumps({"parse": {"title": "Talk:Maps", "text": text}}).encode())
        assert records.select("author", "native_discussion").rows() == [("Ada", "Talk:Maps#M")]


def test_a_history_without_text_is_refused(tmp_path: Path) -> None:
    answer = {
        "query": {"pages": {"1": {"title": "Sandbox", "revisions": [{"revid": 1, "user": "Ada", "comment": "x"}]}}}
    }
    with pytest.raises(InputError, match="no signed comment"):
        read_bytes(tmp_path, json.dumps(answer).encode())


def test_sections_of_a_page_without_a_name_stay_apart(tmp_path: Path) -> None:
    data = f'<div class="mw-parser-output"><h2>Maps</h2><p>A {ADA}</p><h2>Men</h2><p>B {BO}</p></div>'
    records, _ = read_bytes(tmp_path, data.encode())
    assert records["native_discussion"].to_list() == [None, None]
    assert records["listing"].n_unique() == 2
    assert records["discussion_title"].to_list() == ["Maps", "Men"]


def test_depth_without_end_is_refused_or_read(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_page(tmp_path, "<dl><dd>" * 50_000 + f"Deep. {ADA}")
    assert read_page(tmp_path, "<dl><dd>" * 500 + f"Deep. {ADA}")[0][:2] == ("Ada", 0)


def test_no_page_is_read_but_its_comments() -> None:
    records, _ = read_file(CASES / "wikitalk" / "dump.html")
    assert not records["body"].str.contains("kind|Contents|nobody|edit<").any()


@settings(max_examples=60, deadline=None)
@given(data=damaged_cases("wikitalk"))
def test_damage_is_survived(data: bytes) -> None:
    read_damaged(data, "wikitalk")


def test_instructions_to_other_programs_are_no_words(tmp_path: Path) -> None:
    html = f"<p>Where is <?p the ?>map? {ADA}</p><dl><dd>Here. {BO}</dd></dl>"
    assert [(author, body) for author, _, body in read_page(tmp_path, html)] == [
        ("Ada", "Where is map?"),
        ("Bo", "Here."),
    ]
