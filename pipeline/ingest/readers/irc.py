"""IRC logs as clients and bots write them.

**What is read.** Lines of irssi, weechat, mIRC, HexChat and X-Chat, ZNC, energymech, eggdrop, supybot, Textual and
Pidgin, that is: a time in any of their shapes, then ``<nick> words``, ``* nick does``, ``-nick- notice``, ``nick:
words`` or weechat's columns. A line without a time goes on with the line above it.

**What is kept.** Nick and words, without mIRC's codes for colours. Times are completed by the day that the log says
("--- Day changed", "Session Start", "BEGIN LOGGING AT"); where the clock runs backwards by hours, a day has passed. A
log without any day keeps the time as written. ``/me`` is marked ``action``, a notice ``notice`` in ``extra``. The
channel that the first joins name is the discussion.

**What bites.** Nothing says who answers whom but the names at the start of lines. Joins, quits, modes, topics are no
posts: they are counted in ``skipped``; but X-Chat and mIRC write them like actions, so that an action like "has joined
#tram" is lost among them. Times have no zone, unless supybot or Textual wrote them. Lines with a nick and no words, and
lines that fit nothing, go to quarantine.

A file is such a log when two thirds of its first lines are such lines, and two of them messages.

>>> READER.recognise(Head("tram.log", b"09:16 <ada> Hello\\n09:17 <@bo> Hi\\n", complete=True))
True
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.chat_json import stream_facts
from pipeline.ingest.readers.irc_lines import IrcLine, LogClock, begin_session, name_channel, parse_line
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.records import Batch

_LINES_LOOKED_AT = 500
_CONTINUED_LINES = 1000  # a message does not go on for longer


def recognise(head: Head) -> bool:
    """Whether most of the first lines are lines of a log."""
    if b"\0" in head.data or head.data.lstrip()[:1] in (b"{", b'"'):
        return False
    kinds: Counter[str] = Counter()
    for line in head.lines()[:_LINES_LOOKED_AT]:
        text = decode_line(line[:1000])[0]
        parsed = parse_line(text)
        # "12:30 Lunch: soup" may stand in anybody's notes; it takes more than two of those.
        bracketed = "<" in text[:60] or "\t" in text[:60]
        kinds[parsed.kind if parsed.kind != "message" or bracketed else "plain"] += 1
    known = kinds.total() - kinds["unknown"]
    messages = kinds["message"] + (kinds["plain"] if kinds["plain"] + kinds["system"] >= 5 else 0)
    return messages >= 2 and 3 * known >= 2 * kinds.total()


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, "irc")


def read(source: Source) -> Iterator[Batch]:
    """One record per message, action or notice."""
    longest = source.settings.record_bytes
    channel = _find_channel(source.head())
    clock = LogClock()
    rows = RecordStream()
    held: _Held | None = None
    number = 0
    lines = source.lines()
    for number, line in enumerate(lines, start=1):
        place = f"line {number}"
        if len(line) > longest or b"\0" in line:
            rule, detail = ("nul", "holds NUL bytes") if len(line) <= longest else ("too_long", f"over {longest} bytes")
            _let_go(held, rows)
            held = None
            rows.reject(place, rule, detail, line)
            continue
        text, repaired = decode_line(line)
        text = text.rstrip("\r\n")
        if not text.strip():
            continue
        parsed = parse_line(text)
        if parsed.kind == "system":
            _let_go(held, rows)
            held = None
            clock.look(text)
            channel = begin_session(text) or channel
            rows.skip("system")
        elif parsed.kind != "unknown":
            _let_go(held, rows)
            held = _Held(place, parsed, clock.complete(parsed), channel, repaired=repaired)
        elif held and not parsed.clock and len(held.more) < _CONTINUED_LINES:
            held.more.append(text.strip())
            held.repaired |= repaired
        else:
            _let_go(held, rows)
            held = None
            rows.reject(place, "unknown_line", "neither a message nor what a client says", line)
        if rows.is_full:
            yield from rows.ready()
    _let_go(held, rows)
    if lines.damage:
        rows.reject(f"after line {number}", "damaged_file", lines.damage, b"")
    yield from rows.finish()


class _Held:
    """A message that may go on below."""

    def __init__(self, place: str, line: IrcLine, time: str, channel: str | None, *, repaired: bool) -> None:
        self.place, self.line, self.time, self.channel, self.repaired = place, line, time, channel, repaired
        self.more: list[str] = []


def _let_go(held: _Held | None, rows: RecordStream) -> None:
    if held is None:
        return
    kind = held.line.kind
    extra: dict[str, Any] = {} if kind == "message" else {kind: True}
    if held.repaired:
        extra["text_repaired"] = True
    rows.add(
        held.place,
        native_discussion=held.channel,
        discussion_scope="irc" if held.channel else None,
        discussion_title=held.channel,
        community=held.channel,
        author=held.line.nick,
        posted_at_raw=held.time,
        body="\n".join([held.line.words, *held.more]).strip() or None,
        extra=extra,
    )


def _find_channel(head: Head) -> str | None:
    """The channel that nine tenths of the first joins, topics and modes name."""
    named: Counter[str] = Counter()
    for line in head.lines():
        text = decode_line(line[:1000])[0]
        if parse_line(text).kind == "system" and (channel := name_channel(text)):
            named[channel] += 1
    channel, times = max(named.items(), key=lambda item: (item[1], item[0]), default=(None, 0))
    return channel if 10 * times >= 9 * named.total() else None


READER = Reader(
    name="irc",
    version=2,
    title="IRC logs of irssi, weechat, mIRC, HexChat, ZNC, supybot and others",
    extensions=(".log", ".txt", ".weechatlog"),
    replies="nothing; parents are inferred from names, times and words",
    recognise=recognise,
    describe=describe,
    read=read,
)
