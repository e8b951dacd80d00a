"""The files of a snapshot: those that were published, with the columns, order and contents that were declared.

In: a snapshot's folder. Out: findings about files, columns, rows by themselves, order and digests.

>>> check_files(snapshot, read_manifest(snapshot))
[]
"""

from __future__ import annotations

from pathlib import Path

import dataframely as dy
import polars as pl
from polars.exceptions import PolarsError

from pipeline.audit.finding import Finding, count_wrong, name_rows
from pipeline.ids import digest_file
from pipeline.store.digest import digest_table
from pipeline.store.leases import MANIFEST
from pipeline.store.snapshot import KEPT, Manifest
from pipeline.store.write import schema_of, sort_columns
from pipeline.tables import PUBLISHED, broken_rules

_CHUNK_ROWS = 1 << 17


def check_files(snapshot: Path, manifest: Manifest) -> list[Finding]:
    """Every file that the manifest names is there with its bytes, and no other one."""
    published = {(name, f"{name}/{part.name}"): part for name, facts in manifest.tables.items() for part in facts.parts}
    published |= {("index", f"index/{part.name}"): part for part in manifest.index}
    published |= {("kept", f"{KEPT}/{part.name}"): part for part in manifest.kept}
    present = {file.relative_to(snapshot).as_posix() for file in snapshot.rglob("*") if file.is_file()} - {MANIFEST}
    findings = []
    for (table, name), part in sorted(published.items()):
        if name not in present:
            findings.append(Finding("files_are_there", table, 1, f"{name} is missing"))
        elif digest_file(snapshot / name) != part.digest:
            findings.append(Finding("files_are_unchanged", table, 1, f"{name} has other bytes than were published"))
    strange = sorted(present - {name for _, name in published})
    absent = [name for name in PUBLISHED if name not in manifest.tables]
    findings += [Finding("files_are_published", name.split("/")[0], 1, f"{name} is in no table") for name in strange]
    findings += [Finding("tables_are_there", name, 1, f"{MANIFEST} has no {name}") for name in absent]
    return findings


def check_columns(name: str, frame: pl.LazyFrame) -> list[Finding]:
    """The table has its columns, in their order, with their dtypes."""
    expected = {column: spec.dtype for column, spec in schema_of(name).columns().items()}
    try:
        actual = dict(frame.collect_schema())
    except (PolarsError, OSError) as error:
        return [Finding("files_are_parquet", name, 1, str(error).splitlines()[0])]
    if list(actual.items()) == list(expected.items()):
        return []
    wrong = [
        f"{column}: {actual.get(column, 'absent')} instead of {expected.get(column, 'nothing')}"
        for column in sorted(expected.keys() | actual.keys())
        if actual.get(column) != expected.get(column)
    ]
    return [Finding("columns_are_declared", name, max(len(wrong), 1), (wrong or ["other order of columns"])[0])]


def check_rows(name: str, frame: pl.LazyFrame) -> list[Finding]:
    """Rows keep their table's own rules, no key stands twice, and they are sorted as declared; read in chunks."""
    schema, keys = schema_of(name), schema_of(name).primary_key()
    counts: dict[str, int] = {}
    examples: dict[str, str] = {}
    unsorted, last = 0, None
    for chunk in frame.collect_batches(chunk_size=_CHUNK_ROWS, maintain_order=True):
        for rule, count in broken_rules(schema, chunk).items():
            if rule != "primary_key":
                examples.setdefault(rule, _first_broken(schema, chunk, rule))
                counts[rule] = counts.get(rule, 0) + count
        whole = chunk if last is None else pl.concat([last, chunk])
        unsorted += _steps_back(whole.select(sort_columns(name)))
        last = chunk.tail(1)
    findings = [Finding(rule, name, counts[rule], examples[rule]) for rule in sorted(counts)]
    if unsorted:
        findings.append(Finding("rows_are_sorted", name, unsorted, f"not sorted by {', '.join(sort_columns(name))}"))
    repeated = frame.group_by(keys).len("rows").filter(pl.col("rows") > 1)
    finding = count_wrong("primary_key", name, name_rows(repeated, *keys, "rows"))
    return findings if finding is None else [*findings, finding]


def check_digest(name: str, frame: pl.LazyFrame, manifest: Manifest) -> list[Finding]:
    """The rows are those whose number and digest the manifest names."""
    said = manifest.tables[name]
    rows = frame.select(pl.len()).collect().item()
    if rows != said.rows:
        return [Finding("digests_agree", name, 1, f"{rows} rows instead of {said.rows}")]
    found = digest_table(name, frame)
    return [] if found == said.digest else [Finding("digests_agree", name, 1, f"{found} instead of {said.digest}")]


def _first_broken(schema: type[dy.Schema], chunk: pl.DataFrame, rule: str) -> str:
    """The key of the first row that breaks a rule, found by halving."""
    low, high = 0, chunk.height
    while high - low > 1:
        middle = (low + high) // 2
        if rule in broken_rules(schema, chunk.slice(low, middle - low)):
            high = middle
        else:
            low = middle
    return ", ".join(f"{key}={chunk.item(low, key)}" for key in schema.primary_key())


def _steps_back(keys: pl.DataFrame) -> int:
    """How many rows stand before their predecessor, by columns from left to right; no column's own word is taken."""
    back, tied = pl.lit(value=False), pl.lit(value=True)
    for name in keys.columns:
        before = pl.col(name).shift(1)
        # Nulls come first; the first row has none before it.
        nulls = pl.col(name).is_null() & before.is_not_null()
        back = back | (tied & ((pl.col(name) < before).fill_null(value=False) | nulls))
        tied = tied & pl.col(name).eq_missing(before)
    return int(keys.select(back.sum()).item())
