"""Mojibake: UTF-8 that somebody read as Windows-1252 and saved so, put right where a cheap test finds signs of it.

In: RawRecords of a batch. Out: the same, "itâ€™s" written "it’s", and marked ``text_repaired`` in ``extra``.

>>> mend_mojibake(record_frame({"ordinal": [0], "location": ["line 1"], "body": ["cafÃ©"], "markup": "plain"}))["body"]

Whether a find is mojibake at all ("CAFÉ™" is not) is decided by ftfy, line by line. Text in ASCII is only counted.
"""

from __future__ import annotations

import re

import ftfy
import orjson
import polars as pl

from pipeline.ingest.records import extra_json

_COLUMNS = ("body", "title", "author", "discussion_title")
# A letter that is a first byte of UTF-8 in Latin-1, and behind it what a continuation byte is in Windows-1252.
_SIGNS = "[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|[a-z]Ã "
_SIGN = re.compile(_SIGNS)
# ftfy takes up to 12 microseconds a character: a line that long is no line of a comment.
_LONGEST_LINE = 10_000
_LONGEST_TEXT = 100_000


def mend_mojibake(records: pl.DataFrame) -> pl.DataFrame:
    """The records with mojibake in body, title, author and discussion_title put right; the others as they are."""
    mended: set[int] = set()
    wide = records.select(pl.col(_COLUMNS).str.len_bytes() > pl.col(_COLUMNS).str.len_chars())
    # Asked for at once, for of a small file most of the cost is that of asking.
    for name, any_wide in zip(_COLUMNS, wide.select(pl.all().any()).row(0), strict=True):
        if not any_wide:
            continue
        column, places = records[name], wide[name].fill_null(False).arg_true()
        rows = places.filter(column.gather(places).str.contains(_SIGNS)).to_list()
        # A Python loop over the texts with signs, and no others.
        repaired = {row: text for row in rows if (text := mend_text(column[row])) != column[row]}
        if repaired:
            records = records.with_columns(column.scatter(list(repaired), list(repaired.values())))
            mended.update(repaired)
    if not mended:
        return records
    extra = records["extra"].to_list()
    for row in mended:
        extra[row] = extra_json({**(orjson.loads(extra[row]) if extra[row] else {}), "text_repaired": True})
    return records.with_columns(pl.Series("extra", extra, dtype=pl.String))


def mend_text(text: str) -> str:
    """A text with mojibake put right, line by line; very long lines and texts are left alone."""
    if len(text) > _LONGEST_TEXT:
        return text
    return "".join(
        ftfy.fix_encoding(line) if len(line) <= _LONGEST_LINE and _SIGN.search(line) else line
        for line in text.splitlines(keepends=True)
    )
