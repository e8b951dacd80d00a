"""One message a file: a news article, or a mail as ``.eml``; also batches of articles (rnews).

**What is read.** The whole file as one message; in a batch every article after its line ``#! rnews LENGTH``. What
stands in a file as a server sent it (``220 …``, dots doubled, a last dot alone) is taken as the article it is.

**What is kept.** As for mailboxes (mbox). Of newsgroup and mailing list the newsgroup counts, since everything a news
server has stands in one; of several groups the first.

**What bites.** As for mailboxes. An article is told from other text by its headers alone.

A file is such a message when its first lines are headers, an author's among them and two of date, subject, id,
newsgroups, path and receiver.

>>> READER.recognise(Head("12.txt", b"From: ada\\nNewsgroups: rec.kites\\nSubject: Up\\n\\nThey fly.", complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import read_bytes
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.mail_messages import add_mail, find_home
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.records import Batch

_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:")
_USUAL = {b"date", b"subject", b"message-id", b"newsgroups", b"path", b"to", b"received", b"references"}
_RESPONSE = re.compile(rb"\A22[012] [^\r\n]*\r?\n")
_BATCH = re.compile(rb"^#! rnews (\d{1,12})[^\n]*\n", re.MULTILINE)


def recognise(head: Head) -> bool:
    """Whether it begins with the headers of a message, or as a batch."""
    data = head.data.lstrip(b"\xef\xbb\xbf\r\n")
    if _BATCH.match(data):
        return True
    names: set[bytes] = set()
    for line in _RESPONSE.sub(b"", data).split(b"\n")[:400]:
        found = _HEADER.match(line)
        if found:
            names.add(found[1].lower())
        elif not line.startswith((b" ", b"\t")) or not names:
            break
    return bool(names & {b"from", b"sender"}) and len(names & _USUAL) >= 2


def describe(source: Source) -> CaptureFacts:
    """A stream, as articles come in."""
    news = re.search(rb"^Newsgroups:", source.head().data, re.IGNORECASE | re.MULTILINE)
    return CaptureFacts(
        source="usenet" if news else "mail",
        shape="stream",
        order_known=order_of(source.settings, "time"),
        paragraphs=False,
    )


def read(source: Source) -> Iterator[Batch]:
    """One record per article that is no control message."""
    stream = RecordStream()
    longest = source.settings.record_bytes
    data = read_bytes(source)
    home = find_home(source.head().data) if _BATCH.match(data) else None
    for start, article in _articles(data):
        add_mail(
            stream, article[:longest], f"byte {start}", home=home, news=True, sent=None, cut=len(article) > longest
        )
        yield from stream.ready()
    yield from stream.finish()


def _articles(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The articles of a file and where they start; a batch whose lengths are wrong is cut at its next line."""
    batch = _BATCH.match(data)
    if batch is None:
        yield 0, _as_posted(data.lstrip(b"\xef\xbb\xbf\r\n"))
        return
    while batch is not None:
        start, end = batch.end(), batch.end() + int(batch[1])
        following = _BATCH.match(data, end) or _BATCH.search(data, start)
        yield start, data[start : following.start() if following else len(data)]
        batch = following


def _as_posted(data: bytes) -> bytes:
    """An article without what a server put around it."""
    if not _RESPONSE.match(data):
        return data
    data = _RESPONSE.sub(b"", data)
    data = re.sub(rb"\r?\n\.\r?\n.*\Z", b"\n", data, flags=re.DOTALL)
    return re.sub(rb"^\.\.", b".", data, flags=re.MULTILINE)


READER = Reader(
    name="nntp",
    version=2,
    title="News article or single mail (RFC 5322)",
    extensions=(".eml", ".msg", ".txt"),
    replies="References, In-Reply-To",
    recognise=recognise,
    describe=describe,
    read=read,
)
