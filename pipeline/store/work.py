"""The scratch of one run: named frames and small facts, so that steps pass names and never frames.

In: a name and a frame. Out: the frame again, in any task of the run. Large frames lie on disk; the first small ones
stay in memory, which is most of what a night writes.

>>> work = WorkFolder(layout.run_work(run_id))
>>> work.write("near/band-03", pairs)
>>> work.scan("near").collect()          # every part below near/, in the order of their names
"""

from __future__ import annotations

import itertools
import re
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dataframely as dy
import orjson
import polars as pl

from pipeline.errors import ContractError
from pipeline.store.durable import replacing, write_json
from pipeline.tables import empty_table

# Bytes of a frame that stays in memory, and of all that do.
_SMALL = 1 << 25
_MOST = 1 << 27

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class _Held:
    """Frames in memory, by folder and name, as long as there is room."""

    def __init__(self) -> None:
        self._frames: dict[Path, dict[str, pl.DataFrame]] = {}
        self._lock = threading.Lock()

    def add(self, folder: Path, name: str, frame: pl.DataFrame) -> bool:
        """Whether there was room for the frame; it is kept in place of an earlier one."""
        size = frame.estimated_size()
        with self._lock:
            frames = self._frames.setdefault(folder, {})
            held = sum(one.estimated_size() for other, one in frames.items() if other != name)
            if size > _SMALL or size + held > _MOST:
                return False
            frames[name] = frame
            return True

    def within(self, folder: Path) -> dict[str, pl.DataFrame]:
        """All frames of a folder by name."""
        with self._lock:
            return dict(self._frames.get(folder, {}))

    def drop(self, folder: Path, name: str) -> None:
        """Forget a frame."""
        with self._lock:
            self._frames.get(folder, {}).pop(name, None)

    def drop_all(self, folder: Path) -> None:
        """Forget all frames of a folder and of those in it."""
        with self._lock:
            self._frames = {own: frames for own, frames in self._frames.items() if not own.is_relative_to(folder)}


_held = _Held()


@dataclass(frozen=True)
class WorkFolder:
    """Named parts in one folder. A part appears whole or not at all; writing a name again replaces its part."""

    path: Path

    def write(self, name: str, frame: pl.DataFrame | pl.LazyFrame) -> None:
        """Keep a frame under a name, which may have folders in it: ``records/abc``. A lazy one is streamed to disk."""
        file = self._file(name, ".parquet")
        if isinstance(frame, pl.DataFrame) and _held.add(self.path, name, frame):
            file.unlink(missing_ok=True)
            return
        with replacing(file) as temporary:
            if isinstance(frame, pl.LazyFrame):
                frame.sink_parquet(temporary, compression="lz4", maintain_order=True)
            else:
                frame.write_parquet(temporary, compression="lz4")
        _held.drop(self.path, name)

    def remove(self) -> None:
        """Remove everything."""
        remove_work(self.path)

    def read(self, name: str, schema: type[dy.Schema] | None = None) -> pl.DataFrame:
        """The rows that ``scan`` gives, in the same order."""
        return self.scan(name, schema).collect()

    def scan(self, name: str, schema: type[dy.Schema] | None = None) -> pl.LazyFrame:
        """The part of that name, or every part below the folder of that name, in the order of their names.

        Args:
            name: a part (``near/band-03``) or a folder of parts (``near``).
            schema: the table that these parts are rows of; with it, no parts at all are an empty table.

        Raises:
            ContractError: there is no such part and no schema was given.
        """
        parts = self._parts(name)
        if parts:
            held = _held.within(self.path)
            scans = []
            for in_memory, names in itertools.groupby(parts, held.__contains__):
                if in_memory:
                    scans.append(pl.concat(held[part] for part in names).lazy())
                else:
                    scans.append(pl.scan_parquet([self._file(part, ".parquet") for part in names], glob=False))
            return scans[0] if len(scans) == 1 else pl.concat(scans)
        if schema is not None:
            return empty_table(schema).lazy()
        raise ContractError(f"No step has written {name!r} into {self.path}")

    def exists(self, name: str) -> bool:
        """Whether there is a part of that name or any part below it."""
        return bool(self._parts(name))

    def names(self, prefix: str = "") -> list[str]:
        """Names of the parts below a folder (all where it is empty), sorted."""
        return sorted(self._parts(prefix))

    def write_json(self, name: str, value: Any) -> None:
        """Keep a small fact that JSON can hold."""
        write_json(self._file(name, ".json"), value)

    def read_json(self, name: str) -> Any:
        """The fact of that name. Raises ContractError where no step wrote it."""
        try:
            return orjson.loads(self._file(name, ".json").read_bytes())
        except FileNotFoundError as error:
            raise ContractError(f"No step has written the fact {name!r} into {self.path}") from error

    def _file(self, name: str, suffix: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ContractError(f"{name!r} cannot be the name of a part")
        return self.path / (name + suffix)

    def _parts(self, name: str) -> list[str]:
        """The part of a name, then those below the folder of that name (all where it is empty), in their order."""
        folder = self.path / name if name else self.path
        files = folder.rglob("*.parquet")
        known = {path.relative_to(self.path).as_posix().removesuffix(".parquet") for path in files}
        known.update(part for part in _held.within(self.path) if not name or part.startswith(f"{name}/"))
        below = sorted(known, key=lambda part: f"{part}.parquet")
        own = name and (self._file(name, ".parquet").is_file() or name in _held.within(self.path))
        return [name, *below] if own else below


def remove_work(folder: Path) -> None:
    """Remove a work folder, or one that has several; one that is gone already is no error."""
    _held.drop_all(folder)
    shutil.rmtree(folder, ignore_errors=True)
