"""IRC logs: lines of every client, days, channels, recognition, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.containers import Head
from pipeline.ingest.readers.irc import READER
from pipeline.ingest.readers.irc_lines import LogClock, parse_line
from tests.ingest.readers.damage import damaged_cases, read_damaged
from tests.ingest.reading import read_bytes

NICKS = st.from_regex(r"[A-Za-z_\[\]{}^`|][A-Za-z0-9_\-\[\]{}^`|]{0,14}", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("line", "kind", "nick", "words"),
    [
        ("09:16 < ada> hi", "message", "ada", "hi"),
        ("09:16 <@ada> <bo> said so", "message", "ada", "<bo> said so"),
        ("09:16:21 <+ada>\thi", "message", "ada", "hi"),
        ("[09:16] <ada> * bo", "message", "ada", "* bo"),
        ("[2012-10-17T09:16:21+0000] <ada> hi", "message", "ada", "hi"),
        ("2012-10-17T09:16:21.123Z <ada> hi", "message", "ada", "hi"),
        ("9:16 PM <ada> hi", "message", "ada", "hi"),
        ("(09:16:21) ada: hi: ho", "message", "ada", "hi: ho"),
        ("09:16  * ada waves", "action", "ada", "waves"),
        ("[09:16] Action: ada waves", "action", "ada", "waves"),
        ("[09:16] * ada has joined the club of cats", "action", "ada", "has joined the club of cats"),
        ("[09:16] * ada (a@b.example) has joined #tram", "system", "", ""),
        ("[09:16] * ada is now known as ida", "system", "", ""),
        ("[09:16] * ada sets mode: +o bo", "system", "", ""),
        ("[09:16] *** Quits: ada (a@b.example) (bye)", "system", "", ""),
        ("[09:16] ada (a@b.example) joined #tram.", "system", "", ""),
        ("09:16 -!- ada [a@b.example] has quit [bye]", "system", "", ""),
        ("09:16 -ada- careful", "notice", "ada", "careful"),
        ("09:16 -ada-bot:#tram- careful", "notice", "ada-bot", "careful"),
        ("09:16 !lamp.example *** Looking up your host", "system", "", ""),
        ("=== ada [a@b.example] has joined #tram", "system", "", ""),
        ("09:16 something else", "unknown", "", ""),
        ("nothing of the kind", "unknown", "", ""),
        ("", "unknown", "", ""),
    ],
)
def test_a_line_says_what_it_is(line: str, kind: str, nick: str, words: str) -> None:
    parsed = parse_line(line)
    assert parsed.kind == kind
    if nick:
        assert (parsed.nick, parsed.words) == (nick, words)


@settings(max_examples=60)
@given(NICKS, WORDS)
def test_any_words_of_any_nick_are_read(nick: str, words: str) -> None:
    for line in (f"09:16 <{nick}> {words}", f"[09:16:00] <@{nick}> {words}", f"2012-10-17 09:16:21\t{nick}\t{words}"):
        parsed = parse_line(line)
        assert (parsed.kind, parsed.nick, parsed.words) == ("message", nick, words)


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        (["09:16 <a> x"], ["09:16"]),
        (["--- Day changed Tue Oct 18 2012", "9:16 <a> x"], ["2012-10-18T09:16"]),
        (["--- Log opened Di Okt 16 21:00:00 2012", "21:01 <a> x"], ["2012-10-16T21:01"]),
        (["[00:00] --- Wed Oct 17 2012", "[09:16] <a> x"], ["2012-10-17T09:16"]),
        (["Session Time: Wed Oct 17 00:00:00 2012", "[9:16PM] <a> x"], ["2012-10-17T21:16"]),
        (
            ["Conversation with #t at Wed 17 Oct 2012 09:16:21 AM EDT on a (irc)", "(09:16:21) a: x"],
            ["2012-10-17T09:16:21"],
        ),
        (
            ["--- Log opened Wed Oct 31 23:00:00 2012", "23:59 <a> x", "00:01 <a> x", "23:58 <a> x", "23:57 <a> x"],
            ["2012-10-31T23:59", "2012-11-01T00:01", "2012-11-01T23:58", "2012-11-01T23:57"],
        ),
        (["**** BEGIN LOGGING AT Thu Feb 28 2013", "Feb 30 09:16:21 <a> x"], ["2013-02-28T09:16:21"]),
        (
            ["[00:00] --- Wed Oct 17 2012", "[09:15] *** a changes topic to 'Jan 5 2013'", "[09:16] <a> x"],
            ["2012-10-17T09:16"],
        ),
        (["Oct 17 09:16:21 <a> x"], ["Oct 17 09:16:21"]),
        (["2012/10/17 09:16 <a> x"], ["2012-10-17T09:16"]),
    ],
)
def test_days_are_completed(lines: list[str], times: list[str]) -> None:
    clock = LogClock()
    found = []
    for line in lines:
        parsed = parse_line(line)
        if parsed.kind == "message":
            found.append(clock.complete(parsed))
        else:
            clock.look(line)
    assert found == times


def test_two_channels_in_the_joins_are_no_channel(tmp_path: Path) -> None:
    log = "".join(f"09:16 -!- a [a@b] has joined #{name}\n" for name in "xy") + "09:16 <a> x\n09:16 <b> y\n"
    records, _ = read_bytes(tmp_path, log.encode())
    assert records["native_discussion"].to_list() == [None, None]


def test_bad_bytes_and_nothings_are_told(tmp_path: Path) -> None:
    log = b"09:16 <a> caf\xe9\n09:17 <b> \0\n\n09:18 <c> x\n" + b"09:19 <d> " + b"x" * 2000 + b"\n"
    records, rejected = read_bytes(tmp_path, log, format="irc", record_bytes=1024)
    assert records.select("body", "extra").rows() == [("café", '{"text_repaired":true}'), ("x", None)]
    assert rejected.select("location", "rule").rows() == [("line 2", "nul"), ("line 5", "too_long")]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("09:16 <a> x\n09:17 <b> y\n", True),
        ("[09:16] * a waves\n[09:17] <b> y\n[09:18] <b> z\n", True),
        ("09:16 <a> x\n", False),
        ("9:00 Breakfast: soup\n10:00 Work: none\n", False),
        ("9:00 a: x\n9:01 b: y\n9:02 c: z\n9:03 a: x\n9:04 b: y\n", True),
        ("Dear diary,\n09:16 <a> x\n09:17 <b> y\nthat was all\nfor today\nreally\n", False),
        ("2012-10-17 09:16:21,INFO,started\n2012-10-17 09:16:22,INFO,done\n", False),
        ("id\ttext\n1\thello\n2\tworld\n", False),
    ],
)
def test_a_log_is_known_by_most_of_its_lines(text: str, known: bool) -> None:
    assert READER.recognise(Head("x", text.encode(), complete=True)) is known


@pytest.mark.parametrize("name", ["irc", "irc_mirc", "irc_weechat"])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_damage_costs_lines_only(name: str, data: st.DataObject) -> None:
    assert read_damaged(data.draw(damaged_cases(name)), "irc") is not None


def test_long_lines_of_anything_take_no_time() -> None:
    for line in (
        "*" * 10**6,
        "09:16 " + "<" * 10**6,
        "--- " + "Jan 1 " * 10**5,
        "09:16 * a " + "(" * 10**6,
        " " * 10**6,
    ):
        LogClock().look(line)
        assert parse_line(line).kind in ("unknown", "system", "action")
