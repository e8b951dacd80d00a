"""Snapshots: all published tables of one run, which readers see together or not at all.

In: the tables of a run. Out: ``snapshots/<run_id>/<table>/part-*.parquet`` with ``manifest.json``, and ``current``
switched to it by one atomic rename.

>>> publish_snapshot(layout, run_id, tables)
PosixPath('parquet/snapshots/20260101T000000-ab12')
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from pipeline.errors import ArchiveError, ContractError
from pipeline.ids import digest_file
from pipeline.store.digest import TableDigest
from pipeline.store.durable import remove_folder, replacing, sync_path, write_json
from pipeline.store.index import TextIndex, write_index
from pipeline.store.layout import TEMPORARY, ArchiveLayout
from pipeline.store.leases import MANIFEST, claim_snapshot
from pipeline.store.revise import Change, RevisedPart, TableFolders, revise_table, write_whole
from pipeline.store.write import PartFile, TableRows, schema_of
from pipeline.tables import KEPT as KEPT_TABLES
from pipeline.tables import PUBLISHED, TABLE_VERSION

KEPT = "kept"


@dataclass(frozen=True)
class TableFacts:
    """What the manifest says of one table: rows, digest of its content, parts in their order."""

    rows: int
    digest: str
    parts: tuple[PartFile, ...]


@dataclass(frozen=True)
class Manifest:
    """What a snapshot is made of.

    Attributes:
        run_id, table_version, tables: the run, and what it published.
        index: files below ``index``, empty where there is none.
        kept: files below ``kept``, from which the next run goes on; users have no need of them.
    """

    run_id: str
    table_version: int
    tables: dict[str, TableFacts]
    index: tuple[PartFile, ...]
    kept: tuple[PartFile, ...] = ()

    def digests(self) -> dict[str, str]:
        """The digest of every table but ``runs``, whose clock readings differ between equal runs."""
        return {name: facts.digest for name, facts in self.tables.items() if name != "runs"}


def publish_snapshot(
    layout: ArchiveLayout,
    run_id: str,
    tables: Mapping[str, TableRows | Change],
    index: TextIndex | None = None,
    kept: Mapping[str, TableRows | Change] | None = None,
    record: Callable[[dict[str, int]], pl.DataFrame] | None = None,
) -> Path:
    """Check and write all tables, then switch ``current`` to them. Only the holder of the lock may call this.

    A crash at any moment leaves ``current`` as it was or as it will be. A second call for a run that is already
    published (a retry) with the same rows switches to the snapshot that is there.

    Args:
        layout: the archive.
        run_id: names the snapshot.
        tables: every table of ``tables.PUBLISHED``: a frame, or Parquet files that together hold it; in any order. Or
            what changes in the same table of a snapshot before.
        index: of the words of all texts, to keep beside the tables.
        kept: what to keep beside the tables for the next run, by name: tables of ``tables.KEPT`` as the published ones
            are given, and other frames.
        record: makes the table of runs from the rows written of every other table, by name; null: it is among tables.

    Returns:
        The snapshot's folder.

    Raises:
        ContractError: a table is absent, has columns that do not fit, or rows that break its rules.
        ArchiveError: that run has already published other rows, or ``current`` is no link.
    """
    given = {*tables, *(["runs"] if record is not None else [])}
    if given != set(PUBLISHED):
        raise ContractError(f"A snapshot has the tables {', '.join(PUBLISHED)}; given: {', '.join(given)}")
    layout.current_run_id()  # refuses a `current` that cannot be switched before the work is done
    target = layout.snapshot(run_id)
    folder = target.with_name(run_id + TEMPORARY)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        facts: dict[str, TableFacts] = {}
        files: list[PartFile] = []
        for name in PUBLISHED:
            if name == "runs" and record is not None:
                rows: TableRows | Change = record({name: written.rows for name, written in facts.items()})
            else:
                rows = tables[name]
            facts[name], ids = _write_checked(name, rows, folder)
            files += ids
        for name, given_rows in (kept or {}).items():
            if name in KEPT_TABLES:
                table, ids = _write_checked(name, given_rows, folder)
                files += [*(replace(part, name=f"{name}/{part.name}") for part in table.parts), *ids]
            elif isinstance(given_rows, pl.DataFrame):
                files.append(keep_frame(name, given_rows, folder))
        indexed = () if index is None else tuple(write_index(folder / "index", index))
        manifest = Manifest(run_id, TABLE_VERSION, facts, indexed, tuple(files))
        write_manifest(folder, manifest)
        _sync_folders(folder)
        if not target.exists():
            folder.rename(target)
            sync_path(layout.snapshots)
        elif read_manifest(target).digests() != manifest.digests():
            raise ArchiveError(f"The run {run_id} has already published other tables in {target}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    switch_current(layout, run_id)
    return target


def _sync_folders(folder: Path) -> None:
    """Have the names of linked files on the disk: nothing was written that would have brought them there."""
    for below in sorted(path for path in folder.rglob("*") if path.is_dir()):
        sync_path(below)


def scan_kept(snapshot: Path, name: str) -> pl.LazyFrame:
    """A table of ``tables.KEPT`` that ``publish_snapshot`` kept for the next run.

    Raises:
        ArchiveError: it kept none of that name.
    """
    folders = _folders(snapshot, name)
    files = [folders.parts / one.part.name for one in _parts_before(read_manifest(snapshot), name)]
    return pl.scan_parquet(files, glob=False)


def read_kept(snapshot: Path, name: str) -> pl.DataFrame | None:
    """A frame that ``publish_snapshot`` kept for the next run; null where it kept none of that name."""
    path = snapshot / KEPT / f"{name}.parquet"
    return pl.read_parquet(path) if path.is_file() else None


def switch_current(layout: ArchiveLayout, run_id: str) -> None:
    """Have ``current`` name another whole snapshot, by one atomic rename.

    Raises:
        ArchiveError: there is no such snapshot, or ``current`` is no link.
    """
    read_manifest(layout.snapshot(run_id))
    layout.current_run_id()
    link = layout.root / f".current{TEMPORARY}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(layout.snapshots.name) / run_id, target_is_directory=True)
    link.replace(layout.current)
    sync_path(layout.root)


def drop_old_snapshots(layout: ArchiveLayout, keep: int, *, even_if_read: bool = False) -> list[str]:
    """Remove all but the newest snapshots and whatever a crash left; returns the run ids dropped.

    The current one stays and counts among those kept. One that somebody has opened (``store.leases``) stays until a
    later call finds it closed.

    Args:
        layout: the archive.
        keep: how many stay.
        even_if_read: remove those too that somebody has opened, as what is forgotten must be.
    """
    if not layout.snapshots.is_dir():
        return []
    current = layout.current_run_id()
    others = [run_id for run_id in layout.run_ids() if run_id != current]
    dropped = []
    for run_id in others[: max(0, len(others) - keep + (current is not None))]:
        snapshot = layout.snapshot(run_id)
        if even_if_read or not (snapshot / MANIFEST).exists():
            remove_folder(snapshot)
        elif (claim := claim_snapshot(snapshot)) is not None:
            with claim:
                remove_folder(snapshot)
        else:
            continue
        if layout.enriched(run_id).exists():
            remove_folder(layout.enriched(run_id))
        dropped.append(run_id)
    for left in sorted(layout.snapshots.glob(f"*{TEMPORARY}")):
        shutil.rmtree(left)
    return dropped


def find_snapshot(archive: Path, run_id: str | None = None) -> Path:
    """The folder of a whole snapshot, which stays the same while others are published.

    Args:
        archive: an archive's folder, or one snapshot's own.
        run_id: the run whose tables are wanted; by default what ``current`` names at this moment.

    Raises:
        ArchiveError: nothing was published there, or not by that run, or by another version.
    """
    layout = ArchiveLayout(archive)
    if run_id is None and (archive / MANIFEST).is_file():
        snapshot = archive.resolve()
    else:
        named = run_id or layout.current_run_id()
        if named is None:
            raise ArchiveError(f"There is no archive at {archive}: no run has published there. Try: threadloom run RAW")
        snapshot = layout.snapshot(named)
        if not snapshot.is_dir():
            known = ", ".join(layout.run_ids()) or "none"
            raise ArchiveError(f"The archive {archive} has no snapshot {named}; it has: {known}")
    read_manifest(snapshot)
    return snapshot


def scan_table(snapshot: Path, name: str) -> pl.LazyFrame:
    """The rows of a published table in their order, from the files that the manifest names.

    Raises:
        ArchiveError: a file is missing.
    """
    files = [snapshot / name / part.name for part in read_manifest(snapshot).tables[name].parts]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise ArchiveError(f"The snapshot {snapshot} is not whole: {missing[0]} is missing. Publish it again.")
    return pl.scan_parquet(files, glob=False)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write what a snapshot is made of into its folder."""
    write_json(folder / MANIFEST, asdict(manifest))


