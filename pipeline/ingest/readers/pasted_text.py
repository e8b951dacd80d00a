"""Pages pasted by hand whose posts have header lines: name, time, votes, "reply", "permalink", "root | parent | next".

**What is read.** A header line begins a post, and all paragraphs until the next header are that post. Headers may stand
in one line (``ada 3 hours ago | parent | next [–]``, ``[–]ada 12 points 3 hours ago``, ``ada • 2 years ago``,
``ada | 2022-11-21 17:05:46 UTC | #1`` of Discourse's ``/raw/``, ``by ada » 3 May 2021, 14:02`` of boards, in ten
languages, ``Ada Byron  10:02 AM`` of chats), or have the name in a line above, and whom it answers between the two, as
Disqus shows it. Times are read in
some thirty languages ("pred 2 hodiny", "vor 3 Stunden", "3時間前"). Rows of buttons, rules, and counts around a post
are skipped.

**What is kept.** Author, the time in its own words, votes, words. Nesting is ``depth`` where the page shows it: by
"level 2", by headers that are indented, or by Hacker News' links. These tell nearly all: no "parent" is depth 0, no
"root" depth 1, no "prev" a first reply to the post above, and a deeper post with "prev" follows the deepest open one
with "next". A header of the submission ("259 points by ada 3 hours ago | 12 comments") makes it a post with the line
above for title, and all others one deeper. One line before the first header is the title of the page, several are a
post.

**What bites.** Discourse's ``/raw/`` shows when a post was last changed, not when it was posted: that time is
``edited_at``. Times are relative to a moment that the file does not name. Of three votes in a row (without, with,
against one's own) the middle one counts. A line of a post that looks like a header of this page is taken for one; only
kinds of headers that recur in the file are.

A file is such a page when one kind of header occurs three times or more among its first lines, at least every sixty
lines, and most of them have words below. All other text is flat text.

>>> page = "ada 3 hours ago | next\\nHi\\n\\nbo 2 hours ago | prev\\nHo\\n\\ncy 1 hour ago | prev\\nHm\\n"
>>> READER.recognise(Head("page.txt", page.encode(), complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers import flat_text
from pipeline.ingest.readers.pasted_headers import is_furniture, read_count
from pipeline.ingest.readers.pasted_layout import Beginning, Layout, find_layout, is_rule
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.records import Batch

_TITLE = 300  # characters
_HIDDEN = re.compile(r"(\d{1,6})")


def recognise(head: Head) -> bool:
    """Whether headers recur among the first lines."""
    return flat_text.recognise(head) and _layout_of(head) is not None


def describe(source: Source) -> CaptureFacts:
    """A page; numbered posts stand by time."""
    layout = _layout_of(source.head())
    order = order_of(source.settings, "time" if layout and layout.numbered else "page")
    return CaptureFacts(source=source.settings.source, shape="page", order_known=order, paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per header, and one for several lines above the first."""
    longest = source.settings.record_bytes
    page = _Page(_layout_of(source.head()), longest)
    number = 0
    lines = source.lines()
    for number, raw in enumerate(lines, start=1):
        if len(raw) > longest or b"\0" in raw:
            rule, detail = ("nul", "holds NUL bytes") if len(raw) <= longest else ("too_long", f"over {longest} bytes")
            page.rows.reject(f"line {number}", rule, detail, raw)
            continue
        text, repaired = decode_line(raw)
        page.take(number, text.rstrip("\r"), repaired=repaired)
        yield from page.rows.ready()
    page.end(number)
    if lines.damage:
        page.rows.reject(f"after line {number}", "damaged_file", lines.damage, b"")
    yield from page.rows.finish()


def _layout_of(head: Head) -> Layout | None:
    texts = [decode_line(line[:1000])[0] for line in head.data.split(b"\n")]
    return find_layout(texts if head.complete else texts[:-1])


@dataclass
class _Post:
    """A post while its lines are gathered."""

    line: int
    beginning: Beginning | None = None  # None: what stands before the first header
    lines: list[str] = field(default_factory=list)
    size: int = 0
    repaired: bool = False


