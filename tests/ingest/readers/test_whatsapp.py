"""WhatsApp: dates of many countries, their order, names, system lines, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.containers import Head
from pipeline.ingest.readers.whatsapp import READER
from pipeline.ingest.readers.whatsapp_lines import DayOrder, parse_line
from tests.ingest.readers.damage import damaged_cases, read_damaged
from tests.ingest.reading import read_bytes


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("25/3/21, 9:06 p. m. - Ada: hi", "2021-03-25T21:06"),
        ("25/3/2021, 21:06 - Ada: hi", "2021-03-25T21:06"),
        ("3/25/21, 9:06\u202fPM - Ada: hi", "2021-03-25T21:06"),
        ("3/25/21, 12:06 AM - Ada: hi", "2021-03-25T00:06"),
        ("25.03.21, 21:06 - Ada: hi", "2021-03-25T21:06"),
        ("[25.03.21, 21:06:07] Ada: hi", "2021-03-25T21:06:07"),
        ("\u200e[25/03/2021, 21:06:07] Ada: hi", "2021-03-25T21:06:07"),
        ("[25.3.2021 klo 21.06.07] Ada: hi", "2021-03-25T21:06:07"),
        ("2021-03-25, 21:06 - Ada: hi", "2021-03-25T21:06"),
        ("2021/03/25 21:06 - Ada: hi", "2021-03-25T21:06"),
        ("[2021/3/25 下午9:06:07] Ada: hi", "2021-03-25T21:06:07"),
        ("2021년 3월 25일 오후 9:06, Ada : hi", "2021-03-25T21:06"),
        ("2021. 3. 25. 오전 9:06, Ada : hi", "2021-03-25T09:06"),
        ("٢٥\u200f/٣\u200f/٢٠٢١، ٩:٠٦ م - Ada: hi", "2021-03-25T21:06"),
        ("25-03-21 21:06 - Ada: hi", "2021-03-25T21:06"),
        ("25/3/2564, 21:06 - Ada: hi", "2021-03-25T21:06"),
    ],
)
def test_dates_are_read_wherever_they_were_written(line: str, time: str) -> None:
    parsed = parse_line(line)
    assert parsed is not None
    assert (parsed.author, parsed.words) == ("Ada", "hi")
    order = DayOrder.of([parsed.date], half_days=parsed.half_days, dotted=parsed.dotted)
    assert order.write(parsed) == time


@pytest.mark.parametrize(
    "line", ["", "hi", "12 apples - Ada: hi", "12/9/20 - Ada: hi", "23:55 - Ada: hi", "1/1/1, - x: y"]
)
def test_other_lines_begin_no_message(line: str) -> None:
    assert parse_line(line) is None


@pytest.mark.parametrize(
    ("dates", "order", "guessed"),
    [
        (["25/3/21", "1/4/21"], "dmy", False),
        (["3/25/21", "4/1/21"], "mdy", False),
        (["01/03/21", "02/03/21", "01/04/21"], "dmy", False),  # months first, days would run backwards
        (["3/1/21", "3/2/21", "4/1/21"], "mdy", False),
        (["9/3/21", "10/3/21", "11/3/21"], "dmy", True),  # three days, or three months
        (["12/9/20"], "mdy", True),
        (["12/9/2020"], "dmy", True),
        (["12/09/20"], "dmy", True),
        ([], "mdy", True),
    ],
)
def test_the_order_of_day_and_month_is_found(dates: list[str], order: str, guessed: bool) -> None:
    found = DayOrder.of([tuple(date.split("/")) for date in dates])
    assert (found.order, found.guessed) == (order, guessed)


def test_a_guess_is_marked(tmp_path: Path) -> None:
    records, _ = read_bytes(tmp_path, b"12/9/20, 23:55 - Bo: x\n12/9/20, 23:56 - Ada: y\n")
    assert records["extra"].to_list() == ['{"date_guessed":true}'] * 2


def test_lines_without_a_name_are_counted(tmp_path: Path) -> None:
    chat = (
        '25/3/21, 21:05 - Ada changed the subject from "a" to "b: c"\n25/3/21, 21:06 - Ada: one\n25/3/21, 21:06 - '
        "Bo left\nno header\n25/3/21, 21:07 - Bo:\n25/3/21, 21:08 - Bo: two: three\n"
    )
    records, rejected = read_bytes(tmp_path, chat.encode())
    assert records.select("author", "body", "extra").rows() == [
        ("Ada", "one", '{"skipped":{"system":2}}'),
        ("Bo", "two: three", None),
    ]
    assert rejected.select("location", "rule").rows() == [("line 5", "no_id_no_text")]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("12/9/20, 23:55 - Bo: x\n12/9/20, 23:56 - Ada: y\n", True),
        ("12/9/20, 23:55 - Bo: x\n", True),
        ("and so on\n12/9/20, 23:55 - Bo: x\n12/9/20, 23:56 - Ada: y\n", True),
        ("12/9/20, 23:55 - Bo joined\n12/9/20, 23:56 - Ada joined\n", False),
        ("one\ntwo\nthree\n12/9/20, 23:55 - Bo: x\n12/9/20, 23:56 - Ada: y\n", False),
        ("[2012-10-17 09:16:21] <ada> x: y\n[2012-10-17 09:16:22] <bo> y\n", False),
        ("2012-10-17 09:16:21 - INFO\n", False),
        ("", False),
    ],
)
def test_a_chat_is_known_by_its_first_lines(text: str, known: bool) -> None:
    assert READER.recognise(Head("x", text.encode(), complete=True)) is known


@pytest.mark.parametrize("name", ["whatsapp", "whatsapp_ios"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damage_costs_lines_only(name: str, data: st.DataObject) -> None:
    assert read_damaged(data.draw(damaged_cases(name)), "whatsapp") is not None
