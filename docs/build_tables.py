"""Writes docs/tables.md from pipeline/tables.py: ``python docs/build_tables.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from pipeline.tables import ENRICHED, POST_FLAGS, PUBLISHED, SORT_KEYS, TABLE_VERSION

PAGE = Path(__file__).with_name("tables.md")
_HEAD = f"""# Tables

Generated from `pipeline/tables.py` (version {TABLE_VERSION}) by `python docs/build_tables.py`.

Every table lies under `parquet/current/<table>/part-*.parquet`. Times are UTC with microseconds; offsets count
characters (code points), the end exclusive; ids are sixteen characters of `a-z2-7`, made from content alone. A column
is never null unless its type ends in `?`. Keys are in **bold**.
"""

_MADE = """# Tables made when asked for

`threadloom enrich language` makes them of the newest snapshot, offline, under `parquet/enriched/<run_id>/<table>/`.
They go when that snapshot goes; that of the next run needs them made again.
`open_archive("parquet").enriched("languages")` opens one, and `threadloom query` knows it by its name.
"""


def _type_name(dtype: Any) -> str:
    if isinstance(dtype, pl.List):
        return f"List[{_type_name(dtype.inner)}]"
    if isinstance(dtype, pl.Struct):
        fields = (f"{field.name}: {_type_name(field.dtype)}" for field in dtype.fields)
        return "{" + ", ".join(fields) + "}"
    return "Datetime" if isinstance(dtype, pl.Datetime) else str(dtype)


def _describe_table(name: str, schema: type[dy.Schema]) -> str:
    columns = schema.columns()
    keys = schema.primary_key()
    lines = [f"## {name}\n", f"{(schema.__doc__ or '').strip()} Sorted by {', '.join(SORT_KEYS[name])}.\n"]
    lines += ["| column | type | what it says |", "| --- | --- | --- |"]
    for column, facts in columns.items():
        shown = f"**{column}**" if column in keys else column
        kind = _type_name(facts.dtype) + ("?" if facts.nullable else "")
        allowed = (facts.metadata or {}).get("allowed", ())
        choices = f" One of {', '.join(allowed)}." if allowed and set(allowed) != set(POST_FLAGS) else ""
        lines.append(f"| {shown} | {kind} | {facts.description}{choices} |")
    return "\n".join(lines) + "\n"


def build_page() -> str:
    """The page as Markdown."""
    flags = "\n".join(f"- `{flag}`: {meaning}" for flag, meaning in POST_FLAGS.items())
    tables = "\n".join(_describe_table(name, schema) for name, schema in PUBLISHED.items())
    made = "\n".join(_describe_table(name, schema) for name, schema in ENRICHED.items())
    return f"{_HEAD}\n{tables}\n{_MADE}\n{made}\n## Flags of posts\n\n{flags}\n"


if __name__ == "__main__":
    PAGE.write_text(build_page(), encoding="utf-8")
