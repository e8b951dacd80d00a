"""The audit: whether what was published keeps what is promised, computed from the published files alone.

In: an archive. Out: findings, none where all is well.

>>> audit_archive(Path("parquet"))
[]

Files come first: where one is missing or altered, or a table lacks a column, nothing else can be asked.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.audit.files import check_columns, check_digest, check_files, check_rows
from pipeline.audit.finding import Finding, Rule, Tables
from pipeline.audit.lost import LOST
from pipeline.audit.references import REFERENCES
from pipeline.audit.replies import REPLIES
from pipeline.store.snapshot import Manifest, find_snapshot, read_manifest, scan_table
from pipeline.tables import PUBLISHED

__all__ = ["RULES", "Finding", "Rule", "Tables", "ask_rules", "audit_archive"]

RULES: tuple[Rule, ...] = (*LOST, *REPLIES, *REFERENCES)


def audit_archive(path: Path, snapshot: str | None = None) -> list[Finding]:
    """Everything in an archive that breaks a promise.

    Args:
        path: the archive's folder.
        snapshot: the run_id of a snapshot; by default the current one.

    Returns:
        Findings in the order of rules, the files first; empty where all promises are kept.

    Raises:
        ArchiveError: there is no archive, or it is of another version.
    """
    folder = find_snapshot(path, snapshot)
    manifest = read_manifest(folder)
    findings = check_files(folder, manifest)
    if findings:
        return findings
    frames = {name: scan_table(folder, name) for name in PUBLISHED}
    findings = [finding for name, frame in frames.items() for finding in check_columns(name, frame)]
    if findings:
        return findings
    return _ask_rows(frames, manifest)


def ask_rules(tables: Tables) -> list[Finding]:
    """What of ``RULES`` is broken, in their order: everything about rows that files and single tables cannot say."""
    return [finding for rule in RULES if (finding := rule.ask(tables)) is not None]


def _ask_rows(frames: dict[str, pl.LazyFrame], manifest: Manifest) -> list[Finding]:
    findings = [finding for name, frame in frames.items() for finding in check_rows(name, frame)]
    for name in PUBLISHED:
        findings += check_digest(name, frames[name], manifest)
    tables = Tables(manifest=manifest, **frames)
    return findings + ask_rules(tables)
