"""JSON objects as rows of a table, keys as column names.

In: parsed objects. Out: `TableRows`, ready to become records.

>>> object_rows(parsed, column_meanings({}, ["text"])).values["text"]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.ingest.readers.columns import TableRows, match_columns
from pipeline.ingest.readers.json_lines import ParsedLines, exact_integers

_ID_COLUMNS = ("id", "parent_id", "discussion_id", "author", "created_at")


def object_rows(parsed: ParsedLines, meanings: Mapping[str, str]) -> TableRows:
    """Values of the known columns, and what else each object holds; ``meanings`` as ``match_columns`` takes them."""
    objects = parsed.objects
    keys = sorted(set().union(*objects))
    columns = match_columns(keys, meanings)
    if len(columns) == sum(key.strip().lower() in meanings for key in keys):
        values: dict[str, list[Any]] = {
            known: [value.get(column) for value in objects] for known, column in columns.items()
        }
        unknown = set(keys) - set(columns.values())
        others: list[dict[str, Any]] = [
            {key: value[key] for key in value.keys() & unknown} if unknown else {} for value in objects
        ]
        for known in _ID_COLUMNS:
            if known in columns:
                values[known] = exact_integers(values[known], parsed.lines, columns[known])
    else:  # some column is spelled in several ways: each object's own keys decide
        values = {known: [None] * len(objects) for known in columns}
        others = []
        for row, value in enumerate(objects):
            own = match_columns(value, meanings)
            for known, column in own.items():
                values[known][row] = value[column]
            taken = set(own.values())
            others.append({key: inner for key, inner in value.items() if key not in taken})
    for row in parsed.repaired:
        others[row]["text_repaired"] = True
    return TableRows(parsed.ordinals, parsed.locations(), values, others, parsed.lines.__getitem__)
