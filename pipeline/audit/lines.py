"""Lines of a raw file, each asked for in what was made of the file.

In: a part of a capture, and where its records and what was rejected stand. Out: lines that nobody accounts for.

>>> lines = Lines(part)
>>> lines.account(records["location"], kept)
>>> lines.lost(n_skipped=0)
[]

Three kinds of formats. Where a line is a record, each with anything on it must be one, or rejected. In logs and tables
a line may also go on with what the line above began: then its words stand in a record; or it is a notice or a heading,
and as many of these may be as the reader counts. In a mailbox only the lines that begin a message are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import polars as pl

from pipeline.audit.words import Text, missing_texts, words_between
from pipeline.ingest import Part
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.readers.flat_text import EDGES

_ALONE = ("flat_text", "jsonl", "reddit")
_GOING_ON = {"irc": 0, "whatsapp": 0, "csv": 2}  # and how many lines are headings (a table of Excel has two)
_MAILBOX = "mbox"
_MAIL = re.compile(rb"From \S+ .*\d{4}\s*$")
_CELLS = re.compile('[,;\\t|"]')
_LETTER = re.compile(r"[^\W\d_]")


class Lines:
    """Which lines of a part are records or rejected, where its format has lines."""

    def __init__(self, part: Part) -> None:
        self._format = part.format
        asked = part.format in (*_ALONE, *_GOING_ON, _MAILBOX)
        self._source = part.source if asked else None
        self._seen: list[pl.Series] = []

    @property
    def goes_on(self) -> bool:
        """Whether a line may go on with what another began."""
        return self._format in _GOING_ON or self._format == _MAILBOX

    def account(self, locations: pl.Series) -> None:
        """Note where records or rejected ones stand."""
        if self._source is not None:
            numbers = locations.str.extract(r"(?:^|: )line (\d+)$").cast(pl.Int64)
            self._seen.append(numbers.drop_nulls())

    def lost(self, kept: Sequence[str], n_skipped: int) -> tuple[int, str]:
        """How many lines are unaccounted for, and the first of them in words.

        Args:
            kept: texts of records and of what was rejected; needed where a line may go on.
            n_skipped: lines that the reader says are no posts.
        """
        if self._source is None:
            return 0, ""
        seen = set(pl.concat(self._seen).to_list()) if self._seen else set()
        others = [(number, text) for number, text in self._asked() if number not in seen and any(text)]
        if not self.goes_on:
            lost = others
        else:
            missing = set(missing_texts([text for _, text in others], kept))
            lost = [(number, text) for number, text in others if text in missing]
            n_skipped += _GOING_ON.get(self._format or "", 0)
            lost = lost if len(lost) > n_skipped else []
        return len(lost), f"line {lost[0][0]} of {self._source.name}" if lost else ""

    def _asked(self) -> Iterator[tuple[int, Text]]:
        """Lines that may be records, by number, and their words."""
        assert self._source is not None
        after_blank = True
        # A Python loop over the lines of a file: what each is, is asked without its reader.
        for number, line in enumerate(self._source.lines(), start=1):
            if self._format in _ALONE:
                yield number, (decode_line(line)[0].strip(EDGES),)
            elif self._format in _GOING_ON:
                cells = _CELLS.split(decode_line(line)[0])
                yield number, words_between(cell for cell in cells if _LETTER.search(cell))
            elif after_blank and _MAIL.match(line):
                yield number, words_between([decode_line(line)[0]])
            after_blank = not line.strip()
