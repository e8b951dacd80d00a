"""The whole room: nothing is lost, the contract is kept, and each column says what it should."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise.deletion import find_deletions
from pipeline.normalise.records import NORMALISER_VERSION, normalise_records
from pipeline.tables import RawRecords, Records, check_table, empty_table
from tests.normalise.records import CAPTURE, PACK, Facts, normalise, normalise_bodies


def test_a_record_from_end_to_end() -> None:
    row = {
        "native_id": "t1_7",
        "author": "/u/Mudlark",
        "posted_at_raw": "1556532123",
        "edited_at_raw": "2019-04-29T11:00:00Z",
        "captured_at_raw": "soon",
        "title": " Boots &amp;\n tides ",
        "body": "> do they *leak*?\n\nAsk u/ada.\r\n",
        "markup": "markdown",
        "extra": '{"text_repaired":true}',
    }
    records, rejected = normalise([row], paragraphs=True)
    assert rejected.is_empty()
    assert records.columns == list(Records.column_names())
    record = records.row(0, named=True)
    expected = {
        "capture_id": CAPTURE,
        "source": "weatherboard",
        "shape": "page",
        "order_known": "page",
        "paragraphs": True,
        "body": row["body"],
        "title": "Boots & tides",
        "text": "do they leak?\n\nAsk u/ada.",
        "quotes": [{"start": 0, "end": 13, "author": None}],
        "mentions": [{"start": 19, "end": 24, "name": "ada"}],
        "posted_at": datetime(2019, 4, 29, 10, 2, 3, tzinfo=UTC),
        "posted_precision": "second",
        "edited_at": datetime(2019, 4, 29, 11, tzinfo=UTC),
        "captured_at": None,
        "captured_at_raw": "soon",
        "words": "do they leak ask u ada",
        "n_words": 6,
        "information": 72.0,
        "author_key": "mudlark",
        "flags": ["text_repaired"],
        "deletion": None,
    }
    assert {name: record[name] for name in expected} == expected
    assert NORMALISER_VERSION >= 1


def test_a_time_without_zone_is_flagged() -> None:
    rows = [
        {"native_id": str(i), "posted_at_raw": time}
        for i, time in enumerate(["2019-04-29 10:02", "2019-04-29T10:02Z", None])
    ]
    assert normalise(rows)[0]["flags"].to_list() == [["time_guessed_zone"], [], []]
    both = [{"native_id": "0", "posted_at_raw": "2019-04-29", "extra": '{"a":1,"text_repaired":true}'}]
    assert normalise(both)[0]["flags"].to_list() == [["time_guessed_zone", "text_repaired"]]


def test_sightings_are_named_by_capture_and_ordinal() -> None:
    rows = [{"body": "I agree."}, {"body": "I agree."}]
    ids = normalise(rows)[0]["sighting_id"]
    assert ids.n_unique() == 2
    assert ids.equals(normalise(rows)[0]["sighting_id"])


def test_only_what_says_nothing_is_rejected() -> None:
    rows = [
        {"body": "\u200b \ufeff", "location": "line 7"},
        {"body": "\u200b", "native_id": "7"},
        {"body": "🙂"},
        {"body": "?!"},
        {"body": "[deleted]"},
        {"title": "A title"},
        {"deletion": "moderator"},
        {"body": "<p></p>", "markup": "html"},
        {},
    ]
    records, rejected = normalise(rows)
    assert records["ordinal"].to_list() == [1, 2, 3, 4, 5, 6]
    assert rejected["ordinal"].to_list() == [0, 7, 8]
    assert rejected.row(0, named=True) == {
        "capture_id": CAPTURE,
        "ordinal": 0,
        "location": "line 7",
        "stage": "normalise",
        "rule": "no_words_no_id",
        "detail": "no id, and no visible character in its text",
        "raw": "\u200b \ufeff".encode(),
    }


DELETED = {
    "author": [
        *(
            "[deleted]",
            " [Deleted] ",
            "[deleted by user]",
            "(post deleted by author)",
            "deleted by creator",
            "[gelöscht]",
        ),
        "(post withdrawn by author, will be automatically deleted in 24 hours unless flagged)",
    ],
    "moderator": [
        *("[removed]", "[removed by reddit]", "[ Removed by Reddit ]", "comment removed by moderator", "[entfernt]"),
        "[ Removed by Reddit in response to a copyright notice. ]",
    ],
    "unknown": ["This message was deleted.", "[unavailable]"],
}


@pytest.mark.parametrize(("who", "body"), [(who, body) for who, bodies in DELETED.items() for body in bodies])
def test_notices_of_deletion_are_no_words(who: str, body: str) -> None:
    records, _ = normalise([{"native_id": "1", "body": body}, {"native_id": "2", "body": body, "deletion": "unknown"}])
    assert records["text"].to_list() == ["", ""]
    assert records["deletion"].to_list() == [who, "unknown"]
    assert records["body"].to_list() == [body, body]


@pytest.mark.parametrize(
    "body",
    ["Removed.", "deleted", "[deleted] why?", "It was deleted by the author.", "[I removed it]", "[]", "dead", ""],
)
def test_words_about_deletion_stay(body: str) -> None:
    records, _ = normalise([{"native_id": "1", "body": body}])
    assert records.select("text", "deletion").row(0) == (body, None)


def test_deletion_that_the_record_declares_keeps_its_words() -> None:
    records, _ = normalise([{"native_id": "1", "body": "I said too much", "deletion": "author"}])
    assert records.select("text", "deletion").row(0) == ("I said too much", "author")


def test_notices_inside_markup_are_notices() -> None:
    assert normalise_bodies("*[deleted]*", markup="markdown")["deletion"].to_list() == ["author"]
    assert normalise_bodies("<p>[removed]</p>", markup="html")["deletion"].to_list() == ["moderator"]


def test_rows_do_not_depend_on_their_neighbours() -> None:
    rows = [
        {"native_id": "a", "body": "plain", "markup": "plain"},
        {"native_id": "b", "body": "> *marked*", "markup": "markdown"},
        {"native_id": "c", "body": "> *plain*", "markup": "plain"},
        {"native_id": "d", "body": "loose  \n\n\n\n\nspaces", "markup": "markdown"},
        {"native_id": "e", "body": "loose  \n\n\n\n\nspaces", "markup": "plain"},
        {"native_id": "f", "body": "<b>bold</b> & *plain*", "markup": "html"},
        {"native_id": "g", "body": "<b>bold</b>", "markup": "plain"},
        {"native_id": "h", "body": "中文 rain", "markup": "plain"},
        {"native_id": "i", "body": None, "markup": "html"},
    ]
    rows = [{"ordinal": i, "location": f"line {i}", **row} for i, row in enumerate(rows)]
    loose = "loose  \n\n\n\n\nspaces"
    texts = ["plain", "marked", "*plain*", "loose\n\n\nspaces", loose, "bold & *plain*", "<b>bold</b>", "中文 rain", ""]
    together, _ = normalise(rows)
    assert together["text"].to_list() == texts
    apart = pl.concat([normalise([row])[0] for row in rows])
    assert together.equals(apart)
    backwards, _ = normalise(rows[::-1])
    assert backwards.sort("ordinal").equals(together)


def test_no_rows_are_no_trouble() -> None:
    records, rejected = normalise_records(empty_table(RawRecords), CAPTURE, Facts(), PACK)
    assert records.is_empty()
    assert rejected.is_empty()
    check_table(Records, records)


bodies = st.none() | st.text(max_size=30) | st.text(alphabet="<>&;*_ap:@\n[]()\u200b🙂 ", max_size=30)
records_of_any_kind = st.fixed_dictionaries(
    {"body": bodies, "markup": st.sampled_from(["plain", "markdown", "html"])},
    optional={
        "native_id": st.text(min_size=1, max_size=3),
        "author": st.text(max_size=6),
        "title": st.text(max_size=6),
        "posted_at_raw": st.text(max_size=12) | st.integers(0, 2**63).map(str),
        "extra": st.text(max_size=6),
    },
)


@given(st.lists(records_of_any_kind, max_size=6), st.sampled_from(["page", "stream", None]))
def test_any_record_is_kept_or_rejected_with_a_reason(rows: list[dict[str, str]], shape: str | None) -> None:
    records, rejected = normalise(rows, shape=shape)
    assert sorted([*records["ordinal"], *rejected["ordinal"]]) == list(range(len(rows)))
    for record in records.iter_rows(named=True):
        for span in (*record["quotes"], *record["mentions"]):
            assert span["start"] < span["end"] <= len(record["text"])


def test_deletions_of_an_empty_column() -> None:
    assert find_deletions(pl.Series([], dtype=pl.String)).to_list() == []
