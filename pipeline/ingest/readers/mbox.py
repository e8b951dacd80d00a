"""Mailboxes (mbox): mails one after another, each after a line that begins with "From ".

**What is read.** Every message, pipermail's and Mailman's archives, Thunderbird's and Takeout's mailboxes and the
news archives among them. A digest gives a record for itself and one for each mail in it. The file is read message by
message.

**What is kept.** ``Message-ID`` without its brackets, in the scope ``message-id``: a mail that went to several lists,
or stands in the file twice, is one post. The parent is the last of ``References`` that is an id, else
``In-Reply-To``; the others stay in ``extra`` (``references``). A mail with neither whose subject says "Re:" (or
"AW:", "SV:", "回复:" …) answers something unknown; any other is a root. The list (``List-Id``, else what older software
wrote) or the newsgroup is discussion and community. Author is the name, else the address; ``Date`` as written, else
the time in the line above. Plain parts, else HTML; names of attachments in ``extra``.

**What bites.** Lines that begin with "From " inside a mail: one that parts mails has a time and a header below it.
Charsets are wrong, unknown or missing (cp1252 called latin-1; raw bytes in headers), base64 and quoted-printable are
cut short: what had to be read otherwise than declared is marked ``text_repaired``. ``format=flowed`` lines are
joined. Mails without ``Message-ID`` have no id. Messages longer than the setting record_bytes are cut, and say so.
Control messages (``cancel``) are no posts: the mail before counts them (``skipped``).

A file is a mailbox when it begins with such a line and a header.

>>> READER.recognise(Head("list.mbox", b"From ada Mon Apr 29 10:02:00 2019\\nSubject: Kites\\n\\nUp.", complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.mail_messages import add_mail, find_home
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.records import Batch

_DATED = re.compile(rb"From .*\d{1,2}:\d\d.*\d\d\s*(?:remote from .*)?$")
_BARE = re.compile(rb"From \S+\s*$")
_SENT = re.compile(rb"From (?:\S+(?: at \S+)?)?\s+(.*\d{1,2}:\d\d.*)$")
_HEADER = re.compile(rb">?[!-9;-~]+[ \t]*:|>From ")
_COMMON_HEADER = re.compile(
    rb"(?:return-path|received|x-[\w-]+|date|from|to|cc|subject|message-id|delivered-to|path|newsgroups|mime-version"
    rb"|content-[\w-]+|reply-to|sender|lines|organization|xref|status|in-reply-to|references|approved|dkim-signature"
    rb"|arc-[\w-]+|list-[\w-]+|authentication-results|mailing-list|envelope-to|article-i\.d\.|relay-version)[ \t]*:",
    re.IGNORECASE,
)
_LONGEST_ENVELOPE = 500  # bytes
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def recognise(head: Head) -> bool:
    """Whether it begins with a line "From " and a header."""
    first, _, rest = head.data.lstrip(b"\xef\xbb\xbf\r\n").partition(b"\n")
    return _parts(first.rstrip(b"\r"), rest.partition(b"\n")[0], after_blank=True)


def describe(source: Source) -> CaptureFacts:
    """A stream, as mails come in."""
    return CaptureFacts(source="mail", shape="stream", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per mail that is no control message."""
    stream = RecordStream()
    home = find_home(source.head().data)
    longest = source.settings.record_bytes
    mailbox = _Mailbox(source)
    for number, envelope, raw in mailbox:
        if envelope is None:
            stream.reject(f"line {number}", "not_a_message", "text before the first mail", raw)
            continue
        sent = _SENT.match(envelope)
        add_mail(
            stream,
            _ESCAPED.sub(rb"\1", raw),
            f"line {number}",
            home=home,
            news=False,
            sent=sent[1].decode("utf-8", errors="replace").strip() if sent else None,
            cut=len(raw) > longest,
        )
        yield from stream.ready()
    if mailbox.damage:
        stream.reject("end of file", "damaged_file", mailbox.damage, b"")
    yield from stream.finish()


class _Mailbox:
    """The messages of a mailbox: number of the first line, the line "From ", what follows it."""

    def __init__(self, source: Source) -> None:
        self.damage: str | None = None
        self._source = source

    def __iter__(self) -> Iterator[tuple[int, bytes | None, bytes]]:
        lines = self._source.lines()
        longest = self._source.settings.record_bytes
        envelope: bytes | None = None
        start, size, after_blank = 1, 0, True
        gathered: list[bytes] = []
        held: bytes | None = None  # a line that may part mails: the next one tells
        for number, line in enumerate(lines, start=1):
            if held is not None:
                if _parts(held.rstrip(b"\r"), line, after_blank=after_blank):
                    if envelope is not None or any(map(bytes.strip, gathered)):
                        yield start, envelope, b"\n".join(gathered)
                    envelope, start, gathered, size = held.rstrip(b"\r"), number - 1, [], 0
                elif size <= longest:
                    gathered.append(held)
                    size += len(held) + 1
                after_blank, held = False, None
            if line.startswith(b"From "):
                held = line
                continue
            if size <= longest:
                gathered.append(line)
                size += len(line) + 1
            after_blank = not line.strip()
        if held is not None:
            gathered.append(held)
        if envelope is not None or any(map(bytes.strip, gathered)):
            yield start, envelope, b"\n".join(gathered)
        self.damage = lines.damage


def _parts(line: bytes, following: bytes, *, after_blank: bool) -> bool:
    """Whether a line parts mails: a header below, and a time in it or an empty line above and one word in it."""
    if not line.startswith(b"From ") or len(line) > _LONGEST_ENVELOPE or not _HEADER.match(following):
        return False
    return bool(_DATED.match(line)) or (after_blank and bool(_BARE.match(line) and _COMMON_HEADER.match(following)))


READER = Reader(
    name="mbox",
    version=2,
    title="Mailbox (mbox), list archives",
    extensions=(".mbox", ".mbx", ".txt"),
    replies="References, In-Reply-To",
    recognise=recognise,
    describe=describe,
    read=read,
)
