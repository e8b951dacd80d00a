"""What people read: discussions as trees, and why each post is what it is and stands where it stands.

In: the tables of an archive. Out: rich Texts, one a line.

>>> why_lines(open_archive("parquet"), "qb3btngsy6cdm3mk")[0].plain
'Post qb3btngsy6cdm3mk  ada  2024-05-01 12:00'
"""

from __future__ import annotations

from pipeline.report.changes import compare_snapshots
from pipeline.report.history import list_runs
from pipeline.report.rows import as_csv, as_json, as_table
from pipeline.report.summary import summary_parts
from pipeline.report.tree import Tables, largest_discussions, tree_lines
from pipeline.report.why import why_lines
from pipeline.report.words import count_words, first_words, printable, share_words

__all__ = [
    "Tables",
    "as_csv",
    "as_json",
    "as_table",
    "compare_snapshots",
    "count_words",
    "first_words",
    "largest_discussions",
    "list_runs",
    "printable",
    "share_words",
    "summary_parts",
    "tree_lines",
    "why_lines",
]