def read_manifest(snapshot: Path) -> Manifest:
    """What a snapshot is made of.

    Raises:
        ArchiveError: the manifest is missing, unreadable, or of another version of the tables.
    """
    try:
        said = orjson.loads((snapshot / MANIFEST).read_bytes())
        manifest = Manifest(
            run_id=said["run_id"],
            table_version=said["table_version"],
            tables={name: _table_facts(table) for name, table in said["tables"].items()},
            index=tuple(PartFile(**part) for part in said["index"]),
            kept=tuple(PartFile(**part) for part in said.get("kept", ())),
        )
    except FileNotFoundError as error:
        raise ArchiveError(f"There is no snapshot at {snapshot}: it has no {MANIFEST}") from error
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveError(f"{snapshot / MANIFEST} cannot be read ({error}); publish again") from error
    if manifest.table_version != TABLE_VERSION:
        raise ArchiveError(
            f"{snapshot} has tables of version {manifest.table_version} and this Threadloom reads version "
            f"{TABLE_VERSION}. To publish all that the archive keeps anew: threadloom run RAW --out ARCHIVE"
        )
    return manifest


def _table_facts(said: dict[str, Any]) -> TableFacts:
    return TableFacts(said["rows"], said["digest"], tuple(PartFile(**part) for part in said["parts"]))


