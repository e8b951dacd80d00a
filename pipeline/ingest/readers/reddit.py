"""Reddit records as Pushshift and Arctic Shift dump them: one submission or comment a line, in JSON.

**What is read.** Both kinds, mixed or apart. A record with ``link_id`` or ``body`` is a comment, one with
``selftext`` or a title a submission. Records that a scraper left in their API envelope (``{"kind": "t1", "data":
…}``) are unwrapped.

**What is kept.** Ids with their prefix (``t1_`` comment, ``t3_`` submission), for bare ids of the two kinds overlap.
The submission is the discussion, its subreddit the community; parents are declared. Of votes ``score``, else ``ups``;
of the two scrape times of Arctic Shift the second. In ``extra`` the fields that say something about the post (a
link's ``url``, flair, ``distinguished``, ``is_submitter``, ``removed_by_category``, …), unless they are null, false,
0 or empty; the some sixty other fields of a dump are not kept.

**What bites.** ``edited`` is false or a time, sometimes true. ``created_utc`` may be a string. Some re-exports turn
null and false into "null" and "false". The bodies "[deleted]" (by the author) and "[removed]" (by a moderator) are no
words but stay in ``body``; the author "[deleted]" is null. An empty ``selftext`` is a link post. Bodies hold ``&gt;``
and ``&amp;``, which are left to the next stage, as is ``\\r\\n`` of early dumps. Late Pushshift gives ``parent_id``
as a number: it is the id in base 36. Rows stand in time order. A comment without ``parent_id`` says nothing about
whom it answers.

A file is a Reddit dump when most of its first lines are objects with a ``body`` or ``selftext`` and a ``link_id``,
``subreddit`` or ``subreddit_id``.

>>> READER.recognise(Head("RC.ndjson", b'{"id": "c13", "body": "Ouch", "link_id": "t3_1"}', complete=True))
True
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pipeline.ingest.blocks import Block, Blocks, parse_ahead
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.json_lines import ParsedLines, parse_block, peek_objects
from pipeline.ingest.readers.reddit_blocks import block_fields
from pipeline.ingest.readers.reddit_fields import fields_batch, object_batch, object_fields, unwrapped
from pipeline.ingest.records import Batch, Rejections

_PART_BYTES = 1 << 20  # of a block that holds lines which want a closer look


def recognise(head: Head) -> bool:
    """Whether most of the first lines are submissions or comments."""
    objects, others = peek_objects(head)
    known = sum(
        ("body" in value or "selftext" in value)
        and not value.keys().isdisjoint(("link_id", "subreddit", "subreddit_id"))
        for value in map(unwrapped, objects)
    )
    return known > len(objects) - known + others


def describe(source: Source) -> CaptureFacts:
    """Pages, whose rows a dump lists by time."""
    return CaptureFacts(source="reddit", shape="page", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per submission or comment that has an id or words."""
    longest = source.settings.record_bytes
    blocks = Blocks(source.chunks(), longest)
    ordinal = 0
    for batch in parse_ahead(lambda block: _batch(block, longest), blocks):
        yield batch.shifted(ordinal)
        ordinal += batch.records.height + batch.rejected.height
    rejections = Rejections()
    if blocks.damage:
        rejections.add(ordinal, f"after line {blocks.lines}", "damaged_file", blocks.damage, b"")
    if blocks.damage or not ordinal:
        yield object_batch(ParsedLines(rejections=rejections))


def _batch(block: Block, longest: int) -> Batch:
    """Records of a block: at once where all its lines are sound, else by parts, and those that are not line by line."""
    if (fields := block_fields(block, ordinal=0, longest=longest)) is not None:
        return fields_batch(fields, Rejections(), block.line)
    ordinal = 0
    gathered: list[pl.DataFrame] = []
    rejections = Rejections()
    for part in block.divide(_PART_BYTES):
        if (fields := block_fields(part, ordinal=ordinal, longest=longest)) is not None:
            gathered.append(fields)
            ordinal += fields.height
            continue
        for parsed in parse_block(part, ordinal, longest):
            gathered.append(object_fields(parsed))
            rejections.rows += parsed.rejections.rows
            ordinal += len(parsed.ordinals) + len(parsed.rejections.rows)
    places = pl.concat(gathered)
    lines = places["location"].str.slice(len("line ")).cast(pl.Int64) - block.first_line
    return fields_batch(places, rejections, lambda row: block.line(lines[row]))


READER = Reader(
    name="reddit",
    version=2,
    title="Reddit submissions and comments from Pushshift or Arctic Shift",
    extensions=(".ndjson", ".jsonl", ".zst"),
    replies="parent_id of every comment",
    recognise=recognise,
    describe=describe,
    read=read,
)
