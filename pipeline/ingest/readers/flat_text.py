"""Flat text: a page selected with the mouse, copied and pasted, or saved as text.

**What is read.** Every line that is more than white space is a paragraph, and every paragraph is taken for a post,
for nothing in such a file tells where a post ends. Blank lines separate nothing. Lines that are equal, short, or
nothing but a link are posts as well: two people may say the same.

**What is kept.** The words of the line as they stand, white space at both ends apart, and its number as location.
There is no author, time, id or depth, and the order of lines is taken for page order (each reply below what it
answers) unless ``--listing time`` says otherwise. A ``>`` at the start of a line is left to later stages, which know
what stands above.

**What bites.** Text in no valid UTF-8 is read as Windows-1252 byte by byte and marked ``text_repaired`` in ``extra``;
UTF-16 is read if it starts with its mark. A line with NUL bytes is no text and goes to quarantine. Pages with header
lines ("name 3 hours ago") give those lines as posts too.

A file is flat text when no other reader knows it and it holds text: no NUL bytes, and not plainly XML, HTML, one JSON
document or a table without a column of words, whose brackets and figures nobody wants as posts. ``--format flat_text``
reads even those line by line. An empty file is flat text without posts.

>>> READER.recognise(Head("page.txt", "I agree.\\nI agree.\\n".encode(), complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.table_csv import is_other_table
from pipeline.ingest.records import BATCH_BYTES, BATCH_RECORDS, Batch, Rejections, extra_json, record_frame

# Marks without width say nothing at the edge of a line: zero width space, word joiner, byte order mark.
EDGES = "".join(chr(point) for point in range(0x3001) if chr(point).isspace()) + "\u200b\u2060\ufeff"
_MARKED_UP = re.compile(rb"<\?xml|<!doctype|<[a-z](?s:.){,4000}</|[\[{]\s*[\[{\"]|\{\s*\}|\[\s*\]\s*$", re.IGNORECASE)
_REPAIRED = extra_json({"text_repaired": True})


def recognise(head: Head) -> bool:
    """Whether a file holds text and nothing that plainly wants another reader."""
    return b"\0" not in head.data and not _MARKED_UP.match(head.data.lstrip()) and not is_other_table(head)


def describe(source: Source) -> CaptureFacts:
    """Paragraphs in page order, as far as nobody says otherwise."""
    return CaptureFacts(
        source=source.settings.source, shape=None, order_known=order_of(source.settings, "page"), paragraphs=True
    )


def read(source: Source) -> Iterator[Batch]:
    """One record per line with words, in batches of up to 50,000."""
    longest = source.settings.record_bytes
    lines = source.lines()
    ordinals: list[int] = []
    places: list[int] = []
    bodies: list[str] = []
    extras: list[str | None] = []
    rejections = Rejections()
    ordinal = number = size = 0

    def batch() -> Batch:
        records = record_frame(
            {
                "ordinal": ordinals,
                "location": [f"line {place}" for place in places],
                "body": bodies,
                "markup": source.settings.markup,
                "extra": extras,
            }
        )
        return Batch(records, rejections.frame())

    for number, line in enumerate(lines, start=1):
        if len(ordinals) + len(rejections.rows) >= BATCH_RECORDS or size >= BATCH_BYTES:
            yield batch()
            ordinals, places, bodies, extras, rejections, size = [], [], [], [], Rejections(), 0
        if len(line) > longest or b"\0" in line:
            if len(line) > longest:
                rejections.add(ordinal, f"line {number}", "too_long", f"longer than {longest} bytes", line)
            else:
                rejections.add(ordinal, f"line {number}", "nul", "holds NUL bytes, so it is no text", line)
            ordinal += 1
            continue
        text, repaired = decode_line(line)
        text = text.strip(EDGES)
        if not text:
            continue
        ordinals.append(ordinal)
        places.append(number)
        bodies.append(text)
        extras.append(_REPAIRED if repaired else None)
        ordinal += 1
        size += len(line)
    if lines.damage:
        rejections.add(ordinal, f"after line {number}", "damaged_file", lines.damage, b"")
    yield batch()


READER = Reader(
    name="flat_text",
    version=1,
    title="Flat text: a pasted page, one paragraph a line",
    extensions=(".txt", ".text", ".md"),
    replies="nothing; parents are inferred from the words and the page order",
    recognise=recognise,
    describe=describe,
    read=read,
)
