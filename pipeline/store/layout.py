"""Where everything of an archive lies.

In: the archive's folder. Out: paths below it. Nothing here reads or writes a table.

>>> ArchiveLayout(Path("parquet")).snapshot("20260101T000000-ab12")
PosixPath('parquet/snapshots/20260101T000000-ab12')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ArchiveError

TEMPORARY = ".tmp"

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class ArchiveLayout:
    """An archive's folder and what lies where in it.

    ``current`` is a symbolic link to one of ``snapshots/<run_id>``, each a whole set of published tables;
    ``captures/<capture_id>`` keeps the normalised records of every capture ever ingested, so that a later run needs no
    raw file; ``pack`` is a link to the model pack in ``packs/<name>`` that runs decide by; ``decisions.parquet`` keeps
    what people decided, ``tombstones.parquet`` what they had forgotten; ``stamps.json`` tells raw files that
    nobody touched since they were read; ``enriched/<run_id>`` has tables made of a snapshot later on; ``work/<run_id>``
    is the scratch of one run. A name that ends in ``.tmp`` is unfinished and never read.
    """

    root: Path

    @property
    def current(self) -> Path:
        return self.root / "current"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def captures(self) -> Path:
        return self.root / "captures"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def decisions(self) -> Path:
        return self.root / "decisions.parquet"

    @property
    def tombstones(self) -> Path:
        return self.root / "tombstones.parquet"

    @property
    def forgetting(self) -> Path:
        """There while something is being forgotten: old snapshots may still show it."""
        return self.root / "forgetting"

    @property
    def pack(self) -> Path:
        """A link to the model pack that the archive is pinned to."""
        return self.root / "pack"

    @property
    def stamps(self) -> Path:
        """What raw files were when they were last read."""
        return self.root / "stamps.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    def snapshot(self, run_id: str) -> Path:
        """The folder of one run's tables. Raises ArchiveError where run_id cannot be a folder's name."""
        return self.snapshots / _checked(run_id)

    def kept_pack(self, name: str) -> Path:
        """The folder of a model pack of that name. Raises ArchiveError where the name cannot be a folder's."""
        return self.root / "packs" / _checked(name)

    def run_work(self, run_id: str) -> Path:
        """The scratch folder of one run. Raises ArchiveError where run_id cannot be a folder's name."""
        return self.work / _checked(run_id)

    def enriched(self, run_id: str) -> Path:
        """Tables made of one run's tables. Raises ArchiveError where run_id cannot be a folder's name."""
        return self.root / "enriched" / _checked(run_id)

    def capture(self, capture_id: str) -> Path:
        """The folder of one kept capture. Raises ArchiveError where capture_id cannot be a folder's name."""
        return self.captures / _checked(capture_id)

    def run_ids(self) -> list[str]:
        """Runs whose snapshots are here and whole, in the order of their names, which begin with their start times."""
        if not self.snapshots.is_dir():
            return []
        return sorted(path.name for path in self.snapshots.iterdir() if not path.name.endswith(TEMPORARY))

    def current_run_id(self) -> str | None:
        """The run that ``current`` names at this moment, or null where nothing was published yet.

        Raises:
            ArchiveError: ``current`` is no link, as after a copy that followed links.
        """
        try:
            return self.current.readlink().name
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArchiveError(
                f"{self.current} is not a symbolic link to a snapshot. Was the archive copied by a tool that follows "
                f"links? Remove it and link it again: ln -s snapshots/RUN_ID {self.current}"
            ) from error


def _checked(name: str) -> str:
    if not _RUN_ID.fullmatch(name) or name.endswith(TEMPORARY):
        raise ArchiveError(f"{name!r} cannot be the name of a run or capture")
    return name
