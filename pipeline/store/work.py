"""The scratch of one run: named frames and small facts on disk, so that steps pass names and never frames.

In: a name and a frame. Out: the frame again, in this process or the next, after a crash or on another worker.

>>> work = WorkFolder(layout.run_work(run_id))
>>> work.write("near/band-03", pairs)
>>> work.scan("near").collect()          # every part below near/, in the order of their names
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dataframely as dy
import orjson
import polars as pl

from pipeline.errors import ContractError
from pipeline.store.durable import replacing, write_json
from pipeline.tables import empty_table

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class WorkFolder:
    """Named parts in one folder. A part appears whole or not at all; writing a name again replaces its part."""

    path: Path

    def write(self, name: str, frame: pl.DataFrame | pl.LazyFrame) -> None:
        """Keep a frame under a name, which may have folders in it: ``records/abc``. A lazy one is streamed to disk."""
        with replacing(self._file(name, ".parquet")) as temporary:
            if isinstance(frame, pl.LazyFrame):
                frame.sink_parquet(temporary, compression="lz4", maintain_order=True)
            else:
                frame.write_parquet(temporary, compression="lz4")

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
        files = self._parts(name)
        if files:
            return pl.scan_parquet(files, glob=False)
        if schema is not None:
            return empty_table(schema).lazy()
        raise ContractError(f"No step has written {name!r} into {self.path}")

    def exists(self, name: str) -> bool:
        """Whether there is a part of that name or any part below it."""
        return bool(self._parts(name))

    def names(self, prefix: str = "") -> list[str]:
        """Names of the parts below a folder (all where it is empty), sorted."""
        files = self._parts(prefix) if prefix else sorted(self.path.rglob("*.parquet"))
        return sorted(file.relative_to(self.path).as_posix().removesuffix(".parquet") for file in files)

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

    def _parts(self, name: str) -> list[Path]:
        own = self._file(name, ".parquet")
        below = sorted((self.path / name).rglob("*.parquet"), key=lambda file: file.as_posix())
        return [own, *below] if own.is_file() else below