class _Page:
    """Divides lines into posts."""

    def __init__(self, layout: Layout | None, longest: int) -> None:
        self.rows = RecordStream()
        self._layout = layout
        self._longest = longest
        self._title: str | None = None
        self._opened = False  # by a submission
        self._post = _Post(line=1)

    def take(self, number: int, text: str, *, repaired: bool) -> None:
        """Add a line to the post at hand, or begin a post with it."""
        post = self._post
        found = self._layout.begin(text, post.lines) if self._layout else None
        if found is None:
            post.size += len(text) + 1
            post.repaired |= repaired
            if post.size <= self._longest:
                post.lines.append(text)
            return
        del post.lines[len(post.lines) - found.taken :]
        if found.header.opens:
            self._opened = True
            self._find_title()
        self._let_go(last=False)
        self._post = _Post(line=number, beginning=found, repaired=repaired)

    def end(self, number: int) -> None:
        """Let go of the last post, and of what stands below it."""
        post = self._post
        rules = [place for place, line in enumerate(post.lines) if is_rule(line)]
        foot = post.lines[rules[-1] :] if rules and self._layout and self._layout.ruled and post.beginning else []
        del post.lines[len(post.lines) - len(foot) :]
        self._let_go(last=True)
        words, _, _ = _trim(foot)
        if words:
            place = f"line {number - len(foot) + 1}"
            self.rows.reject(place, "page_foot", "stands below the last post", words.encode())

    def _find_title(self) -> None:
        """Take the title of a submission from the line above its header."""
        above = [line for line in self._post.lines if line.strip()]
        if above and len(above[-1]) <= _TITLE:
            self._title = above.pop().strip()
            self._post.lines = above

    def _let_go(self, *, last: bool) -> None:
        post, found = self._post, self._post.beginning
        place = f"line {post.line}"
        body, votes, more = _trim(post.lines)
        if post.size > self._longest:
            self.rows.reject(place, "too_long", f"longer than {self._longest} bytes", body[:1000].encode())
        elif found is None:
            self._let_go_of_head(body, last=last)
        else:
            header = found.header
            depth = 0 if header.opens else found.depth
            deeper = self._opened and depth is not None and not header.opens
            numbered = header.number is not None
            self.rows.add(
                place,
                depth=depth + 1 if deeper and depth is not None else depth,
                author=found.author,
                posted_at_raw=None if numbered else header.time,
                edited_at_raw=header.time if numbered else None,
                title=self._title if header.opens else None,
                body=body or None,
                markup="markdown" if numbered else "plain",
                votes=votes if header.votes is None else header.votes,
                discussion_title=self._title,
                extra={
                    "number": header.number,
                    "submitter": header.roles or None,
                    "more": more or header.more,
                    "text_repaired": post.repaired or None,
                },
            )

    def _let_go_of_head(self, body: str, *, last: bool) -> None:
        """What stands before the first header: a title, a post, or the menu of the site."""
        if not body:
            return
        if self._title is not None:
            self.rows.reject("line 1", "page_head", "stands before the title", body.encode())
        elif "\n" not in body and len(body) <= _TITLE and not last:
            self._title = body
        else:
            self.rows.add("line 1", body=body, extra={"text_repaired": self._post.repaired or None})


def _trim(lines: list[str]) -> tuple[str, int | None, int | None]:
    """The words of a post without what stands around them, the votes and the hidden replies told there."""
    first, last = 0, len(lines)
    votes = more = None
    below = False  # whether buttons stand below
    while first < last and (not lines[first].strip() or is_furniture(lines[first])):
        first += 1
    while last > first:
        line = lines[last - 1].strip()
        if below and (count := read_count(line)) is not None:
            votes = count
        elif line and not is_furniture(line):
            break
        elif "more" in line.lower() and (hidden := _HIDDEN.search(line)):
            more = int(hidden[1])
        below |= bool(line)
        last -= 1
    kept = [line.rstrip() for line in lines[first:last]]
    margin = min((len(line) - len(line.lstrip()) for line in kept if line), default=0)
    text = "\n".join(line[margin:] for line in kept)
    return re.sub(r"\n{3,}", "\n\n", text).strip(), votes, more


READER = Reader(
    name="pasted_text",
    version=2,
    title="A pasted page whose posts have header lines",
    extensions=(".txt", ".md"),
    replies="nesting where headers show it; else inferred from the words and the page order",
    recognise=recognise,
    describe=describe,
    read=read,
)
