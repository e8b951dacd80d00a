"""Finding files, recognising formats, and what is said of the shipped samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError, SettingError
from pipeline.ingest import find_files, list_formats, open_capture
from pipeline.settings import ReadSettings
from tests.ingest.reading import read_capture

SAMPLES = Path(__file__).parents[2] / "raw"


def format_of(folder: Path, data: bytes, **settings: Any) -> str:
    path = folder / "dump"
    path.write_bytes(data)
    return open_capture(path, ReadSettings(**settings)).format


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"One paragraph.\n\nAnother one, with a comma.\n", "flat_text"),
        (b"Well, comment\nas you like, my friend, but tell\nnobody, comma, at all\n", "flat_text"),
        (b"[deleted]\n{sighs}\n", "flat_text"),
        (b"", "flat_text"),
        (b" \n\n", "flat_text"),
        (b'{"id": 1, "text": "Hello"}\n{"id": 2, "text": "You"}\n', "jsonl"),
        (b'"text": "its head is missing"}\n{"id": 1, "text": "Hello"}\n{"id": 2, "text": "You"}\n', "jsonl"),
        (b'\xef\xbb\xbf{"id": 1, "text": "Hello"}', "jsonl"),
        (b'{"id": 1, "text": "' + b"long " * 20_000 + b'"}\n', "jsonl"),
        (b'{"id":"c1","body":"Ouch","link_id":"t3_1","subreddit":"pics"}\n', "reddit"),
        (b'{"id":"1","selftext":"","title":"A link","subreddit":"pics"}\n', "reddit"),
        (b'[\n  {"id": 1,\n   "text": "Hello"}\n]\n', "json"),
        (b'[{"id":1,"text":"a"},', "json"),
        (b"<ada> Hello, all\n<ben> Hello, ada\n", "flat_text"),
        (b"id,text\n1,Hello\n2,You\n", "csv"),
        (b"id;text\r\n1;Hello, you\r\n2;You\r\n", "csv"),
        (b"author\tmessage with words\ttext\nada\tx\tHello\n", "csv"),
        (b'sep=;\n"Id";"Text"\n1;Hello\n', "csv"),
        (b'id,text\n1,"two\nlines"\n', "csv"),
    ],
)
def test_formats_are_told_from_content(tmp_path: Path, data: bytes, name: str) -> None:
    assert format_of(tmp_path, data) == name


def test_a_renamed_column_makes_a_table(tmp_path: Path) -> None:
    data = b"nr,said\n1,Hello\n2,You\n"
    assert format_of(tmp_path, data) == "flat_text"
    assert format_of(tmp_path, data, columns={"said": "text"}) == "csv"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'[\n  {"text": "Hello",\n   "mood": "1"}\n]\n', "JSON document"),
        (b'{"posts": [{"id": 1}]}\n', "JSON document"),
        (b'{"title": "' + b"long " * 20_000 + b'", "posts": []}\n', "JSON document"),
        (b"<p>Hello <b>you</b></p>", "XML or HTML"),
        (b'{\n  "posts": [1]\n}\n', "JSON document"),
        (b"<?xml version='1.0'?><posts/>", "XML or HTML"),
        (b"<!DOCTYPE html><p>Hello", "XML or HTML"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no text"),
    ],
)
def test_what_no_reader_knows_is_an_input_error(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        format_of(tmp_path, data)


def test_a_named_format_is_obeyed(tmp_path: Path) -> None:
    assert format_of(tmp_path, b"<!DOCTYPE html><p>Hello", format="flat_text") == "flat_text"


def test_settings_that_cannot_work_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"The formats are .*reddit.*jsonl.*csv.*flat_text"):
        format_of(tmp_path, b"Hello", format="word")
    with pytest.raises(SettingError, match="--map body=words"):
        format_of(tmp_path, b"Hello", columns={"body": "words"})


def test_listing_says_what_the_row_order_is(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text("Hello\n")
    assert open_capture(path, ReadSettings()).facts.order_known == "page"
    assert open_capture(path, ReadSettings(listing="time")).facts.order_known == "time"


def test_files_are_found_in_folders(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.txt", "a/README.md", ".hidden", ".git/config", "README"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    found = [tmp_path / "a/c.txt", tmp_path / "b.txt"]
    assert find_files([tmp_path]) == found
    assert find_files([tmp_path / "b.txt", tmp_path, tmp_path / "b.txt"]) == found
    assert find_files([tmp_path / ".hidden"]) == [tmp_path / ".hidden"]
    with pytest.raises(InputError, match="does not exist"):
        find_files([tmp_path / "gone"])


def test_list_formats_names_every_reader() -> None:
    formats = list_formats()
    assert formats["name"].is_unique().all()
    assert {"jsonl", "json", "csv", "parquet", "reddit"} <= set(formats["name"])
    assert formats["name"][-1] == "flat_text", "whatever nobody else knows"
    assert formats.null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize(
    ("name", "format_name", "n_records"),
    [
        ("tram-garden.txt", "flat_text", 46),
        ("bakery-forum.jsonl", "jsonl", 61),
        ("observatory-chat.csv", "csv", 81),
        ("lighthouse-reddit.ndjson", "reddit", 30),
    ],
)
def test_the_samples_are_read_whole(name: str, format_name: str, n_records: int) -> None:
    capture = open_capture(SAMPLES / name, ReadSettings())
    records, rejected = read_capture(capture)
    assert capture.format == format_name
    assert (records.height, rejected.height) == (n_records, 0)
    assert read_capture(capture)[0].equals(records)


def test_the_samples_show_what_they_are_for() -> None:
    forum, _ = read_capture(open_capture(SAMPLES / "bakery-forum.jsonl", ReadSettings()))
    assert forum["native_id"].n_unique() == 45
    assert set(forum["native_parent"].drop_nulls()) - set(forum["native_id"]) == {"1029"}
    page, _ = read_capture(open_capture(SAMPLES / "tram-garden.txt", ReadSettings()))
    assert (page["body"] == "I agree.").sum() == 4
