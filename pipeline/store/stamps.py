"""What raw files were when they were last read: one that nobody touched since need not be read again to be known.

In: paths. Out: the id of each file's bytes.

>>> known = KnownFiles(layout)
>>> known.identify(Path("raw/RC_2024-01.zst"))
'f2tq7w3zq5h6n4ka'
>>> known.keep()

A file is known by its bytes, never by its name or date: what is trusted is that a system does not change a file without
setting the time at which it was last changed (``ctime``), which no program can set. A change within the same tick of
the clock would not show, so that a file that was changed just before it was read is read once more (as git does it:
Documentation/technical/racy-git.txt).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import orjson

from pipeline.ids import digest_file
from pipeline.store.durable import write_json
from pipeline.store.layout import ArchiveLayout

# Nanoseconds that a clock may take to go on; file systems count in up to two seconds.
_TICK = 4_000_000_000


class KnownFiles:
    """The files that earlier runs read, and those of this one.

    Args:
        layout: the archive.
        trusted: whether untouched files are taken for what they were; else all are read.
    """

    def __init__(self, layout: ArchiveLayout, *, trusted: bool = True) -> None:
        self._path = layout.stamps
        # Only POSIX promises that ctime is the time of the last change.
        self._before = self._read() if trusted and os.name == "posix" else {}
        self._now = dict(self._before)

    def identify(self, path: Path) -> str:
        """The id of a file's bytes. Raises OSError where it cannot be read."""
        begun = time.time_ns()
        name, stamp = str(path.absolute()), _stamp(path)
        said, digest = self._before.get(name, ([], ""))
        if said != stamp:
            digest = digest_file(path)
            self._now.pop(name, None)
            if stamp == _stamp(path) and stamp[-1] < begun - _TICK:
                self._now[name] = (stamp, digest)
        return digest

    def digests(self) -> set[str]:
        """The ids of all files that the next run is to know."""
        return {digest for _, digest in self._now.values()}

    def forget(self, digests: set[str]) -> None:
        """Keep nothing of files with these bytes."""
        self._now = {name: said for name, said in self._now.items() if said[1] not in digests}

    def keep(self) -> None:
        """Have the next run know what is known now."""
        if self._now != self._before:
            write_json(self._path, self._now)

    def _read(self) -> dict[str, tuple[list[int], str]]:
        try:
            said = orjson.loads(self._path.read_bytes())
            return {name: (stamp, digest) for name, (stamp, digest) in said.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # whatever it was, reading the files again costs time and nothing else


def _stamp(path: Path) -> list[int]:
    """What changes whenever a file does."""
    known = path.stat()
    return [known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns]