def _write_checked(name: str, rows: TableRows | Change, folder: Path) -> tuple[TableFacts, list[PartFile]]:
    """One table, and the files with the ids of its rows."""
    digest = TableDigest(name)
    folders = _folders(folder, name)
    if isinstance(rows, Change):
        before = _parts_before(read_manifest(rows.base), name)
        written = list(revise_table(name, _folders(rows.base, name), before, rows, folders, digest))
    else:
        written = list(write_whole(name, rows, folders, digest))
        _require_unique_keys(name, [folders.parts / one.part.name for one in written])
    parts = tuple(one.part for one in written)
    ids = [replace(one.ids, name=f"rows/{name}/{one.ids.name}") for one in written]
    return TableFacts(sum(part.rows for part in parts), digest.finish(), parts), ids


def _parts_before(manifest: Manifest, name: str) -> tuple[RevisedPart, ...]:
    """The parts of a table, published or kept, and beside each the ids of its rows.

    Raises:
        ArchiveError: the snapshot keeps none.
    """
    parts, rows = (
        {
            Path(file.name).stem: replace(file, name=Path(file.name).name)
            for file in manifest.kept
            if file.name.startswith(prefix)
        }
        for prefix in (f"{name}/", f"rows/{name}/")
    )
    if name not in KEPT_TABLES:
        parts = {Path(part.name).stem: part for part in manifest.tables[name].parts}
    if not parts or parts.keys() - rows.keys():
        raise ArchiveError(f"The snapshot of run {manifest.run_id} keeps no ids of the rows of {name}; publish again")
    return tuple(RevisedPart(part, rows[stem]) for stem, part in parts.items())


def _folders(snapshot: Path, name: str) -> TableFolders:
    parts = snapshot / KEPT / name if name in KEPT_TABLES else snapshot / name
    return TableFolders(parts, snapshot / KEPT / "rows" / name)


def keep_frame(name: str, frame: pl.DataFrame, folder: Path) -> PartFile:
    """Write a frame that ``read_kept`` finds in the snapshot's folder; the name returned counts from ``kept``."""
    path = folder / KEPT / f"{name}.parquet"
    with replacing(path) as temporary:
        frame.write_parquet(temporary, compression="zstd", compression_level=1)
    return PartFile(path.name, frame.height, path.stat().st_size, digest_file(path))


def _require_unique_keys(name: str, files: list[Path]) -> None:
    """A batch's own keys are checked with its rules; a key that stands in two batches is found here.

    By eight bytes a row: only rows whose hash stands twice are compared by their keys.
    """
    keys = schema_of(name).primary_key()
    hashes = np.concatenate([_read_columns(file, keys).hash_rows().to_numpy() for file in files])
    hashes.sort()
    again = pl.Series(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    if again.is_empty():
        return
    rows = pl.concat(
        [
            frame.filter(frame.hash_rows().is_in(again.implode()))
            for frame in (_read_columns(file, keys) for file in files)
        ]
    )
    repeated = rows.height - rows.n_unique()
    if repeated:
        raise ContractError(f"{name}: {repeated} rows repeat the key {', '.join(keys)} of another row")


def _read_columns(file: Path, columns: list[str]) -> pl.DataFrame:
    return pl.read_parquet(file, columns=columns)
